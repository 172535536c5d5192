use std::sync::Arc;

use arrow_buffer::Buffer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{ErrorKind, Result};
use salver_tree::{
    Array, BoxSelect, DType, EncodeOptions, Format as _, MemorySource, PartKind, Select,
    Source, Tree, ranges,
};

use super::Pickle;
use crate::Json;

const FILES: &str = include_str!("../../../../testdata/formats/pickle.json");

fn files() -> Vec<Tree> {
    let Tree::List(files) = Json::parse(FILES).unwrap() else { panic!("a list") };
    files
}

fn bytes(file: &Tree) -> Vec<u8> {
    STANDARD.decode(file.at("/file").unwrap().as_str().unwrap()).unwrap()
}

fn read(bytes: impl Into<Vec<u8>>, select: &Select) -> Result<Tree> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.into()));
    let index = Arc::new(Pickle.index(&source)?);
    Pickle.decode(&index, select, &source)
}

fn kind(bytes: impl Into<Vec<u8>>) -> ErrorKind {
    read(bytes, &Select::all()).unwrap_err().kind()
}

fn written(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    let index = Pickle.encode(tree, &EncodeOptions::default(), &mut out).unwrap();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(out.clone()));
    assert_eq!(Pickle.index(&source).unwrap(), index);
    assert_eq!(&read(out.clone(), &Select::all()).unwrap(), tree);
    out
}

#[test]
fn pickles_of_every_protocol_read_as_their_values() {
    for file in files() {
        let Ok(tree) = file.at("/tree") else { continue };
        let name = file.at("/name").unwrap().as_str().unwrap();
        let found = read(bytes(&file), &Select::all());
        assert_eq!(&found.unwrap_or_else(|e| panic!("{name}: {e:?}")), tree, "{name}");
    }
}

#[test]
fn arrays_and_values_are_written_as_python_does_byte_for_byte() {
    let mut count = 0;
    for file in files().iter().filter(|f| matches!(f.at("/same"), Ok(Tree::Bool(true)))) {
        let same = written(file.at("/tree").unwrap()) == bytes(file);
        assert!(same, "{:?}", file.at("/name"));
        count += 1;
    }
    assert!(count > 2);
}

#[test]
fn uc_053_whatever_a_pickle_would_call_is_refused_by_name() {
    for file in files().iter().filter(|f| f.at("/error").is_ok()) {
        let error = read(bytes(file), &Select::all()).unwrap_err();
        let name = file.at("/name").unwrap().as_str().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
    }
    let error = read(*b"cos\nsystem\n(S'true'\ntR.", &Select::all()).unwrap_err();
    assert!(error.to_string().contains("global: os.system"), "{error}");
}

#[test]
fn plain_values_come_back() {
    for file in files() {
        if let Ok(tree) = file.at("/tree") {
            written(tree);
        }
    }
    let long = Tree::List((0..2500).map(Tree::from).collect());
    let text = Tree::from("é".repeat(100_000));
    let map: salver_tree::Map = (0..1001).map(|i| (i.to_string(), Tree::Null)).collect();
    let bytes = Tree::Bytes(vec![7; 70_000].into());
    written(&Tree::List(vec![long, text, Tree::Map(map), bytes]));
}

#[test]
fn a_large_array_is_read_in_its_place() {
    let data: Vec<f32> = (0..40_000_u16).map(f32::from).collect();
    let array = Array::new(DType::F32, vec![200, 200], Buffer::from_vec(data)).unwrap();
    let out = written(&Tree::Array(array.clone()));
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(out));
    let index = Pickle.index(&source).unwrap();
    assert!(matches!(index.parts[""], PartKind::Array(_)));
    let region = BoxSelect(vec![10..12, 5..7]);
    let select = Select { region: Some(region.clone()), ..Select::all() };
    let needed: u64 =
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum();
    assert!(needed < 2000, "{needed}");
    let cut = Pickle.decode(&Arc::new(index), &select, &source).unwrap();
    assert_eq!(cut, Tree::Array(array.cut(&region).unwrap()));
}

#[test]
fn a_pickle_cut_anywhere_is_corrupt() {
    for file in files() {
        let Ok(tree) = file.at("/tree") else { continue };
        let bytes = bytes(&file);
        if matches!(tree, Tree::Array(_)) || bytes.len() < 200 {
            for n in 0..bytes.len() {
                assert_eq!(kind(&bytes[..n]), ErrorKind::Corrupt, "{n}");
            }
        }
    }
}

#[test]
fn pickles_that_unfold_are_limited() {
    // a list of twice the list of twice …
    let mut laughs = b"\x80\x04]".to_vec();
    for i in 0..100_u8 {
        // keep the list as memo i, and make a list of it twice
        laughs.extend_from_slice(&[b'q', i, b'0', b']', b'h', i, b'a', b'h', i, b'a']);
    }
    laughs.push(b'.');
    assert_eq!(kind(laughs), ErrorKind::Limit);
    // a list within itself
    assert_eq!(kind(*b"\x80\x04]q\x00h\x00a."), ErrorKind::Corrupt);
    // one long text a thousand times
    let mut texts = b"\x80\x04]q\x00X\x00\x00\x01\x00".to_vec();
    texts.extend_from_slice(&vec![b'x'; 65536]);
    texts.extend_from_slice(b"q\x01a");
    texts.extend_from_slice(&b"h\x01a".repeat(10_000));
    texts.push(b'.');
    assert_eq!(kind(texts), ErrorKind::Limit);
}

#[test]
fn lengths_that_are_not_there_are_corrupt() {
    assert_eq!(
        kind(*b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f."),
        ErrorKind::Corrupt
    );
    assert_eq!(kind(*b"\x80\x05B\xff\xff\xff\xff."), ErrorKind::Corrupt);
    assert_eq!(
        kind(*b"\x80\x05\x8d\xff\xff\xff\xff\xff\xff\xff\xff."),
        ErrorKind::Corrupt
    );
    assert_eq!(kind(*b"\x80\x09N."), ErrorKind::Unsupported);
    assert_eq!(kind(*b"(t"), ErrorKind::Corrupt);
    assert_eq!(kind(*b"t."), ErrorKind::Corrupt);
    assert_eq!(kind(*b"(\x85."), ErrorKind::Corrupt);
    assert_eq!(kind(*b"h\x07."), ErrorKind::Corrupt);
    assert_eq!(kind(*b""), ErrorKind::Corrupt);
}
