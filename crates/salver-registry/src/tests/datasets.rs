//! Datasets: inserts, lookup, memberships, validity ranges, deletion.

use std::slice::from_ref;

use salver_core::ErrorKind;
use salver_model::{CollectionType, DataId, DatasetRef, Timespan};

use super::make::{DATASTORE, Repo, file_record};
use crate::{DatasetQuery, IfPresent, OpenMode, Registry};

fn raw(repo: &Repo, run: &str, detector: i64, exposure: i64) -> DatasetRef {
    let pairs = [
        ("instrument", "A".into()),
        ("detector", detector.into()),
        ("exposure", exposure.into()),
    ];
    repo.dataset("raw", run, &pairs)
}

fn bias(repo: &Repo, run: &str, detector: i64) -> DatasetRef {
    repo.dataset(
        "bias",
        run,
        &[("instrument", "A".into()), ("detector", detector.into())],
    )
}

fn find(
    repo: &Repo,
    r: &DatasetRef,
    collections: &[&str],
    at: Option<i64>,
) -> Option<DatasetRef> {
    let timespan = at.map(Timespan::from_instant);
    repo.registry
        .find_dataset(&r.dataset_type, &r.data_id, collections, timespan)
        .unwrap()
}

#[test]
fn the_first_collection_wins() {
    let repo = Repo::filled();
    let (a, b) = (raw(&repo, "r1", 0, 0), raw(&repo, "r2", 0, 0));
    repo.put(&a);
    repo.put(&b);
    assert_eq!(find(&repo, &a, &["r1", "r2"], None).unwrap().id, a.id);
    assert_eq!(find(&repo, &a, &["r2", "r1"], None).unwrap().id, b.id);
    let other = raw(&repo, "r1", 0, 1);
    assert_eq!(find(&repo, &other, &["r2", "r1"], None), None);

    // more collections than one statement takes
    let mut names: Vec<String> = (0..30).map(|i| format!("x{i:02}")).collect();
    for name in &names {
        repo.registry.register_collection(name, CollectionType::Run, None).unwrap();
    }
    names.push("r2".to_owned());
    let kind = CollectionType::Chained;
    repo.registry.register_collection("chain", kind, None).unwrap();
    repo.registry.set_chain("chain", &names).unwrap();
    assert_eq!(find(&repo, &a, &["chain", "r1"], None).unwrap().id, b.id);
    let late = repo.dataset(
        "raw",
        "x29",
        &[("instrument", "A".into()), ("detector", 0.into()), ("exposure", 0.into())],
    );
    repo.put(&late);
    assert_eq!(find(&repo, &a, &["chain", "r1"], None).unwrap().id, late.id);
}

#[test]
fn records_come_with_the_dataset_that_the_datastore_has() {
    let repo = Repo::filled();
    let a = raw(&repo, "r1", 0, 0);
    repo.registry.insert_datasets(from_ref(&a), IfPresent::Fail).unwrap();
    let get = || {
        repo.registry
            .find_with_records(&a.dataset_type, &a.data_id, &["r1"], None)
            .unwrap()
            .unwrap()
    };
    assert_eq!(get(), (a.clone(), Vec::new()));
    let mut records = vec![file_record(a.id), file_record(a.id)];
    records[0].component = Some("wcs".to_owned());
    records[1].component = Some("psf".to_owned());
    records[1].file_size = -1;
    repo.registry.insert_file_records(DATASTORE, &records).unwrap();
    let (found, mut stored) = get();
    stored.sort_by(|x, y| y.component.cmp(&x.component));
    assert_eq!((found, stored), (a.clone(), records));
    repo.registry.trash(DATASTORE, &[a.id]).unwrap();
    assert_eq!(get(), (a.clone(), Vec::new()));
}

