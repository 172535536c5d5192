//! Dimension records and data IDs.

use salver_core::ErrorKind;
use salver_model::{DataValue, Timespan, Value};
use salver_sphere::Region;

use super::make::Repo;
use crate::database::RowExt;
use crate::{Expand, InsertMode, RecordQuery, SyncOutcome};

fn pair(name: &str, value: impl Into<DataValue>) -> (String, DataValue) {
    (name.to_owned(), value.into())
}

#[test]
fn a_missing_record_is_named_by_dimension_and_value() {
    let repo = Repo::filled();
    let exposure = repo.record(
        "exposure",
        &[
            ("instrument", "A".into()),
            ("id", Value::Int(99)),
            ("day_obs", Value::Int(20240301)),
            ("group", "g0".into()),
            ("physical_filter", "A_y".into()),
        ],
    );
    let error = repo
        .registry
        .insert_records("exposure", &[exposure], InsertMode::Insert)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.code(), "conflicting_definition");
    let text = error.to_string();
    assert!(text.contains("dimension: physical_filter, value: 'A_y'"), "{text}");
}

#[test]
fn insert_skip_and_replace_differ_on_existing_records() {
    let repo = Repo::filled();
    let make = |purpose: &str| {
        let pairs = [
            ("instrument", "A".into()),
            ("id", Value::Int(1)),
            ("purpose", purpose.into()),
        ];
        [repo.record("detector", &pairs)]
    };
    let insert =
        |record: &[_], mode| repo.registry.insert_records("detector", record, mode);
    let purpose = || {
        let data_id =
            repo.data_id("bias", &[("instrument", "A".into()), ("detector", 1.into())]);
        let record = repo.registry.record("detector", &data_id).unwrap().unwrap();
        record.get("purpose").cloned()
    };
    let error = insert(&make("x"), InsertMode::Insert).unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
    assert_eq!(insert(&make("x"), InsertMode::SkipExisting).unwrap(), 0);
    assert_eq!(purpose(), Some(Value::Null));
    assert_eq!(insert(&make("x"), InsertMode::Replace).unwrap(), 1);
    assert_eq!(purpose(), Some("x".into()));
}

#[test]
fn sync_inserts_compares_and_updates() {
    let repo = Repo::filled();
    let make = |raft: &str| {
        let pairs = [
            ("instrument", "A".into()),
            ("id", Value::Int(7)),
            ("full_name", "S7".into()),
            ("raft", raft.into()),
        ];
        repo.record("detector", &pairs)
    };
    let sync = |raft, update| repo.registry.sync_record(&make(raft), update);
    assert_eq!(sync("R0", false).unwrap(), SyncOutcome::Inserted);
    assert_eq!(sync("R0", false).unwrap(), SyncOutcome::Unchanged);
    let error = sync("R1", false).unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
    assert!(error.to_string().contains("columns: raft"), "{error}");
    let changed = vec![("raft".to_owned(), Value::from("R0"))];
    assert_eq!(sync("R1", true).unwrap(), SyncOutcome::Updated(changed));
    assert_eq!(sync("R1", false).unwrap(), SyncOutcome::Unchanged);
}

#[test]
fn a_failed_insert_leaves_nothing() {
    let repo = Repo::filled();
    let make = |id: i64, name: &str| {
        let pairs = [
            ("instrument", "A".into()),
            ("id", Value::Int(id)),
            ("full_name", name.into()),
        ];
        repo.record("detector", &pairs)
    };
    // the second has the full name of detector 1
    let records = [make(50, "S50"), make(51, "S1")];
    repo.registry.insert_records("detector", &records, InsertMode::Insert).unwrap_err();
    let query =
        RecordQuery { values: vec![pair("instrument", "A")], ..Default::default() };
    assert_eq!(repo.registry.records("detector", &query).unwrap().len(), 4);
}

