//! What one image is, in the terms of the dimensions.

use salver_sphere::Region;

/// A detector of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detector {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// What one image is, in the terms of the dimensions.
///
/// An image whose header names no instrument gets stand-ins, so that it can be found by its place
/// all the same: instrument `SurveyImage`, detector 0 `IMAGE`, filter `unknown`, observing day 0,
/// no time; its exposure number is made of its centre, `1000·RA` and `1000·(Dec + 90)` in degrees
/// as six digits each, and its name from the header's `OBJECT` or the file's name up to the first
/// `_` or `.`.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Instrument, such as `HST-ACS`.
    pub instrument: String,
    /// The detector.
    pub detector: Detector,
    /// Physical filter, such as `F606W`.
    pub physical_filter: String,
    /// Band, in lower case.
    pub band: String,
    /// Exposure number, unique in the instrument; a visit of the same number is made of it.
    pub exposure: i64,
    /// Name of the exposure.
    pub obs_id: String,
    /// Name of the group of exposures it was taken in.
    pub group: String,
    /// Observing day as a number, `20020413`.
    pub day_obs: i64,
    /// Begin and end, nanoseconds TAI, half-open.
    pub timespan: Option<[i64; 2]>,
    /// Exposure time, seconds.
    pub exposure_time: Option<f64>,
    /// Name of the target.
    pub target: Option<String>,
    /// Science programme.
    pub program: Option<String>,
    /// Right ascension and declination of the pointing, degrees ICRS.
    pub pointing: Option<[f64; 2]>,
    /// What the image covers on the sky.
    pub region: Option<Region>,
}
