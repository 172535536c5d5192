//! Data IDs: values for a set of dimensions.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use salver_core::{Error, Op, Result};
use serde_json::{Map, Value as Json};

use crate::json::{from_data_value, object, to_data_value, wrong};
use crate::{
    ColumnType, DataValue, DimensionGroup, Element, Record, Timespan, Universe, nearest,
};

/// The records of a data ID, by element; an element may have none (an optional relation).
pub type Records = BTreeMap<Arc<str>, Option<Arc<Record>>>;

/// Values for the dimensions of a group: minimal (required only), full (implied too), or with the
/// records of every element.
///
/// Equality, order and hash look at the group and the required values only: the implied ones
/// follow from them. Cheap to clone.
#[derive(Clone)]
pub struct DataId {
    group: DimensionGroup,
    /// Required values, then the implied ones where they are known.
    values: Arc<[DataValue]>,
    records: Option<Arc<Records>>,
}

const OP: Op = Op("data_id");

impl DataId {
    /// The data ID of a group from values in key order: the required ones, or all.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where there are neither as many as the required nor as all
    /// dimensions.
    pub fn new(
        group: DimensionGroup,
        values: impl Into<Arc<[DataValue]>>,
    ) -> Result<Self> {
        let values = values.into();
        let (minimal, full) =
            (group.required().len(), group.data_coordinate_keys().len());
        if values.len() != minimal && values.len() != full {
            return Err(wrong(OP, "wrong number of values")
                .with("dimensions", &group)
                .with("values", values.len())
                .with("expected", format_args!("{minimal} or {full}")));
        }
        Ok(Self { group, values, records: None })
    }

    /// The data ID of the empty group.
    #[must_use]
    pub fn empty(universe: &Universe) -> Self {
        let values: Arc<[DataValue]> = Arc::from([]);
        Self { group: universe.empty_group(), values, records: None }
    }

    /// The data ID of a group from named values, checked and converted to the dimensions' types.
    ///
    /// What a name leaves open is taken from `defaults`. It is full where all implied values are
    /// named. Values of other dimensions of the universe are ignored: they may be what a
    /// calibration is looked up by. Text that spells a whole number is taken for one.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput`: a name that is no dimension (with the nearest one), a required
    /// dimension without value (with what was given), a value of the wrong type, the same dimension
    /// twice with different values.
    pub fn standardise<S: AsRef<str>>(
        universe: &Universe,
        group: &DimensionGroup,
        pairs: impl IntoIterator<Item = (S, DataValue)>,
        defaults: Option<&Self>,
    ) -> Result<Self> {
        let keys = group.data_coordinate_keys();
        let mut found: Vec<Option<DataValue>> = vec![None; keys.len()];
        let mut given: Vec<String> = Vec::new();
        for (name, value) in pairs {
            let name = name.as_ref();
            let Some(at) = keys.iter().position(|k| &**k == name) else {
                check_other(universe, group, name)?;
                given.push(name.to_owned());
                continue;
            };
            if let (Some(element), Some(slot)) =
                (group.key_elements().get(at), found.get_mut(at))
            {
                let value = converted(element, value)?;
                if slot.as_ref().is_some_and(|old| *old != value) {
                    let error = wrong(OP, "a dimension has two values")
                        .code_of("inconsistent_data_id");
                    return Err(error.with("dimension", name).with("second", value));
                }
                *slot = Some(value);
            }
        }
        if let Some(defaults) = defaults {
            for (slot, key) in found.iter_mut().zip(keys) {
                if slot.is_none() {
                    *slot = defaults.get(key).cloned();
                }
            }
        }
        let required = group.required().len();
        if let Some(at) = found.iter().take(required).position(Option::is_none) {
            let named = keys.iter().zip(&found).filter(|(_, v)| v.is_some());
            given.extend(named.map(|(k, _)| k.to_string()));
            return Err(missing(group, at, &given));
        }
        let full = found.iter().all(Option::is_some);
        let take = if full { found.len() } else { required };
        let values: Arc<[DataValue]> = found.into_iter().take(take).flatten().collect();
        Ok(Self { group: group.clone(), values, records: None })
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &DimensionGroup {
        &self.group
    }

    /// The value of a dimension, where it is known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&DataValue> {
        let at = self.group.data_coordinate_keys().iter().position(|k| &**k == name)?;
        self.values.get(at)
    }

    /// Values of the required dimensions, in universe order.
    #[must_use]
    pub fn required_values(&self) -> &[DataValue] {
        self.values.get(..self.group.required().len()).unwrap_or(&self.values)
    }

    /// All values that are known, in key order.
    #[must_use]
    pub fn values(&self) -> &[DataValue] {
        &self.values
    }

