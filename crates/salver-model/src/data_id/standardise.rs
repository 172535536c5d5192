//! From what a user names to a data ID: checks, conversions and defaults.
//!
//! This is on the path of every get by data ID: one allocation where nothing is wrong.

use std::sync::Arc;

use salver_core::{Error, Result};

use super::{DataId, OP};
use crate::json::wrong;
use crate::{ColumnType, DataValue, DimensionGroup, Element, Universe, nearest};

/// Groups of at most this many dimensions are filled without an allocation.
const INLINE: usize = 12;

impl DataId {
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
        let n = group.data_coordinate_keys().len();
        let mut inline: [Option<DataValue>; INLINE] = [const { None }; INLINE];
        let mut heap = Vec::new();
        let slots = if let Some(slots) = inline.get_mut(..n) {
            slots
        } else {
            heap.resize(n, None);
            heap.as_mut_slice()
        };
        let others = fill(universe, group, pairs, slots)?;
        if let Some(defaults) = defaults {
            for (slot, key) in slots.iter_mut().zip(group.data_coordinate_keys()) {
                if slot.is_none() {
                    *slot = defaults.get(key).cloned();
                }
            }
        }
        let required = group.required().len();
        if let Some(at) = slots.iter().take(required).position(Option::is_none) {
            return Err(missing(group, at, slots, &others));
        }
        let full = slots.iter().all(Option::is_some);
        let take = if full { n } else { required };
        // every slot has a value; the other is there so that the length is known beforehand
        let values = slots.iter_mut().take(take);
        let values: Arc<[DataValue]> =
            values.map(|v| v.take().unwrap_or(DataValue::Int(0))).collect();
        Ok(Self { group: group.clone(), values, records: None })
    }

    /// The data ID of the dimensions that are named, closed under what they require and imply.
    ///
    /// # Errors
    /// As [`DataId::standardise`].
    pub fn infer<S: AsRef<str>>(
        universe: &Universe,
        pairs: impl IntoIterator<Item = (S, DataValue)>,
        defaults: Option<&Self>,
    ) -> Result<Self> {
        let pairs: Vec<(S, DataValue)> = pairs.into_iter().collect();
        let group = universe.group(pairs.iter().map(|(n, _)| n))?;
        Self::standardise(universe, &group, pairs, defaults)
    }
}

/// Puts values into the slots of their keys; gives the names that have none.
fn fill<S: AsRef<str>>(
    universe: &Universe,
    group: &DimensionGroup,
    pairs: impl IntoIterator<Item = (S, DataValue)>,
    slots: &mut [Option<DataValue>],
) -> Result<Vec<S>> {
    let mut others = Vec::new();
    for (given, value) in pairs {
        let name = given.as_ref();
        let Some(at) = group.key_position(name) else {
            check_other(universe, group, name)?;
            others.push(given);
            continue;
        };
        if let (Some(element), Some(slot)) =
            (group.key_elements().get(at), slots.get_mut(at))
        {
            let value = converted(element, value)?;
            if let Some(old) = slot.as_ref().filter(|old| **old != value) {
                let error = wrong(OP, "a dimension has two values");
                let error = error.code_of("inconsistent_data_id").with("dimension", name);
                return Err(error.with("first", old).with("second", value));
            }
            *slot = Some(value);
        }
    }
    Ok(others)
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

fn missing<S: AsRef<str>>(
    group: &DimensionGroup,
    at: usize,
    slots: &[Option<DataValue>],
    others: &[S],
) -> Error {
    let name = group.required().get(at).map_or("?", |n| n);
    let keys = group.data_coordinate_keys().iter().zip(slots);
    let named = keys.filter(|(_, v)| v.is_some()).map(|(k, _)| &**k);
    let given: Vec<&str> = others.iter().map(AsRef::as_ref).chain(named).collect();
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
