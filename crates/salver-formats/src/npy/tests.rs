use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{ErrorKind, Result};
use salver_tree::{
    BoxSelect, EncodeOptions, Format as _, MemorySource, PartIndex, Select, Source, Tree,
};

use super::Npy;
use crate::Json;

const FILES: &str = include_str!("../../../../testdata/formats/npy.json");

fn files() -> Vec<Tree> {
    let Tree::List(files) = Json::parse(FILES).unwrap() else { panic!("a list") };
    files
}

fn bytes(file: &Tree) -> Vec<u8> {
    STANDARD.decode(file.at("/file").unwrap().as_str().unwrap()).unwrap()
}

type Opened = (Arc<PartIndex>, Arc<dyn Source>);

fn open(bytes: Vec<u8>) -> Result<Opened> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    Ok((Arc::new(Npy.index(&source)?), source))
}

fn read(bytes: Vec<u8>, select: &Select) -> Result<Tree> {
    let (index, source) = open(bytes)?;
    Npy.decode(&index, select, &source)
}

fn file(name: &str) -> Vec<u8> {
    let named = |f: &&Tree| f.at("/name").unwrap().as_str() == Some(name);
    bytes(files().iter().find(named).unwrap())
}

#[test]
fn files_of_numpy_read_as_their_values() {
    for file in files() {
        if let Ok(tree) = file.at("/tree") {
            assert_eq!(&read(bytes(&file), &Select::all()).unwrap(), tree);
        }
    }
}

#[test]
fn arrays_are_written_as_numpy_does_byte_for_byte() {
    for file in files() {
        let (Ok(tree), Ok(Tree::Bool(true))) = (file.at("/tree"), file.at("/same"))
        else {
            continue;
        };
        let mut out = Vec::new();
        let index = Npy.encode(tree, &EncodeOptions::default(), &mut out).unwrap();
        assert_eq!(out, bytes(&file), "{file:?}");
        assert_eq!(*open(out).unwrap().0, index);
    }
}

#[test]
fn types_that_a_tree_lacks_are_refused() {
    for file in files().iter().filter(|f| f.at("/error").is_ok()) {
        let error = read(bytes(file), &Select::all()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn records_read_as_a_table() {
    let bytes = file("records");
    let Tree::Table(table) = read(bytes.clone(), &Select::all()).unwrap() else {
        panic!("a table");
    };
    let expected = files().last().unwrap().at("/columns").unwrap().clone();
    let names: Vec<&str> = expected.as_map().unwrap().keys().collect();
    assert_eq!(
        table.schema().fields().iter().map(|f| f.name()).collect::<Vec<_>>(),
        names
    );
    let batch = table.batches().unwrap().remove(0);
    assert_eq!(batch["id"].as_primitive::<Int64Type>().values(), &[1, -2, 3]);
    assert_eq!(batch["name"].as_string::<i32>().value(0), "é");
    assert_eq!(batch["key"].as_binary::<i32>().value(1), b"c");
    assert!(batch["ok"].as_boolean().value(2));
    let xy = batch["xy"].as_fixed_size_list().value(1);
    assert_eq!(
        xy.as_primitive::<arrow_array::types::Float32Type>().values(),
        &[2.5, 3.5]
    );

    let select = Select {
        columns: Some(vec!["k*".into(), "id".into()]),
        lazy: true,
        ..Select::all()
    };
    let Tree::Table(lazy) = read(bytes, &select).unwrap() else { panic!("a table") };
    assert_eq!(lazy.n_rows(), 3);
    let batch = lazy.batches().unwrap().remove(0);
    assert_eq!(batch.schema(), *lazy.schema());
    assert_eq!(batch.schema().field(0).name(), "key");
}

#[test]
fn a_box_equals_the_cut_of_all() {
    for name in ["f4", "big f8", "fortran", "fortran cube", "five axes", "?"] {
        let all = read(file(name), &Select::all()).unwrap();
        let all = all.as_array().unwrap();
        let region = BoxSelect(vec![0..1, 1..9]);
        let region = if all.shape().len() == 1 { BoxSelect(vec![1..3]) } else { region };
        let select = Select { region: Some(region.clone()), ..Select::all() };
        let cut = Tree::Array(all.cut(&region).unwrap());
        assert_eq!(read(file(name), &select).unwrap(), cut, "{name}");
        let lazy = read(file(name), &Select { lazy: true, ..select }).unwrap();
        let lazy = lazy.as_array().unwrap();
        assert_eq!(Tree::Array(lazy.load().unwrap()), cut);
        let whole = read(file(name), &Select::lazy()).unwrap();
        assert_eq!(Tree::Array(whole.as_array().unwrap().cut(&region).unwrap()), cut);
    }
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    for name in ["f4", "records"] {
        let bytes = file(name);
        for n in 0..bytes.len() {
            let error = read(bytes[..n].to_vec(), &Select::all()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{n}: {error}");
        }
    }
}

#[test]
fn headers_that_promise_too_much_are_corrupt() {
    let npy = |dict: &str| {
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        out.extend_from_slice(&u16::try_from(dict.len()).unwrap().to_le_bytes());
        out.extend_from_slice(dict.as_bytes());
        read(out, &Select::all()).unwrap_err().kind()
    };
    let dict = |descr: &str, shape: &str| {
        npy(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"))
    };
    assert_eq!(dict("'<f8'", "(18446744073709551615, 2)"), ErrorKind::Corrupt);
    assert_eq!(dict("'<f8'", "(1000000000000,)"), ErrorKind::Corrupt);
    assert_eq!(dict("'<f8'", "(-1,)"), ErrorKind::Corrupt);
    assert_eq!(dict("[]", "(9999,)"), ErrorKind::Corrupt);
    assert_eq!(dict("[('a', '<i4', (99999999,))]", "(1,)"), ErrorKind::Corrupt);
    assert_eq!(dict("[('a', 'S0')]", "(9999999999,)"), ErrorKind::Unsupported);
    assert_eq!(npy("{'descr': '<f8'}"), ErrorKind::Corrupt);
}

#[test]
fn an_artifact_of_one_node_has_no_parts() {
    let error = read(file("f4"), &Select::part("/a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
