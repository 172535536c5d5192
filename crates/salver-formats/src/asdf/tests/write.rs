//! What is written, and which bytes a selection moves.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_buffer::Buffer;
use arrow_schema::Schema;
use salver_core::ErrorKind;
use salver_tree::{
    Array, BoxSelect, DType, EncodeOptions, Format as _, Map, PartKind, Select, Table,
    Tagged, Tree, ranges,
};

use super::{Asdf, open, read, written};

fn numbers(n: i32, shape: Vec<usize>) -> Array {
    Array::new(
        DType::I32,
        shape,
        Buffer::from_vec((0..n).map(|i| i / 50).collect::<Vec<i32>>()),
    )
    .unwrap()
}

fn map(entries: &[(&str, Tree)]) -> Tree {
    Tree::Map(
        entries.iter().map(|(key, node)| ((*key).to_owned(), node.clone())).collect(),
    )
}

#[test]
fn every_compression_comes_back_and_makes_smaller() {
    let tree = map(&[
        ("a", Tree::Array(numbers(1_500_000, vec![1500, 1000]))),
        ("b", Tree::Array(numbers(3, vec![3]).with_unit(Some("m s-1".into())))),
    ]);
    let plain = written(&tree, &EncodeOptions::default()).len();
    for name in ["zlib", "lz4", "zstd", "bzp2"] {
        let compression = Some(name.to_owned());
        let bytes = written(&tree, &EncodeOptions { compression, ..Default::default() });
        assert!(bytes.len() < plain, "{name}");
        assert_eq!(read(bytes).unwrap(), tree, "{name}");
    }
    let compression = Some("szip".to_owned());
    let options = EncodeOptions { compression, ..Default::default() };
    let error = Asdf.encode(&tree, &options, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_compression_can_be_that_of_one_path() {
    let tree = map(&[
        ("a", map(&[("x", Tree::Array(numbers(1000, vec![1000])))])),
        ("b", Tree::Array(numbers(1000, vec![1000]))),
    ]);
    let extra = [("compression:/a".to_owned(), "zlib".to_owned())].into();
    let bytes = written(&tree, &EncodeOptions { extra, ..Default::default() });
    let (index, _) = open(bytes).unwrap();
    let compressed = |path: &str| match &index.parts[path] {
        PartKind::Array(part) => part.codec.contains_key("compression"),
        _ => panic!("an array"),
    };
    assert!(compressed("/a/x") && !compressed("/b"));
}

#[test]
fn uc_049_a_box_moves_only_its_rows() {
    let tree = map(&[("a", Tree::Array(numbers(1_000_000, vec![1000, 1000])))]);
    let (index, _) = open(written(&tree, &EncodeOptions::default())).unwrap();
    let select = Select {
        part: Some("/a".into()),
        region: Some(BoxSelect(vec![10..12, 0..1000])),
        ..Select::all()
    };
    let moved: u64 =
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum();
    assert!(moved < 8000 + 1024, "{moved}");
}

#[test]
fn small_arrays_stand_in_the_text_if_asked() {
    let tree = map(&[("a", Tree::Array(numbers(6, vec![2, 3]).with_origin(vec![4, 5])))]);
    let extra = [("inline".to_owned(), "10".to_owned())].into();
    let bytes = written(&tree, &EncodeOptions { extra, ..Default::default() });
    assert!(String::from_utf8(bytes.clone()).unwrap().contains("data:"));
    assert_eq!(read(bytes).unwrap(), tree);
}

#[test]
fn the_root_is_where_a_person_looks() {
    let inner =
        map(&[("image", Tree::Array(numbers(4, vec![2, 2]))), ("n", Tree::from(1))]);
    let tree =
        Tree::Tagged(Box::new(Tagged { name: "a.B".into(), version: 2, tree: inner }));
    let bytes = written(&tree, &EncodeOptions::default());
    assert_eq!(read(bytes.clone()).unwrap(), tree);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\nimage: !core/ndarray-1.1.0\n"), "{text}");
}

#[test]
fn keys_and_tags_that_mean_something_come_back() {
    let tag = |name: &str, version, tree| {
        Tree::Tagged(Box::new(Tagged { name: name.into(), version, tree }))
    };
    let dollars =
        map(&[("$tag", Tree::from(1)), ("$$tag", Tree::Null), ("x", Tree::Null)]);
    let like = map(&[
        ("$tag", map(&[("name", Tree::from("n")), ("version", Tree::from(1))])),
        ("x", Tree::Null),
    ]);
    let source = map(&[("source", Tree::from(0))]);
    let ndarray = "tag:stsci.edu:asdf/core/ndarray-1.1.0";
    let each = [
        map(&[("asdf_library", Tree::from("mine")), ("x", Tree::Null)]),
        map(&[("history", Tree::Null)]),
        map(&[("salver", map(&[("root", Tree::from("data"))])), ("data", Tree::Null)]),
        dollars.clone(),
        like.clone(),
        tag("a", 1, like),
        tag("a", 1, tag("b", 0, dollars)),
        map(&[("t", tag(ndarray, 0, source.clone()))]),
        map(&[("t", tag(&format!("~~{ndarray}"), 0, source.clone()))]),
        map(&[("t", tag("!local", 0, source.clone()))]),
        map(&[("t", tag("tag:stsci.edu:asdf/", 0, source.clone()))]),
        map(&[("t", tag("tag:other.org:thing-1.0", 0, source))]),
        Tree::Map(Map::new()),
        tag("a", 3, Tree::Map(Map::new())),
        Tree::Array(numbers(0, vec![0])),
    ];
    for tree in each {
        let bytes = written(&tree, &EncodeOptions::default());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(read(bytes).unwrap(), tree, "{text}");
    }
}

fn table() -> Tree {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let words: DictionaryArray<Int32Type> =
        vec![Some("a"), None, Some("a")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("list", Arc::new(list)),
        ("word", Arc::new(words)),
        ("when", Arc::new(TimestampNanosecondArray::from(vec![Some(5), None, Some(-1)]))),
        ("odd", Arc::new(StringArray::from(vec!["a\0", "b", ""]))),
        (
            "ragged",
            Arc::new(StringArray::from(vec![
                "x".repeat(90_000),
                String::new(),
                String::new(),
            ])),
        ),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    Tree::Table(Table::new(batch.schema(), vec![batch]).unwrap())
}

#[test]
fn columns_of_any_type_come_back() {
    let tree = map(&[("t", table())]);
    assert_eq!(read(written(&tree, &EncodeOptions::default())).unwrap(), tree);
    let nothing = Table::new(Arc::new(Schema::empty()), vec![]).unwrap();
    let tree = Tree::Table(nothing);
    assert_eq!(read(written(&tree, &EncodeOptions::default())).unwrap(), tree);
}

#[test]
fn columns_move_only_their_bytes() {
    let tree = map(&[("t", table())]);
    let (index, source) = open(written(&tree, &EncodeOptions::default())).unwrap();
    let select = Select {
        part: Some("/t".into()),
        columns: Some(vec!["n".into()]),
        ..Select::all()
    };
    let moved: u64 =
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum();
    assert!(moved < index.always[0].len + 100, "{moved}");
    let found = Asdf.decode(&index, &select, &source).unwrap();
    assert_eq!(found.as_table().unwrap().schema().fields().len(), 1);
}
