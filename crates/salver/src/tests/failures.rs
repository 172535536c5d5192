//! Writes that fail at each of their steps leave nothing.

use salver_tree::{Map, Tree};
use serde_json::json;

use super::fixture::{Repo, data_id, files_below, new_repo, new_repo_with};
use crate::faults::{self, Fault};
use crate::{Butler, ButlerOptions, ErrorKind, GetOptions};

/// The steps of a put, in their order.
const STEPS: [&str; 10] = [
    "stage.create",
    "stage.write",
    "stage.sync",
    "put.after_stage",
    "put.after_insert",
    "publish.link",
    "put.after_link",
    "put.after_records",
    "dir.sync",
    "put.before_commit",
];
const FULL: i32 = 28;

fn failing<T>(step: &'static str, body: impl FnOnce() -> T) -> T {
    faults::with(move |at| (at == step).then_some(Fault::Errno(FULL)), body)
}

fn assert_empty(repo: &Repo) {
    assert!(files_below(repo.folder.path()).is_empty());
    assert!(repo.butler.find_dataset("number", &[], None, None).unwrap().is_none());
}

#[test]
fn a_full_disk_at_any_step_of_a_put_leaves_nothing() {
    let repo = new_repo();
    for step in STEPS {
        let put = || repo.butler.put(&Tree::from(1_i64), "number", &[], None);
        let error = failing(step, put).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{step}: {error}");
        assert_empty(&repo);
    }
    repo.butler.put(&Tree::from(1_i64), "number", &[], None).unwrap();
    assert_eq!(files_below(repo.folder.path()).len(), 1);
}

#[test]
fn a_full_disk_at_the_end_of_a_transaction_undoes_it() {
    let repo = new_repo();
    let transaction = repo.butler.transaction().unwrap();
    repo.butler.put(&Tree::from(1_i64), "number", &[], None).unwrap();
    let error = failing("dir.sync", || transaction.commit()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert_empty(&repo);
}

#[test]
fn a_tree_that_the_format_does_not_hold_is_refused_before_anything_is_written() {
    let repo = new_repo();
    let schema = std::sync::Arc::new(arrow_schema::Schema::empty());
    let table = Tree::Table(salver_tree::Table::new(schema, vec![]).unwrap());
    let id = data_id(&[("instrument", "Cam"), ("detector", "1")]);
    let error = repo.butler.put(&table, "array", &id, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(files_below(repo.folder.path()).is_empty());
}

#[test]
fn a_template_that_leaves_the_root_is_refused() {
    let seed = json!({"datastore": {"templates": {"number": "../{run}/{datasetType}"}}});
    let repo = new_repo_with(&seed);
    let error = repo.butler.put(&Tree::from(1_i64), "number", &[], None).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Config),
        "{error}"
    );
    assert!(files_below(repo.folder.path()).is_empty());
}

#[test]
fn a_reading_butler_does_not_write() {
    let repo = new_repo();
    let place = repo.folder.path().to_str().unwrap();
    let butler = Butler::open(place, &ButlerOptions::default()).unwrap();
    let error = butler.put(&Tree::from(1_i64), "number", &[], Some("r")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(butler.begin_transaction().unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn a_data_id_that_does_not_fit_says_what_is_wrong() {
    let repo = new_repo();
    let get = |pairs: &[(&str, &str)]| {
        repo.butler.get("stats", &data_id(pairs), &GetOptions::default()).unwrap_err()
    };
    let missing = get(&[("instrument", "Cam"), ("detector", "1")]);
    assert_eq!(missing.code(), "dimension_name");
    assert!(missing.to_string().contains("exposure"), "{missing}");
    let unknown = get(&[("instrument", "Cam"), ("detektor", "1"), ("exposure", "11")]);
    assert_eq!(unknown.code(), "dimension_name");
    assert!(unknown.hint_text().unwrap().contains("detector"), "{unknown}");
    let mistyped = get(&[("instrument", "Cam"), ("detector", "one"), ("exposure", "11")]);
    assert_eq!(mistyped.kind(), ErrorKind::InvalidInput);
    let inconsistent = {
        let id = data_id(&[
            ("instrument", "Cam"),
            ("detector", "1"),
            ("exposure", "11"),
            ("physical_filter", "other"),
            ("band", "g"),
            ("day_obs", "20240301"),
            ("group", "g1"),
        ]);
        repo.butler.put(&Tree::Map(Map::new()), "stats", &id, None).unwrap_err()
    };
    assert_eq!(inconsistent.code(), "inconsistent_data_id");
    let no_type = repo.butler.get("statz", &[], &GetOptions::default()).unwrap_err();
    assert_eq!(no_type.code(), "missing_dataset_type");
}
