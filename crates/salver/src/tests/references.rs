//! References: at put, at get, and at deletion.

use salver_core::ErrorKind;
use salver_model::{DatasetRef, LinkKind};
use salver_registry::Direction;
use salver_tree::{Map, RefLeaf, Table, Tree, ref_column, ref_field};
use uuid::Uuid;

use super::fixture::{Repo, data_id, new_repo};
use crate::{GetOptions, Prune, PutOptions, ref_leaf};

fn note(repo: &Repo, tree: &Tree, run: &str) -> crate::Result<DatasetRef> {
    repo.butler.put(tree, "note", &data_id(&[("instrument", "Cam")]), Some(run))
}

/// Puts `stats` of both detectors and exposures.
fn inputs(repo: &Repo) -> Vec<DatasetRef> {
    let mut made = Vec::new();
    for exposure in ["11", "12"] {
        for detector in ["1", "2"] {
            let id = data_id(&[
                ("instrument", "Cam"),
                ("exposure", exposure),
                ("detector", detector),
            ]);
            let text = format!("{exposure}/{detector}");
            let value = Map::from_iter([("is".to_owned(), Tree::from(text))]);
            made.push(repo.butler.put(&Tree::Map(value), "stats", &id, None).unwrap());
        }
    }
    made
}

fn holding(leaves: impl IntoIterator<Item = RefLeaf>) -> Tree {
    let list = leaves.into_iter().map(|leaf| Tree::Ref(Box::new(leaf))).collect();
    Tree::Map(Map::from_iter([("inputs".to_owned(), Tree::List(list))]))
}

fn run(repo: &Repo, name: &str) {
    let kind = salver_model::CollectionType::Run;
    repo.butler.registry().register_collection(name, kind, None).unwrap();
}

fn upstream(repo: &Repo, dataset: &DatasetRef) -> Vec<(String, Uuid)> {
    let links = repo.butler.registry().links(&[dataset.id], Direction::Upstream).unwrap();
    links.into_iter().map(|l| (l.node, l.target)).collect()
}

#[test]
fn uc_001_references_are_stored_with_the_object_and_come_back_in_order() {
    let repo = new_repo();
    let made = inputs(&repo);
    // 500 references to four datasets, and nothing declared
    let leaves: Vec<RefLeaf> =
        made.iter().rev().cycle().take(500).map(ref_leaf).collect();
    let tree = holding(leaves.clone());
    let stored = note(&repo, &tree, "r").unwrap();
    let read = repo.butler.get_ref(&stored, None, &GetOptions::default()).unwrap();
    assert_eq!(read, tree);
    let links = upstream(&repo, &stored);
    assert_eq!(links.len(), 500);
    let third = links.iter().find(|(node, _)| node == "/inputs/3").unwrap();
    assert_eq!(Some(third.1), leaves[3].id);
}

#[test]
fn a_value_without_references_makes_no_table() {
    let repo = new_repo();
    inputs(&repo);
    assert_eq!(repo.butler.registry().attribute("salver:schema").unwrap(), None);
}

#[test]
fn what_fails_stores_neither_object_nor_links() {
    let repo = new_repo();
    let made = inputs(&repo);
    let good = ref_leaf(&made[0]);
    let other = |change: fn(&mut RefLeaf)| {
        let mut leaf = good.clone();
        change(&mut leaf);
        leaf
    };
    let cases = [
        ("dangling_reference", other(|l| l.id = Some(Uuid::from_u128(5)))),
        ("forged_reference", other(|l| l.dataset_type = "note".into())),
        ("forged_reference", other(|l| l.run = Some("elsewhere".into()))),
        ("forged_reference", other(|l| l.data_id[1].1 = Tree::from(2))),
        ("forged_reference", other(|l| l.data_id[1].1 = Tree::from("1"))),
        ("forged_reference", other(|l| l.data_id.truncate(1))),
        ("forged_reference", other(|l| l.data_id.push(("galaxy".into(), Tree::from(1))))),
        ("unknown_component", other(|l| l.component = Some("psf".into()))),
        (
            "unresolved_reference",
            other(|l| {
                l.id = None;
                l.run = None;
                l.data_id[1].1 = Tree::from(1);
                l.data_id[2].1 = Tree::from(11);
                l.dataset_type = "array".into();
                l.data_id.truncate(2);
            }),
        ),
    ];
    for (code, leaf) in cases {
        let error = note(&repo, &holding([good.clone(), leaf]), "r").unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains("/inputs/1"), "{error}");
        assert_eq!(repo.butler.registry().attribute("salver:schema").unwrap(), None);
    }
    // hostile pieces of a data ID
    let mut leaf = good.clone();
    leaf.id = None;
    leaf.data_id[0].1 = Tree::List(vec![]);
    let error = note(&repo, &holding([leaf]), "r").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // the first put that is right goes through
    note(&repo, &holding([good]), "r").unwrap();
}

