use std::path::Path;

use rustix::io::Errno;
use salver_core::{ErrorKind, Result, SeededIds};
use salver_tree::Source as _;

use super::name::copy_new;
use super::*;
use crate::faults::Fault;
use crate::{Key, LinkMode, Store as _, Sync, Unsynced, faults, ready};

/// Puts bytes under a key; whether the name was free.
fn put(store: &Local, key: &str, bytes: &[u8]) -> Result<bool> {
    ready(async {
        let key = Key::parse(key)?;
        let mut stage = store.stage(&key).await?;
        stage.write(bytes)?;
        stage.finish(Sync::Now).await?;
        let mut unsynced = Unsynced::default();
        let taken = stage.publish(&key, &mut unsynced).await?;
        if let Err(e) = store.sync(&unsynced).await {
            stage.unpublish().await?;
            return Err(e);
        }
        Ok(taken)
    })
}

fn bytes(store: &Local, key: &str) -> Vec<u8> {
    let source = Local::open_path(store.root().join(key), None).unwrap();
    source.read(&[0..source.len()]).unwrap().concat()
}

/// All files below a folder, hidden ones too.
fn files(dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    out.sort();
    out
}

#[test]
fn a_put_leaves_its_file_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    let big = vec![7; 300_000];
    assert!(put(&store, "a/b/c.json", b"{}").unwrap());
    assert!(put(&store, "a/big", &big).unwrap());
    assert_eq!(files(dir.path()), ["big", "c.json"]);
    assert_eq!(bytes(&store, "a/b/c.json"), b"{}");
    assert_eq!(bytes(&store, "a/big"), big);
}

#[test]
fn a_taken_name_is_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    assert!(put(&store, "x", b"first").unwrap());
    assert!(!put(&store, "x", b"second").unwrap());
    assert_eq!(bytes(&store, "x"), b"first");
    assert_eq!(files(dir.path()), ["x"]);
}

#[test]
fn a_fault_at_any_step_leaves_nothing_and_names_the_path() {
    for step in ["stage.create", "stage.write", "stage.sync", "publish.link", "dir.sync"]
    {
        for (errno, kind) in [
            (Errno::NOSPC, ErrorKind::Limit),
            (Errno::ACCESS, ErrorKind::Denied),
            (Errno::ROFS, ErrorKind::Denied),
            (Errno::IO, ErrorKind::Io),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let store = Local::new(dir.path());
            let hook = move |at: &str| {
                (at == step).then_some(Fault::Errno(errno.raw_os_error()))
            };
            let error =
                faults::with(hook, || put(&store, "r/x.json", b"{}")).unwrap_err();
            assert_eq!(error.kind(), kind, "{step}");
            let root = dir.path().display().to_string();
            assert!(error.to_string().contains(&root), "{error}");
            assert_eq!(files(dir.path()), [""; 0], "{step}");
        }
    }
}

