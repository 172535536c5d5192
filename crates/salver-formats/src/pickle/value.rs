//! What the machine works on.

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Place;

/// A value, by its place among all that were made.
pub(super) type Id = u32;

/// Bytes: in the file, in memory, or both.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) place: Option<Place>,
    pub(super) bytes: Option<Bytes>,
}

/// Functions and types that a pickle may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    /// `numpy._core.numeric._frombuffer`
    FromBuffer,
    /// `numpy._core.multiarray._reconstruct`
    Reconstruct,
    /// `numpy._core.multiarray.scalar`
    Scalar,
    /// `numpy.dtype`
    Dtype,
    /// `numpy.ndarray`
    Ndarray,
    /// `_codecs.encode`
    Encode,
    /// `builtins.set` and `builtins.frozenset`
    Set,
    /// `builtins.bytes` and `builtins.bytearray`
    Bytes,
    /// `builtins.complex`
    Complex,
}

/// NumPy's item type.
#[derive(Debug, Clone)]
pub(super) struct Dtype {
    /// Letter and size: `f4`.
    pub(super) code: String,
    /// `<`, `>`, `|` or `=`.
    pub(super) order: String,
    /// No fields, no subarray, no unit of time.
    pub(super) plain: bool,
}

/// In which order an array's items are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    C,
    Fortran,
    /// C order, with the axes permuted after.
    Axes(Vec<u64>),
}

/// An array; checked only when it is used.
#[derive(Debug, Clone)]
pub(super) struct ArrayNode {
    pub(super) data: Id,
    pub(super) dtype: Id,
    pub(super) shape: Vec<u64>,
    pub(super) order: Order,
}

/// A value that the machine made.
#[derive(Debug, Clone)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i128),
    /// A whole number beyond all that a tree holds.
    Huge,
    Float(f64),
    Complex(f64, f64),
    Str(String),
    Bytes(Box<Blob>),
    /// Text whose characters are bytes: how old protocols spell bytes.
    Latin1(Id),
    /// A set made of this list, or bytes of these bytes.
    Same(Id),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Dtype(Box<Dtype>),
    Array(Box<ArrayNode>),
    /// An array between `_reconstruct` and its state.
    RawArray,
    Scalar {
        dtype: Id,
        data: Id,
    },
}

/// NumPy's limit of axes.
const MAX_AXES: usize = 64;

/// All values, in the order they were made.
#[derive(Debug)]
pub(super) struct Values(Vec<Node>);

impl Values {
    /// The values that need no place of their own.
    pub(super) const NONE: Id = 0;
    /// `False`.
    pub(super) const FALSE: Id = 1;
    /// `True`.
    pub(super) const TRUE: Id = 2;

    pub(super) fn new() -> Self {
        Self(vec![Node::None, Node::Bool(false), Node::Bool(true)])
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] beyond 2³² values.
    pub(super) fn add(&mut self, node: Node) -> Result<Id> {
        let id = Id::try_from(self.0.len()).map_err(|e| {
            let message = "a pickle with too many values";
            Error::new(ErrorKind::Limit, Op("pickle.decode"), message).caused_by(e)
        })?;
        self.0.push(node);
        Ok(id)
    }

    pub(super) fn get(&self, id: Id) -> &Node {
        self.0.get(id as usize).unwrap_or(&Node::None)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.0.get_mut(id as usize)
    }

    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Node::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Text that is a short name.
    pub(super) fn name(&self, id: Id) -> Option<&str> {
        self.text(id).filter(|text| text.len() <= 64)
    }

    /// The numbers of a tuple, or one number.
    pub(super) fn numbers(&self, id: Id) -> Option<Vec<u64>> {
        let number = |id: Id| match self.get(id) {
            Node::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        match self.get(id) {
            Node::Tuple(items) | Node::List(items) if items.len() <= MAX_AXES => {
                items.iter().map(|&item| number(item)).collect()
            }
            _ => number(id).map(|n| vec![n]),
        }
    }
}
