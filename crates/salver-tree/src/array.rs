//! n-dimensional arrays, loaded or lazy.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};

use crate::{BoxSelect, Format, PartIndex, Select, Source, Tree, filled};

/// The type of an array's items; always native byte order in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// binary16.
    F16,
    /// binary32.
    F32,
    /// binary64.
    F64,
    /// Two binary32: real, imaginary.
    C64,
    /// Two binary64: real, imaginary.
    C128,
    /// Bytes of a fixed length, padded with NUL (NumPy `S`).
    Bytes(u32),
    /// Text of a fixed number of characters as UTF-32, padded with NUL (NumPy `U`).
    Text(u32),
}

impl DType {
    /// Bytes of one item.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::C64 => 8,
            Self::C128 => 16,
            Self::Bytes(n) => n as usize,
            Self::Text(n) => n as usize * 4,
        }
    }

    /// Bytes of the units that byte order applies to (a complex number has two).
    #[must_use]
    pub fn swap_size(self) -> usize {
        match self {
            Self::C64 | Self::Text(_) => 4,
            Self::C128 => 8,
            Self::Bytes(_) => 1,
            other => other.size(),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::C64 => "complex64",
            Self::C128 => "complex128",
            Self::Bytes(n) => return write!(f, "S{n}"),
            Self::Text(n) => return write!(f, "U{n}"),
        };
        f.write_str(name)
    }
}

impl FromStr for DType {
    type Err = Error;

    /// Reads what `Display` writes: `int16`, `complex64`, `S8`, ….
    fn from_str(text: &str) -> Result<Self> {
        const NAMED: [DType; 14] = [
            DType::Bool,
            DType::I8,
            DType::I16,
            DType::I32,
            DType::I64,
            DType::U8,
            DType::U16,
            DType::U32,
            DType::U64,
            DType::F16,
            DType::F32,
            DType::F64,
            DType::C64,
            DType::C128,
        ];
        let digits = |letter: char| text.strip_prefix(letter)?.parse().ok();
        let named = NAMED.into_iter().find(|d| d.to_string() == text);
        let sized =
            || digits('S').map(Self::Bytes).or_else(|| digits('U').map(Self::Text));
        named.or_else(sized).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, Op("tree.dtype"), "no such item type")
                .with("dtype", text)
        })
    }
}

/// A node that is still in its artifact.
#[derive(Debug, Clone)]
pub struct Lazy {
    /// Where the parts of the artifact are.
    pub index: Arc<PartIndex>,
    /// The node's path in the artifact, a JSON Pointer.
    pub node: Arc<str>,
    /// The artifact.
    pub source: Arc<dyn Source>,
    /// The format that decodes it.
    pub format: Arc<dyn Format>,
    /// What was selected of it already: a lazy cutout.
    pub select: Arc<Select>,
}

impl Lazy {
    /// Decodes the node with what was selected of it.
    ///
    /// # Errors
    /// As the format's `decode`.
    pub fn load(&self) -> Result<Tree> {
        let select = Select {
            part: Some(self.node.to_string()),
            lazy: false,
            ..(*self.select).clone()
        };
        self.format.decode(&self.index, &select, &self.source)
    }

    /// The error for a format that broke clause 6 of its contract.
    pub(crate) fn not_loaded(&self, message: &str) -> Error {
        Error::new(ErrorKind::Internal, Op("tree.load"), message).with("node", &self.node)
    }
}

/// Where an array's items are.
#[derive(Debug, Clone)]
pub enum ArrayData {
    /// In memory: native byte order, C order, at least as aligned as the item type.
    Loaded(Buffer),
    /// Still in its artifact.
    Lazy(Lazy),
}

/// An n-dimensional array in C order, with optional unit, grid and origin.
///
/// One word, so that a tree of small nodes stays small.
#[derive(Debug, Clone)]
pub struct Array(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    dtype: DType,
    shape: Vec<usize>,
    data: ArrayData,
    unit: Option<String>,
    grid: Option<String>,
    origin: Vec<i64>,
}

