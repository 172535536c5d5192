//! The cards of the primary world coordinate system. Source: FITS 4.0 §8, and the SIP convention.

use super::card::{Body, Value, number_text};
use super::header::Header;
use super::view::is_numbered;

/// Keywords without a number.
const PLAIN: [&str; 12] = [
    "WCSAXES", "LONPOLE", "LATPOLE", "RADESYS", "RADECSYS", "EQUINOX", "EPOCH", "A_DMAX",
    "B_DMAX", "A_ORDER", "B_ORDER", "WCSNAME",
];
/// Keywords with one number.
const ONE: [&str; 7] = ["CTYPE", "CRPIX", "CRVAL", "CDELT", "CUNIT", "CROTA", "CPDIS"];
/// Keywords with two numbers and `_` between them.
const TWO: [&str; 7] = ["PC", "CD", "PV", "PS", "A_", "B_", "DP"];

/// Whether a keyword belongs to the primary world coordinate system.
fn is_wcs(keyword: &str) -> bool {
    let two = |prefix: &&str| {
        let rest = keyword.strip_prefix(*prefix).and_then(|r| r.split_once('_'));
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        rest.is_some_and(|(i, j)| digits(i) && digits(j))
    };
    let sip = ["AP_", "BP_"].iter().any(|p| keyword.starts_with(p));
    PLAIN.contains(&keyword)
        || ONE.iter().any(|p| is_numbered(keyword, p))
        || TWO.iter().any(two)
        || sip
}

/// The cards that a sky map needs, keyword and value; empty where there is no `CTYPEn`.
pub(crate) fn cards(header: &Header) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut typed = false;
    for entry in header.entries() {
        let Body::Value(value, _) = entry.body else { continue };
        let text = match value {
            Value::Text(text) => text,
            Value::Int(v) => v.to_string(),
            Value::Float(v) => number_text(v),
            _ => continue,
        };
        if is_wcs(&entry.keyword) && !out.iter().any(|(k, _)| *k == entry.keyword) {
            typed |= entry.keyword.starts_with("CTYPE");
            out.push((entry.keyword, text));
        }
    }
    if typed { out } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fits::card::Card;

    #[test]
    fn only_the_primary_system_counts() {
        let lines = [
            "CTYPE1  = 'RA---TAN'",
            "CRPIX1  = 1.50",
            "CD1_2   = 2",
            "PV2_1   = 3",
            "A_0_2   = 1E-5",
            "CRPIX1A = 9",
            "CRDER1  = 1",
            "CDELTA  = 1",
            "AP_1_0  = 1",
            "PCOUNT  = 0",
        ];
        let header =
            Header::from_cards(lines.iter().map(|l| Card::from_text(l)).collect());
        let keys: Vec<_> = cards(&header).into_iter().map(|(k, _)| k).collect();
        assert_eq!(keys, ["CTYPE1", "CRPIX1", "CD1_2", "PV2_1", "A_0_2", "AP_1_0"]);
        assert_eq!(cards(&header)[1].1, "1.5");
    }
}
