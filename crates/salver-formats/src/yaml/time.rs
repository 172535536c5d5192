//! Times in the spelling of Gen3's tag: `2024-03-01 12:00:37.000000000`, in TAI.
//!
//! TAI has no leap seconds, so the calendar alone gives the nanoseconds.

use jiff::civil::{Date, DateTime};
use salver_core::{ErrorKind, Op, Result, ResultExt as _};

/// Gen3's tag (Gen3 format §14).
pub(super) const TAG: &str = "!butler_time/tai/iso";

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Nanoseconds of TAI since 1970 of a time as Gen3 writes it.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is no time, or one beyond the years 1678 to 2262.
pub(super) fn parse(text: &str) -> Result<i64> {
    let op = Op("yaml.time");
    let time: DateTime = text.parse().op(ErrorKind::Corrupt, op, "not a time")?;
    let since = time.duration_since(EPOCH.into());
    i64::try_from(since.as_nanos()).op(ErrorKind::Corrupt, op, "a time out of range")
}

/// The time with nine decimals.
///
/// # Errors
/// None in practice: every `i64` of nanoseconds is within the calendar.
pub(super) fn render(ns: i64) -> Result<String> {
    let op = Op("yaml.time");
    let since = jiff::SignedDuration::from_nanos(ns);
    let time = DateTime::from(EPOCH).checked_add(since);
    let time = time.op(ErrorKind::Internal, op, "a time out of range")?;
    let (date, clock) = (time.date(), time.time());
    Ok(format!(
        "{date} {:02}:{:02}:{:02}.{:09}",
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.subsec_nanosecond()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        assert_eq!(
            render(1_709_294_437_000_000_000).unwrap(),
            "2024-03-01 12:00:37.000000000"
        );
        for ns in [0, -1, i64::MIN, i64::MAX, 1_709_294_437_123_456_789] {
            assert_eq!(parse(&render(ns).unwrap()).unwrap(), ns);
        }
        assert_eq!(parse("2024-03-01T12:00:37").unwrap(), 1_709_294_437_000_000_000);
        assert_eq!(parse("9024-03-01 12:00:37").unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(parse("soon").unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
