//! Spellings of one kind each.

use jiff::civil::Date;
use salver_core::{Error, ErrorKind, Op, Result};

use super::scale::has_leap_second_before;
use super::{DAY_NS, NS, Scale};

/// Modified Julian Date of 1970-01-01.
const MJD_EPOCH: f64 = 40_587.0;

pub(super) fn wrong(text: &str, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, Op("time.parse"), message)
        .with("time", text)
        .hint("write 2024-03-01T12:00:37, 2024-03-01 12:00:37.5 or 2024-03-01")
}

/// TAI nanoseconds of a time in ISO 8601: `2024-03-01`, `2024-03-01T12:00:37.123456789`.
///
/// A blank may stand for the `T`, and a `Z` or `+00:00` may follow a UTC time. The leap second
/// `23:59:60` is read on days that have one. More than nine decimals are rounded. What 64 bits can't
/// hold is cut to what they can, long before 1970 and after 2100, where Gen3's times end.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub fn parse_iso(text: &str, scale: Scale) -> Result<i64> {
    let body = without_mark(text, scale)?;
    let (date, clock) = body.split_once(['T', ' ']).unwrap_or((body, "00:00:00"));
    let days = parse_date(date).ok_or_else(|| wrong(text, "not a date"))?;
    let clock = Clock::parse(clock).ok_or_else(|| wrong(text, "not a time of day"))?;
    instant(days, &clock, scale).ok_or_else(|| wrong(text, "no leap second there"))
}

/// TAI nanoseconds of a time by day of year: `2024:061`, `2024:061:12:00`, `2024:061:12:00:37.5`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub fn parse_yday(text: &str, scale: Scale) -> Result<i64> {
    let no_date = || wrong(text, "not a year and a day of it");
    let body = without_mark(text, scale)?;
    let (year, rest) = body.split_once(':').ok_or_else(no_date)?;
    let (day, clock) = rest.split_once(':').unwrap_or((rest, "00:00:00"));
    let year = digits(year, 4).filter(|_| year.len() == 4).ok_or_else(no_date)?;
    let day = digits(day, 3).filter(|d| *d > 0).ok_or_else(no_date)?;
    let first = date_days(year, 1, 1).ok_or_else(no_date)?;
    let next = date_days(year + 1, 1, 1).ok_or_else(no_date)?;
    let days = Some(first + day - 1).filter(|d| *d < next).ok_or_else(no_date)?;
    let clock = Clock::parse(clock).ok_or_else(|| wrong(text, "not a time of day"))?;
    instant(days, &clock, scale).ok_or_else(|| wrong(text, "no leap second there"))
}

/// The text without blanks around it and without the mark of UTC at its end.
fn without_mark(text: &str, scale: Scale) -> Result<&str> {
    let trimmed = text.trim();
    match trimmed.strip_suffix('Z').or_else(|| trimmed.strip_suffix("+00:00")) {
        None => Ok(trimmed),
        Some(body) if scale == Scale::Utc => Ok(body),
        Some(_) => Err(wrong(text, "a UTC mark on a time that is not UTC")),
    }
}

/// `None` for a leap second where there is none.
fn instant(days: i64, clock: &Clock, scale: Scale) -> Option<i64> {
    let midnight = days.saturating_mul(DAY_NS);
    if !clock.in_leap_second {
        return Some(scale.to_tai(midnight.saturating_add(clock.nanos)));
    }
    let next = days.saturating_add(1).saturating_mul(86_400);
    if scale != Scale::Utc || !has_leap_second_before(next) {
        return None;
    }
    // counted from the second before it
    let before = scale.to_tai(midnight.saturating_add(clock.nanos - NS));
    Some(before.saturating_add(NS))
}

/// A whole number of at most so many digits and nothing else.
fn digits(text: &str, at_most: usize) -> Option<i64> {
    let fits = !text.is_empty() && text.len() <= at_most;
    let all = text.bytes().all(|b| b.is_ascii_digit());
    (fits && all).then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01; the year has four digits, or a sign and five (FITS 4.0 §9.1.1).
fn parse_date(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => (0, text),
    };
    let mut parts = rest.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year_digits = if sign == 0 { 4 } else { 5 };
    if parts.next().is_some() || year.len() != year_digits {
        return None;
    }
    let year = digits(year, 5)?;
    date_days(if sign < 0 { -year } else { year }, digits(month, 2)?, digits(day, 2)?)
}

fn date_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let date = Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    Some(date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24)
}

struct Clock {
    /// Nanoseconds since midnight.
    nanos: i64,
    in_leap_second: bool,
}

impl Clock {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let (second, fraction) = match parts.next() {
            Some(s) => s.split_once('.').unwrap_or((s, "")),
            None => ("0", ""),
        };
        let second = digits(second, 2)?;
        if parts.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let kept: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let up = fraction.as_bytes().get(9).is_some_and(|d| *d >= b'5');
        let fraction = kept.parse::<i64>().ok()? + i64::from(up);
        let in_leap_second = hour == 23 && minute == 59 && second == 60;
        let inside = hour < 24 && minute < 60 && (second < 60 || in_leap_second);
        let nanos = ((hour * 60 + minute) * 60 + second) * NS + fraction;
        inside.then_some(Self { nanos, in_leap_second })
    }
}

