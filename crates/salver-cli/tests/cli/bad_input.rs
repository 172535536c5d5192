//! What is said of bad input: each message names what is wrong, and what would be right.

use insta::assert_snapshot;

use super::fixture::{Repo, write};

fn get(repo: &Repo, dataset_type: &str, data_id: &str) -> String {
    repo.bad(&["get", "REPO", dataset_type, "--collections", "r", "--data-id", data_id])
}

#[test]
fn a_data_id_that_does_not_fit() {
    let repo = Repo::new();
    repo.put_note("1");
    assert_snapshot!(get(&repo, "note", "instrument=Cam"), @r"
    error: data_id: a required dimension has no value (missing: detector, given: instrument)
    hint: this data ID needs instrument, detector
    ");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detektor=1"), @r"
    error: data_id: unknown dimension (name: detektor, dimensions: {instrument, detector})
    hint: did you mean `detector`?
    ");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=one"), @r"
    error: data_id: a dimension value of the wrong type (dimension: detector, value: 'one', expected: an integer)
      caused by: invalid digit found in string
    ");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=1,detector=2"), @"error: cli.data_id: a key is given twice (key: detector)");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=2"), @r"
    error: cli.find: no dataset of this type and data ID (dataset_type: note, data_id: instrument='Cam',detector='2', collections: r)
    hint: `salver query-datasets TMP/repo note`
    ");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector.full_name=D9"), @"error: registry.resolve_data_id: no record has these values (dimension: detector, values: detector.full_name='D9')");
}

