//! `core/ndarray`: where the items of an array are. Source: ASDF standard 1.6, schema
//! `core/ndarray-1.1.0`.

use std::collections::BTreeMap;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{ArrayPart, Chunks, DType, Map, Place, Tree};

use super::blocks::Block;
use super::codec::Codec;
use crate::npy::RecordField;
use crate::numpy::{Stored, typestr};

const OP: Op = Op("asdf.ndarray");

/// An array in a block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) block: usize,
    pub(super) stored: Stored,
    pub(super) shape: Vec<u64>,
    /// Bytes of the block before the item `[0, 0, …]`.
    pub(super) offset: u64,
    /// Bytes from one item to the next of each axis; `None` is C order.
    pub(super) strides: Option<Vec<i64>>,
    /// The first byte that is needed of the block, and how many.
    pub(super) span: Place,
}

/// The fields of a record, and its bytes.
pub(super) type Fields = (Vec<RecordField>, usize);

/// What the items of an array are.
#[derive(Debug, PartialEq)]
pub(super) enum Items {
    One(Stored),
    Records(Vec<RecordField>, usize),
}

/// The error for a node that is no array.
pub(super) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message)
}

fn swapped(order: Option<&str>, dtype: DType) -> Result<Stored> {
    let native = if cfg!(target_endian = "little") { "little" } else { "big" };
    match order {
        None => Ok(Stored { dtype, swapped: false }),
        Some(order @ ("little" | "big")) => {
            Ok(Stored { dtype, swapped: order != native && dtype.swap_size() > 1 })
        }
        Some(other) => Err(corrupt("no such byte order").with("byteorder", other)),
    }
}

/// The item type of a `datatype`.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is none; [`ErrorKind::Unsupported`] for records in records.
pub(super) fn items(datatype: &Tree, order: Option<&str>) -> Result<Items> {
    if let Tree::List(fields) = datatype
        && !matches!(fields.first(), Some(Tree::Str(kind)) if kind == "ascii" || kind == "ucs4")
    {
        return records(fields, order);
    }
    Ok(Items::One(swapped(order, simple(datatype)?)?))
}

