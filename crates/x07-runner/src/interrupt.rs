//! Ctrl-C and SIGTERM while programs run: they end with everything that they have started, and then the caller does.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

struct Watched {
    /// Readable from the first signal on, for every run.
    pipe: UnixStream,
    /// The last signal that came; 0 for none.
    received: Arc<AtomicUsize>,
}

static WATCHED: OnceLock<io::Result<Watched>> = OnceLock::new();

/// From here on a signal ends the programs that run instead of the calling process, which `obey` ends.
pub fn watch() {
    WATCHED.get_or_init(|| {
        let (pipe, end) = UnixStream::pair()?;
        let received = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM] {
            flag::register_usize(signal, received.clone(), signal as usize)?;
            low_level::pipe::register(signal, end.try_clone()?)?;
        }
        Ok(Watched { pipe, received })
    });
}

/// Ends the calling process by the signal that came, if one did.
pub fn obey() {
    let received = watched().map_or(0, |watched| watched.received.load(Ordering::Relaxed));
    if received != 0 {
        let _ = low_level::emulate_default_handler(received as i32);
    }
}

/// Becomes readable when a signal comes, and stays so.
pub(crate) fn pipe() -> Option<&'static UnixStream> {
    watched().map(|watched| &watched.pipe)
}

/// Without a way to watch for signals these do what they always do.
fn watched() -> Option<&'static Watched> {
    WATCHED.get().and_then(|watched| watched.as_ref().ok())
}
