//! From keywords to an observation, instrument by instrument.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::time::{Scale, from_mjd, short_iso, unix_from_tai_ns, yyyymmdd};
use salver_sphere::{LonLat, Region, UnitVector};

use super::cards::Cards;
use super::footprint::{footprint, header_region};
use super::observation::{Detector, Observation};

/// What an image is by its header; `name` (a file's stem) names survey images without an `OBJECT`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] where a known instrument's header lacks a keyword, or where the
/// image is of no known instrument and has no celestial WCS.
pub fn observe(cards: &Cards, name: &str) -> Result<Observation> {
    match (cards.text("TELESCOP"), cards.text("INSTRUME")) {
        (Some("HST"), Some("ACS")) => hst_acs(cards),
        (Some("JWST"), Some("NIRCAM")) => jwst_nircam(cards),
        _ => survey(cards, name),
    }
}

/// Keywords of the *HST ACS Data Handbook*: EXPSTART and EXPEND are MJD in UTC.
fn hst_acs(cards: &Cards) -> Result<Observation> {
    let name = cards.need_text("DETECTOR")?;
    let id = match name {
        "WFC" => 0,
        "HRC" => 1,
        "SBC" => 2,
        other => return Err(unknown("detector of ACS", other, "WFC, HRC, SBC")),
    };
    let wheels = [cards.text("FILTER1"), cards.text("FILTER2")];
    let used: Vec<_> =
        wheels.into_iter().flatten().filter(|f| !f.starts_with("CLEAR")).collect();
    let filter = if used.is_empty() { "CLEAR".to_owned() } else { used.join("+") };
    let root = cards.need_text("ROOTNAME")?.to_owned();
    let detector = Detector { id, name: name.to_owned() };
    let mut observation = dated(cards, "HST-ACS", detector, &filter)?;
    observation.group.clone_from(&root);
    observation.obs_id = root;
    observation.program = cards.whole("PROPOSID").map(|p| p.to_string());
    observation.exposure_time = cards.number("EXPTIME");
    observation.pointing =
        cards.number("RA_TARG").zip(cards.number("DEC_TARG")).map(Into::into);
    observation.region = footprint(cards)?;
    Ok(observation)
}

/// Keywords of the JWST keyword dictionary: EXPSTART and EXPEND are MJD in UTC. The exposure's number
/// is made of visit (11 digits), visit group (2), activity (3, read in base 36) and exposure (3);
/// its detectors start seconds apart.
fn jwst_nircam(cards: &Cards) -> Result<Observation> {
    let name = cards.need_text("DETECTOR")?.to_owned();
    let id =
        cards.whole("SCA_NUM").ok_or_else(|| unknown("detector", &name, "SCA_NUM"))?;
    let used: Vec<_> = [cards.text("FILTER"), cards.text("PUPIL")]
        .into_iter()
        .flatten()
        .filter(|f| *f != "CLEAR")
        .collect();
    let filter = used.join("+");
    let mut observation = dated(cards, "JWST-NIRCam", Detector { id, name }, &filter)?;
    let [visit, group, sequence, activity, exposure] =
        ["VISIT_ID", "VISITGRP", "SEQ_ID", "ACT_ID", "EXPOSURE"]
            .map(|key| cards.need_text(key));
    let (visit, group, activity) = (visit?, group?, activity?);
    let exposure: i64 = number(exposure?, 10)?;
    observation.exposure = (number(visit, 10)? * 100 + number(group, 10)?) * 1_000_000
        + number(activity, 36)? * 1000
        + exposure;
    observation.obs_id =
        format!("jw{visit}_{group}{}{activity}_{exposure:05}", sequence?);
    observation.group = format!("jw{visit}_{group}");
    observation.program = cards.text("PROGRAM").map(str::to_owned);
    observation.exposure_time = cards.number("EFFEXPTM");
    observation.pointing =
        cards.number("TARG_RA").zip(cards.number("TARG_DEC")).map(Into::into);
    observation.region = match header_region(cards)? {
        Some(region) => Some(region),
        None => footprint(cards)?,
    };
    Ok(observation)
}

