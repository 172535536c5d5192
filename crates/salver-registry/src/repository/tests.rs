use std::path::Path;

use rusqlite::Connection;
use salver_core::ErrorKind;
use salver_model::Universe;
use tempfile::TempDir;

use crate::{CreateOptions, OpenMode, OpenOptions, Registry};

fn made() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gen3.sqlite3");
    Registry::create(&path, &Universe::default_v8(), &CreateOptions::default()).unwrap();
    (folder, path)
}

fn edit(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn open(path: &Path) -> salver_core::Result<Registry> {
    Registry::open(path, OpenMode::Writeable)
}

#[test]
fn a_new_repository_has_gen3s_attributes() {
    let (_folder, path) = made();
    let registry = open(&path).unwrap();
    assert!(registry.is_writeable());
    assert_eq!(registry.attributes().unwrap().len(), 13);
    assert_eq!(registry.universe().version(), 8);
    registry.set_attribute("salver:schema", "1").unwrap();
    registry.set_attribute("salver:schema", "2").unwrap();
    assert_eq!(registry.attribute("salver:schema").unwrap().as_deref(), Some("2"));
    assert!(registry.remove_attribute("salver:schema").unwrap());
    assert!(!registry.remove_attribute("salver:schema").unwrap());
    assert!(registry.set_attribute("", "x").is_err());
}

#[test]
fn creating_over_a_database_is_a_conflict() {
    let (_folder, path) = made();
    let error =
        Registry::create(&path, &Universe::default_v8(), &CreateOptions::default());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    let odd = CreateOptions::default().record_table("a b");
    let error = Registry::create(path.with_extension("x"), &Universe::default_v8(), &odd);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(!path.with_extension("x").exists());
}

#[test]
fn what_is_no_registry_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite3");
    assert_eq!(open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!path.exists(), "opening makes no file");
    edit(&path, "CREATE TABLE t (a)");
    let error = open(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Corrupt, "not_a_registry"));
    edit(&path, "CREATE TABLE butler_attributes (name TEXT, value TEXT)");
    let error = open(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Corrupt, "not_a_registry"));
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert_eq!(
        Registry::open(text, OpenMode::ReadOnly).unwrap_err().kind(),
        ErrorKind::Corrupt
    );
}

#[test]
fn schemas_that_are_not_known_are_named() {
    let set = |name: &str, value: &str| {
        format!("UPDATE butler_attributes SET value = '{value}' WHERE name LIKE '{name}'")
    };
    for (sql, code, needle) in [
        (set("config:registry.managers.opaque", "a.B"), "manager_mismatch", "a.B"),
        (set("version:%datasets%", "3.0.0"), "incompatible_version", "2.0.0, 1.0.0"),
        (set("version:%static%", "6.1.0"), "incompatible_version", "newer"),
        (
            "DELETE FROM butler_attributes WHERE name = 'config:registry.managers.opaque'".into(),
            "missing_manager",
            "opaque",
        ),
        (set("config:dimensions.json", "{}"), "corrupt", ""),
        (set("config:dimensions.json", "x"), "corrupt", ""),
    ] {
        let (_folder, path) = made();
        edit(&path, &sql);
        let error = open(&path).unwrap_err();
        assert_eq!(error.code(), code, "{sql}");
        assert!(error.to_string().contains(needle), "{error}");
    }
}

#[test]
fn an_older_minor_version_opens_for_reading_only() {
    let (_folder, path) = made();
    edit(
        &path,
        "UPDATE butler_attributes SET value = '0.1.9' WHERE name LIKE 'version:%opaque%'",
    );
    let registry = open(&path).unwrap();
    assert!(!registry.is_writeable());
    let error = registry.set_attribute("a", "b").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "read_only_database"));
    assert!(error.to_string().contains("0.1.9"), "{error}");
}

#[test]
fn configured_managers_are_compared() {
    let (_folder, path) = made();
    let with = |kind: &str, class: &str| {
        let options = OpenOptions::new(OpenMode::ReadOnly).manager(kind, class);
        Registry::open_with(&path, options).map(|_| ())
    };
    let datasets = "lsst.daf.butler.registry.datasets.byDimensions.ByDimensionsDatasetRecordStorageManagerUUID";
    with("datasets", datasets).unwrap();
    assert_eq!(with("opaque", "a.B").unwrap_err().code(), "manager_mismatch");
    assert_eq!(with("obscore", "a.B").unwrap_err().code(), "missing_manager");
}

#[test]
fn a_corrupt_database_is_told() {
    use std::io::{Seek as _, SeekFrom, Write as _};
    let (_folder, path) = made();
    let length = path.metadata().unwrap().len();
    let mut file = {
        #[expect(clippy::disallowed_types, reason = "damages a file")]
        std::fs::OpenOptions::new().write(true).open(&path).unwrap()
    };
    for at in (4096..length).step_by(4096) {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[0xff; 512]).unwrap();
    }
    drop(file);
    assert_eq!(open(&path).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn other_programs_settings_stay_as_found() {
    let (_folder, path) = made();
    edit(
        &path,
        "PRAGMA user_version = 7; PRAGMA application_id = 9; PRAGMA journal_mode = WAL",
    );
    let registry = open(&path).unwrap();
    registry.set_attribute("a", "b").unwrap();
    drop(registry);
    let check = |name: &str| -> String {
        let connection = Connection::open(&path).unwrap();
        connection
            .query_row(
                &format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
                [],
                |r| r.get(0),
            )
            .unwrap()
    };
    assert_eq!(check("user_version"), "7");
    assert_eq!(check("application_id"), "9");
    assert_eq!(check("journal_mode"), "wal");
}

#[test]
fn the_old_datasets_schema_keeps_dates_as_text() {
    use salver_core::FixedClock;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gen3.sqlite3");
    let options = CreateOptions::default().old_datasets();
    Registry::create(&path, &Universe::default_v8(), &options).unwrap();
    let clock = Box::new(FixedClock(1_709_251_200_123_456_789));
    let options = OpenOptions::new(OpenMode::Writeable).clock(clock);
    let registry = Registry::open_with(&path, options).unwrap();
    registry.register_collection("r", salver_model::CollectionType::Run, None).unwrap();
    let group = registry.universe().empty_group();
    let made = salver_model::DatasetType::new("count", group.clone(), "int").unwrap();
    registry.register_dataset_type(&made).unwrap();
    let dataset_type = registry.dataset_type("count").unwrap();
    let data_id = salver_model::DataId::empty(registry.universe());
    let r = salver_model::DatasetRef::new(
        uuid::Uuid::from_u128(1),
        dataset_type,
        data_id,
        "r",
    );
    registry.insert_datasets(&[r.unwrap()], crate::IfPresent::Fail).unwrap();
    let date: String = Connection::open(&path)
        .unwrap()
        .query_row("SELECT ingest_date FROM dataset", [], |r| r.get(0))
        .unwrap();
    assert_eq!(date, "2024-03-01 00:00:00.123456");
}
