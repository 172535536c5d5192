//! `show`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use salver::files::OpenFile;
use salver::model::DatasetRef;
use salver::tree::{Array, Chunks, PartIndex, PartKind, Select, Tree};
use salver::{Butler, Error, ErrorKind, GetOptions, Op, Result, files, values};
use serde_json::{Value as Json, json};

use super::common::{Which, open};
use crate::output::Out;
use crate::picture;

/// Show a dataset: what it is, where it is, its parts and their bytes.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// Write a picture of the first image to this PNG file.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

impl Show {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.which.repo)?;
        let (dataset, component) = self.which.find(&butler)?;
        let options = GetOptions { lazy: true, ..GetOptions::default() };
        let tree = butler.get_ref(&dataset, component.as_deref(), &options)?;
        let mut text = format!("{dataset}\n");
        let mut artifacts = Vec::new();
        for (uri, file) in opened(&butler, &dataset)? {
            let line = format!(
                "\n{uri} ({} bytes, {})\n",
                file.index.length,
                file.format.name()
            );
            text.push_str(&line);
            text.push_str(&byte_map(&file.index));
            artifacts.push(json!({"uri": uri, "bytes": file.index.length,
                "format": file.format.name(), "parts": parts_json(&file.index)}));
        }
        text.push('\n');
        outline(&tree, "", 0, &mut text);
        if let Some(path) = &self.png {
            let image = first_image(&tree).ok_or_else(no_image)?;
            files::write_bytes(path, &picture::png(image)?)?;
        }
        let json = json!({"dataset": dataset.to_json(), "artifacts": artifacts});
        Ok(Out::text(text, json))
    }
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

/// Each part of an artifact with the bytes it takes.
fn byte_map(index: &PartIndex) -> String {
    let mut out = String::new();
    for (path, part) in &index.parts {
        let path = if path.is_empty() { "/" } else { path };
        let _always = writeln!(out, "  {path}: {}", of_part(part));
    }
    out
}

fn of_part(part: &PartKind) -> String {
    match part {
        PartKind::Tree(place) => {
            format!("bytes {}..{}", place.offset, place.offset + place.len)
        }
        PartKind::Table(table) => {
            let rows: u64 = table.group_rows.iter().sum();
            format!("{rows} rows of {} columns", table.columns.len())
        }
        PartKind::Array(array) => {
            let shape: Vec<_> = array.shape.iter().map(ToString::to_string).collect();
            let shape = format!("{} [{}]", array.dtype, shape.join(", "));
            match &array.chunks {
                Chunks::Contiguous(p) | Chunks::Whole(p) => {
                    format!("{shape}, bytes {}..{}", p.offset, p.offset + p.len)
                }
                Chunks::Grid { shape: chunk, places } => {
                    let bytes: u64 = places.iter().map(|p| p.len).sum();
                    let chunk: Vec<_> = chunk.iter().map(ToString::to_string).collect();
                    format!(
                        "{shape}, {} chunks of [{}], {bytes} bytes",
                        places.len(),
                        chunk.join(", ")
                    )
                }
            }
        }
    }
}

fn parts_json(index: &PartIndex) -> Json {
    let parts =
        index.parts.iter().map(|(path, part)| (path.clone(), of_part(part).into()));
    Json::Object(parts.collect())
}

/// The tree, a line for each node.
pub(crate) fn outline(tree: &Tree, name: &str, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    let head = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let what = match tree.untagged() {
        Tree::Array(a) => {
            let axes: Vec<_> = a.shape().iter().map(ToString::to_string).collect();
            let unit = a.unit().map(|u| format!(" {u}")).unwrap_or_default();
            format!("array {} [{}]{unit}", a.dtype(), axes.join(", "))
        }
        Tree::Table(t) => {
            let names: Vec<_> =
                t.schema().fields().iter().map(|f| f.name().as_str()).take(12).collect();
            format!("table, {} rows: {}", t.n_rows(), names.join(", "))
        }
        Tree::Map(map) => format!("map of {}", map.len()),
        Tree::List(items) => format!("list of {}", items.len()),
        plain => {
            values::to_json(plain).map_or_else(|_| "bytes".into(), |v| v.to_string())
        }
    };
    let _always = writeln!(out, "{pad}{head}{what}");
    if depth >= 2 {
        return;
    }
    if let Tree::Map(map) = tree.untagged() {
        for (key, node) in map.iter() {
            outline(node, key, depth + 1, out);
        }
    }
}

/// A file's tree, arrays and tables left in it.
pub(crate) fn file_outline(file: &OpenFile) -> Result<String> {
    let mut text = byte_map(&file.index);
    outline(&file.read(&Select::lazy())?, "", 0, &mut text);
    Ok(text)
}
