//! Small values: attributes, scalars, and items that arrays cannot hold.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, DType, Map, Tagged, Tree, filled};

use super::item::{Simple, settle};
use super::low::cursor::{Cursor, text_of, text_until_nul};
use super::low::datatype::{Class, Datatype, Member, Pad};
use super::low::heap::Heap;
use crate::buffer::copied;

const OP: Op = Op("hdf5.decode");
/// Nodes inside of one item, at most.
const MAX_DEPTH: usize = 32;

/// Tags of what HDF5 has and the tree has not.
pub(crate) mod tag {
    pub(crate) const REFERENCE: &str = "hdf5.reference";
    pub(crate) const REGION: &str = "hdf5.region_reference";
    pub(crate) const UNREAD: &str = "hdf5.unread";
    pub(crate) const SOFT: &str = "hdf5.soft_link";
    pub(crate) const HARD: &str = "hdf5.hard_link";
    pub(crate) const EXTERNAL: &str = "hdf5.external_link";
    pub(crate) const DATATYPE: &str = "hdf5.datatype";
}

/// A node that says what it stands for.
pub(crate) fn tagged(name: &str, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name: name.to_owned(), version: 0, tree }))
}

/// Makes values out of bytes.
pub(crate) struct Values<'a> {
    pub heap: Heap<'a>,
    /// Bytes of the file's addresses.
    pub offsets: usize,
    /// Bytes of the heap that may still be taken: objects can be referred to many times.
    pub budget: u64,
}

impl Values<'_> {
    /// The value of items of some shape: one item, an array, or nested lists.
    ///
    /// # Errors
    /// `Corrupt`, `Limit`; as the source's.
    pub(crate) fn all(
        &mut self,
        datatype: &Datatype,
        dims: &[u64],
        bytes: &[u8],
    ) -> Result<Tree> {
        if dims.is_empty() {
            return self.item(datatype, bytes, 0);
        }
        match Simple::of(datatype) {
            Some(simple) if !matches!(datatype.class, Class::Text(_)) => {
                array(&simple, dims, bytes)
            }
            _ => self.list(datatype, dims, bytes, 0),
        }
    }

    fn list(
        &mut self,
        datatype: &Datatype,
        dims: &[u64],
        bytes: &[u8],
        depth: usize,
    ) -> Result<Tree> {
        let Some((&count, inner)) = dims.split_first() else {
            return self.item(datatype, bytes, depth);
        };
        let each = inner.iter().try_fold(datatype.size as u64, |n, &d| n.checked_mul(d));
        let each = each.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if each.checked_mul(count).is_none_or(|n| n > bytes.len()) {
            return Err(corrupt("a value of fewer bytes than its shape"));
        }
        if each == 0 {
            // no item below: lists of nothing, as many as there is memory to say so
            return Ok(Tree::List(vec![Tree::List(Vec::new()); count.min(1 << 12)]));
        }
        let items = bytes.chunks_exact(each).take(count);
        let items = items.map(|item| self.list(datatype, inner, item, depth + 1));
        Ok(Tree::List(items.collect::<Result<_>>()?))
    }

    /// The value of one item.
    fn item(&mut self, datatype: &Datatype, bytes: &[u8], depth: usize) -> Result<Tree> {
        if depth > MAX_DEPTH {
            return Err(Error::new(ErrorKind::Unsupported, OP, "values nested too deep"));
        }
        let bytes = bytes.get(..datatype.size);
        let bytes =
            bytes.ok_or_else(|| corrupt("a value of fewer bytes than its type"))?;
        Ok(match &datatype.class {
            Class::Int { signed, big } => {
                Tree::Int(int(&lowest_first(bytes, *big), *signed))
            }
            Class::Float { big } => Tree::Float(float(&lowest_first(bytes, *big))),
            Class::Text(pad) => Tree::Str(text(bytes, *pad)),
            Class::Opaque => Tree::Bytes(bytes.to_vec().into()),
            Class::Enum { .. } if datatype.is_bool() => {
                Tree::Bool(bytes.first() != Some(&0))
            }
            Class::Enum { base, .. } => self.item(base, bytes, depth + 1)?,
            Class::Compound(members) => match Simple::of(datatype) {
                Some(simple) => array(&simple, &[], bytes)?,
                None => self.members(members, bytes, depth)?,
            },
            Class::Complex(_) => match Simple::of(datatype) {
                Some(simple) => array(&simple, &[], bytes)?,
                None => tagged(tag::UNREAD, Tree::Bytes(bytes.to_vec().into())),
            },
            Class::Reference(0) => {
                let address = Cursor::new(bytes, 0).uint(bytes.len().min(8))?;
                tagged(tag::REFERENCE, Tree::Int(address.into()))
            }
            Class::Reference(_) => {
                tagged(tag::REGION, Tree::Bytes(bytes.to_vec().into()))
            }
            Class::HeapText => {
                let (_, bytes) = self.heaped(bytes)?;
                Tree::Str(text(&bytes, Pad::Null))
            }
            Class::Sequence(base) => {
                let (count, bytes) = self.heaped(bytes)?;
                let dims = [count];
                match Simple::of(base) {
                    Some(simple) if !matches!(base.class, Class::Text(_)) => {
                        array(&simple, &dims, &bytes)?
                    }
                    _ => self.list(base, &dims, &bytes, depth + 1)?,
                }
            }
            Class::Array { dims, base } => {
                let dims: Vec<u64> = dims.iter().map(|&d| d as u64).collect();
                match Simple::of(base) {
                    Some(simple) if !matches!(base.class, Class::Text(_)) => {
                        array(&simple, &dims, bytes)?
                    }
                    _ => self.list(base, &dims, bytes, depth + 1)?,
                }
            }
            Class::Other(_) => tagged(tag::UNREAD, Tree::Bytes(bytes.to_vec().into())),
        })
    }

    fn members(
        &mut self,
        members: &[Member],
        bytes: &[u8],
        depth: usize,
    ) -> Result<Tree> {
        let mut map = Map::new();
        for member in members {
            let value = bytes.get(member.offset..).unwrap_or_default();
            map.insert(
                member.name.as_str(),
                self.item(&member.datatype, value, depth + 1)?,
            );
        }
        Ok(Tree::Map(map))
    }

    /// What a reference into the global heap stands for: the number of items and their bytes.
    pub(crate) fn heaped(&mut self, reference: &[u8]) -> Result<(u64, bytes::Bytes)> {
        let mut c = Cursor::new(reference, 0);
        let count = u64::from(c.u32()?);
        let address = c.address(self.offsets)?;
        let index = c.u32()?;
        let Some(address) = address.filter(|&a| a != 0 && count > 0) else {
            return Ok((0, bytes::Bytes::new()));
        };
        let object = self.heap.object(address, index)?;
        let left = self.budget.checked_sub(object.len() as u64);
        self.budget = left.ok_or_else(|| {
            Error::new(
                ErrorKind::Limit,
                OP,
                "values that take far more memory than the file",
            )
        })?;
        Ok((count, object))
    }
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// An array in memory of stored items.
fn array(simple: &Simple, dims: &[u64], bytes: &[u8]) -> Result<Tree> {
    let shape = dims.iter().map(|&d| usize::try_from(d).unwrap_or(usize::MAX));
    let shape: Vec<usize> = shape.chain(simple.axes.iter().copied()).collect();
    let length = shape.iter().try_fold(simple.size, |n, &d| n.checked_mul(d));
    let bytes = length.and_then(|n| bytes.get(..n));
    let bytes = bytes.ok_or_else(|| corrupt("a value of fewer bytes than its shape"))?;
    let buffer = filled(simple.dtype, bytes.len(), |out| {
        out.copy_from_slice(bytes);
        settle(simple.item, simple.dtype, out);
        Ok(())
    })?;
    Ok(Tree::Array(Array::new(simple.dtype, shape, buffer)?))
}