#[test]
fn a_second_dataset_of_a_data_id_is_a_conflict_that_names_the_holder() {
    let repo = Repo::filled();
    let (a, b) = (raw(&repo, "r1", 0, 0), raw(&repo, "r1", 0, 0));
    repo.put(&a);
    let conflict =
        repo.registry.find_conflict(&b.dataset_type, &b.data_id, "r1").unwrap();
    assert_eq!(conflict, Some(a.id));
    let fresh = raw(&repo, "r1", 1, 0);
    let refs = [fresh.clone(), b];
    let error = repo.registry.insert_datasets(&refs, IfPresent::Fail).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, "conflicting_definition")
    );
    assert!(error.to_string().contains(&format!("holder: {}", a.id)), "{error}");
    assert_eq!(
        repo.registry.dataset(fresh.id).unwrap(),
        None,
        "nothing of the call stays"
    );

    let error = repo.registry.insert_datasets(from_ref(&a), IfPresent::Fail).unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
    repo.registry
        .insert_datasets(&[a.clone(), fresh.clone()], IfPresent::SkipSame)
        .unwrap();
    assert_eq!(repo.registry.dataset(fresh.id).unwrap(), Some(fresh));
    let moved = DatasetRef { run: "r2".into(), ..a };
    let error = repo.registry.insert_datasets(&[moved], IfPresent::SkipSame).unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
}

#[test]
fn a_dimension_without_record_is_named() {
    let repo = Repo::filled();
    let refs = [raw(&repo, "r1", 0, 0), raw(&repo, "r1", 77, 0)];
    let error = repo.registry.insert_datasets(&refs, IfPresent::Fail).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "data_id_value"));
    assert!(error.to_string().contains("dimension: detector, value: 77"), "{error}");
    let pairs = [("instrument", "Z".into()), ("detector", 0.into())];
    let refs = [repo.dataset("bias", "r1", &pairs)];
    let error = repo.registry.insert_datasets(&refs, IfPresent::Fail).unwrap_err();
    assert!(error.to_string().contains("dimension: instrument, value: 'Z'"), "{error}");
}

#[test]
fn unknown_names_are_told() {
    let repo = Repo::filled();
    let a = raw(&repo, "nowhere", 0, 0);
    let error = repo.registry.insert_datasets(from_ref(&a), IfPresent::Fail).unwrap_err();
    assert_eq!(error.code(), "missing_collection");
    let error = repo
        .registry
        .find_dataset(&a.dataset_type, &a.data_id, &["nowhere"], None)
        .unwrap_err();
    assert_eq!(error.code(), "missing_collection");
    assert_eq!(
        repo.registry.dataset_type("nope").unwrap_err().code(),
        "missing_dataset_type"
    );
}

#[test]
fn tagged_collections_hold_one_dataset_of_a_data_id() {
    let repo = Repo::filled();
    repo.registry.register_collection("tag", CollectionType::Tagged, None).unwrap();
    let (a, b) = (raw(&repo, "r1", 0, 0), raw(&repo, "r2", 0, 0));
    repo.put(&a);
    repo.put(&b);
    repo.registry.associate("tag", from_ref(&a)).unwrap();
    repo.registry.associate("tag", from_ref(&a)).unwrap();
    assert_eq!(find(&repo, &a, &["tag"], None).unwrap(), a);
    let error = repo.registry.associate("tag", from_ref(&b)).unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
    assert!(error.to_string().contains(&a.id.to_string()), "{error}");
    for wrong in ["r1", "chain"] {
        repo.registry
            .register_collection("chain", CollectionType::Chained, None)
            .unwrap();
        let error = repo.registry.associate(wrong, from_ref(&b)).unwrap_err();
        assert_eq!(error.code(), "collection_type");
        let error = repo.registry.disassociate(wrong, from_ref(&b)).unwrap_err();
        assert_eq!(error.code(), "collection_type");
    }
    repo.registry.disassociate("tag", from_ref(&b)).unwrap();
    assert_eq!(find(&repo, &a, &["tag"], None).unwrap(), a);
    repo.registry.disassociate("tag", from_ref(&a)).unwrap();
    assert_eq!(find(&repo, &a, &["tag"], None), None);
    repo.registry.associate("tag", from_ref(&b)).unwrap();
    assert_eq!(find(&repo, &a, &["tag"], None).unwrap(), b);
    let summary = repo.registry.collection_summary("tag").unwrap();
    assert!(summary.dataset_types.contains("raw"));
}

