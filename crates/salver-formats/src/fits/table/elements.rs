//! Elements of fields: big-endian bytes to Arrow arrays.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, GenericStringBuilder};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, FixedSizeListArray, OffsetSizeTrait, PrimitiveArray};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::Field;

use crate::fits::pixel::{Pixel, Transform, convert};

/// Takes in the elements of a column's fields, one field after the other.
pub(super) trait Elements {
    /// Appends the `n` elements of these bytes.
    fn append(&mut self, bytes: &[u8], n: usize);

    /// Appends the field at `offset` of each row of `row` bytes: `n` elements in `width` bytes.
    fn append_rows(&mut self, rows: &[u8], row: usize, field: (usize, usize), n: usize) {
        let (offset, width) = field;
        for row in rows.chunks_exact(row.max(1)) {
            self.append(row.get(offset..offset + width).unwrap_or_default(), n);
        }
    }

    /// The array of all of them.
    fn finish(&mut self) -> ArrayRef;
}

/// Numbers stored as `S`.
pub(super) struct Numbers<S, A: ArrowPrimitiveType> {
    how: Transform,
    null: Option<i64>,
    values: Vec<A::Native>,
    valid: NullBufferBuilder,
    stored: Vec<S>,
    kind: PhantomData<A>,
}

impl<S: Pixel, A: ArrowPrimitiveType> Numbers<S, A> {
    pub(super) fn new(how: Transform, null: Option<i64>, capacity: usize) -> Self {
        let values = Vec::with_capacity(capacity);
        let valid = NullBufferBuilder::new(capacity);
        let null = null.filter(|_| !S::FLOAT);
        Self { how, null, values, valid, stored: Vec::new(), kind: PhantomData }
    }
}

impl<S: Pixel, A: ArrowPrimitiveType> Elements for Numbers<S, A>
where
    A::Native: Pixel,
{
    fn append(&mut self, bytes: &[u8], n: usize) {
        self.stored.clear();
        let items = bytes.chunks_exact(size_of::<S>()).take(n);
        let native = |item: &[u8]| {
            let item = bytemuck::pod_read_unaligned::<S>(item);
            if cfg!(target_endian = "little") { item.swapped() } else { item }
        };
        self.stored.extend(items.map(native));
        let start = self.values.len();
        self.values.resize(start + self.stored.len(), A::Native::from_i32(0));
        convert(&self.stored, &mut self.values[start..], self.how);
        if let Some(null) = self.null {
            self.stored.iter().for_each(|s| self.valid.append(s.whole() != null));
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let values = std::mem::take(&mut self.values);
        let valid = self.null.and_then(|_| self.valid.finish());
        Arc::new(PrimitiveArray::<A>::new(values.into(), valid))
    }
}

/// Logical values (`T`, `F`, anything else is undefined) and bits.
pub(super) struct Flags {
    bits: bool,
    values: BooleanBuilder,
}

impl Flags {
    pub(super) fn new(bits: bool, capacity: usize) -> Self {
        Self { bits, values: BooleanBuilder::with_capacity(capacity) }
    }
}

impl Elements for Flags {
    fn append(&mut self, bytes: &[u8], n: usize) {
        if self.bits {
            let bit =
                |i: usize| bytes.get(i / 8).is_some_and(|b| b >> (7 - i % 8) & 1 == 1);
            (0..n).for_each(|i| self.values.append_value(bit(i)));
            return;
        }
        for byte in bytes.iter().take(n) {
            self.values.append_option(match byte {
                b'T' => Some(true),
                b'F' => Some(false),
                _ => None,
            });
        }
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// Strings of a fixed number of bytes: up to the first NUL, without trailing spaces. Bytes that are
/// not UTF-8 are read as ISO 8859-1.
pub(super) struct Texts<O: OffsetSizeTrait> {
    width: Option<usize>,
    values: GenericStringBuilder<O>,
}

impl<O: OffsetSizeTrait> Texts<O> {
    /// `width` is `None` where all bytes of a field are one string.
    pub(super) fn new(width: Option<usize>, capacity: usize) -> Self {
        Self { width, values: GenericStringBuilder::with_capacity(capacity, 0) }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let bytes = &bytes[..end];
        let end = bytes.iter().rposition(|&b| b != b' ').map_or(0, |i| i + 1);
        if let Ok(text) = std::str::from_utf8(&bytes[..end]) {
            self.values.append_value(text);
        } else {
            let text: String = bytes[..end].iter().map(|&b| char::from(b)).collect();
            self.values.append_value(text);
        }
    }
}

impl<O: OffsetSizeTrait> Elements for Texts<O> {
    fn append(&mut self, bytes: &[u8], n: usize) {
        match self.width {
            Some(width) if width > 0 => {
                bytes.chunks_exact(width).take(n).for_each(|text| self.push(text));
            }
            _ => (0..n).for_each(|_| self.push(bytes)),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// Complex numbers: two reals each.
pub(super) struct Pairs(pub(super) Box<dyn Elements>);

impl Elements for Pairs {
    fn append(&mut self, bytes: &[u8], n: usize) {
        self.0.append(bytes, 2 * n);
    }

    fn finish(&mut self) -> ArrayRef {
        let reals = self.0.finish();
        let item = Field::new_list_field(reals.data_type().clone(), true);
        Arc::new(FixedSizeListArray::new(Arc::new(item), 2, reals, None))
    }
}
