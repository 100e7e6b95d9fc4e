//! Workers that share a queue of tasks; tasks may add tasks. Within make, every worker but the first holds a token of
//! the jobserver while it works.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use jobserver::{Acquired, Client};

/// How long a worker without a token waits before it asks for one again.
const TOKEN_RETRY: Duration = Duration::from_millis(5);

/// Which tasks go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Others wait for it.
    High,
    /// Nothing but the end waits for it.
    Normal,
}

/// The tasks that are ready.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    high: VecDeque<T>,
    normal: VecDeque<T>,
    /// Workers in the middle of a task, which may still add some.
    busy: usize,
    stopped: bool,
}

impl<T> Queue<T> {
    /// Adds a task.
    pub(crate) fn push(&self, urgency: Urgency, task: T) {
        let mut state = self.lock();
        match urgency {
            Urgency::High => state.high.push_back(task),
            Urgency::Normal => state.normal.push_back(task),
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Drops all tasks that have not begun.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.high.clear();
        state.normal.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the tasks and all that they add, `workers` at a time. `step` gets the task, the queue and the worker's number.
pub(crate) fn run<T: Send>(workers: usize, tasks: Vec<(Urgency, T)>, step: impl Fn(T, &Queue<T>, usize) + Sync) {
    let mut state = State { high: VecDeque::new(), normal: VecDeque::new(), busy: 0, stopped: false };
    for (urgency, task) in tasks {
        match urgency {
            Urgency::High => state.high.push_back(task),
            Urgency::Normal => state.normal.push_back(task),
        }
    }
    let queue = Queue { state: Mutex::new(state), changed: Condvar::new() };
    if workers <= 1 {
        work(&queue, &step, 0);
        return;
    }
    thread::scope(|scope| {
        for lane in 1..workers {
            let (queue, step) = (&queue, &step);
            scope.spawn(move || work(queue, step, lane));
        }
        work(&queue, &step, 0);
    });
}

fn work<T: Send>(queue: &Queue<T>, step: &(impl Fn(T, &Queue<T>, usize) + Sync), lane: usize) {
    let mut token: Option<Acquired> = None;
    let mut state = queue.lock();
    loop {
        let empty = state.high.is_empty() && state.normal.is_empty();
        if empty && state.busy == 0 {
            queue.changed.notify_all();
            return;
        }
        if empty {
            token = None;
            state = queue.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        if lane > 0 && token.is_none() && client().is_some() {
            token = client().and_then(|client| client.try_acquire().ok().flatten());
            if token.is_none() {
                state = queue.changed.wait_timeout(state, TOKEN_RETRY).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
        }
        let next = state.high.pop_front().or_else(|| state.normal.pop_front());
        let Some(task) = next else { continue };
        state.busy += 1;
        drop(state);
        let idle = Idle(queue);
        step(task, queue, lane);
        drop(idle);
        state = queue.lock();
    }
}

/// Counts a worker out even when its task panics, so that the others do not wait for ever.
struct Idle<'a, T>(&'a Queue<T>);

impl<T> Drop for Idle<'_, T> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.changed.notify_all();
    }
}

/// The jobserver that this process was started under.
fn client() -> Option<&'static Client> {
    static CLIENT: OnceLock<Option<Client>> = OnceLock::new();
    CLIENT.get_or_init(inherited_client).as_ref()
}

#[allow(unsafe_code, reason = "taking over inherited file descriptors has no safe form")]
fn inherited_client() -> Option<Client> {
    std::env::var_os("MAKEFLAGS").or_else(|| std::env::var_os("CARGO_MAKEFLAGS"))?;
    // SAFETY: make passes these descriptors to us and nobody else in this process uses or closes them;
    // `check_pipe` refuses descriptors that are not pipes.
    unsafe { Client::from_env_ext(true) }.client.ok()
}

/// True when a jobserver says how many things may run at once.
pub(crate) fn has_jobserver() -> bool {
    client().is_some()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Urgency, run};

    #[test]
    fn tasks_added_by_tasks_are_run_by_any_number_of_workers() {
        for workers in [1, 2, 7] {
            let done = AtomicUsize::new(0);
            run(workers, vec![(Urgency::Normal, 6u32)], |depth, queue, _| {
                done.fetch_add(1, Ordering::SeqCst);
                for _ in 0..2 {
                    if depth > 0 {
                        queue.push(if depth % 2 == 0 { Urgency::High } else { Urgency::Normal }, depth - 1);
                    }
                }
            });
            assert_eq!(done.load(Ordering::SeqCst), 127, "{workers} workers");
        }
    }

    #[test]
    fn stopping_drops_what_has_not_begun() {
        let done = AtomicUsize::new(0);
        run(1, vec![(Urgency::Normal, 0), (Urgency::Normal, 1)], |_, queue, _| {
            done.fetch_add(1, Ordering::SeqCst);
            queue.stop();
        });
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn urgent_tasks_go_first() {
        let order = std::sync::Mutex::new(Vec::new());
        run(1, vec![(Urgency::Normal, 1), (Urgency::High, 0), (Urgency::Normal, 2)], |task, _, _| {
            order.lock().unwrap().push(task);
        });
        assert_eq!(order.into_inner().unwrap(), [0, 1, 2]);
    }
}
