//! The header: magic, version, and a dict as a Python literal.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, Place, Source};

use super::literal::{Literal, parse};
use crate::numpy::{Run, Stored, typestr};

const OP: Op = Op("npy.header");
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy writes far smaller ones, also for records of hundreds of fields.
const MAX_HEADER: u64 = 1 << 20;

/// What a header says.
#[derive(Debug, PartialEq)]
pub(crate) enum Header {
    /// A plain array.
    Array(Run),
    /// An array of records.
    Records(Records),
}

/// An array of records: `descr` is a list of fields.
#[derive(Debug, PartialEq)]
pub(crate) struct Records {
    pub(crate) fields: Vec<RecordField>,
    pub(crate) rows: u64,
    /// Bytes of a row.
    pub(crate) width: usize,
    pub(crate) place: Place,
    pub(crate) header: Place,
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordField {
    pub(crate) name: String,
    pub(crate) stored: Stored,
    /// Items of one row.
    pub(crate) items: usize,
    /// Shape of one row; empty for a single item.
    pub(crate) shape: Vec<u64>,
    /// Bytes before the field in a row.
    pub(crate) offset: usize,
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Reads the header of an artifact, and checks it against the artifact's length.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is not an npy file or is cut off; [`ErrorKind::Unsupported`] for
/// arrays of objects and other types that a tree does not hold.
pub(crate) fn read(source: &Arc<dyn Source>) -> Result<Header> {
    let length = source.len();
    let mut start = [0; 12];
    let known = start.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    source.read_into(0, start.get_mut(..known).unwrap_or_default())?;
    let [m0, m1, m2, m3, m4, m5, major, _, a, b, c, d] = start;
    if [m0, m1, m2, m3, m4, m5] != *MAGIC || known < 10 {
        return Err(corrupt("not an npy file"));
    }
    let (begin, size) = match major {
        1 => (10, u64::from(u16::from_le_bytes([a, b]))),
        2 | 3 => (12, u64::from(u32::from_le_bytes([a, b, c, d]))),
        other => {
            let message = "an npy version that is not known";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("version", other)
                .hint("versions 1, 2 and 3 are read"));
        }
    };
    let data = begin + size;
    if size > MAX_HEADER || data > length {
        return Err(corrupt("the header is longer than the file").with("header", size));
    }
    let bytes = source.read(&[begin..data])?;
    let bytes = bytes.first().map(AsRef::as_ref).unwrap_or_default();
    let text = if major == 3 {
        std::str::from_utf8(bytes)
            .op(ErrorKind::Corrupt, OP, "the header is not UTF-8")?
            .to_owned()
    } else {
        bytes.iter().map(|&b| char::from(b)).collect()
    };
    interpret(&parse(&text)?, data, length)
}

fn interpret(header: &Literal, data: u64, length: u64) -> Result<Header> {
    let field = |name: &'static str| {
        header
            .get(name)
            .ok_or_else(|| corrupt("a header without a key").with("key", name))
    };
    let shape =
        field("shape")?.as_shape().ok_or_else(|| corrupt("`shape` is no shape"))?;
    let Literal::Bool(fortran) = *field("fortran_order")? else {
        return Err(corrupt("`fortran_order` is true or false"));
    };
    match field("descr")? {
        Literal::Str(name) => {
            let stored = Stored::parse(name)?;
            let item = stored.dtype.size() as u64;
            let len = shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
            let len = len.ok_or_else(|| corrupt("a shape larger than any file"))?;
            let run = Run { stored, shape, fortran, place: Place { offset: data, len } };
            run.check(length)?;
            Ok(Header::Array(run))
        }
        Literal::Items(fields) => {
            let [rows] = shape[..] else {
                let message = "records are read from arrays of one axis";
                return Err(Error::new(ErrorKind::Unsupported, OP, message)
                    .with("axes", shape.len()));
            };
            let (fields, width) = record_fields(fields)?;
            if width == 0 && rows > 0 {
                return Err(corrupt("rows without bytes"));
            }
            let len = rows.checked_mul(width as u64).filter(|len| data + len <= length);
            let len = len.ok_or_else(|| corrupt("the file is shorter than its rows"))?;
            let place = Place { offset: data, len };
            let header = Place { offset: 0, len: data };
            Ok(Header::Records(Records { fields, rows, width, place, header }))
        }
        _ => Err(corrupt("`descr` is a name or a list of fields")),
    }
}

