//! Good bytes to begin with: the files of `testdata/formats`.

#![expect(clippy::panic, reason = "test data that is not what it should be")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_formats::{ArrowIpc, Json, Parquet};
use salver_tree::{EncodeOptions, Format as _, MemorySource, Select, Source, Tree};

macro_rules! testdata {
    ($name:literal) => {
        include_str!(concat!("../../../../testdata/formats/", $name))
    };
}

fn list(text: &str) -> Vec<Tree> {
    match Json::parse(text) {
        Ok(Tree::List(items)) => items,
        other => panic!("a list in the test data: {other:?}"),
    }
}

fn text_at(tree: &Tree, path: &str) -> Option<Vec<u8>> {
    Some(tree.at(path).ok()?.as_str()?.as_bytes().to_vec())
}

fn files(text: &str) -> Vec<Vec<u8>> {
    let encoded = list(text).into_iter().filter_map(|file| text_at(&file, "/file"));
    encoded.filter_map(|text| STANDARD.decode(text).ok()).collect()
}

pub(super) fn json() -> Vec<Vec<u8>> {
    let lines =
        testdata!("json_documents.txt").split('\n').map(|l| l.as_bytes().to_vec());
    let inputs = list(testdata!("json_inputs.json"));
    let special = [
        r#"{"$array": {"dtype": "int16", "shape": [2, 1], "unit": "adu", "origin": [5, 0], "data": "//8CAQ=="}}"#,
        r#"{"$tag": {"name": "a.B", "version": 3, "tree": {"$$bytes": "AP8="}}}"#,
        r#"{"$ref": {"id": null, "dataset_type": "raw", "data_id": {"visit": 1}, "run": "r"}}"#,
        r#"[{"$time": 5}, {"$bytes": "AA=="}, NaN, -Infinity, 1e-7]"#,
    ];
    let special = special.iter().map(|text| text.as_bytes().to_vec());
    lines.chain(inputs.iter().filter_map(|p| text_at(p, "/0"))).chain(special).collect()
}

pub(super) fn yaml() -> Vec<Vec<u8>> {
    let Ok(all) = Json::parse(testdata!("yaml.json")) else { return Vec::new() };
    let part = |name: &str, path: &str| -> Vec<Vec<u8>> {
        let Ok(Tree::List(items)) = all.at(name) else { return Vec::new() };
        items.iter().filter_map(|item| text_at(item, path)).collect()
    };
    [part("/written", "/1"), part("/tags", "/1"), part("/read", "/0")].concat()
}

pub(super) fn npy() -> Vec<Vec<u8>> {
    files(testdata!("npy.json"))
}

pub(super) fn pickle() -> Vec<Vec<u8>> {
    files(testdata!("pickle.json"))
}

pub(super) fn parquet() -> Vec<Vec<u8>> {
    files(testdata!("parquet.json"))
}

pub(super) fn zarr() -> Vec<Vec<u8>> {
    files(testdata!("zarr.json"))
}

pub(super) fn fits() -> Vec<Vec<u8>> {
    macro_rules! fits {
        ($($name:literal),*) => {
            vec![$(include_bytes!(concat!("../../../../testdata/fits/", $name, ".fits")).to_vec()),*]
        };
    }
    fits![
        "corners",
        "scaled",
        "int_rice_1",
        "int_plio_1",
        "int_hcompress_1",
        "float_rice_1",
        "tables"
    ]
}

pub(super) fn hdf5() -> Vec<Vec<u8>> {
    macro_rules! hdf5 {
        ($($name:literal),*) => {
            vec![$(include_bytes!(concat!("../../../../testdata/formats/hdf5/", $name, ".h5")).to_vec()),*]
        };
    }
    hdf5![
        "plain",
        "plain_latest",
        "chunked_latest",
        "tables",
        "tables_latest",
        "links",
        "links_latest"
    ]
}

pub(super) fn asdf() -> Vec<Vec<u8>> {
    macro_rules! asdf {
        ($($name:literal),*) => {
            vec![$(include_bytes!(concat!("../../../../testdata/formats/asdf/", $name, ".asdf")).to_vec()),*]
        };
    }
    asdf![
        "arrays_zlib",
        "arrays_lz4",
        "arrays_bzp2",
        "views_none",
        "inline",
        "streamed",
        "masked",
        "quantities",
        "tables",
        "astropy"
    ]
}

/// Tables as the format itself writes them.
pub(super) fn arrow() -> Vec<Vec<u8>> {
    let each = ["none", "lz4", "zstd"].iter().zip(parquet());
    each.filter_map(|(name, bytes)| {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let index = Arc::new(Parquet.index(&source).ok()?);
        let tree = Parquet.decode(&index, &Select::all(), &source).ok()?;
        let compression = Some((*name).to_owned());
        let options = EncodeOptions { compression, ..EncodeOptions::default() };
        let mut out = Vec::new();
        ArrowIpc.encode(&tree, &options, &mut out).ok()?;
        Some(out)
    })
    .collect()
}

pub(super) fn npz() -> Vec<Vec<u8>> {
    files(testdata!("npz.json"))
}

/// The trees of the corpus as a format writes them.
pub(super) fn written(name: &str) -> Vec<Vec<u8>> {
    let Some(format) = salver_formats::by_name(name) else {
        panic!("no format of this name: {name}")
    };
    let mut out = Vec::new();
    for (_, tree) in crate::corpus::held(&format.capabilities()) {
        let mut bytes = Vec::new();
        if format.encode(&tree, &EncodeOptions::default(), &mut bytes).is_ok() {
            out.push(bytes);
        }
    }
    out
}

/// The indexes of FITS, npy and Parquet files, as text.
pub(super) fn index() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for (name, files) in [("fits", fits()), ("npy", npy()), ("parquet", parquet())] {
        let Some(format) = salver_formats::by_name(name) else { continue };
        for bytes in files {
            let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
            let text = format.index(&source).and_then(|index| index.to_text());
            out.extend(text.ok().map(String::into_bytes));
        }
    }
    out
}

pub(super) fn region() -> Vec<Vec<u8>> {
    let text = include_str!("../../../../testdata/gen3/sphgeom-vectors.json");
    let Ok(all) = Json::parse(text) else { return Vec::new() };
    let Ok(Tree::List(items)) = all.at("/regions") else { return Vec::new() };
    let hex = items.iter().filter_map(|item| item.at("/hex").ok()?.as_str());
    hex.filter_map(|hex| Some(salver_sphere::Region::from_hex(hex).ok()?.encode()))
        .collect()
}