/// Bytes with the lowest first.
fn lowest_first(bytes: &[u8], big: bool) -> Cow<'_, [u8]> {
    if big { bytes.iter().rev().copied().collect() } else { Cow::Borrowed(bytes) }
}

/// A whole number of any of its widths, the lowest byte first.
pub(crate) fn int(bytes: &[u8], signed: bool) -> i128 {
    let value = bytes.iter().rev().fold(0, |n: i128, &byte| n << 8 | i128::from(byte));
    let bits = 8 * bytes.len().min(15);
    let negative = signed && bits > 0 && value >> (bits - 1) & 1 == 1;
    if negative { value - (1 << bits) } else { value }
}

/// A real number of 2, 4 or 8 bytes, the lowest first.
fn float(bytes: &[u8]) -> f64 {
    match bytes {
        [a, b] => half::f16::from_le_bytes([*a, *b]).to_f64(),
        [a, b, c, d] => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
        other => other.first_chunk().map_or(f64::NAN, |b| f64::from_le_bytes(*b)),
    }
}

/// Text of a fixed number of bytes.
pub(crate) fn text(bytes: &[u8], pad: Pad) -> String {
    match pad {
        Pad::Terminated => text_until_nul(bytes),
        Pad::Null => {
            let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
            text_of(bytes.get(..end).unwrap_or_default())
        }
        Pad::Space => text_of(bytes.trim_ascii_end()),
    }
}

/// An array's items as a list.
///
/// # Errors
/// `Corrupt` where they are none that a list of scalars has.
pub(crate) fn listed(dtype: DType, bytes: &[u8]) -> Result<Tree> {
    let each = |f: &dyn Fn(&[u8]) -> Tree| {
        Tree::List(bytes.chunks_exact(dtype.size().max(1)).map(f).collect())
    };
    let big = cfg!(target_endian = "big");
    Ok(match dtype {
        DType::Bool => each(&|b| Tree::Bool(b.first() != Some(&0))),
        DType::I64 => each(&|b| Tree::Int(int(&lowest_first(b, big), true))),
        DType::U64 => each(&|b| Tree::Int(int(&lowest_first(b, big), false))),
        DType::F64 => each(&|b| Tree::Float(float(&lowest_first(b, big)))),
        DType::Bytes(_) => each(&|b| Tree::Str(text(b, Pad::Null))),
        _ => return Err(corrupt("a list of other items than it says")),
    })
}

/// An array of these bytes, in the order of this machine.
///
/// # Errors
/// `Corrupt` where they are of another length.
pub(crate) fn inline(dtype: DType, shape: Vec<usize>, bytes: &[u8]) -> Result<Array> {
    Array::new(dtype, shape, copied(dtype, bytes)?)
}