#[test]
fn an_unknown_dataset_type_component_or_collection() {
    let repo = Repo::new();
    repo.put_note("1");
    assert_snapshot!(get(&repo, "nite", "instrument=Cam,detector=1"), @r"
    error: registry.dataset_type: there is no dataset type of this name (dataset_type: nite)
    hint: dataset_types lists what is registered
    ");
    assert_snapshot!(get(&repo, "note.part", "instrument=Cam,detector=1"), @r"
    error: datastore.get: the storage class has no such component (component: part, dataset: note@{instrument: 'Cam', detector: 1} [sc=StructuredDataDict] (run=r id=00000000-0000-0000-0000-000000000000), storage_class: StructuredDataDict)
    hint: it has none
    ");
    let place = ["get", "REPO", "number", "--collections", "nowhere"];
    assert_snapshot!(repo.bad(&place), @r"
    error: registry.find_dataset: there is no collection of this name (collection: nowhere)
    hint: query_collections lists what is registered
    ");
    let class = ["register-dataset-type", "REPO", "x", "StructuredDataDic", "detector"];
    assert_snapshot!(repo.bad(&class), @r"
    error: storage_class: unknown storage class (name: StructuredDataDic)
    hint: did you mean `StructuredDataDict`?
    ");
    let dimension = ["register-dataset-type", "REPO", "x", "int", "dteector"];
    assert_snapshot!(repo.bad(&dimension), @r"
    error: universe.dimension: unknown dimension (name: dteector, universe: daf_butler 8)
    hint: did you mean `detector`?
    ");
    let conflict = ["register-dataset-type", "REPO", "note", "int", "detector"];
    assert_snapshot!(repo.bad(&conflict), @"error: registry.register_dataset_type: the dataset type is registered with another value of storage class (dataset_type: note, registered: StructuredDataDict, asked: int)");
}

#[test]
fn a_second_put_and_a_second_repository() {
    let repo = Repo::new();
    repo.put_note("1");
    let put = [
        "put",
        "REPO",
        "note",
        "TMP/note.json",
        "--run",
        "r",
        "-d",
        "instrument=Cam,detector=1",
    ];
    assert_snapshot!(repo.bad(&put), @r"
    error: butler.put: the run has a dataset of this type and data ID already (dataset_type: note, data_id: {instrument: 'Cam', detector: 1}, run: r, holder: 00000000-0000-0000-0000-000000000000)
    hint: put into another run, or prune the old dataset first
    ");
    assert_eq!(repo.files().len(), 1);
    assert_snapshot!(repo.bad(&["create", "REPO"]), @"error: butler.make_repo: there is a repository already (path: TMP/repo/butler.yaml)");
    assert_snapshot!(repo.bad(&["query-collections", "TMP/nothing"]), @r"
    error: butler.open: no repository there (place: TMP/nothing, expected: TMP/nothing)
    hint: `salver create` makes a repository; no repository index is defined
    ");
}

#[test]
fn a_template_that_leaves_the_root() {
    let repo = Repo::seeded(
        "datastore: {templates: {note: '../../{run}/{detector}_{instrument}'}}",
    );
    repo.write("note.json", "{}");
    let put = [
        "put",
        "REPO",
        "note",
        "TMP/note.json",
        "--run",
        "r",
        "-d",
        "instrument=Cam,detector=1",
    ];
    assert_snapshot!(repo.bad(&put), @r"
    error: datastore.template: a template that goes to a parent folder (template: ../../{run}/{detector}_{instrument}, dataset_type: note)
    hint: for example `{run:/}/{datasetType}/{visit:08d}_{detector.full_name:?}`
    ");
    assert!(repo.files().is_empty());
}

#[test]
fn damaged_files() {
    let repo = Repo::new();
    let put = |file: &str| {
        repo.bad(&["put", "REPO", "number", &format!("TMP/{file}"), "--run", "r"])
    };
    repo.write("cut.json", "{\"a\": [1, 2");
    assert_snapshot!(put("cut.json"), @"error: json.decode: not JSON: expected `,` or `]` (byte: 11, found: the end of the text, source: file://TMP/cut.json)");
    write(
        &repo.folder.path().join("cut.npy"),
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8'",
    );
    assert_snapshot!(put("cut.npy"), @"error: npy.header: the header is longer than the file (header: 118, source: file://TMP/cut.npy, path: TMP/cut.npy)");
    repo.write("what", "neither this nor that");
    let unknown = put("what");
    assert!(unknown.contains("neither ending nor first bytes"), "{unknown}");
    assert!(unknown.contains("known: "), "{unknown}");
    assert_snapshot!(put("absent.json"), @r"
    error: store.open: cannot open (path: TMP/absent.json)
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn a_stored_file_that_was_damaged() {
    let repo = Repo::new();
    repo.put_note("1");
    let file = repo.root().join(&repo.files()[0]);
    write(&file, b"text: [a note\n");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=1"), @r"
    error: datastore.get: the file's size is not the recorded one (dataset: note@{instrument: 'Cam', detector: 1} [sc=StructuredDataDict] (run=r id=00000000-0000-0000-0000-000000000000), path: r/note/note_Cam_D1_r.yaml, recorded: 13, found: 14)
    hint: the file was changed or cut short after it was stored
    ");
    write(&file, b"text: [a not\n");
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=1"), @r"
    error: yaml.parse: not YAML: while parsing a flow sequence, expected ',' or ']' (line: 2, column: 1, source: file://TMP/repo/r/note/note_Cam_D1_r.yaml, dataset: note@{instrument: 'Cam', detector: 1} [sc=StructuredDataDict] (run=r id=00000000-0000-0000-0000-000000000000), artifact: r/note/note_Cam_D1_r.yaml)
      caused by: while parsing a flow sequence, expected ',' or ']' at byte 13 line 2 column 1
    ");
    salver::store::Local::remove_path(&file).unwrap();
    assert_snapshot!(get(&repo, "note", "instrument=Cam,detector=1"), @r"
    error: datastore.get: the dataset is recorded, but its file is gone (dataset: note@{instrument: 'Cam', detector: 1} [sc=StructuredDataDict] (run=r id=00000000-0000-0000-0000-000000000000), path: r/note/note_Cam_D1_r.yaml)
      caused by: store.open: cannot open (path: TMP/repo/r/note/note_Cam_D1_r.yaml)
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn a_disk_that_fills() {
    let repo = Repo::new();
    repo.write("note.json", "{}");
    let put = [
        "put",
        "REPO",
        "note",
        "TMP/note.json",
        "--run",
        "r",
        "-d",
        "instrument=Cam,detector=1",
    ];
    let answer = repo.run_with(&put, &[("SALVER_FAULT", "stage.write:28")]);
    assert_eq!(answer.code, 1);
    assert!(
        answer.err.contains("space") || answer.err.contains("full"),
        "{}",
        answer.err
    );
    assert!(repo.files().is_empty());
    repo.good(&put);
}

#[test]
fn a_query_expression_is_refused_with_what_there_is_instead() {
    let repo = Repo::new();
    let query = ["query-datasets", "REPO", "note", "--where", "detector > 1"];
    assert_snapshot!(repo.bad(&query), @r"
    error: cli.where: query expressions are not understood yet (where: detector > 1)
    hint: --data-id KEY=VALUE, --overlaps REGION and --time TIMES select too
    ");
}

#[test]
fn records_that_do_not_fit() {
    let repo = Repo::new();
    let insert = |text: &str| {
        repo.write("bad.yaml", text);
        repo.bad(&["insert-dimension-records", "REPO", "TMP/bad.yaml"])
    };
    assert_snapshot!(insert("detector: [{instrument: Cam, id: 1, full_name: D1}]"), @r"
    error: registry.insert_records: a record with this key, or with the same other key, is there already (element: detector, record: {instrument: 'Cam', detector: 1})
      caused by: database.execute: a row with this key is there already
      caused by: UNIQUE constraint failed: detector.instrument, detector.full_name
      caused by: Error code 2067: constraint failed
    hint: skip existing records, replace them, or synchronise the record
    ");
    assert_snapshot!(insert("detector: [{instrument: Cam, id: 3, fullname: D3}]"), @r"
    error: record: unknown field (element: detector, field: fullname)
    hint: did you mean `full_name`?
    ");
    assert_snapshot!(insert("detector: [{instrument: Kam, id: 3, full_name: D3}]"), @r"
    error: registry.insert_records: a record that this one needs is missing (dimension: instrument, value: 'Kam', element: detector, record: {instrument: 'Kam', detector: 3})
      caused by: database.execute: a row that this one needs or is needed by is missing
      caused by: FOREIGN KEY constraint failed
      caused by: Error code 787: constraint failed
    hint: insert the records of required and implied dimensions first
    ");
    assert_snapshot!(insert("detectors: []"), @r"
    error: universe.dimension: unknown dimension (name: detectors, universe: daf_butler 8)
    hint: did you mean `detector`?
    ");
    assert_snapshot!(insert("[1, 2]"), @r"
    error: records.read: not a document of dimension records
    hint: such as `{detector: [{instrument: CamA, id: 1, full_name: R00_S0}]}`
    ");
}