fn simple(datatype: &Tree) -> Result<DType> {
    let wrong = || corrupt("no such item type");
    match datatype {
        Tree::Str(name) => Ok(match name.as_str() {
            "bool8" => DType::Bool,
            "bool" | "ascii" | "ucs4" => return Err(wrong().with("datatype", name)),
            other => {
                let dtype: DType =
                    other.parse().map_err(|_unknown| wrong().with("datatype", other))?;
                if matches!(dtype, DType::Bytes(_) | DType::Text(_)) {
                    return Err(wrong().with("datatype", other));
                }
                dtype
            }
        }),
        Tree::List(pair) => match pair.as_slice() {
            [Tree::Str(kind), Tree::Int(n)] => {
                let n = u32::try_from(*n).ok().filter(|&n| n <= 1 << 28);
                let n = n.ok_or_else(wrong)?;
                Ok(if kind == "ascii" { DType::Bytes(n) } else { DType::Text(n) })
            }
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn records(fields: &[Tree], order: Option<&str>) -> Result<Items> {
    let mut out = Vec::with_capacity(fields.len());
    let mut offset = 0_usize;
    for (i, field) in fields.iter().enumerate() {
        let map = field.as_map();
        let datatype = map.map_or(Some(field), |map| map.get("datatype"));
        let datatype = datatype.ok_or_else(|| corrupt("a field without a type"))?;
        let text = |key| map.and_then(|map| map.get(key)).and_then(Tree::as_str);
        let Items::One(stored) = items(datatype, text("byteorder").or(order))? else {
            return Err(unsupported("records in records are not read"));
        };
        let shape = match map.and_then(|map| map.get("shape")) {
            Some(shape) => lengths(shape)?,
            None => Vec::new(),
        };
        let count = shape
            .iter()
            .try_fold(1_usize, |n, &axis| n.checked_mul(usize::try_from(axis).ok()?));
        let bytes = count.and_then(|n| n.checked_mul(stored.dtype.size()));
        let next = bytes.and_then(|n| n.checked_add(offset));
        let too_long = || corrupt("a field with too many items");
        let name = text("name").map_or_else(|| format!("f{i}"), str::to_owned);
        let items = count.ok_or_else(too_long)?;
        out.push(RecordField { name, stored, items, shape, offset });
        offset = next.ok_or_else(too_long)?;
    }
    Ok(Items::Records(out, offset))
}

fn lengths(shape: &Tree) -> Result<Vec<u64>> {
    let wrong = || corrupt("the lengths of axes are whole numbers");
    let Tree::List(axes) = shape else { return Err(wrong()) };
    let axis = |axis: &Tree| match axis {
        Tree::Int(n) => u64::try_from(*n).ok(),
        _ => None,
    };
    axes.iter().map(axis).collect::<Option<_>>().ok_or_else(wrong)
}

fn whole(map: &Map, key: &str) -> Result<Option<i64>> {
    match map.get(key) {
        None | Some(Tree::Null) => Ok(None),
        Some(node) => match node.as_int() {
            Some(n) => Ok(Some(n)),
            None => Err(corrupt("a whole number is wanted").with("key", key)),
        },
    }
}

/// The block that an array names, and how many bytes it holds decoded.
fn block_of(map: &Map, blocks: &[Block]) -> Result<(usize, u64)> {
    let source = map.get("source");
    if let Some(Tree::Str(name)) = source {
        let message = "the array is in another file, and such are not read";
        return Err(unsupported(message)
            .with("file", name)
            .hint("bring it into this file first: asdf.AsdfFile.write_to with all_array_storage='internal'"));
    }
    let n = whole(map, "source")?.ok_or_else(|| corrupt("an array without a source"))?;
    let count = i64::try_from(blocks.len()).unwrap_or(i64::MAX);
    let at = if n < 0 { n.saturating_add(count) } else { n };
    let block = usize::try_from(at).ok().and_then(|at| Some((at, blocks.get(at)?.size)));
    block.ok_or_else(|| {
        let error = corrupt("the file has no such block");
        error.with("source", n).with("blocks", count)
    })
}

/// The view that the fields of an `ndarray` with a `source` describe; fields of records give the
/// fields and the view of their bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it does not fit the blocks; [`ErrorKind::Unsupported`] for arrays in
/// other files.
pub(super) fn view(map: &Map, blocks: &[Block]) -> Result<(View, Option<Fields>)> {
    let (block, held) = block_of(map, blocks)?;
    let order = map.get("byteorder").and_then(Tree::as_str);
    let datatype =
        map.get("datatype").ok_or_else(|| corrupt("an array without a type"))?;
    let (stored, fields, item) = match items(datatype, order)? {
        Items::One(stored) => (stored, None, stored.dtype.size() as u64),
        Items::Records(fields, width) => {
            let stored = Stored { dtype: DType::U8, swapped: false };
            (stored, Some((fields, width)), width as u64)
        }
    };
    let offset = u64::try_from(whole(map, "offset")?.unwrap_or(0));
    let offset =
        offset.map_err(|_negative| corrupt("an array begins before its block"))?;
    let shape = match map.get("shape") {
        Some(Tree::List(axes)) => shape(axes, item, held.saturating_sub(offset))?,
        _ => return Err(corrupt("an array without a shape")),
    };
    let strides = strides(map, &shape, item)?;
    let span = span(&shape, strides.as_deref(), item, offset)
        .filter(|span| span.len == 0 || span.range().end <= held)
        .ok_or_else(|| {
            let error = corrupt("the array is larger than its block");
            error.with("block", block).with("holds", held)
        })?;
    Ok((View { block, stored, shape, offset, strides, span }, fields))
}

/// The shape; `*` as the first length takes all that the block holds.
fn shape(axes: &[Tree], item: u64, held: u64) -> Result<Vec<u64>> {
    let Some((Tree::Str(star), rest)) = axes.split_first() else {
        return lengths(&Tree::List(axes.to_vec()));
    };
    if star != "*" {
        return Err(corrupt("the lengths of axes are whole numbers"));
    }
    let mut shape = lengths(&Tree::List(rest.to_vec()))?;
    let row = shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
    let rows = row.and_then(|row| held.checked_div(row)).unwrap_or(0);
    shape.insert(0, rows);
    Ok(shape)
}

/// Strides that are not those of C order.
fn strides(map: &Map, shape: &[u64], item: u64) -> Result<Option<Vec<i64>>> {
    let Some(Tree::List(given)) = map.get("strides") else { return Ok(None) };
    let strides: Option<Vec<i64>> = given.iter().map(Tree::as_int).collect();
    let strides = strides.filter(|s| s.len() == shape.len());
    let strides =
        strides.ok_or_else(|| corrupt("strides are one whole number per axis"))?;
    let mut step = Some(item);
    let mut plain = true;
    for (&axis, &stride) in shape.iter().zip(&strides).rev() {
        let same = step.is_some_and(|step| u64::try_from(stride) == Ok(step));
        plain &= same || axis == 1;
        step = step.and_then(|step| step.checked_mul(axis));
    }
    Ok((!plain).then_some(strides))
}

/// The bytes between the lowest and the highest item; `None` where they lie outside of any block.
fn span(shape: &[u64], strides: Option<&[i64]>, item: u64, offset: u64) -> Option<Place> {
    let count = shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
    if shape.contains(&0) || item == 0 {
        return Some(Place { offset, len: 0 });
    }
    let Some(strides) = strides else {
        return Some(Place { offset, len: count? });
    };
    let (mut low, mut high) = (i128::from(offset), i128::from(offset));
    for (&axis, &stride) in shape.iter().zip(strides) {
        let reach = i128::from(stride).checked_mul(i128::from(axis) - 1)?;
        if reach < 0 { low += reach } else { high += reach }
    }
    high += i128::from(item);
    let (low, high) = (u64::try_from(low).ok()?, u64::try_from(high).ok()?);
    Some(Place { offset: low, len: high - low })
}

impl View {
    /// The bytes of the file that the view needs.
    pub(super) fn place(&self, blocks: &[Block]) -> Place {
        match blocks.get(self.block) {
            Some(block) if block.codec.is_empty() => {
                let offset = block.offset.saturating_add(self.span.offset);
                Place { offset, len: self.span.len }
            }
            Some(block) => Place { offset: block.offset, len: block.used },
            None => Place { offset: 0, len: 0 },
        }
    }

    /// The neutral part of the view.
    pub(super) fn part(&self, blocks: &[Block]) -> ArrayPart {
        let place = self.place(blocks);
        let codec = blocks.get(self.block).map_or("", |block| block.codec.as_str());
        let mut settings = BTreeMap::new();
        if !codec.is_empty() {
            settings.insert("compression".to_owned(), codec.to_owned());
        }
        if self.strides.is_some() {
            settings.insert("order".to_owned(), "strided".to_owned());
        }
        let stored = self.stored.name();
        ArrayPart {
            dtype: self.stored.dtype.to_string(),
            stored: (stored != typestr(self.stored.dtype)).then_some(stored),
            shape: self.shape.clone(),
            chunks: if settings.is_empty() {
                Chunks::Contiguous(place)
            } else {
                Chunks::Whole(place)
            },
            codec: settings,
            grid: None,
            origin: Vec::new(),
        }
    }

    /// Refuses what would take far more memory than the bytes behind it.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] and [`ErrorKind::Limit`].
    pub(super) fn check(&self, blocks: &[Block]) -> Result<u64> {
        let item = self.stored.dtype.size() as u64;
        let bytes = self.shape.iter().try_fold(item, |n, &axis| n.checked_mul(axis));
        let most = self.span.len.saturating_mul(16).saturating_add(64 << 20);
        let Some(bytes) = bytes.filter(|&n| n <= most) else {
            let message = "the items of the array repeat far too often";
            let error = Error::new(ErrorKind::Limit, OP, message);
            return Err(error.with("backed by", self.span.len).with("limit", most));
        };
        if let Some(block) = blocks.get(self.block) {
            Codec::parse(&block.codec)?.check(block.used, block.size)?;
        }
        Ok(bytes)
    }
}
