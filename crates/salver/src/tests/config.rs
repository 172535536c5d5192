//! Configuration files: found, read, merged, written.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::config::{Config, Environment, Location, read_value};
use crate::{Butler, ErrorKind, MakeRepoOptions};

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    crate::files::write_bytes(&path, text.as_bytes()).unwrap();
    path
}

#[test]
fn what_is_included_lies_below() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "base.yaml", "a: {x: 1, y: 2}\nb: base\n");
    write(folder.path(), "more.yaml", "a: {y: 3}\nincludeConfigs: base.yaml\n");
    write(folder.path(), "parts/one.yaml", "[1, 2]\n");
    let main = write(
        folder.path(),
        "butler.yaml",
        "includeConfigs: [more.yaml]\na: {z: yes}\nlist: !include parts/one.yaml\n\
         all: !include [parts/one.yaml, base.yaml]\nnamed: !include {p: parts/one.yaml}\n",
    );
    let want = json!({
        "a": {"x": 1, "y": 3, "z": true}, "b": "base", "list": [1, 2],
        "all": [[1, 2], {"a": {"x": 1, "y": 2}, "b": "base"}], "named": {"p": [1, 2]},
    });
    assert_eq!(read_value(&main).unwrap(), want);
}

#[test]
fn files_that_include_each_other_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.yaml", "includeConfigs: b.yaml\n");
    write(folder.path(), "b.yaml", "includeConfigs: a.yaml\n");
    assert_eq!(read_value(&path).unwrap_err().kind(), ErrorKind::Config);
    let path = write(folder.path(), "bad.yaml", "a: [1\n");
    assert_eq!(read_value(&path).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_repository_has_labels() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    Butler::make_repo(root.to_str().unwrap(), &MakeRepoOptions::default()).unwrap();
    let uri = format!("file://{}", root.display());
    let index = write(folder.path(), "index.yaml", &format!("main: {uri}\nother: /x\n"));
    let file = Environment {
        repository_index: Some(index.to_str().unwrap().to_owned()),
        ..Environment::default()
    };
    let inline = Environment {
        repositories: Some(format!("{{\"main\": \"{}\"}}", root.display())),
        ..Environment::default()
    };
    for environment in [&file, &inline] {
        let found = Location::find("main", environment).unwrap();
        assert_eq!(found.root, root);
        assert_eq!(found.file, root.join("butler.yaml"));
    }
    let place = root.to_str().unwrap();
    assert_eq!(Location::find(place, &file).unwrap().root, root);
    let error = Location::find("mian", &file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.hint_text(), Some("known labels: main, other"));
}

#[test]
fn the_root_may_be_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conf/my.yaml");
    let root = folder.path().join("data");
    std::fs::create_dir_all(folder.path().join("conf")).unwrap();
    let options = MakeRepoOptions {
        outfile: Some(file.to_str().unwrap().to_owned()),
        ..MakeRepoOptions::default()
    };
    Butler::make_repo(root.to_str().unwrap(), &options).unwrap();
    let config = Config::open(file.to_str().unwrap(), &Environment::default()).unwrap();
    assert_eq!(config.root(), root);
    assert_eq!(config.sqlite_path().unwrap(), root.join("gen3.sqlite3"));
    assert_eq!(config.datastore_root().unwrap(), root);
    assert_eq!(config.datastore_name(), "FileDatastore@<butlerRoot>");
}

#[test]
fn butler_yaml_is_written_as_the_reference_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let seed = json!({
        "datastore": {
            "checksum": true,
            "formatters": {
                "StructuredDataList": "lsst.daf.butler.formatters.yaml.YamlFormatter",
                "stats": "lsst.daf.butler.formatters.json.JsonFormatter",
            },
            "templates": {"stats": "{run:/}/stats/{instrument}/{visit:08d}_{detector:03d}_{band}"},
        },
    });
    let options = MakeRepoOptions { seed: Some(seed), ..MakeRepoOptions::default() };
    Butler::make_repo(place, &options).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/gen3/sample-repo/butler.yaml");
    let want = crate::files::read_text(&sample).unwrap();
    let written = crate::files::read_text(&folder.path().join("butler.yaml")).unwrap();
    assert_eq!(written, want);
    let error = Butler::make_repo(place, &MakeRepoOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "file_exists"));
}

#[test]
fn folders_of_defaults_lie_between() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    Butler::make_repo(root.to_str().unwrap(), &MakeRepoOptions::default()).unwrap();
    let defaults = |name: &str, template: &str| {
        let text = format!(
            "datastore:\n  templates: {{default: '{template}', x: '{template}'}}\n"
        );
        write(folder.path(), &format!("{name}/datastores/fileDatastore.yaml"), &text);
        folder.path().join(name)
    };
    let environment = Environment {
        config_path: vec![defaults("first", "{run}/1"), defaults("second", "{run}/2")],
        ..Environment::default()
    };
    let config = Config::open(root.to_str().unwrap(), &environment).unwrap();
    assert_eq!(config.text("datastore.templates.x"), Some("{run}/1"));
    assert!(config.get("datastore.formatters.int").is_some());
}
