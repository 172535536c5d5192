//! Every universe version in the wild is read as lsst-daf-butler reads it.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::sync::Arc;

use salver_model::{ColumnType, Universe};
use serde_json::Value as Json;

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

fn names(list: &[Arc<str>]) -> Vec<&str> {
    list.iter().map(|n| &**n).collect()
}

fn check(text: &str, expected: &str) {
    let universe = Universe::from_json(text).unwrap();
    let expected: Json = serde_json::from_str(expected).unwrap();
    assert_eq!(u64::from(universe.version()), expected["version"].as_u64().unwrap());
    let order: Vec<&str> = universe.elements().iter().map(|e| &**e.name()).collect();
    assert_eq!(order, texts(&expected["elements"]));
    let tables = expected["tables"].as_object().unwrap();
    for element in universe.elements() {
        assert_eq!(
            element.has_table(),
            tables.contains_key(&**element.name()),
            "{}",
            element.name()
        );
        let Some(columns) = tables.get(&**element.name()) else { continue };
        let mut ours: Vec<&str> = Vec::new();
        for column in element.table_columns() {
            match column.kind {
                ColumnType::Timespan => ours.extend(["timespan_begin", "timespan_end"]),
                _ => ours.push(&column.name),
            }
        }
        assert_eq!(ours, texts(columns), "{}", element.name());
    }
    for group in expected["groups"].as_array().unwrap() {
        let ours = universe.group(texts(&group["from"])).unwrap();
        assert_eq!(names(ours.required()), texts(&group["required"]), "{group}");
        assert_eq!(names(ours.implied()), texts(&group["implied"]), "{group}");
        assert_eq!(names(ours.names()), texts(&group["names"]), "{group}");
        let elements: Vec<&str> = ours.elements().iter().map(|e| &**e.name()).collect();
        assert_eq!(elements, texts(&group["elements"]), "{group}");
    }
}

macro_rules! versions {
    ($($name:ident $file:literal),*) => {$(
        #[test]
        fn $name() {
            check(
                include_str!(concat!("../../../testdata/model/universes/", $file, ".json")),
                include_str!(concat!("../../../testdata/model/universes/", $file, ".expected.json")),
            );
        }
    )*};
}

versions! {
    version_0_reads "v0", version_1_reads "v1", version_2_reads "v2", version_3_reads "v3",
    version_4_reads "v4", version_5_reads "v5", version_6_reads "v6", version_7_reads "v7",
    version_8_reads "v8"
}
