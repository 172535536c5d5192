//! JSON forms are written byte for byte as lsst-daf-butler writes them, and read back.

use std::sync::LazyLock;

use salver_core::ErrorKind;
use salver_model::{
    DataId, DatasetRef, DatasetType, DimensionGroup, FileRecord, Record, Timespan,
    Universe, refs_from_json, refs_to_json,
};
use salver_sphere::Region;
use serde_json::Value as Json;

static GOLDEN: LazyLock<Json> =
    LazyLock::new(|| read(include_str!("../../../../testdata/model/json.json")));

fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn cases(name: &str) -> &[Json] {
    let cases = GOLDEN[name].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(case: &'a Json, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

#[test]
fn dataset_types_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("dataset_types") {
        let ours = DatasetType::from_json(&read(text(case, "json")), &universe).unwrap();
        assert_eq!(ours.to_json().to_string(), text(case, "json"));
        assert_eq!(ours.to_minimal_json().to_string(), text(case, "minimal"));
        assert_eq!(ours.to_string(), text(case, "str"));
    }
}

#[test]
fn refs_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("refs") {
        let ours = DatasetRef::from_json(&read(text(case, "json")), &universe).unwrap();
        assert_eq!(ours.to_json().to_string(), text(case, "json"));
        assert_eq!(ours.to_minimal_json().to_string(), text(case, "minimal"));
        assert_eq!(ours.to_string(), text(case, "str"));
        let (id, component) =
            DatasetRef::id_from_json(&read(text(case, "minimal"))).unwrap();
        assert_eq!((id, component.as_deref()), (ours.id, ours.component()));
    }
}

#[test]
fn records_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("records") {
        let text = case.as_str().unwrap();
        let ours = Record::from_json(&read(text), &universe).unwrap();
        assert_eq!(ours.to_json().to_string(), text);
    }
}

#[test]
fn timespans_and_groups_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("timespans") {
        let ours = Timespan::from_json(&read(text(case, "json"))).unwrap();
        assert_eq!(ours.to_json().to_string(), text(case, "json"));
    }
    for case in cases("groups") {
        let text = case.as_str().unwrap();
        let ours = DimensionGroup::from_json(&read(text), &universe).unwrap();
        assert_eq!(ours.to_json().to_string(), text);
    }
}

#[test]
fn data_ids_of_every_kind_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("data_ids") {
        let group = DimensionGroup::from_json(&case["dimensions"], &universe).unwrap();
        let of =
            |key| DataId::from_json(&read(text(case, key)), &universe, &group).unwrap();
        let (plain, full, expanded) = (of("plain"), of("full"), of("expanded"));
        for (ours, key) in [(&plain, "plain"), (&full, "full"), (&expanded, "expanded")] {
            assert_eq!(ours.to_json().to_string(), text(case, key));
        }
        assert_eq!(plain.to_string(), text(case, "plain_str"));
        assert_eq!(full.to_string(), text(case, "full_str"));
        assert_eq!(expanded.to_minimal_json().to_string(), text(case, "minimal"));
        assert!(full.is_full() && expanded.has_records());
        assert_eq!(expanded.to_minimal().values(), plain.values());
        let again = plain.with_records(
            expanded.records().cloned().unwrap_or_default().as_ref().clone(),
        );
        assert_eq!(again.unwrap().values(), expanded.values());
    }
}

/// An intersection has its operands in an order that the reference leaves to chance.
fn operands(region: &Region) -> Vec<Vec<u8>> {
    match region {
        Region::Intersection(both) => {
            let mut parts: Vec<_> = both.operands().iter().map(Region::encode).collect();
            parts.sort();
            parts
        }
        one => vec![one.encode()],
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn data_ids_know_where_and_when_they_are() {
    let universe = Universe::default_v8();
    for case in cases("data_ids") {
        let group = DimensionGroup::from_json(&case["dimensions"], &universe).unwrap();
        let expanded = read(text(case, "expanded"));
        let expanded = DataId::from_json(&expanded, &universe, &group).unwrap();
        let region = case["region"].as_str();
        let region = region.map(|hex| operands(&Region::decode(&bytes(hex)).unwrap()));
        assert_eq!(expanded.region().map(|r| operands(&r)), region, "{expanded}");
        let timespan = expanded.timespan().map_or(Json::Null, Timespan::to_json);
        assert_eq!(timespan, case["timespan"], "{expanded}");
    }
}

#[test]
fn pixels_have_the_records_that_the_reference_gives_them() {
    let universe = Universe::default_v8();
    for case in cases("data_ids") {
        let records = read(text(case, "expanded"));
        for name in ["htm7", "healpix5"] {
            let Some(expected) = records["records"].get(name) else { continue };
            let element = universe.element(name).unwrap();
            let number = expected["record"]["id"].as_i64().unwrap();
            let ours = Record::of_pixel(element, number).unwrap();
            let theirs = Record::from_json(expected, &universe).unwrap();
            let (ours, theirs) = (ours.region().unwrap(), theirs.region().unwrap());
            let (Region::Polygon(ours), Region::Polygon(theirs)) = (&**ours, &**theirs)
            else {
                panic!("a pixel is a polygon");
            };
            assert_eq!(ours.vertices().len(), theirs.vertices().len());
            for (a, b) in ours.vertices().iter().zip(theirs.vertices()) {
                assert!(a.angle_to(*b).degrees() < 1e-9, "degrees");
            }
        }
    }
}

#[test]
fn lists_of_refs_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("containers") {
        let text = case.as_str().unwrap();
        let refs = refs_from_json(&read(text), &universe).unwrap();
        assert_eq!(refs_to_json(&refs, &universe).to_string(), text);
    }
}

#[test]
fn lists_of_refs_of_another_kind_are_refused() {
    let universe = Universe::default_v8();
    let good = read(cases("containers")[0].as_str().unwrap());
    for (key, value) in [("container_version", "V2"), ("universe_namespace", "other")] {
        let mut bad = good.clone();
        bad[key] = value.into();
        let error = refs_from_json(&bad, &universe).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    for key in ["dataset_types", "compact_refs", "container_version"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(key);
        let error = refs_from_json(&bad, &universe).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn file_records_in_the_index_of_a_zip_are_written_and_read() {
    let universe = Universe::default_v8();
    for case in cases("zip_indexes") {
        let index = read(case.as_str().unwrap());
        let refs = refs_from_json(&index["refs"], &universe).unwrap();
        for artifact in index["artifact_map"].as_object().unwrap().values() {
            let id: uuid::Uuid = artifact["ids"][0].as_str().unwrap().parse().unwrap();
            assert!(refs.iter().any(|r| r.id == id));
            let ours = FileRecord::from_json(id, &artifact["info"]).unwrap();
            assert_eq!(ours.to_json(), artifact["info"]);
        }
    }
}
