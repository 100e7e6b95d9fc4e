//! Talks to a running program: feeds its input, keeps a bounded part of what it prints, watches the clock.

use std::fs::File;
use std::io::{self, IoSlice, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::execution::{Ending, Execution, Limits};
use crate::interrupt;
use crate::spawn::Program;
use crate::watch::Watch;

/// What was kept of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Its first bytes, up to the cap.
    pub bytes: Vec<u8>,
    /// There were more than the cap allows.
    pub exceeded: bool,
}

/// Feeds `prefix` and `input` to the program and reads what it prints until it ends or its time is over. Nothing comes of
/// a run in which a signal asks for the end.
pub(crate) fn converse(
    program: Program,
    prefix: [u8; 4],
    input: &[u8],
    limits: &Limits,
) -> io::Result<Option<Execution>> {
    let deadline = limits.wall.and_then(|wall| Instant::now().checked_add(wall));
    let tree = program.tree;
    let watch = Watch::new(tree.leader());
    let mut feed = Feed::new(program.input, prefix, input);
    let mut stdout = Sink::new(program.stdout, limits.max_stdout());
    let mut stderr = Sink::new(Some(program.reports), limits.max_stderr);

    let mut timed_out = false;
    let ending = loop {
        let news = wait_for_news(&watch, &mut feed, &mut stdout, &mut stderr, deadline)?;
        if news.interrupted {
            // Dropped, the tree is killed.
            return Ok(None);
        }
        if news.end
            && let Some(ending) = watch.ending()?
        {
            break ending;
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            timed_out = true;
            tree.kill();
            break loop {
                if let Some(ending) = watch.ending()? {
                    break ending;
                }
                wait_for_end(&watch)?;
            };
        }
    };
    if limits.kill_leftovers || matches!(ending, Ending::Signalled(_)) {
        tree.kill();
    }
    tree.reap()?;
    stdout.drain()?;
    stderr.drain()?;
    Ok(Some(Execution { ending, timed_out, stdout: stdout.captured, stderr: stderr.captured }))
}

/// What a wait was ended by, besides the streams.
struct News {
    /// The child may have ended.
    end: bool,
    /// A signal asks for the end.
    interrupted: bool,
}

/// Sleeps until something can be done, and does it.
fn wait_for_news(
    watch: &Watch,
    feed: &mut Feed<'_>,
    stdout: &mut Sink,
    stderr: &mut Sink,
    deadline: Option<Instant>,
) -> io::Result<News> {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let sleep = match (left, watch.interval()) {
        (Some(left), Some(interval)) => Some(left.min(interval)),
        (left, interval) => left.or(interval),
    };
    let (input, output, errors, news);
    {
        let mut ready = Ready::default();
        let input_index = ready.add(feed.pipe.as_ref(), PollFlags::OUT);
        let output_index = ready.add(stdout.pipe.as_ref(), PollFlags::IN);
        let errors_index = ready.add(stderr.pipe.as_ref(), PollFlags::IN);
        let end_index = ready.add(watch.descriptor(), PollFlags::IN);
        let interrupt_index = ready.add(interrupt::pipe(), PollFlags::IN);
        ready.poll(sleep)?;
        input = ready.is(input_index);
        output = ready.is(output_index);
        errors = ready.is(errors_index);
        news =
            News { end: watch.descriptor().is_none() || ready.is(end_index), interrupted: ready.is(interrupt_index) };
    }
    if input {
        feed.write()?;
    }
    if output {
        stdout.read_some()?;
    }
    if errors {
        stderr.read_some()?;
    }
    Ok(news)
}

fn wait_for_end(watch: &Watch) -> io::Result<()> {
    let mut ready = Ready::default();
    ready.add(watch.descriptor(), PollFlags::IN);
    ready.poll(watch.interval())
}

/// A set of descriptors to wait for.
#[derive(Default)]
struct Ready<'a> {
    descriptors: Vec<PollFd<'a>>,
}

impl<'a> Ready<'a> {
    fn add(&mut self, descriptor: Option<&'a impl AsFd>, flags: PollFlags) -> Option<usize> {
        self.descriptors.push(PollFd::new(descriptor?, flags));
        Some(self.descriptors.len() - 1)
    }

    fn poll(&mut self, sleep: Option<Duration>) -> io::Result<()> {
        // A sleep that the system's clock cannot hold is as good as one without end.
        let sleep = sleep.and_then(|sleep| Timespec::try_from(sleep).ok());
        match poll(&mut self.descriptors, sleep.as_ref()) {
            Ok(_) => Ok(()),
            // A signal handler ran; what was not seen now is seen at the next call.
            Err(rustix::io::Errno::INTR) => {
                self.descriptors.iter_mut().for_each(PollFd::clear_revents);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is(&self, index: Option<usize>) -> bool {
        index.is_some_and(|index| !self.descriptors[index].revents().is_empty())
    }
}

/// The input on its way to the program.
struct Feed<'a> {
    /// `None` once everything is written or the program reads no more.
    pipe: Option<OwnedFd>,
    prefix: [u8; 4],
    input: &'a [u8],
    written: usize,
}

/// A large input goes through a larger pipe: fewer switches between the two processes.
const LARGE_INPUT: usize = 64 << 10;
const LARGE_PIPE: usize = 1 << 20;

impl<'a> Feed<'a> {
    fn new(pipe: OwnedFd, prefix: [u8; 4], input: &'a [u8]) -> Self {
        #[cfg(target_os = "linux")]
        if input.len() > LARGE_INPUT {
            // Refused where the user's pipe memory is used up; the default size works too.
            let _ = rustix::pipe::fcntl_setpipe_size(&pipe, LARGE_PIPE);
        }
        Feed { pipe: Some(pipe), prefix, input, written: 0 }
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(pipe) = &self.pipe {
            let prefix = &self.prefix[self.written.min(4)..];
            let input = &self.input[self.written.saturating_sub(4)..];
            if prefix.is_empty() && input.is_empty() {
                self.pipe = None;
                break;
            }
            match rustix::io::writev(pipe, &[IoSlice::new(prefix), IoSlice::new(input)]) {
                Ok(count) => self.written += count,
                Err(rustix::io::Errno::AGAIN) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::PIPE) => self.pipe = None,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// One stream of the program on its way to us.
struct Sink {
    /// `None` once the stream has ended, or if it is not ours.
    pipe: Option<File>,
    captured: Captured,
    cap: usize,
}

const CHUNK: usize = 64 << 10;

impl Sink {
    fn new(pipe: Option<File>, cap: u64) -> Self {
        Sink { pipe, captured: Captured::default(), cap: usize::try_from(cap).unwrap_or(usize::MAX) }
    }

    /// Reads once; false when there is nothing to read now, or ever.
    fn read_some(&mut self) -> io::Result<bool> {
        let Some(pipe) = &mut self.pipe else { return Ok(false) };
        let mut chunk = [0; CHUNK];
        match pipe.read(&mut chunk) {
            Ok(0) => {
                self.pipe = None;
                Ok(false)
            }
            Ok(count) => {
                // What is above the cap is thrown away, but read, so that the program does not block.
                let kept = count.min(self.cap - self.captured.bytes.len());
                self.captured.bytes.extend_from_slice(&chunk[..kept]);
                self.captured.exceeded |= kept < count;
                Ok(true)
            }
            // Its end of a socket was closed with something left to read.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                self.pipe = None;
                Ok(false)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Takes what the ended program left in the pipe. A surviving child that keeps on writing is not waited for.
    fn drain(&mut self) -> io::Result<()> {
        while !self.captured.exceeded && self.read_some()? {}
        Ok(())
    }
}
