//! Pickles of NumPy arrays and plain Python values, and of nothing else.
//!
//! A pickle is a program for a stack machine that can call any Python function. This codec knows the
//! opcodes that build plain values, and the dozen functions that NumPy's arrays and scalars name; any
//! other function is refused by its name, and nothing is ever executed or imported. It is Gen3's
//! format of a `NumpyArray` (Gen3 format §10.3); both spellings `numpy.core` and `numpy._core` are
//! read, protocols 0 to 5, with the buffers in the pickle. An array is written as NumPy 2 pickles one
//! with protocol 5; NumPy from 1.26 reads that.
//!
//! | Python | tree |
//! | --- | --- |
//! | `None`, `bool`, `int` to −2⁶³ … 2⁶⁴−1, `float`, `str` | the same |
//! | `bytes`, `bytearray` | bytes; written as `bytes` |
//! | `list`, `tuple`, `set`, `frozenset` | list; written as `list` |
//! | `dict` with keys of text | map |
//! | `complex` | array without axes, complex128 |
//! | NumPy scalar | the plain value |
//! | `numpy.ndarray` | array |
//!
//! What is lost: which of Python's lists it was, and unit, grid and origin of an array. Values that
//! are used twice are read twice. Memory is bounded by the length of the file. Source of the format:
//! the documentation of Python's `pickletools`.

mod build;
mod format;
mod globals;
mod machine;
mod opcodes;
mod stream;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use format::Pickle;
