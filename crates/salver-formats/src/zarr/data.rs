//! The data of an array that is written, and its chunks.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef};
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use salver_core::{Error, Result};
use salver_tree::Array;

use super::block::{Corner, copy, is_run};
use super::codec::Chain;
use super::meta::at_node;
use super::recipe::Cut;
use super::text;

/// The data of an array.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// An array, perhaps a lazy one.
    Array(Array),
    /// Native items in C order.
    Bytes(Buffer),
    /// A column of text or bytes.
    Words(ArrayRef),
}

/// An array that will be written.
#[derive(Debug)]
pub(crate) struct ArrayPlan {
    pub(crate) path: String,
    pub(crate) shape: Vec<usize>,
    /// Bytes of an item, and of the numbers that it consists of.
    pub(crate) item: usize,
    pub(crate) unit: usize,
    pub(crate) cut: Cut,
    pub(crate) chain: Chain,
    pub(crate) data: Data,
}

/// Data in memory.
#[derive(Debug)]
pub(crate) enum Loaded {
    Bytes(Buffer),
    Words(ArrayRef),
}

impl ArrayPlan {
    /// The data in memory.
    ///
    /// # Errors
    /// As the source's of a lazy array.
    pub(crate) fn load(&self) -> Result<Loaded> {
        let named = |e: Error| at_node(e, &self.path);
        Ok(match &self.data {
            Data::Array(array) => Loaded::Bytes(array.buffer().map_err(named)?),
            Data::Bytes(buffer) => Loaded::Bytes(buffer.clone()),
            Data::Words(column) => Loaded::Words(Arc::clone(column)),
        })
    }

    /// The chunk at a place of the grid, before its codecs; what is beyond the array is zero.
    ///
    /// # Errors
    /// As [`text::encode`].
    pub(crate) fn chunk<'a>(
        &self,
        data: &'a Loaded,
        at: &[usize],
    ) -> Result<Cow<'a, [u8]>> {
        let inner = &self.cut.inner;
        let start: Vec<usize> = at.iter().zip(inner).map(|(i, c)| i * c).collect();
        let extent: Vec<usize> = start
            .iter()
            .zip(inner)
            .zip(&self.shape)
            .map(|((s, c), n)| (*c).min(n - s))
            .collect();
        match data {
            Loaded::Words(column) => {
                let from = start.first().copied().unwrap_or(0);
                let n = extent.first().copied().unwrap_or(1);
                let rows = inner.first().copied().unwrap_or(1);
                words(column, from..from + n, rows).map(Cow::Owned)
            }
            Loaded::Bytes(buffer) => {
                let from = Corner { shape: &self.shape, start: &start };
                let bytes = inner.iter().product::<usize>() * self.item;
                if extent == *inner && is_run(&extent, &self.shape) {
                    let first = from.first() * self.item;
                    return Ok(Cow::Borrowed(
                        buffer.get(first..first + bytes).unwrap_or_default(),
                    ));
                }
                let mut out = vec![0; bytes];
                let zeros = vec![0; at.len()];
                let to = Corner { shape: inner, start: &zeros };
                copy((buffer, from), (&mut out, to), &extent, self.item);
                Ok(Cow::Owned(out))
            }
        }
    }
}

/// Rows of a column as a chunk of `rows` items; nulls and what is beyond are empty.
fn words(column: &ArrayRef, range: Range<usize>, rows: usize) -> Result<Vec<u8>> {
    macro_rules! chunk {
        ($column:expr, $bytes:expr) => {{
            let column = $column;
            text::encode((range.start..range.start + rows).map(|i| {
                if i < range.end && column.is_valid(i) {
                    $bytes(column.value(i))
                } else {
                    &[]
                }
            }))
        }};
    }
    match column.data_type() {
        DataType::Utf8 => chunk!(column.as_string::<i32>(), str::as_bytes),
        DataType::LargeUtf8 => chunk!(column.as_string::<i64>(), str::as_bytes),
        DataType::LargeBinary => chunk!(column.as_binary::<i64>(), |b| b),
        _ => chunk!(column.as_binary::<i32>(), |b| b),
    }
}