impl Array {
    /// An array in memory.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the buffer's length is not that of `shape` and `dtype`.
    pub fn new(dtype: DType, shape: Vec<usize>, data: Buffer) -> Result<Self> {
        let wanted = byte_len(dtype, &shape)?;
        if wanted != data.len() {
            let error = Error::new(
                ErrorKind::InvalidInput,
                Op("tree.array"),
                "wrong buffer length",
            );
            return Err(error.with("bytes", data.len()).with("expected", wanted));
        }
        let origin = vec![0; shape.len()];
        let data = ArrayData::Loaded(data);
        Ok(Self(Box::new(Inner { dtype, shape, data, unit: None, grid: None, origin })))
    }

    /// An array still in its artifact.
    #[must_use]
    pub fn lazy(dtype: DType, shape: Vec<usize>, lazy: Lazy) -> Self {
        let origin = vec![0; shape.len()];
        let data = ArrayData::Lazy(lazy);
        Self(Box::new(Inner { dtype, shape, data, unit: None, grid: None, origin }))
    }

    /// Sets the unit, in the spelling of the FITS standard.
    #[must_use]
    pub fn with_unit(mut self, unit: Option<String>) -> Self {
        self.0.unit = unit;
        self
    }

    /// Names the grid that the array's pixels belong to; arrays of one grid are cut together.
    #[must_use]
    pub fn with_grid(mut self, grid: Option<String>) -> Self {
        self.0.grid = grid;
        self
    }

    /// Sets the grid coordinates of the item `[0, 0, …]`.
    #[must_use]
    pub fn with_origin(mut self, origin: Vec<i64>) -> Self {
        self.0.origin = origin;
        self
    }

    /// Type of the items.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// Lengths of the axes, slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.shape.iter().product()
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Unit of the values, in the spelling of the FITS standard.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.0.unit.as_deref()
    }

    /// Name of the grid that the array's pixels belong to.
    #[must_use]
    pub fn grid(&self) -> Option<&str> {
        self.0.grid.as_deref()
    }

    /// Grid coordinates of the item `[0, 0, …]`, one per axis.
    #[must_use]
    pub fn origin(&self) -> &[i64] {
        &self.0.origin
    }

    /// Where the items are.
    #[must_use]
    pub fn data(&self) -> &ArrayData {
        &self.0.data
    }

    /// Takes the array apart: what a consumer that owns the bytes needs.
    #[must_use]
    pub fn into_data(self) -> ArrayData {
        self.0.data
    }

    /// The bytes in memory; a lazy array is decoded first.
    ///
    /// # Errors
    /// As the format's `decode`.
    pub fn buffer(&self) -> Result<Buffer> {
        match &self.0.data {
            ArrayData::Loaded(buffer) => Ok(buffer.clone()),
            ArrayData::Lazy(lazy) => {
                let loaded = lazy.load()?;
                match loaded.untagged().as_array().map(Self::data) {
                    Some(ArrayData::Loaded(buffer)) => Ok(buffer.clone()),
                    _ => Err(lazy.not_loaded("not an array in memory")),
                }
            }
        }
    }

    /// The same array in memory.
    ///
    /// # Errors
    /// As the format's `decode`.
    pub fn load(&self) -> Result<Self> {
        let data = ArrayData::Loaded(self.buffer()?);
        Ok(Self(Box::new(Inner { data, ..(*self.0).clone() })))
    }

    /// The box of the array in memory: clipped, with the origin moved. Of a lazy array only the box
    /// is read.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the box has more axes than the array or misses it; as the
    /// format's `decode` for a lazy array.
    pub fn cut(&self, region: &BoxSelect) -> Result<Self> {
        let bounds = region.clip(&self.0.shape, &self.0.origin)?;
        if let ArrayData::Lazy(lazy) = &self.0.data {
            let inside = bounds.iter().zip(&self.0.origin).map(|(r, o)| {
                o.saturating_add_unsigned(r.start as u64)
                    ..o.saturating_add_unsigned(r.end as u64)
            });
            let region = Some(BoxSelect(inside.collect()));
            let select = Arc::new(Select { region, ..(*lazy.select).clone() });
            let tree = Lazy { select, ..lazy.clone() }.load()?;
            let cut = tree.untagged().as_array().cloned();
            return cut.ok_or_else(|| lazy.not_loaded("not an array in memory"));
        }
        let buffer = self.buffer()?;
        let shape: Vec<usize> = bounds.iter().map(|r| r.end - r.start).collect();
        let item = self.0.dtype.size();
        let bytes = shape.iter().product::<usize>() * item;
        let out = filled(self.0.dtype, bytes, |out| {
            copy_box(&buffer, out, item, (&self.0.shape, &bounds));
            Ok(())
        })?;
        let origin = self
            .0
            .origin
            .iter()
            .zip(&bounds)
            .map(|(o, r)| o + i64::try_from(r.start).unwrap_or(i64::MAX));
        let origin = origin.collect();
        let (unit, grid) = (self.0.unit.clone(), self.0.grid.clone());
        Ok(Self::new(self.0.dtype, shape, out)?
            .with_unit(unit)
            .with_grid(grid)
            .with_origin(origin))
    }
}

