//! What npy and pickle share: NumPy's names of item types, and arrays stored as one run of bytes.

mod contiguous;
mod types;

pub(crate) use contiguous::{
    Run, checked_part, permute, read_bounds, read_part, read_run, to_native, transpose,
};
pub(crate) use types::{Stored, typestr};
