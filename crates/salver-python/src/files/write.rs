//! Writing.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use salver_core::{
    Error, ErrorKind, IdSource as _, Op, Result, ResultExt as _, SystemIds,
};
use salver_formats::fits::{Header, write_image};
use salver_tree::{EncodeOptions, Format, Kind, Sink, Tree};

use crate::errors::{ToPy, raise};
use crate::interrupt::detached;
use crate::model::{pairs_of, path_text};
use crate::value::{About, to_tree, tree_for};

const OP: Op = Op("python.write_file");

/// The bytes of an object in a format.
#[pyfunction]
#[pyo3(signature = (object, format, options=None, pytype=None, data_id=None))]
pub(crate) fn encode<'py>(
    object: &Bound<'py, PyAny>,
    format: &str,
    options: Option<BTreeMap<String, String>>,
    pytype: Option<&str>,
    data_id: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = object.py();
    let format = format_named(format).to_py(py)?;
    let values = pairs_of(data_id.map(Bound::as_any), None)?;
    let tree = fitting(object, &*format, pytype, &About::given(&values))?;
    let options = encode_options(options.unwrap_or_default()).to_py(py)?;
    let bytes = detached(py, move || {
        let mut bytes: Vec<u8> = Vec::new();
        format.encode(&tree, &options, &mut bytes).map(|_| bytes)
    });
    Ok(PyBytes::new(py, &bytes.to_py(py)?))
}

/// Writes an object to a file in a format; a file that is there is replaced.
#[pyfunction]
#[pyo3(signature = (path, object, format, options))]
pub(crate) fn write_value(
    path: &Bound<'_, PyAny>,
    object: &Bound<'_, PyAny>,
    format: Option<&str>,
    options: BTreeMap<String, String>,
) -> PyResult<()> {
    let py = path.py();
    let path = path_text(path)?;
    let format = match format {
        Some(name) => format_named(name),
        None => format_of_ending(&path),
    };
    let format = format.to_py(py)?;
    let tree = fitting(object, &*format, None, &About::nothing())?;
    let options = encode_options(options).to_py(py)?;
    detached(py, move || {
        let path = PathBuf::from(path);
        replaced(&path, |sink| format.encode(&tree, &options, sink).map(drop))
    })
    .to_py(py)
}

/// The tree of an object as a format holds it: a table without its tag where the format has none.
fn fitting<'py>(
    object: &Bound<'py, PyAny>,
    format: &dyn Format,
    pytype: Option<&str>,
    about: &About<'_, 'py>,
) -> PyResult<Tree> {
    let tree = tree_for(object, pytype, about)?;
    if format.capabilities().kinds.contains(&Kind::Tagged) {
        return Ok(tree);
    }
    Ok(match tree {
        Tree::Tagged(tagged) if matches!(tagged.tree, Tree::Table(_)) => tagged.tree,
        tree => tree,
    })
}

fn format_named(name: &str) -> Result<Arc<dyn Format>> {
    salver_formats::by_name(name).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OP, "no format of this name")
            .with("format", name)
            .with("known", salver_formats::names().join(", "))
    })
}

fn format_of_ending(path: &str) -> Result<Arc<dyn Format>> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut dots = file.match_indices('.').filter_map(|(i, _)| file.get(i..));
    dots.find_map(salver_formats::by_extension).ok_or_else(|| {
        let message = "the ending of the file name tells no format";
        Error::new(ErrorKind::InvalidInput, OP, message)
            .with("path", path)
            .hint(format!("name one: {}", salver_formats::names().join(", ")))
    })
}

/// The formats: name, endings, node kinds, and what they can do.
#[pyfunction]
pub(crate) fn formats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    for name in salver_formats::names() {
        let Some(format) = salver_formats::by_name(name) else { continue };
        let able = format.capabilities();
        let kinds: Vec<String> = able.kinds.iter().map(Kind::to_string).collect();
        let roots: Vec<String> = able.roots.iter().map(Kind::to_string).collect();
        let entry = PyDict::new(py);
        entry.set_item("extensions", salver_formats::extensions_of(name))?;
        entry.set_item("kinds", kinds)?;
        entry.set_item("roots", roots)?;
        entry.set_item("nesting", able.nesting)?;
        entry.set_item("range_reads", able.range_reads)?;
        entry.set_item("compressions", able.compressions)?;
        out.set_item(name, entry)?;
    }
    Ok(out)
}