/// Bytes of an array, checked against overflow.
fn byte_len(dtype: DType, shape: &[usize]) -> Result<usize> {
    shape.iter().try_fold(dtype.size(), |n, &axis| n.checked_mul(axis)).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            Op("tree.array"),
            "an array larger than memory can be",
        )
    })
}

/// Copies a box of an array of `shape` out of a C-order buffer, row by row.
fn copy_box(
    data: &[u8],
    out: &mut [u8],
    item: usize,
    (shape, bounds): (&[usize], &[Range<usize>]),
) {
    let Some((last, outer)) = bounds.split_last() else {
        out.copy_from_slice(data);
        return;
    };
    let width = shape.last().copied().unwrap_or(1);
    let mut at: Vec<usize> = outer.iter().map(|r| r.start).collect();
    for out in out.chunks_exact_mut((last.len() * item).max(1)) {
        let row = at.iter().zip(shape).fold(0, |n, (&i, &len)| n * len + i) * width;
        let piece = data.get((row + last.start) * item..(row + last.end) * item);
        if let Some(piece) = piece {
            out.copy_from_slice(piece);
        }
        for (i, range) in at.iter_mut().zip(outer).rev() {
            *i += 1;
            if *i < range.end {
                break;
            }
            *i = range.start;
        }
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        let same = self.0.dtype == other.0.dtype
            && self.0.shape == other.0.shape
            && self.0.unit == other.0.unit
            && self.0.grid == other.0.grid
            && self.0.origin == other.0.origin;
        same && match (&self.0.data, &other.0.data) {
            (ArrayData::Loaded(a), ArrayData::Loaded(b)) => a.as_slice() == b.as_slice(),
            (ArrayData::Lazy(a), ArrayData::Lazy(b)) => {
                Arc::ptr_eq(&a.source, &b.source)
                    && a.node == b.node
                    && a.select == b.select
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_moves_the_origin_and_keeps_values() {
        let data: Vec<i16> = (0..24).collect();
        let array =
            Array::new(DType::I16, vec![2, 3, 4], Buffer::from_vec(data)).unwrap();
        let cut = array.cut(&BoxSelect(vec![1..2, 1..9, 2..4])).unwrap();
        assert_eq!(cut.shape(), [1, 2, 2]);
        assert_eq!(cut.origin(), [1, 1, 2]);
        let values = cut.buffer().unwrap();
        assert_eq!(values.typed_data::<i16>(), [18, 19, 22, 23]);
    }

    #[test]
    fn item_types_are_read_as_they_are_written() {
        for dtype in
            [DType::Bool, DType::U16, DType::C128, DType::Bytes(7), DType::Text(0)]
        {
            assert_eq!(dtype.to_string().parse::<DType>().unwrap(), dtype);
        }
        assert!("float".parse::<DType>().is_err());
        assert!("S-1".parse::<DType>().is_err());
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let error = Array::new(DType::F32, vec![2, 2], Buffer::from_vec(vec![0_u8; 15]))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
