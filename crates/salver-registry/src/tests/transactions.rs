//! Transactions, threads and processes.

use std::slice::from_ref;
use std::sync::Barrier;

use salver_core::ErrorKind;
use salver_model::CollectionType::{self, Run};

use super::make::Repo;
use crate::{CollectionQuery, IfPresent, OpenMode, Registry};

fn names(registry: &Registry) -> Vec<String> {
    let found = registry.query_collections(&CollectionQuery::default()).unwrap();
    found.into_iter().map(|c| c.name).collect()
}

fn register(registry: &Registry, name: &str) {
    registry.register_collection(name, Run, None).unwrap();
}

#[test]
fn what_is_rolled_back_was_never_there() {
    let repo = Repo::empty();
    let registry = &repo.registry;
    let outer = registry.transaction().unwrap();
    register(registry, "a");
    let inner = registry.transaction().unwrap();
    register(registry, "b");
    assert_eq!(names(registry), ["a", "b"]);
    inner.rollback().unwrap();
    assert_eq!(names(registry), ["a"]);
    let dropped = registry.transaction().unwrap();
    register(registry, "c");
    drop(dropped);
    assert_eq!(names(registry), ["a"]);
    register(registry, "b");
    outer.commit().unwrap();
    assert_eq!(names(registry), ["a", "b"]);
    drop(registry.transaction().unwrap());
    assert_eq!(registry.transaction_depth().unwrap(), 0);
}

#[test]
fn a_failed_call_in_a_transaction_leaves_the_calls_before() {
    let repo = Repo::filled();
    let pairs = [("instrument", "A".into()), ("detector", 0.into())];
    let (first, second) =
        (repo.dataset("bias", "r1", &pairs), repo.dataset("bias", "r1", &pairs));
    let transaction = repo.registry.transaction().unwrap();
    repo.registry.insert_datasets(from_ref(&first), IfPresent::Fail).unwrap();
    repo.registry.insert_datasets(from_ref(&second), IfPresent::Fail).unwrap_err();
    transaction.commit().unwrap();
    assert_eq!(repo.registry.dataset(first.id).unwrap(), Some(first));
    assert_eq!(repo.registry.dataset(second.id).unwrap(), None);
}

#[test]
fn a_unit_with_a_failed_call_can_only_be_rolled_back() {
    let repo = Repo::filled();
    let pairs = [("instrument", "A".into()), ("detector", 0.into())];
    let (first, second) =
        (repo.dataset("bias", "r1", &pairs), repo.dataset("bias", "r1", &pairs));
    let outer = repo.registry.transaction().unwrap();
    register(&repo.registry, "kept");
    let unit = repo.registry.unit().unwrap();
    repo.registry.insert_datasets(from_ref(&first), IfPresent::Fail).unwrap();
    repo.registry.insert_datasets(&[second], IfPresent::Fail).unwrap_err();
    let error = repo.registry.register_collection("x", Run, None).unwrap_err();
    assert_eq!(error.code(), "transaction_failed");
    assert_eq!(unit.commit().unwrap_err().code(), "transaction_failed");
    assert_eq!(repo.registry.dataset(first.id).unwrap(), None);
    outer.commit().unwrap();
    assert!(names(&repo.registry).contains(&"kept".to_owned()));
}

#[test]
fn transactions_end_from_inside_out() {
    let repo = Repo::empty();
    let outer = repo.registry.begin_transaction().unwrap();
    let inner = repo.registry.begin_transaction().unwrap();
    let error = repo.registry.end_transaction(outer, true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    repo.registry.end_transaction(inner, true).unwrap();
    repo.registry.end_transaction(outer, true).unwrap();
    assert!(repo.registry.end_transaction(outer, true).is_err());
}

#[test]
fn other_threads_do_not_see_an_open_transaction() {
    let repo = Repo::empty();
    let transaction = repo.registry.transaction().unwrap();
    register(&repo.registry, "a");
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| names(&repo.registry)).join().unwrap();
        assert!(seen.is_empty());
    });
    transaction.commit().unwrap();
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| names(&repo.registry)).join().unwrap();
        assert_eq!(seen, ["a"]);
    });
}

