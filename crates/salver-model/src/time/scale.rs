//! TAI, UTC and TT.

use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

use super::{DAY_NS, NS};

/// Unix seconds (UTC) from which `TAI − UTC` is the given number of whole seconds.
const LEAPS: [(i64, i64); 28] = [
    (63_072_000, 10),
    (78_796_800, 11),
    (94_694_400, 12),
    (126_230_400, 13),
    (157_766_400, 14),
    (189_302_400, 15),
    (220_924_800, 16),
    (252_460_800, 17),
    (283_996_800, 18),
    (315_532_800, 19),
    (362_793_600, 20),
    (394_329_600, 21),
    (425_865_600, 22),
    (489_024_000, 23),
    (567_993_600, 24),
    (631_152_000, 25),
    (662_688_000, 26),
    (709_948_800, 27),
    (741_484_800, 28),
    (773_020_800, 29),
    (820_454_400, 30),
    (867_715_200, 31),
    (915_148_800, 32),
    (1_136_073_600, 33),
    (1_230_768_000, 34),
    (1_341_100_800, 35),
    (1_435_708_800, 36),
    (1_483_228_800, 37),
];

/// `TT − TAI`: 32.184 s exactly.
const TT_MINUS_TAI_NS: i64 = 32_184_000_000;

/// The scale that a spelled-out time is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// International Atomic Time.
    Tai,
    /// Coordinated Universal Time.
    Utc,
    /// Terrestrial Time: TAI + 32.184 s.
    Tt,
}

impl Scale {
    /// All scales.
    pub const ALL: [Self; 3] = [Self::Tai, Self::Utc, Self::Tt];

    /// `tai`, `utc` or `tt`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tai => "tai",
            Self::Utc => "utc",
            Self::Tt => "tt",
        }
    }

    /// Reads the name, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another word.
    pub fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, Op("time.scale"), "unknown time scale")
                .with("scale", text)
                .hint("tai, utc or tt")
        })
    }

    /// TAI nanoseconds of nanoseconds on the civil calendar of this scale.
    pub(super) fn to_tai(self, civil_ns: i64) -> i64 {
        match self {
            Self::Tai => civil_ns,
            Self::Utc => tai_from_unix_ns(civil_ns),
            Self::Tt => civil_ns.saturating_sub(TT_MINUS_TAI_NS),
        }
    }

    /// Nanoseconds on the civil calendar of this scale.
    pub(super) fn civil_of(self, tai_ns: i64) -> i64 {
        match self {
            Self::Tai => tai_ns,
            Self::Utc => unix_from_tai_ns(tai_ns),
            Self::Tt => tai_ns.saturating_add(TT_MINUS_TAI_NS),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `TAI − UTC` from 1968-02-01 to 1972: 4.2131700 s + (MJD − 39126) × 0.002592 s.
fn drift_ns(unix_ns: i64) -> i64 {
    // per day 2592 µs, from MJD 39126, that is 1461 days before 1970
    let since = i128::from(unix_ns) + 1461 * i128::from(DAY_NS);
    let drift = since * 2_592_000 / i128::from(DAY_NS);
    i64::try_from(4_213_170_000 + drift).unwrap_or(0)
}

/// TAI nanoseconds of an instant given in nanoseconds of Unix time (UTC without leap seconds).
#[must_use]
pub fn tai_from_unix_ns(unix_ns: i64) -> i64 {
    let seconds = unix_ns.div_euclid(NS);
    let leap = LEAPS.iter().rev().find(|(from, _)| seconds >= *from);
    unix_ns.saturating_add(leap.map_or_else(|| drift_ns(unix_ns), |(_, n)| n * NS))
}

/// Unix nanoseconds of a TAI instant; within a leap second, those of the second after it.
#[must_use]
pub fn unix_from_tai_ns(tai_ns: i64) -> i64 {
    let leap =
        LEAPS.iter().rev().find(|(from, n)| tai_ns >= from.saturating_add(*n) * NS);
    if let Some((_, n)) = leap {
        return tai_ns - n * NS;
    }
    let guess = tai_ns.saturating_sub(drift_ns(tai_ns));
    tai_ns.saturating_sub(drift_ns(guess))
}

/// Unix seconds of the midnight that a leap second comes before, where a TAI instant is in one.
pub(super) fn leap_second_before(tai_ns: i64) -> Option<i64> {
    let ends = LEAPS.iter().skip(1).map(|(from, n)| (*from, (from + n) * NS));
    let mut inside = ends.filter(|(_, end)| (end - NS..*end).contains(&tai_ns));
    inside.next().map(|(midnight, _)| midnight)
}

/// Whether a leap second comes before the midnight at this Unix second.
pub(super) fn has_leap_second_before(midnight: i64) -> bool {
    LEAPS.iter().skip(1).any(|(from, _)| *from == midnight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leap_second_is_a_step_of_one_second() {
        for pair in LEAPS.windows(2) {
            let (from, n) = pair[1];
            assert_eq!(n - pair[0].1, 1);
            let step = tai_from_unix_ns(from * NS) - tai_from_unix_ns((from - 1) * NS);
            assert_eq!(step, 2 * NS);
            assert_eq!(from % 86_400, 0);
            let inside = tai_from_unix_ns(from * NS) - 1;
            assert_eq!(leap_second_before(inside), Some(from));
            assert_eq!(leap_second_before(inside + 1), None);
            assert_eq!(leap_second_before(inside - NS), None);
        }
    }

    #[test]
    fn the_offset_before_1972_is_the_drifting_one() {
        // 1970-01-01: 4.2131700 + 1461 * 0.002592 = 8.000082 s
        assert_eq!(tai_from_unix_ns(0), 8_000_082_000);
        assert!(unix_from_tai_ns(8_000_082_000).abs() <= 1, "nanoseconds");
    }

    #[test]
    fn scales_have_names() {
        assert_eq!(Scale::parse("UTC").unwrap(), Scale::Utc);
        let error = Scale::parse("tdb").unwrap_err();
        assert_eq!(error.hint_text(), Some("tai, utc or tt"));
    }
}
