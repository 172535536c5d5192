//! Gen3's JSON form of data IDs (Gen3 format §15.3).

use std::sync::Arc;

use salver_core::Result;
use serde_json::{Map, Value as Json};

use super::{DataId, OP, Records};
use crate::json::{from_data_value, object, to_data_value, wrong};
use crate::{DataValue, DimensionGroup, Record, Universe};

impl DataId {
    /// Names and values as a JSON object, in key order.
    #[must_use]
    pub fn values_to_json(&self) -> Json {
        self.iter()
            .map(|(k, v)| (k.to_string(), from_data_value(v)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Gen3's JSON form (§15.3): `{"dataId": {…}}`, with `"records"` where they are attached.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = Map::from_iter([("dataId".to_owned(), self.values_to_json())]);
        if self.has_records() {
            let mut map = Map::new();
            for name in self.group.elements().iter().map(|e| e.name()) {
                if let Some(record) = self.records.as_ref().and_then(|r| r.get(name)) {
                    let json = record.as_ref().map_or(Json::Null, |r| r.to_json());
                    map.insert(name.to_string(), json);
                }
            }
            out.insert("records".to_owned(), Json::Object(map));
        }
        Json::Object(out)
    }

    /// Gen3's minimal JSON form: that of [`DataId::to_json`] without records.
    #[must_use]
    pub fn to_minimal_json(&self) -> Json {
        Map::from_iter([("dataId".to_owned(), self.values_to_json())]).into()
    }

    /// Reads Gen3's JSON form (§15.3) for a group.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure; as [`DataId::standardise`].
    pub fn from_json(
        value: &Json,
        universe: &Universe,
        group: &DimensionGroup,
    ) -> Result<Self> {
        let map = object(OP, value)?;
        let values = map.get("dataId").unwrap_or(&Json::Null);
        let plain = Self::standardise(universe, group, pairs(values)?, None)?;
        let Some(records) = map.get("records").and_then(Json::as_object) else {
            return Ok(plain);
        };
        if group.is_empty() {
            return Ok(plain);
        }
        let mut out = Records::new();
        for (name, value) in records {
            let element = universe.require(name)?;
            let record = match value {
                Json::Null => None,
                value => Some(Arc::new(Record::from_json(value, universe)?)),
            };
            if let Some(record) = record.as_ref().filter(|r| r.element() != element) {
                return Err(wrong(OP, "a record is of another element")
                    .with("expected", name)
                    .with("found", record.element().name()));
            }
            out.insert(Arc::clone(element.name()), record);
        }
        plain.with_records(out)
    }
}

/// Names and values of a JSON object.
pub(crate) fn pairs(values: &Json) -> Result<Vec<(&str, DataValue)>> {
    let mut out = Vec::new();
    for (name, value) in object(OP, values)? {
        let value = to_data_value(value).ok_or_else(|| {
            wrong(OP, "a dimension value is an integer or a string")
                .with("dimension", name)
        })?;
        out.push((name.as_str(), value));
    }
    Ok(out)
}
