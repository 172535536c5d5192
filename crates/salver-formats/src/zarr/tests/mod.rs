//! Tests of the format; the conformance suite is in salver-testkit.

mod golden;
mod hostile;
mod ranges;

use std::sync::Arc;

use salver_core::Result;
use salver_tree::{
    Array, DType, EncodeOptions, Format as _, Map, MemorySource, PartIndex, Select,
    Source, Tree, filled,
};

use super::Zarr;

pub(super) type Opened = (Arc<PartIndex>, Arc<dyn Source>);

pub(super) fn open(bytes: Vec<u8>) -> Result<Opened> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    Ok((Arc::new(Zarr.index(&source)?), source))
}

pub(super) fn read(bytes: Vec<u8>) -> Result<Tree> {
    let (index, source) = open(bytes)?;
    Zarr.decode(&index, &Select::all(), &source)
}

pub(super) fn written(tree: &Tree, options: &EncodeOptions) -> Vec<u8> {
    let mut out = Vec::new();
    Zarr.encode(tree, options, &mut out).unwrap();
    out
}

pub(super) fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Map(Map::from_iter(entries.map(|(k, v)| (k.to_owned(), v))))
}

/// An array of the numbers 0, 1, 2, ….
pub(super) fn counting(shape: &[usize]) -> Array {
    let n: usize = shape.iter().product();
    let buffer = filled(DType::I32, n * 4, |out| {
        for (i, item) in out.chunks_exact_mut(4).enumerate() {
            item.copy_from_slice(&i32::try_from(i).unwrap().to_ne_bytes());
        }
        Ok(())
    });
    Array::new(DType::I32, shape.to_vec(), buffer.unwrap()).unwrap()
}
