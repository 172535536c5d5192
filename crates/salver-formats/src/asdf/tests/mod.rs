//! Files of other writers, damage, ranges and options.

mod damage;
mod golden;
mod write;

use std::path::Path;
use std::sync::Arc;

use salver_core::Result;
use salver_tree::{EncodeOptions, Format, MemorySource, PartIndex, Select, Source, Tree};

use super::Asdf;

#[expect(clippy::disallowed_methods, reason = "a test reads its data")]
fn file(name: &str) -> Vec<u8> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/asdf");
    std::fs::read(folder.join(name)).unwrap()
}

type Opened = (Arc<PartIndex>, Arc<dyn Source>);

fn open(bytes: Vec<u8>) -> Result<Opened> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    Ok((Arc::new(Asdf.index(&source)?), source))
}

fn read(bytes: Vec<u8>) -> Result<Tree> {
    let (index, source) = open(bytes)?;
    Asdf.decode(&index, &Select::all(), &source)
}

fn written(tree: &Tree, options: &EncodeOptions) -> Vec<u8> {
    let mut out = Vec::new();
    let made = Asdf.encode(tree, options, &mut out).unwrap();
    let (found, _) = open(out.clone()).unwrap();
    assert_eq!(made, *found);
    out
}

/// Data, compression and decoded length.
type Block<'a> = (&'a [u8], &'a [u8; 4], u64);

/// A file of this document and these blocks.
fn made(document: &str, blocks: &[Block<'_>]) -> Vec<u8> {
    let mut out = b"#ASDF 1.0.0\n#ASDF_STANDARD 1.6.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n".to_vec();
    out.extend_from_slice(document.as_bytes());
    out.extend_from_slice(b"\n...\n");
    for (data, codec, size) in blocks {
        out.extend_from_slice(b"\xd3BLK\0\x30\0\0\0\0");
        out.extend_from_slice(*codec);
        for n in [data.len() as u64, data.len() as u64, *size] {
            out.extend_from_slice(&n.to_be_bytes());
        }
        out.extend_from_slice(&[0; 16]);
        out.extend_from_slice(data);
    }
    out
}
