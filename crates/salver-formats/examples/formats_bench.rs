//! Measures every format on the same data: `formats_bench FOLDER [FORMAT …]`, run by
//! `bench/bench_formats.py`, which makes `image.npy`, `counts.npy`, `table.parq` and
//! `document.json` there. Prints one JSON object per case: format, what, seconds, bytes.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_formats::by_name;
use salver_tree::{BoxSelect, EncodeOptions, Format, Map, Select, Sink, Source, Tree};

const OP: Op = Op("bench");
const RUNS: usize = 3;

/// A file as a source that counts, and as a sink.
#[derive(Debug)]
#[expect(clippy::disallowed_types, reason = "a program that measures has its own files")]
struct File {
    inner: std::fs::File,
    length: u64,
    moved: AtomicU64,
}

impl File {
    #[expect(
        clippy::disallowed_types,
        reason = "a program that measures has its own files"
    )]
    fn open(path: &Path) -> Result<Arc<Self>> {
        let file = std::fs::File::open(path).op(ErrorKind::Io, OP, "open")?;
        let length = file.metadata().op(ErrorKind::Io, OP, "metadata")?.len();
        Ok(Arc::new(Self { inner: file, length, moved: AtomicU64::new(0) }))
    }

    #[expect(
        clippy::disallowed_types,
        reason = "a program that measures has its own files"
    )]
    fn create(path: &Path) -> Result<Self> {
        let file = std::fs::File::create(path).op(ErrorKind::Io, OP, "create")?;
        Ok(Self { inner: file, length: 0, moved: AtomicU64::new(0) })
    }
}

impl Source for File {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Bytes>> {
        let read = |r: &std::ops::Range<u64>| {
            let mut out = vec![0; usize::try_from(r.end - r.start).unwrap_or(0)];
            self.read_into(r.start, &mut out)?;
            Ok(out.into())
        };
        ranges.iter().map(read).collect()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.moved.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.inner.read_exact_at(buffer, offset).op(ErrorKind::Corrupt, OP, "read")
    }
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.inner.write_all_at(bytes, self.length).op(ErrorKind::Io, OP, "write")?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> u64 {
        self.length
    }
}

/// The best time of some runs, in seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a program that measures looks at the clock"
)]
fn best(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

#[expect(clippy::print_stdout, reason = "a program that measures prints what it found")]
fn say(format: &str, what: &str, seconds: f64, bytes: u64) {
    println!(
        r#"{{"format": "{format}", "what": "{what}", "seconds": {seconds:.6}, "bytes": {bytes}}}"#
    );
}

/// One format on one tree.
struct Case<'a> {
    name: &'a str,
    format: &'a str,
    ending: &'a str,
    compression: Option<&'a str>,
    tile: Option<Vec<u64>>,
    extra: &'a [(&'a str, &'a str)],
}

impl Case<'_> {
    fn path(&self, folder: &Path, what: &str) -> PathBuf {
        folder.join(format!(
            "salver-{what}-{}{}",
            self.name.replace(' ', "-"),
            self.ending
        ))
    }

    /// Encodes, decodes and reads each selection.
    fn run(
        &self,
        folder: &Path,
        what: &str,
        tree: &Tree,
        parts: &[(&str, Select)],
    ) -> Result<()> {
        let Some(format) = by_name(self.format) else {
            say(self.name, &format!("{what} not there"), 0.0, 0);
            return Ok(());
        };
        let path = self.path(folder, what);
        let options = EncodeOptions {
            compression: self.compression.map(str::to_owned),
            tile: self.tile.clone(),
            extra: self
                .extra
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        };
        let mut length = 0;
        let put = best(|| {
            let mut file = File::create(&path)?;
            length = format.encode(tree, &options, &mut file)?.length;
            Ok(())
        })?;
        say(self.name, &format!("{what} encode"), put, length);
        let get = best(|| read(&format, &path, &Select::all()).map(drop))?;
        say(self.name, &format!("{what} decode"), get, length);
        for (part, select) in parts {
            let mut moved = 0;
            let get = best(|| {
                moved = read(&format, &path, select)?;
                Ok(())
            })?;
            say(self.name, &format!("{what} {part}"), get, moved);
        }
        Ok(())
    }
}

