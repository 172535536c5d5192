//! Time and identifiers as values, so that tests are repeatable.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Where the present time comes from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Nanoseconds of Unix time (UTC without leap seconds).
    fn unix_ns(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn unix_ns(&self) -> i64 {
        let since =
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn unix_ns(&self) -> i64 {
        (**self).unix_ns()
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub i64);

impl Clock for FixedClock {
    fn unix_ns(&self) -> i64 {
        self.0
    }
}

/// Where new identifiers come from.
pub trait IdSource: fmt::Debug + Send + Sync {
    /// A new UUID of version 7 (Gen3's form of a new dataset identifier).
    fn uuid7(&self) -> Uuid;

    /// Random bytes for attempt names and temporary files.
    fn random(&self) -> u64;
}

/// Identifiers from the machine's clock and random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
    fn uuid7(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
    fn random(&self) -> u64 {
        Uuid::new_v4().as_u64_pair().1
    }
}

/// Repeatable identifiers, one after the other from a seed.
#[derive(Debug, Default)]
pub struct SeededIds(AtomicU64);

impl SeededIds {
    /// Starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl IdSource for SeededIds {
    fn uuid7(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(n, &[0; 10]).into_uuid()
    }

    fn random(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_ids_are_version_seven() {
        assert_eq!(SystemIds.uuid7().get_version_num(), 7);
    }

    #[test]
    fn seeded_ids_repeat() {
        assert_eq!(SeededIds::new(5).uuid7(), SeededIds::new(5).uuid7());
    }
}
