use std::path::Path;

use salver_core::ErrorKind;
use salver_store::{faults, faults::Fault, file_uri, ready};
use salver_tree::Tree;

use super::fixture::{Fixture, files, sample_config};
use super::put::put;
use crate::{IngestFile, IngestMode, ReadRequest, Removed};

#[test]
fn files_inside_go_and_files_outside_stay() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let fixture = Fixture::new(&root, &sample_config());
    let (dataset, _) = fixture.first("count");
    let inside = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let other = Fixture::new(dir.path(), &sample_config());
    let outside = put(&other.datastore, &dataset, &Tree::from(2)).unwrap();
    let outside = file_uri(&dir.path().join(&outside[0].path));
    let paths = [inside[0].path.clone(), "gone/x.json".to_owned(), outside.clone()];
    let done = ready(fixture.datastore.remove(&paths, false)).unwrap();
    assert_eq!(done, Removed { removed: 1, absent: 1, outside: 1 });
    assert_eq!(files(dir.path()).len(), 1);
    let done = ready(fixture.datastore.remove(&[outside], true)).unwrap();
    assert_eq!(done, Removed { removed: 1, absent: 0, outside: 0 });
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn an_error_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let first = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let second = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let paths = [first[0].path.clone(), "../x".to_owned(), second[0].path.clone()];
    let mut removals = 0;
    let hook = move |at: &str| {
        removals += usize::from(at == "remove");
        (at == "remove" && removals == 1).then_some(Fault::Errno(13))
    };
    let error = faults::with(hook, || ready(fixture.datastore.remove(&paths, false)));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(files(dir.path()), [first[0].path.as_str()]);
}

#[test]
fn a_member_of_a_zip_goes_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let records = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let path = format!("{}#zip-path=ab-x.json", records[0].path);
    let done = ready(fixture.datastore.remove(&[path], false)).unwrap();
    assert_eq!(done.removed, 1);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "moving a whole repository is no store's task"
)]
fn uc_027_a_moved_root_needs_no_new_records_and_direct_files_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let fixture = Fixture::new(&old, &sample_config());
    let (dataset, _) = fixture.first("count");
    let inside = put(&fixture.datastore, &dataset, &Tree::from(1)).unwrap();
    let outside = Fixture::new(&dir.path().join("data"), &sample_config());
    let file = put(&outside.datastore, &dataset, &Tree::from(2)).unwrap();
    let file = dir.path().join("data").join(&file[0].path);
    let refs = [fixture.like("count", "given", "int")];
    let file = IngestFile { path: file.to_str().unwrap(), refs: &refs, formatter: None };
    let mut staged =
        ready(fixture.datastore.stage_ingest(&[file], IngestMode::Direct)).unwrap();
    let direct = ready(staged.publish()).unwrap();
    staged.keep().unwrap();

    std::fs::rename(&old, &new).unwrap();
    let moved = Fixture::new(&new, &sample_config());
    assert_eq!(moved.datastore.name(), fixture.datastore.name());
    let read = |dataset, records| {
        ready(moved.datastore.read(dataset, records, &ReadRequest::default())).unwrap()
    };
    assert_eq!(read(&dataset, &inside), Tree::from(1));
    assert_eq!(read(&refs[0], &direct), Tree::from(2));
    let done = ready(moved.datastore.remove(&[direct[0].path.clone()], false)).unwrap();
    assert_eq!(done, Removed { removed: 0, absent: 0, outside: 1 });
    assert!(Path::new(file.path).is_file());
}
