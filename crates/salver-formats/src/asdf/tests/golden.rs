//! Files of the asdf library and asdf-astropy, by `testdata/formats/make_asdf.py`.

use salver_core::ErrorKind;
use salver_tree::{ArrayData, BoxSelect, Format as _, Select, Tree};

use super::{Asdf, file, open, read};
use crate::Json;

fn expected() -> Tree {
    Json::parse(&String::from_utf8(file("expected.json")).unwrap()).unwrap()
}

#[test]
fn uc_049_files_of_the_asdf_library_hold_what_it_wrote() {
    let Tree::Map(files) = expected() else { panic!("a map") };
    assert!(files.len() > 10);
    for (name, wanted) in files {
        let found = read(file(&name)).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let Tree::Map(wanted) = wanted else { panic!("a map") };
        for (key, node) in wanted {
            assert_eq!(found.as_map().unwrap().get(&key), Some(&node), "{name} {key}");
        }
        assert!(found.as_map().unwrap().get("asdf_library").is_none());
    }
}

#[test]
fn a_box_of_any_view_is_what_a_cut_of_all_gives() {
    for name in ["views_none.asdf", "views_zlib.asdf", "arrays_lz4.asdf"] {
        let (index, source) = open(file(name)).unwrap();
        let all = Asdf.decode(&index, &Select::all(), &source).unwrap();
        for (key, node) in all.as_map().unwrap().iter() {
            let array = node.as_array().unwrap();
            if array.is_empty() {
                continue;
            }
            let edge = |n: usize| i64::try_from(n).unwrap();
            let half = array.shape().iter().map(|&n| edge(n / 2)..edge(n));
            let region = BoxSelect(half.collect());
            let part = Some(format!("/{key}"));
            for lazy in [false, true] {
                let region = Some(region.clone());
                let select = Select { part: part.clone(), region, lazy, ..Select::all() };
                let found = Asdf.decode(&index, &select, &source).unwrap();
                let found = found.as_array().unwrap();
                assert_eq!(matches!(found.data(), ArrayData::Lazy(_)), lazy);
                let cut = array.cut(select.region.as_ref().unwrap()).unwrap();
                assert_eq!(found.load().unwrap(), cut, "{name} {key}");
            }
        }
    }
}

#[test]
fn tables_of_astropy_are_tables() {
    let tree = read(file("tables.asdf")).unwrap();
    let table = tree.at("/t").unwrap().as_table().unwrap();
    let names: Vec<&String> = table.schema().fields().iter().map(|f| f.name()).collect();
    assert_eq!(names, ["a", "s", "xy", "m"]);
    let a = table.schema().field(0);
    assert_eq!(
        (a.metadata()["unit"].as_str(), a.metadata()["description"].as_str()),
        ("m", "a number")
    );
    assert_eq!(table.schema().metadata()["k"], "1");
    let batch = &table.batches().unwrap()[0];
    assert_eq!(batch.column(3).null_count(), 1);
    assert_eq!(
        tree.at("/q").unwrap().as_table().unwrap().schema().field(0).metadata()["unit"],
        "m"
    );
    let rows = tree.at("/rows").unwrap().as_table().unwrap();
    assert_eq!((rows.n_rows(), rows.schema().fields().len()), (2, 2));
}

#[test]
fn tags_of_astropy_are_tagged_nodes() {
    let tree = read(file("astropy.asdf")).unwrap();
    assert_eq!(tree.at("/tai").unwrap(), &Tree::Time(1_709_294_437_500_000_000));
    assert_eq!(tree.at("/mjd/format").unwrap().as_str(), Some("mjd"));
    assert_eq!(tree.at("/mjd/value").unwrap().as_array().unwrap().shape(), [2]);
    let Tree::Tagged(sky) = tree.at("/sky").unwrap() else { panic!("a tag") };
    assert!(sky.name.starts_with("tag:astropy.org:astropy/coordinates/skycoord-"));
    assert_eq!(tree.at("/sky/frame").unwrap().as_str(), Some("icrs"));
    // a column of times is none of Arrow's: the table stays a tagged node
    assert!(matches!(tree.at("/mixed").unwrap(), Tree::Tagged(_)));
    assert_eq!(tree.at("/huge").unwrap(), &Tree::Int(1 << 63));
    assert_eq!(tree.at("/none").unwrap(), &Tree::Null);
    assert_eq!(tree.at("/nested/list/1/x").unwrap().as_array().unwrap().shape(), [2]);
    assert_eq!(tree.at("/complex").unwrap().as_array().unwrap().shape(), [0_usize; 0]);
}

#[test]
fn an_array_in_another_file_is_refused_and_named() {
    let error = read(file("external.asdf")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("file: other0000.asdf, node: /far"), "{error}");
}
