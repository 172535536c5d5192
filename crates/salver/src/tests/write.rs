//! Writing, in and out of transactions, and taking away.

use salver_model::CollectionType;
use salver_tree::{Map, Tree};

use super::fixture::{data_id, files_below, new_repo, reopen};
use crate::datastore::IngestMode;
use crate::{ErrorKind, Existence, FileDataset, GetOptions, Prune, RunRemoval};

fn dict(key: &str, value: i64) -> Tree {
    Tree::Map(Map::from_iter([(key.to_owned(), Tree::from(value))]))
}

#[test]
fn what_is_put_is_got_by_another_butler() {
    let repo = new_repo();
    let id = data_id(&[("instrument", "Cam"), ("exposure", "11"), ("detector", "1")]);
    let dataset = repo.butler.put(&dict("a", 1), "stats", &id, None).unwrap();
    assert_eq!(
        files_below(repo.folder.path()),
        ["r/stats/20240301/E11/stats_Cam_Cam_g_E11_D1_r.json"]
    );
    let other = reopen(repo.folder.path());
    assert_eq!(other.get("stats", &id, &GetOptions::default()).unwrap(), dict("a", 1));
    assert_eq!(other.exists(&dataset, true).unwrap(), Existence::VERIFIED);
    let found = other.find_dataset("stats", &id, None, None).unwrap().unwrap();
    assert_eq!(found.id, dataset.id);
}

#[test]
fn a_second_put_of_a_data_id_writes_nothing() {
    let repo = new_repo();
    let id = data_id(&[("instrument", "Cam"), ("detector", "1"), ("exposure", "11")]);
    let first = repo.butler.put(&dict("a", 1), "stats", &id, None).unwrap();
    let before = files_below(repo.folder.path());
    let error = repo.butler.put(&dict("a", 2), "stats", &id, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.code(), "conflicting_definition");
    assert!(error.to_string().contains(&first.id.to_string()), "{error}");
    assert_eq!(files_below(repo.folder.path()), before);
    assert_eq!(
        repo.butler.get("stats", &id, &GetOptions::default()).unwrap(),
        dict("a", 1)
    );
}

#[test]
fn a_transaction_keeps_all_or_nothing() {
    let repo = new_repo();
    let butler = &repo.butler;
    let id = |n| data_id(&[("instrument", "Cam"), ("detector", "1"), ("exposure", n)]);
    let transaction = butler.transaction().unwrap();
    butler.put(&dict("a", 1), "stats", &id("11"), None).unwrap();
    // it sees its own writes
    assert_eq!(
        butler.get("stats", &id("11"), &GetOptions::default()).unwrap(),
        dict("a", 1)
    );
    transaction.rollback().unwrap();
    assert!(files_below(repo.folder.path()).is_empty());
    assert!(butler.find_dataset("stats", &id("11"), None, None).unwrap().is_none());

    let outer = butler.transaction().unwrap();
    butler.put(&dict("a", 1), "stats", &id("11"), None).unwrap();
    let inner = butler.transaction().unwrap();
    butler.put(&dict("a", 2), "stats", &id("12"), None).unwrap();
    inner.rollback().unwrap();
    outer.commit().unwrap();
    let other = reopen(repo.folder.path());
    assert_eq!(
        other.get("stats", &id("11"), &GetOptions::default()).unwrap(),
        dict("a", 1)
    );
    assert!(other.find_dataset("stats", &id("12"), None, None).unwrap().is_none());
    assert_eq!(files_below(repo.folder.path()).len(), 1);
}

#[test]
fn a_transaction_that_is_dropped_is_rolled_back() {
    let repo = new_repo();
    let transaction = repo.butler.transaction().unwrap();
    repo.butler.put(&Tree::from(1_i64), "number", &[], None).unwrap();
    drop(transaction);
    assert!(files_below(repo.folder.path()).is_empty());
    assert!(repo.butler.find_dataset("number", &[], None, None).unwrap().is_none());
}

