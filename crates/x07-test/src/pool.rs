//! Work in parallel, results in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Runs `work` for 0, 1, … `count` on `workers` threads and hands each result to `take`, in order, as soon as those
/// before it are there. When `take` says false, nothing further is begun and what is still running is dropped.
pub(crate) fn in_order<R: Send>(
    count: usize,
    workers: usize,
    work: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(usize, R) -> bool,
) {
    if workers <= 1 || count <= 1 {
        for index in 0..count {
            if !take(index, work(index)) {
                return;
            }
        }
        return;
    }
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(count) {
            let (sender, next, stop, work) = (sender.clone(), &next, &stop, &work);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (index, result) in receiver {
            early.insert(index, result);
            while let Some(result) = early.remove(&wanted) {
                if !stop.load(Ordering::Relaxed) && !take(wanted, result) {
                    stop.store(true, Ordering::Relaxed);
                }
                wanted += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_end_when_told() {
        for (workers, last) in [(1, 99), (4, 99), (4, 7), (200, 0)] {
            let mut seen = Vec::new();
            let work = |index: usize| {
                if index.is_multiple_of(3) {
                    thread::yield_now();
                }
                index * 2
            };
            in_order(100, workers, work, |index, result| {
                assert_eq!(result, index * 2);
                seen.push(index);
                index < last
            });
            assert_eq!(seen, (0..=last).collect::<Vec<_>>(), "{workers} workers");
        }
    }
}
