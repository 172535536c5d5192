//! Data IDs as users give them: other keys of a dimension stand for its value (§13).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DataValue, DimensionGroup};

use crate::core::{Registry, Work};
use crate::datasets::{bind_value, read_value};
use crate::schema::{ElementPlan, Part};
use crate::sql::quoted;

const OP: Op = Op("registry.resolve_data_id");

/// A name and a value of a data ID as a user gives them.
pub type Pair = (String, DataValue);

impl Registry {
    /// The data ID that names and values mean: dimensions by their keys (text that spells an
    /// integer is taken for one), or by other fields of their records: `detector.full_name`, or
    /// `day_obs` and `seq_num` for an exposure. What is left open is taken from `defaults`.
    ///
    /// No statement where only keys are given; one for each dimension that is not.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`]: codes `dimension_name` for unknown or missing names,
    /// `data_id_value` where no record has the values, `inconsistent_data_id` where several
    /// have or where they contradict a key that was given too.
    pub fn resolve_data_id(
        &self,
        group: &DimensionGroup,
        pairs: &[Pair],
        defaults: Option<&DataId>,
    ) -> Result<DataId> {
        let universe = &self.shared.universe;
        if pairs.iter().all(|(name, _)| universe.dimension(name).is_some()) {
            let given = pairs.iter().map(|(k, v)| (k.as_str(), v.clone()));
            let plain = DataId::standardise(universe, group, given, defaults);
            let lacking = |e: &Error| e.code() == "dimension_name";
            if !plain.as_ref().is_err_and(lacking) {
                return plain;
            }
        }
        let pairs = self.read(|work| work.resolve(group, pairs, defaults))?;
        DataId::standardise(universe, group, pairs, defaults)
    }
}

impl Work<'_> {
    /// Replaces other fields by the keys of the dimensions that they stand for.
    fn resolve(
        &mut self,
        group: &DimensionGroup,
        pairs: &[Pair],
        defaults: Option<&DataId>,
    ) -> Result<Vec<Pair>> {
        let universe = &self.shared.universe;
        let mut plain: Vec<Pair> = pairs
            .iter()
            .filter(|(name, _)| universe.dimension(name).is_some())
            .cloned()
            .collect();
        let mut used: BTreeSet<usize> = BTreeSet::new();
        // a field without its dimension's name stands for a key that is missing, where it can
        let is_given = |name: &str| pairs.iter().any(|(n, _)| n == name);
        let (known, missing): (Vec<_>, Vec<_>) =
            group.required().iter().partition(|name| is_given(name));
        for dimension in missing.into_iter().chain(known) {
            let Some(plan) = self.shared.plans.get(dimension) else { continue };
            let given = is_given(dimension);
            let fields = fields_for(plan, pairs, |at, name| {
                !given || !(used.contains(&at) || universe.dimension(name).is_some())
            });
            let telling = |&(at, column): &(usize, usize)| {
                pairs.get(at).is_some_and(|(name, _)| universe.dimension(name).is_none())
                    || (!given
                        && plan
                            .columns
                            .get(column)
                            .is_some_and(|c| c.part == Part::Implied))
            };
            if !fields.iter().any(telling) {
                continue;
            }
            let found = self.key_by_fields(plan, pairs, &fields, &plain, defaults)?;
            used.extend(fields.iter().map(|(at, _)| *at));
            if !given {
                plain.push((dimension.to_string(), found));
            }
        }
        for (at, pair) in pairs.iter().enumerate() {
            if universe.dimension(&pair.0).is_none() && !used.contains(&at) {
                plain.push(pair.clone()); // refused by name when the data ID is made
            }
        }
        Ok(plain)
    }

    fn key_by_fields(
        &self,
        plan: &ElementPlan,
        pairs: &[Pair],
        fields: &[(usize, usize)],
        plain: &[Pair],
        defaults: Option<&DataId>,
    ) -> Result<DataValue> {
        let Some(own) = plan.keys().last() else { return Err(no_match(plan, "", 0)) };
        let mut filter = String::new();
        let mut told = String::new();
        let mut values = Vec::new();
        let given = |name: &str| plain.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let known = |name: &str| {
            let default = defaults.filter(|_| name != plan.name());
            given(name).or_else(|| default.and_then(|d| d.get(name)))
        };
        for column in plan.keys() {
            if let Some(value) = known(&column.dimension) {
                values.push(bind_value(value));
                let _written =
                    write!(filter, " AND t.{} = ?{}", quoted(&column.name), values.len());
            }
        }
        for (at, column) in fields {
            if let (Some((name, value)), Some(column)) =
                (pairs.get(*at), plan.columns.get(*column))
            {
                values.push(bind_value(value));
                let _written =
                    write!(filter, " AND t.{} = ?{}", quoted(&column.name), values.len());
                let _written = write!(told, " {name}={value}");
            }
        }
        let sql = format!(
            "SELECT DISTINCT t.{} FROM {} AS t WHERE 1{filter} LIMIT 2",
            quoted(&own.name),
            quoted(plan.name())
        );
        let mut found =
            self.rows(&sql, &values, &mut |row| read_value(row, 0, own.kind))?;
        match (found.pop(), found.len()) {
            (Some(value), 0) => Ok(value),
            (_, more) => Err(match given(plan.name()) {
                Some(value) => contradiction(plan, value, told.trim()),
                None => no_match(plan, told.trim(), more),
            }),
        }
    }
}

/// The given pairs that are fields of an element: their places, and those of their columns. Of
/// those without the element's name, the ones that `plain` lets through.
fn fields_for(
    plan: &ElementPlan,
    pairs: &[Pair],
    plain: impl Fn(usize, &str) -> bool,
) -> Vec<(usize, usize)> {
    let mut fields = Vec::new();
    for (at, (name, _)) in pairs.iter().enumerate() {
        let dotted = name.split_once('.').filter(|(element, _)| *element == plan.name());
        let field = match dotted {
            Some((_, field)) => field,
            None if name.contains('.') || !plain(at, name) => continue,
            None => name.as_str(),
        };
        let column = plan.columns.iter().position(|c| {
            c.part != Part::Required && (c.name == field || c.dimension == field)
        });
        fields.extend(column.map(|column| (at, column)));
    }
    fields
}

fn contradiction(plan: &ElementPlan, given: &DataValue, told: &str) -> Error {
    let message =
        "the data ID contradicts itself: no record has this key and these values";
    Error::new(ErrorKind::InvalidInput, OP, message)
        .code_of("inconsistent_data_id")
        .with("dimension", plan.name())
        .with("given", given)
        .with("values", told)
}

fn no_match(plan: &ElementPlan, told: &str, more: usize) -> Error {
    let (text, code) = if more == 0 {
        ("no record has these values", "data_id_value")
    } else {
        ("more than one record has these values", "inconsistent_data_id")
    };
    Error::new(ErrorKind::InvalidInput, OP, text)
        .code_of(code)
        .with("dimension", plan.name())
        .with("values", told)
}
