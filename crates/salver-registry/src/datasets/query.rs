//! Listing datasets by type, collection and data ID.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{CollectionType, DataId, DataValue, DatasetRef, Timespan};
use uuid::Uuid;

use super::values::{bind_value, read_data_id};
use crate::collections::CollectionQuery;
use crate::collections::query::json_list;
use crate::collections::rows::CollectionRow;
use crate::core::{Registry, Work};
use crate::database::{Row, RowExt, Value};
use crate::dataset_types::TypeRow;
use crate::dimensions::Expand;
use crate::glob;
use crate::sql::{list, quoted};

/// Which datasets are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetQuery {
    /// Names and shell patterns of dataset types; empty means all.
    pub types: Vec<String>,
    /// Collections in search order, names and shell patterns; chains are flattened; empty means
    /// all.
    pub collections: Vec<String>,
    /// Values that dimensions must have. A type that does not have a dimension among them is
    /// left out, unless the dimension is a governor, which then says nothing about it.
    pub data_id: Vec<(String, DataValue)>,
    /// Only the first dataset of each type and data ID, by the order of the collections.
    pub find_first: bool,
    /// Completes data IDs with implied values.
    pub full: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// A dataset with the collection where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The dataset.
    pub dataset: DatasetRef,
    /// The RUN, TAGGED or CALIBRATION collection.
    pub collection: Arc<str>,
    /// The validity range, in a CALIBRATION collection.
    pub timespan: Option<Timespan>,
}

impl Registry {
    /// Datasets by type, collection and data ID: ordered by type, then data ID, then the place
    /// of the collection; each dataset once.
    ///
    /// One statement for each type and kind of membership.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], codes `missing_dataset_type`, `missing_collection`, for names;
    /// [`ErrorKind::InvalidInput`], code `dimension_name`, for what is no dimension;
    /// [`ErrorKind::Ambiguous`], code `calibration_lookup`, where the first collection of a data
    /// ID is a CALIBRATION one with several datasets.
    pub fn datasets(&self, query: &DatasetQuery) -> Result<Vec<DatasetRef>> {
        let op = Op("registry.datasets");
        self.read(|work| {
            let found = work.associations(op, query)?;
            let mut refs: Vec<DatasetRef> = Vec::with_capacity(found.len());
            let mut seen = std::collections::HashSet::with_capacity(found.len());
            let limit = query.limit.unwrap_or(usize::MAX);
            for association in found {
                if refs.len() >= limit {
                    break;
                }
                if seen.insert(association.dataset.id) {
                    refs.push(association.dataset);
                }
            }
            if query.full {
                for r in &mut refs {
                    r.data_id = work.expand(op, &r.data_id, Expand::Values)?;
                }
            }
            Ok(refs)
        })
    }

    /// Memberships of datasets by type, collection and data ID, in the order of
    /// [`Registry::datasets`]: a dataset comes once for each collection and validity range.
    ///
    /// # Errors
    /// As [`Registry::datasets`].
    pub fn associations(&self, query: &DatasetQuery) -> Result<Vec<Association>> {
        self.read(|work| work.associations(Op("registry.associations"), query))
    }
}

/// A row found, before its names are looked up.
struct Hit {
    id: Uuid,
    collection: i64,
    run: i64,
    data_id: DataId,
    timespan: Option<Timespan>,
}

