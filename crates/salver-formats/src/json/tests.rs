use std::sync::Arc;

use arrow_array::{Float64Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema};
use salver_core::ErrorKind;
use salver_tree::{
    Array, DType, EncodeOptions, Format as _, Map, MemorySource, RefLeaf, Select, Source,
    Table, Tagged, Tree,
};

use super::Json;

const DOCUMENTS: &str = include_str!("../../../../testdata/formats/json_documents.txt");
const INPUTS: &str = include_str!("../../../../testdata/formats/json_inputs.json");

fn map(entries: &[(&str, Tree)]) -> Tree {
    Tree::Map(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

fn round_trip(tree: &Tree) -> String {
    let text = Json::render(tree).unwrap();
    assert_eq!(&Json::parse(&text).unwrap(), tree, "{text}");
    text
}

#[test]
fn documents_of_python_are_written_byte_for_byte() {
    for line in DOCUMENTS.split_terminator('\n') {
        assert_eq!(Json::render(&Json::parse(line).unwrap()).unwrap(), line);
    }
}

#[test]
fn inputs_are_taken_and_refused_as_python_does() {
    let Tree::List(pairs) = Json::parse(INPUTS).unwrap() else { panic!("a list") };
    for pair in &pairs {
        let source = pair.at("/0").unwrap().as_str().unwrap();
        match (Json::parse(source), pair.at("/1").unwrap()) {
            (Ok(tree), Tree::Str(written)) => {
                assert_eq!(&Json::render(&tree).unwrap(), written, "{source}");
            }
            (Err(_), Tree::Null) => {}
            // Python's whole numbers have no end
            (Err(e), _) if e.kind() == ErrorKind::Unsupported => {}
            (ours, theirs) => panic!("{source}: {ours:?} where Python has {theirs:?}"),
        }
    }
}

#[test]
fn compact_has_no_blanks() {
    let tree = map(&[
        ("a", Tree::List(vec![Tree::from(1), Tree::Null])),
        ("b", Tree::from(0.5)),
    ]);
    assert_eq!(Json::render_compact(&tree).unwrap(), r#"{"a":[1,null],"b":0.5}"#);
    let mut options = EncodeOptions::default();
    options.extra.insert("separators".into(), "compact".into());
    let mut out = Vec::new();
    Json.encode(&tree, &options, &mut out).unwrap();
    assert_eq!(out, br#"{"a":[1,null],"b":0.5}"#);
    options.extra.insert("indent".into(), "2".into());
    let error = Json.encode(&tree, &options, &mut out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn nodes_that_json_lacks_come_back() {
    let array = Array::new(DType::I16, vec![2, 1], Buffer::from_vec(vec![-1_i16, 258]));
    let array = array.unwrap().with_unit(Some("adu".into())).with_origin(vec![5, 0]);
    let text = round_trip(&Tree::Array(array));
    assert_eq!(
        text,
        r#"{"$array": {"dtype": "int16", "shape": [2, 1], "unit": "adu", "origin": [5, 0], "data": "//8CAQ=="}}"#
    );
    assert_eq!(round_trip(&Tree::Bytes(vec![0, 255].into())), r#"{"$bytes": "AP8="}"#);
    assert_eq!(round_trip(&Tree::Time(-5)), r#"{"$time": -5}"#);
    let inner = map(&[("$bytes", Tree::from("AP8="))]);
    let tag = Tagged { name: "a.B".into(), version: 3, tree: inner };
    assert_eq!(
        round_trip(&Tree::Tagged(Box::new(tag))),
        r#"{"$tag": {"name": "a.B", "version": 3, "tree": {"$$bytes": "AP8="}}}"#
    );
}

#[test]
fn references_come_back_whole() {
    let leaf = RefLeaf {
        id: Some("0190e1c4-7a3b-7def-8000-0123456789ab".parse().unwrap()),
        dataset_type: "calexp".into(),
        data_id: vec![
            ("instrument".into(), Tree::from("CamA")),
            ("visit".into(), Tree::from(101)),
        ],
        run: Some("run/1".into()),
        component: Some("wcs".into()),
        parameters: Some(Map::from_iter([("bbox".to_owned(), Tree::Null)])),
        digest: Some([0xa5; 32]),
    };
    let bare = RefLeaf {
        id: None,
        run: None,
        component: None,
        parameters: None,
        digest: None,
        ..leaf.clone()
    };
    round_trip(&Tree::Ref(Box::new(leaf)));
    round_trip(&Tree::Ref(Box::new(bare)));
}

#[test]
fn tables_come_back_with_their_schema() {
    let field = Field::new("x", DataType::Float64, true)
        .with_metadata([("unit".to_owned(), "Jy".to_owned())].into());
    let schema = Arc::new(Schema::new(vec![field]));
    let column = Arc::new(Float64Array::from(vec![Some(1.5), None]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    let table = Table::new(schema, vec![batch]).unwrap();
    round_trip(&map(&[("t", Tree::Table(table))]));
}

#[test]
fn plain_maps_that_look_special_are_escaped() {
    let word = |key: &str, value: Tree| round_trip(&map(&[(key, value)]));
    assert_eq!(word("$time", Tree::from(5)), r#"{"$$time": 5}"#);
    assert_eq!(word("$$time", Tree::from(5)), r#"{"$$$time": 5}"#);
    assert_eq!(word("$id", Tree::from(5)), r#"{"$id": 5}"#);
    assert_eq!(word("$ref", Tree::from("#/x")), r##"{"$$ref": "#/x"}"##);
    // written by others
    for text in
        [r##"{"$ref": "#/definitions/x"}"##, r#"{"$array": {"x": 1}}"#, r#"{"$tag": 1}"#]
    {
        assert!(matches!(Json::parse(text).unwrap(), Tree::Map(_)), "{text}");
    }
}

#[test]
fn special_nodes_with_wrong_content_are_corrupt() {
    let texts = [
        r#"{"$bytes": "?"}"#,
        r#"{"$time": 18446744073709551615}"#,
        r#"{"$table": "AAAA"}"#,
        r#"{"$array": {"dtype": "int16", "shape": [9999999999999], "data": "AAAA"}}"#,
        r#"{"$array": {"dtype": "int16", "shape": [18446744073709551615, 9], "data": "AAAA"}}"#,
        r#"{"$array": {"dtype": "int99", "shape": [1], "data": "AAAA"}}"#,
        r#"{"$ref": {"id": "x", "dataset_type": "t", "data_id": {}}}"#,
        r#"{"$tag": {"name": "n", "version": -1, "tree": null}}"#,
    ];
    for text in texts {
        assert_eq!(Json::parse(text).unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |n| "[".repeat(n) + &"]".repeat(n);
    let tree = Json::parse(&deep(512)).unwrap();
    assert_eq!(Json::render(&tree).unwrap(), deep(512));
    let error = Json::parse(&deep(100_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let error = Json::render(&Tree::List(vec![tree])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    // a tag takes two levels in the text
    let mut tree = Tree::Null;
    for _ in 0..300 {
        tree = Tree::Tagged(Box::new(Tagged { name: "n".into(), version: 1, tree }));
    }
    assert_eq!(Json::render(&tree).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_part_of_a_document_is_selected() {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(r#"{"a": [1, {"b": 2}]}"#));
    let index = Arc::new(Json.index(&source).unwrap());
    let part = |path: &str| Json.decode(&index, &Select::part(path), &source);
    assert_eq!(part("/a/1/b").unwrap(), Tree::from(2));
    assert_eq!(part("/b").unwrap_err().kind(), ErrorKind::NotFound);
}
