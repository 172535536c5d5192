//! Completing data IDs: implied values, and records.

use std::collections::BTreeMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DataValue, Element, Record, Records};

use crate::core::{Registry, Work};
use crate::schema::ElementPlan;

/// How far a data ID is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expand<'e> {
    /// Implied values.
    Values,
    /// Implied values, and the records of these elements: what a path template needs.
    Elements(&'e [&'e str]),
    /// Implied values, and the records of all elements of the group.
    Records,
}

impl Registry {
    /// A data ID with implied values and the records of all elements of its group.
    ///
    /// One statement for each element that is not cached.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], code `data_id_value`, where a dimension has no record of its
    /// value; code `inconsistent_data_id`, where a given implied value is not the recorded one.
    pub fn expand_data_id(&self, data_id: &DataId) -> Result<DataId> {
        self.expand(data_id, Expand::Records)
    }

    /// A data ID completed as far as asked.
    ///
    /// # Errors
    /// As [`Registry::expand_data_id`]; `Elements` and `Values` look only at the records that
    /// they need.
    pub fn expand(&self, data_id: &DataId, how: Expand<'_>) -> Result<DataId> {
        self.read(|work| work.expand(Op("registry.expand"), data_id, how))
    }

    /// Many data IDs, on one state of the database. A record that several of them need is read
    /// once if its element is cached.
    ///
    /// # Errors
    /// As [`Registry::expand_data_id`].
    pub fn expand_all(
        &self,
        data_ids: &[DataId],
        how: Expand<'_>,
    ) -> Result<Vec<DataId>> {
        let op = Op("registry.expand");
        self.read(|work| data_ids.iter().map(|d| work.expand(op, d, how)).collect())
    }
}

impl Work<'_> {
    /// Completes a data ID.
    pub(crate) fn expand(
        &mut self,
        op: Op,
        data_id: &DataId,
        how: Expand<'_>,
    ) -> Result<DataId> {
        let group = data_id.group();
        let mut known: BTreeMap<&str, DataValue> = BTreeMap::new();
        for (name, value) in group.required().iter().zip(data_id.required_values()) {
            known.insert(name, value.clone());
        }
        let mut records = Records::new();
        // an element comes after those that it implies, so the last tell the values of the first
        for element in group.elements().iter().rev() {
            let tells =
                element.implied().iter().any(|name| group.implied().contains(name));
            let wanted = match how {
                Expand::Values => tells,
                Expand::Elements(names) => tells || names.contains(&&**element.name()),
                Expand::Records => true,
            };
            if !wanted {
                continue;
            }
            let Some(plan) = self.shared.plans.get(element.name()) else {
                // no table: a pixel, or what others imply
                if let Some(value) = known.get(&**element.name()) {
                    let record = Record::of_key(element, value)?.map(Arc::new);
                    records.insert(Arc::clone(element.name()), record);
                }
                continue;
            };
            let Some(key) = key_of(plan, &known) else { continue };
            let record = self.fetch(plan, &key)?;
            if record.is_none() && element.is_dimension() {
                return Err(no_record(op, element, &key, data_id));
            }
            for name in element.implied() {
                if let Some(value) = record.as_ref().and_then(|r| r.dimension(name)) {
                    check_given(op, data_id, name, &value)?;
                    known.insert(name, value);
                }
            }
            records.insert(Arc::clone(element.name()), record);
        }
        let values: Vec<DataValue> = group
            .data_coordinate_keys()
            .iter()
            .map_while(|name| known.get(&**name).cloned())
            .collect();
        let full = DataId::new(group.clone(), values)?;
        if how == Expand::Values { Ok(full) } else { full.with_records(records) }
    }
}

fn key_of(
    plan: &ElementPlan,
    known: &BTreeMap<&str, DataValue>,
) -> Option<Vec<DataValue>> {
    plan.keys().map(|c| known.get(c.dimension.as_str()).cloned()).collect()
}

fn no_record(op: Op, element: &Element, key: &[DataValue], data_id: &DataId) -> Error {
    let value = key.last().map(ToString::to_string).unwrap_or_default();
    Error::new(ErrorKind::InvalidInput, op, "a dimension has no record of this value")
        .code_of("data_id_value")
        .with("dimension", element.name())
        .with("value", value)
        .with("data_id", data_id)
        .hint("insert its record first, or check the value")
}

fn check_given(op: Op, data_id: &DataId, name: &str, recorded: &DataValue) -> Result<()> {
    match data_id.get(name) {
        Some(given) if given != recorded => Err(Error::new(
            ErrorKind::InvalidInput,
            op,
            "the data ID contradicts the records",
        )
        .code_of("inconsistent_data_id")
        .with("data_id", data_id)
        .with("dimension", name)
        .with("recorded", recorded)),
        _ => Ok(()),
    }
}
