//! The contract of [`Session`], clause by clause, and what SQLite adds.

use std::cell::Cell as Flag;

use salver_core::{ErrorKind, interrupt};
use tempfile::TempDir;
use uuid::Uuid;

use super::Sqlite;
use crate::database::{Cell, Database, Mode, RowExt, Session, Value};

thread_local! {
    static ASKED: Flag<bool> = const { Flag::new(false) };
}

fn made() -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let database = Sqlite::new(folder.path().join("x.sqlite3"), true).with_wait_ms(5);
    database.make_file().unwrap();
    let session = database.session().unwrap();
    session
        .execute(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL CHECK (b <> 'x'))",
            &[],
        )
        .unwrap();
    session.execute("CREATE TABLE u (a REFERENCES t (a))", &[]).unwrap();
    (folder, database)
}

fn put(session: &dyn Session, a: i64, b: &str) -> salver_core::Result<u64> {
    session.execute("INSERT INTO t (a, b) VALUES (?1, ?2)", &[a.into(), b.into()])
}

fn count(session: &dyn Session) -> i64 {
    let mut found = 0;
    session
        .query("SELECT count(*) FROM t", &[], &mut |row| {
            found = row.int(0)?;
            Ok(true)
        })
        .unwrap();
    found
}

#[test]
fn values_come_back_as_they_are_stored() {
    let (_folder, database) = made();
    let session = database.session().unwrap();
    let id = Uuid::from_u128(0x1234_abcd);
    let values = [
        Value::Null,
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Float(0.1),
        Value::from("it's \u{e9}"),
        Value::Uuid(id),
    ];
    session
        .query("SELECT ?1, ?2, ?3, ?4, ?5, ?6", &values, &mut |row| {
            assert_eq!(row.cell(0)?, Cell::Null);
            assert_eq!(row.cell(1)?, Cell::Int(1));
            assert_eq!(row.int(2)?, i64::MIN);
            assert_eq!(row.cell(3)?, Cell::Float(0.1));
            assert_eq!(row.text(4)?, "it's \u{e9}");
            assert_eq!(row.text(5)?, id.simple().to_string());
            assert_eq!(row.uuid(5)?, id);
            assert_eq!(row.int(4).unwrap_err().kind(), ErrorKind::Corrupt);
            assert_eq!(row.text_or_null(0)?, None);
            assert!(row.cell(6).is_err());
            Ok(true)
        })
        .unwrap();
    let error = session.query("SELECT ?1", &[], &mut |_| Ok(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn text_that_is_not_utf8_is_corrupt() {
    let (_folder, database) = made();
    let session = database.session().unwrap();
    let read = |sql: &str| session.query(sql, &[], &mut |row| row.text(0).map(|_| true));
    assert_eq!(
        read("SELECT CAST(x'ff' AS TEXT)").unwrap_err().kind(),
        ErrorKind::Corrupt
    );
}

#[test]
fn violated_constraints_have_their_codes() {
    let (_folder, database) = made();
    let session = database.session().unwrap();
    put(&*session, 1, "a").unwrap();
    let code = |sql: &str| session.execute(sql, &[]).unwrap_err().code();
    assert_eq!(code("INSERT INTO t VALUES (1, 'b')"), "unique_violation");
    assert_eq!(code("INSERT INTO t VALUES (2, 'x')"), "check_violation");
    assert_eq!(code("INSERT INTO t VALUES (2, NULL)"), "not_null_violation");
    assert_eq!(code("INSERT INTO u VALUES (9)"), "foreign_key_violation");
    assert_eq!(count(&*session), 1);
}

#[test]
fn transactions_and_savepoints_keep_or_undo() {
    let (_folder, database) = made();
    let session = database.session().unwrap();
    session.begin(Mode::Write).unwrap();
    put(&*session, 1, "a").unwrap();
    session.savepoint(1).unwrap();
    put(&*session, 2, "a").unwrap();
    session.end_savepoint(1, false).unwrap();
    session.savepoint(1).unwrap();
    put(&*session, 3, "a").unwrap();
    session.end_savepoint(1, true).unwrap();
    assert_eq!(count(&*session), 2);
    session.end(true).unwrap();
    session.begin(Mode::Write).unwrap();
    put(&*session, 4, "a").unwrap();
    session.end(false).unwrap();
    assert_eq!(count(&*session), 2);
}

#[test]
fn the_change_counter_moves_with_the_commits_of_others() {
    let (_folder, database) = made();
    let (ours, theirs) = (database.session().unwrap(), database.session().unwrap());
    let counter = || {
        let mut seen = 0;
        ours.snapshot(&mut |version| {
            seen = version;
            Ok(())
        })
        .unwrap();
        seen
    };
    let first = counter();
    put(&*ours, 1, "a").unwrap();
    assert_eq!(counter(), first);
    put(&*theirs, 2, "a").unwrap();
    assert_ne!(counter(), first);
}

#[test]
fn a_snapshot_is_one_state() {
    let (_folder, database) = made();
    let (ours, theirs) = (database.session().unwrap(), database.session().unwrap());
    ours.snapshot(&mut |_| {
        assert_eq!(count(&*ours), 0);
        let error = put(&*theirs, 1, "a").unwrap_err();
        assert_eq!(error.code(), "database_locked", "a reader holds the writer's commit");
        assert_eq!(count(&*ours), 0);
        Ok(())
    })
    .unwrap();
    put(&*theirs, 1, "a").unwrap();
    assert_eq!(count(&*ours), 1);
}

#[test]
fn a_full_disk_keeps_nothing_of_the_transaction() {
    let (_folder, database) = made();
    let full = database.clone().with_setup(vec!["PRAGMA max_page_count = 40".to_owned()]);
    let session = full.session().unwrap();
    session.begin(Mode::Write).unwrap();
    let long = "y".repeat(1000);
    let mut a = 0;
    let error = session
        .execute_many("INSERT INTO t (a, b) VALUES (?1, ?2)", &mut |values| {
            a += 1;
            values.extend([Value::Int(a), Value::from(long.as_str())]);
            Ok(a < 1000)
        })
        .unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Limit, "disk_full"));
    session.end(false).unwrap();
    assert_eq!(count(&*session), 0);
    put(&*session, 1, "a").unwrap();
}

#[test]
fn a_reader_cannot_write() {
    let (_folder, database) = made();
    let reader = Sqlite::new(database.path(), false);
    assert!(!reader.capabilities().write);
    let session = reader.session().unwrap();
    let error = session.begin(Mode::Write).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "read_only_database"));
    let error = put(&*session, 1, "a").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "read_only_database"));
}

#[test]
fn interrupts_end_waiting_and_long_queries() {
    interrupt::install(|| ASKED.get());
    let (_folder, database) = made();
    let (ours, theirs) = (database.session().unwrap(), database.session().unwrap());
    theirs.begin(Mode::Write).unwrap();
    ASKED.set(true);
    let waited = ours.begin(Mode::Write).unwrap_err();
    let endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) \
                   SELECT count(*) FROM c";
    let queried = ours.query(endless, &[], &mut |_| Ok(true)).unwrap_err();
    ASKED.set(false);
    assert_eq!(waited.kind(), ErrorKind::Interrupted);
    assert_eq!(queried.kind(), ErrorKind::Interrupted);
    theirs.end(false).unwrap();
    put(&*ours, 1, "a").unwrap();
}
