//! The one bridge from synchronous calls to futures.
//!
//! Futures are polled on the calling thread: no thread is started, so a process may fork at any
//! time. Those of local files are ready at their first poll.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use salver_core::{Op, Result, interrupt};

/// How long an interrupt may go unnoticed while a future waits.
const LOOK: Duration = Duration::from_millis(100);

/// Polls a future to its end on the calling thread.
///
/// # Errors
/// The future's own; `ErrorKind::Interrupted` where the caller was asked to stop while it waited.
pub fn run<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = pin!(future);
    if let Poll::Ready(done) =
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    {
        return done;
    }
    let unpark =
        Arc::new(Unpark { thread: thread::current(), woken: AtomicBool::new(true) });
    let waker = Waker::from(Arc::clone(&unpark));
    let mut context = Context::from_waker(&waker);
    loop {
        if unpark.woken.swap(false, Ordering::AcqRel) {
            if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
        } else {
            thread::park_timeout(LOOK);
        }
        interrupt::check(Op("butler.run"))?;
    }
}

struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[test]
    fn a_ready_future_is_polled_once() {
        let mut polls = 0;
        let ready = poll_fn(|_| {
            polls += 1;
            Poll::Ready(Ok(7))
        });
        assert_eq!(run(ready).unwrap(), 7);
        assert_eq!(polls, 1);
    }

    #[test]
    fn a_future_woken_by_another_thread_ends() {
        let mut polls = 0;
        let later = poll_fn(move |context| {
            polls += 1;
            if polls >= 3 {
                return Poll::Ready(Ok(polls));
            }
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        });
        assert_eq!(run(later).unwrap(), 3);
    }
}
