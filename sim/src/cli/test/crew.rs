//! Many hands: work that is numbered, done by threads, handed in as it is finished.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// Does the work of numbers 0 to `count` with `jobs` threads, and hands each result to `done` on this thread. After `stop`
/// nothing new is begun; work that was interrupted has no result.
pub(in crate::cli) fn work<T: Send>(
    count: usize,
    jobs: usize,
    stop: &AtomicBool,
    work: impl Fn(usize) -> Option<T> + Sync,
    mut done: impl FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(count) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    if let Some(result) = work(at)
                        && sender.send((at, result)).is_err()
                    {
                        break; // nobody takes it any more
                    }
                }
            });
        }
        drop(sender);
        for (at, result) in receiver {
            done(at, result);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_the_work_is_done_once_whatever_the_number_of_hands() {
        for jobs in [1, 2, 7, 100] {
            let mut seen = vec![0; 40];
            work(
                40,
                jobs,
                &AtomicBool::new(false),
                |at| Some(at * 2),
                |at, twice| {
                    assert_eq!(twice, at * 2);
                    seen[at] += 1;
                },
            );
            assert_eq!(seen, vec![1; 40]);
        }
    }

    #[test]
    fn nothing_new_is_begun_after_the_stop() {
        let stop = AtomicBool::new(false);
        let mut done = Vec::new();
        let until_three = |at| {
            stop.store(at == 3, Ordering::Relaxed);
            Some(at)
        };
        work(40, 1, &stop, until_three, |at, _| done.push(at));
        assert_eq!(done, [0, 1, 2, 3]);
        let mut none = 0;
        work(40, 4, &stop, Some, |_, _| none += 1);
        assert_eq!(none, 0);
    }
}
