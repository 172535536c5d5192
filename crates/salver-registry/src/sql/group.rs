//! Tables of a dimension group: `dataset_tags_N` and `dataset_calibs_N` (§4).

use salver_model::{ColumnType, Element};

use super::elements::foreign;
use super::{Column, Foreign, Kind, Table};
use crate::schema::{Plans, sql_kind};

/// The name of the table of memberships of a group.
pub(crate) fn tags_name(key: i64) -> String {
    format!("dataset_tags_{key:08}")
}

/// The name of the table of validity ranges of a group.
pub(crate) fn calibs_name(key: i64) -> String {
    format!("dataset_calibs_{key:08}")
}

/// Memberships in RUN and TAGGED collections.
pub(crate) fn tags(plans: &Plans, key: i64, required: &[DimensionColumn]) -> Table {
    let table = Table::new(tags_name(key), &["dataset_id", "collection_id"]);
    let table = common_columns(table, required);
    let mut unique = vec!["dataset_type_id", "collection_id"];
    unique.extend(required.iter().map(|d| d.name.as_str()));
    common_foreign(plans, table.unique(&unique), required)
}

/// Memberships in CALIBRATION collections, with validity ranges.
pub(crate) fn calibs(plans: &Plans, key: i64, required: &[DimensionColumn]) -> Table {
    let table =
        Table::new(calibs_name(key), &["id"]).column(Column::new("id", Kind::AutoId));
    let table = common_columns(table, required).timespan(true);
    let mut index = vec!["dataset_type_id", "collection_id"];
    index.extend(required.iter().map(|d| d.name.as_str()));
    index.extend(["timespan_begin", "timespan_end"]);
    common_foreign(plans, table.index(&index), required)
}

/// A required dimension: its name and how its key is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DimensionColumn {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) governor: bool,
}

impl DimensionColumn {
    pub(crate) fn new(dimension: &Element) -> Self {
        Self {
            name: dimension.name().to_string(),
            kind: dimension.key().map_or(ColumnType::Int, |key| key.kind),
            governor: dimension.is_governor(),
        }
    }
}

fn common_columns(table: Table, required: &[DimensionColumn]) -> Table {
    let mut table = table
        .column(Column::new("dataset_type_id", Kind::Int))
        .column(Column::new("dataset_id", Kind::Uuid))
        .column(Column::new("collection_id", Kind::Int));
    for dimension in required {
        table = table.column(Column::new(&dimension.name, sql_kind(dimension.kind)));
    }
    table
}

fn common_foreign(plans: &Plans, table: Table, required: &[DimensionColumn]) -> Table {
    let mut table = table
        .foreign(Foreign::one("dataset_type_id", "dataset_type", "id"))
        .foreign(Foreign::one("dataset_id", "dataset", "id").cascade())
        .foreign(Foreign::one("collection_id", "collection", "collection_id").cascade())
        .foreign(Foreign::many(
            &["collection_id", "dataset_type_id"],
            "collection_summary_dataset_type",
            &["collection_id", "dataset_type_id"],
        ));
    for dimension in required {
        table = foreign(plans, table, &dimension.name);
        if dimension.governor {
            let columns = ["collection_id", dimension.name.as_str()];
            let target = format!("collection_summary_{}", dimension.name);
            table = table.foreign(Foreign::many(&columns, &target, &columns));
        }
    }
    table
}