/// TAI nanoseconds of a Modified Julian Date, to about a microsecond: what its 53 bits hold.
///
/// A UTC day with a leap second is stretched over one day, as in the IAU's SOFA.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] where it is not finite or more than 100000 days from 1970.
pub fn from_mjd(mjd: f64, scale: Scale) -> Result<i64> {
    let day = mjd.floor();
    from_day(day - MJD_EPOCH, mjd - day, scale)
        .ok_or_else(|| wrong(&mjd.to_string(), "a Modified Julian Date out of range"))
}

/// TAI nanoseconds of a Julian Date, to about 20 microseconds; otherwise as [`from_mjd`].
///
/// # Errors
/// As [`from_mjd`].
pub fn from_jd(jd: f64, scale: Scale) -> Result<i64> {
    let half = jd + 0.5;
    let day = half.floor();
    // a Julian day begins at noon
    let fraction = (jd - jd.floor() + 0.5).fract();
    from_day(day - 2_440_588.0, fraction, scale)
        .ok_or_else(|| wrong(&jd.to_string(), "a Julian Date out of range"))
}

/// Of a whole number of days since 1970-01-01 and a fraction.
fn from_day(days: f64, fraction: f64, scale: Scale) -> Option<i64> {
    if !days.is_finite() || days.abs() > 100_000.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked: within 100000 days of 1970"
    )]
    let midnight = days as i64 * DAY_NS;
    let begin = scale.to_tai(midnight);
    let length = scale.to_tai(midnight + DAY_NS).saturating_sub(begin);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a day is fewer than 2^53 nanoseconds"
    )]
    #[expect(clippy::cast_possible_truncation, reason = "a part of a day")]
    let rest = (fraction * length as f64).round() as i64;
    Some(begin.saturating_add(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_second_lies_between_its_neighbours() {
        let at = |t| parse_iso(t, Scale::Utc).unwrap();
        assert_eq!(at("2016-12-31T23:59:60") - at("2016-12-31T23:59:59"), NS);
        assert_eq!(at("2017-01-01T00:00:00") - at("2016-12-31T23:59:60"), NS);
        let half = parse_yday("2016:366:23:59:60.5", Scale::Utc).unwrap();
        assert_eq!(half - at("2016-12-31T23:59:59"), NS * 3 / 2);
        for (text, scale) in [
            ("2016-12-30T23:59:60", Scale::Utc),
            ("2024-12-31T23:59:60", Scale::Utc),
            ("2016-12-31T23:59:60", Scale::Tai),
        ] {
            assert!(parse_iso(text, scale).is_err(), "{text} {scale}");
        }
    }

    #[test]
    fn spellings_are_read_and_nonsense_is_not() {
        let day = parse_iso("2024-03-01", Scale::Tai).unwrap();
        assert_eq!(parse_iso("2024-03-01 00:00", Scale::Tai).unwrap(), day);
        assert_eq!(parse_iso("2024-03-01T00:00:00.5", Scale::Tai).unwrap(), day + NS / 2);
        assert_eq!(from_mjd(60370.0, Scale::Tai).unwrap(), day);
        assert_eq!(from_jd(2_460_370.5, Scale::Tai).unwrap(), day);
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
            "2024-+3-01",
            "2024-03-01T+1:00:00",
            "2024-03-01T00",
            "2024-03-01T",
            "+2024-03-01",
            "2024-03-01T00:00:00+01:00",
            "2024-03-01T00:00:00:00",
            "٢٠٢٤-03-01",
        ] {
            assert!(parse_iso(bad, Scale::Utc).is_err(), "{bad}");
        }
        for bad in
            ["2024:000", "2023:366", "2024:367", "24:001", "2024", "2024:-1", "2024:001:"]
        {
            assert!(parse_yday(bad, Scale::Utc).is_err(), "{bad}");
        }
        for bad in [f64::NAN, f64::INFINITY, 1e300, -1e6] {
            assert!(
                from_mjd(bad, Scale::Tai).is_err() && from_jd(bad, Scale::Utc).is_err()
            );
        }
    }

    #[test]
    fn a_mark_of_utc_is_for_utc() {
        let plain = parse_iso("2024-03-01T00:00:00", Scale::Utc).unwrap();
        assert_eq!(parse_iso(" 2024-03-01T00:00:00Z ", Scale::Utc).unwrap(), plain);
        assert_eq!(parse_iso("2024-03-01T00:00:00+00:00", Scale::Utc).unwrap(), plain);
        assert!(parse_iso("2024-03-01T00:00:00Z", Scale::Tai).is_err());
    }

    #[test]
    fn what_is_far_away_is_cut() {
        assert_eq!(parse_iso("9999-12-31", Scale::Utc).unwrap(), i64::MAX);
        assert_eq!(parse_iso("0001-01-01", Scale::Tai).unwrap(), i64::MIN);
    }
}