#[test]
fn a_reference_by_data_id_is_resolved_where_it_is_put() {
    let repo = new_repo();
    let made = inputs(&repo);
    let mut partial = ref_leaf(&made[1]);
    partial.id = None;
    partial.run = None;
    let stored = note(&repo, &holding([partial.clone()]), "r").unwrap();
    let read = repo.butler.get_ref(&stored, None, &GetOptions::default()).unwrap();
    assert_eq!(read, holding([ref_leaf(&made[1])]));
    assert_eq!(upstream(&repo, &stored), [("/inputs/0".to_owned(), made[1].id)]);

    run(&repo, "empty");
    run(&repo, "later");
    let options = PutOptions {
        collections: Some(vec!["empty".into()]),
        allow_unresolved: true,
        ..PutOptions::default()
    };
    let note = repo.butler.registry().dataset_type("note").unwrap();
    let at = repo.butler.data_id(note.dimensions(), &data_id(&[("instrument", "Cam")]));
    let later = DatasetRef::new(Uuid::from_u128(9), note, at.unwrap(), "later").unwrap();
    repo.butler.put_with(&holding([partial.clone()]), &later, &options).unwrap();
    assert!(upstream(&repo, &later).is_empty());
    let pending = repo.butler.registry().unresolved(&[later.id]).unwrap();
    assert_eq!(pending[0].pending.as_ref().unwrap().node, "/inputs/0");
    let datasets = std::slice::from_ref(&later);
    let empty = ["empty".to_owned()];
    assert_eq!(repo.butler.resolve_links(datasets, Some(&empty)).unwrap(), (0, 1));
    assert_eq!(repo.butler.resolve_links(datasets, None).unwrap(), (1, 0));
    assert_eq!(upstream(&repo, &later), [("/inputs/0".to_owned(), made[1].id)]);
}

#[test]
fn rows_of_a_column_of_references_are_references() {
    let repo = new_repo();
    let made = inputs(&repo);
    let mut leaves: Vec<Option<RefLeaf>> =
        made.iter().cycle().take(3000).map(|d| Some(ref_leaf(d))).collect();
    leaves[7] = None;
    let column = ref_column(leaves.iter().map(Option::as_ref)).unwrap();
    let schema =
        std::sync::Arc::new(arrow_schema::Schema::new(vec![ref_field("ccd", true)]));
    let batch =
        arrow_array::RecordBatch::try_new(std::sync::Arc::clone(&schema), vec![column])
            .unwrap();
    let table = Tree::Table(Table::new(schema, vec![batch]).unwrap());
    let tree = Tree::Map(Map::from_iter([("t/1".to_owned(), table)]));
    let stored = note(&repo, &tree, "r").unwrap();
    let links = upstream(&repo, &stored);
    assert_eq!(links.len(), 2999);
    assert!(links.contains(&("/t~11/ccd/2999".to_owned(), made[3].id)));
    let read = repo.butler.get_ref(&stored, None, &GetOptions::default()).unwrap();
    let handles = repo.butler.handles(&read).unwrap();
    assert_eq!(handles.len(), 2999);
    let value = handles.last().unwrap().1.get().unwrap();
    assert_eq!(value.at("/is").unwrap().as_str(), Some("12/2"));
}

#[test]
fn uc_005_inputs_are_recorded_by_kind() {
    let repo = new_repo();
    let made = inputs(&repo);
    let mut options = PutOptions::default();
    for (i, dataset) in made.iter().enumerate() {
        options.inputs.push((LinkKind::Predicted, ref_leaf(dataset)));
        options.inputs.push((LinkKind::Available, ref_leaf(dataset)));
        if i > 0 {
            options.inputs.push((LinkKind::Used, ref_leaf(dataset)));
        }
    }
    let number = repo.butler.registry().dataset_type("number").unwrap();
    let empty = salver_model::DataId::empty(repo.butler.universe());
    let out = DatasetRef::new(Uuid::from_u128(3), number, empty, "r").unwrap();
    repo.butler.put_with(&Tree::from(1), &out, &options).unwrap();
    let links = repo.butler.registry().links(&[out.id], Direction::Upstream).unwrap();
    let of = |kind| links.iter().filter(|l| l.kind == kind).count();
    assert_eq!(
        (of(LinkKind::Predicted), of(LinkKind::Available), of(LinkKind::Used)),
        (4, 4, 3)
    );
    // history is no need: the inputs may go, and leave a tombstone
    let prune = Prune { purge: true, by: Some("me".into()), ..Prune::default() };
    repo.butler.prune_datasets(&made[..1], &prune).unwrap();
    assert_eq!(repo.butler.registry().stubs(&[made[0].id]).unwrap().len(), 1);
}

