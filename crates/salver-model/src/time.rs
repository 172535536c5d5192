//! Instants: TAI nanoseconds, UTC and their spellings.
//!
//! The stored form is nanoseconds since 1970-01-01T00:00:00 TAI (Gen3 format §5). UTC is related to
//! it by the leap seconds that the IERS announced (Bulletin C), and before 1972 by the drifting
//! offset then in force.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use salver_core::{Error, ErrorKind, Op, Result};

const NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * NS;
/// Modified Julian Date of 1970-01-01.
const MJD_EPOCH: f64 = 40_587.0;

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

/// The scale that a spelled-out time is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// International Atomic Time.
    Tai,
    /// Coordinated Universal Time.
    Utc,
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

fn wrong(text: &str, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, Op("time.parse"), message)
        .with("time", text)
        .hint("write 2024-03-01T12:00:37, 2024-03-01 12:00:37.5 or 2024-03-01")
}

/// TAI nanoseconds of a time in ISO 8601: `2024-03-01`, `2024-03-01T12:00:37.123456789`; a blank may
/// stand for the `T`, and a `Z` or `+00:00` may follow a UTC time. The leap second `23:59:60` is read.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub fn parse_iso(text: &str, scale: Scale) -> Result<i64> {
    let trimmed = text.trim();
    let body = trimmed.strip_suffix('Z').or_else(|| trimmed.strip_suffix("+00:00"));
    if body.is_some() && scale == Scale::Tai {
        return Err(wrong(text, "a UTC mark on a TAI time"));
    }
    let body = body.unwrap_or(trimmed);
    let (date, clock) = body.split_once(['T', ' ']).unwrap_or((body, "00:00:00"));
    let days = parse_date(date).ok_or_else(|| wrong(text, "not a date"))?;
    let (nanos, leap) =
        parse_clock(clock).ok_or_else(|| wrong(text, "not a time of day"))?;
    let midnight = days.checked_mul(DAY_NS).ok_or_else(|| wrong(text, "too far away"))?;
    if scale == Scale::Tai {
        let total = midnight.checked_add(nanos).filter(|_| !leap);
        return total.ok_or_else(|| wrong(text, "too far away"));
    }
    // a leap second is counted from the second before it
    let civil = midnight.checked_add(if leap { nanos - NS } else { nanos });
    let tai = civil.map(tai_from_unix_ns).ok_or_else(|| wrong(text, "too far away"))?;
    Ok(if leap { tai + NS } else { tai })
}

/// Days since 1970-01-01.
fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date =
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(date.duration_since(epoch()).as_hours() / 24)
}

fn epoch() -> Date {
    jiff::civil::date(1970, 1, 1)
}

/// Nanoseconds since midnight, and whether it is in a leap second.
fn parse_clock(text: &str) -> Option<(i64, bool)> {
    let mut parts = text.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (second, fraction) = match parts.next() {
        Some(s) => s.split_once('.').unwrap_or((s, "")),
        None => ("0", ""),
    };
    let digits = fraction.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !digits || !second.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let second: i64 = second.parse().ok()?;
    let kept: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let leap = hour == 23 && minute == 59 && second == 60;
    let inside =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (second < 60 || leap);
    inside
        .then_some(((hour * 60 + minute) * 60 + second) * NS + kept.parse::<i64>().ok()?)
        .map(|ns| (ns, leap))
}

