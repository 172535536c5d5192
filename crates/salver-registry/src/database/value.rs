//! Values that go into statements, and cells that come out.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};
use uuid::Uuid;

use super::Row;

const OP: Op = Op("database.read_column");

/// A value bound to a parameter.
///
/// How it is stored is the database's: SQLite keeps a UUID as 32 lower-case hex digits and a
/// bool as 0 or 1 (Gen3 format §3).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// Truth.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A UUID.
    Uuid(Uuid),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<Uuid> for Value<'_> {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A cell of a result row, borrowed from the database's buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// SQL NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text; UTF-8 was checked.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A UUID of a database that has such a type.
    Uuid(Uuid),
}

impl Cell<'_> {
    fn type_name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Uuid(_) => "a UUID",
        }
    }
}

/// Typed access to the columns of a [`Row`], counted from 0.
///
/// Every method fails with [`ErrorKind::Corrupt`] where the stored value has another type.
pub trait RowExt: Row {
    /// An integer.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for another type or NULL.
    fn int(&self, column: usize) -> Result<i64> {
        match self.cell(column)? {
            Cell::Int(n) => Ok(n),
            other => Err(mismatch(column, other, "an integer")),
        }
    }

    /// An integer or NULL.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for another type.
    fn int_or_null(&self, column: usize) -> Result<Option<i64>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(n) => Ok(Some(n)),
            other => Err(mismatch(column, other, "an integer or NULL")),
        }
    }

    /// Text, borrowed.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for another type or NULL.
    fn text(&self, column: usize) -> Result<&str> {
        match self.cell(column)? {
            Cell::Text(text) => Ok(text),
            other => Err(mismatch(column, other, "text")),
        }
    }

    /// Text or NULL, borrowed.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for another type.
    fn text_or_null(&self, column: usize) -> Result<Option<&str>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            other => Err(mismatch(column, other, "text or NULL")),
        }
    }

    /// A UUID: native, or 32 hex digits as text.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    fn uuid(&self, column: usize) -> Result<Uuid> {
        match self.cell(column)? {
            Cell::Uuid(id) => Ok(id),
            Cell::Text(text) => Uuid::try_parse(text).map_err(|e| {
                mismatch(column, Cell::Text(text), "32 hex digits").caused_by(e)
            }),
            other => Err(mismatch(column, other, "a UUID")),
        }
    }
}

impl<R: Row + ?Sized> RowExt for R {}

fn mismatch(column: usize, found: Cell<'_>, expected: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        OP,
        format!("column {column} holds {}, not {expected}", found.type_name()),
    )
}
