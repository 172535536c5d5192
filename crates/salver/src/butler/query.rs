//! Listing what is there.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataValue, DatasetRef, Record, Timespan};
use salver_registry::RecordQuery;
use salver_sphere::Region;

use super::core::Butler;

/// Which datasets are listed.
#[derive(Debug, Clone, Default)]
pub struct DatasetQuery {
    /// Names of dataset types, or shell patterns; empty means all.
    pub types: Vec<String>,
    /// Collections to search, or shell patterns; empty means the butler's own, and all where it
    /// has none.
    pub collections: Vec<String>,
    /// Values that the data IDs must have.
    pub data_id: Vec<(String, DataValue)>,
    /// The dataset's place on the sky must not be proven disjoint with this region.
    pub region: Option<Region>,
    /// The dataset's time must overlap this one.
    pub timespan: Option<Timespan>,
    /// Of each type and data ID only the one in the earliest collection.
    pub find_first: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

impl Butler {
    /// The datasets of a query: by type, then by data ID, then by the place of
    /// the collection; each once; data IDs
    /// have their implied values.
    ///
    /// The place and time of a dataset are those of the first element among its dimensions that has
    /// one: `visit_detector_region`, `visit`, `patch`, `tract`; an exposure has those of its visits.
    /// A dataset without place or time never overlaps one.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, codes `missing_dataset_type` and `missing_collection`, for a name that
    /// is no pattern; `ErrorKind::InvalidInput` for a name that is no dimension, and for
    /// `find_first` with patterns or without collections.
    pub fn query_datasets(&self, query: &DatasetQuery) -> Result<Vec<DatasetRef>> {
        let op = Op("butler.query_datasets");
        let own = &self.defaults.collections;
        let collections =
            if query.collections.is_empty() { own } else { &query.collections };
        if query.find_first {
            check_find_first(op, collections)?;
        }
        let universe = self.universe();
        for (name, _) in &query.data_id {
            if universe.dimension(name).is_none() {
                universe.group([name])?;
            }
        }
        let filtered = query.region.is_some() || query.timespan.is_some();
        let rows = salver_registry::DatasetQuery {
            types: query.types.clone(),
            collections: collections.clone(),
            data_id: query.data_id.clone(),
            find_first: query.find_first,
            limit: query.limit.filter(|_| !filtered),
            full: true,
        };
        let mut found = self.shared.registry.datasets(&rows)?;
        if filtered {
            found = self.overlapping(found, query.region.as_ref(), query.timespan)?;
            found.truncate(query.limit.unwrap_or(usize::MAX));
        }
        Ok(found)
    }

    /// The records of a dimension element, in the order of their keys.
    ///
    /// # Errors
    /// As [`salver_registry::Registry::records`].
    pub fn query_dimension_records(
        &self,
        element: &str,
        query: &RecordQuery,
    ) -> Result<Vec<Record>> {
        self.shared.registry.records(element, query)
    }

    /// The record of an element for a data ID of its dimensions, where there is one.
    ///
    /// # Errors
    /// As [`salver_registry::Registry::record`].
    pub fn record(
        &self,
        element: &str,
        pairs: &[(String, DataValue)],
    ) -> Result<Option<Arc<Record>>> {
        let universe = self.universe();
        let group = universe.group(universe.require(element)?.required())?;
        self.shared.registry.record(element, &self.data_id(&group, pairs)?)
    }
}

fn check_find_first(op: Op, collections: &[String]) -> Result<()> {
    let pattern = collections.iter().find(|c| c.contains(['*', '?', '[']));
    let message = match pattern {
        None if !collections.is_empty() => return Ok(()),
        None => "the first of several needs an order: name the collections",
        Some(_) => "the first of several needs an order: a pattern has none",
    };
    Err(Error::new(ErrorKind::InvalidInput, op, message)
        .with("collections", collections.join(", ")))
}