/// A whole number of at most 11 digits.
fn number(text: &str, radix: u32) -> Result<i64> {
    let parsed = i64::from_str_radix(text, radix)
        .ok()
        .filter(|n| (0..100_000_000_000).contains(n));
    parsed.ok_or_else(|| unknown("number", text, "up to 11 digits"))
}

/// The part that HST and JWST write alike.
fn dated(
    cards: &Cards,
    instrument: &str,
    detector: Detector,
    filter: &str,
) -> Result<Observation> {
    let begin = from_mjd(cards.need_number("EXPSTART")?, Scale::Utc)?;
    let end = from_mjd(cards.need_number("EXPEND")?, Scale::Utc)?;
    Ok(Observation {
        instrument: instrument.to_owned(),
        detector,
        physical_filter: filter.to_owned(),
        band: filter.split('+').next().unwrap_or(filter).to_lowercase(),
        exposure: exposure_number(cards, begin),
        obs_id: String::new(),
        group: String::new(),
        day_obs: yyyymmdd(unix_from_tai_ns(begin)),
        timespan: Some([begin, end]),
        exposure_time: None,
        target: cards.text("TARGNAME").map(str::to_owned),
        program: None,
        pointing: None,
        region: None,
    })
}

/// Date and second of the start as one number, `20020413204022`: of `DATE-OBS` and `TIME-OBS`, else of
/// the instant.
fn exposure_number(cards: &Cards, begin: i64) -> i64 {
    let digits = |text: &str| -> Option<i64> {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
        (digits.len() == 14).then(|| digits.parse().ok())?
    };
    let shared = cards.text("DATE-OBS").zip(cards.text("TIME-OBS"));
    shared
        .and_then(|(date, clock)| digits(&format!("{date}{clock}")))
        .or_else(|| digits(&short_iso(unix_from_tai_ns(begin))))
        .unwrap_or(begin)
}

fn survey(cards: &Cards, name: &str) -> Result<Observation> {
    let region = footprint(cards)?;
    let Some(center) = region.as_ref().and_then(middle) else {
        let message =
            "no known instrument and no celestial WCS: nothing says what the image is";
        return Err(Error::new(ErrorKind::InvalidInput, Op("headers.observe"), message)
            .with("image", name)
            .hint("known instruments: HST ACS, JWST NIRCam"));
    };
    let (ra, dec) = (center.lon().wrapped().degrees(), center.lat().degrees());
    let milli = |degrees: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "0 … 360000")]
        let whole = (degrees * 1000.0).round() as i64;
        whole
    };
    let object = cards.text("OBJECT").unwrap_or(name).to_owned();
    Ok(Observation {
        instrument: "SurveyImage".to_owned(),
        detector: Detector { id: 0, name: "IMAGE".to_owned() },
        physical_filter: "unknown".to_owned(),
        band: "unknown".to_owned(),
        exposure: milli(ra) * 1_000_000 + milli(dec + 90.0),
        obs_id: object.clone(),
        group: object.clone(),
        day_obs: 0,
        timespan: None,
        exposure_time: None,
        target: Some(object),
        program: None,
        pointing: Some([ra, dec]),
        region,
    })
}

/// The direction of the mean of a polygon's corners.
fn middle(region: &Region) -> Option<LonLat> {
    let Region::Polygon(polygon) = region else { return None };
    let sum = polygon
        .vertices()
        .iter()
        .fold([0.0; 3], |s, v| [s[0] + v.x(), s[1] + v.y(), s[2] + v.z()]);
    UnitVector::new(sum[0], sum[1], sum[2]).ok().map(UnitVector::to_lonlat)
}

fn unknown(what: &str, value: &str, accepted: &str) -> Error {
    let message = format!("an unknown {what}");
    Error::new(ErrorKind::InvalidInput, Op("headers.observe"), message)
        .with("value", value)
        .hint(format!("known: {accepted}"))
}
