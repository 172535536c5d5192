//! Opening files, and writing trees to new ones.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_store::Local;
use salver_tree::{EncodeOptions, Format, PartIndex, Select, Source, Tree};
use serde_json::Value as Json;

use super::convert::write_as;

const OP: Op = Op("files.open");

/// How many bytes tell a format.
const FIRST: u64 = 80;

/// A file of a known format, with the places of its parts.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// What reads it.
    pub format: Arc<dyn Format>,
    /// Where its parts are.
    pub index: Arc<PartIndex>,
    /// Its bytes, counted.
    pub source: Arc<Counting>,
}

impl OpenFile {
    /// Opens a file: its ending, else its first bytes tell the format.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Unsupported`] where nothing tells the format; as the
    /// format's `index`.
    pub fn open(path: &Path) -> Result<Self> {
        let source = Arc::new(Counting::new(Local::open_path(path.to_path_buf(), None)?));
        let format = format_of(&path.to_string_lossy(), &*source)?;
        Self::indexed(path, format, source)
    }

    /// Opens a file as one of the given format.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; as the format's `index`.
    pub fn open_as(path: &Path, format: Arc<dyn Format>) -> Result<Self> {
        let source = Arc::new(Counting::new(Local::open_path(path.to_path_buf(), None)?));
        Self::indexed(path, format, source)
    }

    fn indexed(
        path: &Path,
        format: Arc<dyn Format>,
        source: Arc<Counting>,
    ) -> Result<Self> {
        let index = format.index(&(Arc::clone(&source) as Arc<dyn Source>));
        let index = Arc::new(index.map_err(|e| e.with("path", path.display()))?);
        Ok(Self { format, index, source })
    }

    /// Reads what is selected.
    ///
    /// # Errors
    /// As the format's `decode`.
    pub fn read(&self, select: &Select) -> Result<Tree> {
        let source = Arc::clone(&self.source) as Arc<dyn Source>;
        self.format.decode(&self.index, select, &source)
    }
}

/// The format of a file.
fn format_of(path: &str, source: &dyn Source) -> Result<Arc<dyn Format>> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut dots = file.match_indices('.').filter_map(|(i, _)| file.get(i..));
    if let Some(found) = dots.find_map(salver_formats::by_extension) {
        return Ok(found);
    }
    let first = source.read(&[0..source.len().min(FIRST)])?;
    let sniffed = first.first().and_then(|bytes| salver_formats::sniff(bytes));
    sniffed.ok_or_else(|| {
        let message = "neither ending nor first bytes tell the format";
        Error::new(ErrorKind::Unsupported, OP, message)
            .with("path", path)
            .with("known", salver_formats::names().join(", "))
    })
}

/// Reads a whole file as a tree; arrays and tables stay in it until they are used.
///
/// # Errors
/// As [`OpenFile::open`] and the format's `decode`.
pub fn read_tree(path: &Path) -> Result<Tree> {
    OpenFile::open(path)?.read(&Select::lazy())
}

/// Reads a file of plain values (YAML, JSON), or the rows of a table (Parquet, FITS), as JSON.
///
/// # Errors
/// As [`read_tree`]; [`ErrorKind::InvalidInput`] for what has no JSON form.
pub fn read_document(path: &Path) -> Result<Json> {
    let tree = OpenFile::open(path)?.read(&Select::all())?;
    crate::values::to_json(&tree)
}

/// Writes a tree to a new file in the format that its ending names; gives the number of bytes.
///
/// # Errors
/// [`ErrorKind::Conflict`] where there is a file; [`ErrorKind::Unsupported`] for an ending that
/// names no format, or a tree that the format does not hold; as writing.
pub fn write_tree(path: &Path, tree: &Tree) -> Result<u64> {
    let format = by_ending(Op("files.write"), path)?;
    let index = write_as(path, tree, &*format, &EncodeOptions::default())?;
    Ok(index.length)
}

/// The format that a file's ending names.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where it names none.
pub(super) fn by_ending(op: Op, path: &Path) -> Result<Arc<dyn Format>> {
    let name = path.to_string_lossy();
    let file = name.rsplit('/').next().unwrap_or(&name);
    let mut dots = file.match_indices('.').filter_map(|(i, _)| file.get(i..));
    dots.find_map(salver_formats::by_extension).ok_or_else(|| {
        let message = "the ending names no format";
        Error::new(ErrorKind::Unsupported, op, message)
            .with("path", path.display())
            .with("known", salver_formats::names().join(", "))
    })
}

/// Writes a new file.
///
/// # Errors
/// [`ErrorKind::Conflict`] where there is one; as writing.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = absolute(path);
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    if crate::config::create_file(folder, name, bytes)? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, Op("files.write"), "there is a file already")
        .code_of("file_exists")
        .with("path", path.display()))
}

/// The text of a file.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Limit`] over 16 MiB, [`ErrorKind::Config`] where it is
/// not UTF-8; as reading.
pub fn read_text(path: &Path) -> Result<String> {
    crate::config::read_text(path)
}

/// The path of a `file:` URI.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for another scheme.
pub fn path_of(uri: &str) -> Result<PathBuf> {
    salver_store::path_of_uri(uri)
}

/// A path seen from the root; relative ones begin at the present folder.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// A source that counts the bytes it moves.
#[derive(Debug)]
pub struct Counting {
    inner: Arc<dyn Source>,
    bytes: AtomicU64,
    requests: AtomicU64,
}

impl Counting {
    /// Counts what is read of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Source>) -> Self {
        Self { inner, bytes: AtomicU64::new(0), requests: AtomicU64::new(0) }
    }

    /// Bytes moved so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ranges asked for so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn count(&self, bytes: u64, requests: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }
}

impl Source for Counting {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let bytes = ranges.iter().map(|r| r.end.saturating_sub(r.start)).sum();
        self.count(bytes, ranges.len() as u64);
        self.inner.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.count(buffer.len() as u64, 1);
        self.inner.read_into(offset, buffer)
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}

#[cfg(test)]
mod tests {
    use salver_tree::MemorySource;

    use super::*;

    #[test]
    fn bytes_and_requests_are_counted() {
        let source = Counting::new(Arc::new(MemorySource::new(vec![1; 100])));
        source.read(&[0..10, 20..25]).unwrap();
        source.read_into(50, &mut [0; 7]).unwrap();
        assert_eq!((source.bytes(), source.requests()), (22, 3));
    }
}
