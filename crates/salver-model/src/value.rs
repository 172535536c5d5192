//! Values of dimensions and of record fields.

use std::fmt;
use std::sync::Arc;

use salver_sphere::Region;

use crate::{ColumnType, Timespan};

/// The value of one dimension in a data ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataValue {
    /// A whole number.
    Int(i64),
    /// Text.
    Str(Arc<str>),
}

impl DataValue {
    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Str(_) => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Int(_) => None,
            Self::Str(s) => Some(s),
        }
    }

    /// The value as text without quotes: what templates and identifiers use.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Int(i) => i.to_string(),
            Self::Str(s) => s.to_string(),
        }
    }
}

/// As Python prints it: text in quotes.
impl fmt::Display for DataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => write!(f, "{i}"),
            Self::Str(s) if s.contains('\'') && !s.contains('"') => write!(f, "\"{s}\""),
            Self::Str(s) => {
                write!(f, "'{}'", s.replace('\\', "\\\\").replace('\'', "\\'"))
            }
        }
    }
}

impl From<i64> for DataValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for DataValue {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for DataValue {
    fn from(value: &str) -> Self {
        Self::Str(Arc::from(value))
    }
}

impl From<String> for DataValue {
    fn from(value: String) -> Self {
        Self::Str(Arc::from(value))
    }
}

impl From<Arc<str>> for DataValue {
    fn from(value: Arc<str>) -> Self {
        Self::Str(value)
    }
}

/// The value of one field of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not known.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Str(Arc<str>),
    /// A binary64 number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A region on the sky.
    Region(Arc<Region>),
    /// A half-open interval of TAI.
    Timespan(Timespan),
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Str(_) => "a string",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Bytes(_) => "bytes",
            Self::Region(_) => "a region",
            Self::Timespan(_) => "a timespan",
        }
    }

    /// The value as a column of `kind` holds it; `None` where it can't.
    ///
    /// Whole numbers become floats, text that spells a whole number becomes one, 0 and 1 become
    /// booleans; nothing else is converted.
    #[must_use]
    pub fn coerced(self, kind: ColumnType) -> Option<Self> {
        match (self, kind) {
            (Self::Null, _) => Some(Self::Null),
            (Self::Int(i), ColumnType::Int) => Some(Self::Int(i)),
            (Self::Bool(b), ColumnType::Int) => Some(Self::Int(b.into())),
            (Self::Str(s), ColumnType::Int) => s.trim().parse().ok().map(Self::Int),
            (Self::Float(x), ColumnType::Int) => whole(x).map(Self::Int),
            (Self::Str(s), ColumnType::Str(_)) => Some(Self::Str(s)),
            (Self::Float(x), ColumnType::Float) => Some(Self::Float(x)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "the nearest float is what is meant"
            )]
            (Self::Int(i), ColumnType::Float) => Some(Self::Float(i as f64)),
            (Self::Bool(b), ColumnType::Bool) => Some(Self::Bool(b)),
            (Self::Int(i @ (0 | 1)), ColumnType::Bool) => Some(Self::Bool(i == 1)),
            (Self::Bytes(b), ColumnType::Hash(_)) => Some(Self::Bytes(b)),
            (Self::Region(r), ColumnType::Region) => Some(Self::Region(r)),
            (Self::Timespan(t), ColumnType::Timespan) => Some(Self::Timespan(t)),
            _ => None,
        }
    }
}

/// A float that is a whole number in the range that floats hold exactly.
fn whole(x: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked: whole and within ±2^53"
    )]
    (x.fract() == 0.0 && x.abs() <= EXACT).then_some(x as i64)
}

impl From<DataValue> for Value {
    fn from(value: DataValue) -> Self {
        match value {
            DataValue::Int(i) => Self::Int(i),
            DataValue::Str(s) => Self::Str(s),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(Arc::from(value))
    }
}

impl From<Timespan> for Value {
    fn from(value: Timespan) -> Self {
        Self::Timespan(value)
    }
}

impl From<Region> for Value {
    fn from(value: Region) -> Self {
        Self::Region(Arc::new(value))
    }
}
