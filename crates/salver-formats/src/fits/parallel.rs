//! Work shared between threads that live no longer than the call.
//!
//! Scoped threads and not a pool: a pool made before a `fork` has no threads in the child, and a
//! call into it would wait for ever.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use salver_core::{Error, Op, Result, interrupt};

/// Threads that a large call uses, the calling one included.
pub(crate) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| {
        std::thread::available_parallelism().map_or(1, NonZero::get).min(16)
    })
}

/// Calls `work` for each item, in any order, on up to `limit` threads; each has a state of its own.
///
/// The calling thread works too, and asks between items whether it was interrupted.
///
/// # Errors
/// The first error of `work`; `Interrupted`.
pub(crate) fn for_each<I: Send, S>(
    op: Op,
    limit: usize,
    items: Vec<I>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> Result<()> + Sync,
) -> Result<()> {
    let helpers = limit.min(threads()).min(items.len()).saturating_sub(1);
    if helpers == 0 {
        let mut own = state();
        return items.into_iter().try_for_each(|item| {
            interrupt::check(op)?;
            work(&mut own, item)
        });
    }
    let queue = Mutex::new(items.into_iter());
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let run = |check: bool| {
        let mut own = state();
        while !stop.load(Ordering::Relaxed) {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(item) = next else { return };
            let asked = if check { interrupt::check(op) } else { Ok(()) };
            if let Err(error) = asked.and_then(|()| work(&mut own, item)) {
                stop.store(true, Ordering::Relaxed);
                let mut first = failed.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            // a thread that cannot be had leaves its share to the others
            drop(std::thread::Builder::new().spawn_scoped(scope, || run(false)));
        }
        run(true);
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use salver_core::ErrorKind;

    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        let sum = AtomicUsize::new(0);
        for_each(
            Op("t"),
            4,
            (0..1000).collect(),
            || (),
            |(), i| {
                sum.fetch_add(i, Ordering::Relaxed);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(sum.into_inner(), 499_500);
    }

    #[test]
    fn an_error_stops_the_rest() {
        for limit in [1, 4] {
            let error = for_each(
                Op("t"),
                limit,
                (0..1000).collect(),
                || (),
                |(), i| {
                    if i == 7 {
                        Err(Error::new(ErrorKind::Corrupt, Op("t"), "seven"))
                    } else {
                        Ok(())
                    }
                },
            )
            .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
        }
    }
}
