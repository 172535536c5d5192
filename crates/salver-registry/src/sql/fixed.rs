//! The tables that every repository has, whatever its universe (Gen3 format §3).

use super::{Column, Foreign, Kind, Table};

const TEXT: Kind = Kind::Text(None);

/// How `dataset.ingest_date` is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IngestDate {
    /// Nanoseconds TAI: datasets manager 2.0.0.
    Nanoseconds,
    /// Text in UTC: datasets manager 1.0.0.
    Timestamp,
}

/// Names and values of the repository: versions, managers, universe.
pub(crate) fn butler_attributes() -> Table {
    Table::new("butler_attributes", &["name"])
        .column(Column::new("name", TEXT))
        .column(Column::new("value", TEXT))
}

/// The tables of collections, dataset types and datasets.
pub(crate) fn tables(ingest_date: IngestDate) -> Vec<Table> {
    let mut tables = dimension_graphs();
    tables.extend(collections());
    tables.extend(datasets(ingest_date));
    tables.extend(locations());
    tables
}

fn dimension_graphs() -> Vec<Table> {
    vec![
        Table::new("dimension_graph_key", &["id"])
            .column(Column::new("id", Kind::AutoId)),
        Table::new(
            "dimension_graph_definition",
            &["dimension_graph_id", "dimension_name"],
        )
        .column(Column::new("dimension_graph_id", Kind::Int))
        .column(Column::new("dimension_name", TEXT))
        .foreign(
            Foreign::one("dimension_graph_id", "dimension_graph_key", "id").cascade(),
        ),
    ]
}

fn collections() -> Vec<Table> {
    vec![
        Table::new("collection", &["collection_id"])
            .column(Column::new("collection_id", Kind::AutoId))
            .column(Column::new("name", TEXT))
            .column(Column::new("type", Kind::SmallInt))
            .column(Column::nullable("doc", TEXT))
            .unique(&["name"]),
        Table::new("run", &["collection_id"])
            .column(Column::new("collection_id", Kind::Int))
            .column(Column::nullable("host", TEXT))
            .timespan(false)
            .foreign(
                Foreign::one("collection_id", "collection", "collection_id").cascade(),
            ),
        Table::new("collection_chain", &["parent", "position"])
            .column(Column::new("parent", Kind::Int))
            .column(Column::new("position", Kind::SmallInt))
            .column(Column::new("child", Kind::Int))
            .foreign(Foreign::one("parent", "collection", "collection_id").cascade())
            .foreign(Foreign::one("child", "collection", "collection_id")),
    ]
}

fn datasets(ingest_date: IngestDate) -> Vec<Table> {
    let date = match ingest_date {
        IngestDate::Nanoseconds => Kind::Int,
        IngestDate::Timestamp => Kind::Timestamp,
    };
    vec![
        Table::new("dataset_type", &["id"])
            .column(Column::new("id", Kind::AutoId))
            .column(Column::new("name", TEXT))
            .column(Column::new("storage_class", TEXT))
            .column(Column::new("dimensions_key", Kind::Int))
            .column(Column::new("tag_association_table", TEXT))
            .column(Column::nullable("calibration_association_table", TEXT))
            .unique(&["name"]),
        Table::new("dataset", &["id"])
            .column(Column::new("id", Kind::Uuid))
            .column(Column::new("dataset_type_id", Kind::Int))
            .column(Column::new("ingest_date", date))
            .column(Column::new("run_id", Kind::Int))
            .foreign(Foreign::one("dataset_type_id", "dataset_type", "id"))
            .foreign(Foreign::one("run_id", "run", "collection_id").cascade()),
        Table::new(
            "collection_summary_dataset_type",
            &["collection_id", "dataset_type_id"],
        )
        .column(Column::new("collection_id", Kind::Int))
        .column(Column::new("dataset_type_id", Kind::Int))
        .foreign(Foreign::one("collection_id", "collection", "collection_id").cascade())
        .foreign(Foreign::one("dataset_type_id", "dataset_type", "id").cascade()),
    ]
}

fn locations() -> Vec<Table> {
    vec![
        Table::new("opaque_meta", &["table_name"])
            .column(Column::new("table_name", TEXT)),
        Table::new("dataset_location", &["datastore_name", "dataset_id"])
            .column(Column::new("datastore_name", TEXT))
            .column(Column::new("dataset_id", Kind::Uuid))
            .foreign(Foreign::one("dataset_id", "dataset", "id")),
        Table::new("dataset_location_trash", &["dataset_id", "datastore_name"])
            .column(Column::new("dataset_id", Kind::Uuid))
            .column(Column::new("datastore_name", TEXT)),
    ]
}

/// The table of a file datastore's records (§9.4).
pub(crate) fn file_records(name: &str) -> Table {
    Table::new(name, &["dataset_id", "component"])
        .column(Column::new("dataset_id", Kind::Uuid))
        .column(Column::new("path", TEXT))
        .column(Column::new("formatter", TEXT))
        .column(Column::new("storage_class", TEXT))
        .column(Column::new("component", Kind::Text(Some(32))))
        .column(Column::nullable("checksum", TEXT))
        .column(Column::nullable("file_size", Kind::Int))
        .index(&["path"])
}