    /// Names and values, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &DataValue)> {
        self.group.data_coordinate_keys().iter().zip(self.values.iter())
    }

    /// Whether the implied values are known.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.values.len() == self.group.data_coordinate_keys().len()
    }

    /// Whether records are attached.
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.records.is_some()
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
        let mut values: Vec<DataValue> = self.required_values().to_vec();
        for name in self.group.implied() {
            let from = |r: &Arc<Record>| {
                r.element().implied().contains(name).then(|| r.dimension(name))
            };
            let value = records.values().flatten().find_map(from).flatten();
            let value = value.or_else(|| self.get(name).cloned()).ok_or_else(|| {
                wrong(OP, "no record tells an implied value")
                    .with("dimension", name)
                    .with("data_id", self)
            })?;
            if self.get(name).is_some_and(|given| *given != value) {
                return Err(wrong(OP, "the value given is not the one in the records")
                    .code_of("inconsistent_data_id")
                    .with("dimension", name)
                    .with("data_id", self)
                    .with("recorded", value));
            }
            values.push(value);
        }
        let records = Some(Arc::new(records));
        Ok(Self { group: self.group.clone(), values: values.into(), records })
    }

    /// The part of the data ID that a smaller group has. Records go with it.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where a required value of the smaller group is not known here.
    pub fn subset(&self, group: &DimensionGroup) -> Result<Self> {
        if *group == self.group {
            return Ok(self.clone());
        }
        let known = |names: &[Arc<str>]| -> Option<Vec<DataValue>> {
            names.iter().map(|n| self.get(n).cloned()).collect()
        };
        let values =
            known(group.data_coordinate_keys()).or_else(|| known(group.required()));
        let values = values.ok_or_else(|| {
            wrong(OP, "values of these dimensions are not known")
                .with("dimensions", group)
                .with("data_id", self)
        })?;
        let records = self.records.as_ref().map(|records| {
            let inside =
                |name: &Arc<str>| group.elements().iter().any(|e| e.name() == name);
            Arc::new(
                records
                    .iter()
                    .filter(|(n, _)| inside(n))
                    .map(|(n, r)| (Arc::clone(n), r.clone()))
                    .collect(),
            )
        });
        Ok(Self { group: group.clone(), values: values.into(), records })
    }

    /// The timespan of the first temporal element that has one, in the order exposure, visit, day.
    #[must_use]
    pub fn timespan(&self) -> Option<Timespan> {
        let temporal = |e: &&Arc<Element>| e.temporal_family().is_some();
        let mut elements: Vec<_> =
            self.group.elements().iter().filter(temporal).collect();
        elements
            .sort_by_key(|e| std::cmp::Reverse(e.required().len() + e.implied().len()));
        elements.into_iter().find_map(|e| self.record(e.name())?.timespan())
    }

    /// Gen3's JSON form (§15.3): `{"dataId": {…}}`, with `"records"` where they are attached.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let values: Map<String, Json> =
            self.iter().map(|(k, v)| (k.to_string(), from_data_value(v))).collect();
        let mut out = Map::from_iter([("dataId".to_owned(), Json::Object(values))]);
        if let Some(records) = &self.records {
            let mut map = Map::new();
            for element in self.group.elements() {
                if let Some(record) = records.get(element.name()) {
                    let json = record.as_ref().map_or(Json::Null, |r| r.to_json());
                    map.insert(element.name().to_string(), json);
                }
            }
            out.insert("records".to_owned(), Json::Object(map));
        }
        Json::Object(out)
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
        let values = object(OP, map.get("dataId").unwrap_or(&Json::Null))?;
        let mut pairs = Vec::with_capacity(values.len());
        for (name, value) in values {
            let value = to_data_value(value).ok_or_else(|| {
                wrong(OP, "a dimension value is an integer or a string")
                    .with("dimension", name)
            })?;
            pairs.push((name.as_str(), value));
        }
        let plain = Self::standardise(universe, group, pairs, None)?;
        let Some(records) = map.get("records").and_then(Json::as_object) else {
            return Ok(plain);
        };
        let mut out = Records::new();
        for (name, value) in records {
            let element = universe.require(name)?;
            let record = match value {
                Json::Null => None,
                value => Some(Arc::new(Record::from_json(value, universe)?)),
            };
            out.insert(Arc::clone(element.name()), record);
        }
        plain.with_records(out)
    }
}

/// A name that is not in the group must be a dimension of the universe.
fn check_other(universe: &Universe, group: &DimensionGroup, name: &str) -> Result<()> {
    if universe.dimension(name).is_some() {
        return Ok(());
    }
    let error =
        wrong(OP, "unknown dimension").with("name", name).with("dimensions", group);
    let error = error.code_of("dimension_name");
    let dimensions = group.names().iter().map(|n| &**n);
    match nearest(name, dimensions.chain(universe.elements().iter().map(|e| &**e.name())))
    {
        Some(near) => Err(error.hint(format!("did you mean `{near}`?"))),
        None => Err(error.hint(format!("this data ID takes {group}"))),
    }
}

