//! What formats share that keep one document in one piece: JSON, YAML and pickle.

use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{
    Capabilities, EncodeOptions, Kind, PartIndex, PartKind, Place, Select, Source, Tree,
};

/// Nesting deeper than this is refused in reading and in writing: it would need a deep stack.
pub(crate) const MAX_DEPTH: usize = 512;

/// All kinds of nodes.
const KINDS: &[Kind] = &[
    Kind::Null,
    Kind::Bool,
    Kind::Int,
    Kind::Float,
    Kind::Str,
    Kind::Bytes,
    Kind::Time,
    Kind::List,
    Kind::Map,
    Kind::Array,
    Kind::Table,
    Kind::Ref,
    Kind::Tagged,
];

/// A text format holds a tree of any shape, and reads it whole.
pub(crate) const CAPABILITIES: Capabilities = Capabilities {
    kinds: KINDS,
    roots: KINDS,
    dtypes: None,
    nesting: true,
    range_reads: false,
    compressions: &[],
};

/// The index of a document: one piece.
pub(crate) fn index(format: &str, length: u64) -> PartIndex {
    let mut index = PartIndex::new(format, length);
    let place = Place { offset: 0, len: length };
    index.parts.insert(String::new(), PartKind::Tree(place));
    index
}

/// All bytes of a source.
///
/// # Errors
/// As the source's.
pub(crate) fn bytes(source: &Arc<dyn Source>) -> Result<Bytes> {
    let pieces = source.read(&[0..source.len()])?;
    Ok(pieces.into_iter().next().unwrap_or_default())
}

/// The part of a decoded document that is selected. A box, columns and filters apply to arrays and
/// tables in it.
///
/// # Errors
/// [`ErrorKind::NotFound`] for a part that is not there; as the cuts'.
pub(crate) fn select(tree: Tree, select: &Select) -> Result<Tree> {
    let tree = match select.part.as_deref() {
        None | Some("") => tree,
        Some(path) => tree.at(path)?.clone(),
    };
    if select.region.is_none() && select.columns.is_none() && select.filters.is_empty() {
        return Ok(tree);
    }
    tree.cut(select)
}

/// Refuses options that say how chunks are stored.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where there is one.
pub(crate) fn refuse_compression(op: Op, options: &EncodeOptions) -> Result<()> {
    match &options.compression {
        Some(name) if name != "none" => {
            let message = "the format has no compression";
            Err(Error::new(ErrorKind::Unsupported, op, message).with("compression", name))
        }
        _ => Ok(()),
    }
}

/// The error for an option that a format does not know.
pub(crate) fn unknown_option(op: Op, key: &str, value: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, op, "an option that the format does not know")
        .with("option", format_args!("{key}={value}"))
}

/// The error for a tree that is nested too deep.
pub(crate) fn too_deep(kind: ErrorKind, op: Op) -> Error {
    Error::new(kind, op, "nested too deep").with("limit", MAX_DEPTH)
}

/// Refuses options where a format has none.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] where there is one.
pub(crate) fn refuse_extra(op: Op, options: &EncodeOptions) -> Result<()> {
    match options.extra.iter().next() {
        Some((key, value)) => Err(unknown_option(op, key, value)),
        None => Ok(()),
    }
}

/// Refuses the parts of an artifact that is one node.
///
/// # Errors
/// [`ErrorKind::NotFound`] for any path but the root.
pub(crate) fn root_only(op: Op, select: &Select) -> Result<()> {
    match select.part.as_deref() {
        None | Some("") => Ok(()),
        Some(path) => {
            let message = "the artifact is one node and has no parts";
            Err(Error::new(ErrorKind::NotFound, op, message).with("part", path))
        }
    }
}