#[test]
fn uc_063_validity_ranges_are_looked_up_cut_and_checked() {
    let repo = Repo::filled();
    repo.registry.register_collection("cal", CollectionType::Calibration, None).unwrap();
    let (a, b) = (bias(&repo, "r1", 0), bias(&repo, "r2", 0));
    repo.put(&a);
    repo.put(&b);
    let span = |begin, end| Timespan::new(Some(begin), Some(end));
    let certify = |r: &DatasetRef, t| repo.registry.certify("cal", from_ref(r), t);
    certify(&a, span(10, 100)).unwrap();
    certify(&b, span(100, 200)).unwrap();
    for (r, t) in [(&a, span(50, 60)), (&b, span(99, 101)), (&a, Timespan::UNBOUNDED)] {
        assert_eq!(certify(r, t).unwrap_err().code(), "conflicting_definition");
    }
    assert_eq!(find(&repo, &a, &["cal"], Some(99)).unwrap(), a);
    assert_eq!(find(&repo, &a, &["cal"], Some(100)).unwrap(), b);
    assert_eq!(find(&repo, &a, &["cal"], Some(9)), None);
    assert_eq!(find(&repo, &a, &["cal"], None), None, "only with a timespan");
    let both = Some(span(90, 110));
    let error = repo
        .registry
        .find_with_records(&a.dataset_type, &a.data_id, &["cal"], both)
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Ambiguous, "calibration_lookup")
    );

    repo.registry.decertify("cal", "bias", span(40, 120), None).unwrap();
    let query =
        DatasetQuery { collections: vec!["cal".to_owned()], ..Default::default() };
    let ranges = || -> Vec<(DatasetRef, Option<Timespan>)> {
        let found = repo.registry.associations(&query).unwrap();
        found.into_iter().map(|x| (x.dataset, x.timespan)).collect()
    };
    let left = vec![(a.clone(), Some(span(10, 40))), (b.clone(), Some(span(120, 200)))];
    assert_eq!(ranges(), left);
    repo.registry
        .decertify("cal", "bias", span(20, 30), Some(from_ref(&a.data_id)))
        .unwrap();
    assert_eq!(ranges().len(), 3);
    repo.registry.decertify("cal", "bias", Timespan::UNBOUNDED, None).unwrap();
    assert!(ranges().is_empty());
    certify(&a, Timespan::EMPTY).unwrap();
    certify(&b, Timespan::EMPTY).unwrap();
    assert_eq!(
        ranges(),
        [(a.clone(), Some(Timespan::EMPTY)), (b, Some(Timespan::EMPTY))]
    );

    let r = raw(&repo, "r1", 0, 0);
    repo.put(&r);
    assert_eq!(certify(&r, span(1, 2)).unwrap_err().code(), "dataset_type");
    let error = repo.registry.certify("r1", &[a], span(1, 2)).unwrap_err();
    assert_eq!(error.code(), "collection_type");
}

