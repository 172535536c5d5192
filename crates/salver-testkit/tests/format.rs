//! Every format runs the one suite.

use std::sync::Arc;

use salver_formats::by_name;
use salver_testkit::format_suite::{Subject, format_suite};
use salver_tree::{Array, Map, Tagged, Tree};

#[expect(clippy::unwrap_used, reason = "a test")]
fn run(name: &str, kept: fn(Tree) -> Tree) {
    let format = by_name(name).unwrap();
    format_suite(&Subject { format, kept, cases: 256 });
}

/// A NaN has no payload in text.
fn plain_nan(tree: Tree) -> Tree {
    match tree {
        Tree::Float(number) if number.is_nan() => Tree::Float(f64::NAN),
        Tree::List(items) => Tree::List(items.into_iter().map(plain_nan).collect()),
        Tree::Map(map) => {
            Tree::Map(map.into_iter().map(|(k, v)| (k, plain_nan(v))).collect::<Map>())
        }
        Tree::Tagged(tagged) => {
            let Tagged { name, version, tree } = *tagged;
            Tree::Tagged(Box::new(Tagged { name, version, tree: plain_nan(tree) }))
        }
        other => other,
    }
}

/// `NumPy`'s arrays have neither unit nor origin.
#[expect(clippy::unwrap_used, reason = "a test")]
fn bare(tree: Tree) -> Tree {
    match tree {
        Tree::Array(array) => {
            let (dtype, shape) = (array.dtype(), array.shape().to_vec());
            Tree::Array(Array::new(dtype, shape, array.buffer().unwrap()).unwrap())
        }
        Tree::List(items) => Tree::List(items.into_iter().map(bare).collect()),
        Tree::Map(map) => {
            Tree::Map(map.into_iter().map(|(k, v)| (k, bare(v))).collect::<Map>())
        }
        other => other,
    }
}

#[test]
fn json() {
    run("json", plain_nan);
}

#[test]
fn yaml() {
    run("yaml", plain_nan);
}

#[test]
fn npy() {
    run("npy", bare);
}

#[test]
fn npz() {
    run("npz", bare);
}

#[test]
fn pickle() {
    run("pickle", bare);
}

#[test]
fn parquet() {
    run("parquet", |tree| tree);
}

/// Numbers of the document are text, as in JSON.
#[test]
fn fits() {
    run("fits", plain_nan);
}

#[test]
fn zarr() {
    run("zarr", plain_nan);
}

#[test]
fn hdf5() {
    run("hdf5", |tree| tree);
}

#[test]
fn arrow() {
    run("arrow", |tree| tree);
}

#[test]
fn asdf() {
    run("asdf", plain_nan);
}

#[test]
fn formats_are_found_by_name_ending_and_first_bytes() {
    for (ending, name) in [
        (".npy", "npy"),
        (".PARQ", "parquet"),
        (".yml", "yaml"),
        (".pickle", "pickle"),
        (".json", "json"),
        (".he5", "hdf5"),
        (".asdf", "asdf"),
        (".npz", "npz"),
        (".feather", "arrow"),
    ] {
        assert_eq!(salver_formats::by_extension(ending).unwrap().name(), name);
    }
    assert!(salver_formats::by_extension(".txt").is_none());
    let sniffed = |bytes: &[u8]| salver_formats::sniff(bytes).map(|f| f.name());
    assert_eq!(sniffed(b"\x93NUMPY\x01\x00"), Some("npy"));
    assert_eq!(sniffed(b"PAR1\x15"), Some("parquet"));
    assert_eq!(sniffed(b"\x80\x05\x95"), Some("pickle"));
    assert_eq!(sniffed(b"\x89HDF\r\n\x1a\n\x02"), Some("hdf5"));
    assert_eq!(sniffed(b" {\"a\": 1}"), Some("json"));
    assert_eq!(sniffed(b"---\na: 1\n"), Some("yaml"));
    assert_eq!(sniffed(b"#ASDF 1.0.0\n"), Some("asdf"));
    assert_eq!(sniffed(b"ARROW1\0\0"), Some("arrow"));
    assert_eq!(sniffed(b"a: 1\n"), None);
    let format: Arc<dyn salver_tree::Format> = by_name("npy").unwrap();
    assert_eq!(salver_formats::extensions_of(format.name()), [".npy"]);
}
