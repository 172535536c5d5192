use salver_core::{ErrorKind, Result};
use salver_model::{DatasetType, StorageClasses, Universe};
use serde_json::{Value as Json, json};

use super::*;

fn classes() -> StorageClasses {
    StorageClasses::with_config(&json!({
        "Base": {"pytype": "dict"},
        "Coadd": {"pytype": "dict", "inheritsFrom": "Base", "components": {
            "image": "NumpyArray", "mask": "NumpyArray", "psf": "StructuredDataDict",
            "notes": "StructuredDataDict"}},
    }))
    .unwrap()
}

fn coadd(class: &str) -> DatasetType {
    let group = Universe::default_v8().group(["visit", "detector"]).unwrap();
    DatasetType::new("coadd", group, class).unwrap()
}

fn resolved(section: &Json, class: &str) -> Result<Layout> {
    let layouts = Layouts::parse(section, &Universe::default_v8())?;
    resolve(&layouts, &coadd(class), &classes(), Some("Cam"), false)
}

fn entry(section: &Json) -> LayoutEntry {
    match resolved(section, "Coadd").unwrap() {
        Layout::Ours(entry) => entry,
        Layout::Gen3 { .. } => panic!("no entry was found"),
    }
}

fn one(parts: &[&str], format: &str) -> Json {
    json!({"artifacts": [{"parts": parts, "format": format}]})
}

#[test]
fn entries_are_looked_up_as_all_else_is() {
    let mut section = json!({
        "Coadd": one(&["*"], "json"), "Base": one(&["*"], "json"),
        "visit+detector": one(&["*"], "json"), "coadd": one(&["*"], "json"),
        "instrument<Cam>": {"coadd": one(&["*"], "json")},
        "default": one(&["*"], "json"), "other": one(&["*"], "json")});
    let mut found = Vec::new();
    for step in ["instrument<Cam>", "coadd", "visit+detector", "Coadd", "Base", "default"]
    {
        found.push(entry(&section).key);
        section.as_object_mut().unwrap().remove(step);
    }
    let expected = ["coadd", "coadd", "visit+detector", "Coadd", "Base", "default"];
    assert_eq!(found, expected);
    let left = resolved(&section, "Coadd").unwrap();
    assert!(matches!(left, Layout::Gen3 { disassembled: false }), "{left:?}");
}

#[test]
fn a_node_goes_to_the_longest_path() {
    let section = json!({"coadd": {"artifacts": [
        {"parts": ["image", "mask"], "format": "fits", "compression": "rice",
         "tile": [64, 64]},
        {"parts": ["psf", "psf/inputs"], "format": "json"},
        {"parts": ["*"], "format": "yaml"}]}});
    let entry = entry(&section);
    let at = |node: &str| entry.artifact_of(node);
    assert_eq!(
        [at("/image"), at("/mask/planes"), at("/psf/inputs/3")].map(Option::unwrap),
        [0, 0, 1]
    );
    assert_eq!([at("/notes"), at("/imagery"), at("")].map(Option::unwrap), [2, 2, 2]);
    assert!(entry.digest);
    assert_eq!(entry.artifacts[0].options.tile, Some(vec![64, 64]));
}

#[test]
fn a_layout_that_cannot_serve_is_a_configuration_error() {
    let two = |a: &[&str], b: &[&str]| {
        json!({"coadd": {"artifacts": [
            {"parts": a, "format": "json"}, {"parts": b, "format": "yaml"}]}})
    };
    for (section, class, message) in [
        (
            two(&["image"], &["image", "*"]),
            "Coadd",
            "two artifacts of a layout take the same",
        ),
        (two(&["*"], &["*"]), "Coadd", "two artifacts of a layout take the same"),
        (two(&["image"], &["mask", "psf"]), "Coadd", "no artifact of the layout takes"),
        (two(&["imgae"], &["*"]), "Coadd", "a part that is no component"),
        (two(&["psf/inputs"], &["*"]), "Coadd", "a deeper part stays in the artifact"),
        (two(&["image"], &["*"]), "Base", "several artifacts need a storage class"),
        (json!({"coadd": {"artifacts": []}}), "Coadd", "a layout is"),
        (json!({"coadd": 3}), "Coadd", "a layout is"),
        (json!({"coadd": {"artifact": []}}), "Coadd", "an unknown setting"),
        (json!({"coadd": one(&["*"], "jsn")}), "Coadd", "no such format"),
        (json!({"coadd": one(&["a//b"], "json")}), "Coadd", "a part is a path"),
        (
            json!({"coadd": {"artifacts": [{"parts": ["*"], "format": "json",
            "compression": "zip"}]}}),
            "Coadd",
            "no such compression",
        ),
        (
            json!({"coadd": {"artifacts": [{"parts": ["*"], "format": "fits",
            "tile": [0]}]}}),
            "Coadd",
            "a tile is",
        ),
        (json!([1]), "Coadd", "a mapping"),
    ] {
        let error = resolved(&section, class).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{section}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn one_artifact_is_written_with_the_formatter_that_gen3_has_for_it() {
    let entry = entry(&json!({"coadd": one(&["*"], "yaml")}));
    assert!(!entry.digest);
    let class = |several| formatter(&entry.artifacts[0], "Coadd", several).unwrap().class;
    assert_eq!(class(false), "lsst.daf.butler.formatters.yaml.YamlFormatter");
    assert_eq!(class(true), PART_FORMATTER);
}
