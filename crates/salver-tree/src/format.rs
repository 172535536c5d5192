//! The trait that formats implement.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};

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

impl Capabilities {
    /// Checks that a tree fits: node kinds, the root's kind, item types, nesting.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], naming the first node that does not fit and why.
    pub fn check(&self, op: Op, tree: &Tree) -> Result<()> {
        let root = tree.untagged().kind();
        if !self.roots.contains(&root) {
            return Err(self.misfit(
                op,
                "",
                "the format does not hold such a root",
                root,
            ));
        }
        self.check_node(op, tree, &mut String::new())
    }

    fn misfit(
        &self,
        op: Op,
        path: &str,
        message: &str,
        found: impl fmt::Display,
    ) -> Error {
        let kinds: Vec<String> = self.kinds.iter().map(Kind::to_string).collect();
        Error::new(ErrorKind::Unsupported, op, message)
            .with("node", if path.is_empty() { "(root)" } else { path })
            .with("found", found)
            .hint(format!("the format holds {}", kinds.join(", ")))
    }

    fn check_node(&self, op: Op, node: &Tree, path: &mut String) -> Result<()> {
        if !self.kinds.contains(&node.kind()) {
            let message = "the format does not hold such a node";
            return Err(self.misfit(op, path, message, node.kind()));
        }
        let length = path.len();
        let inside = |path: &mut String, step: &str, node: &Tree| {
            if !self.nesting && matches!(node.untagged(), Tree::Map(_) | Tree::List(_)) {
                let message = "the format does not nest maps and lists";
                return Err(self.misfit(op, path, message, node.kind()));
            }
            path.push('/');
            path.push_str(&crate::path::escape(step));
            self.check_node(op, node, path)?;
            path.truncate(length);
            Ok(())
        };
        match node {
            Tree::Tagged(tagged) => self.check_node(op, &tagged.tree, path),
            Tree::Map(map) => {
                map.iter().try_for_each(|(key, node)| inside(path, key, node))
            }
            Tree::List(items) => {
                let mut each = items.iter().enumerate();
                each.try_for_each(|(i, node)| match node {
                    // numbers of a long list need no path
                    Tree::Int(_) | Tree::Float(_)
                        if self.kinds.contains(&node.kind()) =>
                    {
                        Ok(())
                    }
                    node => inside(path, &i.to_string(), node),
                })
            }
            Tree::Array(array) => match self.dtypes {
                Some(held) if !held.contains(&array.dtype()) => {
                    let message = "the format does not hold arrays of this type";
                    Err(self.misfit(op, path, message, array.dtype()))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
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
/// 7. `decode` of a part is the node that is there in the whole, its tags included.
/// 8. `decode` takes no more memory than `Select::limits` allows (`PartIndex::admit`); what is
///    beyond is `ErrorKind::Limit`, naming the node and the bytes wanted.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    #[test]
    fn a_tree_that_does_not_fit_names_the_node() {
        let mut able = Capabilities {
            kinds: &[Kind::Map, Kind::List, Kind::Int],
            roots: &[Kind::Map],
            dtypes: None,
            nesting: true,
            range_reads: false,
            compressions: &[],
        };
        let list = Tree::List(vec![Tree::from(1), Tree::Null]);
        let tree = Tree::Map(Map::from_iter([("a/b".to_owned(), list)]));
        let op = Op("test");
        let error = able.check(op, &tree).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("node: /a~1b/1, found: null"), "{error}");
        assert!(able.check(op, &Tree::from(1)).is_err());
        able.nesting = false;
        let error = able.check(op, &tree).unwrap_err();
        assert!(error.to_string().contains("does not nest"), "{error}");
    }
}
