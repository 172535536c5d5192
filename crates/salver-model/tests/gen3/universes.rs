//! Every universe version in the wild is read as lsst-daf-butler reads it.

use std::sync::Arc;

use salver_model::{Column, ColumnType, Element, Universe};
use serde_json::{Value as Json, json};

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

fn names(list: &[Arc<str>]) -> Vec<&str> {
    list.iter().map(|n| &**n).collect()
}

/// The type of a column in SQLite, Gen3 format §3.
fn sqlite_type(column: &Column) -> String {
    match column.kind {
        ColumnType::Int | ColumnType::Timespan => "BIGINT".to_owned(),
        ColumnType::Str(Some(n)) if n <= 32 => format!("VARCHAR({n})"),
        ColumnType::Float => "FLOAT".to_owned(),
        ColumnType::Bool => "BOOLEAN".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

fn stored_columns(element: &Element) -> Json {
    let mut out: Vec<Json> = Vec::new();
    for column in element.table_columns() {
        let names: &[&str] = match column.kind {
            ColumnType::Timespan => &["timespan_begin", "timespan_end"],
            _ => &[&column.name],
        };
        let row = |n: &&str| json!([n, sqlite_type(column), !column.nullable]);
        out.extend(names.iter().map(row));
    }
    Json::Array(out)
}

/// What the reference says of an element, said by us.
fn traits(element: &Element) -> Json {
    let column_names =
        |list: &[Column]| list.iter().map(|c| Json::from(&*c.name)).collect::<Json>();
    json!({
        "required": names(element.required()),
        "implied": names(element.implied()),
        "governor": element.governor(),
        "is_cached": element.is_cached(),
        "has_own_table": element.has_table(),
        "union_of": element.union_of(),
        "populated_by": element.populated_by().or(element.is_dimension().then_some(element.name())),
        "defines_relationships": element.defines_relationships(),
        "spatial": element.spatial_family(),
        "temporal": element.temporal_family(),
        "alternate_keys": column_names(element.alternate_keys()),
        "metadata": column_names(element.metadata()),
        "fields": column_names(element.table_columns()),
    })
}

fn check_elements(universe: &Universe, expected: &Json) {
    let order: Vec<&str> = universe.elements().iter().map(|e| &**e.name()).collect();
    assert_eq!(order, texts(&expected["elements"]));
    let tables = expected["tables"].as_object().unwrap();
    for element in universe.elements() {
        let stored = element.has_table().then(|| stored_columns(element));
        assert_eq!(stored.as_ref(), tables.get(&**element.name()), "{}", element.name());
    }
    for (name, expected) in expected["traits"].as_object().unwrap() {
        assert_eq!(traits(universe.element(name).unwrap()), *expected, "{name}");
    }
}

fn check(text: &str, expected: &str) {
    let universe = Universe::from_json(text).unwrap();
    let expected: Json = serde_json::from_str(expected).unwrap();
    assert_eq!(u64::from(universe.version()), expected["version"].as_u64().unwrap());
    assert_eq!(universe.common_skypix(), expected["common_skypix"]);
    assert_eq!(universe.json(), text);
    check_elements(&universe, &expected);
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
                include_str!(concat!("../../../../testdata/model/universes/", $file, ".json")),
                include_str!(concat!("../../../../testdata/model/universes/", $file, ".expected.json")),
            );
        }
    )*};
}

versions! {
    version_0_reads "v0", version_1_reads "v1", version_2_reads "v2", version_3_reads "v3",
    version_4_reads "v4", version_5_reads "v5", version_6_reads "v6", version_7_reads "v7",
    version_8_reads "v8"
}
