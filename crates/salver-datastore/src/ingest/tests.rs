use std::path::Path;

use salver_core::{ErrorKind, Result};
use salver_model::{DatasetRef, FileRecord};
use salver_store::faults::{self, Fault};
use salver_store::{Key, Local, Store as _, Sync, Unsynced, file_uri, ready};
use serde_json::json;

use super::*;
use crate::ReadRequest;
use crate::tests::{Fixture, files};

const YAML: &str = "lsst.daf.butler.formatters.yaml.YamlFormatter";

/// Puts bytes at a path.
fn write(path: &Path, bytes: &[u8]) {
    let store = Local::new(path.parent().unwrap());
    let key = Key::from_string(path.file_name().unwrap().to_str().unwrap().to_owned());
    let key = key.unwrap();
    ready(async {
        let mut stage = store.stage(&key).await?;
        stage.write(bytes)?;
        stage.finish(Sync::Now).await?;
        assert!(stage.publish(&key, &mut Unsynced::default()).await?);
        Ok(())
    })
    .unwrap();
}

fn fixture(root: &Path) -> Fixture {
    Fixture::new(root, &json!({"root": "<butlerRoot>"}))
}

/// The raws of the sample repository.
fn raws(fixture: &Fixture) -> Vec<DatasetRef> {
    let all = fixture.datasets().into_iter().map(|(dataset, _)| dataset);
    all.filter(|d| d.dataset_type.name() == "raw").collect()
}

fn ingest(
    fixture: &Fixture,
    files: &[(&str, &[DatasetRef])],
    mode: &str,
) -> Result<Vec<FileRecord>> {
    let files: Vec<_> = files
        .iter()
        .map(|&(path, refs)| IngestFile { path, refs, formatter: Some(YAML) })
        .collect();
    ready(async {
        let mut staged = fixture.datastore.stage_ingest(&files, mode.parse()?).await?;
        let records = staged.publish().await?;
        staged.sync().await?;
        staged.keep()?;
        Ok(records)
    })
}

#[test]
fn every_mode_does_what_its_name_says() {
    for (mode, stays, templated) in [
        ("copy", true, true),
        ("move", false, true),
        ("link", true, true),
        ("hardlink", true, true),
        ("symlink", true, true),
        ("relsymlink", true, true),
        ("auto", true, true),
        ("direct", true, false),
        ("split", true, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let fixture = fixture(&dir.path().join("root"));
        let from = dir.path().join("in/a b.1.yaml");
        write(&from, b"a: 1\n");
        let refs = &raws(&fixture)[..2];
        let records = ingest(&fixture, &[(from.to_str().unwrap(), refs)], mode).unwrap();
        assert_eq!(records.len(), 2, "one for each dataset");
        assert_eq!(records[0].path, records[1].path);
        assert_eq!(records[1].dataset_id, refs[1].id);
        assert_eq!((records[0].file_size, records[0].formatter.as_str()), (5, YAML));
        let planned = fixture.datastore.path_for(&refs[0], Some(".yaml")).unwrap();
        let expected =
            if templated { planned.as_str().to_owned() } else { file_uri(&from) };
        assert_eq!(records[0].path, expected, "{mode}");
        assert_eq!(Local::size_of_path(&from).unwrap().is_some(), stays, "{mode}");
        assert!(ready(fixture.datastore.exists(&records[0])).unwrap(), "{mode}");
        if templated {
            let path = dir.path().join("root").join(planned.as_str());
            let is_link = path.symlink_metadata().unwrap().is_symlink();
            assert_eq!(is_link, mode.ends_with("symlink"), "{mode}");
        }
    }
}

#[test]
fn files_inside_stay_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = fixture(dir.path());
    let refs = &raws(&fixture)[..1];
    write(&dir.path().join("ext/shared 1+x.yaml"), b"a: 1\n");
    let absolute = dir.path().join("ext/../ext/shared 1+x.yaml");
    for mode in ["none", "auto", "split"] {
        for path in ["ext/shared 1+x.yaml", absolute.to_str().unwrap()] {
            let records = ingest(&fixture, &[(path, refs)], mode).unwrap();
            assert_eq!(records[0].path, "ext/shared 1+x.yaml", "{mode}");
        }
    }
    let out = tempfile::tempdir().unwrap();
    let outside = out.path().join("x.yaml");
    write(&outside, b"");
    let outside = outside.to_str().unwrap();
    let error = ingest(&fixture, &[(outside, refs)], "none").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let both: [(&str, &[DatasetRef]); 2] =
        [(outside, refs), ("ext/shared 1+x.yaml", &raws(&fixture)[1..2])];
    let error = ingest(&fixture, &both, "auto").unwrap_err();
    assert_eq!(
        error.hint_text(),
        Some("say which transfer mode is meant instead of `auto`")
    );
}

#[test]
fn a_compound_ending_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = fixture(&dir.path().join("root"));
    let from = dir.path().join("x.1.fits.gz");
    write(&from, b"");
    let refs = &raws(&fixture)[..1];
    let file = IngestFile {
        path: from.to_str().unwrap(),
        refs,
        formatter: Some(crate::formatter::FITS_FORMATTER),
    };
    let staged = ready(fixture.datastore.stage_ingest(&[file], IngestMode::Copy));
    let staged = staged.unwrap();
    assert!(staged.planned()[0].path.ends_with("_raw_all.fits.gz"));
}

