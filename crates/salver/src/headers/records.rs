//! Dimension records of observations, in the JSON form of the repository.

use std::collections::BTreeMap;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_sphere::{ConvexPolygon, Region, UnitVector};
use serde_json::{Map, Value, json};

use super::observation::Observation;

/// Records of one dimension element, in the JSON form of Gen3 format §15.4 (docs/spec/gen3.md):
/// regions in hex, timespans as two numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSet {
    /// The element.
    pub element: String,
    /// Its records.
    pub records: Vec<Map<String, Value>>,
}

/// The order in which records refer to each other.
const ORDER: [&str; 9] = [
    "instrument",
    "day_obs",
    "detector",
    "group",
    "physical_filter",
    "exposure",
    "visit",
    "visit_definition",
    "visit_detector_region",
];

/// The dimension records that observations need, in the order of insertion, each once.
///
/// One visit is made of each exposure, under the same number; its region is the convex hull of
/// what its detectors cover, its timespan the union of theirs.
///
/// # Errors
/// [`ErrorKind::Conflict`] where two observations disagree on what they share.
pub fn dimension_records(observations: &[Observation]) -> Result<Vec<RecordSet>> {
    let mut all = Records::default();
    let mut exposures: BTreeMap<(&str, i64), Vec<&Observation>> = BTreeMap::new();
    for o in observations {
        exposures.entry((&o.instrument, o.exposure)).or_default().push(o);
        all.of_detector(o)?;
    }
    for parts in exposures.values() {
        all.of_exposure(parts)?;
    }
    Ok(all.sorted())
}

#[derive(Default)]
struct Records(BTreeMap<(usize, String), Map<String, Value>>);

impl Records {
    fn add(&mut self, element: &'static str, keys: &[&str], record: Value) -> Result<()> {
        let Value::Object(record) = record else { return Ok(()) };
        let key: Vec<_> = keys
            .iter()
            .map(|k| record.get(*k).map(Value::to_string).unwrap_or_default())
            .collect();
        let place = ORDER.iter().position(|e| *e == element).unwrap_or(ORDER.len());
        let key = (place, key.join("\u{1}"));
        match self.0.get(&key) {
            Some(there) if *there != record => {
                let message = "two images disagree on a dimension record";
                Err(Error::new(ErrorKind::Conflict, Op("headers.records"), message)
                    .with("element", element)
                    .with("one", Value::Object(there.clone()))
                    .with("other", Value::Object(record)))
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(key, record);
                Ok(())
            }
        }
    }

    fn of_detector(&mut self, o: &Observation) -> Result<()> {
        let instrument = &o.instrument;
        self.add("instrument", &["name"], json!({"name": instrument}))?;
        self.add(
            "day_obs",
            &["instrument", "id"],
            json!({"instrument": instrument, "id": o.day_obs}),
        )?;
        self.add(
            "detector",
            &["instrument", "id"],
            json!({"instrument": instrument, "id": o.detector.id,
                   "full_name": o.detector.name, "purpose": "SCIENCE"}),
        )?;
        self.add(
            "group",
            &["instrument", "name"],
            json!({"instrument": instrument, "name": o.group}),
        )?;
        self.add(
            "physical_filter",
            &["instrument", "name"],
            json!({"instrument": instrument, "name": o.physical_filter, "band": o.band}),
        )?;
        self.add(
            "visit_detector_region",
            &["instrument", "detector", "visit"],
            json!({"instrument": instrument, "detector": o.detector.id,
                   "visit": o.exposure, "region": o.region.as_ref().map(Region::to_hex)}),
        )
    }

    fn of_exposure(&mut self, parts: &[&Observation]) -> Result<()> {
        let Some(o) = parts.first() else { return Ok(()) };
        let timespan = union(parts);
        let regions: Vec<&Region> =
            parts.iter().filter_map(|o| o.region.as_ref()).collect();
        let region = hull(&regions)?;
        self.add(
            "exposure",
            &["instrument", "id"],
            json!({"instrument": o.instrument, "id": o.exposure, "day_obs": o.day_obs,
                   "group": o.group, "physical_filter": o.physical_filter,
                   "obs_id": o.obs_id, "exposure_time": o.exposure_time,
                   "observation_type": "science", "target_name": o.target,
                   "science_program": o.program,
                   "tracking_ra": o.pointing.map(|p| p[0]),
                   "tracking_dec": o.pointing.map(|p| p[1]),
                   "timespan": timespan}),
        )?;
        self.add(
            "visit",
            &["instrument", "id"],
            json!({"instrument": o.instrument, "id": o.exposure, "day_obs": o.day_obs,
                   "physical_filter": o.physical_filter, "name": o.obs_id,
                   "exposure_time": o.exposure_time, "target_name": o.target,
                   "science_program": o.program, "timespan": timespan,
                   "region": region.as_ref().map(Region::to_hex)}),
        )?;
        self.add(
            "visit_definition",
            &["instrument", "exposure", "visit"],
            json!({"instrument": o.instrument, "exposure": o.exposure, "visit": o.exposure}),
        )
    }

    fn sorted(self) -> Vec<RecordSet> {
        let mut sets: Vec<RecordSet> = Vec::new();
        for ((place, _), record) in self.0 {
            let element = ORDER.get(place).copied().unwrap_or_default();
            match sets.last_mut() {
                Some(set) if set.element == element => set.records.push(record),
                _ => sets.push(RecordSet {
                    element: element.to_owned(),
                    records: vec![record],
                }),
            }
        }
        sets
    }
}

fn union(parts: &[&Observation]) -> Option<[i64; 2]> {
    let spans = parts.iter().filter_map(|o| o.timespan);
    spans.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
}

/// The convex hull of several polygons; of regions of which one is none, the last.
pub(super) fn hull(regions: &[&Region]) -> Result<Option<Region>> {
    let corners = |region: &&Region| match region {
        Region::Polygon(polygon) => Some(polygon.vertices().to_vec()),
        _ => None,
    };
    let polygons: Option<Vec<Vec<UnitVector>>> = regions.iter().map(corners).collect();
    match (regions, polygons) {
        ([.., last], None) => Ok(Some((*last).clone())),
        ([one], _) => Ok(Some((*one).clone())),
        (_, Some(polygons)) if !polygons.is_empty() => {
            Ok(Some(ConvexPolygon::convex_hull(&polygons.concat())?.into()))
        }
        _ => Ok(None),
    }
}
