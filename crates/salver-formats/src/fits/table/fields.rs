//! Arrow columns as fields of a binary table: form, and big-endian bytes.

use std::collections::HashSet;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array as _, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use super::columns::{Code, Form};
use crate::fits::pixel::Pixel;

const OP: Op = Op("fits.table");

/// The elements of a column, without the lists around them.
pub(super) struct Leaf {
    pub array: ArrayRef,
    /// Lengths of the fixed lists around an element, outermost first.
    pub shape: Vec<usize>,
    /// Whether each element is there, with its lists.
    valid: Option<Vec<bool>>,
}

/// What one column becomes.
pub(super) struct Packed {
    pub code: Code,
    /// Bytes of the elements, one after the other; of bits, one byte each.
    pub bytes: Vec<u8>,
    /// Bytes of an element.
    pub size: usize,
    pub null: Option<i64>,
    pub scale: Option<String>,
    pub zero: Option<String>,
}

/// Takes off fixed lists; dictionaries and views become what they stand for.
pub(super) fn leaf(array: &ArrayRef, keep_pairs: bool) -> Result<Leaf> {
    let mut leaf = Leaf { array: ArrayRef::clone(array), shape: Vec::new(), valid: None };
    loop {
        let plain = match leaf.array.data_type() {
            DataType::Dictionary(_, values) => Some((**values).clone()),
            DataType::Utf8View => Some(DataType::Utf8),
            DataType::Float16 => Some(DataType::Float32),
            DataType::FixedSizeList(item, 2)
                if keep_pairs && is_real(item.data_type()) =>
            {
                None
            }
            DataType::FixedSizeList(_, n) => {
                let n = usize::try_from(*n).unwrap_or(0);
                let list = leaf.array.as_fixed_size_list();
                let outer = and_nulls(leaf.valid.take(), leaf.array.as_ref());
                leaf.valid = outer.map(|v| v.iter().flat_map(|&b| vec![b; n]).collect());
                leaf.shape.push(n);
                leaf.array = ArrayRef::clone(list.values());
                continue;
            }
            _ => None,
        };
        let Some(plain) = plain else { break };
        leaf.array = cast(&leaf.array, &plain).op(
            ErrorKind::Unsupported,
            OP,
            "a column's type",
        )?;
    }
    leaf.valid = and_nulls(leaf.valid, leaf.array.as_ref());
    Ok(leaf)
}

fn is_real(kind: &DataType) -> bool {
    matches!(kind, DataType::Float32 | DataType::Float64)
}

fn and_nulls(
    valid: Option<Vec<bool>>,
    array: &dyn arrow_array::Array,
) -> Option<Vec<bool>> {
    let Some(nulls) = array.nulls().filter(|n| n.null_count() > 0) else { return valid };
    let own = nulls.iter();
    Some(match valid {
        Some(outer) => own.zip(outer).map(|(a, b)| a && b).collect(),
        None => own.collect(),
    })
}

