//! ASCII tables, read. Source: FITS 4.0 §7.2.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};
use salver_core::{Error, ErrorKind, Op, Result};
use serde::{Deserialize, Serialize};

use super::columns::number;
use crate::fits::card::{Value, parse_number};
use crate::fits::header::Header;

/// The type of a field: the letter of `TFORMn` (FITS 4.0 Table 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Code {
    Text,
    Integer,
    Real,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TextField {
    name: String,
    code: Code,
    /// First byte in a row, and length.
    offset: usize,
    width: usize,
    /// Digits after an implied decimal point.
    decimals: u32,
    unit: Option<String>,
    null: Option<String>,
    /// `TSCALn` and `TZEROn` as text, where there are any.
    scale: Option<(String, String)>,
}

/// An ASCII table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AsciiTable {
    fields: Vec<TextField>,
    pub n_rows: u64,
    row: usize,
}

impl AsciiTable {
    /// Reads the declarations of a `TABLE` header.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a field that the standard does not know or that is not in the row.
    pub(crate) fn from_header(header: &Header, len: u64) -> Result<Self> {
        let size = |key| u64::try_from(header.need_int(key)?).map_err(|_e| corrupt(key));
        let (row, n_rows) = (size("NAXIS1")?, size("NAXIS2")?);
        if row.checked_mul(n_rows).is_none_or(|n| n > len) || (row == 0 && n_rows > 0) {
            return Err(corrupt("NAXIS2"));
        }
        let fields = header.need_int("TFIELDS")?;
        let row = usize::try_from(row).map_err(|_e| corrupt("NAXIS1"))?;
        if !(0..=999).contains(&fields) {
            return Err(corrupt("TFIELDS"));
        }
        let fields =
            (1..=fields).map(|n| field(header, n, row)).collect::<Result<_>>()?;
        Ok(Self { fields, n_rows, row })
    }

    /// The columns' names, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for (n, field) in self.fields.iter().enumerate() {
            let mut name = field.name.clone();
            while out.contains(&name) {
                name = format!("{name}_{}", n + 1);
            }
            out.push(name);
        }
        out
    }

    /// The Arrow schema.
    pub(crate) fn schema(&self) -> Schema {
        let fields = self.fields.iter().zip(self.names()).map(|(field, name)| {
            let kind = match (field.code, &field.scale) {
                (Code::Text, _) => DataType::Utf8,
                (Code::Integer, None) => DataType::Int64,
                _ => DataType::Float64,
            };
            let unit = field.unit.iter().map(|u| ("unit".to_owned(), u.clone()));
            Field::new(name, kind, true).with_metadata(unit.collect())
        });
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// The columns at these places, of the table's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a field that is not a number.
    pub(crate) fn columns(
        &self,
        bytes: &[u8],
        wanted: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        wanted
            .iter()
            .filter_map(|&i| self.fields.get(i))
            .map(|f| self.column(bytes, f))
            .collect()
    }

    fn column(&self, bytes: &[u8], field: &TextField) -> Result<ArrayRef> {
        let rows = bytes.chunks_exact(self.row.max(1));
        let texts = rows.map(|row| {
            let text =
                row.get(field.offset..field.offset + field.width).unwrap_or_default();
            let text: String = text.iter().map(|&b| char::from(b)).collect();
            let null = field.null.as_deref().is_some_and(|n| n.trim() == text.trim());
            (!null).then_some(text)
        });
        if field.code == Code::Text {
            let texts =
                texts.map(|t| t.map(|t| t.trim_end_matches([' ', '\0']).to_owned()));
            return Ok(Arc::new(texts.collect::<StringArray>()));
        }
        let wrong = |text: &str| {
            corrupt(&field.name).with("field", text).hint("the field is not a number")
        };
        if field.code == Code::Integer && field.scale.is_none() {
            let read = |text: Option<String>| match text.as_deref().map(str::trim) {
                None => Ok(None),
                Some("") => Ok(Some(0)),
                Some(t) => t.parse::<i64>().map(Some).map_err(|e| wrong(t).caused_by(e)),
            };
            return Ok(Arc::new(texts.map(read).collect::<Result<Int64Array>>()?));
        }
        let number = |text: &(String, String)| {
            (text.0.parse().unwrap_or(1.0), text.1.parse().unwrap_or(0.0))
        };
        let (scale, zero): (f64, f64) = field.scale.as_ref().map_or((1.0, 0.0), number);
        let read = |text: Option<String>| match text.as_deref().map(str::trim) {
            None => Ok(None),
            Some(t) => match real(t, field.decimals) {
                Some(v) => {
                    Ok(Some(if field.scale.is_some() { v * scale + zero } else { v }))
                }
                None => Err(wrong(t)),
            },
        };
        Ok(Arc::new(texts.map(read).collect::<Result<Float64Array>>()?))
    }
}

