//! Measures npy, pickle, JSON and Parquet: `formats_speed DIRECTORY`, best on a memory file system.
//!
//! Prints the best of several runs, in milliseconds (JSON: microseconds). What to compare with:
//! `testdata/formats/speed.py` does the same with NumPy, pickle, json and pyarrow on the same files.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_formats::{Json, by_name};
use salver_tree::{
    Array, DType, EncodeOptions, Format, Select, Sink, Source, Table, TableData, Tree,
    filled,
};

const OP: Op = Op("speed");

/// A file as a source and a sink.
#[derive(Debug)]
#[expect(
    clippy::disallowed_types,
    reason = "a program that measures reads its own files"
)]
struct File(std::fs::File, u64);

impl Source for File {
    fn len(&self) -> u64 {
        self.1
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
        self.0.read_exact_at(buffer, offset).op(ErrorKind::Corrupt, OP, "read")
    }
}

impl Sink for File {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all_at(bytes, self.1).op(ErrorKind::Io, OP, "write")?;
        self.1 += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> u64 {
        self.1
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "a program that measures reads its own files"
)]
fn open(path: &Path) -> Result<Arc<dyn Source>> {
    let file = std::fs::File::open(path).op(ErrorKind::Io, OP, "open")?;
    let length = file.metadata().op(ErrorKind::Io, OP, "metadata")?.len();
    Ok(Arc::new(File(file, length)))
}

#[expect(
    clippy::disallowed_types,
    reason = "a program that measures reads its own files"
)]
fn create(path: &Path) -> Result<File> {
    Ok(File(std::fs::File::create(path).op(ErrorKind::Io, OP, "create")?, 0))
}

/// The best time of `runs`, in seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a program that measures looks at the clock"
)]
fn best(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn read(format: &Arc<dyn Format>, path: &Path, select: &Select) -> Result<Tree> {
    let source = open(path)?;
    let index = Arc::new(format.index(&source)?);
    format.decode(&index, select, &source)
}

#[expect(clippy::print_stdout, reason = "a program that measures prints what it found")]
fn both(name: &str, path: &Path, tree: &Tree) -> Result<()> {
    let format =
        by_name(name).ok_or_else(|| Error::new(ErrorKind::NotFound, OP, name))?;
    let put = best(5, || {
        let mut file = create(path)?;
        format.encode(tree, &EncodeOptions::default(), &mut file).map(|_| ())
    })?;
    let get = best(25, || read(&format, path, &Select::all()).map(drop))?;
    println!("{name:8} put {:8.2} ms   get {:8.2} ms", put * 1e3, get * 1e3);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program that measures prints what it found")]
fn json() -> Result<()> {
    let text = r#"{"visit": 101, "detector": 0, "mean": 101.25, "note": "é", "list": [1, 2, 3], "deep": {"a": null, "b": true}}"#;
    let tree = Json::parse(text)?;
    let many =
        |work: &dyn Fn() -> Result<()>| best(5, || (0..1000).try_for_each(|_| work()));
    let parse = many(&|| Json::parse(text).map(drop))?;
    let render = many(&|| Json::render(&tree).map(drop))?;
    println!("json     render {:6.2} us   parse {:6.2} us", render * 1e3, parse * 1e3);
    Ok(())
}

fn table() -> Result<Tree> {
    const ROWS: u32 = 1_000_000;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for k in 0..18_u32 {
        let mix = move |i: u32| i.wrapping_mul(2_654_435_761).wrapping_add(k * 97);
        let column: ArrayRef = if k < 4 {
            Arc::new((0..ROWS).map(|i| Some(i64::from(mix(i)))).collect::<Int64Array>())
        } else {
            Arc::new(
                (0..ROWS)
                    .map(|i| Some(f64::from(mix(i)) * 1e-3))
                    .collect::<Float64Array>(),
            )
        };
        columns.push((format!("c{k}"), column));
    }
    let batch =
        RecordBatch::try_from_iter(columns).op(ErrorKind::Internal, OP, "table")?;
    Ok(Tree::Table(Table::new(batch.schema(), vec![batch])?))
}

#[expect(clippy::print_stdout, reason = "a program that measures prints what it found")]
fn main() -> Result<()> {
    let directory =
        PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let shape = vec![4096, 4096];
    let buffer = filled(DType::F32, 64 << 20, |bytes| {
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(i % 251).unwrap_or(0);
        }
        Ok(())
    })?;
    let array = Tree::Array(Array::new(DType::F32, shape, buffer)?);
    both("npy", &directory.join("speed.npy"), &array)?;
    both("pickle", &directory.join("speed.pickle"), &array)?;
    json()?;
    let path = directory.join("speed.parq");
    both("parquet", &path, &table()?)?;
    let format =
        by_name("parquet").ok_or_else(|| Error::new(ErrorKind::NotFound, OP, ""))?;
    let columns = Some(vec!["c3".to_owned(), "c17".to_owned()]);
    let select = Select { columns, ..Select::all() };
    let two = best(5, || read(&format, &path, &select).map(drop))?;
    println!("parquet  two columns   get {:8.2} ms", two * 1e3);
    let tree = read(&format, &path, &select)?;
    let loaded = matches!(tree.as_table().map(Table::data), Some(TableData::Loaded(_)));
    println!("loaded: {loaded}");
    Ok(())
}
