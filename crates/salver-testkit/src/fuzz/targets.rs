//! What is called with hostile bytes.

#![expect(clippy::panic, reason = "a target reports by panicking")]

use std::sync::Arc;

use salver_formats::{Asdf, Json, Pickle, Yaml};
use salver_sphere::Region;
use salver_tree::{
    BoxSelect, EncodeOptions, Format, MemorySource, PartIndex, Select, Source, Tree,
    ranges,
};

/// JSON: what is read can be written and read again as the same.
pub fn json(bytes: &[u8]) {
    again(&Json, bytes);
}

/// YAML: what is read can be written and read again as the same.
pub fn yaml(bytes: &[u8]) {
    again(&Yaml, bytes);
}

/// Pickles: whole, lazy and a box; what is read can be written and read again as the same.
pub fn pickle(bytes: &[u8]) {
    parts(&Pickle, bytes);
    again(&Pickle, bytes);
}

/// ASDF: whole, lazy and a box; what is read can be written and read again as the same.
pub fn asdf(bytes: &[u8]) {
    parts(&Asdf, bytes);
    again(&Asdf, bytes);
}

/// Any format, by name: whole, lazy and a box.
///
/// # Panics
/// Where there is no such format.
pub fn any_format(name: &str, bytes: &[u8]) {
    match salver_formats::by_name(name) {
        Some(format) => parts(&*format, bytes),
        None => panic!("no format of this name: {name}"),
    }
}

/// An index as text: what is read is written again as the same.
///
/// # Panics
/// Where it is not: a bug.
pub fn index(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(index) = PartIndex::from_text(text) else { return };
    let again = index.to_text().and_then(|text| PartIndex::from_text(&text));
    assert!(again.is_ok_and(|again| again == index), "not the same again");
    drop(ranges(&index, &Select::all()));
    drop(salver_tree::kerchunk(&index, "u"));
}

/// Regions: what is decoded is encoded as the same bytes, relates to itself and has bounds.
///
/// # Panics
/// Where it does not: a bug.
pub fn region(bytes: &[u8]) {
    let Ok(region) = Region::decode(bytes) else { return };
    let again = Region::decode(&region.encode());
    assert!(
        again.is_ok_and(|again| again.encode() == region.encode()),
        "not the same again"
    );
    let _ = (region.relate(&region), region.bounding_circle(), region.bounding_box());
}

type Opened = (Arc<PartIndex>, Arc<dyn Source>);

fn open(format: &dyn Format, bytes: &[u8]) -> Option<Opened> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let index = format.index(&source).ok()?;
    Some((Arc::new(index), source))
}

fn again(format: &dyn Format, bytes: &[u8]) {
    let Some((index, source)) = open(format, bytes) else { return };
    let Ok(tree) = format.decode(&index, &Select::all(), &source) else { return };
    let mut written = Vec::new();
    let made = format.encode(&tree, &EncodeOptions::default(), &mut written);
    // only a tag takes more levels to write than to read
    let Ok(made) = made else { return };
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(written));
    let back = format.decode(&Arc::new(made), &Select::all(), &source);
    match back {
        Ok(back) => assert!(same(&back, &tree), "{tree:?} came back as {back:?}"),
        Err(error) => panic!("{tree:?} did not come back: {error:?}"),
    }
}

/// Whether trees are equal, but for the payload of a NaN.
fn same(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Float(a), Tree::Float(b)) => {
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        (Tree::List(a), Tree::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Tree::Map(a), Tree::Map(b)) => {
            let equal = |((ka, va), (kb, vb)): ((&str, &Tree), (&str, &Tree))| {
                ka == kb && same(va, vb)
            };
            a.len() == b.len() && a.iter().zip(b.iter()).all(equal)
        }
        (Tree::Tagged(a), Tree::Tagged(b)) => {
            a.name == b.name && a.version == b.version && same(&a.tree, &b.tree)
        }
        (a, b) => a == b,
    }
}

fn parts(format: &dyn Format, bytes: &[u8]) {
    let Some((index, source)) = open(format, bytes) else { return };
    let part = Select {
        region: Some(BoxSelect(vec![0..1])),
        columns: Some(vec!["*a*".into()]),
        ..Select::all()
    };
    for select in [Select::all(), Select::lazy(), part] {
        // a plan may fail, as decoding may
        drop(ranges(&index, &select));
        let Ok(tree) = format.decode(&index, &select, &source) else { continue };
        match &tree {
            Tree::Array(array) => drop(array.load()),
            Tree::Table(table) => drop(table.batches()),
            _ => {}
        }
    }
}
