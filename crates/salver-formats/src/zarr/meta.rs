//! What the metadata of an array say. Source: Zarr core specification 3.0 §Array metadata, version
//! 2 §Arrays.

use std::ops::Range;

use salver_core::{Error, Result};
use salver_tree::{DType, Map, Tree};

use super::codec::{self, Chain};
use super::item::{Declared, Item, corrupt, fill, named, unsupported};

/// Chunks of chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Shape of the chunks inside.
    pub(crate) inner: Vec<usize>,
    /// Whether the index is behind the chunks.
    pub(crate) at_end: bool,
    /// Whether the index ends with a CRC-32C.
    pub(crate) checksum: bool,
}

/// How keys of chunks are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Whether they begin with `c`.
    pub(crate) prefixed: bool,
    /// What stands between numbers.
    pub(crate) separator: char,
    /// Numbers of a key.
    pub(crate) axes: usize,
}

/// An array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArrayMeta {
    pub(crate) item: Item,
    /// Lengths of the axes; items of raw bytes have one more.
    pub(crate) shape: Vec<usize>,
    /// Shape of what a key names: a chunk, or a shard.
    pub(crate) outer: Vec<usize>,
    pub(crate) shard: Option<Shard>,
    /// One item.
    pub(crate) fill: Vec<u8>,
    pub(crate) chain: Chain,
    pub(crate) keys: Keys,
    /// Unit that the type says.
    pub(crate) unit: Option<String>,
    pub(crate) dimensions: Option<Vec<Option<String>>>,
}

/// Whole numbers of a list that are not negative.
///
/// # Errors
/// `Corrupt` where they are not.
pub(crate) fn lengths(node: &Tree) -> Result<Vec<usize>> {
    let wrong = || corrupt("not a list of lengths");
    let Tree::List(items) = node else { return Err(wrong()) };
    let number = |i: &Tree| i.as_int().and_then(|n| usize::try_from(n).ok());
    items.iter().map(number).collect::<Option<_>>().ok_or_else(wrong)
}

fn need<'a>(map: &'a Map, key: &'static str) -> Result<&'a Tree> {
    map.get(key)
        .ok_or_else(|| corrupt("an array's metadata lack a word").with("word", key))
}

/// The dimensions' names, where there are as many as axes.
fn dimensions(node: Option<&Tree>, axes: usize) -> Option<Vec<Option<String>>> {
    let Some(Tree::List(names)) = node else { return None };
    let names = names.iter().map(|n| n.as_str().map(str::to_owned));
    Some(names.collect::<Vec<_>>()).filter(|names| names.len() == axes)
}

impl ArrayMeta {
    /// Reads `zarr.json`.
    ///
    /// # Errors
    /// `Unsupported` for types, codecs and extensions that are not known; `Corrupt` where the
    /// metadata make no array.
    pub(crate) fn version_3(array: &Map) -> Result<Self> {
        let declared = Declared::version_3(need(array, "data_type")?)?;
        let shape = lengths(need(array, "shape")?)?;
        let (grid, settings) = named(need(array, "chunk_grid")?)
            .ok_or_else(|| corrupt("a chunk grid without a name"))?;
        let outer = settings.and_then(|s| s.get("chunk_shape"));
        let outer = match (grid, outer) {
            ("regular", Some(outer)) => lengths(outer)?,
            _ => {
                return Err(
                    unsupported("a chunk grid that is not regular").with("grid", grid)
                );
            }
        };
        if let Some(Tree::List(more)) = array.get("storage_transformers")
            && !more.is_empty()
        {
            return Err(unsupported("storage transformers"));
        }
        let keys = keys(array.get("chunk_key_encoding"), shape.len())?;
        let parsed =
            codec::version_3(need(array, "codecs")?, declared.item, shape.len())?;
        let fill = fill(declared.item, array.get("fill_value").unwrap_or(&Tree::Null))?;
        let dimensions = dimensions(array.get("dimension_names"), shape.len());
        let Declared { item, unit, .. } = declared;
        let (chain, shard) = (parsed.chain, parsed.shard);
        Self { item, shape, outer, shard, fill, chain, keys, unit, dimensions }.checked()
    }

