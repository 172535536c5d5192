//! Data IDs with the records of their elements.

use std::sync::Arc;

use salver_core::{Error, Result};
use salver_sphere::{IntersectionRegion, Region};

use super::{DataId, OP, Records};
use crate::json::wrong;
use crate::{DataValue, Record, Timespan};

impl DataId {
    /// Whether records are attached. A data ID without dimensions has all its records: none.
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.records.is_some() || self.group.is_empty()
    }

    /// The records, by element.
    #[must_use]
    pub fn records(&self) -> Option<&Arc<Records>> {
        self.records.as_ref()
    }

    /// The record of an element, where records are attached and there is one.
    #[must_use]
    pub fn record(&self, element: &str) -> Option<&Arc<Record>> {
        self.records.as_ref()?.get(element)?.as_ref()
    }

    /// The same data ID with records; implied values are taken from them.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where an implied value is in no record, or a record contradicts
    /// a value.
    pub fn with_records(&self, records: Records) -> Result<Self> {
        let keys = self.group.data_coordinate_keys();
        let required = self.group.required().len();
        let mut found: Vec<Option<DataValue>> =
            keys.iter().map(|k| self.get(k).cloned()).collect();
        for record in records.values().flatten() {
            for (column, value) in record.key_fields() {
                let Some(at) =
                    column.dimension.as_ref().and_then(|d| self.group.key_position(d))
                else {
                    continue;
                };
                let Some(slot) = found.get_mut(at) else { continue };
                if slot.as_ref().is_some_and(|known| !value.is(known)) {
                    return Err(self.contradicted(record, at, slot.as_ref()));
                }
                if at >= required && slot.is_none() {
                    *slot = value.to_data_value();
                }
            }
        }
        if let Some(at) = found.iter().position(Option::is_none) {
            let name = keys.get(at).map_or("?", |n| n);
            return Err(wrong(OP, "no record tells an implied value")
                .with("dimension", name)
                .with("data_id", self));
        }
        let values: Arc<[DataValue]> = found.into_iter().flatten().collect();
        let records = Some(Arc::new(records));
        Ok(Self { group: self.group.clone(), values, records })
    }

    fn contradicted(
        &self,
        record: &Record,
        at: usize,
        known: Option<&DataValue>,
    ) -> Error {
        let name = self.group.data_coordinate_keys().get(at).map_or("?", |n| n);
        let error = wrong(OP, "the value given is not the one in the records");
        let mut error = error
            .code_of("inconsistent_data_id")
            .with("dimension", name)
            .with("data_id", self)
            .with("element", record.element().name());
        if let Some(known) = known {
            error = error.with("expected", known);
        }
        match record.dimension(name) {
            Some(recorded) => error.with("recorded", recorded),
            None => error.with("recorded", "null"),
        }
    }

    /// Where it is: the region of the preferred element of its spatial family, for several families
    /// the intersection of theirs. `None` without records, without spatial elements, and where one
    /// of those regions is not known. Source: observed behaviour of lsst-daf-butler.
    #[must_use]
    pub fn region(&self) -> Option<Arc<Region>> {
        let region = |e: &Arc<crate::Element>| self.record(e.name())?.region().cloned();
        match self.group.spatial() {
            [] => None,
            [one] => region(one),
            several => {
                let regions: Option<Vec<Arc<Region>>> =
                    several.iter().map(region).collect();
                let regions = regions?.iter().map(|r| (**r).clone()).collect();
                Some(Arc::new(Region::from(IntersectionRegion::new(regions))))
            }
        }
    }

    /// When it is: the timespan of the preferred element of its temporal family. `None` without
    /// records, without temporal elements, and where it is not known.
    #[must_use]
    pub fn timespan(&self) -> Option<Timespan> {
        let mut elements = self.group.temporal().iter();
        let timespan = |e: &Arc<crate::Element>| self.record(e.name())?.timespan();
        let first = timespan(elements.next()?)?;
        elements.try_fold(first, |all, e| Some(all.intersection(timespan(e)?)))
    }
}
