//! From the machine's values to a tree.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, DType, Map, Place, Source, Tree};

use super::value::{ArrayNode, Blob, Dtype, Id, Node, Order, Values};
use crate::buffer::{copied, filled};
use crate::document::{MAX_DEPTH, too_deep};
use crate::numpy::{Run, Stored, permute, read_run, to_native};

const OP: Op = Op("pickle.decode");

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message)
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// The run of bytes of an array that is the root of a pickle, if it is one whose data are in the
/// file as they are.
///
/// # Errors
/// As [`Builder::tree`].
pub(super) fn root_run(values: &Values, root: Id) -> Result<Option<Run>> {
    let Node::Array(array) = values.get(root) else { return Ok(None) };
    let Node::Bytes(blob) = resolve(values, array.data) else { return Ok(None) };
    let (Some(place), Order::C | Order::Fortran) = (blob.place, &array.order) else {
        return Ok(None);
    };
    Ok(Some(run_of(values, array, place)?))
}

/// What a value is the same as.
fn resolve(values: &Values, mut id: Id) -> &Node {
    // each step leads to a value made before
    while let Node::Same(earlier) = values.get(id) {
        if *earlier >= id {
            break;
        }
        id = *earlier;
    }
    values.get(id)
}

fn stored(values: &Values, dtype: Id) -> Result<Stored> {
    let Node::Dtype(dtype) = values.get(dtype) else {
        return Err(corrupt("an array without an item type"));
    };
    let Dtype { code, order, plain } = dtype.as_ref();
    if !plain {
        return Err(unsupported("an item type with fields or units").with("dtype", code));
    }
    Stored::parse(&format!("{order}{code}"))
}

fn run_of(values: &Values, array: &ArrayNode, place: Place) -> Result<Run> {
    Ok(Run {
        stored: stored(values, array.dtype)?,
        shape: array.shape.clone(),
        fortran: array.order == Order::Fortran,
        place,
    })
}

/// Makes one tree.
pub(super) struct Builder<'a> {
    values: &'a Values,
    source: &'a Arc<dyn Source>,
    depth: usize,
    /// Bytes that may still be made of values that are used again and again.
    budget: u64,
    /// Arrays and bytes that were read already.
    arrays: HashMap<Id, Array>,
    blobs: HashMap<Id, Bytes>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(values: &'a Values, source: &'a Arc<dyn Source>) -> Self {
        let budget = source.len().saturating_mul(64).saturating_add(1 << 16);
        let (arrays, blobs) = (HashMap::new(), HashMap::new());
        Self { values, source, depth: 0, budget, arrays, blobs }
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.budget.checked_sub(bytes as u64);
        self.budget = left.ok_or_else(|| {
            let message = "the pickle unfolds to far more than its length";
            Error::new(ErrorKind::Limit, OP, message)
        })?;
        Ok(())
    }

    /// The tree of a value.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for values that a tree does not hold, [`ErrorKind::Corrupt`] for
    /// arrays whose bytes do not fit, [`ErrorKind::Limit`] for a pickle that is made to unfold.
    pub(super) fn tree(&mut self, id: Id) -> Result<Tree> {
        self.spend(size_of::<Tree>())?;
        let values = self.values;
        Ok(match resolve(values, id) {
            Node::None => Tree::Null,
            Node::Bool(value) => Tree::Bool(*value),
            Node::Int(number) => Tree::int(*number).map_err(|e| huge().caused_by(e))?,
            Node::Huge => return Err(huge()),
            Node::Float(number) => Tree::Float(*number),
            Node::Complex(re, im) => complex(*re, *im)?,
            Node::Str(text) => {
                self.spend(text.len())?;
                Tree::Str(text.clone())
            }
            Node::Bytes(_) | Node::Latin1(_) => Tree::Bytes(self.bytes(id)?),
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => self
                .nested(|b| items.iter().map(|&item| b.tree(item)).collect())
                .map(Tree::List)?,
            Node::Dict(pairs) => self.nested(|b| b.dict(pairs)).map(Tree::Map)?,
            Node::Array(array) => Tree::Array(self.array(id, array)?),
            Node::Scalar { dtype, data } => self.scalar(*dtype, *data)?,
            Node::RawArray => return Err(corrupt("an array without its data")),
            Node::Global(_) | Node::Dtype(_) | Node::Same(_) => {
                return Err(unsupported("a function or a type is no value of a tree"));
            }
        })
    }

    fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(ErrorKind::Corrupt, OP));
        }
        self.depth += 1;
        let built = build(self)?;
        self.depth -= 1;
        Ok(built)
    }

    fn dict(&mut self, pairs: &[(Id, Id)]) -> Result<Map> {
        let mut map = Map::new();
        for &(key, value) in pairs {
            let Node::Str(key) = self.values.get(key) else {
                return Err(unsupported("a dict whose keys are not text"));
            };
            self.spend(key.len() + size_of::<String>())?;
            let value = self.tree(value)?;
            map.insert(key.clone(), value);
        }
        Ok(map)
    }

    /// The bytes of a value that is bytes.
    fn bytes(&mut self, id: Id) -> Result<Bytes> {
        if let Some(bytes) = self.blobs.get(&id) {
            return Ok(bytes.clone());
        }
        let bytes = match resolve(self.values, id) {
            Node::Bytes(blob) => self.blob(blob)?,
            Node::Latin1(text) => {
                let text = self.values.text(*text).unwrap_or_default();
                let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
                let bytes = bytes
                    .map_err(|e| corrupt("text that is not Latin-1").caused_by(e))?;
                self.spend(bytes.len())?;
                bytes.into()
            }
            // Python 2's text
            Node::Str(text) => {
                self.spend(text.len())?;
                text.clone().into_bytes().into()
            }
            _ => return Err(corrupt("an array or a scalar without bytes")),
        };
        self.blobs.insert(id, bytes.clone());
        Ok(bytes)
    }

    fn blob(&mut self, blob: &Blob) -> Result<Bytes> {
        match (&blob.bytes, blob.place) {
            (Some(bytes), _) => Ok(bytes.clone()),
            (None, Some(place)) => {
                self.spend(usize::try_from(place.len).unwrap_or(usize::MAX))?;
                let pieces = self.source.read(&[place.range()])?;
                Ok(pieces.into_iter().next().unwrap_or_default())
            }
            (None, None) => Ok(Bytes::new()),
        }
    }

    fn array(&mut self, id: Id, array: &ArrayNode) -> Result<Array> {
        if let Some(array) = self.arrays.get(&id) {
            return Ok(array.clone());
        }
        let place = match resolve(self.values, array.data) {
            Node::Bytes(blob) if blob.bytes.is_none() => blob.place,
            _ => None,
        };
        let made = match place {
            Some(place) => {
                self.spend(usize::try_from(place.len).unwrap_or(usize::MAX))?;
                let run = run_of(self.values, array, place)?;
                run.check(self.source.len())?;
                let read = read_run(&run, self.source)?;
                permuted(read, &array.order)?
            }
            None => self.small_array(array)?,
        };
        self.arrays.insert(id, made.clone());
        Ok(made)
    }

    /// An array whose bytes are in memory already.
    fn small_array(&mut self, array: &ArrayNode) -> Result<Array> {
        // objects have a list in place of bytes: refuse them by their type
        stored(self.values, array.dtype)?;
        let bytes = self.bytes(array.data)?;
        self.spend(bytes.len())?;
        let length = bytes.len() as u64;
        let run = run_of(self.values, array, Place { offset: 0, len: length })?;
        let memory: Arc<dyn Source> = Arc::new(salver_tree::MemorySource::new(bytes));
        run.check(length)?;
        permuted(read_run(&run, &memory)?, &array.order)
    }

    fn scalar(&mut self, dtype: Id, data: Id) -> Result<Tree> {
        let stored = stored(self.values, dtype)?;
        let bytes = self.bytes(data)?;
        if bytes.len() != stored.dtype.size() {
            return Err(corrupt("a NumPy scalar of another length than its type"));
        }
        self.spend(bytes.len())?;
        let mut item = bytes.to_vec();
        to_native(&mut item, stored);
        plain(stored.dtype, &item)
    }
}

