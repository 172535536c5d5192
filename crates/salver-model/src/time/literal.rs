//! Time strings as queries spell them: `[format/]value[/scale]`.

use salver_core::{Error, ErrorKind, Op, Result};

use super::parse::wrong;
use super::{
    DAY_NS, NS, Scale, from_jd, from_mjd, parse_iso, parse_yday, tai_from_unix_ns,
};

/// How a value is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Iso,
    Fits,
    Yday,
    Mjd,
    Jd,
    Unix,
    UnixTai,
    Cxcsec,
    Gps,
}

const FORMATS: [(&str, Format); 10] = [
    ("iso", Format::Iso),
    ("isot", Format::Iso),
    ("fits", Format::Fits),
    ("yday", Format::Yday),
    ("mjd", Format::Mjd),
    ("jd", Format::Jd),
    ("unix", Format::Unix),
    ("unix_tai", Format::UnixTai),
    ("cxcsec", Format::Cxcsec),
    ("gps", Format::Gps),
];

/// TAI nanoseconds of 1998-01-01T00:00:00 TT, where `cxcsec` counts from.
const CXC_EPOCH_NS: i64 = 10_227 * DAY_NS - 32_184_000_000;
/// TAI nanoseconds of 1980-01-06T00:00:00 UTC, where `gps` counts from.
const GPS_EPOCH_NS: i64 = 3_657 * DAY_NS + 19 * NS;

/// TAI nanoseconds of a time string `[format/]value[/scale]`.
///
/// A value is a number with a point, an ISO 8601 date and time (`2024-03-01`, `2024-03-01T12:00:37`,
/// a blank may stand for the `T`), the same with a sign and a year of five digits (FITS), or a year and a
/// day of it (`2024:061:12:00:37`). Formats: `iso`, `isot`, `fits`, `yday`, `mjd`, `jd`, `unix`,
/// `unix_tai`, `cxcsec`, `gps`; a number alone is `mjd`. Scales: `tai`, `utc`, `tt`; text and `unix`
/// alone are UTC, other numbers TAI. Source: Gen3 format §16.3 (docs/spec/gen3.md), which has more
/// formats and scales.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub fn parse(text: &str) -> Result<i64> {
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    let (format, value, scale) = match *parts.as_slice() {
        [value] => (None, value, None),
        [a, b] => match format_of(a) {
            Some(format) => (Some(format), b, None),
            None => (None, a, Some(b)),
        },
        [a, b, c] => {
            let format = format_of(a).ok_or_else(|| unknown_format(text, a))?;
            (Some(format), b, Some(c))
        }
        _ => return Err(wrong(text, "not a time")),
    };
    let scale = scale.map(Scale::parse).transpose().map_err(|e| e.with("time", text))?;
    let format = format.or_else(|| guess(value));
    let format = format.ok_or_else(|| wrong(text, "not a time"))?;
    of(format, value, scale).map_err(|e| e.with("text", text))
}

fn format_of(name: &str) -> Option<Format> {
    FORMATS.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, f)| *f)
}

fn unknown_format(text: &str, name: &str) -> Error {
    let known: Vec<&str> = FORMATS.iter().map(|(n, _)| *n).collect();
    Error::new(ErrorKind::InvalidInput, Op("time.parse"), "unknown format of a time")
        .with("time", text)
        .with("format", name)
        .hint(format!("the formats are: {}", known.join(", ")))
}

/// The format of a value without one.
fn guess(value: &str) -> Option<Format> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    match value.as_bytes().get(digits) {
        _ if number(value).is_some() => Some(Format::Mjd),
        Some(b'+') if digits == 0 => Some(Format::Fits),
        Some(b'-') if digits == 4 => Some(Format::Iso),
        Some(b':') if digits == 4 => Some(Format::Yday),
        _ => None,
    }
}

/// A number with a point.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let value: f64 = text.parse().ok().filter(|_| plain && text.contains('.'))?;
    value.is_finite().then_some(value)
}

fn of(format: Format, value: &str, scale: Option<Scale>) -> Result<i64> {
    let utc = scale.unwrap_or(Scale::Utc);
    match format {
        Format::Iso | Format::Fits => return parse_iso(value, utc),
        Format::Yday => return parse_yday(value, utc),
        _ => {}
    }
    let value =
        number(value).ok_or_else(|| wrong(value, "expected a number with a point"))?;
    let tai = scale.unwrap_or(Scale::Tai);
    match format {
        Format::Jd => from_jd(value, tai),
        Format::Unix => Ok(tai_from_unix_ns(seconds(value)?)),
        Format::UnixTai => seconds(value),
        Format::Cxcsec => Ok(seconds(value)?.saturating_add(CXC_EPOCH_NS)),
        Format::Gps => Ok(seconds(value)?.saturating_add(GPS_EPOCH_NS)),
        _ => from_mjd(value, tai),
    }
}

fn seconds(value: f64) -> Result<i64> {
    let whole = value.floor();
    if whole.abs() > 9e9 {
        return Err(wrong(&value.to_string(), "seconds out of range"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked: below 9e9")]
    let (whole, rest) = (whole as i64, ((value - whole) * 1e9).round() as i64);
    Ok(whole * NS + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_scales_have_the_defaults_of_the_language() {
        let at = |t| parse(t).unwrap();
        assert_eq!(at("2024-03-02"), at("iso/2024-03-02 00:00/utc"));
        assert_eq!(at("60371.0"), at("mjd/60371.0/tai"));
        assert_eq!(at("60371.0"), at("2024-03-02T00:00:00/tai"));
        assert_eq!(at("2024:062"), at("2024-03-02"));
        assert_eq!(at("+02024-03-02T00:00:00"), at("2024-03-02"));
        assert_eq!(at("2024-03-02T00:00:00+00:00"), at("2024-03-02"));
        assert_eq!(at("unix/1709337600.0"), at("2024-03-02"));
        assert_eq!(at("60371.0/utc"), at("2024-03-02"));
        assert_eq!(at("MJD/.5E0/TT"), at("1858-11-17T12:00:00/tt"));
    }

    #[test]
    fn nonsense_is_refused_with_what_there_is() {
        for bad in [
            "",
            "/",
            "60371",
            "mjd/60371",
            "60371.0/",
            "a/b/c/d",
            "inf",
            "nan.0",
            "60371.0/mjd",
            "unix/1e300.",
            "2024",
            "iso/60371.0",
            "yday/2024-03-02",
            "mjd/2024-03-02",
            "1.0e999",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let error = parse("byear/2000.0/tai").unwrap_err();
        assert!(error.hint_text().unwrap().contains("mjd"), "{error}");
        let error = parse("60371.0/tdb").unwrap_err();
        assert_eq!(error.hint_text(), Some("tai, utc or tt"));
    }
}
