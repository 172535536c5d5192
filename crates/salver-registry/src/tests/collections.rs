//! Collections and chains.

use salver_core::ErrorKind;
use salver_model::CollectionType::{self, Calibration, Chained, Run, Tagged};

use super::make::Repo;
use crate::CollectionQuery;
use crate::database::RowExt;

fn register(repo: &Repo, names: &[(&str, CollectionType)]) {
    for (name, kind) in names {
        assert!(repo.registry.register_collection(name, *kind, None).unwrap());
    }
}

fn names(
    repo: &Repo,
    patterns: &[&str],
    kinds: &[CollectionType],
    flatten: bool,
) -> Vec<String> {
    let query = CollectionQuery {
        patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
        kinds: kinds.to_vec(),
        flatten,
    };
    let found = repo.registry.query_collections(&query).unwrap();
    found.into_iter().map(|c| c.name).collect()
}

#[test]
fn registering_again_is_no_news_and_another_type_is_a_conflict() {
    let repo = Repo::empty();
    assert!(repo.registry.register_collection("r", Run, Some("doc")).unwrap());
    assert!(!repo.registry.register_collection("r", Run, None).unwrap());
    let error = repo.registry.register_collection("r", Tagged, None).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, "conflicting_definition")
    );
    assert!(error.to_string().contains("registered: RUN, asked: TAGGED"), "{error}");
    assert!(repo.registry.register_collection("", Run, None).is_err());
    assert_eq!(repo.registry.collection_info("r").unwrap().doc.as_deref(), Some("doc"));
    repo.registry.set_doc("r", None).unwrap();
    assert_eq!(repo.registry.collection_info("r").unwrap().doc, None);
}

#[test]
fn chains_are_flattened_depth_first_each_collection_once() {
    let repo = Repo::empty();
    register(
        &repo,
        &[("r1", Run), ("r2", Run), ("t", Tagged), ("cal", Calibration), ("c1", Chained)],
    );
    register(&repo, &[("c2", Chained)]);
    repo.registry.set_chain("c1", &["r2", "t", "r1"]).unwrap();
    repo.registry.set_chain("c2", &["c1", "r1", "cal", "r1"]).unwrap();
    assert_eq!(
        repo.registry.collection_info("c2").unwrap().children,
        ["c1", "r1", "cal"]
    );
    assert_eq!(names(&repo, &["c2"], &[], true), ["r2", "t", "r1", "cal"]);
    assert_eq!(names(&repo, &["c2"], &[Tagged], true), ["t"]);
    assert_eq!(names(&repo, &["r?", "c*"], &[], false), ["r1", "r2", "c1", "c2", "cal"]);
    assert_eq!(names(&repo, &[], &[Chained], false), ["c1", "c2"]);
    assert!(names(&repo, &["zz*"], &[], false).is_empty());
    assert_eq!(repo.registry.collection_parents("r1").unwrap(), ["c1", "c2"]);
}

#[test]
fn cycles_and_unknown_children_are_refused() {
    let repo = Repo::empty();
    register(&repo, &[("a", Chained), ("b", Chained), ("c", Chained), ("r", Run)]);
    repo.registry.set_chain("a", &["b"]).unwrap();
    repo.registry.set_chain("b", &["c"]).unwrap();
    for (chain, child) in [("c", "a"), ("a", "a"), ("c", "b")] {
        let error = repo.registry.set_chain(chain, &["r", child]).unwrap_err();
        assert_eq!(error.code(), "collection_cycle", "{chain} {child}");
        let error = repo.registry.extend_chain(chain, &[child]).unwrap_err();
        assert_eq!(error.code(), "collection_cycle", "{chain} {child}");
    }
    assert!(repo.registry.collection_info("c").unwrap().children.is_empty());
    let error = repo.registry.set_chain("c", &["nope"]).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "missing_collection"));
    let error = repo.registry.set_chain("r", &["c"]).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::InvalidInput, "collection_type")
    );
}

#[test]
fn ends_of_chains_change_with_the_positions_of_gen3() {
    let repo = Repo::empty();
    register(
        &repo,
        &[("c", Chained), ("r1", Run), ("r2", Run), ("r3", Run), ("r4", Run)],
    );
    repo.registry.set_chain("c", &["r1", "r2"]).unwrap();
    repo.registry.prepend_chain("c", &["r3"]).unwrap();
    repo.registry.extend_chain("c", &["r4", "r1"]).unwrap();
    assert_eq!(
        repo.registry.collection_info("c").unwrap().children,
        ["r3", "r2", "r4", "r1"]
    );
    let positions = repo
        .registry
        .read(|work| {
            work.rows(
                "SELECT position FROM collection_chain ORDER BY 1",
                &[],
                &mut |row| row.int(0),
            )
        })
        .unwrap();
    assert_eq!(positions, [-1, 1, 2, 3]);
    repo.registry.remove_from_chain("c", &["r2", "r2"]).unwrap();
    assert_eq!(repo.registry.collection_info("c").unwrap().children, ["r3", "r4", "r1"]);
}

#[test]
fn a_child_of_a_chain_is_in_use() {
    let repo = Repo::empty();
    register(&repo, &[("c", Chained), ("r", Run)]);
    repo.registry.set_chain("c", &["r"]).unwrap();
    let error = repo.registry.remove_collection("r").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InUse, "collection_in_use"));
    assert!(error.to_string().contains("chains: c"), "{error}");
    repo.registry.remove_collection("c").unwrap();
    repo.registry.remove_collection("r").unwrap();
    let error = repo.registry.remove_collection("r").unwrap_err();
    assert_eq!(error.code(), "missing_collection");
}

#[test]
fn dataset_types_are_compared() {
    let repo = Repo::filled();
    let universe = repo.registry.universe();
    let make = |dimensions: &[&str], class: &str, calibration: bool| {
        let group = universe.group(dimensions).unwrap();
        let made = salver_model::DatasetType::new("bias", group, class).unwrap();
        repo.registry.register_dataset_type(&made.calibration(calibration))
    };
    assert!(!make(&["detector"], "StructuredDataDict", true).unwrap());
    for (found, what) in [
        (make(&["exposure"], "StructuredDataDict", true), "dimensions"),
        (make(&["detector"], "NumpyArray", true), "storage class"),
        (make(&["detector"], "StructuredDataDict", false), "is_calibration"),
    ] {
        let error = found.unwrap_err();
        assert_eq!(error.code(), "conflicting_definition");
        assert!(error.to_string().contains(what), "{error}");
    }
    repo.registry.remove_dataset_type("bias").unwrap();
    let error = repo.registry.dataset_type("bias").unwrap_err();
    assert_eq!(error.code(), "missing_dataset_type");
    assert!(
        make(&["detector"], "NumpyArray", true).unwrap(),
        "its tables are used again"
    );
}