/// A real number: blank is zero; without a point the last digits are decimals; the `E` may be
/// missing before a signed exponent.
fn real(text: &str, decimals: u32) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let bare = text.rfind(['+', '-']).filter(|&at| at > 0);
    let text = match bare.and_then(|at| text.split_at_checked(at)) {
        Some((mantissa, exponent)) if !mantissa.contains(['E', 'D', 'e', 'd']) => {
            format!("{mantissa}E{exponent}")
        }
        _ => text.to_owned(),
    };
    let value = parse_number(&text)?;
    if text.contains('.') || decimals == 0 {
        return Some(value);
    }
    Some(value / 10_f64.powi(i32::try_from(decimals).unwrap_or(0)))
}

fn field(header: &Header, n: i64, row: usize) -> Result<TextField> {
    let text = |key: &str| header.text(&format!("{key}{n}"));
    let name = text("TTYPE").filter(|t| !t.is_empty()).unwrap_or(format!("col{n}"));
    let form = text("TFORM").unwrap_or_default();
    let code = match form.trim().bytes().next() {
        Some(b'A') => Code::Text,
        Some(b'I') => Code::Integer,
        Some(b'F' | b'E' | b'D') => Code::Real,
        _ => return Err(corrupt("TFORM").with("tform", &form)),
    };
    let size = form.trim().get(1..).unwrap_or_default();
    let (width, decimals) = size.split_once('.').unwrap_or((size, "0"));
    let width = width.trim().parse().unwrap_or(1);
    let start = header.need_int(&format!("TBCOL{n}"))?;
    let offset = usize::try_from(start.wrapping_sub(1)).map_err(|_e| corrupt("TBCOL"))?;
    if offset.checked_add(width).is_none_or(|end| end > row) {
        return Err(corrupt("TBCOL").with("column", &name));
    }
    let numeral = |key: &str| match header.value(&format!("{key}{n}")) {
        Some(Value::Int(v)) => Some(v.to_string()),
        Some(Value::Float(v)) => Some(number(v)),
        _ => None,
    };
    let (scale, zero) = (numeral("TSCAL"), numeral("TZERO"));
    let scaled = scale.is_some() || zero.is_some();
    let scale = scaled.then(|| (scale.unwrap_or("1".into()), zero.unwrap_or("0".into())));
    Ok(TextField {
        name,
        code,
        offset,
        width,
        decimals: decimals.trim().parse().unwrap_or(0),
        unit: text("TUNIT").filter(|t| !t.is_empty()),
        null: text("TNULL"),
        scale,
    })
}

fn corrupt(what: &str) -> Error {
    let message = "a damaged ASCII table";
    Error::new(ErrorKind::Corrupt, Op("fits.table"), message).with("what", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_are_read_as_fortran_does() {
        assert_eq!(real("1.5", 3), Some(1.5));
        assert_eq!(real("1500", 3), Some(1.5));
        assert_eq!(real("-1.5D2", 0), Some(-150.0));
        assert_eq!(real("1.5-2", 0), Some(0.015));
        assert_eq!(real("", 0), Some(0.0));
        assert_eq!(real("x", 0), None);
    }
}