fn huge() -> Error {
    unsupported("a whole number too large").hint("whole numbers are −2⁶³ … 2⁶⁴−1")
}

fn complex(re: f64, im: f64) -> Result<Tree> {
    let buffer = copied(DType::C128, bytemuck::bytes_of(&[re, im]))?;
    Ok(Tree::Array(Array::new(DType::C128, Vec::new(), buffer)?))
}

/// An array with its axes in the order that its pickle asks for.
fn permuted(array: Array, order: &Order) -> Result<Array> {
    let Order::Axes(axes) = order else { return Ok(array) };
    let axes: Vec<usize> =
        axes.iter().map(|&axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect();
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..array.shape().len()) {
        return Err(corrupt("an order of axes that is none"));
    }
    let from = array.buffer()?;
    let buffer = filled(array.dtype(), from.len(), |out| {
        permute(&from, out, array.dtype().size(), (array.shape(), &axes));
        Ok(())
    })?;
    let shape =
        axes.iter().filter_map(|&axis| array.shape().get(axis).copied()).collect();
    Array::new(array.dtype(), shape, buffer)
}

/// A NumPy scalar, in this machine's order, as a plain value.
fn plain(dtype: DType, item: &[u8]) -> Result<Tree> {
    fn read<T: bytemuck::AnyBitPattern>(item: &[u8]) -> Result<T> {
        bytemuck::try_pod_read_unaligned(item)
            .map_err(|e| corrupt("a NumPy scalar of another length").with("because", e))
    }
    Ok(match dtype {
        DType::Bool => Tree::Bool(item.first().is_some_and(|&b| b != 0)),
        DType::I8 => Tree::Int(read::<i8>(item)?.into()),
        DType::I16 => Tree::Int(read::<i16>(item)?.into()),
        DType::I32 => Tree::Int(read::<i32>(item)?.into()),
        DType::I64 => Tree::Int(read::<i64>(item)?.into()),
        DType::U8 => Tree::Int(read::<u8>(item)?.into()),
        DType::U16 => Tree::Int(read::<u16>(item)?.into()),
        DType::U32 => Tree::Int(read::<u32>(item)?.into()),
        DType::U64 => Tree::Int(read::<u64>(item)?.into()),
        DType::F16 => Tree::Float(read::<half::f16>(item)?.into()),
        DType::F32 => Tree::Float(read::<f32>(item)?.into()),
        DType::F64 => Tree::Float(read(item)?),
        DType::C64 => {
            let [re, im] = read::<[f32; 2]>(item)?;
            complex(re.into(), im.into())?
        }
        DType::C128 => {
            let [re, im] = read(item)?;
            complex(re, im)?
        }
        DType::Text(_) => {
            let unit = |b: &[u8]| b.try_into().map_or(0, u32::from_ne_bytes);
            let chars = item.chunks_exact(4).map(|b| char::from_u32(unit(b)));
            let text: Option<String> = chars.collect();
            let text = text.ok_or_else(|| corrupt("text that is not Unicode"))?;
            Tree::Str(text.trim_end_matches('\0').to_owned())
        }
        _ => Tree::Bytes(Bytes::copy_from_slice(item)),
    })
}