#[test]
fn uc_007_a_referenced_dataset_goes_only_by_force_and_leaves_a_tombstone() {
    let repo = new_repo();
    let made = inputs(&repo);
    let stored = note(&repo, &holding([ref_leaf(&made[0])]), "r").unwrap();
    for purge in [true, false] {
        let prune = Prune { purge, unstore: true, ..Prune::default() };
        let error = repo.butler.prune_datasets(&made, &prune).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InUse, "dataset_referenced")
        );
        assert!(error.to_string().contains(&stored.id.to_string()), "{error}");
        assert!(repo.butler.get_dataset(made[3].id).unwrap().is_some());
    }
    let prune =
        Prune { purge: true, force: true, by: Some("me".into()), ..Prune::default() };
    repo.butler.prune_datasets(&made, &prune).unwrap();
    let read = repo.butler.get_ref(&stored, None, &GetOptions::default()).unwrap();
    let (_, handle) = repo.butler.handles(&read).unwrap().pop().unwrap();
    let error = handle.get().unwrap_err();
    assert_eq!(error.code(), "dataset_deleted");
    let text = error.to_string();
    assert!(text.contains("deleted_by: me") && text.contains("deleted_at: "), "{text}");
    // with the last dependant goes its need
    let prune = Prune { purge: true, ..Prune::default() };
    repo.butler.prune_datasets(&[stored], &prune).unwrap();
}

#[test]
fn uc_006_a_reference_without_its_target_tells_what_it_is() {
    let (home, away) = (new_repo(), new_repo());
    let made = inputs(&home);
    let tree = holding([ref_leaf(&made[0])]);
    let error = note(&away, &tree, "r").unwrap_err();
    assert_eq!(error.code(), "dangling_reference");
    let note = away.butler.registry().dataset_type("note").unwrap();
    let at = away.butler.data_id(note.dimensions(), &data_id(&[("instrument", "Cam")]));
    let stored = DatasetRef::new(Uuid::from_u128(8), note, at.unwrap(), "r").unwrap();
    let options = PutOptions { allow_dangling: true, ..PutOptions::default() };
    away.butler.put_with(&tree, &stored, &options).unwrap();
    let read = away.butler.get_ref(&stored, None, &GetOptions::default()).unwrap();
    let (_, handle) = away.butler.handles(&read).unwrap().pop().unwrap();
    assert!(handle.leaf().to_string().contains("exposure: 11"), "{}", handle.leaf());
    let error = handle.get().unwrap_err();
    assert_eq!(error.code(), "dataset_not_found");
    assert!(error.to_string().contains("not in this repository"), "{error}");
    assert_eq!(away.butler.registry().stubs(&[made[0].id]).unwrap().len(), 1);
    // after the input arrives, the same file works
    let value = Map::from_iter([("is".to_owned(), Tree::from("arrived"))]);
    let home_ref = away.butler.registry().dataset_type("stats").unwrap();
    let arrived = DatasetRef { dataset_type: home_ref, ..made[0].clone() };
    away.butler.put_ref(&Tree::Map(value), &arrived).unwrap();
    assert_eq!(handle.get().unwrap().at("/is").unwrap().as_str(), Some("arrived"));
}

#[test]
fn references_are_read_in_their_order_and_each_once() {
    let repo = new_repo();
    let made = inputs(&repo);
    let leaves: Vec<RefLeaf> = made.iter().rev().cycle().take(9).map(ref_leaf).collect();
    let all: Vec<&RefLeaf> = leaves.iter().collect();
    let found = repo.butler.resolve_with(&all, &GetOptions::default()).unwrap();
    let is = |tree: &Tree| tree.at("/is").unwrap().as_str().unwrap().to_owned();
    let order: Vec<String> = found.iter().map(is).collect();
    assert_eq!(&order[..4], ["12/2", "12/1", "11/2", "11/1"]);
    assert_eq!(order[8], "12/2");
}