#[test]
fn data_ids_are_expanded_and_checked() {
    let repo = Repo::filled();
    let minimal = repo.data_id(
        "raw",
        &[("instrument", "A".into()), ("detector", 1.into()), ("exposure", 3.into())],
    );
    let full = repo.registry.expand_data_id(&minimal).unwrap();
    assert_eq!(full.get("band"), Some(&"g".into()));
    assert_eq!(full.get("physical_filter"), Some(&"A_g".into()));
    assert_eq!(full.record("exposure").unwrap().get("obs_id"), Some(&"A_3".into()));
    assert_eq!(full.record("detector").unwrap().get("full_name"), Some(&"S1".into()));
    assert_eq!(full.record("band").unwrap().get("name"), Some(&"g".into()));

    let values = repo.registry.expand(&minimal, Expand::Values).unwrap();
    assert!(values.is_full() && !values.has_records());
    let some = repo.registry.expand(&minimal, Expand::Elements(&["detector"])).unwrap();
    assert!(some.is_full() && some.record("detector").is_some());
    assert!(some.record("instrument").is_none());

    let absent = repo.data_id(
        "raw",
        &[("instrument", "A".into()), ("detector", 1.into()), ("exposure", 77.into())],
    );
    let error = repo.registry.expand_data_id(&absent).unwrap_err();
    assert_eq!(error.code(), "data_id_value");
    assert!(error.to_string().contains("dimension: exposure, value: 77"), "{error}");

    let wrong = repo.data_id(
        "raw",
        &[
            ("instrument", "A".into()),
            ("detector", 1.into()),
            ("exposure", 3.into()),
            ("physical_filter", "A_r".into()),
            ("band", "r".into()),
            ("day_obs", 20240301.into()),
            ("group", "g3".into()),
        ],
    );
    let error = repo.registry.expand_data_id(&wrong).unwrap_err();
    assert_eq!(error.code(), "inconsistent_data_id");
}

#[test]
fn other_keys_stand_for_dimension_values() {
    let repo = Repo::filled();
    let group = repo.registry.universe().group(["detector", "exposure"]).unwrap();
    let resolve = |pairs: &[(String, DataValue)]| {
        repo.registry.resolve_data_id(&group, pairs, None)
    };
    let wanted = "{instrument: 'A', detector: 2, exposure: 4}";
    for pairs in [
        vec![pair("instrument", "A"), pair("detector", "2"), pair("exposure", 4)],
        vec![
            pair("instrument", "A"),
            pair("detector.full_name", "S2"),
            pair("exposure", 4),
        ],
        vec![pair("instrument", "A"), pair("full_name", "S2"), pair("exposure", 4)],
        vec![
            pair("instrument", "A"),
            pair("detector", 2),
            pair("day_obs", 20240301),
            pair("seq_num", 104),
        ],
        vec![
            pair("instrument", "A"),
            pair("detector", 2),
            pair("exposure.obs_id", "A_4"),
        ],
        vec![
            pair("instrument", "A"),
            pair("detector", 2),
            pair("detector.full_name", "S2"),
            pair("exposure", 4),
        ],
        vec![
            pair("instrument", "A"),
            pair("detector", 2),
            pair("full_name", "S2"),
            pair("exposure", 4),
            pair("seq_num", 104),
        ],
    ] {
        assert_eq!(resolve(&pairs).unwrap().to_string(), wanted, "{pairs:?}");
    }
}