/// Fields and bytes of a row. Fields follow each other; one without a name is padding.
fn record_fields(list: &[Literal]) -> Result<(Vec<RecordField>, usize)> {
    let mut fields: Vec<RecordField> = Vec::new();
    let mut offset = 0_usize;
    for entry in list {
        let entry = entry.as_items().unwrap_or_default();
        let (Some(name), Some(code)) = (entry.first(), entry.get(1)) else {
            return Err(corrupt("a field is a name and a type"));
        };
        // a title and a name
        let name = name.as_items().and_then(|pair| pair.get(1)).unwrap_or(name);
        let name = name.as_str().ok_or_else(|| corrupt("a field has a name"))?;
        let Some(code) = code.as_str() else {
            let message = "records within records are not read";
            return Err(
                Error::new(ErrorKind::Unsupported, OP, message).with("field", name)
            );
        };
        let too_wide = || corrupt("a row larger than any file").with("field", name);
        if let Some(padding) = code.strip_prefix("|V").filter(|_| name.is_empty()) {
            let padding: usize =
                padding.parse().op(ErrorKind::Corrupt, OP, "no padding")?;
            offset = offset.checked_add(padding).ok_or_else(too_wide)?;
            continue;
        }
        let stored = Stored::parse(code).map_err(|e| e.with("field", name))?;
        let shape = match entry.get(2) {
            None => Vec::new(),
            Some(shape) => {
                shape.as_shape().ok_or_else(|| corrupt("a field's shape is no shape"))?
            }
        };
        let items = shape
            .iter()
            .try_fold(1_usize, |n, &axis| n.checked_mul(usize::try_from(axis).ok()?));
        let items = items.filter(|n| i32::try_from(*n).is_ok()).ok_or_else(too_wide)?;
        if fields.iter().any(|f| f.name == name) {
            return Err(corrupt("two fields of one name").with("field", name));
        }
        let width = items.checked_mul(stored.dtype.size()).ok_or_else(too_wide)?;
        if width == 0 {
            let message = "fields without bytes are not read";
            return Err(
                Error::new(ErrorKind::Unsupported, OP, message).with("field", name)
            );
        }
        fields.push(RecordField { name: name.to_owned(), stored, items, shape, offset });
        offset = offset.checked_add(width).ok_or_else(too_wide)?;
    }
    Ok((fields, offset))
}

/// The bytes of the header that `numpy.save` writes for an array in memory.
pub(crate) fn write(array: &Array) -> Vec<u8> {
    let axes: Vec<String> = array.shape().iter().map(usize::to_string).collect();
    let shape = match &axes[..] {
        [one] => format!("({one},)"),
        axes => format!("({})", axes.join(", ")),
    };
    let descr = typestr(array.dtype());
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    // NumPy leaves room for the first axis to grow to 21 digits
    if let Some(first) = axes.first() {
        text.extend(std::iter::repeat_n(' ', 21_usize.saturating_sub(first.len())));
    }
    // the data begin at a multiple of 64 bytes
    let used = MAGIC.len() + 4 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', used.next_multiple_of(64) - used));
    text.push('\n');
    let mut out = MAGIC.to_vec();
    // only an array of more axes than NumPy knows needs version 2
    if let Ok(len) = u16::try_from(text.len()) {
        out.extend_from_slice(&[1, 0]);
        out.extend_from_slice(&len.to_le_bytes());
    } else {
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&[2, 0]);
        out.extend_from_slice(&len.to_le_bytes());
    }
    out.extend_from_slice(text.as_bytes());
    out
}
