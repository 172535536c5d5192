//! Files of h5py, our own files, and what must be refused.

use std::sync::Arc;

use salver_core::{ErrorKind, Result};
use salver_tree::{
    Array, BoxSelect, DType, EncodeOptions, Format as _, Limits, Map, MemorySource,
    PartKind, Select, Source, Tree, filled, ranges,
};

use super::Hdf5;
use super::low::checksum::lookup3;
use crate::Json;

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../../../testdata/formats/hdf5/", $name))
                .as_slice(),
        )
    };
}

const FILES: [(&str, &[u8]); 8] = [
    file!("plain.h5"),
    file!("plain_latest.h5"),
    file!("chunked.h5"),
    file!("chunked_latest.h5"),
    file!("tables.h5"),
    file!("tables_latest.h5"),
    file!("links.h5"),
    file!("links_latest.h5"),
];

fn read(bytes: &[u8], select: &Select) -> Result<Tree> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
    let index = Arc::new(Hdf5.index(&source)?);
    Hdf5.decode(&index, select, &source)
}

fn bytes_of(name: &str) -> &'static [u8] {
    FILES.iter().find(|(n, _)| *n == name).unwrap().1
}

fn whole(name: &str) -> Tree {
    read(bytes_of(name), &Select::all()).unwrap()
}

fn both(name: &str) -> [Tree; 2] {
    [whole(&format!("{name}.h5")), whole(&format!("{name}_latest.h5"))]
}

fn write(tree: &Tree, options: &EncodeOptions) -> Vec<u8> {
    let mut out = Vec::new();
    Hdf5.encode(tree, options, &mut out).unwrap();
    out
}

