//! `show`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use salver::files::{OpenFile, outline};
use salver::model::DatasetRef;
use salver::tree::{Array, Select, Tree};
use salver::{Butler, Error, ErrorKind, GetOptions, Op, Result, files};
use serde_json::{Value as Json, json};

use super::common::{Which, open};
use crate::output::{Out, nodes};
use crate::picture;

/// Show a dataset or a file: the nodes of its tree, with shapes, units, sizes, compression and the
/// places of their bytes.
///
/// `salver show FILE` needs no repository.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// Format of a file, where neither ending nor first bytes tell.
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Write a picture of the first image to this PNG file.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

impl Show {
    pub(crate) fn run(&self) -> Result<Out> {
        let file = Path::new(&self.which.repo);
        let nothing = self.which.dataset_type.is_none() && self.which.id.is_none();
        if nothing && file.is_file() {
            return self.file(file);
        }
        self.dataset()
    }

    fn file(&self, path: &Path) -> Result<Out> {
        let file = open_file(path, self.format.as_deref())?;
        let tree = file.read(&Select::lazy())?;
        self.picture(&tree)?;
        let (text, mut json) = artifact(&path.display().to_string(), &file, &tree);
        json["path"] = json!(path);
        Ok(Out::text(text, json))
    }

    fn dataset(&self) -> Result<Out> {
        let butler = open(&self.which.repo)?;
        let (dataset, component) = self.which.find(&butler)?;
        let options = GetOptions { lazy: true, ..GetOptions::default() };
        let tree = butler.get_ref(&dataset, component.as_deref(), &options)?;
        let mut text = format!("{dataset}\n");
        let mut artifacts = Vec::new();
        for (uri, file) in opened(&butler, &dataset)? {
            let (lines, mut json) = artifact(&uri, &file, &file.read(&Select::lazy())?);
            let _always = write!(text, "\n{lines}");
            json["uri"] = uri.into();
            artifacts.push(json);
        }
        let mut json = json!({"dataset": dataset.to_json(), "artifacts": artifacts});
        if let Some(component) = component {
            let lines = outline(&tree, None);
            let _always = write!(text, "\n{component}\n{}", nodes(&lines));
            json["component"] = json!({"name": component, "nodes": lines.to_json()});
        }
        self.picture(&tree)?;
        Ok(Out::text(text, json))
    }

    fn picture(&self, tree: &Tree) -> Result<()> {
        let Some(path) = &self.png else { return Ok(()) };
        let image = first_image(tree).ok_or_else(no_image)?;
        files::write_bytes(path, &picture::png(image)?)
    }
}

/// A file of the named format, else of what ending and first bytes tell.
pub(crate) fn open_file(path: &Path, format: Option<&str>) -> Result<OpenFile> {
    match format {
        Some(name) => OpenFile::open_as(path, files::format_named(name)?),
        None => OpenFile::open(path),
    }
}

/// An artifact's nodes, for people and for programs.
pub(crate) fn artifact(name: &str, file: &OpenFile, tree: &Tree) -> (String, Json) {
    let (bytes, format) = (file.index.length, file.format.name());
    let lines = outline(tree, Some(&file.index));
    let text = format!("{name} ({bytes} bytes, {format})\n{}", nodes(&lines));
    (text, json!({"bytes": bytes, "format": format, "nodes": lines.to_json()}))
}

fn no_image() -> Error {
    Error::new(ErrorKind::InvalidInput, Op("cli.show"), "no image there")
}

/// The artifacts of a dataset that are files here, opened.
fn opened(butler: &Butler, dataset: &DatasetRef) -> Result<Vec<(String, OpenFile)>> {
    let (whole, parts) = butler.uris(dataset)?;
    let mut out = Vec::new();
    for uri in whole.into_iter().chain(parts.into_values()) {
        if !uri.contains('#') {
            let file = OpenFile::open(&files::path_of(&uri)?)?;
            out.push((uri, file));
        }
    }
    Ok(out)
}

/// The first array of two or more axes in a tree, in order.
pub(crate) fn first_image(tree: &Tree) -> Option<&Array> {
    match tree.untagged() {
        Tree::Array(array) => Some(array).filter(|a| a.shape().len() >= 2),
        Tree::Map(map) => map.iter().find_map(|(_, node)| first_image(node)),
        Tree::List(items) => items.iter().find_map(first_image),
        _ => None,
    }
}
