//! Documents that were damaged, or never meant well, give errors and nothing else.

use std::sync::LazyLock;

use proptest::prelude::*;
use salver_model::{
    DataId, DatasetRef, DatasetType, DimensionGroup, FileRecord, Record, StorageClasses,
    Timespan, Universe, refs_from_json, time,
};
use serde_json::Value as Json;

const GOLDEN: &str = include_str!("../../../../testdata/model/json.json");
const UNIVERSE: &str = include_str!("../../../../testdata/model/universes/v1.json");

/// Gives a value to every reader. They may answer as they like.
fn read_all(value: &Json) {
    let universe = Universe::default_v8();
    let group = universe.group(["visit", "detector"]).unwrap();
    let answers = [
        DataId::from_json(value, &universe, &group).is_ok(),
        DatasetRef::from_json(value, &universe).is_ok(),
        DatasetRef::id_from_json(value).is_ok(),
        DatasetType::from_json(value, &universe).is_ok(),
        DimensionGroup::from_json(value, &universe).is_ok(),
        FileRecord::from_json(uuid::Uuid::nil(), value).is_ok(),
        Record::from_json(value, &universe).is_ok(),
        StorageClasses::with_config(value).is_ok_and(|c| c.get("Exposure").is_ok()),
        Timespan::from_json(value).is_ok(),
        refs_from_json(value, &universe).is_ok(),
    ];
    assert!(answers.iter().filter(|ok| **ok).count() < answers.len());
}

fn documents() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[a-z.]{0,8}".prop_map(Json::from),
        Just(Json::from("visit")),
    ];
    let keys = prop_oneof![
        Just("dataId".to_owned()),
        Just("records".to_owned()),
        Just("definition".to_owned()),
        Just("record".to_owned()),
        Just("visit".to_owned()),
        Just("instrument".to_owned()),
        Just("region".to_owned()),
        Just("timespan".to_owned()),
        Just("name".to_owned()),
        Just("names".to_owned()),
        Just("components".to_owned()),
        "[a-z]{0,5}",
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        ]
    })
}

/// All places in a document, each as the steps that lead there.
fn places(value: &Json, here: String, out: &mut Vec<String>) {
    match value {
        Json::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, format!("{here}/{i}"), out);
            }
        }
        Json::Object(map) => {
            for (key, item) in map {
                places(
                    item,
                    format!("{here}/{}", key.replace('~', "~0").replace('/', "~1")),
                    out,
                );
            }
        }
        _ => {}
    }
    out.push(here);
}

static GOLDENS: LazyLock<Vec<Json>> = LazyLock::new(goldens);

fn goldens() -> Vec<Json> {
    let all: Json = serde_json::from_str(GOLDEN).unwrap();
    let mut out = Vec::new();
    for cases in all.as_object().unwrap().values() {
        for case in cases.as_array().unwrap().iter().step_by(7) {
            let text = case.as_str().or_else(|| case["expanded"].as_str());
            let text = text.or_else(|| case["json"].as_str()).unwrap();
            out.push(serde_json::from_str(text).unwrap());
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_document_is_read_or_refused(value in documents()) {
        read_all(&value);
    }

    #[test]
    fn a_good_document_with_one_bad_place_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in documents(),
    ) {
        let mut document = which.get(&GOLDENS).clone();
        let mut all = Vec::new();
        places(&document, String::new(), &mut all);
        if let Some(slot) = document.pointer_mut(place.get(&all).as_str()) {
            *slot = value;
        }
        read_all(&document);
    }

    #[test]
    fn a_universe_with_one_bad_place_is_read_or_refused(
        place in any::<prop::sample::Index>(),
        value in documents(),
    ) {
        let mut document: Json = serde_json::from_str(UNIVERSE).unwrap();
        let mut all = Vec::new();
        places(&document, String::new(), &mut all);
        if let Some(slot) = document.pointer_mut(place.get(&all).as_str()) {
            *slot = value;
        }
        if let Ok(universe) = Universe::from_json(&document.to_string()) {
            let names = universe.dimensions().map(|d| d.name());
            prop_assert!(universe.group(names).is_ok());
        }
    }

    #[test]
    fn a_universe_of_flipped_bytes_is_read_or_refused(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 32_u8..127), 1..4),
    ) {
        let mut bytes = UNIVERSE.as_bytes().to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(universe) = Universe::from_json(&text)
        {
            prop_assert!(universe.elements().len() > 10);
        }
    }

    #[test]
    fn any_text_is_a_time_or_none(text in "[-+0-9TZ:. /a-z]{0,30}") {
        for scale in [time::Scale::Tai, time::Scale::Utc] {
            if let Ok(ns) = time::parse_iso(&text, scale) {
                prop_assert!(!time::tai_iso(ns).is_empty());
            }
        }
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for open in ["[", "{\"elements\":", "{\"storage\":{\"nested\":"] {
        let text = open.repeat(100_000);
        assert!(Universe::from_json(&text).is_err());
    }
    let nested = "{\"nested\":".repeat(5000);
    let text = format!(
        "{{\"version\":1,\"skypix\":{{}},\"elements\":{{\"a\":{{\"storage\":{nested}"
    );
    assert!(Universe::from_json(&text).is_err());
}