/// Reads a file; gives the bytes that moved.
fn read(format: &Arc<dyn Format>, path: &Path, select: &Select) -> Result<u64> {
    let file = File::open(path)?;
    let source: Arc<dyn Source> = Arc::<File>::clone(&file);
    let index = Arc::new(format.index(&source)?);
    drop(format.decode(&index, select, &source)?);
    Ok(file.moved.load(Ordering::Relaxed))
}

fn tree(folder: &Path, name: &str, format: &str) -> Result<Tree> {
    let format =
        by_name(format).ok_or_else(|| Error::new(ErrorKind::NotFound, OP, "format"))?;
    let source: Arc<dyn Source> = File::open(&folder.join(name))?;
    let index = Arc::new(format.index(&source)?);
    format.decode(&index, &Select::all(), &source)
}

fn case<'a>(
    name: &'a str,
    format: &'a str,
    ending: &'a str,
    compression: Option<&'a str>,
) -> Case<'a> {
    Case { name, format, ending, compression, tile: None, extra: &[] }
}

fn arrays(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    let image = tree(folder, "image.npy", "npy")?;
    let region = Some(BoxSelect(vec![2000..2050, 2500..2550]));
    let parts = [("cutout", Select { region, ..Select::all() })];
    let tile = Some(vec![256, 256]);
    let level = &[("level", "3")];
    let cases = [
        case("npy", "npy", ".npy", None),
        case("npz", "npz", ".npz", None),
        case("fits", "fits", ".fits", None),
        case("asdf", "asdf", ".asdf", None),
        case("hdf5", "hdf5", ".h5", None),
        case("zarr none", "zarr", ".zarr.zip", Some("none")),
        Case {
            tile: tile.clone(),
            extra: level,
            ..case("zarr", "zarr", ".zarr.zip", Some("zstd"))
        },
        case("json", "json", ".json", None),
    ];
    for case in cases.iter().filter(|c| wanted(c.format)) {
        case.run(folder, "array", &image, &parts)?;
    }
    let counts = tree(folder, "counts.npy", "npy")?;
    let rice = Case {
        tile: Some(vec![256, 256]),
        ..case("fits rice", "fits", ".fits", Some("rice"))
    };
    if wanted("fits") {
        rice.run(folder, "counts", &counts, &parts)?;
    }
    Ok(())
}

fn tables(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    let table = tree(folder, "table.parq", "parquet")?;
    let columns = Some(vec!["c3".to_owned(), "c7".to_owned()]);
    let parts = [("two columns", Select { columns, ..Select::all() })];
    let cases = [
        case("parquet", "parquet", ".parq", None),
        case("arrow", "arrow", ".arrow", None),
        case("fits", "fits", ".fits", None),
        case("asdf", "asdf", ".asdf", None),
        case("hdf5", "hdf5", ".h5", None),
        Case {
            extra: &[("level", "3")],
            ..case("zarr", "zarr", ".zarr.zip", Some("zstd"))
        },
        case("zarr none", "zarr", ".zarr.zip", Some("none")),
    ];
    for case in cases.iter().filter(|c| wanted(c.format)) {
        case.run(folder, "table", &table, &parts)?;
    }
    Ok(())
}

fn documents(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    if wanted("json") {
        let document = tree(folder, "document.json", "json")?;
        case("json", "json", ".json", None).run(folder, "document", &document, &[])?;
    }
    // a thousand nodes without bulk: what the tree itself costs
    let node = |i: i64| {
        let entries = [
            ("number", Tree::from(i)),
            ("text", Tree::from("x")),
            ("real", Tree::Float(0.5)),
        ];
        let map = entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map>();
        (format!("node{i}"), Tree::Map(map))
    };
    let nodes = Tree::Map((0..250).map(node).collect());
    for name in ["json", "yaml", "fits", "asdf", "hdf5", "zarr"] {
        if wanted(name) {
            case(name, name, ".nodes", None).run(folder, "1000 nodes", &nodes, &[])?;
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().unwrap_or_else(|| ".".to_owned()));
    let names: Vec<String> = words.collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    arrays(&folder, &wanted)?;
    tables(&folder, &wanted)?;
    documents(&folder, &wanted)
}
