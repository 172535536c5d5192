//! The zip archive that a store is: which members there are and where their bytes lie.

mod read;
mod write;

pub(crate) use read::{Member, inflate, members};
pub(crate) use write::ZipWriter;