#[test]
fn listing_follows_types_collections_and_data_ids() {
    let repo = Repo::filled();
    let mut refs = Vec::new();
    for exposure in 0..3 {
        for detector in 0..2 {
            refs.push(raw(&repo, "r1", detector, exposure));
        }
    }
    refs.push(raw(&repo, "r2", 0, 0));
    refs.push(bias(&repo, "r2", 3));
    repo.registry.insert_datasets(&refs, IfPresent::Fail).unwrap();
    let list =
        |types: &[&str], collections: &[&str], data_id: &[(&str, &str)], first: bool| {
            let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
            let query = DatasetQuery {
                types: owned(types),
                collections: owned(collections),
                data_id: data_id
                    .iter()
                    .map(|(k, v)| ((*k).to_owned(), (*v).into()))
                    .collect(),
                find_first: first,
                ..Default::default()
            };
            repo.registry.datasets(&query)
        };
    let count =
        |types: &[&str], collections: &[&str], data_id: &[(&str, &str)], first: bool| {
            list(types, collections, data_id, first).unwrap().len()
        };
    assert_eq!(count(&[], &[], &[], false), 8);
    assert_eq!(count(&["ra*"], &["r*"], &[], false), 7);
    assert_eq!(count(&["ra*"], &["r2", "r1"], &[], true), 6);
    assert_eq!(list(&["raw"], &["r2", "r1"], &[], true).unwrap()[0].id, refs[6].id);
    assert_eq!(count(&[], &[], &[("detector", "1")], false), 3);
    assert_eq!(count(&["*"], &[], &[("exposure", "2")], false), 2);
    assert_eq!(count(&[], &["r1"], &[("band", "g"), ("exposure", "2")], false), 2);
    assert_eq!(count(&[], &["r1"], &[("band", "r")], false), 0);
    assert_eq!(count(&[], &["r1"], &[("day_obs", "20240301")], false), 6);
    assert_eq!(count(&[], &[], &[("skymap", "x")], false), 8, "a governor of others");
    let error = list(&["bias"], &[], &[("exposure", "2")], false).unwrap_err();
    assert_eq!(error.code(), "dimension_name");
    let error = list(&["bias"], &[], &[("detector", "x")], false).unwrap_err();
    assert_eq!(error.code(), "data_id_value");
    assert_eq!(
        list(&["no"], &[], &[], false).unwrap_err().code(),
        "missing_dataset_type"
    );

    let query = DatasetQuery { full: true, limit: Some(4), ..Default::default() };
    let found = repo.registry.datasets(&query).unwrap();
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|r| r.data_id.is_full()));
}

#[test]
fn deletion_waits_for_the_trash() {
    let repo = Repo::filled();
    let (a, b) = (raw(&repo, "r1", 0, 0), raw(&repo, "r1", 1, 0));
    repo.registry.insert_datasets(&[a.clone(), b.clone()], IfPresent::Fail).unwrap();
    let mut records = [file_record(a.id), file_record(b.id)];
    records[1].path = records[0].path.clone(); // both in one file
    repo.registry.insert_file_records(DATASTORE, &records).unwrap();
    let error = repo.registry.delete_datasets(&[a.id]).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InUse, "dataset_in_use"));
    let error = repo.registry.remove_collection("r1").unwrap_err();
    assert_eq!(error.code(), "collection_in_use");
    let error = repo.registry.remove_dataset_type("raw").unwrap_err();
    assert_eq!(error.code(), "orphaned_record");

    assert_eq!(repo.registry.trash(DATASTORE, &[a.id, a.id]).unwrap(), 1);
    let plan = repo.registry.trash_plan(DATASTORE, 100).unwrap();
    assert_eq!(
        (plan.ids.as_slice(), plan.paths.len()),
        ([a.id].as_slice(), 0),
        "b uses it"
    );
    repo.registry.finish_trash(DATASTORE, &plan).unwrap();
    assert_eq!(repo.registry.delete_datasets(&[a.id]).unwrap(), 1);
    assert_eq!(repo.registry.dataset(a.id).unwrap(), None);

    assert_eq!(repo.registry.trash(DATASTORE, &[b.id]).unwrap(), 1);
    let plan = repo.registry.trash_plan(DATASTORE, 100).unwrap();
    assert_eq!(plan.paths, [records[0].path.clone()]);
    repo.registry.finish_trash(DATASTORE, &plan).unwrap();
    assert_eq!(repo.registry.trash_plan(DATASTORE, 100).unwrap(), Default::default());
    repo.registry.remove_collection("r1").unwrap();
    assert_eq!(
        repo.registry.collection_info("r1").unwrap_err().code(),
        "missing_collection"
    );
}

