//! Tables: rows of a compound type, and groups of columns.

mod build;
mod read;
mod rows;
pub(crate) mod write;

use salver_tree::{ArrayPart, Chunks, Place};
use serde::{Deserialize, Serialize};

pub(crate) use read::{read, schema_from, schema_text};
pub(crate) use rows::{Field, fields};

use super::array::Stored;
use super::low::datatype::Datatype;

/// A dataset of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub part: ArrayPart,
    pub stored: Stored,
}

/// How a column is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Column {
    /// Items, and which of them are there.
    Items { values: Block, valid: Option<Box<Block>> },
    /// An Arrow IPC stream.
    Arrow(Block),
}

/// Where a table is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Columns {
    /// A dataset of a compound type.
    Rows {
        datatype: Box<Datatype>,
        dims: Vec<u64>,
        block: Box<Block>,
        units: Vec<(String, String)>,
    },
    /// A dataset for each column; the schema as an Arrow IPC stream in base64.
    Group { schema: String, rows: usize, columns: Vec<Column> },
}

/// The least place that covers all that is stored of a part.
pub(crate) fn span(part: &ArrayPart) -> Place {
    let places: &[Place] = match &part.chunks {
        Chunks::Contiguous(place) | Chunks::Whole(place) => std::slice::from_ref(place),
        Chunks::Grid { places, .. } => places,
    };
    places
        .iter()
        .filter(|p| p.len > 0)
        .fold(Place { offset: 0, len: 0 }, |a, b| join(a, *b))
}

/// The least place that covers both.
pub(crate) fn join(a: Place, b: Place) -> Place {
    if a.len == 0 {
        return b;
    }
    if b.len == 0 {
        return a;
    }
    let offset = a.offset.min(b.offset);
    Place { offset, len: a.range().end.max(b.range().end) - offset }
}

impl Columns {
    /// Bytes in memory of all items.
    pub(crate) fn memory(&self) -> u64 {
        let of = |block: &Block| {
            block
                .part
                .shape
                .iter()
                .fold(block.stored.size as u64, |n, &d| n.saturating_mul(d))
        };
        match self {
            Self::Rows { block, .. } => of(block),
            Self::Group { columns, .. } => columns.iter().fold(0, |sum, column| {
                let bytes = match column {
                    Column::Items { values, .. } => of(values),
                    Column::Arrow(block) => of(block),
                };
                sum.saturating_add(bytes)
            }),
        }
    }
}

impl Column {
    /// The least place that covers the column.
    pub(crate) fn span(&self) -> Place {
        match self {
            Self::Arrow(block) => span(&block.part),
            Self::Items { values, valid } => {
                let more = valid.as_ref().map(|v| span(&v.part));
                join(span(&values.part), more.unwrap_or(Place { offset: 0, len: 0 }))
            }
        }
    }
}

/// The names of the datasets of columns: those of the columns, escaped, and numbers for what comes
/// twice.
pub(crate) fn column_links<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for (number, name) in names.enumerate() {
        let link = super::name::escape(name);
        let link = if taken.contains(&link) { format!("%{number}%") } else { link };
        taken.insert(link.clone());
        out.push(link);
    }
    out
}
