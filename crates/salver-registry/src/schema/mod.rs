//! The universe as columns: what registry code asks of dimension elements and groups.

mod element;
mod group;

pub(crate) use element::{ColumnPlan, ElementPlan, Part, Plans, sql_kind};
pub(crate) use group::{GroupPlan, Lookup, RecordTable};
