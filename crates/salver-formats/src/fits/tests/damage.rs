//! Damaged files give a value or an error, never a panic.

use std::sync::Arc;

use salver_core::ErrorKind;
use salver_tree::{BoxSelect, EncodeOptions, Format as _, MemorySource, Select, Source};

use super::{example, goldens, open, write};
use crate::fits::{Fits, HduName, read_image, verify};

/// Does what a reader may do with a file.
fn use_all(bytes: Vec<u8>) {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    drop(verify(&*source));
    drop(read_image(&*source, HduName::Number(1), Some(&BoxSelect(vec![3..9, 2..7]))));
    let Ok(index) = Fits.index(&source) else { return };
    let index = Arc::new(index);
    for path in index.parts.keys() {
        drop(Fits.decode(&index, &Select::part(path), &source));
        let region = Some(BoxSelect(vec![1..2]));
        drop(Fits.decode(&index, &Select { region, ..Select::part(path) }, &source));
    }
    if let Ok(tree) = Fits.decode(&index, &Select::all(), &source) {
        drop(write(&tree, &EncodeOptions::default()));
    }
}

/// Numbers that look random, the same each time.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |n| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n.max(1) as u64).unwrap()
    }
}

fn bytes_of(source: &dyn Source) -> Vec<u8> {
    source.read(&[0..source.len()]).unwrap()[0].to_vec()
}

fn files() -> Vec<Vec<u8>> {
    let small =
        ["m13_hcomp", "m13_rice", "jwst_nircam_jw01075001001_03105_00009_nrca2_hdr"];
    let small = small.into_iter().map(example);
    goldens().into_iter().map(open).chain(small).map(|s| bytes_of(&*s)).collect()
}

#[test]
fn flipped_bits_are_survived() {
    let mut random = random();
    for file in files() {
        for _ in 0..25 {
            let mut bytes = file.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                bytes[at] ^= 1 << random(8);
            }
            use_all(bytes);
        }
    }
}

#[test]
fn changed_numbers_of_headers_are_survived() {
    let keys = [
        "NAXIS", "TFORM", "TDIM", "PCOUNT", "BITPIX", "ZTILE", "ZVAL", "TFIELDS",
        "ZNAXIS",
    ];
    let values =
        ["-1", "0", "1", "7", "2147483648", "99999999999999999", "'9999999999E'", "T"];
    let mut random = random();
    for file in files() {
        let cards: Vec<usize> = (0..file.len() / 80)
            .map(|n| n * 80)
            .filter(|&at| keys.iter().any(|k| file[at..].starts_with(k.as_bytes())))
            .collect();
        for _ in 0..25 {
            let mut bytes = file.clone();
            let at = cards[random(cards.len())];
            let value = format!("{:>20}", values[random(values.len())]);
            bytes[at + 10..at + 30].copy_from_slice(value.as_bytes());
            use_all(bytes);
        }
    }
}

#[test]
fn a_truncated_file_is_corrupt() {
    let mut random = random();
    for file in files() {
        for _ in 0..10 {
            let len = random(file.len() - 2880);
            use_all(file[..len].to_vec());
        }
    }
    let file = bytes_of(&*example("m13_rice"));
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(file[..30_000].to_vec()));
    assert_eq!(Fits.index(&source).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn an_index_of_another_file_is_survived() {
    let whole = example("m13_rice");
    let index = Arc::new(Fits.index(&whole).unwrap());
    let file = bytes_of(&*whole);
    for len in [0, 2880, 20_000, file.len() - 2881] {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(file[..len].to_vec()));
        let error = Fits.decode(&index, &Select::all(), &source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
    let other = example("tycho2_bright60k");
    drop(Fits.decode(&index, &Select::all(), &other));
}

#[test]
fn what_is_not_fits_is_corrupt() {
    for junk in [&b""[..], b"SIMPLE  =", b"{}", &[0; 5760]] {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(junk.to_vec()));
        let error = Fits.index(&source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
    let mut endless = b"SIMPLE  =                    T".to_vec();
    endless.resize(28_800, b' ');
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(endless));
    assert_eq!(Fits.index(&source).unwrap_err().kind(), ErrorKind::Corrupt);
}
