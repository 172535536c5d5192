//! Every store runs the one suite, and a put killed at any step leaves nothing visible.

use std::path::Path;
use std::process::Command;

use salver_store::faults::Fault;
use salver_store::{Key, Local, Store as _, Sync, Unsynced, faults, ready};
use salver_testkit::store_suite::store_suite;

#[test]
fn uc_014_local_files_pass_the_suite() {
    let dir = tempfile::tempdir().unwrap();
    ready(store_suite(&Local::new(dir.path()))).unwrap();
}

#[test]
fn local_through_a_linked_root() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    ready(store_suite(&Local::new(link))).unwrap();
}

#[test]
fn uc_019_one_of_many_writers_takes_a_name_with_its_bytes_whole() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let name = format!("run/{round}.json");
        let write = |writer: u8| {
            let store = Local::new(dir.path());
            let key = Key::parse(&name)?;
            ready(async {
                let mut stage = store.stage(&key).await?;
                stage.write(&vec![writer; 200_000])?;
                stage.finish(Sync::Later).await?;
                stage.publish(&key, &mut Unsynced::default()).await
            })
        };
        let won: Vec<u8> = std::thread::scope(|scope| {
            let spawn = |writer| scope.spawn(move || (writer, write(writer).unwrap()));
            let writers: Vec<_> = (0..4).map(spawn).collect();
            let done = writers.into_iter().map(|w| w.join().unwrap());
            done.filter(|(_, won)| *won).map(|(writer, _)| writer).collect()
        });
        let [winner] = won.as_slice() else { panic!("{} winners", won.len()) };
        let source = Local::open_path(dir.path().join(&name), None).unwrap();
        let bytes =
            source.read(std::slice::from_ref(&(0..source.len()))).unwrap().concat();
        assert_eq!(bytes, vec![*winner; 200_000]);
    }
    assert_eq!(std::fs::read_dir(dir.path().join("run")).unwrap().count(), 50);
}

const STEPS: [&str; 5] =
    ["stage.create", "stage.write", "stage.sync", "publish.link", "dir.sync"];

/// Not a test of its own: what `uc_020_…` kills, in a process of its own.
#[test]
#[ignore = "run by uc_020"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent says what to do by environment"
)]
fn child_that_is_killed() {
    let step = std::env::var("SALVER_TEST_STEP").unwrap();
    let root = std::env::var("SALVER_TEST_ROOT").unwrap();
    let hook = move |at: &str| (at == step).then_some(Fault::Kill);
    faults::with(hook, || {
        ready(async {
            let store = Local::new(&root);
            let key = Key::parse("run/a.json")?;
            let mut stage = store.stage(&key).await?;
            stage.write(b"{}")?;
            stage.finish(Sync::Now).await?;
            let mut unsynced = Unsynced::default();
            stage.publish(&key, &mut unsynced).await?;
            store.sync(&unsynced).await
        })
    })
    .unwrap();
}

#[test]
fn uc_020_a_put_killed_at_any_step_leaves_nothing_visible() {
    for step in STEPS {
        let dir = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--ignored"])
            .env("SALVER_TEST_STEP", step)
            .env("SALVER_TEST_ROOT", dir.path())
            .output()
            .unwrap()
            .status;
        assert!(!status.success(), "{step}");
        let visible = visible(&dir.path().join("run"));
        // once it has its name it is whole; a killed put's name is in no record
        let whole = step == "dir.sync";
        assert_eq!(visible, if whole { vec!["a.json"] } else { vec![] }, "{step}");
        let again = ready(async {
            let store = Local::new(dir.path());
            let key = Key::parse("run/b.json")?;
            let mut stage = store.stage(&key).await?;
            stage.write(b"[]")?;
            stage.finish(Sync::Now).await?;
            stage.publish(&key, &mut Unsynced::default()).await
        });
        assert!(again.unwrap(), "repeating the put works after {step}");
    }
}

/// Names in a folder that are not hidden.
fn visible(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|n| !n.starts_with('.')).collect();
    names.sort();
    names
}
