//! Stores by zarr-python and xarray, made by `testdata/formats/make_zarr.py`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_tree::{ArrayData, Tree};

use super::read;
use crate::Json;

#[test]
fn stores_of_others_read_as_trees() {
    let text = include_str!("../../../../../testdata/formats/zarr.json");
    let Tree::List(stores) = Json::parse(text).unwrap() else { panic!("a list") };
    for store in &stores {
        let name = store.at("/name").unwrap().as_str().unwrap();
        let file = STANDARD.decode(store.at("/file").unwrap().as_str().unwrap()).unwrap();
        let tree = read(file).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        for (path, wanted) in store.at("/found").unwrap().as_map().unwrap().iter() {
            let found = tree.at(path).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            same(found, wanted, &format!("{name} {path}"));
        }
    }
}

fn same(found: &Tree, wanted: &Tree, what: &str) {
    let Some(data) = wanted.as_map().and_then(|m| m.get("data")) else {
        assert_eq!(found, wanted, "{what}");
        return;
    };
    let array = found.as_array().unwrap_or_else(|| panic!("{what}: {found:?}"));
    let shape: Vec<Tree> = array.shape().iter().map(|&n| Tree::Int(n as i128)).collect();
    assert_eq!(
        array.dtype().to_string(),
        wanted.at("/dtype").unwrap().as_str().unwrap(),
        "{what}"
    );
    assert_eq!(&Tree::List(shape), wanted.at("/shape").unwrap(), "{what}");
    let ArrayData::Loaded(buffer) = array.data() else { panic!("{what}") };
    assert_eq!(
        buffer.as_slice(),
        STANDARD.decode(data.as_str().unwrap()).unwrap(),
        "{what}"
    );
}
