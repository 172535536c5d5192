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
    /// Lookups, by what they read and by width.
    finds: [[String; 4]; 4],
}

/// What a lookup reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup {
    /// All collections are RUNs.
    pub(crate) runs: bool,
    /// The datastore's records are wanted too.
    pub(crate) records: bool,
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
            finds: [(false, false), (false, true), (true, false), (true, true)].map(
                |(runs, with_records)| {
                    let records = with_records.then_some(records.table.as_str());
                    WIDTHS.map(|width| find(&tags, &names, width, runs, records))
                },
            ),
            columns,
            tags,
            calibs,
        }
    }

    /// The lookup for up to `n` collections: its width and text. Its values are type,
    /// dimensions, collections, and with records the datastore's name.
    pub(crate) fn find(&self, n: usize, what: Lookup) -> (usize, &str) {
        let [plain, plain_records, of_runs, of_runs_records] = &self.finds;
        let texts = match (what.runs, what.records) {
            (false, false) => plain,
            (false, true) => plain_records,
            (true, false) => of_runs,
            (true, true) => of_runs_records,
        };
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

/// Columns of the result: collection, dataset, run, then those of the records. In a RUN the
/// collection is the run, and the dataset's own row need not be read.
fn find(
    tags: &str,
    names: &[&str],
    width: usize,
    runs: bool,
    records: Option<&str>,
) -> String {
    let first = 2 + names.len();
    let places: Vec<String> = (0..width).map(|i| format!("?{}", first + i)).collect();
    let (run, join) = if runs {
        ("t.collection_id", "")
    } else {
        ("d.run_id", " JOIN dataset AS d ON d.id = t.dataset_id")
    };
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
        "SELECT t.collection_id, t.dataset_id, {run}{columns} FROM {tags} AS t{join}{joins} \
         WHERE t.dataset_type_id = ?1{} AND t.collection_id IN ({})",
        equals(names.iter().copied(), 2),
        places.join(", ")
    )
}
