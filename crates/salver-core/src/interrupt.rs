//! How a long call is stopped from outside: the faces install a check, long loops call it.

use std::sync::OnceLock;

use crate::{Error, ErrorKind, Op, Result};

/// Says whether the calling thread was asked to stop.
pub type Check = fn() -> bool;

static CHECK: OnceLock<Check> = OnceLock::new();

/// Installs the process's check, once; later calls are ignored.
///
/// The check must be cheap (it limits its own rate) and must not hold a lock.
pub fn install(check: Check) {
    CHECK.get_or_init(|| check);
}

/// Asks the installed check; call it between chunks of I/O and of decoding on the calling thread.
///
/// # Errors
/// [`ErrorKind::Interrupted`] where the check says so.
pub fn check(op: Op) -> Result<()> {
    match CHECK.get() {
        Some(asked) if asked() => {
            Err(Error::new(ErrorKind::Interrupted, op, "interrupted"))
        }
        _ => Ok(()),
    }
}
