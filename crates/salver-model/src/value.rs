//! Values of dimensions and of record fields.

use std::fmt::{self, Write};
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

/// As Python prints it: text in quotes, with what can't be seen escaped.
impl fmt::Display for DataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => write!(f, "{i}"),
            Self::Str(s) => python_text(f, s),
        }
    }
}

fn python_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c == quote => write!(f, "\\{c}")?,
            ' ' => f.write_char(c)?,
            c if c.is_ascii_graphic() || is_printable(c) => f.write_char(c)?,
            c => escaped(f, u32::from(c))?,
        }
    }
    f.write_char(quote)
}

fn escaped(f: &mut fmt::Formatter<'_>, code: u32) -> fmt::Result {
    match code {
        ..=0xff => write!(f, "\\x{code:02x}"),
        0x100..=0xffff => write!(f, "\\u{code:04x}"),
        _ => write!(f, "\\U{code:08x}"),
    }
}

/// Whether a character beyond ASCII is shown as it is.
fn is_printable(c: char) -> bool {
    // behind another character, only what has no shape of its own is escaped by the library
    !c.is_ascii()
        && ["a", c.encode_utf8(&mut [0; 4])].concat().escape_debug().nth(1) == Some(c)
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

    /// Whether it is this value of a dimension.
    #[must_use]
    pub fn is(&self, value: &DataValue) -> bool {
        match (self, value) {
            (Self::Int(a), DataValue::Int(b)) => a == b,
            (Self::Str(a), DataValue::Str(b)) => a == b,
            _ => false,
        }
    }

    /// The value as one of a dimension: a whole number or text.
    #[must_use]
    pub fn to_data_value(&self) -> Option<DataValue> {
        match self {
            Self::Int(i) => Some(DataValue::Int(*i)),
            Self::Str(s) => Some(DataValue::Str(Arc::clone(s))),
            _ => None,
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

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_python_shows_it() {
        for (text, shown) in [
            ("CamA", "'CamA'"),
            ("it's", "\"it's\""),
            ("a'b\"c", r#"'a\'b"c'"#),
            ("it's \\", r#""it's \\""#),
            (
                "a\\b\"\n\té\0\u{200b}\u{10ffff}e\u{301}",
                "'a\\\\b\"\\n\\té\\x00\\u200b\\U0010ffffe\u{301}'",
            ),
        ] {
            assert_eq!(DataValue::from(text).to_string(), shown);
        }
    }

    #[test]
    fn only_what_keeps_its_meaning_is_converted() {
        let int = |v: Value| v.coerced(ColumnType::Int);
        assert_eq!(int(Value::from(" 12 ")), Some(Value::Int(12)));
        assert_eq!(int(Value::Float(3.0)), Some(Value::Int(3)));
        for refused in [Value::Float(3.5), Value::Float(1e300), Value::Float(f64::NAN)] {
            assert_eq!(int(refused), None);
        }
        assert_eq!(int(Value::from("x")), None);
        let float = Value::Int(2).coerced(ColumnType::Float);
        assert_eq!(float, Some(Value::Float(2.0)));
        assert_eq!(Value::Int(2).coerced(ColumnType::Bool), None);
        assert_eq!(Value::Int(1).coerced(ColumnType::Bool), Some(Value::Bool(true)));
        assert_eq!(Value::Int(1).coerced(ColumnType::Str(None)), None);
    }
}
