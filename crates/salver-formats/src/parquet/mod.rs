//! Parquet, as `pyarrow` and Gen3 write it.
//!
//! A table keeps its Arrow schema (key `ARROW:schema`) and its schema metadata (each key also as a
//! key-value pair of the footer, where `pyarrow` looks); field metadata are kept in the schema.
//! Written are data pages of version 1 with dictionaries, compressed with snappy (or `zstd`, `gzip`,
//! `lz4`, `none`), in row groups of up to 10⁹ bytes, or of as many rows as the option `tile` says. Read are all tables that the `parquet` crate
//! reads.
//!
//! The option `gen3_flavour` is the storage class of Gen3 (Gen3 format §10.3):
//!
//! | flavour | added to the schema metadata |
//! | --- | --- |
//! | `ArrowAstropy`, `ArrowNumpy`, `ArrowNumpyDict` | `lsst::arrow::rowcount`; `lsst::arrow::len::<column>` and `table::len::<column>` for text (characters) and bytes; `lsst::arrow::shape::<column>` for lists of lists of fixed length, which become one list |
//! | `DataFrame` | `lsst::arrow::rowcount`, `lsst::arrow::len::<column>` |
//! | `ArrowTable` and any other | nothing |
//!
//! A selection of columns reads only their chunks; row groups whose statistics rule out every row
//! are not read. Row count and schema come from the footer. What is lost: where one record batch
//! ends and the next begins, and with a flavour the lists of lists.

mod footer;
mod format;
mod gen3;
mod pages;
mod prune;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use format::Parquet;