fn missing(group: &DimensionGroup, at: usize, given: &[String]) -> Error {
    let name = group.required().get(at).map_or("?", |n| n);
    let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
    wrong(OP, "a required dimension has no value")
        .code_of("dimension_name")
        .with("missing", name)
        .with("given", given)
        .hint(format!("this data ID needs {}", group.required().join(", ")))
}

fn converted(element: &Element, value: DataValue) -> Result<DataValue> {
    let kind = element.key().map_or(ColumnType::Int, |k| k.kind);
    let refused = |value: &DataValue| {
        wrong(OP, "a dimension value of the wrong type")
            .code_of("data_id_value")
            .with("dimension", element.name())
            .with("value", value)
            .with("expected", kind)
    };
    match (value, kind) {
        (DataValue::Str(s), ColumnType::Int) => match s.trim().parse() {
            Ok(i) => Ok(DataValue::Int(i)),
            Err(e) => Err(refused(&DataValue::Str(s)).caused_by(e)),
        },
        (value @ DataValue::Int(_), ColumnType::Str(_)) => Err(refused(&value)),
        (value, _) => Ok(value),
    }
}

impl PartialEq for DataId {
    fn eq(&self, other: &Self) -> bool {
        self.group == other.group && self.required_values() == other.required_values()
    }
}

impl Eq for DataId {}

impl Hash for DataId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.required_values().hash(state);
    }
}

impl PartialOrd for DataId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DataId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let mine = (self.required_values(), self.group.names());
        mine.cmp(&(other.required_values(), other.group.names()))
    }
}

/// `{instrument: 'CamA', detector: 0}`, with the implied values where they are known.
impl fmt::Display for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataId{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(pairs: &[(&str, DataValue)]) -> Result<DataId> {
        let universe = Universe::default_v8();
        let group = universe.group(["visit", "detector"])?;
        DataId::standardise(&universe, &group, pairs.iter().cloned(), None)
    }

    #[test]
    fn a_missing_key_is_named_with_what_was_given() {
        let error =
            made(&[("instrument", "CamA".into()), ("visit", 1.into())]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "data_id: a required dimension has no value (missing: detector, given: instrument, visit)"
        );
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest() {
        let error = made(&[("vist", 1.into())]).unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean `visit`?"));
    }

    #[test]
    fn a_mistyped_value_says_what_was_expected() {
        let error = made(&[("visit", "first".into())]).unwrap_err();
        assert!(
            error.to_string().contains("value: 'first', expected: an integer"),
            "{error}"
        );
        let error = made(&[("instrument", 5.into())]).unwrap_err();
        assert!(error.to_string().contains("expected: a string"), "{error}");
    }

    #[test]
    fn two_values_for_one_dimension_are_refused() {
        let error = made(&[("visit", 1.into()), ("visit", 2.into())]).unwrap_err();
        assert_eq!(error.code(), "inconsistent_data_id");
    }

    #[test]
    fn defaults_fill_what_is_open_and_json_goes_both_ways() {
        let universe = Universe::default_v8();
        let defaults = universe.group(["instrument"]).unwrap();
        let defaults = DataId::new(defaults, vec!["CamA".into()]).unwrap();
        let group = universe.group(["detector", "exposure"]).unwrap();
        let pairs =
            [("detector", 3.into()), ("exposure", "7".into()), ("tract", 9.into())];
        let id = DataId::standardise(&universe, &group, pairs, Some(&defaults)).unwrap();
        let json = id.to_json();
        assert_eq!(
            json.to_string(),
            r#"{"dataId":{"instrument":"CamA","detector":3,"exposure":7}}"#
        );
        assert_eq!(DataId::from_json(&json, &universe, &group).unwrap(), id);
        let small = id.subset(&universe.group(["detector"]).unwrap()).unwrap();
        assert_eq!(small.to_string(), "{instrument: 'CamA', detector: 3}");
    }

    #[test]
    fn records_tell_the_implied_values_and_may_not_contradict() {
        let universe = Universe::default_v8();
        let group = universe.group(["physical_filter"]).unwrap();
        let filter = universe.element("physical_filter").unwrap();
        let pairs =
            [("instrument", "CamA".into()), ("name", "A_g".into()), ("band", "g".into())];
        let record = Arc::new(Record::from_pairs(filter, pairs).unwrap());
        let records = Records::from_iter([(Arc::clone(filter.name()), Some(record))]);
        let id = DataId::new(group.clone(), vec!["CamA".into(), "A_g".into()]).unwrap();
        let full = id.with_records(records.clone()).unwrap();
        assert_eq!(full.get("band"), Some(&"g".into()));
        let other =
            DataId::new(group, vec!["CamA".into(), "A_g".into(), "r".into()]).unwrap();
        assert_eq!(
            other.with_records(records).unwrap_err().code(),
            "inconsistent_data_id"
        );
    }
}
