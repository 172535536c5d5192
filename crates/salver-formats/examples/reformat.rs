//! Writes files again in another format: what the Python tests of formats start.
//!
//! `reformat IN OUT [IN OUT …] [compression=NAME] [KEY=VALUE …]`: endings tell the formats.

#![expect(clippy::disallowed_methods, reason = "an example reads and writes files")]

use std::path::Path;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_formats::by_extension;
use salver_tree::{EncodeOptions, Format, MemorySource, Select, Source};

const OP: Op = Op("reformat");

fn format_of(path: &str) -> Result<Arc<dyn Format>> {
    let ending = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
    by_extension(&format!(".{ending}")).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OP, "no format has this ending")
            .with("path", path)
    })
}

fn reformat(input: &str, output: &str, options: &EncodeOptions) -> Result<()> {
    let bytes = std::fs::read(input).op(ErrorKind::Io, OP, "no such file")?;
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let format = format_of(input)?;
    let index = Arc::new(format.index(&source)?);
    let tree = format.decode(&index, &Select::all(), &source)?;
    let mut out = Vec::new();
    format_of(output)?.encode(&tree, options, &mut out)?;
    std::fs::write(output, out).op(ErrorKind::Io, OP, "not written")
}

fn main() -> Result<()> {
    let mut paths = Vec::new();
    let mut options = EncodeOptions::default();
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("compression", name)) => options.compression = Some(name.to_owned()),
            Some((key, value)) => {
                options.extra.insert(key.to_owned(), value.to_owned());
            }
            None => paths.push(argument),
        }
    }
    for pair in paths.chunks_exact(2) {
        if let [input, output] = pair {
            reformat(input, output, &options)?;
        }
    }
    Ok(())
}
