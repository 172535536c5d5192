//! A process that is killed at any step leaves nothing half visible.

use super::fixture::{Answer, Repo};

/// The steps of a put before its commit, in their order.
const BEFORE: [&str; 10] = [
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
const PUT: [&str; 8] = [
    "put",
    "REPO",
    "note",
    "TMP/note.json",
    "--run",
    "r",
    "--data-id",
    "instrument=Cam,detector=1",
];
const GET: [&str; 5] = ["get", "REPO", "note", "--data-id", "instrument=Cam,detector=1"];

fn killed(repo: &Repo, arguments: &[&str], step: &str) -> Answer {
    let answer = repo.run_with(arguments, &[("SALVER_FAULT", &format!("{step}:kill"))]);
    // a process that a signal ended has no exit code
    assert_eq!(answer.code, -1, "{step}: {}{}", answer.out, answer.err);
    answer
}

/// Files that have a dataset's name: hidden temporaries are no datasets.
fn visible(repo: &Repo) -> usize {
    repo.files().iter().filter(|f| !f.contains("/.")).count()
}

#[test]
fn a_put_killed_before_its_commit_did_not_happen() {
    for step in BEFORE {
        let repo = Repo::new();
        repo.write("note.json", "{\"text\": \"a note\"}");
        killed(&repo, &PUT, step);
        assert!(
            repo.good(&["query-datasets", "REPO", "note"]).contains("No results"),
            "{step}"
        );
        repo.bad(&GET);
        // the next one is not held up by what was left
        repo.good(&PUT);
        assert_eq!(repo.good(&GET), "{\"text\":\"a note\"}\n", "{step}");
    }
}

#[test]
fn a_put_killed_after_its_commit_happened() {
    let repo = Repo::new();
    repo.write("note.json", "{\"text\": \"a note\"}");
    killed(&repo, &PUT, "put.after_commit");
    assert_eq!(repo.good(&GET), "{\"text\":\"a note\"}\n");
    assert_eq!(visible(&repo), 1);
    repo.bad(&PUT);
}

#[test]
fn a_removal_killed_before_its_commit_did_not_happen() {
    for step in ["remove.after_trash", "remove.before_commit"] {
        for removal in [
            &["prune-datasets", "REPO", "r", "--purge", "r", "--no-confirm"][..],
            &["remove-runs", "REPO", "r", "--no-confirm"],
        ] {
            let repo = Repo::new();
            repo.put_note("1");
            killed(&repo, removal, step);
            assert_eq!(repo.good(&GET), "{\"text\":\"a note\"}\n", "{step}");
        }
    }
}

#[test]
fn a_removal_killed_after_its_commit_is_finished_by_the_next() {
    for step in
        ["remove.after_commit", "remove", "remove.after_unlink", "remove.after_finish"]
    {
        let repo = Repo::new();
        repo.put_note("1");
        repo.put_note("2");
        let prune = |detector: &'static str| {
            [
                "prune-datasets",
                "REPO",
                "r",
                "--purge",
                "r",
                "--no-confirm",
                "-d",
                detector,
            ]
        };
        killed(&repo, &prune("detector=1"), step);
        repo.bad(&GET);
        repo.good(&prune("detector=2"));
        assert_eq!(visible(&repo), 0, "{step}");
    }
}
