//! The clauses of `Format`'s contract, on real files and on those that astropy wrote.

use std::sync::Arc;

use salver_tree::{
    ArrayData, BoxSelect, EncodeOptions, Format as _, PartKind, Select, Source, Tree,
    ranges,
};

use super::{
    EXAMPLES, Planned, assert_same, compressed, example, goldens, open, read, write,
};
use crate::fits::Fits;

fn everything() -> Vec<(String, Arc<dyn Source>)> {
    let examples = EXAMPLES.iter().map(|name| ((*name).to_owned(), example(name)));
    let goldens = goldens().into_iter().map(|p| (p.display().to_string(), open(p)));
    examples.chain(goldens).collect()
}

/// Files of which every node survives: the ASCII table becomes a binary one.
fn survivors() -> Vec<(String, Arc<dyn Source>)> {
    let mut files = everything();
    files.retain(|(name, _)| !name.ends_with("tables.fits"));
    files
}

#[test]
fn a_file_survives_as_a_tree() {
    for (name, source) in survivors() {
        let tree =
            read(&source, &Select::all()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (written, index) = write(&tree, &EncodeOptions::default()).unwrap();
        assert_eq!(index, Fits.index(&written).unwrap(), "{name}");
        assert_same(&read(&written, &Select::all()).unwrap(), &tree, &name);
    }
}

#[test]
fn plain_files_are_written_as_they_were() {
    let plain = ["m13", "hst_acs_hrc_j8bt06nyq_flt", "tycho2_bright60k"];
    for name in plain {
        let source = example(name);
        let tree = read(&source, &Select::all()).unwrap();
        let (written, _) = write(&tree, &EncodeOptions::default()).unwrap();
        let (old, new) =
            (source.read(&[0..source.len()]), written.read(&[0..written.len()]));
        assert!(old.unwrap() == new.unwrap(), "{name}");
    }
}

#[test]
fn lossless_compression_changes_no_node() {
    for (name, source) in survivors() {
        let tree = read(&source, &Select::all()).unwrap();
        for compression in ["gzip", "gzip2"] {
            let mut options = compressed(compression);
            options.tile = Some(vec![7, 100]);
            let (written, index) = write(&tree, &options).unwrap();
            assert_eq!(index, Fits.index(&written).unwrap(), "{name}");
            let what = format!("{name} {compression}");
            assert_same(&read(&written, &Select::all()).unwrap(), &tree, &what);
        }
    }
}

#[test]
fn only_planned_bytes_are_read() {
    for (name, source) in everything() {
        let index = Arc::new(Fits.index(&source).unwrap());
        for (path, part) in &index.parts {
            let mut selects = vec![Select::part(path)];
            if let PartKind::Array(array) = part {
                let middle = array.shape.iter().map(|&n| {
                    let n = i64::try_from(n).unwrap();
                    n / 3..n / 3 + 4
                });
                let region = Some(BoxSelect(middle.collect()));
                selects.push(Select { region, ..Select::part(path) });
            }
            for select in selects {
                let ranges = ranges(&index, &select).unwrap();
                let planned: Arc<dyn Source> =
                    Arc::new(Planned { inner: Arc::clone(&source), ranges });
                let node = Fits.decode(&index, &select, &planned).unwrap();
                let whole = Fits.decode(&index, &Select::part(path), &source).unwrap();
                let expected = Select { part: None, ..select.clone() };
                assert_eq!(node, whole.cut(&expected).unwrap(), "{name} {path}");
            }
        }
    }
}

#[test]
fn lazy_nodes_load_what_the_others_have() {
    for name in ["m13_rice", "tycho2_bright60k", "desi_coadd_tile5_petal169"] {
        let source = example(name);
        let Tree::Map(lazy) = read(&source, &Select::lazy()).unwrap() else {
            panic!("{name}")
        };
        let loaded = read(&source, &Select::all()).unwrap();
        for (key, hdu) in lazy.iter() {
            let loaded = loaded.as_map().unwrap().get(key).unwrap();
            match hdu.at("/data").unwrap() {
                Tree::Array(array) => {
                    assert!(matches!(array.data(), ArrayData::Lazy(_)));
                    let array = Tree::Array(array.load().unwrap());
                    assert_eq!(&array, loaded.at("/data").unwrap(), "{name} {key}");
                }
                Tree::Table(table) => {
                    let all = table.select(&Select::all()).unwrap();
                    assert_eq!(
                        &Tree::Table(all),
                        loaded.at("/data").unwrap(),
                        "{name} {key}"
                    );
                }
                other => assert_eq!(other, loaded.at("/data").unwrap(), "{name} {key}"),
            }
        }
    }
}

#[test]
fn a_buffer_can_be_owned_by_its_consumer() {
    let source = example("m13_rice");
    let tree = read(&source, &Select::part("/COMPRESSED_IMAGE/data")).unwrap();
    let buffer = tree.as_array().unwrap().buffer().unwrap();
    drop(tree);
    assert_eq!(buffer.into_vec::<i16>().unwrap().len(), 90_000);
}

#[test]
fn nodes_inside_of_headers_are_found() {
    let source = example("m13");
    let crval = read(&source, &Select::part("/PRIMARY/header/CRVAL1")).unwrap();
    assert_eq!(crval, Tree::from(250.4226));
    let card = read(&source, &Select::part("/PRIMARY/cards/0")).unwrap();
    assert!(card.as_str().unwrap().starts_with("SIMPLE  ="));
    let error = read(&source, &Select::part("/PRIMARY/header/NONE")).unwrap_err();
    assert_eq!(error.kind(), salver_core::ErrorKind::NotFound);
    let error = read(&source, &Select::part("/SCI/data")).unwrap_err();
    assert_eq!(error.kind(), salver_core::ErrorKind::NotFound);
}
