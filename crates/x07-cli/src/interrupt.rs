//! Ctrl-C during a build: no new step begins, temporary files go, and then the signal does what it always does. Programs
//! that run end first, with everything that they have started.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

struct State {
    /// The first signal that came inside of a guard; 0 for none.
    received: Arc<AtomicUsize>,
    /// Signals do what they do by default: outside of a guard, and from the second one on.
    by_default: Arc<AtomicBool>,
}

static STATE: OnceLock<State> = OnceLock::new();

/// True once a signal has asked for the end.
pub(crate) fn is_requested() -> bool {
    STATE.get().is_some_and(|state| state.received.load(Ordering::Relaxed) != 0)
}

/// Builds or runs something that ends early when `is_requested` says so; after one that did, the process ends by the signal.
pub(crate) fn guard<R>(build: impl FnOnce() -> R) -> R {
    let state = STATE.get_or_init(State::install);
    state.by_default.store(false, Ordering::Relaxed);
    let result = build();
    state.by_default.store(true, Ordering::Relaxed);
    let received = state.received.load(Ordering::Relaxed);
    if received != 0 {
        let _ = low_level::emulate_default_handler(received as i32);
    }
    result
}

impl State {
    fn install() -> State {
        x07_runner::interrupt::watch();
        let state = State { received: Arc::default(), by_default: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            // In this order, so that the first signal does not yet meet the flag that it sets. A signal that cannot be
            // caught keeps its default.
            let _ = flag::register_conditional_default(signal, state.by_default.clone());
            let _ = flag::register_usize(signal, state.received.clone(), signal as usize);
            let _ = flag::register(signal, state.by_default.clone());
        }
        state
    }
}
