use std::path::Path;

use salver_model::{DataValue, LinkKind};
use salver_tree::Tree;

use super::{Plan, PlanRequest, Receipt, Worker, WorkerOptions};
use crate::tests::fixture::{Repo, data_id, new_repo, reopen};
use crate::{DatasetQuery, GetOptions};

const IDS: [[(&str, &str); 3]; 4] = [
    [("instrument", "Cam"), ("detector", "1"), ("exposure", "11")],
    [("instrument", "Cam"), ("detector", "2"), ("exposure", "11")],
    [("instrument", "Cam"), ("detector", "1"), ("exposure", "12")],
    [("instrument", "Cam"), ("detector", "2"), ("exposure", "12")],
];

fn dict(n: i64) -> Tree {
    Tree::Map([("n".to_owned(), Tree::from(n))].into_iter().collect())
}

/// A repository with four inputs in `r` and a plan that writes `stats` again, to the run `out`.
fn planned() -> (Repo, Plan) {
    let repo = new_repo();
    let inputs = IDS
        .iter()
        .zip(0..)
        .map(|(id, n)| repo.butler.put(&dict(n), "stats", &data_id(id), None).unwrap());
    let request = PlanRequest {
        inputs: inputs.collect(),
        outputs: vec![("stats".into(), Some("out".into()))],
        ..PlanRequest::default()
    };
    let plan = repo.butler.plan(&request).unwrap();
    (repo, plan)
}

fn worker(plan: &Plan, task: usize) -> Worker {
    let options = WorkerOptions { task: Some(task), ..WorkerOptions::default() };
    Worker::new(plan, &options).unwrap()
}

/// Reads the input of a task and writes its output, ten larger.
fn work(plan: &Plan, task: usize) -> Vec<Receipt> {
    let worker = worker(plan, task);
    let read = worker.get("stats", &[], &GetOptions::default()).unwrap();
    let n = read.as_map().and_then(|m| m.get("n")).and_then(Tree::as_int).unwrap();
    worker.put(&dict(n + 10), "stats", &[]).unwrap();
    worker.receipts()
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let count = |p: std::path::PathBuf| if p.is_dir() { files_below(&p) } else { 1 };
    entries.map(|e| count(e.path())).sum()
}

