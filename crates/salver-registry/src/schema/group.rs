//! A dimension group as columns of its tables, with the statements that use them.

use std::fmt::Write as _;

use salver_model::DimensionGroup;

use crate::sql::group::{DimensionColumn, calibs_name, tags_name};
use crate::sql::{list, quoted};

/// Numbers of collections that a lookup statement is made for; others are padded.
pub(crate) const WIDTHS: [usize; 4] = [1, 2, 4, 8];

/// The tables of one dimension group (Gen3 format §4).
#[derive(Debug)]
pub(crate) struct GroupPlan {
    /// The suffix of the tables.
    pub(crate) key: i64,
    pub(crate) group: DimensionGroup,
    /// The required dimensions.
    pub(crate) columns: Vec<DimensionColumn>,
    /// Quoted names of the two tables.
    pub(crate) tags: String,
    pub(crate) calibs: String,
    /// Inserts a membership: type, dataset, collection, dimensions.
    pub(crate) insert_tag: String,
    /// Inserts a validity range: type, dataset, collection, begin, end, dimensions.
    pub(crate) insert_calib: String,
    /// Finds a dataset with its records, by width.
    with_records: [String; 4],
    /// Finds a dataset, by width.
    plain: [String; 4],
}

/// The table that holds a datastore's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordTable {
    /// The datastore's name: `FileDatastore@<butlerRoot>`.
    pub(crate) datastore: String,
    /// The table's name.
    pub(crate) table: String,
}

impl GroupPlan {
    pub(crate) fn new(key: i64, group: &DimensionGroup, records: &RecordTable) -> Self {
        let columns: Vec<DimensionColumn> = group
            .key_elements()
            .iter()
            .take(group.required().len())
            .map(|element| DimensionColumn::new(element))
            .collect();
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        let tags = quoted(&tags_name(key));
        let calibs = quoted(&calibs_name(key));
        let common = ["dataset_type_id", "dataset_id", "collection_id"];
        let insert = |table: &str, more: &[&str]| {
            let columns: Vec<&str> =
                common.iter().chain(more).chain(&names).copied().collect();
            let places: Vec<String> =
                (1..=columns.len()).map(|i| format!("?{i}")).collect();
            format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                list("", &columns),
                places.join(", ")
            )
        };
        Self {
            key,
            group: group.clone(),
            insert_tag: insert(&tags, &[]),
            insert_calib: insert(&calibs, &["timespan_begin", "timespan_end"]),
            with_records: WIDTHS.map(|n| find(&tags, &names, n, Some(&records.table))),
            plain: WIDTHS.map(|n| find(&tags, &names, n, None)),
            columns,
            tags,
            calibs,
        }
    }

    /// The lookup for up to `n` collections: its width and text. Its values are type,
    /// dimensions, collections, and with records the datastore's name.
    pub(crate) fn find(&self, n: usize, with_records: bool) -> (usize, &str) {
        let texts = if with_records { &self.with_records } else { &self.plain };
        let chosen = WIDTHS.iter().zip(texts).find(|(width, _)| **width >= n);
        let widest = WIDTHS.iter().zip(texts).next_back();
        chosen.or(widest).map_or((0, ""), |(width, text)| (*width, text.as_str()))
    }

    /// `AND t."instrument" = ?3 …` for all required dimensions, from place `first` on.
    pub(crate) fn equals(&self, first: usize) -> String {
        equals(self.columns.iter().map(|c| c.name.as_str()), first)
    }

    /// `, t."instrument", …`: the required dimensions as selected columns.
    pub(crate) fn selected(&self) -> String {
        let mut text = String::new();
        for column in &self.columns {
            text.push_str(", t.");
            text.push_str(&quoted(&column.name));
        }
        text
    }
}

fn equals<'n>(names: impl Iterator<Item = &'n str>, first: usize) -> String {
    let mut text = String::new();
    for (i, name) in names.enumerate() {
        // writing to a string cannot fail
        let _written = write!(text, " AND t.{} = ?{}", quoted(name), first + i);
    }
    text
}

/// Columns of the result: collection, dataset, run, then those of the records.
fn find(tags: &str, names: &[&str], width: usize, records: Option<&str>) -> String {
    let first = 2 + names.len();
    let places: Vec<String> = (0..width).map(|i| format!("?{}", first + i)).collect();
    let (columns, joins) = match records {
        None => ("", String::new()),
        Some(table) => (
            ", f.path, f.formatter, f.storage_class, f.component, f.checksum, f.file_size",
            format!(
                " LEFT JOIN dataset_location AS l ON l.datastore_name = ?{} \
                 AND l.dataset_id = t.dataset_id \
                 LEFT JOIN {} AS f ON f.dataset_id = l.dataset_id",
                first + width,
                quoted(table)
            ),
        ),
    };
    format!(
        "SELECT t.collection_id, t.dataset_id, d.run_id{columns} FROM {tags} AS t \
         JOIN dataset AS d ON d.id = t.dataset_id{joins} \
         WHERE t.dataset_type_id = ?1{} AND t.collection_id IN ({})",
        equals(names.iter().copied(), 2),
        places.join(", ")
    )
}
