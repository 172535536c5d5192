//! What the verbs print.

use insta::assert_snapshot;

use super::fixture::Repo;

#[test]
fn collections_are_listed_as_the_reference_lists_them() {
    let repo = Repo::new();
    repo.put_note("1");
    repo.good(&["register-collection", "REPO", "tag", "--type", "TAGGED"]);
    assert_snapshot!(repo.good(&["collection-chain", "REPO", "all", "r,tag"]), @"[r, tag]");
    assert_snapshot!(repo.good(&["query-collections", "REPO"]), @r"
     Name   Type 
    ----- -------
    all   CHAINED
      r   RUN    
      tag TAGGED 
    r     RUN    
    tag   TAGGED 
    ");
    assert_snapshot!(repo.good(&["query-collections", "REPO", "--chains", "TABLE"]), @r"
    Name   Type  Children
    ---- ------- --------
    all  CHAINED r       
                 tag     
    r    RUN             
    tag  TAGGED          
    ");
    assert_snapshot!(repo.good(&["query-collections", "REPO", "nothing*"]), @"");
    let popped =
        repo.good(&["collection-chain", "REPO", "all", "--mode", "pop", "--", "-1"]);
    assert_snapshot!(popped, @"[r]");
}

#[test]
fn dataset_types_are_listed_as_the_reference_lists_them() {
    let repo = Repo::new();
    assert_snapshot!(repo.good(&["query-dataset-types", "REPO", "-v"]), @r"
     name          dimensions           storage class   
    ------ -------------------------- ------------------
    note   ['instrument', 'detector'] StructuredDataDict
    number []                         int
    ");
    let again = ["register-dataset-type", "REPO", "number", "int"];
    assert_snapshot!(repo.good(&again), @"Dataset type already existed in identical form.");
}

#[test]
fn datasets_are_listed_as_the_reference_lists_them() {
    let repo = Repo::new();
    repo.put_note("1");
    repo.put_note("2");
    assert_snapshot!(repo.good(&["query-datasets", "REPO", "note"]), @r"
    type run                  id                  instrument detector
    ---- --- ------------------------------------ ---------- --------
    note   r 00000000-0000-0000-0000-000000000000        Cam        1
    note   r 00000000-0000-0000-0000-000000000000        Cam        2
    ");
    let one =
        repo.good(&["query-datasets", "REPO", "n*", "-d", "detector=2", "--show-uri"]);
    assert!(one.contains(" file://TMP/repo/r/note/note_Cam_D2_r.yaml\n"), "{one}");
    assert!(!one.contains("D1"), "{one}");
    assert_snapshot!(
        repo.good(&["query-datasets", "REPO", "number"]),
        @"No results. Try --help for more information."
    );
}

#[test]
fn records_are_listed_as_the_reference_lists_them() {
    let repo = Repo::new();
    assert_snapshot!(repo.good(&["query-dimension-records", "REPO", "detector"]), @r"
    instrument  id full_name name_in_raft raft purpose
    ---------- --- --------- ------------ ---- -------
           Cam   1        D1         None None    None
           Cam   2        D2         None None    None
    ");
}

#[test]
fn json_answers_are_json() {
    let repo = Repo::new();
    repo.put_note("1");
    for arguments in [
        &["query-collections", "REPO", "--json"][..],
        &["query-dataset-types", "REPO", "--json"],
        &["query-datasets", "REPO", "--json"],
        &["query-dimension-records", "REPO", "detector", "--json"],
        &["show", "REPO", "note", "-d", "instrument=Cam,detector=1", "--json"],
        &["get", "REPO", "note", "-d", "instrument=Cam,detector=1", "--json"],
        &["register-collection", "REPO", "x", "--json"],
    ] {
        let out = repo.good(arguments);
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&out);
        assert!(parsed.is_ok(), "{arguments:?}: {out}");
    }
}

#[test]
fn a_dataset_goes_in_and_comes_out() {
    let repo = Repo::new();
    repo.put_note("1");
    let get = ["get", "REPO", "note", "--data-id", "instrument=Cam,detector=1"];
    assert_snapshot!(repo.good(&get), @r#"{"text":"a note"}"#);
    let by_name = ["get", "REPO", "note", "-d", "instrument=Cam,detector.full_name=D1"];
    assert_eq!(repo.good(&by_name), repo.good(&get));
    repo.good(&[
        "get",
        "REPO",
        "note",
        "-d",
        "instrument=Cam,detector=1",
        "-o",
        "TMP/out.yaml",
    ]);
    let back = [
        "put",
        "REPO",
        "note",
        "TMP/out.yaml",
        "-r",
        "copy",
        "-d",
        "instrument=Cam,detector=1",
    ];
    repo.good(&back);
    assert_eq!(repo.files().len(), 2);
}

#[test]
fn files_come_in_by_a_table() {
    let repo = Repo::new();
    repo.write("a.yaml", "x: 1\n");
    repo.write("b.yaml", "x: 2\n");
    let table = repo.write("table.csv", "file,detector\na.yaml,1\nb.yaml,2\n");
    let table = table.to_str().unwrap();
    let ingest = [
        "ingest-files",
        "REPO",
        "note",
        "in",
        table,
        "-d",
        "instrument=Cam",
        "-t",
        "copy",
    ];
    assert_snapshot!(repo.good(&ingest), @"Ingested 2 datasets into in.");
    let get = ["get", "REPO", "note", "-d", "instrument=Cam,detector=2"];
    assert_snapshot!(repo.good(&get), @r#"{"x":2}"#);
}

#[test]
fn what_is_pruned_is_shown_and_gone() {
    let repo = Repo::new();
    repo.put_note("1");
    let nothing = repo.bad(&["prune-datasets", "REPO", "r", "--datasets", "note"]);
    assert_snapshot!(nothing, @"error: cli.prune: no operation: one of --purge, --unstore and --disassociate is needed");
    let dry = ["prune-datasets", "REPO", "r", "--purge", "r", "--dry-run"];
    assert_snapshot!(repo.good(&dry), @r"
    The following datasets will be removed:

    type run                  id                  instrument detector
    ---- --- ------------------------------------ ---------- --------
    note   r 00000000-0000-0000-0000-000000000000        Cam        1
    ");
    assert_eq!(repo.files().len(), 1);
    let purge = ["prune-datasets", "REPO", "r", "--purge", "r", "--no-confirm"];
    repo.good(&purge);
    assert!(repo.files().is_empty());
    assert_snapshot!(repo.good(&purge), @"Did not find any datasets to remove.");
}

#[test]
fn a_run_in_a_chain_needs_force() {
    let repo = Repo::new();
    repo.put_note("1");
    repo.good(&["collection-chain", "REPO", "all", "r"]);
    let refused = repo.bad(&["remove-runs", "REPO", "r", "--no-confirm"]);
    assert_snapshot!(refused, @r"
    error: cli.remove_runs: chains hold runs that would be removed (runs: r in all)
    hint: --force unlinks them; without --no-confirm you are asked
    ");
    assert_snapshot!(repo.good(&["remove-runs", "REPO", "r", "--no-confirm", "--force"]), @r"
    The following RUN collections were removed:
    r
    ");
    assert!(repo.files().is_empty());
    assert_snapshot!(repo.good(&["remove-runs", "REPO", "r*", "--no-confirm"]), @"No RUN collections were found.");
}

#[test]
fn a_label_names_a_repository() {
    let repo = Repo::new();
    let index = format!("{{mine: {}}}", repo.root().display());
    let environment = [("DAF_BUTLER_REPOSITORIES", index.as_str())];
    let answer = repo.run_with(&["query-dataset-types", "mine"], &environment);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.contains("note"));
}

#[test]
fn usage_errors_are_two() {
    let repo = Repo::new();
    for arguments in
        [&["nonsense"][..], &["create"], &["put", "REPO"], &["cutout", "REPO", "x"]]
    {
        assert_eq!(repo.run(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(repo.run(&["--help"]).code, 0);
}
