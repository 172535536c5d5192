//! From instants to text and numbers.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};

use super::scale::leap_second_before;
use super::{DAY_NS, NS, Scale, unix_from_tai_ns};

fn civil(ns: i64) -> DateTime {
    let days = SignedDuration::from_hours(ns.div_euclid(DAY_NS).saturating_mul(24));
    let date = jiff::civil::date(1970, 1, 1).saturating_add(days);
    let of_day = ns.rem_euclid(DAY_NS);
    let time = Time::midnight().saturating_add(SignedDuration::from_nanos(of_day));
    DateTime::from_parts(date, time)
}

fn nine_decimals(ns: i64) -> String {
    let t = civil(ns);
    let (date, time) = (t.date(), t.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{date} {hour:02}:{minute:02}:{second:02}.{:09}", time.subsec_nanosecond())
}

/// `2024-03-01 12:00:37.000000000`: TAI with nine decimals, as Gen3's export files have it.
#[must_use]
pub fn tai_iso(tai_ns: i64) -> String {
    nine_decimals(tai_ns)
}

/// `2024-03-01 12:00:00.000000000`: UTC with nine decimals; a leap second is `23:59:60`.
#[must_use]
pub fn utc_iso(tai_ns: i64) -> String {
    match leap_second_before(tai_ns) {
        None => nine_decimals(unix_from_tai_ns(tai_ns)),
        Some(midnight) => {
            let date = civil((midnight - 1) * NS).date();
            format!("{date} 23:59:60.{:09}", tai_ns.rem_euclid(NS))
        }
    }
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

/// The Modified Julian Date of a TAI instant in a scale, to about a microsecond: what 53 bits hold.
/// Within a UTC day with a leap second it is off by up to a second, see [`super::from_mjd`].
#[must_use]
pub fn to_mjd(tai_ns: i64, scale: Scale) -> f64 {
    let ns = scale.civil_of(tai_ns);
    #[expect(
        clippy::cast_precision_loss,
        reason = "days and parts of one are below 2^53"
    )]
    let (days, rest) = (ns.div_euclid(DAY_NS) as f64, ns.rem_euclid(DAY_NS) as f64);
    40_587.0 + days + rest / 86_400e9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{from_mjd, parse_iso, tai_from_unix_ns};
    use super::*;
    use crate::Timespan;

    #[test]
    fn utc_is_37_seconds_behind_tai_since_2017() {
        let utc = parse_iso("2024-03-01T12:00:00", Scale::Utc).unwrap();
        assert_eq!(utc, 1_709_294_437_000_000_000);
        assert_eq!(tai_iso(utc), "2024-03-01 12:00:37.000000000");
        assert_eq!(utc_iso(utc), "2024-03-01 12:00:00.000000000");
        assert_eq!(unix_from_tai_ns(utc), 1_709_294_400_000_000_000);
        assert_eq!(yyyymmdd(utc), 20_240_301);
    }

    fn instants() -> impl Strategy<Value = i64> {
        let leap = (0..3_i64 * NS)
            .prop_map(|d| tai_from_unix_ns(1_483_228_800 * NS) - 2 * NS + d);
        prop_oneof![63_072_010 * NS..Timespan::MAX_NS, leap]
    }

    proptest! {
        #[test]
        fn text_goes_both_ways(ns in instants()) {
            prop_assert_eq!(parse_iso(&tai_iso(ns), Scale::Tai).unwrap(), ns);
            prop_assert_eq!(parse_iso(&utc_iso(ns), Scale::Utc).unwrap(), ns);
            prop_assert_eq!(parse_iso(&short_iso(ns), Scale::Tai).unwrap(), ns);
        }

        #[test]
        fn dates_go_both_ways_to_a_microsecond(ns in 63_072_010 * NS..Timespan::MAX_NS) {
            for scale in [Scale::Tai, Scale::Tt] {
                let again = from_mjd(to_mjd(ns, scale), scale).unwrap();
                prop_assert!((again - ns).abs() <= 1000, "nanoseconds");
            }
        }

        #[test]
        fn printing_takes_any_number(ns in any::<i64>()) {
            prop_assert!(tai_iso(ns).len() >= 19 && !utc_iso(ns).is_empty());
            prop_assert!(!short_iso(ns).is_empty() && to_mjd(ns, Scale::Utc).is_finite());
        }
    }
}
