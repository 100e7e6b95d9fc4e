//! What all steps of one build share: its settings, its store, its clock and its counters.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::context::{Place, Project};
use crate::event::{ActionKind, Event, Observer, Span};
use crate::outcome::{Counts, Failure};
use crate::pool;
use crate::request::Request;
use crate::store::Store;

/// One build.
pub(crate) struct Session<'a> {
    pub(crate) request: &'a Request,
    pub(crate) place: &'a Place,
    pub(crate) project: &'a Project,
    pub(crate) store: &'a Store,
    pub(crate) workers: usize,
    observer: &'a dyn Observer,
    started: Instant,
    spans: Mutex<Vec<Span>>,
    total: AtomicUsize,
    done: AtomicUsize,
    compiled: AtomicUsize,
    cc: AtomicUsize,
    linked: AtomicUsize,
    cached: AtomicUsize,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        request: &'a Request,
        place: &'a Place,
        project: &'a Project,
        store: &'a Store,
        observer: &'a dyn Observer,
        started: Instant,
    ) -> Self {
        Session {
            request,
            place,
            project,
            store,
            workers: workers(request),
            observer,
            started,
            spans: Mutex::new(Vec::new()),
            total: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            compiled: AtomicUsize::new(0),
            cc: AtomicUsize::new(0),
            linked: AtomicUsize::new(0),
            cached: AtomicUsize::new(0),
        }
    }

    /// Tells how many modules there are.
    pub(crate) fn planned(&self, modules: usize) {
        self.total.store(modules, Ordering::Relaxed);
        self.observer.event(Event::Planned { modules });
    }

    /// Ends a build that nobody wants any more.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        if self.observer.is_cancelled() {
            return Err(Failure::Usage("the build was interrupted".to_owned()));
        }
        Ok(())
    }

    /// Counts a unit as done, whether or not there was anything to do.
    pub(crate) fn unit_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs an action; it says whether its result came from the store.
    pub(crate) fn action<R>(&self, kind: ActionKind, name: &str, lane: usize, run: impl FnOnce() -> (R, bool)) -> R {
        self.observer.event(Event::Started { kind, name });
        let start = self.started.elapsed();
        let (result, cached) = run();
        let end = self.started.elapsed();
        let counter = match kind {
            _ if cached => Some(&self.cached),
            ActionKind::Parse => None,
            ActionKind::Compile => Some(&self.compiled),
            ActionKind::Cc => Some(&self.cc),
            ActionKind::Link => Some(&self.linked),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        self.observer.event(Event::Finished { kind, name, cached, done, total });
        let span = Span { kind, name: name.to_owned(), lane, start, end, cached };
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        result
    }

    /// The finished actions, in order of their start.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone();
        spans.sort_by_key(|span| span.start);
        spans
    }

    pub(crate) fn counts(&self) -> Counts {
        let get = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Counts {
            modules: get(&self.total),
            compiled: get(&self.compiled),
            cc: get(&self.cc),
            linked: get(&self.linked),
            cached: get(&self.cached),
        }
    }
}

/// How many things to do at once: as asked, else one per core. A jobserver may allow fewer.
fn workers(request: &Request) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    match request.jobs {
        Some(jobs) if !pool::has_jobserver() => jobs.max(1),
        _ => cores(),
    }
}