fn map(entries: &[(&str, Tree)]) -> Tree {
    Tree::Map(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

/// The items of an array as numbers.
fn numbers(array: &Array) -> Vec<f64> {
    let bytes = array.buffer().unwrap();
    macro_rules! each {
        ($type:ty) => {
            bytes.typed_data::<$type>().iter().map(|&x| f64::from(x)).collect()
        };
    }
    match array.dtype() {
        DType::Bool | DType::U8 => each!(u8),
        DType::I16 => each!(i16),
        DType::U16 => each!(u16),
        DType::I32 => each!(i32),
        DType::F16 => each!(half::f16),
        DType::F32 => each!(f32),
        DType::F64 => each!(f64),
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        DType::I64 => bytes.typed_data::<i64>().iter().map(|&x| x as f64).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn every_item_is_what_h5py_reads() {
    let text = include_str!("../../../../testdata/formats/hdf5/expected.json");
    let expected = Json::parse(text).unwrap();
    let mut seen = 0;
    for (name, bytes) in FILES {
        for (path, wanted) in
            expected.as_map().unwrap().get(name).unwrap().as_map().unwrap().iter()
        {
            let found = read(bytes, &Select::part(path)).unwrap();
            let array =
                found.as_array().unwrap_or_else(|| panic!("{name}{path}: {found:?}"));
            assert_eq!(
                wanted.at("/0").unwrap().as_str(),
                Some(&*array.dtype().to_string())
            );
            let Tree::List(items) = wanted.at("/2").unwrap() else { panic!("no items") };
            let items: Vec<f64> = items
                .iter()
                .map(|item| match item {
                    Tree::Bool(b) => f64::from(u8::from(*b)),
                    Tree::Float(x) => *x,
                    other => f64::from(i32::try_from(other.as_int().unwrap()).unwrap()),
                })
                .collect();
            assert_eq!(numbers(array), items, "{name}{path}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn scalars_attributes_and_odd_types_are_nodes() {
    for tree in both("plain") {
        let at = |path: &str| tree.at(path).unwrap().clone();
        assert_eq!(at("/group/@/title"), Tree::from("héllo"));
        assert_eq!(at("/group/@/n"), Tree::from(3));
        assert_eq!(
            at("/group/@/names"),
            Tree::List(vec![Tree::from("a"), Tree::from("bb")])
        );
        assert_eq!(at("/ints@/long_name"), Tree::from("counts"));
        assert_eq!(at("/ints").as_array().unwrap().unit(), Some("adu"));
        assert_eq!(at("/text"), Tree::from("text"));
        assert_eq!(at("/one"), Tree::from(1));
        assert_eq!(at("/pi"), Tree::from(3.25));
        assert_eq!(at("/yes"), Tree::from(true));
        assert_eq!(at("/null"), Tree::Null);
        assert_eq!(at("/void"), Tree::Bytes(vec![1, 2, 3].into()));
        assert_eq!(at("/texts/2"), Tree::from("ççç"));
        assert_eq!(at("/complex").as_array().unwrap().dtype(), DType::C128);
        assert_eq!(at("/fixed").as_array().unwrap().dtype(), DType::Bytes(3));
        assert_eq!(numbers(at("/sequences/0").as_array().unwrap()), [1.0, 2.0, 3.0]);
        assert!(matches!(at("/named"), Tree::Tagged(t) if t.name == "hdf5.datatype"));
    }
}

#[test]
fn compound_datasets_are_tables() {
    for tree in both("tables") {
        for name in ["rows", "rows_gzip"] {
            let table = tree.at(&format!("/{name}")).unwrap().as_table().unwrap();
            let names: Vec<_> =
                table.schema().fields().iter().map(|f| f.name().clone()).collect();
            assert_eq!(names, ["id", "ra", "name", "xy", "ok", "in.a", "in.b"]);
            assert_eq!(table.n_rows(), 5);
        }
        assert_eq!(tree.at("/row/in/a").unwrap().as_int(), Some(1));
        assert_eq!(tree.at("/texts").unwrap().as_table().unwrap().n_rows(), 2);
        let scale = tree.at("/grid@/DIMENSION_LIST").unwrap();
        assert_eq!(scale.at("/0/0").unwrap().as_str(), Some("/lat"));
        assert_eq!(tree.at("/reference").unwrap().as_str(), Some("/lat"));
    }
}

#[test]
fn columns_of_chunked_rows_come_alone() {
    let select = Select {
        part: Some("/rows_gzip".into()),
        columns: Some(vec!["ra".into(), "id".into()]),
        ..Select::all()
    };
    let tree = read(bytes_of("tables.h5"), &select).unwrap();
    let table = tree.as_table().unwrap();
    assert_eq!(table.schema().fields().len(), 2);
    assert_eq!(table.n_rows(), 5);
}

#[test]
fn nothing_outside_of_the_file_is_followed() {
    for tree in both("links") {
        let tag = |path: &str| match tree.at(path).unwrap() {
            Tree::Tagged(tagged) => tagged.name.clone(),
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(tag("/soft"), "hdf5.soft_link");
        assert_eq!(tag("/loop"), "hdf5.soft_link");
        assert_eq!(tag("/outside"), "hdf5.external_link");
        assert_eq!(tree.at("/outside/file").unwrap().as_str(), Some("/etc/other.h5"));
        assert_eq!(tag("/group/up"), "hdf5.hard_link");
        for path in ["/virtual", "/raw", "/scaled"] {
            assert_eq!(tag(path), "hdf5.unread");
        }
        assert_eq!(tree.at("/many/d59").unwrap().as_int(), Some(59));
        assert_eq!(tree.at("/attributes/@/a19").unwrap().as_int(), Some(19));
        let ordered: Vec<_> =
            tree.at("/ordered").unwrap().as_map().unwrap().keys().collect();
        assert_eq!(ordered, ["z", "y", "x"]);
    }
}

#[test]
fn keys_of_any_text_come_back() {
    let keys = ["", ".", "..", "a/b", "%2F", "@", "x@", "~", "ä", "SALVER_KIND", "\0"];
    let tree = Tree::Map(
        keys.iter().map(|k| ((*k).to_owned(), Tree::from(*k))).collect::<Map>(),
    );
    let bytes = write(&tree, &EncodeOptions::default());
    assert_eq!(read(&bytes, &Select::all()).unwrap(), tree);
}

fn ramp(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    let buffer = filled(DType::F32, count * 4, |out| {
        for (i, item) in out.chunks_exact_mut(4).enumerate() {
            item.copy_from_slice(&(i % 977).to_ne_bytes()[..4]);
        }
        Ok(())
    });
    Array::new(DType::F32, shape.to_vec(), buffer.unwrap()).unwrap()
}

#[test]
fn a_box_moves_the_touched_chunks_only() {
    let array = ramp(&[300, 500]);
    let options = EncodeOptions {
        compression: Some("gzip".into()),
        tile: Some(vec![64, 64]),
        ..EncodeOptions::default()
    };
    let bytes = write(&map(&[("image", Tree::Array(array.clone()))]), &options);
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let index = Arc::new(Hdf5.index(&source).unwrap());
    let region = BoxSelect(vec![60..70, 100..120]);
    let part = Some("/image".to_owned());
    let select = Select { part, region: Some(region.clone()), ..Select::all() };
    let planned = ranges(&index, &select).unwrap();
    let PartKind::Array(part) = &index.parts["/image"] else { panic!("no array") };
    let touched = part.ranges(Some(&region), 4).unwrap();
    assert_eq!(touched.len(), 2);
    let moved: u64 = planned.iter().map(|r| r.end - r.start).sum();
    assert_eq!(moved, touched.iter().map(|r| r.end - r.start).sum::<u64>());
    let cut = Hdf5.decode(&index, &select, &source).unwrap();
    assert!(cut == Tree::Array(array.cut(&region).unwrap()));
}

#[test]
fn chunks_by_several_levels_of_nodes_come_back() {
    let array = ramp(&[130, 4100]);
    let options = EncodeOptions { tile: Some(vec![1, 64]), ..EncodeOptions::default() };
    let tree = map(&[("image", Tree::Array(array))]);
    assert!(read(&write(&tree, &options), &Select::all()).unwrap() == tree);
}

#[test]
fn a_flipped_bit_of_structure_is_corrupt_with_its_place() {
    let mut bytes = write(&map(&[("a", Tree::from(1))]), &EncodeOptions::default());
    bytes[60] ^= 1;
    let error = read(&bytes, &Select::all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("offset: "), "{error}");
}

/// The same file with bytes changed in the header that holds them, and its checksum right.
fn forged(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = out.windows(from.len()).position(|w| w == from).unwrap();
    out[at..at + from.len()].copy_from_slice(to);
    let start = (0..at).rev().find(|&i| out[i..].starts_with(b"OHDR")).unwrap();
    let length = u32::from_le_bytes(out[start + 6..start + 10].try_into().unwrap());
    let end = start + 10 + usize::try_from(length).unwrap();
    let sum = lookup3(&out[start..end]);
    out[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    out
}

#[test]
fn a_declared_shape_takes_no_memory() {
    let tree = map(&[("a", Tree::Array(ramp(&[33, 77])))]);
    let bytes = write(&tree, &EncodeOptions::default());
    let from = [33_u64.to_le_bytes(), 77_u64.to_le_bytes()].concat();
    let to = [(1_u64 << 33).to_le_bytes(), (1_u64 << 28).to_le_bytes()].concat();
    let error = read(&forged(&bytes, &from, &to), &Select::all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("node: /a"), "{error}");
}

#[test]
fn a_group_inside_of_itself_is_shown_as_a_link() {
    let tree = map(&[("a", map(&[("b", map(&[]))]))]);
    let bytes = write(&tree, &EncodeOptions::default());
    // the address of `b` becomes that of the root group, which comes first
    let at = bytes.windows(2).position(|w| w == [1, b'b']).map(|i| i + 1);
    let name = bytes.windows(3).position(|w| w == [1, 0, b'b']).or(at).unwrap();
    let from = &bytes[name..name + 11];
    let to = [&from[..3], &48_u64.to_le_bytes()].concat();
    let found = read(&forged(&bytes, from, &to), &Select::all()).unwrap();
    let Tree::Tagged(tagged) = found.at("/a/b").unwrap() else { panic!("{found:?}") };
    assert_eq!(
        (tagged.name.as_str(), tagged.tree.as_str()),
        ("hdf5.hard_link", Some("/"))
    );
}

#[test]
fn the_users_limit_is_kept() {
    let tree = map(&[("a", Tree::Array(ramp(&[100, 100])))]);
    let bytes = write(&tree, &EncodeOptions::default());
    let select = Select::all().with_limits(Limits::memory(1000));
    let error = read(&bytes, &select).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("node: /a"), "{error}");
}

#[test]
fn deep_trees_are_refused_and_not_overflown() {
    let deep = (0..600).fold(Tree::Null, |inner, _| Tree::List(vec![inner]));
    let error =
        Hdf5.encode(&deep, &EncodeOptions::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let fits = (0..500).fold(Tree::Null, |inner, _| Tree::List(vec![inner]));
    let bytes = write(&fits, &EncodeOptions::default());
    assert_eq!(read(&bytes, &Select::all()).unwrap(), fits);
}

#[test]
fn a_part_that_is_not_there_names_those_that_are() {
    let bytes =
        write(&map(&[("a", map(&[("b", Tree::from(1))]))]), &EncodeOptions::default());
    assert_eq!(read(&bytes, &Select::part("/a/b")).unwrap(), Tree::from(1));
    let error = read(&bytes, &Select::part("/a/c")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("there: b"), "{error}");
}

#[test]
fn attributes_are_attributes_again() {
    for name in ["plain.h5", "links.h5"] {
        let tree = whole(name);
        let bytes = write(&tree, &EncodeOptions::default());
        assert_eq!(read(&bytes, &Select::all()).unwrap(), tree, "{name}");
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let skeleton = Hdf5.index(&source).unwrap().private.to_string();
        assert!(!skeleton.contains("SALVER_"), "{name}");
    }
    let odd = map(&[
        ("@", map(&[("units", Tree::from("m")), ("SALVER_KIND", Tree::from("list"))])),
        ("x", Tree::from(1)),
        (
            "x@",
            map(&[("note", Tree::from("a")), ("all", Tree::List(vec![Tree::from("b")]))]),
        ),
        ("y", Tree::from(1)),
        ("y@", map(&[("nothing", Tree::Null)])),
        ("z@", map(&[("a", Tree::from(1.5))])),
    ]);
    assert_eq!(
        read(&write(&odd, &EncodeOptions::default()), &Select::all()).unwrap(),
        odd
    );
}
