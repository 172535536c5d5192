//! Half-open intervals of TAI.

use std::fmt;

use salver_core::{Op, Result};
use serde_json::Value as Json;

use crate::json::{kind, wrong};
use crate::time;

/// A half-open interval `[begin, end)` of TAI, in nanoseconds since 1970-01-01T00:00:00 TAI.
///
/// Either end may be open. All empty intervals are one value. Source: Gen3 format §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timespan {
    begin_ns: i64,
    end_ns: i64,
}

impl Timespan {
    /// The stored value of an open beginning.
    pub const MIN_NS: i64 = 0;
    /// The stored value of an open end: 2100-01-01T00:00:00 TAI.
    pub const MAX_NS: i64 = 4_102_444_800_000_000_000;
    /// The interval that holds every instant.
    pub const UNBOUNDED: Self = Self { begin_ns: Self::MIN_NS, end_ns: Self::MAX_NS };
    /// The interval that holds none.
    pub const EMPTY: Self = Self { begin_ns: Self::MAX_NS, end_ns: Self::MIN_NS };

    /// The interval between two instants; `None` is open. Instants outside of what can be stored
    /// are clamped; an interval that ends before it begins is empty.
    #[must_use]
    pub fn new(begin_ns: Option<i64>, end_ns: Option<i64>) -> Self {
        let clamp = |ns: i64| ns.clamp(Self::MIN_NS, Self::MAX_NS);
        let begin_ns = begin_ns.map_or(Self::MIN_NS, clamp);
        let end_ns = end_ns.map_or(Self::MAX_NS, clamp);
        if begin_ns < end_ns { Self { begin_ns, end_ns } } else { Self::EMPTY }
    }

    /// The interval of one nanosecond that begins at an instant.
    #[must_use]
    pub fn from_instant(ns: i64) -> Self {
        Self::new(Some(ns), Some(ns.saturating_add(1)))
    }

    /// The stored beginning: [`Timespan::MIN_NS`] where open.
    #[must_use]
    pub fn begin_ns(self) -> i64 {
        self.begin_ns
    }

    /// The stored end: [`Timespan::MAX_NS`] where open.
    #[must_use]
    pub fn end_ns(self) -> i64 {
        self.end_ns
    }

    /// The beginning; `None` where open.
    #[must_use]
    pub fn begin(self) -> Option<i64> {
        (self.begin_ns != Self::MIN_NS).then_some(self.begin_ns)
    }

    /// The end; `None` where open.
    #[must_use]
    pub fn end(self) -> Option<i64> {
        (self.end_ns != Self::MAX_NS).then_some(self.end_ns)
    }

    /// Whether it holds no instant.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.begin_ns >= self.end_ns
    }

    /// Whether it holds an instant.
    #[must_use]
    pub fn contains_instant(self, ns: i64) -> bool {
        self.begin_ns <= ns && ns < self.end_ns
    }

    /// Whether it holds all of another interval; the empty interval is in every one.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        other.is_empty()
            || (self.begin_ns <= other.begin_ns && other.end_ns <= self.end_ns)
    }

    /// Whether the two have an instant in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.begin_ns < other.end_ns && other.begin_ns < self.end_ns
    }

    /// The instants in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let begin = self.begin_ns.max(other.begin_ns);
        let end = self.end_ns.min(other.end_ns);
        if begin < end { Self { begin_ns: begin, end_ns: end } } else { Self::EMPTY }
    }

    /// The instants in this interval and not in the other: no, one or two intervals.
    #[must_use]
    pub fn difference(self, other: Self) -> Vec<Self> {
        if !self.overlaps(other) {
            return if self.is_empty() { Vec::new() } else { vec![self] };
        }
        let before = Self { begin_ns: self.begin_ns, end_ns: other.begin_ns };
        let after = Self { begin_ns: other.end_ns, end_ns: self.end_ns };
        [before, after].into_iter().filter(|t| !t.is_empty()).collect()
    }
}

impl Timespan {
    /// Gen3's JSON form (§15.6): `[begin, end]` as stored.
    #[must_use]
    pub fn to_json(self) -> Json {
        Json::from([self.begin_ns, self.end_ns].as_slice())
    }

    /// Reads Gen3's JSON form (§15.6).
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where it is not a list of two whole numbers.
    pub fn from_json(value: &Json) -> Result<Self> {
        let ends = match value.as_array().map(Vec::as_slice) {
            Some([begin, end]) => begin.as_i64().zip(end.as_i64()),
            _ => None,
        };
        let (begin, end) = ends.ok_or_else(|| {
            wrong(Op("timespan"), "expected a list of begin and end in nanoseconds")
                .with("found", kind(value))
        })?;
        Ok(Self::new(Some(begin), Some(end)))
    }
}

/// `[2024-03-01T12:00:37, 2024-03-01T12:01:07)` in TAI; open ends are `-∞` and `∞`.
impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        let open = match self.begin() {
            Some(ns) => format!("[{}", time::short_iso(ns)),
            None => "(-∞".to_owned(),
        };
        match self.end() {
            Some(ns) => write!(f, "{open}, {})", time::short_iso(ns)),
            None => write!(f, "{open}, ∞)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Timespan> {
        (0_i64..12, 0_i64..12).prop_map(|(b, e)| Timespan::new(Some(b), Some(e)))
    }

    fn instants(t: Timespan) -> Vec<i64> {
        (0..20).filter(|&ns| t.contains_instant(ns)).collect()
    }

    proptest! {
        #[test]
        fn algebra_equals_that_of_sets(a in spans(), b in spans()) {
            let (sa, sb) = (instants(a), instants(b));
            let both: Vec<_> = sa.iter().copied().filter(|i| sb.contains(i)).collect();
            let only: Vec<_> = sa.iter().copied().filter(|i| !sb.contains(i)).collect();
            prop_assert_eq!(instants(a.intersection(b)), both.clone());
            prop_assert_eq!(a.overlaps(b), !both.is_empty());
            prop_assert_eq!(a.difference(b).into_iter().flat_map(instants).collect::<Vec<_>>(), only);
            prop_assert_eq!(a.contains(b), sb.iter().all(|i| sa.contains(i)));
        }
    }

    #[test]
    fn the_empty_interval_is_stored_as_the_format_says() {
        let empty = Timespan::new(Some(5), Some(5));
        assert_eq!((empty.begin_ns(), empty.end_ns()), (4_102_444_800_000_000_000, 0));
        assert!(!Timespan::UNBOUNDED.overlaps(empty));
    }

    #[test]
    fn display_says_what_is_open() {
        let from = Timespan::new(Some(1_709_294_437_000_000_000), None);
        assert_eq!(from.to_string(), "[2024-03-01T12:00:37, ∞)");
    }
}
