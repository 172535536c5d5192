use std::path::Path;

use salver_core::ErrorKind;
use salver_model::{DataValue, FileRecord};
use salver_store::ready;
use salver_tree::{Map, Tree};
use serde_json::json;

use super::fixture::{Fixture, sample_config, sample_root, with};
use super::put::{map, put};
use crate::ReadRequest;
use crate::formatter::format_of;

#[test]
fn every_dataset_of_the_sample_repository_is_read() {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let mut read = 0;
    for (dataset, records) in fixture.datasets() {
        if format_of(&records[0].formatter).is_none() {
            continue;
        }
        let tree =
            ready(fixture.datastore.read(&dataset, &records, &ReadRequest::default()));
        let tree = tree.unwrap();
        match dataset.dataset_type.name() {
            "count" => assert_eq!(tree, Tree::from(42)),
            "stats" => {
                let visit = dataset.data_id.get("visit").and_then(DataValue::as_int);
                assert_eq!(tree.at("/visit").unwrap().as_int(), visit);
            }
            _ => {}
        }
        assert!(ready(fixture.datastore.exists(&records[0])).unwrap());
        read += 1;
    }
    assert!(read >= 10, "{read}");
}

fn read_with(fixture: &Fixture, record: &FileRecord) -> salver_core::Error {
    let (dataset, _) = fixture.first("count");
    let records = std::slice::from_ref(record);
    ready(fixture.datastore.read(&dataset, records, &ReadRequest::default())).unwrap_err()
}

#[test]
fn uc_026_a_file_of_another_size_is_corrupt() {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let (_, mut records) = fixture.first("count");
    for size in [1, 3, 1 << 30] {
        records[0].file_size = size;
        let error = read_with(&fixture, &records[0]);
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let text = error.to_string();
        assert!(text.contains("found: 2") && text.contains("count@{}"), "{text}");
    }
    records[0].file_size = -1;
    let (dataset, _) = fixture.first("count");
    let read = ready(fixture.datastore.read(&dataset, &records, &ReadRequest::default()));
    assert_eq!(read.unwrap(), Tree::from(42));
}

#[test]
fn uc_047_a_lost_file_names_dataset_and_path() {
    let fixture = Fixture::new(Path::new("/nowhere"), &sample_config());
    let (_, records) = fixture.first("count");
    let error = read_with(&fixture, &records[0]);
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "file_not_found"));
    let text = error.to_string();
    assert!(
        text.contains("count@{}") && text.contains("count_CamA_runs_1.json"),
        "{text}"
    );
    assert!(!ready(fixture.datastore.exists(&records[0])).unwrap());
}

#[test]
fn a_path_out_of_the_root_is_not_followed() {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let (_, mut records) = fixture.first("count");
    records[0].path =
        "../sample-repo/CamA/runs/1/count/count_CamA_runs_1.json".to_owned();
    assert_eq!(read_with(&fixture, &records[0]).kind(), ErrorKind::Corrupt);
}

#[test]
fn an_unknown_formatter_is_read_by_what_the_file_is() {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let (dataset, mut records) = fixture.first("stats");
    records[0].formatter = "example.SomeFormatter".to_owned();
    let read = ready(fixture.datastore.read(&dataset, &records, &ReadRequest::default()));
    assert!(read.unwrap().at("/visit").is_ok());
    records[0].path = "gen3.sqlite3".to_owned();
    records[0].file_size = -1;
    let error = read_with(&fixture, &records[0]);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("gen3.sqlite3"), "{error}");
}

