//! `index`.

use std::path::PathBuf;

use clap::Args;
use salver::files::{OpenFile, absolute};
use salver::tree::{References, kerchunk};
use salver::{ErrorKind, Op, Result, ResultExt as _, store};
use serde_json::Value as Json;

use super::show::open_file;
use crate::output::{Out, say};

/// Print where each array, tile and column of a file is, as JSON.
#[derive(Debug, Args)]
pub(crate) struct Index {
    /// A file of any known format.
    file: PathBuf,
    /// Format of the file, where neither ending nor first bytes tell.
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Print a reference file, as kerchunk and fsspec read it.
    #[arg(long)]
    kerchunk: bool,
    /// Where the references find the file; its path otherwise.
    #[arg(long, value_name = "URL", requires = "kerchunk")]
    url: Option<String>,
}

impl Index {
    pub(crate) fn run(&self) -> Result<Out> {
        let file = open_file(&self.file, self.format.as_deref())?;
        if self.kerchunk {
            return self.references(&file);
        }
        let text = file.index.to_text()?;
        let json: Json = serde_json::from_str(&text).op(
            ErrorKind::Internal,
            Op("cli.index"),
            "an index that is no JSON",
        )?;
        Ok(Out::text(format!("{text}\n"), json))
    }

    fn references(&self, file: &OpenFile) -> Result<Out> {
        let here = || store::file_uri(&absolute(&self.file));
        let url = self.url.clone().unwrap_or_else(here);
        let References { json, left_out } = kerchunk(&file.index, &url)?;
        for (path, reason) in left_out {
            let path = if path.is_empty() { "(root)" } else { &path };
            say(format!("{path} is left out: {reason}"));
        }
        Ok(Out::text(format!("{json}\n"), json))
    }
}
