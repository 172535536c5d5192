//! The sample repository, made by the reference, read through the butler.

use std::path::Path;

use salver_tree::Tree;
use serde_json::Value as Json;

use super::fixture::{data_id, sample};
use crate::{Butler, ButlerOptions, Existence, GetOptions};

fn expected() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/gen3/sample-repo/expected.json");
    serde_json::from_str(&crate::files::read_text(&path).unwrap()).unwrap()
}

fn open(folder: &Path, collections: &[&str]) -> Butler {
    let options = ButlerOptions {
        collections: collections.iter().map(|&c| c.to_owned()).collect(),
        ..ButlerOptions::default()
    };
    Butler::open(folder.to_str().unwrap(), &options).unwrap()
}

#[test]
fn every_dataset_is_listed_with_its_records() {
    let folder = sample();
    let butler = open(folder.path(), &[]);
    let found = butler.query_datasets(&crate::DatasetQuery::default()).unwrap();
    let expected = expected();
    let wanted = expected["datasets"].as_array().unwrap();
    assert_eq!(found.len(), wanted.len());
    for wanted in wanted {
        let id: uuid::Uuid = wanted["id"].as_str().unwrap().parse().unwrap();
        let dataset = found.iter().find(|d| d.id == id).unwrap();
        assert_eq!(dataset.dataset_type.name(), wanted["dataset_type"]);
        assert_eq!(*dataset.run, *wanted["run"].as_str().unwrap());
        let records = butler.file_records(dataset).unwrap();
        let paths: Vec<_> = records.iter().map(|r| Json::from(r.path.clone())).collect();
        let wanted = wanted["records"].as_array().unwrap();
        let wanted: Vec<_> = wanted.iter().map(|r| r["path"].clone()).collect();
        assert_eq!(paths, wanted, "{dataset}");
    }
}

#[test]
fn uc_a_dataset_is_found_by_what_it_is() {
    let folder = sample();
    let butler = open(folder.path(), &["CamA/defaults"]);
    let id = data_id(&[("instrument", "CamA"), ("visit", "101"), ("detector", "0")]);
    let stats = butler.get("stats", &id, &GetOptions::default()).unwrap();
    assert_eq!(stats.at("/visit").unwrap().as_int(), Some(101));
    assert_eq!(stats.at("/note").unwrap().as_str(), Some("é"));
    // the instrument is inferred: the collection knows only one
    let butler = open(folder.path(), &["CamA/runs/1"]);
    let id = data_id(&[("visit", "101"), ("detector.full_name", "R00_S0")]);
    assert_eq!(butler.get("stats", &id, &GetOptions::default()).unwrap(), stats);
}

#[test]
fn a_calibration_is_looked_up_by_the_time_of_an_exposure() {
    let folder = sample();
    let butler = open(folder.path(), &["CamA/calib"]);
    let id = data_id(&[("instrument", "CamA"), ("exposure", "1"), ("detector", "0")]);
    let bias = butler.find_dataset("bias", &id, None, None).unwrap().unwrap();
    assert_eq!(*bias.run, *"CamA/calib/run");
    let id = data_id(&[("instrument", "CamA"), ("detector", "0")]);
    let error = butler.get("bias", &id, &GetOptions::default()).unwrap_err();
    assert_eq!(error.code(), "dataset_not_found");
    assert!(error.hint_text().unwrap().contains("by time"), "{error}");
}

#[test]
fn json_and_pickle_datasets_read() {
    let folder = sample();
    let butler = open(folder.path(), &["CamA/calib/run", "CamA/runs/1"]);
    let count = butler.get("count", &[], &GetOptions::default()).unwrap();
    assert!(matches!(count, Tree::Int(_)));
    let id = data_id(&[("instrument", "CamA"), ("detector", "0")]);
    let bias = butler.get("bias", &id, &GetOptions::default()).unwrap();
    assert!(bias.as_array().is_some());
}

#[test]
fn existence_has_the_references_flags() {
    let folder = sample();
    let butler = open(folder.path(), &["CamA/runs/1"]);
    let count = butler.find_dataset("count", &[], None, None).unwrap().unwrap();
    assert_eq!(butler.exists(&count, false).unwrap(), Existence::KNOWN);
    assert_eq!(butler.exists(&count, true).unwrap(), Existence::VERIFIED);
    let file = folder.path().join("CamA/runs/1/count/count_CamA_runs_1.json");
    salver_store::Local::remove_path(&file).unwrap();
    let gone = butler.exists(&count, true).unwrap();
    assert_eq!((gone.bits(), gone.is_there()), (3, false));
    let error = butler.get("count", &[], &GetOptions::default()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::NotFound);
}
