//! Instants: TAI nanoseconds, UTC and their spellings.
//!
//! The stored form is nanoseconds since 1970-01-01T00:00:00 TAI (Gen3 format §5). UTC is related to
//! it by the leap seconds that the IERS announced (Bulletin C), and before 1972 by the drifting
//! offset then in force. Times before 1970 are stored as 1970 (Gen3 format §5), so the offsets in
//! force before 1968-02-01 are not kept here: that of 1968 is used for them.
//!
//! [`parse()`] reads all spellings that queries know; [`parse_iso`] and [`from_mjd`] one each.

mod literal;
mod parse;
mod print;
mod scale;

pub use literal::parse;
pub use parse::{from_jd, from_mjd, parse_iso, parse_yday};
pub use print::{short_iso, tai_iso, to_mjd, utc_iso, yyyymmdd};
pub use scale::{Scale, tai_from_unix_ns, unix_from_tai_ns};

const NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * NS;
