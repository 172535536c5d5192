//! Bytes that want harm.

use salver_core::{Error, ErrorKind};
use salver_tree::{EncodeOptions, Format as _, Map, Select, Tagged, Tree};

use super::super::Zarr;
use super::super::encode::key;
use super::super::zip::ZipWriter;
use super::{counting, map, open, read, written};

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// An archive of these members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut zip = ZipWriter::new(&mut out);
    for (name, bytes) in members {
        zip.add(name, &[bytes], crc(bytes)).unwrap();
    }
    zip.finish().unwrap();
    out
}

fn document(shape: &str, chunk: &str, codecs: &str) -> String {
    format!(
        r#"{{"zarr_format": 3, "node_type": "array", "shape": {shape}, "data_type": "int32",
        "chunk_grid": {{"name": "regular", "configuration": {{"chunk_shape": {chunk}}}}},
        "chunk_key_encoding": {{"name": "default"}}, "fill_value": 0, "codecs": {codecs}}}"#
    )
}

const BYTES: &str = r#"[{"name": "bytes", "configuration": {"endian": "little"}}]"#;
const SHARDED: &str = r#"[{"name": "sharding_indexed", "configuration": {"chunk_shape": [2],
    "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}]}}]"#;

fn refused(bytes: Vec<u8>) -> Error {
    read(bytes).unwrap_err()
}

fn says(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

#[test]
fn no_archive_and_no_store_are_corrupt() {
    assert_eq!(refused(b"PK\x03\x04 nothing".to_vec()).kind(), ErrorKind::Corrupt);
    let error = refused(archive(&[("a.txt", b"hello")]));
    says(&error, &["no metadata of a root"]);
}

#[test]
fn members_that_overlap_are_corrupt() {
    let mut bytes = archive(&[("zarr.json", b"{}"), ("c/0", b"12345678")]);
    // the first entry of the directory claims the bytes of the next member too
    let entry = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[entry + 20] = 60;
    bytes[entry + 24] = 60;
    let error = refused(bytes);
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    says(&error, &["overlap", "member: zarr.json", "offset: 0"]);
}

#[test]
fn a_shard_index_outside_of_its_shard_names_chunk_and_node() {
    let text = document("[4]", "[4]", SHARDED);
    let mut shard = vec![1; 16];
    for (offset, len) in [(0_u64, 8_u64), (8, 1 << 40)] {
        shard.extend(offset.to_le_bytes());
        shard.extend(len.to_le_bytes());
    }
    let error = refused(archive(&[("zarr.json", text.as_bytes()), ("c/0", &shard)]));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    says(&error, &["outside of the shard", "chunk: 1", "node: (root)", "offset: 8"]);
    let error = refused(archive(&[("zarr.json", text.as_bytes()), ("c/0", &[0; 31])]));
    says(&error, &["shorter than its index"]);
}

#[test]
fn huge_shapes_are_refused_before_they_are_allocated() {
    let huge = |shape: &str, chunk: &str| {
        let text = document(shape, chunk, BYTES);
        let stored = format!("c{}", "/0".repeat(shape.split(',').count()));
        archive(&[("zarr.json", text.as_bytes()), (&stored, &[0; 4])])
    };
    assert_eq!(refused(huge("[1000000000000]", "[1]")).kind(), ErrorKind::Limit);
    assert_eq!(
        refused(huge("[100000000000]", "[100000000000]")).kind(),
        ErrorKind::Limit
    );
    let error = refused(huge("[9000000000000000000, 9000000000000000000]", "[1, 1]"));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let text = document("[100000000000]", "[100]", BYTES);
    assert_eq!(
        refused(archive(&[("zarr.json", text.as_bytes())])).kind(),
        ErrorKind::Limit
    );
}

#[test]
fn a_compressed_bomb_ends_at_the_length_of_the_chunk() {
    let zeros = zstd::bulk::compress(&vec![0; 64 << 20], 1).unwrap();
    let codecs = r#"[{"name": "bytes"}, {"name": "zstd"}]"#;
    let text = document("[4]", "[4]", codecs);
    let error = refused(archive(&[("zarr.json", text.as_bytes()), ("c/0", &zeros)]));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    says(&error, &["node: (root)", "chunk: [0]"]);
    let twice = r#"[{"name": "bytes"}, {"name": "gzip"}, {"name": "zstd"}]"#;
    let text = document("[4]", "[4]", twice);
    let error = refused(archive(&[("zarr.json", text.as_bytes()), ("c/0", &zeros)]));
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn groups_within_groups_have_a_limit() {
    let group = br#"{"zarr_format": 3, "node_type": "group"}"#;
    let deep = format!("{}zarr.json", "a/".repeat(2000));
    let error = refused(archive(&[("zarr.json", group), (&deep, group)]));
    assert_eq!(error.kind(), ErrorKind::Limit);
    let mut tree = Tree::Array(counting(&[2]));
    for _ in 0..600 {
        tree = map([("a", tree)]);
    }
    let mut out = Vec::new();
    let error = Zarr.encode(&tree, &EncodeOptions::default(), &mut out).unwrap_err();
    assert_eq!((error.kind(), out.len()), (ErrorKind::Unsupported, 0));
}

#[test]
fn one_member_under_two_keys_is_corrupt() {
    let root = r#"{"zarr_format": 3, "node_type": "group", "attributes": {"$salver":
        {"version": 1, "kind": "map", "keys": ["a", "b"], "members": {"a": "x", "b": "x"}}}}"#;
    let array = document("[1]", "[1]", BYTES);
    let error = refused(archive(&[
        ("zarr.json", root.as_bytes()),
        ("x/zarr.json", array.as_bytes()),
    ]));
    says(&error, &["one member under two keys"]);
}

