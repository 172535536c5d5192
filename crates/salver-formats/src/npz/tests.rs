//! Members stored and deflated, archives of NumPy's, damage.

use std::sync::Arc;

use arrow_buffer::Buffer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{ErrorKind, Result};
use salver_tree::{
    Array, BoxSelect, DType, EncodeOptions, Format as _, Map, MemorySource, PartIndex,
    Select, Source, Tree, ranges,
};

use super::Npz;
use crate::Json;

type Opened = (Arc<PartIndex>, Arc<dyn Source>);

fn open(bytes: Vec<u8>) -> Result<Opened> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    Ok((Arc::new(Npz.index(&source)?), source))
}

fn read(bytes: Vec<u8>) -> Result<Tree> {
    let (index, source) = open(bytes)?;
    Npz.decode(&index, &Select::all(), &source)
}

fn tree() -> Tree {
    let data: Vec<i32> = (0..1_200_000).map(|i| i / 50).collect();
    let large = Array::new(DType::I32, vec![1200, 1000], Buffer::from_vec(data)).unwrap();
    let small = Array::new(DType::F64, vec![], Buffer::from_vec(vec![1.5])).unwrap();
    let none =
        Array::new(DType::U8, vec![0], Buffer::from_vec(Vec::<u8>::new())).unwrap();
    Tree::Map(Map::from_iter([
        ("large".to_owned(), Tree::Array(large)),
        ("ümlaut/~x".to_owned(), Tree::Array(small)),
        (String::new(), Tree::Array(none)),
    ]))
}

fn written(tree: &Tree, compression: Option<&str>) -> Vec<u8> {
    let compression = compression.map(str::to_owned);
    let options = EncodeOptions { compression, ..Default::default() };
    let mut out = Vec::new();
    let made = Npz.encode(tree, &options, &mut out).unwrap();
    assert_eq!(made, *open(out.clone()).unwrap().0);
    out
}

#[test]
fn arrays_come_back_stored_and_deflated() {
    let tree = tree();
    let stored = written(&tree, None);
    let deflated = written(&tree, Some("deflate"));
    assert!(deflated.len() < stored.len() / 2);
    for bytes in [stored, deflated] {
        assert_eq!(read(bytes.clone()).unwrap(), tree);
        let (index, source) = open(bytes).unwrap();
        let region = Some(BoxSelect(vec![3..5, 10..20]));
        let wanted = tree.at("/large").unwrap().clone();
        let select = Select { part: Some("/large".into()), region, ..Select::all() };
        let found = Npz.decode(&index, &select, &source).unwrap();
        assert_eq!(found, wanted.cut(&select).unwrap());
        let lazy = Npz.decode(&index, &Select { lazy: true, ..select }, &source).unwrap();
        assert_eq!(Tree::Array(lazy.as_array().unwrap().load().unwrap()), found);
    }
}

#[test]
fn a_box_of_a_stored_array_moves_only_its_rows() {
    let (index, _) = open(written(&tree(), None)).unwrap();
    let region = Some(BoxSelect(vec![3..5, 0..1000]));
    let select = Select { part: Some("/large".into()), region, ..Select::all() };
    assert_eq!(
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum::<u64>(),
        8000
    );
}

#[test]
fn uc_049_archives_of_numpy_hold_what_it_wrote() {
    let text = include_str!("../../../../testdata/formats/npz.json");
    let Tree::List(all) = Json::parse(text).unwrap() else { panic!("a list") };
    assert_eq!(all.len(), 2);
    for one in all {
        let bytes = STANDARD.decode(one.at("/file").unwrap().as_str().unwrap()).unwrap();
        let found = read(bytes).unwrap();
        let Tree::Map(wanted) = one.at("/arrays").unwrap() else { panic!("a map") };
        for (key, node) in wanted.iter() {
            assert_eq!(found.as_map().unwrap().get(key).unwrap(), node, "{key}");
        }
        assert_eq!(found.at("/rows").unwrap().as_table().unwrap().n_rows(), 2);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let tree = Tree::Map(Map::from_iter([("a".to_owned(), Tree::from(1))]));
    let error =
        Npz.encode(&tree, &EncodeOptions::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("node: /a"), "{error}");
}

#[test]
fn damaged_archives_are_refused() {
    let Tree::Map(mut map) = tree() else { panic!("a map") };
    map.remove("large");
    map.insert(
        "b",
        Tree::Array(
            Array::new(DType::I16, vec![50], Buffer::from_vec(vec![7_i16; 50])).unwrap(),
        ),
    );
    for compression in [None, Some("deflate")] {
        let whole = written(&Tree::Map(map.clone()), compression);
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 0xff;
            for bytes in [whole[..at].to_vec(), bent] {
                if let Err(error) = read(bytes) {
                    let kinds =
                        [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Limit];
                    assert!(kinds.contains(&error.kind()), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_bomb_is_refused_before_memory_is_taken() {
    let whole = written(&tree(), Some("deflate"));
    let at = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let mut bent = whole;
    bent[at + 24..at + 28].copy_from_slice(&0xfff0_0000_u32.to_le_bytes());
    let error = read(bent).unwrap_err();
    assert!(error.to_string().contains("more than it can"), "{error}");
}