/// TAI nanoseconds of a Modified Julian Date, to about a microsecond.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] where it is not finite or outside of what 64 bits hold.
pub fn from_mjd(mjd: f64, scale: Scale) -> Result<i64> {
    let days = mjd.floor();
    if !mjd.is_finite() || (days - MJD_EPOCH).abs() > 100_000.0 {
        return Err(wrong(&mjd.to_string(), "a Modified Julian Date out of range"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked: within 100000 days of 1970"
    )]
    let (days, rest) =
        ((days - MJD_EPOCH) as i64, ((mjd - days) * 86_400e6).round() as i64);
    let ns = days * DAY_NS + rest * 1000;
    Ok(if scale == Scale::Tai { ns } else { tai_from_unix_ns(ns) })
}

fn civil(ns: i64) -> DateTime {
    let days = SignedDuration::from_hours(ns.div_euclid(DAY_NS).saturating_mul(24));
    let date = epoch().saturating_add(days);
    let of_day = ns.rem_euclid(DAY_NS);
    let time = Time::midnight().saturating_add(SignedDuration::from_nanos(of_day));
    DateTime::from_parts(date, time)
}

/// `2024-03-01 12:00:37.000000000`: TAI with nine decimals, as Gen3's export files have it.
#[must_use]
pub fn tai_iso(tai_ns: i64) -> String {
    let t = civil(tai_ns);
    let (date, time) = (t.date(), t.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{date} {hour:02}:{minute:02}:{second:02}.{:09}", time.subsec_nanosecond())
}

/// `2024-03-01T12:00:37` or with as many decimals as are needed.
#[must_use]
pub fn short_iso(ns: i64) -> String {
    civil(ns).to_string()
}

/// `YYYYMMDD` of an instant on a civil calendar without zones: what `day_obs` values look like.
#[must_use]
pub fn yyyymmdd(ns: i64) -> i64 {
    let date = civil(ns).date();
    i64::from(date.year()) * 10_000
        + i64::from(date.month()) * 100
        + i64::from(date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_37_seconds_behind_tai_since_2017() {
        let utc = parse_iso("2024-03-01T12:00:00", Scale::Utc).unwrap();
        assert_eq!(utc, 1_709_294_437_000_000_000);
        assert_eq!(tai_iso(utc), "2024-03-01 12:00:37.000000000");
        assert_eq!(unix_from_tai_ns(utc), 1_709_294_400_000_000_000);
    }

    #[test]
    fn a_leap_second_lies_between_its_neighbours() {
        let at = |t| parse_iso(t, Scale::Utc).unwrap();
        assert_eq!(at("2016-12-31T23:59:60") - at("2016-12-31T23:59:59"), NS);
        assert_eq!(at("2017-01-01T00:00:00") - at("2016-12-31T23:59:60"), NS);
    }

    #[test]
    fn every_leap_second_is_a_step_of_one_second() {
        for pair in LEAPS.windows(2) {
            let (from, n) = pair[1];
            assert_eq!(n - pair[0].1, 1);
            let step = tai_from_unix_ns(from * NS) - tai_from_unix_ns((from - 1) * NS);
            assert_eq!(step, 2 * NS);
            assert_eq!(from % 86_400, 0);
        }
    }

    #[test]
    fn the_offset_before_1972_is_the_drifting_one() {
        // 1970-01-01: 4.2131700 + 1461 * 0.002592 = 8.000082 s
        assert_eq!(tai_from_unix_ns(0), 8_000_082_000);
        assert!(unix_from_tai_ns(8_000_082_000).abs() <= 1, "nanoseconds");
    }

    #[test]
    fn spellings_are_read_and_nonsense_is_not() {
        let day = parse_iso("2024-03-01", Scale::Tai).unwrap();
        assert_eq!(parse_iso("2024-03-01 00:00", Scale::Tai).unwrap(), day);
        assert_eq!(parse_iso("2024-03-01T00:00:00.5", Scale::Tai).unwrap(), day + NS / 2);
        assert_eq!(from_mjd(60370.0, Scale::Tai).unwrap(), day);
        assert_eq!(yyyymmdd(day), 20_240_301);
        for bad in [
            "",
            "now",
            "2024-13-01",
            "2024-02-30",
            "2024-03-01T24:00:00",
            "99-1-1",
            "2024-03-01T00:00:60",
            "2024-03-01T-1:00:00",
            "2024-03-01T00:00:00.x",
        ] {
            assert!(parse_iso(bad, Scale::Utc).is_err(), "{bad}");
        }
        assert!(from_mjd(f64::NAN, Scale::Tai).is_err());
    }
}