#[test]
fn an_array_of_unknown_codecs_leaves_the_others_readable() {
    let group = br#"{"zarr_format": 3, "node_type": "group"}"#;
    let good = document("[1]", "[1]", BYTES);
    let odd = document("[1]", "[1]", r#"[{"name": "bytes"}, {"name": "jpeg2000"}]"#);
    let bytes = archive(&[
        ("zarr.json", group),
        ("good/zarr.json", good.as_bytes()),
        ("odd/zarr.json", odd.as_bytes()),
        ("good/c/0", &5_i32.to_le_bytes()),
    ]);
    let (index, source) = open(bytes).unwrap();
    assert!(Zarr.decode(&index, &Select::part("/good"), &source).is_ok());
    let error = Zarr.decode(&index, &Select::part("/odd"), &source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    says(&error, &["jpeg2000", "node: odd"]);
}

#[test]
fn odd_keys_lists_and_tags_come_back() {
    let array = || Tree::Array(counting(&[3]));
    let tagged =
        |tree| Tree::Tagged(Box::new(Tagged { name: "a.B".into(), version: 2, tree }));
    let tree = map([
        ("", array()),
        ("a/b", array()),
        ("$salver", Tree::from(1_i64)),
        ("$$salver", map([("$ref", Tree::from("x"))])),
        ("..", array()),
        ("zarr.json", tagged(tagged(array()))),
        ("__x", map([("$ref", array())])),
        (
            "list",
            Tree::List(vec![Tree::Null, array(), tagged(Tree::List(vec![array()]))]),
        ),
        ("bytes", Tree::Bytes(vec![7; 5000].into())),
        ("node0", array()),
        ("empty", Tree::Map(Map::new())),
    ]);
    let bytes = written(&tree, &EncodeOptions::default());
    assert_eq!(read(bytes.clone()).unwrap(), tree);
    let (index, source) = open(bytes).unwrap();
    for path in
        ["/a~1b", "/list/2/0", "/bytes", "/__x/$ref", "/$$salver/$ref", "/zarr.json"]
    {
        let found = Zarr.decode(&index, &Select::part(path), &source).unwrap();
        assert_eq!(&found, tree.at(path).unwrap(), "{path}");
    }
    let error = Zarr.decode(&index, &Select::part("/list/7"), &source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(key("a", &[1, 2]), "a/c/1/2");
}
