//! Columns of dimension elements.

use std::fmt;
use std::sync::Arc;

/// The logical type of a column; Gen3 format §5 has the stored forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// A whole number of 64 bits.
    Int,
    /// Text of at most so many characters; `None` is without limit.
    Str(Option<u32>),
    /// A binary64 number.
    Float,
    /// True or false.
    Bool,
    /// Bytes of nominally this length.
    Hash(Option<u32>),
    /// A region on the sky.
    Region,
    /// A half-open interval of TAI.
    Timespan,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "an integer",
            Self::Str(_) => "a string",
            Self::Float => "a float",
            Self::Bool => "a boolean",
            Self::Hash(_) => "bytes",
            Self::Region => "a region",
            Self::Timespan => "a timespan",
        })
    }
}

/// A column of a dimension element's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The column's name.
    pub name: Arc<str>,
    /// The type of its values.
    pub kind: ColumnType,
    /// Whether a record may leave it empty.
    pub nullable: bool,
    /// The dimension whose primary key it holds (the element's own, a required or an implied one).
    pub dimension: Option<Arc<str>>,
}