#[test]
fn other_keys_that_contradict_or_name_nothing_are_refused() {
    let repo = Repo::filled();
    let group = repo.registry.universe().group(["detector", "exposure"]).unwrap();
    let resolve = |pairs: &[(String, DataValue)]| {
        repo.registry.resolve_data_id(&group, pairs, None)
    };
    let code = |pairs: &[(String, DataValue)]| resolve(pairs).unwrap_err().code();
    let a = || pair("instrument", "A");
    assert_eq!(
        code(&[a(), pair("full_name", "S9"), pair("exposure", 4)]),
        "data_id_value"
    );
    assert_eq!(
        code(&[
            a(),
            pair("detector", 1),
            pair("detector.full_name", "S2"),
            pair("exposure", 4)
        ]),
        "inconsistent_data_id"
    );
    let contradicting = [a(), pair("detector", 1), pair("exposure", 4)];
    for more in [pair("full_name", "S2"), pair("exposure.seq_num", 103)] {
        let pairs = [&contradicting[..], &[more]].concat();
        assert_eq!(code(&pairs), "inconsistent_data_id");
    }
    assert_eq!(
        code(&[a(), pair("detector", 1), pair("physical_filter", "A_g")]),
        "inconsistent_data_id"
    );
    assert_eq!(code(&[a(), pair("detector", 1), pair("nonsense", 4)]), "dimension_name");
    assert_eq!(code(&[a(), pair("detector", 1)]), "dimension_name");
    assert_eq!(code(&[a(), pair("detector", "x"), pair("exposure", 4)]), "data_id_value");
}

#[test]
fn overlaps_follow_regions() {
    let repo = Repo::filled();
    let region = |lon: f64| {
        let text = format!("CIRCLE {lon} 10 0.3");
        Region::from_ivoa_pos(&text).unwrap()
    };
    let visit = |region: Option<Region>| {
        let pairs = [
            ("instrument", "A".into()),
            ("id", Value::Int(1)),
            ("day_obs", Value::Int(20240301)),
            ("physical_filter", "A_g".into()),
            ("region", region.map_or(Value::Null, Value::from)),
            ("timespan", Timespan::new(Some(10), Some(20)).into()),
        ];
        [repo.record("visit", &pairs)]
    };
    let pixels = || {
        repo.registry
            .read(|work| {
                work.rows(
                    "SELECT skypix_index FROM visit_skypix_overlap ORDER BY 1",
                    &[],
                    &mut |row| row.int(0),
                )
            })
            .unwrap()
    };
    let envelope = |region: &Region| -> Vec<i64> {
        repo.registry
            .shared
            .envelope(region)
            .iter()
            .map(|i| i64::try_from(i).unwrap())
            .collect()
    };
    let insert = |region, mode| {
        repo.registry.insert_records("visit", &visit(region), mode).unwrap();
    };
    insert(Some(region(40.0)), InsertMode::Insert);
    assert!(!pixels().is_empty());
    assert_eq!(pixels(), envelope(&region(40.0)));
    insert(Some(region(80.0)), InsertMode::SkipExisting);
    assert_eq!(pixels(), envelope(&region(40.0)));
    insert(Some(region(80.0)), InsertMode::Replace);
    assert_eq!(pixels(), envelope(&region(80.0)));

    let find = |lon: f64, begin: i64| {
        let query = RecordQuery {
            region: Some(region(lon)),
            timespan: Some(Timespan::new(Some(begin), Some(begin + 5))),
            ..Default::default()
        };
        repo.registry.records("visit", &query).unwrap().len()
    };
    assert_eq!(find(80.5, 8), 1);
    assert_eq!(find(40.0, 8), 0);
    assert_eq!(find(80.5, 20), 0);
    assert_eq!(find(80.7, 8), 0, "pixels overlap, the regions do not");

    insert(None, InsertMode::Replace);
    assert!(pixels().is_empty());
}

#[test]
fn a_pixel_of_a_data_id_has_a_record_with_its_region() {
    let repo = Repo::filled();
    let universe = repo.registry.universe();
    let group = universe.group(["htm7"]).unwrap();
    let pixel =
        |n: i64| salver_model::DataId::new(group.clone(), vec![n.into()]).unwrap();
    let full = repo.registry.expand_data_id(&pixel(131_201)).unwrap();
    assert!(full.region().is_some());
    let error = repo.registry.expand_data_id(&pixel(5)).unwrap_err();
    assert_eq!(error.code(), "data_id_value");
}
