//! Repositories to test with.

use std::path::Path;

use salver_model::{CollectionType, DataValue, DatasetType};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::records::from_document;
use crate::{Butler, ButlerOptions, MakeRepoOptions};

/// A repository in a temporary folder.
pub(crate) struct Repo {
    pub(crate) folder: TempDir,
    pub(crate) butler: Butler,
}

/// A data ID.
pub(crate) fn data_id(pairs: &[(&str, &str)]) -> Vec<(String, DataValue)> {
    pairs.iter().map(|&(k, v)| (k.to_owned(), DataValue::from(v))).collect()
}

/// A new repository with an instrument of two detectors and two exposures, a run `r`, and dataset
/// types `stats` (dict in JSON: instrument, detector, exposure), `note` (dict in YAML: instrument),
/// `array` (NumPy: instrument, detector) and `number` (int, no dimensions).
pub(crate) fn new_repo() -> Repo {
    new_repo_with(&json!({}))
}

/// As [`new_repo`], with more of a configuration.
pub(crate) fn new_repo_with(seed: &Value) -> Repo {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let mut all = json!({"datastore": {"formatters": {
        "stats": "lsst.daf.butler.formatters.json.JsonFormatter"}}});
    crate::config::merge(&mut all, seed);
    let options = MakeRepoOptions { seed: Some(all), ..MakeRepoOptions::default() };
    Butler::make_repo(place, &options).unwrap();
    let butler = reopen(folder.path());
    fill(&butler);
    Repo { folder, butler }
}

/// Opens a repository to write to its run `r`.
pub(crate) fn reopen(folder: &Path) -> Butler {
    let options = ButlerOptions { run: Some("r".into()), ..ButlerOptions::default() };
    Butler::open(folder.to_str().unwrap(), &options).unwrap()
}

fn fill(butler: &Butler) {
    let document = json!({
        "instrument": [{"name": "Cam", "detector_max": 10}],
        "detector": [
            {"instrument": "Cam", "id": 1, "full_name": "D1"},
            {"instrument": "Cam", "id": 2, "full_name": "D2"},
        ],
        "physical_filter": [{"instrument": "Cam", "name": "Cam_g", "band": "g"}],
        "day_obs": [{"instrument": "Cam", "id": 20240301}],
        "group": [{"instrument": "Cam", "name": "g1"}],
        "exposure": [exposure(11, "2024-03-01T20:00:00"), exposure(12, "2024-03-01T21:00:00")],
        "visit": [visit(11, "POLYGON 10 0 11 0 11 1 10 1"), visit(12, "POLYGON 20 0 21 0 21 1 20 1")],
        "visit_definition": [
            {"instrument": "Cam", "exposure": 11, "visit": 11},
            {"instrument": "Cam", "exposure": 12, "visit": 12},
        ],
        "visit_detector_region": [
            region(1, 11, "POLYGON 10 0 11 0 11 1"),
            region(2, 11, "POLYGON 10 0.1 11 1 10 1"),
            region(1, 12, "POLYGON 20 0 21 0 21 1"),
        ],
    });
    for set in from_document(&document, butler.universe()).unwrap() {
        let mode = salver_registry::InsertMode::Insert;
        butler.registry().insert_records(&set.element, &set.records, mode).unwrap();
    }
    let registry = butler.registry();
    registry.register_collection("r", CollectionType::Run, None).unwrap();
    for (name, class, dimensions) in [
        ("stats", "StructuredDataDict", &["exposure", "detector"][..]),
        ("note", "StructuredDataDict", &["instrument"]),
        ("array", "NumpyArray", &["detector"]),
        ("number", "int", &[]),
    ] {
        let group = butler.universe().group(dimensions).unwrap();
        let dataset_type = DatasetType::new(name, group, class).unwrap();
        registry.register_dataset_type(&dataset_type).unwrap();
    }
}

fn exposure(id: i64, begin: &str) -> Value {
    json!({"instrument": "Cam", "id": id, "day_obs": 20240301, "group": "g1",
           "physical_filter": "Cam_g", "obs_id": format!("E{id}"), "seq_num": id,
           "timespan": {"begin": begin, "end": begin.replace(":00:00", ":00:30")}})
}

fn visit(id: i64, region: &str) -> Value {
    json!({"instrument": "Cam", "id": id, "day_obs": 20240301, "physical_filter": "Cam_g",
           "region": region})
}

fn region(detector: i64, visit: i64, region: &str) -> Value {
    json!({"instrument": "Cam", "detector": detector, "visit": visit, "region": region})
}

/// The names of all files below a folder, hidden ones too, but the database's.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name =
                    path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                if !name.starts_with("gen3.sqlite3") && name != "butler.yaml" {
                    found.push(name);
                }
            }
        }
    }
    found.sort();
    found
}

/// A copy of the sample repository that the reference made.
pub(crate) fn sample() -> TempDir {
    let from =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/gen3/sample-repo");
    let to = tempfile::tempdir().unwrap();
    copy(&from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