#[test]
fn uc_070_definitions_changed_by_others_are_seen() {
    let repo = Repo::filled();
    let path = repo.folder.path().join("gen3.sqlite3");
    let other = Registry::open(path, OpenMode::Writeable).unwrap();
    repo.registry.register_collection("c", CollectionType::Chained, None).unwrap();
    let children = |registry: &Registry| registry.collection_info("c").unwrap().children;
    assert!(children(&other).is_empty());
    repo.registry.set_chain("c", &["r1"]).unwrap();
    assert_eq!(children(&other), ["r1"]);
    other.set_chain("c", &["r2", "r1"]).unwrap();
    assert_eq!(children(&repo.registry), ["r2", "r1"]);

    // the same name with another key
    other.remove_collection("c").unwrap();
    other.register_collection("x", Run, None).unwrap();
    other.register_collection("c", Run, None).unwrap();
    assert_eq!(repo.registry.collection_info("c").unwrap().kind, Run);
    let pairs = [("instrument", "A".into()), ("detector", 0.into())];
    let dataset = repo.dataset("bias", "c", &pairs);
    repo.registry.insert_datasets(from_ref(&dataset), IfPresent::Fail).unwrap();
    assert_eq!(other.dataset(dataset.id).unwrap(), Some(dataset));
}

/// Tries to put a dataset of every data ID; gives how many were new.
fn put_all(repo: &Repo, registry: &Registry) -> usize {
    let mut won = 0;
    for n in 0..40_i64 {
        let (detector, exposure) = (n % 4, n / 4);
        let pairs = [
            ("instrument", "B".into()),
            ("detector", detector.into()),
            ("exposure", exposure.into()),
        ];
        let dataset = repo.dataset("raw", "r2", &pairs);
        let unit = registry.unit().unwrap();
        match registry.insert_datasets(&[dataset], IfPresent::Fail) {
            Ok(()) => {
                unit.commit().unwrap();
                won += 1;
            }
            Err(error) => assert_eq!(error.code(), "conflicting_definition"),
        }
    }
    won
}

#[test]
fn uc_019_four_threads_write_at_once_and_one_wins_each_data_id() {
    let repo = Repo::filled();
    let path = repo.folder.path().join("gen3.sqlite3");
    // two threads share a registry, two have their own
    let own = [0, 1].map(|_| Registry::open(&path, OpenMode::Writeable).unwrap());
    let registries = [&repo.registry, &repo.registry, &own[0], &own[1]];
    let barrier = Barrier::new(4);
    let won: usize = std::thread::scope(|scope| {
        let start = |registry| {
            let (barrier, repo) = (&barrier, &repo);
            scope.spawn(move || {
                barrier.wait();
                put_all(repo, registry)
            })
        };
        registries.map(start).map(|thread| thread.join().unwrap()).iter().sum()
    });
    assert_eq!(won, 40);
    assert_eq!(
        repo.registry.datasets(&crate::DatasetQuery::default()).unwrap().len(),
        40
    );
}

#[test]
fn waiting_for_a_lock_ends() {
    let repo = Repo::empty();
    let path = repo.folder.path().join("gen3.sqlite3");
    let options = crate::OpenOptions::new(OpenMode::Writeable).wait_ms(3);
    let other = Registry::open_with(path, options).unwrap();
    let transaction = repo.registry.transaction().unwrap();
    let error = other.register_collection("a", Run, None).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Database, "database_locked"));
    assert!(error.hint_text().is_some());
    drop(transaction);
    other.register_collection("a", Run, None).unwrap();
}

#[test]
fn a_registry_is_used_from_many_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Registry>();
}