#[test]
fn a_disk_that_fills_in_the_middle_is_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    let mut flushes = 0;
    let hook = move |at: &str| {
        flushes += usize::from(at == "stage.write");
        (at == "stage.write" && flushes == 3).then_some(Fault::Errno(28))
    };
    let error = faults::with(hook, || {
        ready(async {
            let mut stage = store.stage(&Key::parse("x")?).await?;
            for _ in 0..10 {
                stage.write(&vec![1; 100_000])?;
            }
            Ok(())
        })
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn taking_back_spares_a_file_that_replaced_ours() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    let key = Key::parse("x").unwrap();
    ready(async {
        let mut stage = store.stage(&key).await?;
        stage.write(b"ours")?;
        stage.finish(Sync::Later).await?;
        stage.publish(&key, &mut Unsynced::default()).await?;
        assert!(Local::remove_path(&dir.path().join("x"))?);
        assert!(put(&store, "x", b"theirs")?);
        stage.unpublish().await
    })
    .unwrap();
    assert_eq!(bytes(&store, "x"), b"theirs");
}

#[test]
fn long_names_and_used_temporaries_are_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::with_ids(dir.path(), std::sync::Arc::new(SeededIds::new(0)));
    let twin = Local::with_ids(dir.path(), std::sync::Arc::new(SeededIds::new(0)));
    let name = "é".repeat(127);
    let key = Key::parse(&name).unwrap();
    let held = ready(twin.stage(&key)).unwrap();
    assert!(put(&store, &name, b"1").unwrap());
    drop(held);
    assert_eq!(files(dir.path()), [name.as_str()]);
    let error = put(&store, &"x".repeat(256), b"1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn without_rename_and_links_the_target_is_copied_exclusively() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    put(&store, "temp", b"bytes").unwrap();
    put(&store, "taken", b"other").unwrap();
    let at = |name: &str| dir.path().join(name);
    assert_eq!(copy_new(&at("temp"), &at("taken")).unwrap(), None);
    assert!(copy_new(&at("temp"), &at("free")).unwrap().is_some());
    assert_eq!(bytes(&store, "free"), b"bytes");
    assert_eq!(bytes(&store, "taken"), b"other");
    assert_eq!(files(dir.path()), ["free", "taken"]);
}

#[test]
fn a_source_tells_the_true_length() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    put(&store, "x", b"0123456789").unwrap();
    let at = dir.path().join("x");
    for expected in [None, Some(10), Some(4), Some(20), Some(1 << 40)] {
        let source = Local::open_path(at.clone(), expected).unwrap();
        assert_eq!(source.len(), 10, "{expected:?}");
        assert_eq!(source.read(&[2..4, 0..1]).unwrap(), [&b"23"[..], &b"0"[..]]);
        let mut buffer = [0; 3];
        source.read_into(7, &mut buffer).unwrap();
        assert_eq!(&buffer, b"789");
        let past = source.read(std::slice::from_ref(&(8..11))).unwrap_err();
        assert_eq!(past.kind(), ErrorKind::Corrupt);
        assert_eq!(source.read_into(8, &mut buffer).unwrap_err().kind(), past.kind());
        assert!(source.name().starts_with("file:///"));
    }
}

#[test]
fn a_file_cut_short_while_open_is_corrupt() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    put(&store, "x", &[1; 1000]).unwrap();
    let path = dir.path().join("x");
    let source = FileSource::open(&path).unwrap();
    let flags = rustix::fs::OFlags::WRONLY;
    let fd = rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).unwrap();
    rustix::fs::ftruncate(&fd, 10).unwrap();
    let error = source.read(std::slice::from_ref(&(0..1000))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let error = source.read_into(0, &mut [0; 100]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn folders_and_absent_files_are_not_sources() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path, n| Local::open_path(path.to_path_buf(), n).unwrap_err();
    assert_eq!(open(dir.path(), None).kind(), ErrorKind::InvalidInput);
    assert_eq!(open(dir.path(), Some(3)).kind(), ErrorKind::InvalidInput);
    assert_eq!(open(&dir.path().join("no"), Some(3)).kind(), ErrorKind::NotFound);
    assert!(Local::size_of_path(dir.path()).is_err());
}

#[test]
fn links_name_the_file_and_never_replace() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path().join("root"));
    let outside = Local::new(dir.path());
    put(&outside, "data/f.yaml", b"a: 1").unwrap();
    let from = dir.path().join("data/f.yaml");
    let mut unsynced = Unsynced::default();
    for (name, mode) in [
        ("h/1", LinkMode::Hard),
        ("s/1", LinkMode::Symbolic),
        ("r/q/1", LinkMode::Relative),
    ] {
        let key = Key::parse(name).unwrap();
        let mut link = || ready(store.link(&from, &key, mode, &mut unsynced));
        assert!(link().unwrap(), "{name}");
        assert!(!link().unwrap(), "{name}");
        assert_eq!(bytes(&store, name), b"a: 1", "{name}");
        assert!(ready(store.remove(&key)).unwrap());
        assert!(!ready(store.remove(&key)).unwrap());
    }
    ready(store.sync(&unsynced)).unwrap();
    assert_eq!(bytes(&outside, "data/f.yaml"), b"a: 1");
}

#[test]
fn many_files_are_synced_together() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::new(dir.path());
    let mut unsynced = Unsynced::default();
    ready(async {
        for i in 0..40 {
            let name = format!("d{}/{i}", i % 3);
            let key = Key::parse(&name)?;
            let mut stage = store.stage(&key).await?;
            stage.write(b"x")?;
            stage.finish(Sync::Later).await?;
            assert!(stage.publish(&key, &mut unsynced).await?);
        }
        store.sync(&unsynced).await
    })
    .unwrap();
    assert_eq!(files(dir.path()).len(), 40);
}