#[test]
fn a_failed_put_inside_a_transaction_leaves_the_rest() {
    let repo = new_repo();
    let butler = &repo.butler;
    let transaction = butler.transaction().unwrap();
    butler.put(&Tree::from(1_i64), "number", &[], None).unwrap();
    let error = butler.put(&Tree::from(2_i64), "number", &[], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    transaction.commit().unwrap();
    let other = reopen(repo.folder.path());
    assert_eq!(
        other.get("number", &[], &GetOptions::default()).unwrap(),
        Tree::from(1_i64)
    );
}

#[test]
fn ingested_files_stay_or_come_in() {
    let repo = new_repo();
    let butler = &repo.butler;
    let outside = tempfile::tempdir().unwrap();
    for (mode, run) in [(IngestMode::Copy, "copied"), (IngestMode::Direct, "direct")] {
        butler.registry().register_collection(run, CollectionType::Run, None).unwrap();
        let mut files = Vec::new();
        for detector in ["1", "2"] {
            let path = outside.path().join(format!("{run}{detector}.json"));
            crate::files::write_bytes(&path, b"{\"x\": 5}").unwrap();
            let id = data_id(&[
                ("instrument", "Cam"),
                ("detector", detector),
                ("exposure", "11"),
            ]);
            let dataset = butler.new_ref("stats", &id, Some(run), None).unwrap();
            let path = path.to_str().unwrap().to_owned();
            files.push(FileDataset { path, refs: vec![dataset], formatter: None });
        }
        butler.ingest(&files, mode).unwrap();
        for file in &files {
            let dataset = &file.refs[0];
            let tree = butler.get_ref(dataset, None, &GetOptions::default()).unwrap();
            assert_eq!(tree, dict("x", 5));
            let uri = butler.uri(dataset).unwrap();
            assert_eq!(
                uri.contains(repo.folder.path().to_str().unwrap()),
                mode == IngestMode::Copy
            );
        }
        let error = butler.ingest(&files, mode).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    assert_eq!(files_below(repo.folder.path()).len(), 2);
    assert_eq!(files_below(outside.path()).len(), 4);
}

#[test]
fn pruned_datasets_lose_what_was_asked() {
    let repo = new_repo();
    let butler = &repo.butler;
    let id = |n| data_id(&[("instrument", "Cam"), ("detector", n), ("exposure", "11")]);
    let a = butler.put(&dict("a", 1), "stats", &id("1"), None).unwrap();
    let b = butler.put(&dict("a", 2), "stats", &id("2"), None).unwrap();
    butler.registry().register_collection("tag", CollectionType::Tagged, None).unwrap();
    butler.registry().associate("tag", &[a.clone(), b.clone()]).unwrap();

    let tags = Prune { disassociate: vec!["tag".into()], ..Prune::default() };
    butler.prune_datasets(std::slice::from_ref(&b), &tags).unwrap();
    let tagged = ["tag".to_owned()];
    assert!(
        butler.find_dataset("stats", &id("2"), Some(&tagged), None).unwrap().is_none()
    );
    assert_eq!(butler.exists(&b, true).unwrap(), Existence::VERIFIED);

    let unstore = Prune { unstore: true, ..Prune::default() };
    butler.prune_datasets(std::slice::from_ref(&a), &unstore).unwrap();
    assert_eq!(butler.exists(&a, true).unwrap(), Existence::RECORDED);
    assert_eq!(files_below(repo.folder.path()).len(), 1);

    let purge = Prune { purge: true, ..Prune::default() };
    butler.prune_datasets(&[a.clone(), b.clone()], &purge).unwrap();
    assert_eq!(butler.exists(&a, true).unwrap(), Existence::UNRECOGNIZED);
    assert!(files_below(repo.folder.path()).is_empty());
    assert!(butler.prune_datasets(&[], &Prune::default()).is_err());
}

#[test]
fn a_removed_run_takes_its_files_along() {
    let repo = new_repo();
    let butler = &repo.butler;
    butler.put(&Tree::from(1_i64), "number", &[], None).unwrap();
    let registry = butler.registry();
    registry.register_collection("chain", CollectionType::Chained, None).unwrap();
    registry.set_chain("chain", &["r"]).unwrap();
    let runs = ["r".to_owned()];
    let error = butler.remove_runs(&runs, &RunRemoval::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    assert_eq!(files_below(repo.folder.path()).len(), 1);
    let removal = RunRemoval { unlink_from_chains: true, ..RunRemoval::default() };
    assert_eq!(butler.remove_runs(&runs, &removal).unwrap(), 1);
    assert!(files_below(repo.folder.path()).is_empty());
    assert!(registry.collection_info("r").is_err());
    assert!(registry.collection_info("chain").unwrap().children.is_empty());
}

#[test]
fn threads_put_at_once() {
    let repo = new_repo();
    std::thread::scope(|scope| {
        for detector in ["1", "2"] {
            for exposure in ["11", "12"] {
                let butler = repo.butler.clone();
                scope.spawn(move || {
                    let pairs = [
                        ("instrument", "Cam"),
                        ("detector", detector),
                        ("exposure", exposure),
                    ];
                    butler.put(&dict("a", 1), "stats", &data_id(&pairs), None).unwrap();
                });
            }
        }
    });
    assert_eq!(files_below(repo.folder.path()).len(), 4);
}
