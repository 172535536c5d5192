//! Arrow IPC files (`.arrow`, Feather version 2).
//!
//! A table as it is in memory, with the metadata of schema and fields; nothing is lost but the cuts
//! between record batches. The index names the bytes of each column in each record batch, so chosen
//! columns are read without the others; footer, headers of batches and dictionaries are always read.
//! Options of writing: `compression` (`none`, `lz4`, `zstd`). Source: Arrow columnar format 1.5, IPC
//! file format.

mod footer;
mod format;
mod layout;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use format::ArrowIpc;
