//! Where and when a dataset is: tests against a region and a timespan.

use std::collections::{BTreeSet, HashMap};

use salver_core::Result;
use salver_model::{DataValue, DatasetRef, DimensionGroup, Record, Timespan};
use salver_registry::RecordQuery;
use salver_sphere::Region;

use super::core::Butler;

/// Elements that have a place, the preferred first. Source: Gen3 format §6.2, topology.
const PLACES: [&str; 4] = ["visit_detector_region", "visit", "patch", "tract"];
/// Elements that have a time, the preferred first.
const TIMES: [&str; 3] = ["exposure", "visit", "day_obs"];

/// Values of an element's required dimensions.
type Key = Vec<DataValue>;

impl Butler {
    /// Those of the datasets that are not proven to lie outside of a region, and whose time
    /// overlaps a timespan.
    pub(super) fn overlapping(
        &self,
        datasets: Vec<DatasetRef>,
        region: Option<&Region>,
        timespan: Option<Timespan>,
    ) -> Result<Vec<DatasetRef>> {
        let mut sets: HashMap<DimensionGroup, [Option<Allowed>; 2]> = HashMap::new();
        let mut out = Vec::with_capacity(datasets.len());
        for dataset in datasets {
            let group = dataset.dataset_type.dimensions();
            if !sets.contains_key(group) {
                let place = region.map(|r| self.in_region(group, r)).transpose()?;
                let time = timespan.map(|t| self.in_time(group, t)).transpose()?;
                sets.insert(group.clone(), [place, time]);
            }
            let tests = sets.get(group).map_or(&[] as &[_], |t| t.as_slice());
            if tests.iter().flatten().all(|allowed| allowed.has(&dataset)) {
                out.push(dataset);
            }
        }
        Ok(out)
    }

    fn in_region(&self, group: &DimensionGroup, region: &Region) -> Result<Allowed> {
        let query =
            RecordQuery { region: Some(region.clone()), ..RecordQuery::default() };
        if let Some(element) = PLACES.iter().find(|e| self.is_within(e, group)) {
            return self.allowed(element, &query);
        }
        if !group.contains("exposure")
            || self.universe().element("visit_definition").is_none()
        {
            return Ok(Allowed::default());
        }
        let element =
            if group.contains("detector") { "visit_detector_region" } else { "visit" };
        let seen = self.query_dimension_records(element, &query)?;
        let mut allowed =
            Allowed { names: names(&["instrument", "exposure"]), ..Default::default() };
        if group.contains("detector") {
            allowed.names.push("detector".to_owned());
        }
        for record in &seen {
            for exposure in self.exposures_of(record)? {
                let values = allowed.names.iter().map(|name| match name.as_str() {
                    "exposure" => Some(exposure.clone()),
                    name => record.dimension(name),
                });
                allowed.keys.extend(values.collect::<Option<Key>>());
            }
        }
        Ok(allowed)
    }

    /// The exposures that a visit's record is made of.
    fn exposures_of(&self, record: &Record) -> Result<Vec<DataValue>> {
        let values = [("instrument", "instrument"), ("visit", "visit")];
        let values = values
            .iter()
            .filter_map(|(to, from)| Some(((*to).to_owned(), record.dimension(from)?)))
            .collect();
        let query = RecordQuery { values, ..RecordQuery::default() };
        let links = self.query_dimension_records("visit_definition", &query)?;
        Ok(links.iter().filter_map(|link| link.dimension("exposure")).collect())
    }

    fn in_time(&self, group: &DimensionGroup, timespan: Timespan) -> Result<Allowed> {
        let query = RecordQuery { timespan: Some(timespan), ..RecordQuery::default() };
        match TIMES.iter().find(|element| self.is_within(element, group)) {
            Some(element) => self.allowed(element, &query),
            None => Ok(Allowed::default()),
        }
    }

    fn is_within(&self, element: &str, group: &DimensionGroup) -> bool {
        let element = self.universe().element(element);
        element.is_some_and(|e| e.required().iter().all(|name| group.contains(name)))
    }

    fn allowed(&self, element: &str, query: &RecordQuery) -> Result<Allowed> {
        let names = self.universe().require(element)?.required();
        let names = names.iter().map(ToString::to_string).collect();
        let records = self.query_dimension_records(element, query)?;
        Ok(Allowed { names, keys: records.iter().map(Record::key).collect() })
    }
}

/// The values of some dimensions that pass a test; without names nothing passes.
#[derive(Debug, Default)]
struct Allowed {
    names: Vec<String>,
    keys: BTreeSet<Key>,
}

impl Allowed {
    fn has(&self, dataset: &DatasetRef) -> bool {
        let values = self.names.iter().map(|name| dataset.data_id.get(name).cloned());
        let key: Option<Key> = values.collect();
        !self.names.is_empty() && key.is_some_and(|key| self.keys.contains(&key))
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&n| n.to_owned()).collect()
}
