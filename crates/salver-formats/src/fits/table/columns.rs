//! The columns of a binary table, as its header declares them. Source: FITS 4.0 §7.3.

use salver_core::{Error, ErrorKind, Op, Result};
use serde::{Deserialize, Serialize};

use crate::fits::card::{Value, number_text};
use crate::fits::header::Header;

const OP: Op = Op("fits.table");

/// The data type of a field: the letter of `TFORMn` (FITS 4.0 Table 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Code {
    Logical,
    Bit,
    Byte,
    Short,
    Int,
    Long,
    Char,
    Float,
    Double,
    Complex,
    DoubleComplex,
}

impl Code {
    fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter.to_ascii_uppercase() {
            b'L' => Self::Logical,
            b'X' => Self::Bit,
            b'B' => Self::Byte,
            b'I' => Self::Short,
            b'J' => Self::Int,
            b'K' => Self::Long,
            b'A' => Self::Char,
            b'E' => Self::Float,
            b'D' => Self::Double,
            b'C' => Self::Complex,
            b'M' => Self::DoubleComplex,
            _ => return None,
        })
    }

    pub(crate) fn letter(self) -> char {
        match self {
            Self::Logical => 'L',
            Self::Bit => 'X',
            Self::Byte => 'B',
            Self::Short => 'I',
            Self::Int => 'J',
            Self::Long => 'K',
            Self::Char => 'A',
            Self::Float => 'E',
            Self::Double => 'D',
            Self::Complex => 'C',
            Self::DoubleComplex => 'M',
        }
    }

    /// Bytes of `n` elements; bits fill whole bytes.
    pub(crate) fn bytes(self, n: u64) -> Option<u64> {
        let size = match self {
            Self::Bit => return Some(n.div_ceil(8)),
            Self::Logical | Self::Byte | Self::Char => 1,
            Self::Short => 2,
            Self::Int | Self::Float => 4,
            Self::Long | Self::Double | Self::Complex => 8,
            Self::DoubleComplex => 16,
        };
        n.checked_mul(size)
    }
}

/// Where the elements of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Storage {
    /// In the row.
    Fixed,
    /// In the heap, by a descriptor of two 32-bit numbers (`P`).
    Heap32,
    /// In the heap, by a descriptor of two 64-bit numbers (`Q`).
    Heap64,
}

/// A parsed `TFORMn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    /// Elements in the row, or descriptors (0 or 1).
    pub repeat: u64,
    pub code: Code,
    pub storage: Storage,
}

impl Form {
    /// Parses `rT`, `rPt(max)` or `rQt(max)`; what follows the letter of a fixed field is ignored,
    /// as the standard leaves it to the writer.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = text.split_at_checked(digits)?;
        let repeat = if number.is_empty() { 1 } else { number.parse().ok()? };
        let letters = rest.as_bytes();
        let storage = match letters.first()? {
            b'P' | b'p' => Storage::Heap32,
            b'Q' | b'q' => Storage::Heap64,
            &letter => {
                let code = Code::from_letter(letter)?;
                return Some(Self { repeat, code, storage: Storage::Fixed });
            }
        };
        (repeat <= 1).then_some(())?;
        Some(Self { repeat, code: Code::from_letter(*letters.get(1)?)?, storage })
    }

    /// Bytes in a row.
    pub(crate) fn width(self) -> Option<u64> {
        match self.storage {
            Storage::Fixed => self.code.bytes(self.repeat),
            Storage::Heap32 => Some(8 * self.repeat),
            Storage::Heap64 => Some(16 * self.repeat),
        }
    }
}

/// A column of a binary table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    /// `TTYPEn`, or `colN` where it is absent.
    pub name: String,
    /// `TFORMn` as it is written.
    pub tform: String,
    pub form: Form,
    /// First byte in a row.
    pub offset: u64,
    /// `TUNITn`.
    pub unit: Option<String>,
    /// `TCOMMn`, a convention for a column's meaning.
    pub comment: Option<String>,
    /// `TDISPn`.
    pub display: Option<String>,
    /// `TNULLn`.
    pub null: Option<i64>,
    /// `TSCALn` and `TZEROn` as they are written, where present.
    pub scale: Option<String>,
    pub zero: Option<String>,
    /// `TDIMn`, fastest axis first, where it fits the repeat count.
    pub dims: Vec<u64>,
}

/// A binary table: its columns and where rows and heap are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Columns {
    pub list: Vec<Column>,
    pub n_rows: u64,
    /// Bytes of a row.
    pub row: u64,
    /// First byte of the heap, from the start of the data unit.
    pub heap: u64,
    /// Bytes of the data unit.
    pub len: u64,
}