/// Packs elements. `field` says how the column was stored before, where it was.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a type that a binary table does not have.
pub(super) fn pack(leaf: &Leaf, field: &Field, width: usize) -> Result<Packed> {
    let before = field.metadata().get("fits.TFORM").and_then(|t| Form::parse(t));
    let bits = before.is_some_and(|f| f.code == Code::Bit);
    if let Some(packed) = scaled(leaf, field, before) {
        return Ok(packed);
    }
    let plain = |code, size, bytes| Packed {
        code,
        bytes,
        size,
        null: None,
        scale: None,
        zero: None,
    };
    Ok(match leaf.array.data_type() {
        DataType::Boolean => flags(leaf, bits),
        DataType::UInt8 => leaf.ints::<UInt8Type, u8>(field, Code::Byte, 0)?,
        DataType::Int8 => leaf.ints::<Int8Type, u8>(field, Code::Byte, -128)?,
        DataType::Int16 => leaf.ints::<Int16Type, i16>(field, Code::Short, 0)?,
        DataType::UInt16 => leaf.ints::<UInt16Type, i16>(field, Code::Short, 1 << 15)?,
        DataType::Int32 => leaf.ints::<Int32Type, i32>(field, Code::Int, 0)?,
        DataType::UInt32 => leaf.ints::<UInt32Type, i32>(field, Code::Int, 1 << 31)?,
        DataType::Int64 => leaf.ints::<Int64Type, i64>(field, Code::Long, 0)?,
        DataType::UInt64 => leaf.ints::<UInt64Type, i64>(field, Code::Long, i64::MIN)?,
        DataType::Float32 => plain(Code::Float, 4, leaf.reals::<Float32Type>()),
        DataType::Float64 => plain(Code::Double, 8, leaf.reals::<Float64Type>()),
        DataType::FixedSizeList(item, 2) => {
            let reals = self::leaf(leaf.array.as_fixed_size_list().values(), false)?;
            match item.data_type() {
                DataType::Float32 => {
                    plain(Code::Complex, 8, reals.reals::<Float32Type>())
                }
                _ => plain(Code::DoubleComplex, 16, reals.reals::<Float64Type>()),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 => {
            plain(Code::Char, width, text_bytes(leaf, width)?)
        }
        DataType::Null => plain(before.map_or(Code::Byte, |f| f.code), 0, Vec::new()),
        other => {
            let message = "a binary table has no columns of this type";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("column", field.name())
                .with("type", other)
                .hint("booleans, numbers, text, and lists of them"));
        }
    })
}

/// Logical values, or bits as one byte each.
fn flags(leaf: &Leaf, bits: bool) -> Packed {
    let values = leaf.array.as_boolean();
    let byte = |i: usize| match (bits, leaf.is_valid(i), values.value(i)) {
        (true, valid, value) => u8::from(valid && value),
        (false, true, true) => b'T',
        (false, true, false) => b'F',
        (false, false, _) => 0,
    };
    let bytes = (0..values.len()).map(byte).collect();
    let code = if bits { Code::Bit } else { Code::Logical };
    Packed { code, bytes, size: 1, null: None, scale: None, zero: None }
}

/// The strings of a leaf, each of `width` bytes, filled up with NUL.
fn text_bytes(leaf: &Leaf, width: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(leaf.array.len() * width);
    for text in texts(leaf)? {
        let end = bytes.len() + width;
        bytes.extend(text.bytes().take(width));
        bytes.resize(end, 0);
    }
    Ok(bytes)
}

/// The strings of a leaf; a null is empty.
pub(super) fn texts(leaf: &Leaf) -> Result<Vec<String>> {
    let large = cast(&leaf.array, &DataType::LargeUtf8);
    let large = large.op(ErrorKind::Unsupported, OP, "a column of text")?;
    let texts = large.as_string::<i64>();
    let text = |i: usize| if leaf.is_valid(i) { texts.value(i) } else { "" };
    Ok((0..texts.len()).map(|i| text(i).to_owned()).collect())
}

/// Reals that were whole numbers with `TSCALn` and `TZEROn`, where they still are, to the last bit.
fn scaled(leaf: &Leaf, field: &Field, before: Option<Form>) -> Option<Packed> {
    if *leaf.array.data_type() != DataType::Float64 {
        return None;
    }
    let meta = |key: &str| field.metadata().get(key);
    let (scale, zero) = (meta("fits.TSCAL").cloned(), meta("fits.TZERO").cloned());
    if scale.is_none() && zero.is_none() {
        return None;
    }
    let number = |t: &Option<String>, default| {
        t.as_ref().map_or(Some(default), |t| t.parse::<f64>().ok())
    };
    let (factor, offset) = (number(&scale, 1.0)?, number(&zero, 0.0)?);
    let null = meta("fits.TNULL").and_then(|t| t.parse::<i64>().ok());
    let code = before?.code;
    let values = leaf.array.as_primitive::<Float64Type>();
    let mut bytes = Vec::new();
    for i in 0..values.len() {
        let whole = if leaf.is_valid(i) {
            let v = values.value(i);
            let whole = i64::from_f64(((v - offset) / factor).round());
            let back = whole.to_f64() * factor + offset;
            (back.to_bits() == v.to_bits() && Some(whole) != null).then_some(whole)?
        } else {
            null?
        };
        match code {
            Code::Byte => bytes.push(u8::try_from(whole).ok()?),
            Code::Short => bytes.extend(i16::try_from(whole).ok()?.to_be_bytes()),
            Code::Int => bytes.extend(i32::try_from(whole).ok()?.to_be_bytes()),
            Code::Long => bytes.extend(whole.to_be_bytes()),
            _ => return None,
        }
    }
    let size = usize::try_from(code.bytes(1)?).ok()?;
    Some(Packed { code, bytes, size, null, scale, zero })
}

impl Leaf {
    fn is_valid(&self, i: usize) -> bool {
        self.valid.as_ref().is_none_or(|v| v.get(i).copied().unwrap_or(true))
    }

    fn ints<A: ArrowPrimitiveType, S: Pixel>(
        &self,
        field: &Field,
        code: Code,
        offset: i64,
    ) -> Result<Packed>
    where
        A::Native: Pixel,
    {
        let values = self.array.as_primitive::<A>().values();
        let stored = |v: &A::Native| S::from_i64(v.whole().wrapping_sub(offset));
        let valid = || values.iter().enumerate().filter(|(i, _)| self.is_valid(*i));
        let taken = |n: i64| valid().any(|(_, v)| stored(v).whole() == n);
        let before = field.metadata().get("fits.TNULL").and_then(|t| t.parse().ok());
        let before = before.filter(|&n: &i64| S::from_i64(n).whole() == n && !taken(n));
        let null = match (before, &self.valid) {
            (Some(n), _) => Some(n),
            (None, None) => None,
            (None, Some(_)) => {
                let used: HashSet<i64> =
                    valid().map(|(_, v)| stored(v).whole()).collect();
                let lowest = if code == Code::Byte {
                    255
                } else {
                    i64::MIN >> (64 - 8 * size_of::<S>())
                };
                let step = if code == Code::Byte { -1 } else { 1 };
                let free =
                    (0..=255).map(|k| lowest + step * k).find(|n| !used.contains(n));
                let free = free.or_else(|| unused(&used, lowest, step));
                Some(free.ok_or_else(|| no_null(field))?)
            }
        };
        let hole = S::from_i64(null.unwrap_or(0));
        let item = |(i, v)| if self.is_valid(i) { stored(v) } else { hole };
        let items: Vec<S> = values.iter().enumerate().map(item).collect();
        let zero = match offset {
            0 => None,
            i64::MIN => Some("9223372036854775808".to_owned()),
            n => Some(n.to_string()),
        };
        let scale = field.metadata().get("fits.TSCAL").filter(|t| *t == "1").cloned();
        let zero = zero.or_else(|| {
            field.metadata().get("fits.TZERO").filter(|t| *t == "0").cloned()
        });
        let bytes = crate::fits::entile::big_endian(&items, 0);
        Ok(Packed { code, bytes, size: size_of::<S>(), null, scale, zero })
    }

    fn reals<A: ArrowPrimitiveType>(&self) -> Vec<u8>
    where
        A::Native: Pixel,
    {
        let values = self.array.as_primitive::<A>().values();
        let nan = A::Native::from_f64(f64::NAN);
        let item = |(i, v): (usize, &A::Native)| if self.is_valid(i) { *v } else { nan };
        let items: Vec<A::Native> = values.iter().enumerate().map(item).collect();
        crate::fits::entile::big_endian(&items, 0)
    }
}

/// Another number that is not used, beyond those that were tried.
fn unused(used: &HashSet<i64>, lowest: i64, step: i64) -> Option<i64> {
    if step < 0 {
        return None;
    }
    let span = i64::try_from(used.len()).ok()?.checked_add(1)?;
    (256..=span).map(|k| lowest.wrapping_add(k)).find(|n| !used.contains(n))
}

fn no_null(field: &Field) -> Error {
    let message = "a column of bytes with nulls that uses all 256 values";
    Error::new(ErrorKind::Unsupported, OP, message).with("column", field.name())
}
