//! From special nodes to plain ones.

use std::borrow::Cow;

use arrow_ipc::writer::StreamWriter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, Map, RefLeaf, Table, Tagged, Tree};

use super::is_word;
use crate::buffer::swap;

const OP: Op = Op("plain.lower");

/// What a node becomes.
pub(crate) enum Lowered<'a> {
    /// The node is plain already.
    Plain,
    /// A map of this one key and value.
    One(&'static str, Tree),
    /// A map of the key `$tag` with the tag's fields; the tree inside is not lowered.
    Tag(&'a Tagged),
}

/// The key of a plain map as it is written: a map of one key that would be read as a special node
/// gets one more `$`.
pub(crate) fn escaped_key(map: &Map) -> Option<String> {
    let key = map.keys().next().filter(|key| map.len() == 1 && is_word(key, 1))?;
    Some(format!("${key}"))
}

/// Spells a special node in plain ones. Lazy arrays and tables are loaded.
///
/// # Errors
/// As the source's of a lazy node.
pub(crate) fn lower(node: &Tree) -> Result<Lowered<'_>> {
    Ok(match node {
        Tree::Bytes(bytes) => Lowered::One("$bytes", Tree::Str(STANDARD.encode(bytes))),
        Tree::Time(ns) => Lowered::One("$time", Tree::from(*ns)),
        Tree::Array(array) => Lowered::One("$array", lower_array(array)?),
        Tree::Table(table) => Lowered::One("$table", lower_table(table)?),
        Tree::Ref(leaf) => Lowered::One("$ref", lower_ref(leaf)),
        Tree::Tagged(tagged) => Lowered::Tag(tagged),
        _ => Lowered::Plain,
    })
}

fn lower_array(array: &Array) -> Result<Tree> {
    let buffer = array.buffer()?;
    let data = little_endian(buffer.as_slice(), array.dtype());
    let mut map = Map::new();
    map.insert("dtype", Tree::Str(array.dtype().to_string()));
    let shape = array.shape().iter().map(|&n| Tree::Int(n as i128));
    map.insert("shape", Tree::List(shape.collect()));
    if let Some(unit) = array.unit() {
        map.insert("unit", Tree::from(unit));
    }
    if let Some(grid) = array.grid() {
        map.insert("grid", Tree::from(grid));
    }
    if array.origin().iter().any(|&o| o != 0) {
        let origin = array.origin().iter().map(|&o| Tree::from(o));
        map.insert("origin", Tree::List(origin.collect()));
    }
    map.insert("data", Tree::Str(STANDARD.encode(data)));
    Ok(Tree::Map(map))
}

/// The bytes of native items as little-endian ones.
fn little_endian(bytes: &[u8], dtype: DType) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytes);
    }
    let mut swapped = bytes.to_vec();
    swap(&mut swapped, dtype.swap_size());
    Cow::Owned(swapped)
}

fn lower_table(table: &Table) -> Result<Tree> {
    let failed = |e| {
        Error::new(ErrorKind::Unsupported, OP, "the table has no Arrow IPC form")
            .caused_by(e)
    };
    let mut out = Vec::new();
    let mut writer = StreamWriter::try_new(&mut out, table.schema()).map_err(failed)?;
    for batch in table.batches()? {
        writer.write(&batch).map_err(failed)?;
    }
    writer.finish().op(ErrorKind::Internal, OP, "the Arrow IPC stream has no end")?;
    drop(writer);
    Ok(Tree::Str(STANDARD.encode(out)))
}

/// A reference as a map.
pub(crate) fn lower_ref(leaf: &RefLeaf) -> Tree {
    let mut map = Map::new();
    map.insert("id", leaf.id.map_or(Tree::Null, |id| Tree::Str(id.to_string())));
    map.insert("dataset_type", Tree::from(leaf.dataset_type.as_str()));
    map.insert("data_id", Tree::Map(leaf.data_id.iter().cloned().collect()));
    let mut text = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            map.insert(key, Tree::from(value.as_str()));
        }
    };
    text("run", &leaf.run);
    text("component", &leaf.component);
    if let Some(parameters) = &leaf.parameters {
        map.insert("parameters", Tree::Map(parameters.clone()));
    }
    if let Some(digest) = &leaf.digest {
        map.insert("digest", Tree::Str(hex(digest)));
    }
    Tree::Map(map)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}
