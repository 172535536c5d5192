//! Fetching records: by key (cached elements from memory), by values, by sky and time.

use std::fmt::Write as _;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DataValue, Record, Timespan};
use salver_sphere::Region;

use super::codec::read;
use crate::core::{Registry, Work};
use crate::database;
use crate::datasets::bind_value;
use crate::schema::{ElementPlan, Part};
use crate::sql::quoted;

/// Which records of an element are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordQuery {
    /// Values that dimensions or fields must have: `("instrument", "CamA")`, `("raft", "R0")`.
    pub values: Vec<(String, DataValue)>,
    /// The region must not be proven disjoint with this one (§8.2).
    pub region: Option<Region>,
    /// The timespan must overlap this one.
    pub timespan: Option<Timespan>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl Registry {
    /// The record of an element that a data ID names, where there is one.
    ///
    /// No statement for a cached element that was asked for before, else one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an unknown element, or a data ID that lacks one of its
    /// required dimensions.
    pub fn record(&self, element: &str, data_id: &DataId) -> Result<Option<Arc<Record>>> {
        let op = Op("registry.record");
        self.read(|work| {
            work.shared.universe.require(element)?;
            let Some(plan) = work.shared.plans.get(element) else { return Ok(None) };
            let key: Option<Vec<DataValue>> =
                plan.keys().map(|c| data_id.get(&c.dimension).cloned()).collect();
            let key = key.ok_or_else(|| {
                Error::new(ErrorKind::InvalidInput, op, "the data ID lacks a dimension")
                    .code_of("dimension_name")
                    .with("element", element)
                    .with("data_id", data_id)
                    .hint(format!("it needs {}", plan.key_dimensions().join(", ")))
            })?;
            work.fetch(plan, &key)
        })
    }

    /// Records of an element by values, sky and time, in the order of their keys.
    ///
    /// A region is looked up through the pixels of the common skypix, then tested exactly: one
    /// statement for each range of its envelope.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an unknown element, for a field that it has not, and for
    /// a region or timespan where it has none.
    pub fn records(&self, element: &str, query: &RecordQuery) -> Result<Vec<Record>> {
        let op = Op("registry.records");
        self.read(|work| {
            work.shared.universe.require(element)?;
            match work.shared.plans.get(element) {
                Some(plan) => work.matching(op, plan, query),
                None => Err(Error::new(
                    ErrorKind::InvalidInput,
                    op,
                    "skypix dimensions have no records",
                )
                .with("element", element)),
            }
        })
    }
}

impl Work<'_> {
    /// The record of a key, where there is one.
    pub(crate) fn fetch(
        &mut self,
        plan: &ElementPlan,
        key: &[DataValue],
    ) -> Result<Option<Arc<Record>>> {
        if let Some(record) = self.caches.records.get(plan, key) {
            return Ok(Some(record));
        }
        let values: Vec<_> = key.iter().map(bind_value).collect();
        let found = self.first(&plan.by_key, &values, &mut |row| read(plan, row))?;
        Ok(found.map(|record| self.caches.records.keep(plan, key, record)))
    }

    fn matching(
        &mut self,
        op: Op,
        plan: &ElementPlan,
        query: &RecordQuery,
    ) -> Result<Vec<Record>> {
        let mut sql = String::new();
        let mut values = Vec::new();
        for (name, value) in &query.values {
            let column = plan
                .columns
                .iter()
                .find(|c| c.part != Part::Data && c.dimension == *name)
                .or_else(|| plan.columns.iter().find(|c| c.name == *name))
                .ok_or_else(|| unknown_field(op, plan, name))?;
            values.push(bind_value(value));
            let _written =
                write!(sql, " AND t.{} = ?{}", quoted(&column.name), values.len());
        }
        if let Some(timespan) = query.timespan {
            if !plan.element.has_timespan() {
                return Err(has_no(op, plan, "timespan"));
            }
            values.extend([timespan.begin_ns().into(), timespan.end_ns().into()]);
            let n = values.len();
            let _written = write!(
                sql,
                " AND t.timespan_begin < ?{n} AND ?{} < t.timespan_end",
                n - 1
            );
        }
        if query.region.is_some() && !plan.element.has_region() {
            return Err(has_no(op, plan, "region"));
        }
        self.collect_matching(plan, query, &sql, values)
    }

    fn collect_matching(
        &self,
        plan: &ElementPlan,
        query: &RecordQuery,
        filter: &str,
        values: Vec<database::Value<'_>>,
    ) -> Result<Vec<Record>> {
        let order = crate::sql::list("t.", plan.key_names());
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let Some(region) = &query.region else {
            let sql = format!("{} WHERE 1{filter} ORDER BY {order}", plan.select);
            self.session.query(&sql, &values, &mut |row| {
                if found.len() < limit {
                    found.push(read(plan, row)?);
                }
                Ok(found.len() < limit)
            })?;
            return Ok(found);
        };
        let pixels = self.envelope_list(region);
        let mut values: Vec<database::Value<'_>> = values;
        values.push(pixels.into());
        let (system, level) = &self.shared.common_name;
        values.extend([system.as_str().into(), (*level).into()]);
        let sql = format!(
            "{} WHERE EXISTS (SELECT 1 FROM json_each(?{n}) AS j JOIN {overlap} AS o \
             ON o.skypix_system = ?{} AND o.skypix_level = ?{} \
             AND o.skypix_index >= json_extract(j.value, '$[0]') \
             AND o.skypix_index < json_extract(j.value, '$[1]') WHERE 1{same}){filter} \
             ORDER BY {order}",
            plan.select,
            values.len() - 1,
            values.len(),
            n = values.len() - 2,
            overlap = quoted(&format!("{}_skypix_overlap", plan.name())),
            same = same_key(plan),
        );
        self.session.query(&sql, &values, &mut |row| {
            let record = read(plan, row)?;
            let disjoint =
                record.region().is_none_or(|r| r.overlaps(region) == Some(false));
            if !disjoint && found.len() < limit {
                found.push(record);
            }
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    /// The envelope of a region in the common skypix: `[[begin,end],…]`.
    fn envelope_list(&self, region: &Region) -> String {
        let mut text = String::from("[");
        for range in self.shared.envelope(region).ranges() {
            if text.len() > 1 {
                text.push(',');
            }
            let _written = write!(text, "[{},{}]", range.start, range.end);
        }
        text.push(']');
        text
    }
}

fn same_key(plan: &ElementPlan) -> String {
    let mut text = String::new();
    for column in plan.keys() {
        let _written = write!(
            text,
            " AND o.{} = t.{}",
            quoted(&column.dimension),
            quoted(&column.name)
        );
    }
    text
}

fn unknown_field(op: Op, plan: &ElementPlan, name: &str) -> Error {
    let names: Vec<&str> = plan.columns.iter().map(|c| c.name.as_str()).collect();
    Error::new(ErrorKind::InvalidInput, op, "the element has no such field")
        .code_of("dimension_name")
        .with("element", plan.name())
        .with("field", name)
        .hint(format!("there are: {}", names.join(", ")))
}

fn has_no(op: Op, plan: &ElementPlan, what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        op,
        format!("records of this element have no {what}"),
    )
    .with("element", plan.name())
}
