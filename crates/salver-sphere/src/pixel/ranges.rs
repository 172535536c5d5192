//! [`RangeSet`]: sets of pixel numbers.

use std::ops::Range;

/// A set of numbers as half-open ranges: sorted, not empty, and with a gap between any two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeSet {
    ranges: Vec<Range<u64>>,
}

impl RangeSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The ranges, sorted and merged.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.ranges.iter().cloned().flatten()
    }

    /// How many numbers the set holds.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|r| r.end - r.start).sum()
    }

    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether a number is in the set.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.ranges.partition_point(|r| r.end <= number);
        self.ranges.get(after).is_some_and(|r| r.start <= number)
    }

    /// Whether two sets have a number in common.
    pub fn intersects(&self, other: &Self) -> bool {
        let (mut a, mut b) =
            (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            if x.start < y.end && y.start < x.end {
                return true;
            }
            if x.end <= y.end {
                a.next()
            } else {
                b.next()
            };
        }
        false
    }

    /// What one set at least holds.
    #[must_use]
    pub fn union_of(sets: &[Self]) -> Self {
        sets.iter().flat_map(Self::ranges).cloned().collect()
    }

    /// What both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut common = Self::new();
        let (mut a, mut b) =
            (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            common.push(x.start.max(y.start)..x.end.min(y.end));
            if x.end <= y.end {
                a.next()
            } else {
                b.next()
            };
        }
        common
    }

    /// Adds a range that does not begin before the last one does; an empty one adds nothing.
    pub(crate) fn push(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        match self.ranges.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => self.ranges.push(range),
        }
    }
}

impl FromIterator<Range<u64>> for RangeSet {
    fn from_iter<I: IntoIterator<Item = Range<u64>>>(ranges: I) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().collect();
        sorted.sort_unstable_by_key(|r| r.start);
        let mut set = Self::new();
        for range in sorted {
            set.push(range);
        }
        set
    }
}

impl FromIterator<u64> for RangeSet {
    /// The set of single numbers; `u64::MAX`, which no half-open range can hold, is left out.
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        numbers.into_iter().map(|n| n..n.saturating_add(1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_are_the_set_of_their_numbers(
            a in prop::collection::vec((0..60_u64, 0..9_u64), 0..12),
            b in prop::collection::vec((0..60_u64, 0..9_u64), 0..12),
        ) {
            let build = |v: &[(u64, u64)]| -> (RangeSet, BTreeSet<u64>) {
                let ranges = || v.iter().map(|&(s, n)| s..s + n);
                (ranges().collect(), ranges().flatten().collect())
            };
            let ((x, naive_x), (y, naive_y)) = (build(&a), build(&b));
            prop_assert_eq!(x.iter().collect::<BTreeSet<_>>(), naive_x.clone());
            prop_assert_eq!(x.len(), naive_x.len() as u64);
            prop_assert!(x.ranges().windows(2).all(|w| w[0].end < w[1].start));
            let both: BTreeSet<u64> = naive_x.intersection(&naive_y).copied().collect();
            prop_assert_eq!(x.intersection(&y), both.into_iter().collect::<RangeSet>());
            let either: BTreeSet<u64> = naive_x.union(&naive_y).copied().collect();
            let union = RangeSet::union_of(&[x.clone(), y.clone()]);
            prop_assert_eq!(union, either.into_iter().collect::<RangeSet>());
            prop_assert_eq!(x.intersects(&y), !naive_x.is_disjoint(&naive_y));
            for n in 0..80 {
                prop_assert_eq!(x.contains(n), naive_x.contains(&n));
            }
            prop_assert_eq!(naive_x.into_iter().collect::<RangeSet>(), x);
        }
    }
}
