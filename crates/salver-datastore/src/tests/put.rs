use salver_core::{ErrorKind, Result};
use salver_model::{DatasetRef, FileRecord};
use salver_store::faults::{self, Fault};
use salver_store::{Sync, ready};
use salver_tree::{Map, Tree};
use serde_json::json;

use super::fixture::{Fixture, files, sample_config, with};
use crate::{Datastore, ReadRequest};

pub(super) fn map(pairs: &[(&str, Tree)]) -> Tree {
    Tree::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<Map>())
}

/// Puts as the facade does, without a registry.
pub(super) fn put(
    datastore: &Datastore,
    dataset: &DatasetRef,
    tree: &Tree,
) -> Result<Vec<FileRecord>> {
    ready(async {
        let mut put = datastore.stage_put(dataset, tree, Sync::Now).await?;
        let records = put.publish().await?;
        put.sync().await?;
        put.keep();
        Ok(records)
    })
}

#[test]
fn uc_026_a_put_makes_the_record_that_the_reference_made() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, expected) = fixture.first("count");
    let records = put(&fixture.datastore, &dataset, &Tree::from(42)).unwrap();
    assert_eq!(records, expected, "path, formatter, checksum and size");
    assert_eq!(files(dir.path()), [expected[0].path.as_str()]);
    let read = ready(fixture.datastore.read(&dataset, &records, &ReadRequest::default()));
    assert_eq!(read.unwrap(), Tree::from(42));
}

#[test]
fn a_taken_name_gets_twelve_digits() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let first = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let second = put(&fixture.datastore, &dataset, &Tree::from(2)).unwrap();
    let stem = first[0].path.strip_suffix(".json").unwrap();
    let added = second[0].path.strip_prefix(stem).unwrap().strip_suffix(".json").unwrap();
    assert_eq!(added, "_000000000abf");
    let read = |records: &[FileRecord]| {
        ready(fixture.datastore.read(&dataset, records, &ReadRequest::default())).unwrap()
    };
    assert_eq!((read(&first), read(&second)), (Tree::from(1), Tree::from(2)));
}

#[test]
fn an_abort_and_a_drop_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let one = Tree::from(1);
    ready(async {
        let stage = || fixture.datastore.stage_put(&dataset, &one, Sync::Now);
        drop(stage().await?);
        assert_eq!(files(dir.path()), [""; 0]);
        let mut put = stage().await?;
        put.publish().await?;
        assert_eq!(files(dir.path()).len(), 1);
        drop(put);
        assert_eq!(files(dir.path()), [""; 0]);
        let mut put = stage().await?;
        put.publish().await?;
        put.abort().await
    })
    .unwrap();
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_plain_storage_class_refuses_another_kind() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let error = put(&fixture.datastore, &dataset, &Tree::from("one")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("expected: int, found: str"), "{error}");
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_full_disk_at_any_step_leaves_nothing() {
    for step in ["stage.create", "stage.write", "stage.sync", "publish.link", "dir.sync"]
    {
        let dir = tempfile::tempdir().unwrap();
        let fixture = Fixture::new(dir.path(), &sample_config());
        let (dataset, _) = fixture.first("count");
        let hook = move |at: &str| (at == step).then_some(Fault::Errno(28));
        let error =
            faults::with(hook, || put(&fixture.datastore, &dataset, &Tree::from(1)));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{step}");
        assert_eq!(files(dir.path()), [""; 0], "{step}");
    }
}

#[test]
fn uc_047_a_composite_is_stored_by_its_components() {
    let dir = tempfile::tempdir().unwrap();
    let json_class = "lsst.daf.butler.formatters.json.JsonFormatter";
    let config = with(&json!({
        "composites": {"disassembled": {"Pair": true}},
        "formatters": {"StructuredDataDict": json_class}}));
    let fixture = Fixture::new(dir.path(), &config);
    let dataset = fixture.like("stats", "pair", "Pair");
    let (one, two) = (map(&[("a", Tree::from(1))]), map(&[("b", Tree::from(2))]));
    let tree = map(&[("first", one.clone()), ("second", two.clone())]);
    let records = put(&fixture.datastore, &dataset, &tree).unwrap();
    let stored: Vec<_> = records
        .iter()
        .map(|r| (r.component.as_deref().unwrap(), r.storage_class.as_str()))
        .collect();
    assert_eq!(
        stored,
        [("first", "StructuredDataDict"), ("second", "StructuredDataDict")]
    );
    assert!(
        records[0].path.starts_with("CamA/runs/1/pair.first/"),
        "{}",
        records[0].path
    );
    let read = |component: Option<&str>, records: &[FileRecord]| {
        let component = component.map(str::to_owned);
        let request = ReadRequest { component, ..ReadRequest::default() };
        ready(fixture.datastore.read(&dataset, records, &request))
    };
    assert_eq!(read(None, &records).unwrap(), tree);
    assert_eq!(read(Some("second"), &records).unwrap(), two);
    let error = read(Some("third"), &records).unwrap_err();
    assert!(error.to_string().contains("stored: first, second"), "{error}");
    let part = put(
        &fixture.datastore,
        &dataset,
        &map(&[("first", one), ("second", Tree::Null)]),
    );
    assert_eq!(part.unwrap().len(), 1, "a null part is not stored");
    let wrong =
        put(&fixture.datastore, &dataset, &map(&[("thrid", Tree::Null)])).unwrap_err();
    assert!(wrong.to_string().contains("components: first, second"), "{wrong}");
    assert_eq!(files(dir.path()).len(), 3);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let dir = tempfile::tempdir().unwrap();
    let config = with(&json!({"constraints": {"reject": ["count"]}}));
    let fixture = Fixture::new(dir.path(), &config);
    let refuse =
        |dataset: &DatasetRef| put(&fixture.datastore, dataset, &map(&[])).unwrap_err();
    let error = refuse(&fixture.first("count").0);
    assert_eq!(error.code(), "dataset_type_not_supported");
    let error = refuse(&fixture.like("count", "x", "Thumbnail"));
    assert!(error.to_string().contains("no formatter is configured"), "{error}");
    let error = refuse(&fixture.like("count", "x", "Plot"));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let (mut outside, _) = fixture.first("stats");
    outside.run = "../../etc".into();
    let error = refuse(&outside);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("../../etc"), "{error}");
    assert_eq!(files(dir.path()), [""; 0]);
}
