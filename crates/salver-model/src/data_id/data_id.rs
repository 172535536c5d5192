//! The value itself.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use salver_core::Result;

use super::OP;
use crate::json::wrong;
use crate::{DataValue, DimensionGroup, Record, Universe};

/// The records of a data ID, by element; an element may have none (an optional relation).
pub type Records = BTreeMap<Arc<str>, Option<Arc<Record>>>;

/// Values for the dimensions of a group: minimal (required only), full (implied too), or with the
/// records of every element.
///
/// Equality, order and hash look at the group and the required values only: the implied ones
/// follow from them. Cheap to clone.
#[derive(Clone)]
pub struct DataId {
    pub(super) group: DimensionGroup,
    /// Required values, then the implied ones where they are known.
    pub(super) values: Arc<[DataValue]>,
    pub(super) records: Option<Arc<Records>>,
}

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

    /// The group.
    #[must_use]
    pub fn group(&self) -> &DimensionGroup {
        &self.group
    }

    /// The value of a dimension, where it is known.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&DataValue> {
        self.values.get(self.group.key_position(name)?)
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

    /// The same data ID with the required values only, without records.
    #[must_use]
    pub fn to_minimal(&self) -> Self {
        let group = self.group.clone();
        if self.values.len() == group.required().len() {
            return Self { group, values: Arc::clone(&self.values), records: None };
        }
        Self { group, values: Arc::from(self.required_values()), records: None }
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

    /// The data ID of both, for the union of their dimensions. It is full, and has records, where
    /// both are so.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where they have different values for one dimension, or where the
    /// union requires what only one of two minimal data IDs implies.
    pub fn union(&self, other: &Self, universe: &Universe) -> Result<Self> {
        if let Some((name, mine)) =
            self.iter().find(|(n, v)| other.get(n).is_some_and(|o| o != *v))
        {
            let theirs = other.get(name).cloned().unwrap_or(DataValue::Int(0));
            return Err(wrong(OP, "two data IDs contradict each other")
                .code_of("inconsistent_data_id")
                .with("dimension", name)
                .with("first", mine)
                .with("second", theirs));
        }
        let group = universe.union(&self.group, &other.group);
        let pairs = self.iter().chain(other.iter()).map(|(n, v)| (&**n, v.clone()));
        let mut both = Self::standardise(universe, &group, pairs, None)?;
        if let (Some(mine), Some(theirs)) = (&self.records, &other.records)
            && both.is_full()
        {
            let all = mine.iter().chain(theirs.iter());
            let records: Records = all.map(|(n, r)| (Arc::clone(n), r.clone())).collect();
            // a relation between the two is in neither
            let complete =
                group.elements().iter().all(|e| records.contains_key(e.name()));
            both.records = complete.then(|| Arc::new(records));
        }
        Ok(both)
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
