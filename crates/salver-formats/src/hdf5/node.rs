//! The nodes of a file as the index keeps them: a list, each with the places of its members in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{ArrayPart, DType, Tree};
use serde::{Deserialize, Serialize};

use super::array::Stored;
use super::low::datatype::Datatype;
use super::low::file::Widths;
use super::table::Columns;
use crate::Json;

const OP: Op = Op("hdf5.decode");

/// What the items of a dataset become that is no array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    /// What the type says.
    Value,
    /// A list of scalars.
    List,
    /// Bytes.
    Bytes,
    /// Text that is kept as bytes.
    Str,
}

/// A dataset that is read as one piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub how: How,
    pub datatype: Datatype,
    pub part: ArrayPart,
    pub stored: Stored,
}

/// A node; members are numbers of nodes that come before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i128),
    /// The bits.
    Float(u64),
    Str(String),
    /// In base64.
    Bytes(String),
    Time(i64),
    /// As JSON.
    Ref(String),
    List(Vec<usize>),
    Map(Vec<(String, usize)>),
    Tagged {
        name: String,
        version: u32,
        node: usize,
    },
    /// A small array: type, shape, and items in base64, little-endian.
    Inline {
        dtype: String,
        shape: Vec<usize>,
        data: String,
    },
    /// An array of the index.
    Array {
        stored: Box<Stored>,
        unit: Option<String>,
    },
    Table(Box<Columns>),
    Piece(Box<Piece>),
}

/// All that the index keeps for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Skeleton {
    pub widths: Widths,
    pub nodes: Vec<Node>,
}

impl Skeleton {
    /// The last node is the root.
    pub(crate) fn root(&self) -> Option<usize> {
        self.nodes.len().checked_sub(1)
    }

    /// A member of a node, which must come before it.
    pub(crate) fn node(&self, number: usize, before: usize) -> Result<&Node> {
        let node = self.nodes.get(number).filter(|_| number < before);
        node.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, OP, "the index is not of this format")
        })
    }
}

/// Puts a value into the list, and gives its number.
///
/// # Errors
/// As a lazy node's; there is none in what is read here.
pub(crate) fn push(nodes: &mut Vec<Node>, tree: &Tree) -> Result<usize> {
    let node = match tree {
        Tree::Bool(b) => Node::Bool(*b),
        Tree::Int(i) => Node::Int(*i),
        Tree::Float(x) => Node::Float(x.to_bits()),
        Tree::Str(s) => Node::Str(s.clone()),
        Tree::Bytes(b) => Node::Bytes(STANDARD.encode(b)),
        Tree::Time(t) => Node::Time(*t),
        Tree::List(items) => {
            let items = items.iter().map(|item| push(nodes, item));
            Node::List(items.collect::<Result<_>>()?)
        }
        Tree::Map(map) => {
            let items =
                map.iter().map(|(k, item)| Ok((k.to_owned(), push(nodes, item)?)));
            Node::Map(items.collect::<Result<_>>()?)
        }
        Tree::Tagged(tagged) => {
            let node = push(nodes, &tagged.tree)?;
            Node::Tagged { name: tagged.name.clone(), version: tagged.version, node }
        }
        Tree::Array(array) => {
            let mut data = array.buffer()?.as_slice().to_vec();
            if cfg!(target_endian = "big") {
                crate::buffer::swap(&mut data, array.dtype().swap_size());
            }
            Node::Inline {
                dtype: array.dtype().to_string(),
                shape: array.shape().to_vec(),
                data: STANDARD.encode(data),
            }
        }
        Tree::Ref(_) => Node::Ref(Json::render(tree)?),
        _ => Node::Null,
    };
    nodes.push(node);
    Ok(nodes.len() - 1)
}

/// A small array of the index.
///
/// # Errors
/// `Corrupt` where the index is damaged.
pub(crate) fn inline(dtype: &str, shape: &[usize], data: &str) -> Result<Tree> {
    let dtype: DType = dtype.parse()?;
    let message = "the index is not of this format";
    let mut bytes = STANDARD.decode(data).op(ErrorKind::Corrupt, OP, message)?;
    if cfg!(target_endian = "big") {
        crate::buffer::swap(&mut bytes, dtype.swap_size());
    }
    let array = super::value::inline(dtype, shape.to_vec(), &bytes);
    Ok(Tree::Array(array.op(ErrorKind::Corrupt, OP, message)?))
}

/// Bytes of the index.
///
/// # Errors
/// `Corrupt` where the index is damaged.
pub(crate) fn bytes(data: &str) -> Result<Vec<u8>> {
    STANDARD.decode(data).op(ErrorKind::Corrupt, OP, "the index is not of this format")
}
