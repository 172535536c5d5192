//! Ctrl-C: a call that runs detached from the interpreter looks for signals every 100 ms.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::errors::keep_raised;

/// How often signals are looked for.
const INTERVAL: Duration = Duration::from_millis(100);

thread_local! {
    /// When this thread, inside a detached call, next looks; `None` outside of one.
    static NEXT: Cell<Option<Instant>> = const { Cell::new(None) };
}

#[expect(
    clippy::disallowed_methods,
    reason = "limits the rate of a check; no value depends on it"
)]
fn now() -> Instant {
    Instant::now()
}

/// Installs the check in the core, once a process.
pub(crate) fn install() {
    salver_core::interrupt::install(interrupted);
}

/// Whether a signal handler raised on the calling thread. Threads of pools always go on: the
/// calling thread stops them.
fn interrupted() -> bool {
    let Some(next) = NEXT.get() else { return false };
    let time = now();
    if time < next {
        return false;
    }
    NEXT.set(Some(time + INTERVAL));
    Python::attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(raised) => {
            keep_raised(raised);
            true
        }
    })
}

/// Runs `work` without the interpreter, so that other threads go on and Ctrl-C is seen.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    let outer = NEXT.get();
    NEXT.set(Some(now() + INTERVAL));
    let result = py.detach(work);
    NEXT.set(outer);
    result
}
