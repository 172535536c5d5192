//! Measures HDF5: `hdf5_speed DIRECTORY`, best on a memory file system.
//!
//! Prints the best of several runs in milliseconds, as JSON: an array of 100 MB in one piece and in
//! compressed chunks, a table of a million rows, a tree of a thousand nodes. What to compare with:
//! `testdata/formats/speed_hdf5.py` does the same with h5py.

#![expect(clippy::print_stdout, reason = "a program that prints its results")]

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use bytes::Bytes;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_formats::Hdf5;
use salver_tree::{
    Array, DType, EncodeOptions, Format as _, Map, Select, Sink, Source, Table, Tree,
    filled,
};

const OP: Op = Op("speed");

/// A file as a source and a sink.
#[derive(Debug)]
#[expect(clippy::disallowed_types, reason = "a program that measures its own files")]
struct File(std::fs::File, u64);

impl File {
    #[expect(clippy::disallowed_types, reason = "a program that measures its own files")]
    fn open(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path).op(ErrorKind::Io, OP, "open")?;
        let length = file.metadata().op(ErrorKind::Io, OP, "length")?.len();
        Ok(Self(file, length))
    }

    #[expect(clippy::disallowed_types, reason = "a program that measures its own files")]
    fn create(path: &Path) -> Result<Self> {
        Ok(Self(std::fs::File::create(path).op(ErrorKind::Io, OP, "create")?, 0))
    }
}

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

/// Noise on a slope: what compresses as images do.
fn image() -> Result<Tree> {
    let mut state = 1_u64;
    let buffer = filled(DType::F32, 100_000_000, |out| {
        for item in out.chunks_exact_mut(4) {
            state =
                state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let [.., low, high] = state.to_le_bytes();
            let value = 1000.0 + f32::from(u16::from_le_bytes([low, high & 7]));
            item.copy_from_slice(&value.to_ne_bytes());
        }
        Ok(())
    })?;
    Ok(Tree::Array(Array::new(DType::F32, vec![5000, 5000], buffer)?))
}

fn table() -> Result<Tree> {
    let floats = |k: i32| -> ArrayRef {
        Arc::new((0..1_000_000).map(|i| f64::from(i * k)).collect::<Float64Array>())
    };
    let ids: ArrayRef = Arc::new((0..1_000_000).collect::<Int64Array>());
    let columns =
        [("id", ids), ("ra", floats(1)), ("dec", floats(2)), ("flux", floats(3))];
    let batch =
        RecordBatch::try_from_iter(columns).op(ErrorKind::Internal, OP, "batch")?;
    Ok(Tree::Table(Table::new(batch.schema(), vec![batch])?))
}

#[expect(clippy::disallowed_methods, reason = "a program that measures")]
fn best(runs: usize, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        call()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

fn measure(name: &str, path: &Path, tree: &Tree, options: &EncodeOptions) -> Result<()> {
    let runs = 3;
    let write = best(runs, || {
        Hdf5.encode(tree, options, &mut File::create(path)?)?;
        Ok(())
    })?;
    let read = best(runs, || {
        let source: Arc<dyn Source> = Arc::new(File::open(path)?);
        let index = Arc::new(Hdf5.index(&source)?);
        drop(Hdf5.decode(&index, &Select::all(), &source)?);
        Ok(())
    })?;
    println!(
        "{{\"what\": \"{name}\", \"write_ms\": {write:.2}, \"read_ms\": {read:.2}}}"
    );
    Ok(())
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let at = |name: &str| Path::new(&folder).join(name);
    let plain = EncodeOptions::default();
    let gzip = EncodeOptions { compression: Some("gzip".into()), ..plain.clone() };
    let image = Tree::Map(Map::from_iter([("image".to_owned(), image()?)]));
    measure("array", &at("array.h5"), &image, &plain)?;
    measure("array_gzip", &at("array_gzip.h5"), &image, &gzip)?;
    let table = Tree::Map(Map::from_iter([("table".to_owned(), table()?)]));
    measure("table", &at("table.h5"), &table, &plain)?;
    let thousand = (0..1000).map(|i| (format!("k{i}"), Tree::from(i)));
    measure("thousand", &at("thousand.h5"), &Tree::Map(thousand.collect()), &plain)
}