/// Options by name: `compression` and `tile` are every format's.
fn encode_options(mut extra: BTreeMap<String, String>) -> Result<EncodeOptions> {
    let compression = extra.remove("compression");
    let tile = match extra.remove("tile") {
        None => None,
        Some(text) => {
            let numbers = text.trim_matches(['(', ')', '[', ']']).split([',', 'x']);
            let numbers =
                numbers.map(str::trim).filter(|n| !n.is_empty()).map(str::parse);
            Some(numbers.collect::<std::result::Result<_, _>>().map_err(|e| {
                Error::new(ErrorKind::InvalidInput, OP, "not the shape of a tile")
                    .with("tile", text)
                    .caused_by(e)
            })?)
        }
    };
    Ok(EncodeOptions { compression, tile, extra })
}

/// Writes one image as a FITS file; a file that is there is replaced.
#[pyfunction]
#[pyo3(signature = (path, array, compression=None, tile=None, extra=None))]
pub(crate) fn write_fits_image(
    path: &Bound<'_, PyAny>,
    array: &Bound<'_, PyAny>,
    compression: Option<String>,
    tile: Option<Vec<u64>>,
    extra: Option<BTreeMap<String, String>>,
) -> PyResult<()> {
    let py = path.py();
    let path = PathBuf::from(path_text(path)?);
    let Tree::Array(array) = to_tree(array)? else {
        let error =
            Error::new(ErrorKind::InvalidInput, Op("fits.write_image"), "not an array");
        return Err(raise(py, &error.with("type", array.get_type().name()?)));
    };
    let options = EncodeOptions { compression, tile, extra: extra.unwrap_or_default() };
    detached(py, move || {
        replaced(&path, |sink| {
            write_image(sink, &array, &Header::default(), &options).map(drop)
        })
    })
    .to_py(py)
}

/// A file that is written under another name and then takes the place of the one that is there.
fn replaced(path: &Path, write: impl FnOnce(&mut FileSink) -> Result<()>) -> Result<()> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("file");
    let hidden = path.with_file_name(format!(".{name}.{:016x}", SystemIds.random()));
    let written = FileSink::create(&hidden).and_then(|mut sink| {
        write(&mut sink)?;
        sink.finish()
    });
    let done = written.and_then(|()| rename(&hidden, path));
    done.map_err(|e| {
        remove(&hidden);
        e.with("path", path.display())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "files that a user names, outside of any store"
)]
fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).op(ErrorKind::Io, OP, "the file could not be renamed")
}

#[expect(
    clippy::disallowed_methods,
    reason = "files that a user names, outside of any store"
)]
fn remove(path: &Path) {
    // a file that cannot be removed either is hidden, and the error says why nothing was written
    drop(std::fs::remove_file(path));
}

/// A sink that is a file.
#[derive(Debug)]
struct FileSink {
    #[expect(
        clippy::disallowed_types,
        reason = "files that a user names, outside of any store"
    )]
    file: BufWriter<std::fs::File>,
    written: u64,
}

impl FileSink {
    #[expect(
        clippy::disallowed_types,
        reason = "files that a user names, outside of any store"
    )]
    fn create(path: &Path) -> Result<Self> {
        let file = std::fs::File::create_new(path);
        let file = file.op(ErrorKind::Io, OP, "the file could not be made")?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), written: 0 })
    }

    fn finish(mut self) -> Result<()> {
        self.file.flush().op(ErrorKind::Io, OP, "the file could not be written")
    }
}

impl Sink for FileSink {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let done = self.file.write_all(bytes);
        done.op(ErrorKind::Io, OP, "the file could not be written")?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> u64 {
        self.written
    }
}