impl Work<'_> {
    fn associations(&mut self, op: Op, query: &DatasetQuery) -> Result<Vec<Association>> {
        let collections = CollectionQuery {
            patterns: query.collections.clone(),
            kinds: Vec::new(),
            flatten: true,
        };
        let collections = self.matching_collections(op, &collections)?;
        let places: HashMap<i64, usize> =
            collections.iter().enumerate().map(|(i, c)| (c.id, i)).collect();
        let mut found = Vec::new();
        for row in self.matching_types(op, &query.types)? {
            let Some(filter) = self.filter(op, &row, query)? else { continue };
            let mut hits = self.hits(op, &row, &collections, &filter)?;
            hits.sort_by(|a, b| {
                let place =
                    |hit: &Hit| (places.get(&hit.collection).copied(), hit.timespan);
                a.data_id.cmp(&b.data_id).then_with(|| place(a).cmp(&place(b)))
            });
            if query.find_first {
                hits = first_of_each(op, &row, hits)?;
            }
            for hit in hits {
                found.push(self.association(&row, hit)?);
                if query.limit.is_some_and(|limit| found.len() >= limit)
                    && query.find_first
                {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn association(&mut self, row: &TypeRow, hit: Hit) -> Result<Association> {
        let run = self.collection_of_id(hit.run)?;
        let collection = self.collection_of_id(hit.collection)?;
        let dataset_type = Arc::clone(&row.dataset_type);
        Ok(Association {
            dataset: DatasetRef::new(
                hit.id,
                dataset_type,
                hit.data_id,
                Arc::clone(&run.name),
            )?,
            collection: Arc::clone(&collection.name),
            timespan: hit.timespan,
        })
    }

    fn hits(
        &mut self,
        op: Op,
        row: &TypeRow,
        collections: &[Arc<CollectionRow>],
        filter: &Filter,
    ) -> Result<Vec<Hit>> {
        let (calibrations, others): (Vec<_>, Vec<_>) =
            collections.iter().partition(|c| c.kind == CollectionType::Calibration);
        let mut hits = self.members(row, &others, filter, false)?;
        if row.has_calibs && !calibrations.is_empty() {
            hits.extend(self.members(row, &calibrations, filter, true)?);
        }
        salver_core::interrupt::check(op)?;
        Ok(hits)
    }

    fn members(
        &self,
        row: &TypeRow,
        collections: &[&Arc<CollectionRow>],
        filter: &Filter,
        ranges: bool,
    ) -> Result<Vec<Hit>> {
        let (table, columns) = if ranges {
            (&row.plan.calibs, "t.timespan_begin, t.timespan_end")
        } else {
            (&row.plan.tags, "NULL, NULL")
        };
        let sql = format!(
            "SELECT t.dataset_id, t.collection_id, d.run_id, {columns}{} FROM {table} AS t \
             JOIN dataset AS d ON d.id = t.dataset_id{} WHERE t.dataset_type_id = ?1 \
             AND t.collection_id IN (SELECT value FROM json_each(?2)){}",
            row.plan.selected(),
            filter.joins,
            filter.text
        );
        let ids = json_list(collections.iter().map(|c| c.id));
        let mut values: Vec<Value<'_>> = vec![row.id.into(), ids.into()];
        values.extend(filter.values.iter().map(bind_value));
        self.rows(&sql, &values, &mut |found| read_hit(found, row))
    }

    /// The condition of a type's rows, or nothing where the type is left out.
    fn filter(
        &mut self,
        op: Op,
        row: &TypeRow,
        query: &DatasetQuery,
    ) -> Result<Option<Filter>> {
        let mut filter = Filter::default();
        for (name, value) in &query.data_id {
            let element = self
                .shared
                .universe
                .dimension(name)
                .ok_or_else(|| unknown(op, name, &row.plan.group))?;
            let value = convert(op, element, value)?;
            if let Some(column) = row.plan.columns.iter().find(|c| c.name == *name) {
                filter.add(&format!("t.{}", quoted(&column.name)), value);
            } else if row.plan.group.contains(name) {
                let source = self.join_implied(row, name, &mut filter);
                let Some(source) = source else { return Ok(None) };
                filter.add(&source, value);
            } else if !element.is_governor() {
                if query
                    .types
                    .iter()
                    .any(|t| !glob::is_pattern(t) && t == row.dataset_type.name())
                {
                    return Err(unknown(op, name, &row.plan.group));
                }
                return Ok(None);
            }
        }
        Ok(Some(filter))
    }

    /// Joins the records that tell an implied dimension; gives its column.
    fn join_implied(
        &self,
        row: &TypeRow,
        name: &str,
        filter: &mut Filter,
    ) -> Option<String> {
        if let Some(column) = filter.known.get(name) {
            return Some(column.clone());
        }
        let teller = row
            .plan
            .group
            .elements()
            .iter()
            .find(|e| e.implied().iter().any(|implied| &**implied == name))?;
        let plan = Arc::clone(self.shared.plans.get(teller.name())?);
        let mut conditions = Vec::new();
        for key in plan.keys() {
            let source = if row.plan.columns.iter().any(|c| c.name == key.dimension) {
                format!("t.{}", quoted(&key.dimension))
            } else {
                self.join_implied(row, &key.dimension, filter)?
            };
            conditions.push((quoted(&key.name), source));
        }
        let alias = format!("e{}", plan.element.position());
        if !filter.joined.contains(&alias) {
            let on: Vec<String> = conditions
                .iter()
                .map(|(own, other)| format!("{alias}.{own} = {other}"))
                .collect();
            let _written = write!(
                filter.joins,
                " JOIN {} AS {alias} ON {}",
                quoted(plan.name()),
                on.join(" AND ")
            );
            filter.joined.push(alias.clone());
        }
        let column = format!("{alias}.{}", list("", [name]));
        filter.known.insert(name.to_owned(), column.clone());
        Some(column)
    }
}

/// Joins, condition and values, which are bound from place 3 on.
#[derive(Debug, Default)]
struct Filter {
    joins: String,
    text: String,
    values: Vec<DataValue>,
    joined: Vec<String>,
    known: BTreeMap<String, String>,
}

impl Filter {
    fn add(&mut self, column: &str, value: DataValue) {
        self.values.push(value);
        let _written = write!(self.text, " AND {column} = ?{}", self.values.len() + 2);
    }
}

fn read_hit(found: &dyn Row, row: &TypeRow) -> Result<Hit> {
    let timespan = match (found.int_or_null(3)?, found.int_or_null(4)?) {
        (Some(begin), Some(end)) => Some(Timespan::new(Some(begin), Some(end))),
        _ => None,
    };
    Ok(Hit {
        id: found.uuid(0)?,
        collection: found.int(1)?,
        run: found.int(2)?,
        data_id: read_data_id(found, 5, &row.plan)?,
        timespan,
    })
}

/// Keeps the hits of the first collection of each data ID; they are sorted.
fn first_of_each(op: Op, row: &TypeRow, hits: Vec<Hit>) -> Result<Vec<Hit>> {
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match kept.last() {
            Some(last) if last.data_id == hit.data_id => {
                if last.collection == hit.collection && last.id != hit.id {
                    return Err(Error::new(
                        ErrorKind::Ambiguous,
                        op,
                        "a calibration collection has several datasets of this data ID",
                    )
                    .code_of("calibration_lookup")
                    .with("dataset_type", row.dataset_type.name())
                    .with("data_id", &hit.data_id)
                    .hint("look it up with a timespan, or ask for all of them"));
                }
            }
            _ => kept.push(hit),
        }
    }
    Ok(kept)
}

fn unknown(op: Op, name: &str, group: &salver_model::DimensionGroup) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        op,
        "the dataset type does not have this dimension",
    )
    .code_of("dimension_name")
    .with("dimension", name)
    .hint(format!("it has {group}"))
}

fn convert(
    op: Op,
    element: &salver_model::Element,
    value: &DataValue,
) -> Result<DataValue> {
    use salver_model::ColumnType;
    let kind = element.key().map_or(ColumnType::Int, |key| key.kind);
    let wrong = || {
        Error::new(ErrorKind::InvalidInput, op, "a dimension value of the wrong type")
            .code_of("data_id_value")
            .with("dimension", element.name())
            .with("value", value)
            .with("expected", kind)
    };
    match (value, kind) {
        (DataValue::Str(text), ColumnType::Int) => {
            text.trim().parse().map(DataValue::Int).map_err(|e| wrong().caused_by(e))
        }
        (DataValue::Int(_), ColumnType::Str(_)) => Err(wrong()),
        _ => Ok(value.clone()),
    }
}