#[test]
fn uc_073_what_is_wrong_is_found_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let fixture = fixture(&root);
    let refs = raws(&fixture);
    let good = dir.path().join("good.yaml");
    write(&good, b"a: 1\n");
    write(&dir.path().join("bad.fits"), b"");
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let good = at("good.yaml");
    for mode in ["copy", "move", "link"] {
        let fails = |path: &str, refs_of_it: &[DatasetRef]| {
            let files = [(good.as_str(), &refs[..1]), (path, refs_of_it)];
            ingest(&fixture, &files, mode).unwrap_err()
        };
        assert_eq!(fails(&at("absent.yaml"), &refs[1..2]).kind(), ErrorKind::NotFound);
        assert_eq!(fails(&good, &refs[..1]).kind(), ErrorKind::Conflict);
        assert_eq!(fails(&good, &[]).kind(), ErrorKind::InvalidInput);
        let error = fails(&at("bad.fits"), &refs[1..2]);
        assert_eq!(error.hint_text(), Some("it takes .yaml, .yml"));
        assert_eq!(fails(&at(""), &refs[1..2]).kind(), ErrorKind::InvalidInput);
        assert_eq!(fails("s3://b/x.yaml", &refs[1..2]).kind(), ErrorKind::Unsupported);
        assert_eq!(files(&root), [""; 0], "{mode}");
        assert_eq!(Local::size_of_path(Path::new(&good)).unwrap(), Some(5));
    }
}

#[test]
fn a_failure_in_the_middle_takes_everything_back() {
    for mode in ["copy", "move", "hardlink", "symlink", "relsymlink"] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        let fixture = fixture(&root);
        let refs = raws(&fixture);
        let paths: Vec<String> = (0..3)
            .map(|i| {
                let path = dir.path().join(format!("{i}.yaml"));
                write(&path, b"a: 1\n");
                path.to_str().unwrap().to_owned()
            })
            .collect();
        let list: Vec<(&str, &[DatasetRef])> =
            paths.iter().zip(refs.chunks(1)).map(|(p, r)| (p.as_str(), r)).collect();
        let mut named = 0;
        let hook = move |at: &str| {
            let naming = matches!(at, "publish.link" | "link");
            named += usize::from(naming);
            (naming && named == 3).then_some(Fault::Errno(28))
        };
        let error = faults::with(hook, || ingest(&fixture, &list, mode)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{mode}");
        assert_eq!(files(&root), [""; 0], "{mode}");
        assert_eq!(files(dir.path()).len(), 3, "{mode}");
        assert_eq!(ingest(&fixture, &list, mode).unwrap().len(), 3, "again");
    }
}

#[test]
fn a_taken_name_gets_twelve_digits_for_all_its_datasets() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = fixture(&dir.path().join("root"));
    let refs = &raws(&fixture)[..2];
    let from = dir.path().join("x.yaml");
    write(&from, b"a: 1\n");
    for mode in ["copy", "link"] {
        let first = ingest(&fixture, &[(from.to_str().unwrap(), refs)], mode).unwrap();
        let second = ingest(&fixture, &[(from.to_str().unwrap(), refs)], mode).unwrap();
        assert_ne!(first[0].path, second[0].path);
        assert_eq!(second[0].path, second[1].path);
    }
}

#[test]
fn a_checksum_is_that_of_the_file_in_every_mode() {
    let expected = "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce";
    for mode in ["copy", "link", "direct"] {
        let dir = tempfile::tempdir().unwrap();
        let config = json!({"root": "<butlerRoot>", "checksum": true});
        let fixture = Fixture::new(&dir.path().join("root"), &config);
        let from = dir.path().join("x.yaml");
        write(&from, b"");
        let refs = &raws(&fixture)[..1];
        let records = ingest(&fixture, &[(from.to_str().unwrap(), refs)], mode).unwrap();
        assert_eq!(records[0].checksum.as_deref(), Some(expected), "{mode}");
    }
}

#[test]
fn uc_046_a_file_of_several_datasets_is_read_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = fixture(&dir.path().join("root"));
    let refs = &raws(&fixture)[..2];
    let from = dir.path().join("x.json");
    write(&from, b"{\"a\": 1}");
    let json = "lsst.daf.butler.formatters.json.JsonFormatter";
    let file = IngestFile { path: from.to_str().unwrap(), refs, formatter: Some(json) };
    let mut staged =
        ready(fixture.datastore.stage_ingest(&[file], IngestMode::Direct)).unwrap();
    let records = ready(staged.publish()).unwrap();
    staged.keep().unwrap();
    for (dataset, record) in refs.iter().zip(records) {
        let request = ReadRequest::default();
        let read = ready(fixture.datastore.read(dataset, &[record], &request)).unwrap();
        assert_eq!(read.at("/a").unwrap().as_int(), Some(1));
    }
}

#[test]
fn modes_have_the_names_of_the_reference() {
    for (mode, name) in IngestMode::ALL {
        assert_eq!(name.parse::<IngestMode>().unwrap(), mode);
        assert_eq!(mode.to_string(), name);
    }
    let error = "teleport".parse::<IngestMode>().unwrap_err();
    assert!(error.hint_text().unwrap().contains("relsymlink"));
}
