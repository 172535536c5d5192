//! NumPy arrays ↔ arrays of the tree, without copies where memory allows.

use arrow_buffer::{ArrowNativeType, Buffer};
use bytes::Bytes;
use numpy::{Element, PyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use salver_core::{Error, ErrorKind, Op};
use salver_tree::{Array, ArrayData, DType, Tree};

use crate::errors::{ToPy, raise};
use crate::interrupt::detached;

/// The memory of a NumPy array, kept alive by the array.
#[derive(Debug)]
struct Memory {
    start: *const u8,
    len: usize,
    _owner: Py<PyAny>,
}

#[expect(
    unsafe_code,
    reason = "NumPy's memory is read through a pointer while its owner is held"
)]
mod memory {
    use super::{Bound, Memory, Py, PyAny, PyUntypedArray, PyUntypedArrayMethods};

    // SAFETY: the pointer is to memory that `_owner` keeps alive, and is only read; `Py` may be
    // dropped on any thread.
    unsafe impl Send for Memory {}
    // SAFETY: as above.
    unsafe impl Sync for Memory {}

    impl AsRef<[u8]> for Memory {
        fn as_ref(&self) -> &[u8] {
            if self.len == 0 {
                return &[];
            }
            // SAFETY: NumPy says that `len` bytes are there, contiguous, and `_owner` holds them.
            unsafe { std::slice::from_raw_parts(self.start, self.len) }
        }
    }

    /// The memory of a C-contiguous array of `len` bytes.
    pub(super) fn of(array: &Bound<'_, PyUntypedArray>, len: usize) -> Memory {
        // SAFETY: the pointer is to a live array object, whose first member is its data pointer.
        let start = unsafe { (*array.as_array_ptr()).data };
        let owner: Py<PyAny> = array.clone().into_any().unbind();
        Memory { start: start.cast::<u8>(), len, _owner: owner }
    }
}

/// The array of the tree that reads a NumPy array's memory; an array that is not contiguous or not
/// native is copied first. `None` for item types that only an assembler knows (records, objects).
pub(super) fn from_numpy(object: &Bound<'_, PyAny>) -> PyResult<Option<Tree>> {
    let py = object.py();
    let dtype = object.getattr(intern!(py, "dtype"))?;
    let Some(item) = item_type(&dtype)? else { return Ok(None) };
    let mut array = object.clone();
    let native: bool = dtype.getattr(intern!(py, "isnative"))?.extract()?;
    if !native {
        let wanted = dtype.call_method1(intern!(py, "newbyteorder"), ("=",))?;
        array = array.call_method1(intern!(py, "astype"), (wanted,))?;
    }
    let shape: Vec<usize> = array.getattr(intern!(py, "shape"))?.extract()?;
    if !array.cast::<PyUntypedArray>()?.is_c_contiguous() {
        array = array.call_method1(intern!(py, "copy"), ("C",))?;
    }
    let len = item.size() * shape.iter().product::<usize>();
    if len == 0 {
        // NumPy's pointer to nothing may have any alignment
        let empty = Buffer::from_vec(Vec::<u64>::new());
        return Array::new(item, shape, empty).to_py(py).map(|a| Some(Tree::Array(a)));
    }
    let memory = memory::of(array.cast::<PyUntypedArray>()?, len);
    let buffer = Buffer::from(Bytes::from_owner(memory));
    Array::new(item, shape, buffer).to_py(py).map(|array| Some(Tree::Array(array)))
}

/// The item type of a NumPy dtype; `None` where the tree has none.
fn item_type(dtype: &Bound<'_, PyAny>) -> PyResult<Option<DType>> {
    let py = dtype.py();
    let kind: char = dtype.getattr(intern!(py, "kind"))?.extract()?;
    let size: u32 = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    Ok(Some(match (kind, size) {
        ('b', _) => DType::Bool,
        ('i', 1) => DType::I8,
        ('i', 2) => DType::I16,
        ('i', 4) => DType::I32,
        ('i', 8) => DType::I64,
        ('u', 1) => DType::U8,
        ('u', 2) => DType::U16,
        ('u', 4) => DType::U32,
        ('u', 8) => DType::U64,
        ('f', 2) => DType::F16,
        ('f', 4) => DType::F32,
        ('f', 8) => DType::F64,
        ('c', 8) => DType::C64,
        ('c', 16) => DType::C128,
        ('S', n) if n > 0 => DType::Bytes(n),
        ('U', n) if n > 0 => DType::Text(n / 4),
        _ => return Ok(None),
    }))
}

/// A writable NumPy array that owns the memory of an array of the tree; a lazy one is read first.
///
/// Memory that `Vec` allocated and nobody else holds is handed over, other memory is copied.
pub(super) fn to_numpy(py: Python<'_>, array: Array) -> PyResult<Bound<'_, PyAny>> {
    let (dtype, shape) = (array.dtype(), array.shape().to_vec());
    let buffer = match array.into_data() {
        ArrayData::Loaded(buffer) => buffer,
        ArrayData::Lazy(lazy) => {
            let loaded = detached(py, move || lazy.load()).to_py(py)?;
            match loaded {
                Tree::Array(array) => match array.into_data() {
                    ArrayData::Loaded(buffer) => buffer,
                    ArrayData::Lazy(_) => return Err(not_loaded(py)),
                },
                _ => return Err(not_loaded(py)),
            }
        }
    };
    owned(py, buffer)
        .call_method1(intern!(py, "view"), (dtype.to_string(),))?
        .call_method1(intern!(py, "reshape"), (PyTuple::new(py, shape)?,))
}

fn not_loaded(py: Python<'_>) -> PyErr {
    let message = "a format left an array lazy that was to be loaded";
    raise(py, &Error::new(ErrorKind::Internal, Op("python.from_tree"), message))
}

/// A one-dimensional array of the buffer's bytes, in units of its allocation.
fn owned(py: Python<'_>, buffer: Buffer) -> Bound<'_, PyAny> {
    let buffer = match hand_over::<u8>(py, buffer) {
        Ok(array) => return array,
        Err(buffer) => buffer,
    };
    let buffer = match hand_over::<u64>(py, buffer) {
        Ok(array) => return array,
        Err(buffer) => buffer,
    };
    let buffer = match hand_over::<u32>(py, buffer) {
        Ok(array) => return array,
        Err(buffer) => buffer,
    };
    let buffer = match hand_over::<u16>(py, buffer) {
        Ok(array) => return array,
        Err(buffer) => buffer,
    };
    let copied = detached(py, move || buffer.as_slice().to_vec());
    PyArray1::from_vec(py, copied).into_any()
}

/// Gives NumPy the memory of a buffer that a `Vec` of `T` (or of an item as large and as aligned)
/// allocated and that nobody else holds; else the buffer back.
fn hand_over<T: Element + ArrowNativeType>(
    py: Python<'_>,
    buffer: Buffer,
) -> Result<Bound<'_, PyAny>, Buffer> {
    if !buffer.len().is_multiple_of(size_of::<T>()) {
        return Err(buffer);
    }
    buffer.into_vec::<T>().map(|items| PyArray1::from_vec(py, items).into_any())
}