fn outputs(repo: &Repo) -> usize {
    let query = DatasetQuery {
        types: vec!["stats".into()],
        collections: vec!["out".into()],
        ..DatasetQuery::default()
    };
    repo.butler.query_datasets(&query).map_or(0, |found| found.len())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the database goes and comes back")]
fn uc_029_tasks_run_with_the_database_gone_and_are_committed_once() {
    let (repo, plan) = planned();
    let database = repo.folder.path().join("gen3.sqlite3");
    let away = repo.folder.path().join("away");
    std::fs::rename(&database, &away).unwrap();
    let sent = serde_json::from_str(&plan.to_json().to_string()).unwrap();
    let sent = Plan::from_json(&sent).unwrap();
    let receipts: Vec<Receipt> = (0..4).flat_map(|task| work(&sent, task)).collect();
    std::fs::rename(&away, &database).unwrap();
    let butler = reopen(repo.folder.path());
    assert_eq!(outputs(&repo), 0, "nothing is seen before the commit");
    let done = butler.commit(&receipts).unwrap();
    assert_eq!(done.committed.len(), 4);
    for (id, n) in IDS.iter().zip(10..) {
        let options =
            GetOptions { collections: Some(vec!["out".into()]), ..GetOptions::default() };
        assert_eq!(butler.get("stats", &data_id(id), &options).unwrap(), dict(n));
    }
}

#[test]
fn uc_031_receipts_twice_change_nothing_and_other_attempts_lose() {
    let (repo, plan) = planned();
    let first = work(&plan, 0);
    let second = work(&plan, 0);
    let files = files_below(&repo.folder.path().join("out"));
    assert_eq!(files, 2, "each attempt has a name of its own");
    let all = [first.clone(), second.clone()].concat();
    let done = repo.butler.commit(&all).unwrap();
    assert_eq!(done.committed.len(), 1);
    assert_eq!(done.lost, [(first[0].dataset.id, second[0].session)]);
    assert_eq!(files_below(&repo.folder.path().join("out")), 1);
    let again = repo.butler.commit(&first).unwrap();
    assert_eq!((again.committed.len(), again.already.len()), (0, 1));
    assert_eq!(repo.butler.commit(&second).unwrap().lost.len(), 1);
    assert_eq!(outputs(&repo), 1);
    assert_eq!(repo.butler.abandon(&first).unwrap(), 0, "a registered dataset stays");
    assert_eq!(outputs(&repo), 1);
}

#[test]
fn uc_031_abandoned_work_leaves_nothing_and_is_not_committed_later() {
    let (repo, plan) = planned();
    let receipts = work(&plan, 2);
    assert_eq!(repo.butler.abandon(&receipts).unwrap(), 1);
    let late = repo.butler.commit(&receipts).unwrap();
    assert_eq!((late.committed.len(), late.abandoned.len()), (0, 1));
    assert_eq!(files_below(&repo.folder.path().join("out")), 0);
    assert_eq!(outputs(&repo), 0);
    let failed = worker(&plan, 1);
    failed.put(&dict(0), "stats", &[]).unwrap();
    assert_eq!(failed.discard().unwrap(), 1);
    assert_eq!(files_below(&repo.folder.path().join("out")), 0);
}

#[test]
fn a_dataset_of_another_in_its_place_is_reported_and_the_others_are_committed() {
    let (repo, plan) = planned();
    let receipts = [work(&plan, 0), work(&plan, 1)].concat();
    repo.butler
        .registry()
        .register_collection("out", salver_model::CollectionType::Run, None)
        .unwrap();
    let holder =
        repo.butler.put(&dict(5), "stats", &data_id(&IDS[0]), Some("out")).unwrap();
    let done = repo.butler.commit(&receipts).unwrap();
    assert_eq!(done.committed.len(), 1);
    assert_eq!(done.held.len(), 1);
    assert_eq!(done.held[0].holder, holder.id);
    assert_eq!(files_below(&repo.folder.path().join("out")), 2, "what lost is removed");
    let error = repo
        .butler
        .plan(&PlanRequest {
            inputs: plan.inputs().iter().map(|i| i.dataset.clone()).collect(),
            outputs: vec![("stats".into(), Some("out".into()))],
            ..PlanRequest::default()
        })
        .unwrap_err();
    assert_eq!(error.code(), "conflicting_definition");
}

#[test]
fn uc_036_what_is_not_planned_is_named() {
    let (_repo, plan) = planned();
    let worker = worker(&plan, 0);
    let other = data_id(&IDS[3]);
    let read = worker.get("stats", &other, &GetOptions::default()).unwrap_err();
    assert_eq!(read.code(), "dataset_not_found");
    assert_eq!(worker.put(&dict(1), "stats", &other).unwrap_err().code(), "not_planned");
    let unknown = worker.get("nonsense", &[], &GetOptions::default()).unwrap_err();
    assert_eq!(unknown.code(), "missing_dataset_type");
    assert!(!worker.exists("nonsense", &[]).unwrap());
    assert!(worker.exists("stats", &[]).unwrap());
    assert!(worker.used().is_empty());
    worker.put(&dict(1), "stats", &[]).unwrap();
    let twice = worker.put(&dict(2), "stats", &[]).unwrap_err();
    assert_eq!(twice.code(), "conflicting_definition");
    assert_eq!(worker.get("stats", &[], &GetOptions::default()).unwrap(), dict(1));
}

#[test]
fn uc_030_a_plan_is_the_same_after_json_and_splits_by_bytes() {
    let (_repo, plan) = planned();
    let text = plan.to_json().to_string();
    let read = Plan::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(read.to_json().to_string(), text);
    assert_eq!((read.inputs(), read.outputs()), (plan.inputs(), plan.outputs()));
    let parts = plan.split(3).unwrap();
    let sizes: Vec<usize> = parts.iter().map(|p| p.tasks().len()).collect();
    assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (3, 4));
    assert_eq!(parts.iter().map(Plan::bytes).sum::<u64>(), plan.bytes());
    assert!(parts.iter().all(|p| p.inputs().len() == p.tasks().len()));
    assert_eq!(plan.split(9).unwrap().len(), 4);
    assert!(plan.split(0).is_err() && plan.of_tasks(&[4]).is_err());
    for (key, value) in [("salver_plan", 2.into()), ("tasks", "x".into())] {
        let mut wrong: serde_json::Value = serde_json::from_str(&text).unwrap();
        wrong[key] = value;
        assert!(Plan::from_json(&wrong).is_err(), "{key}");
    }
    let mut outside: serde_json::Value = serde_json::from_str(&text).unwrap();
    outside["tasks"][0]["inputs"] = serde_json::json!([4]);
    assert!(Plan::from_json(&outside).is_err());
}

