//! Everything that the sample repository's `expected.json` tells is found through the API.

use std::collections::BTreeMap;

use salver_model::{DataId, DataValue};
use serde_json::Value as Json;

use crate::{CollectionQuery, OpenMode, Registry};

const EXPECTED: &str =
    include_str!("../../../../testdata/gen3/sample-repo/expected.json");
const DATABASE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/gen3/sample-repo/gen3.sqlite3");

fn sample() -> (Registry, Json) {
    let registry = Registry::open(DATABASE, OpenMode::ReadOnly).unwrap();
    (registry, serde_json::from_str(EXPECTED).unwrap())
}

fn list<'j>(json: &'j Json, key: &str) -> &'j Vec<Json> {
    json[key].as_array().unwrap()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}

fn texts(json: &Json) -> Vec<&str> {
    json.as_array().map(|a| a.iter().map(text).collect()).unwrap_or_default()
}

fn value(json: &Json) -> DataValue {
    match json {
        Json::Number(n) => DataValue::Int(n.as_i64().unwrap()),
        other => DataValue::from(text(other)),
    }
}

fn data_id(registry: &Registry, dataset_type: &str, json: &Json) -> DataId {
    let dataset_type = registry.dataset_type(dataset_type).unwrap();
    let pairs: Vec<_> =
        json.as_object().unwrap().iter().map(|(k, v)| (k.clone(), value(v))).collect();
    DataId::standardise(registry.universe(), dataset_type.dimensions(), pairs, None)
        .unwrap()
}

#[test]
fn universe_and_writability() {
    let (registry, expected) = sample();
    assert_eq!(i64::from(registry.universe().version()), expected["universe"]["version"]);
    assert!(!registry.is_writeable());
}

#[test]
fn every_dataset_type_is_found() {
    let (registry, expected) = sample();
    let all = registry.dataset_types(&["*"]).unwrap();
    assert_eq!(all.len(), list(&expected, "dataset_types").len());
    for wanted in list(&expected, "dataset_types") {
        let found = registry.dataset_type(text(&wanted["name"])).unwrap();
        let required: Vec<&str> =
            found.dimensions().required().iter().map(|n| &**n).collect();
        assert_eq!(required, texts(&wanted["required"]));
        assert_eq!(found.storage_class(), text(&wanted["storage_class"]));
        assert_eq!(found.is_calibration(), wanted["is_calibration"].as_bool().unwrap());
    }
}

#[test]
fn every_collection_is_found_with_its_summary() {
    let (registry, expected) = sample();
    let all = registry.query_collections(&CollectionQuery::default()).unwrap();
    assert_eq!(all.len(), list(&expected, "collections").len());
    for wanted in list(&expected, "collections") {
        let name = text(&wanted["name"]);
        let found = registry.collection_info(name).unwrap();
        assert_eq!(found.kind.as_str(), text(&wanted["type"]));
        assert_eq!(found.doc.as_deref(), wanted["doc"].as_str());
        assert_eq!(found.children, texts(&wanted["children"]));
        let summary = registry.collection_summary(name).unwrap();
        let types: Vec<&str> = summary.dataset_types.iter().map(String::as_str).collect();
        assert_eq!(types, texts(&wanted["summary"]["dataset_types"]), "{name}");
        let governors: BTreeMap<&str, Vec<&str>> = summary
            .governors
            .iter()
            .map(|(k, v)| (k.as_str(), v.iter().map(String::as_str).collect()))
            .collect();
        let wanted: BTreeMap<&str, Vec<&str>> = wanted["summary"]["governors"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.as_str(), texts(v)))
            .filter(|(_, v)| !v.is_empty())
            .collect();
        assert_eq!(governors, wanted, "{name}");
    }
}

#[test]
fn every_dataset_is_found_by_data_id_and_by_id() {
    let (registry, expected) = sample();
    for wanted in list(&expected, "datasets") {
        let (name, run) = (text(&wanted["dataset_type"]), text(&wanted["run"]));
        let data_id = data_id(&registry, name, &wanted["data_id"]);
        let dataset_type = registry.dataset_type(name).unwrap();
        let (found, records) = registry
            .find_with_records(&dataset_type, &data_id, &[run], None)
            .unwrap()
            .unwrap();
        assert_eq!(found.id.to_string(), text(&wanted["id"]));
        assert_eq!(&*found.run, run);
        assert_eq!(registry.dataset(found.id).unwrap().unwrap(), found);
        let plain = registry.find_dataset(&dataset_type, &data_id, &[run], None).unwrap();
        assert_eq!(plain.unwrap(), found);

        let mut stored: Vec<_> = list(wanted, "records").iter().collect();
        stored.sort_by_key(|r| r["component"].as_str());
        let mut records = records;
        records.sort_by(|a, b| a.component.cmp(&b.component));
        assert_eq!(records, registry.file_records(&[found.id]).unwrap());
        assert_eq!(records.len(), stored.len());
        for (record, stored) in records.iter().zip(stored) {
            assert_eq!(record.path, text(&stored["path"]));
            assert_eq!(record.formatter, text(&stored["formatter"]));
            assert_eq!(record.storage_class, text(&stored["storage_class"]));
            assert_eq!(record.component.as_deref(), stored["component"].as_str());
            assert_eq!(record.checksum.as_deref(), stored["checksum"].as_str());
            assert_eq!(Some(record.file_size), stored["file_size"].as_i64());
        }
    }
}
