//! Files that astropy wrote (`testdata/fits/make_fits.py`) are read bit by bit as astropy reads them.

use salver_tree::{Array, BoxSelect};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::{HduName, read_image};
use super::open;

#[derive(Deserialize)]
struct Expected {
    file: String,
    hdu: usize,
    name: String,
    dtype: String,
    shape: Vec<usize>,
    sha256: String,
}

fn expected() -> Vec<Expected> {
    let text = open("testdata/fits/expected.json");
    let all = text.read(&[0..text.len()]).unwrap();
    serde_json::from_slice(&all[0]).unwrap()
}

fn digest(array: &Array) -> String {
    let bytes = Sha256::digest(array.buffer().unwrap().as_slice());
    bytes.iter().fold(String::new(), |text, b| format!("{text}{b:02x}"))
}

#[test]
fn every_compression_is_read_bit_by_bit() {
    let rows = expected();
    assert!(rows.len() > 150, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let source = open(format!("testdata/fits/{}", row.file));
        let what = format!("{}[{}] {}", row.file, row.hdu, row.name);
        match read_image(&*source, HduName::Number(row.hdu), None) {
            Err(error) => wrong.push(format!("{what}: {error}")),
            Ok(array) => {
                let found = (array.dtype().to_string(), array.shape().to_vec());
                if found != (row.dtype.clone(), row.shape) {
                    wrong.push(format!("{what}: {found:?}"));
                } else if digest(&array) != row.sha256 {
                    wrong.push(format!("{what}: other pixels"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_cutout_is_the_cut_of_the_whole() {
    for row in expected() {
        let source = open(format!("testdata/fits/{}", row.file));
        let whole = read_image(&*source, HduName::Number(row.hdu), None).unwrap();
        let axes = row.shape.len();
        for k in 0..4 {
            let range = |n: &usize| {
                let n = i64::try_from(*n).unwrap();
                [0..1, n / 3..n / 3 + 4, n - 3..n + 9, 1..n - 1][k].clone()
            };
            let region = BoxSelect(row.shape.iter().map(range).collect());
            let cut =
                read_image(&*source, HduName::Number(row.hdu), Some(&region)).unwrap();
            assert_eq!(
                cut,
                whole.cut(&region).unwrap(),
                "{} {} {axes} {k}",
                row.file,
                row.name
            );
        }
    }
}

#[test]
fn the_compressed_forms_of_m13_have_its_pixels() {
    let plain = open("examples/data/m13.fits");
    let plain = read_image(&*plain, HduName::Number(0), None).unwrap();
    for name in ["rice", "gzip", "hcomp", "plio"] {
        let source = open(format!("examples/data/m13_{name}.fits"));
        let image = read_image(&*source, HduName::Number(1), None).unwrap();
        assert_eq!(digest(&image), digest(&plain), "{name}");
    }
}
