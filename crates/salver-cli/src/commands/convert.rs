//! `convert`.

use std::path::PathBuf;

use clap::Args;
use salver::files::{ConvertOptions, convert};
use salver::tree::{EncodeOptions, Limits, Select};
use salver::{Error, ErrorKind, Op, Result};
use serde_json::json;

use crate::input::{numbers, pairs, split_commas};
use crate::output::Out;

/// Write a file's tree to a new file of another format.
///
/// A tree that the new format cannot hold is refused before anything is written.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// The file to read: its ending, else its first bytes tell the format.
    input: PathBuf,
    /// The file to write, which must not be there yet.
    output: PathBuf,
    /// Format to write; the ending tells otherwise.
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Format to read, where neither ending nor first bytes tell.
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Compression of the new file, by the name that its format has for it.
    #[arg(long, value_name = "NAME")]
    compression: Option<String>,
    /// Shape of tiles or chunks, slowest axis first: `256,256`.
    #[arg(long, value_name = "N,N")]
    tile: Option<String>,
    /// Further settings of the new format; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    option: Vec<String>,
    /// The node to convert, as a JSON Pointer: `/catalog`.
    #[arg(long, value_name = "PATH")]
    part: Option<String>,
    /// Columns of tables to keep, names or globs; comma-separated, repeatable.
    #[arg(long, value_name = "COLUMN")]
    columns: Vec<String>,
    /// The most memory that decoding may take: bytes, or such as `4GiB`.
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<String>,
}

impl Convert {
    pub(crate) fn run(&self) -> Result<Out> {
        let columns = split_commas(&self.columns);
        let select = Select {
            part: self.part.clone(),
            columns: (!columns.is_empty()).then_some(columns),
            limits: limits(self.max_memory.as_deref())?,
            ..Select::lazy()
        };
        let encode = EncodeOptions {
            compression: self.compression.clone(),
            tile: self.tile.as_deref().map(tile).transpose()?,
            extra: pairs(&self.option)?.into_iter().collect(),
        };
        let (from, format) = (self.from.clone(), self.format.clone());
        let options = ConvertOptions { from, format, select, encode };
        let made = convert(&self.input, &self.output, &options)?;
        let text =
            format!("{} ({} bytes, {})", self.output.display(), made.bytes, made.to);
        let json = json!({"path": self.output, "bytes": made.bytes, "format": made.to,
            "from": made.from});
        Ok(Out::line(text, json))
    }
}

fn tile(text: &str) -> Result<Vec<u64>> {
    let wrong = || {
        Error::new(ErrorKind::InvalidInput, Op("cli.tile"), "not a shape")
            .with("given", text)
            .hint("such as `256,256`")
    };
    // axes beyond 2⁵³ are no whole numbers to `numbers`
    let axes = numbers(text)?.into_iter().map(|x| x.to_string().parse::<u64>());
    let axes: Vec<u64> =
        axes.collect::<Result<_, _>>().map_err(|e| wrong().caused_by(e))?;
    match axes.contains(&0) {
        true => Err(wrong()),
        false => Ok(axes),
    }
}

/// A memory limit: `1000`, `512MiB`, `4GiB`, `2GB`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub(crate) fn limits(text: Option<&str>) -> Result<Limits> {
    const UNITS: [(&str, u64); 9] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
    ];
    let Some(text) = text else { return Ok(Limits::DEFAULT) };
    let trimmed = text.trim();
    let unit = UNITS.iter().find_map(|(name, factor)| {
        trimmed.strip_suffix(name).map(|rest| (rest, *factor))
    });
    let (digits, factor) = unit.unwrap_or((trimmed, 1));
    let bytes = digits.trim().parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    bytes.map(Limits::memory).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, Op("cli.max_memory"), "not a size")
            .with("given", text)
            .hint("a number of bytes, or such as `512MiB`, `4GiB`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(limits(Some("4GiB")).unwrap(), Limits::memory(4 << 30));
        assert_eq!(limits(Some(" 10 kB ")).unwrap(), Limits::memory(10_000));
        assert_eq!(limits(Some("7")).unwrap(), Limits::memory(7));
        assert_eq!(limits(None).unwrap(), Limits::DEFAULT);
        assert!(limits(Some("4 gallons")).is_err());
    }

    #[test]
    fn a_tile_is_whole_and_not_empty() {
        assert_eq!(tile("256,128").unwrap(), [256, 128]);
        assert!(tile("0,1").is_err());
        assert!(tile("1.5").is_err());
    }
}
