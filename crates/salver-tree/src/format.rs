//! The trait that formats implement.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use salver_core::Result;

use crate::{DType, PartIndex, Select, Source, Tree};

/// The kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// [`Tree::Null`].
    Null,
    /// [`Tree::Bool`].
    Bool,
    /// [`Tree::Int`].
    Int,
    /// [`Tree::Float`].
    Float,
    /// [`Tree::Str`].
    Str,
    /// [`Tree::Bytes`].
    Bytes,
    /// [`Tree::Time`].
    Time,
    /// [`Tree::List`].
    List,
    /// [`Tree::Map`].
    Map,
    /// [`Tree::Array`].
    Array,
    /// [`Tree::Table`].
    Table,
    /// [`Tree::Ref`].
    Ref,
    /// [`Tree::Tagged`].
    Tagged,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::Time => "time",
            Self::List => "list",
            Self::Map => "map",
            Self::Array => "array",
            Self::Table => "table",
            Self::Ref => "ref",
            Self::Tagged => "tagged",
        })
    }
}

/// What a format can hold and do.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Node kinds it holds at all.
    pub kinds: &'static [Kind],
    /// Node kinds that may be the root.
    pub roots: &'static [Kind],
    /// Item types of arrays it holds; `None` is all.
    pub dtypes: Option<&'static [DType]>,
    /// Whether maps and lists nest freely.
    pub nesting: bool,
    /// Whether a part or a box is read without the rest.
    pub range_reads: bool,
    /// Names of compressions that `EncodeOptions::compression` may ask for.
    pub compressions: &'static [&'static str],
}

/// How to encode: the recipe of a layout entry. Unknown extras are an error of the format.
#[derive(Debug, Clone, Default)]
pub struct EncodeOptions {
    /// Compression, by name; `None` is the format's default.
    pub compression: Option<String>,
    /// Tile or chunk shape, slowest axis first.
    pub tile: Option<Vec<u64>>,
    /// Further settings of the format (quantisation, dither seed, …).
    pub extra: BTreeMap<String, String>,
}

/// Where encoded bytes go: in order, and once.
pub trait Sink {
    /// Appends bytes.
    ///
    /// # Errors
    /// `ErrorKind::Io` (`Limit` where the disk is full) when they could not be taken.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Bytes taken so far.
    fn written(&self) -> u64;
}

impl Sink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn written(&self) -> u64 {
        self.len() as u64
    }
}

/// A format: tree ↔ bytes.
///
/// # Contract
/// 1. `encode` writes nothing that `capabilities` does not allow; a tree that does not fit is
///    `ErrorKind::Unsupported`, raised before the first byte is written, naming the node's path and
///    kind or item type.
/// 2. `decode(index, Select::all(), source)` of what `encode` wrote equals the tree, up to what the
///    format's docs say it loses.
/// 3. The index that `encode` returns equals `index` of the written bytes.
/// 4. `decode` reads only bytes of `ranges(index, select)` where `range_reads` is set.
/// 5. Any bytes at all give a value or an error, never a panic, and never an allocation larger than
///    a small multiple of the source's length or of the selected output that the source backs.
/// 6. A decoded array is in memory, native byte order, C order, in a buffer that `Vec` allocated
///    (so that its consumer can own it), unless `Select::lazy` asked to leave it.
pub trait Format: fmt::Debug + Send + Sync {
    /// The name: `fits`, `parquet`, ….
    fn name(&self) -> &'static str;

    /// What it can hold and do.
    fn capabilities(&self) -> Capabilities;

    /// Writes a tree.
    ///
    /// # Errors
    /// `ErrorKind::Unsupported` for a tree that does not fit; as the sink's.
    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex>;

    /// Finds the parts of an artifact.
    ///
    /// # Errors
    /// `ErrorKind::Corrupt` where the bytes are not of this format; as the source's.
    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex>;

    /// Reads what is selected.
    ///
    /// # Errors
    /// `ErrorKind::NotFound` for a part that is not there, `Corrupt` for damaged bytes; as the source's.
    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree>;
}