#[test]
fn members_of_a_zip_keep_it() {
    let repo = Repo::filled();
    let (a, b) = (raw(&repo, "r1", 0, 0), raw(&repo, "r1", 1, 0));
    repo.registry.insert_datasets(&[a.clone(), b.clone()], IfPresent::Fail).unwrap();
    let mut records = [file_record(a.id), file_record(b.id)];
    records[0].path = "zips/1.zip#zip-path=a".to_owned();
    records[1].path = "zips/1.zip#zip-path=b".to_owned();
    repo.registry.insert_file_records(DATASTORE, &records).unwrap();
    repo.registry.trash(DATASTORE, &[a.id]).unwrap();
    assert!(repo.registry.trash_plan(DATASTORE, 9).unwrap().paths.is_empty());
    repo.registry.trash(DATASTORE, &[b.id]).unwrap();
    assert_eq!(repo.registry.trash_plan(DATASTORE, 9).unwrap().paths, ["zips/1.zip"]);
}

#[test]
fn many_ids_keep_their_order() {
    let repo = Repo::filled();
    let mut refs = Vec::new();
    for exposure in 0..10 {
        for detector in 0..4 {
            refs.push(raw(&repo, "r1", detector, exposure));
        }
    }
    repo.registry.insert_datasets(&refs, IfPresent::Fail).unwrap();
    let ids: Vec<_> = refs.iter().rev().map(|r| r.id).collect();
    let found: Vec<_> =
        repo.registry.datasets_by_id(&ids).unwrap().iter().map(|r| r.id).collect();
    assert_eq!(found, ids);
    let data_ids: Vec<DataId> = refs.iter().map(|r| r.data_id.clone()).collect();
    let full = repo.registry.expand_all(&data_ids, crate::Expand::Values).unwrap();
    assert!(full.iter().all(DataId::is_full));
}

#[test]
fn a_read_only_registry_writes_nothing() {
    let repo = Repo::filled();
    let path = repo.folder.path().join("gen3.sqlite3");
    let reader = Registry::open(path, OpenMode::ReadOnly).unwrap();
    let error = reader.register_collection("x", CollectionType::Run, None).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "read_only_database"));
    assert!(!reader.register_collection("r1", CollectionType::Run, None).unwrap());
}

#[test]
fn the_table_of_records_is_made_when_it_is_needed() {
    let repo = Repo::filled();
    let path = repo.folder.path().join("gen3.sqlite3");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("DROP TABLE file_datastore_records; DELETE FROM opaque_meta")
        .unwrap();
    let (reader, writer) = (
        Registry::open(&path, OpenMode::ReadOnly).unwrap(),
        Registry::open(&path, OpenMode::Writeable).unwrap(),
    );
    let a = bias(&repo, "r1", 0);
    writer.insert_datasets(from_ref(&a), IfPresent::Fail).unwrap();
    let get = |registry: &Registry| {
        registry
            .find_with_records(&a.dataset_type, &a.data_id, &["r1"], None)
            .unwrap()
            .unwrap()
            .1
            .len()
    };
    assert_eq!((get(&reader), get(&writer)), (0, 0));
    assert!(reader.file_records(&[a.id]).unwrap().is_empty());
    assert_eq!(reader.trash_plan(DATASTORE, 1).unwrap(), crate::TrashPlan::default());

    let transaction = writer.transaction().unwrap();
    writer.insert_file_records(DATASTORE, &[file_record(a.id)]).unwrap();
    assert_eq!(get(&writer), 1);
    transaction.rollback().unwrap();
    assert_eq!((get(&reader), get(&writer)), (0, 0));
    writer.insert_file_records(DATASTORE, &[file_record(a.id)]).unwrap();
    assert_eq!((get(&reader), get(&writer)), (1, 1));
}