    /// Reads `.zarray`, with the attributes beside it (xarray names dimensions there).
    ///
    /// # Errors
    /// As [`ArrayMeta::version_3`].
    pub(crate) fn version_2(array: &Map, attributes: &Map) -> Result<Self> {
        let declared = Declared::version_2(need(array, "dtype")?)?;
        let shape = lengths(need(array, "shape")?)?;
        let outer = lengths(need(array, "chunks")?)?;
        let (mut chain, item) = codec::version_2(array, declared.item, shape.len())?;
        chain.big_endian = declared.big_endian;
        let separator = match array.get("dimension_separator").and_then(Tree::as_str) {
            Some("/") => '/',
            _ => '.',
        };
        let keys = Keys { prefixed: false, separator, axes: shape.len() };
        let fill = fill(item, array.get("fill_value").unwrap_or(&Tree::Null))?;
        let dimensions = dimensions(attributes.get("_ARRAY_DIMENSIONS"), shape.len());
        let unit = declared.unit;
        Self { item, shape, outer, shard: None, fill, chain, keys, unit, dimensions }
            .checked()
    }

    /// Adds the axis of raw bytes, and checks that shapes fit together.
    fn checked(mut self) -> Result<Self> {
        if let Item::Raw(n) = self.item {
            self.shape.push(n);
            self.outer.push(n.max(1));
            if let Some(shard) = &mut self.shard
                && let Some(last) = shard.inner.last_mut()
            {
                *last = n.max(1);
            }
        }
        let whole = |n: &[usize]| n.len() == self.shape.len() && !n.contains(&0);
        let inner = self.inner();
        let fits = self.outer.iter().zip(inner).all(|(o, i)| o.is_multiple_of(*i));
        if !whole(&self.outer) || !whole(inner) || !fits {
            return Err(corrupt("chunks that do not fit the array's shape")
                .with("shape", list(&self.shape))
                .with("chunk", list(&self.outer))
                .with("inner", list(inner)));
        }
        let size = self.item.dtype().map_or(1, DType::size);
        let bytes = |n: &[usize]| n.iter().try_fold(size, |all, &n| all.checked_mul(n));
        if bytes(&self.shape).is_none() || bytes(&self.outer).is_none() {
            return Err(corrupt("an array larger than memory can be")
                .with("shape", list(&self.shape)));
        }
        Ok(self)
    }

    /// Shape of the chunks that are encoded on their own.
    pub(crate) fn inner(&self) -> &[usize] {
        self.shard.as_ref().map_or(&self.outer, |shard| &shard.inner)
    }

    /// Numbers of outer chunks along the axes.
    pub(crate) fn outer_counts(&self) -> Vec<usize> {
        counts(&self.shape, &self.outer)
    }

    /// The outer chunk that a key names, where it is one of the grid.
    pub(crate) fn chunk_of(&self, key: &str) -> Option<Vec<usize>> {
        let counts = self.outer_counts();
        let mut rest = key;
        if self.keys.prefixed {
            rest = rest.strip_prefix('c')?;
            if self.keys.axes > 0 {
                rest = rest.strip_prefix(self.keys.separator)?;
            }
        } else if self.keys.axes == 0 {
            rest = rest.strip_prefix('0')?;
        }
        let mut at: Vec<usize> = if self.keys.axes == 0 {
            if !rest.is_empty() {
                return None;
            }
            Vec::new()
        } else {
            rest.split(self.keys.separator).map(plain_number).collect::<Option<_>>()?
        };
        if at.len() != self.keys.axes {
            return None;
        }
        at.resize(self.shape.len(), 0);
        at.iter().zip(&counts).all(|(i, n)| i < n).then_some(at)
    }
}

/// Digits without a sign.
fn plain_number(text: &str) -> Option<usize> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

fn keys(node: Option<&Tree>, axes: usize) -> Result<Keys> {
    let (name, settings) = node.and_then(named).unwrap_or(("default", None));
    let given = settings.and_then(|s| s.get("separator")).and_then(Tree::as_str);
    let (prefixed, usual) = match name {
        "default" => (true, '/'),
        "v2" => (false, '.'),
        _ => return Err(unsupported("an encoding of chunk keys").with("encoding", name)),
    };
    let separator = match given {
        Some("/") => '/',
        Some(".") => '.',
        _ => usual,
    };
    Ok(Keys { prefixed, separator, axes })
}

/// Numbers of chunks along the axes.
pub(crate) fn counts(shape: &[usize], chunk: &[usize]) -> Vec<usize> {
    shape.iter().zip(chunk).map(|(n, c)| n.div_ceil((*c).max(1))).collect()
}

/// Numbers as text, for messages.
pub(crate) fn list(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    format!("[{}]", numbers.join(", "))
}

/// All of an array, as a box.
pub(crate) fn all_of(shape: &[usize]) -> Vec<Range<usize>> {
    shape.iter().map(|&n| 0..n).collect()
}

/// Adds the node to an error.
pub(crate) fn at_node(error: Error, node: &str) -> Error {
    error.with("node", if node.is_empty() { "(root)" } else { node })
}
