use salver_core::ErrorKind;
use salver_store::{faults, faults::Fault, file_uri, ready};
use salver_tree::Tree;

use super::fixture::{Fixture, files, sample_config};
use super::put::put;
use crate::Removed;

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