#[test]
fn uc_005_tasks_are_made_by_the_grouping_dimensions_and_leave_their_lineage() {
    let (repo, plan) = planned();
    let inputs: Vec<_> = plan.inputs().iter().map(|i| i.dataset.clone()).collect();
    let note = [("instrument".to_owned(), DataValue::from("Cam"))];
    let common = repo.butler.put(&dict(1), "note", &note, None).unwrap();
    let request = PlanRequest {
        inputs: [inputs, vec![common.clone()]].concat(),
        outputs: vec![("stats".into(), Some("out".into()))],
        group: Some(vec!["instrument".into(), "exposure".into()]),
        ..PlanRequest::default()
    };
    let plan = repo.butler.plan(&request).unwrap();
    let shapes: Vec<_> =
        plan.tasks().iter().map(|t| (t.inputs.len(), t.outputs.len())).collect();
    assert_eq!(shapes, [(3, 2), (3, 2)], "the note belongs to both exposures");
    let by_instrument = PlanRequest {
        outputs: vec![("note".into(), Some("out".into()))],
        group: None,
        ..request
    };
    let plan = repo.butler.plan(&by_instrument).unwrap();
    assert_eq!((plan.tasks().len(), plan.outputs().len()), (1, 1));
    let worker = worker(&plan, 0);
    worker.get("stats", &data_id(&IDS[1]), &GetOptions::default()).unwrap();
    worker.get("note", &[], &GetOptions::default()).unwrap();
    let used: Vec<_> = worker.used().into_iter().map(|u| u.id).collect();
    assert!(used.contains(&common.id) && used.len() == 2);
    assert_eq!(worker.available().len(), 5);
    worker.put(&dict(2), "note", &[]).unwrap();
    repo.butler.commit(&worker.receipts()).unwrap();
    let links = repo
        .butler
        .registry()
        .links(&[plan.outputs()[0].id], salver_registry::Direction::Upstream)
        .unwrap();
    let count = |kind| links.iter().filter(|l| l.kind == kind).count();
    let counts = [LinkKind::Predicted, LinkKind::Available, LinkKind::Used].map(count);
    assert_eq!(counts, [5, 5, 2]);
}

#[test]
fn a_forged_receipt_is_refused_whole() {
    let (repo, plan) = planned();
    let good = work(&plan, 0);
    let forge = |path: &str| {
        let mut forged = work(&plan, 1);
        path.clone_into(&mut forged[0].files[0].path);
        repo.butler.commit(&[good.clone(), forged].concat()).unwrap_err()
    };
    for path in ["../x_0123456789ab.json", "/etc/passwd", "r/stats/whole.json"] {
        assert_eq!(forge(path).kind(), salver_core::ErrorKind::InvalidInput, "{path}");
    }
    assert_eq!(outputs(&repo), 0);
    let document = good[0].to_json();
    let read = Receipt::from_json(&document, repo.butler.universe()).unwrap();
    assert_eq!(read, good[0]);
}
