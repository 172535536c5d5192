//! Whole files: what astropy wrote, what we write, damaged bytes.

mod contract;
mod damage;
mod golden;
mod tables;
mod trees;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use salver_core::Result;
use salver_tree::{
    Array, EncodeOptions, Format as _, MemorySource, PartIndex, Select, Source, Tree,
};

use super::Fits;

/// The files that the demo uses.
const EXAMPLES: [&str; 11] = [
    "desi_coadd_tile5_petal169",
    "hst_acs_hrc_j8bt06nyq_flt",
    "jwst_nircam_jw01075001001_03105_00009_nrca2_hdr",
    "jwst_nircam_jw01075001001_03105_00009_nrca3_hdr",
    "m13",
    "m13_gzip",
    "m13_hcomp",
    "m13_plio",
    "m13_rice",
    "ngc1316_rice",
    "tycho2_bright60k",
];

/// A file of the project.
#[expect(clippy::disallowed_methods, reason = "test data of the project")]
fn open(path: impl AsRef<Path>) -> Arc<dyn Source> {
    let path = root().join(path);
    let bytes =
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Arc::new(MemorySource::new(bytes))
}

fn example(name: &str) -> Arc<dyn Source> {
    open(format!("examples/data/{name}.fits"))
}

/// The names of the files that astropy wrote.
fn goldens() -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join("testdata/fits")).unwrap();
    let mut files: Vec<_> = files.map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "fits"));
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(source: &Arc<dyn Source>, select: &Select) -> Result<Tree> {
    let index = Arc::new(Fits.index(source)?);
    Fits.decode(&index, select, source)
}

fn write(tree: &Tree, options: &EncodeOptions) -> Result<(Arc<dyn Source>, PartIndex)> {
    let mut bytes = Vec::new();
    let index = Fits.encode(tree, options, &mut bytes)?;
    Ok((Arc::new(MemorySource::new(bytes)), index))
}

/// Fails with the first node that differs.
fn assert_same(a: &Tree, b: &Tree, what: &str) {
    match (a, b) {
        // that of a compressed image's own HDU, which is an HDU of other cards
        (Tree::Str(x), Tree::Str(_)) if what.ends_with("/header/CHECKSUM") => {
            assert_eq!(x.len(), 16, "{what}");
        }
        (Tree::Str(x), Tree::Str(y)) if x.starts_with("CHECKSUM=") => {
            assert_eq!(x.get(28..), y.get(28..), "{what}");
        }
        (Tree::Map(x), Tree::Map(y)) => {
            assert_eq!(
                x.keys().collect::<Vec<_>>(),
                y.keys().collect::<Vec<_>>(),
                "{what}"
            );
            x.iter().zip(y.iter()).for_each(|((k, x), (_, y))| {
                assert_same(x, y, &format!("{what}/{k}"));
            });
        }
        (Tree::List(x), Tree::List(y)) if x.len() == y.len() => {
            x.iter().zip(y).enumerate().for_each(|(i, (x, y))| {
                assert_same(x, y, &format!("{what}/{i}"));
            });
        }
        (Tree::Table(x), Tree::Table(y)) => {
            assert_eq!(x.schema(), y.schema(), "{what}");
            assert!(x == y, "{what}: other rows");
        }
        (Tree::Array(x), Tree::Array(y)) => {
            let about =
                |a: &Array| (a.dtype(), a.shape().to_vec(), a.grid().map(str::to_owned));
            assert_eq!(about(x), about(y), "{what}");
            assert!(x == y, "{what}: other pixels");
        }
        _ => assert_eq!(a, b, "{what}"),
    }
}

fn compressed(name: &str) -> EncodeOptions {
    EncodeOptions { compression: Some(name.to_owned()), ..EncodeOptions::default() }
}

/// A source that gives only what was planned.
#[derive(Debug)]
struct Planned {
    inner: Arc<dyn Source>,
    ranges: Vec<Range<u64>>,
}

impl Planned {
    fn check(&self, range: &Range<u64>) {
        let inside = |r: &Range<u64>| r.start <= range.start && range.end <= r.end;
        let planned = range.is_empty() || self.ranges.iter().any(inside);
        assert!(planned, "{range:?} is not in {:?}", self.ranges);
    }
}

impl Source for Planned {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        for range in ranges {
            self.check(range);
        }
        self.inner.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check(&(offset..offset + buffer.len() as u64));
        self.inner.read_into(offset, buffer)
    }
}