impl Columns {
    /// Reads the declarations of a `BINTABLE` header.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a `TFORMn` that the standard does not know, fields longer than a
    /// row, a heap outside of the data unit.
    pub(crate) fn from_header(header: &Header, len: u64) -> Result<Self> {
        let size = |key| -> Result<u64> {
            u64::try_from(header.need_int(key)?).op_corrupt("a negative size", key)
        };
        let (row, n_rows) = (size("NAXIS1")?, size("NAXIS2")?);
        let fields = header.need_int("TFIELDS")?;
        if !(0..=999).contains(&fields) {
            return Err(corrupt("TFIELDS is not 0–999").with("tfields", fields));
        }
        let rows = row.checked_mul(n_rows).filter(|&n| n <= len);
        let rows = rows.ok_or_else(|| corrupt("the rows do not fit in the data unit"))?;
        if row == 0 && n_rows > len.max(1 << 20) {
            return Err(corrupt("more rows without bytes than is sensible"));
        }
        let heap = header.int("THEAP")?.map_or(Ok(rows), |t| {
            u64::try_from(t).op_corrupt("a negative heap offset", "THEAP")
        })?;
        if heap > len || heap < rows {
            return Err(corrupt("the heap is not in the data unit").with("theap", heap));
        }
        let mut columns = Vec::new();
        let mut offset = 0;
        for n in 1..=fields {
            let column = column(header, n, offset)?;
            let width = column.form.width().and_then(|w| w.checked_add(offset));
            offset = width.filter(|&end| end <= row).ok_or_else(|| {
                corrupt("the fields are longer than a row").with("column", &column.name)
            })?;
            columns.push(column);
        }
        Ok(Self { list: columns, n_rows, row, heap, len })
    }

    /// The columns' names, each once: a later column of the same name gets `_` and its number.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for (n, column) in self.list.iter().enumerate() {
            let mut name = column.name.clone();
            while out.contains(&name) {
                name = format!("{name}_{}", n + 1);
            }
            out.push(name);
        }
        out
    }

    /// The column of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Column> {
        self.list.iter().find(|c| c.name == name)
    }
}

fn column(header: &Header, n: i64, offset: u64) -> Result<Column> {
    let text = |key: &str| header.text(&format!("{key}{n}"));
    let tform =
        text("TFORM").ok_or_else(|| corrupt("a column without TFORM").with("n", n))?;
    let name = text("TTYPE").filter(|t| !t.is_empty()).unwrap_or(format!("col{n}"));
    let form = Form::parse(&tform).ok_or_else(|| {
        corrupt("a TFORM that the standard does not know")
            .with("column", &name)
            .with("tform", &tform)
    })?;
    let numeral = |key: &str| match header.value(&format!("{key}{n}")) {
        Some(Value::Int(v)) => Some(v.to_string()),
        Some(Value::Float(v)) => Some(number(v)),
        _ => None,
    };
    Ok(Column {
        unit: text("TUNIT").filter(|t| !t.is_empty()),
        comment: text("TCOMM").filter(|t| !t.is_empty()),
        display: text("TDISP"),
        null: header.int(&format!("TNULL{n}")).unwrap_or(None),
        scale: numeral("TSCAL"),
        zero: numeral("TZERO"),
        dims: text("TDIM").and_then(|t| dims(&t, form)).unwrap_or_default(),
        name,
        tform,
        form,
        offset,
    })
}

/// `(l,m,n…)` where its product is the repeat count; others are ignored (FITS 4.0 §7.3.2).
fn dims(text: &str, form: Form) -> Option<Vec<u64>> {
    let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let dims: Option<Vec<u64>> =
        inside.split(',').map(|d| d.trim().parse::<u64>().ok()).collect();
    let dims = dims?;
    let product = dims.iter().try_fold(1_u64, |n, &d| n.checked_mul(d))?;
    let fits = match form.code {
        Code::Char => product <= form.repeat,
        _ => product == form.repeat,
    };
    (fits && form.storage == Storage::Fixed && product > 0).then_some(dims)
}

/// A factor or offset as text: whole numbers without a point, so that the conventions show.
pub(super) fn number(v: f64) -> String {
    if v.fract() == 0.0 && v.abs() < 1e20 { format!("{v:.0}") } else { number_text(v) }
}

pub(crate) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

trait OpCorrupt<T> {
    fn op_corrupt(self, message: &str, keyword: &str) -> Result<T>;
}

impl<T> OpCorrupt<T> for Result<T, std::num::TryFromIntError> {
    fn op_corrupt(self, message: &str, keyword: &str) -> Result<T> {
        self.map_err(|e| corrupt(message).with("keyword", keyword).caused_by(e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_parsed() {
        let form = |t| Form::parse(t).unwrap();
        assert_eq!(
            form("E"),
            Form { repeat: 1, code: Code::Float, storage: Storage::Fixed }
        );
        assert_eq!(form("13X").width(), Some(2));
        assert_eq!(form("0A").width(), Some(0));
        assert_eq!(form("1PB(300)").storage, Storage::Heap32);
        assert_eq!(form("QD(2)").width(), Some(16));
        for bad in ["", "3", "Z", "2PE", "99999999999999999999E", "P"] {
            assert_eq!(Form::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn dims_that_do_not_fit_are_ignored() {
        let form = Form::parse("6E").unwrap();
        assert_eq!(dims("(3,2)", form), Some(vec![3, 2]));
        assert_eq!(dims("(3,3)", form), None);
        assert_eq!(dims("(3,-2)", form), None);
    }
}
