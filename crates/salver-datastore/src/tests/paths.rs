use std::path::Path;
use std::sync::Arc;

use salver_core::ErrorKind;
use salver_model::DataId;
use serde_json::json;

use super::fixture::{Fixture, sample_config, sample_root, with};

#[test]
fn all_paths_and_formatters_equal_those_of_the_sample_repository() {
    let fixture = Fixture::new(Path::new("/repo"), &sample_config());
    let (mut ours, mut ingested) = (0, 0);
    for (dataset, records) in fixture.datasets() {
        let record = &records[0];
        let formatter =
            fixture.datastore.formatter_for(&dataset.dataset_type, Some("CamA")).unwrap();
        assert_eq!(formatter.class, record.formatter, "{dataset}");
        let path = fixture.datastore.path_for(&dataset, None).unwrap();
        if record.path.starts_with("ext/") {
            ingested += 1;
        } else {
            assert_eq!(path.as_str(), record.path, "{dataset}");
            ours += 1;
        }
    }
    assert_eq!((ours, ingested), (43, 2));
}

#[test]
fn the_name_is_that_of_the_configuration() {
    let fixture = Fixture::new(Path::new("/repo"), &sample_config());
    assert_eq!(fixture.datastore.name(), "FileDatastore@<butlerRoot>");
}

#[test]
fn only_needed_records_are_asked_for() {
    let fixture = Fixture::new(Path::new("/repo"), &sample_config());
    let needed = |name: &str| -> Vec<String> {
        let (dataset, _) = fixture.first(name);
        let needed = fixture.datastore.records_needed(&dataset.dataset_type, None);
        needed.unwrap().into_iter().collect()
    };
    assert_eq!(needed("stats"), [""; 0]);
    assert_eq!(needed("raw"), ["detector", "exposure"]);
    assert_eq!(needed("src_cat"), ["detector"]);
    assert_eq!(needed("coadd_info"), [""; 0]);
}

#[test]
fn a_path_needs_a_full_data_id_and_its_records() {
    let fixture = Fixture::new(Path::new("/repo"), &sample_config());
    let (mut dataset, _) = fixture.first("src_cat");
    let group = dataset.data_id.group().clone();
    let full = DataId::new(group.clone(), dataset.data_id.values().to_vec()).unwrap();
    dataset.data_id = full;
    let error = fixture.datastore.path_for(&dataset, None).unwrap_err();
    assert!(error.to_string().contains("full_name"), "{error}");
    let minimal = dataset.data_id.required_values().to_vec();
    dataset.data_id = DataId::new(group, minimal).unwrap();
    let error = fixture.datastore.path_for(&dataset, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_wrong_template_spoils_its_own_type_only() {
    let config = with(&json!({"templates": {"count": "{run}/{nothing"}}));
    let fixture = Fixture::new(Path::new("/repo"), &config);
    let error = fixture.datastore.path_for(&fixture.first("count").0, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("dataset_type: count"), "{error}");
    fixture.datastore.path_for(&fixture.first("raw").0, None).unwrap();
}

#[test]
fn uris_are_absolute_and_encoded() {
    let fixture = Fixture::new(Path::new("/data/a repo"), &sample_config());
    let (_, mut records) = fixture.first("count");
    let uri = fixture.datastore.uri(&records[0]).unwrap();
    assert_eq!(uri, "file:///data/a%20repo/CamA/runs/1/count/count_CamA_runs_1.json");
    records[0].path = "zips/4a/x.zip#zip-path=ab-x y.json".to_owned();
    let uri = fixture.datastore.uri(&records[0]).unwrap();
    assert_eq!(uri, "file:///data/a%20repo/zips/4a/x.zip#zip-path=ab-x%20y.json");
    records[0].path = "s3://bucket/a%20b".to_owned();
    assert_eq!(fixture.datastore.uri(&records[0]).unwrap(), "s3://bucket/a%20b");
    assert!(sample_root().is_dir());
}

#[test]
fn instruments_without_entries_of_their_own_share_a_placement() {
    let config = with(&json!({"templates": {
        "instrument<CamB>": {"bias": "{run}/b/{instrument}_{detector}"}}}));
    let fixture = Fixture::new(Path::new("/repo"), &config);
    let (bias, _) = fixture.first("bias");
    let of =
        |name: &str| fixture.datastore.placement(&bias.dataset_type, Some(name)).unwrap();
    assert!(Arc::ptr_eq(&of("CamA"), &of("CamC")));
    assert_eq!(of("CamB").template.text(), "{run}/b/{instrument}_{detector}");
    assert_ne!(of("CamA").template.text(), of("CamB").template.text());
}