#[test]
fn no_record_is_not_found_unless_trusted() {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let (dataset, _) = fixture.first("count");
    let read =
        |f: &Fixture| ready(f.datastore.read(&dataset, &[], &ReadRequest::default()));
    assert_eq!(read(&fixture).unwrap_err().kind(), ErrorKind::NotFound);
    let config = with(&json!({"trust_get_request": true}));
    let trusting = Fixture::new(&sample_root(), &config);
    assert_eq!(read(&trusting).unwrap(), Tree::from(42));
    let (mut absent, _) = trusting.first("count");
    absent.run = "other".into();
    let read = ready(trusting.datastore.read(&absent, &[], &ReadRequest::default()));
    assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_component_of_a_whole_file_is_a_part_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = with(&json!({
        "formatters": {"Pair": "lsst.daf.butler.formatters.json.JsonFormatter"}}));
    let fixture = Fixture::new(dir.path(), &config);
    let dataset = fixture.like("stats", "pair", "Pair");
    let one = map(&[("a", Tree::from(1))]);
    let records = put(
        &fixture.datastore,
        &dataset,
        &map(&[("first", one.clone()), ("second", Tree::from(3))]),
    );
    let records = records.unwrap();
    let read = |component: &str, parameters: Map| {
        let component = Some(component.to_owned());
        let request = ReadRequest { component, parameters, ..ReadRequest::default() };
        ready(fixture.datastore.read(&dataset, &records, &request))
    };
    assert_eq!(read("first", Map::new()).unwrap(), one);
    let error = read("third", Map::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "missing_component"));
    assert_eq!(error.hint_text(), Some("it has: first, second"));
    let parameters = Map::from_iter([("columns".to_owned(), Tree::from("a"))]);
    let error = read("first", parameters).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let component = dataset.component_ref("second", &fixture.classes).unwrap();
    let read =
        ready(fixture.datastore.read(&component, &records, &ReadRequest::default()));
    assert_eq!(read.unwrap(), Tree::from(3));
}

/// A source catalogue of the sample repository.
fn catalogue(component: Option<&str>, parameters: Map) -> salver_core::Result<Tree> {
    let fixture = Fixture::new(&sample_root(), &sample_config());
    let (dataset, records) = fixture.first("src_cat");
    let component = component.map(str::to_owned);
    let request = ReadRequest { component, parameters, ..ReadRequest::default() };
    ready(fixture.datastore.read(&dataset, &records, &request))
}

#[test]
fn derived_components_of_a_table_are_read() {
    let columns = catalogue(Some("columns"), Map::new()).unwrap();
    let expected = ["id", "ra", "flux", "flag", "name"];
    assert_eq!(columns, Tree::List(expected.map(Tree::from).to_vec()));
    let table = catalogue(None, Map::new()).unwrap();
    let table = table.as_table().unwrap();
    let rows = catalogue(Some("rowcount"), Map::new()).unwrap();
    assert_eq!(rows.as_int(), i64::try_from(table.n_rows()).ok());
    let schema = catalogue(Some("schema"), Map::new()).unwrap();
    let schema = schema.as_table().unwrap();
    assert_eq!((schema.n_rows(), schema.schema()), (0, table.schema()));
    let error = catalogue(Some("bbox"), Map::new()).unwrap_err();
    assert_eq!(error.hint_text(), Some("it has: columns, rowcount, schema"));
}

#[test]
fn columns_and_filters_select() {
    let list = |items: &[Tree]| Tree::List(items.to_vec());
    let filter = list(&["id".into(), "<".into(), Tree::from(1 << 40)]);
    let parameters = Map::from_iter([
        ("columns".to_owned(), list(&["f*".into(), "id".into()])),
        ("filters".to_owned(), list(&[filter])),
        ("strip_astropy_meta_yaml".to_owned(), Tree::Bool(true)),
    ]);
    let found = catalogue(None, parameters).unwrap();
    let table = found.as_table().unwrap();
    let names: Vec<_> =
        table.schema().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["flux", "flag", "id"]);
    assert!(!table.schema().metadata().contains_key("table_meta_yaml"));
    let wrong = Map::from_iter([("columns".to_owned(), Tree::from("nothing"))]);
    let error = catalogue(None, wrong).unwrap_err();
    assert!(error.to_string().contains("artifact: CamA/runs/1/src_cat"), "{error}");
}
