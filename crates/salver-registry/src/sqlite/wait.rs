//! Waiting for a lock in slices, so that an interrupt ends it.

use std::cell::Cell;
use std::time::Duration;

use salver_core::{Op, interrupt};

const SLICES_MS: [u64; 8] = [1, 2, 5, 10, 20, 25, 25, 50];

/// VM instructions between two looks for an interrupt: about a millisecond.
pub(super) const PROGRESS_STEPS: i32 = 100_000;

thread_local! {
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
}

/// Says whether the last wait or query of this thread was ended by an interrupt, and forgets it.
pub(super) fn take_interrupted() -> bool {
    INTERRUPTED.replace(false)
}

/// Looks for an interrupt and notes it.
pub(super) fn interrupted() -> bool {
    let asked = interrupt::check(Op("database.wait")).is_err();
    if asked {
        INTERRUPTED.set(true);
    }
    asked
}

/// The busy handler: sleeps one slice; `false` gives up.
///
/// `round` is the number of the call for this lock; the time waited is the sum of the slices.
#[expect(clippy::disallowed_methods, reason = "SQLite's busy handler must block")]
pub(super) fn wait(round: i32, limit_ms: u64) -> bool {
    let round = usize::try_from(round).unwrap_or(usize::MAX);
    let last = SLICES_MS[SLICES_MS.len() - 1];
    let waited: u64 = if round < SLICES_MS.len() {
        SLICES_MS.iter().take(round).sum()
    } else {
        let more = u64::try_from(round - SLICES_MS.len()).unwrap_or(u64::MAX);
        SLICES_MS.iter().sum::<u64>().saturating_add(more.saturating_mul(last))
    };
    if waited >= limit_ms || interrupted() {
        return false;
    }
    let slice = SLICES_MS.get(round).copied().unwrap_or(last);
    std::thread::sleep(Duration::from_millis(slice.min(limit_ms - waited)));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_at_the_limit() {
        assert!(wait(0, 1));
        assert!(!wait(1, 1));
        assert!(!wait(10_000, 300_000));
        assert!(!wait(i32::MAX, 300_000));
    }
}
