//! From one format to another.

use std::path::Path;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_store::{Key, Local, Store as _, Sync, Unsynced, ready};
use salver_tree::{EncodeOptions, Format, PartIndex, Select, Tree};

use super::open::{OpenFile, absolute, by_ending};

const OP: Op = Op("files.convert");

/// How a file is converted.
#[derive(Debug, Clone, Default)]
pub struct ConvertOptions {
    /// The format to read, by name; `None` where ending and first bytes tell.
    pub from: Option<String>,
    /// The format to write, by name; `None` where the ending tells.
    pub format: Option<String>,
    /// What is read; arrays and tables are left in the file until they are written.
    pub select: Select,
    /// How the format writes.
    pub encode: EncodeOptions,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Converted {
    /// Name of the format that was read.
    pub from: &'static str,
    /// Name of the format that was written.
    pub to: &'static str,
    /// Length of the new file.
    pub bytes: u64,
    /// Where its parts are.
    pub index: PartIndex,
}

/// Writes the tree of one file to a new file, perhaps of another format. The new file is there
/// whole or not at all.
///
/// # Errors
/// [`ErrorKind::Conflict`] where there is a file already; [`ErrorKind::Unsupported`] where nothing
/// tells a format, or the tree does not fit: the node is named, and the formats that would hold it
/// are the hint; as reading and writing.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &ConvertOptions,
) -> Result<Converted> {
    let format = match &options.format {
        Some(name) => format_named(name)?,
        None => by_ending(OP, output)?,
    };
    refuse_taken(output)?;
    let file = match &options.from {
        Some(name) => OpenFile::open_as(input, format_named(name)?)?,
        None => OpenFile::open(input)?,
    };
    let select = Select { lazy: true, ..options.select.clone() };
    let tree = file.read(&select).map_err(|e| e.with("path", input.display()))?;
    let index = write_as(output, &tree, &*format, &options.encode)?;
    let (from, to) = (file.format.name(), format.name());
    Ok(Converted { from, to, bytes: index.length, index })
}

/// The format of this name.
///
/// # Errors
/// [`ErrorKind::InvalidInput`], naming those that are known.
pub fn format_named(name: &str) -> Result<Arc<dyn Format>> {
    salver_formats::by_name(name).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, OP, "no format of this name")
            .with("format", name)
            .with("known", salver_formats::names().join(", "))
    })
}

fn refuse_taken(path: &Path) -> Result<()> {
    if std::fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    Err(taken(path))
}

fn taken(path: &Path) -> Error {
    Error::new(ErrorKind::Conflict, Op("files.write"), "there is a file already")
        .code_of("file_exists")
        .with("path", path.display())
}

/// Writes a tree to a new file, which is there whole or not at all.
///
/// # Errors
/// As [`convert`].
pub(super) fn write_as(
    path: &Path,
    tree: &Tree,
    format: &dyn Format,
    options: &EncodeOptions,
) -> Result<PartIndex> {
    let op = Op("files.write");
    let able = format.capabilities();
    let wanted = options.compression.as_deref();
    if let Some(name) = wanted
        && name != "none"
        && !able.compressions.contains(&name)
    {
        let message = "the format has no such compression";
        return Err(Error::new(ErrorKind::Unsupported, op, message)
            .with("format", format.name())
            .with("compression", name)
            .with("known", able.compressions.join(", ")));
    }
    able.check(op, tree).map_err(|e| holders(e, tree, format))?;
    let path = absolute(path);
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let store = Local::new(folder);
    let key = Key::parse(name)?;
    ready(async {
        let mut unsynced = Unsynced::default();
        let mut stage = store.stage(&key).await?;
        let made = format.encode(tree, options, &mut *stage);
        let index = made.map_err(|e| holders(e, tree, format))?;
        stage.finish(Sync::Now).await?;
        if !stage.publish(&key, &mut unsynced).await? {
            return Err(taken(&path));
        }
        store.sync(&unsynced).await?;
        Ok(index)
    })
}

/// Adds the format that refused a tree, and those that would take it, to its error.
fn holders(error: Error, tree: &Tree, refused: &dyn Format) -> Error {
    if error.kind() != ErrorKind::Unsupported {
        return error;
    }
    let others = salver_formats::names().into_iter().filter(|&name| {
        let format = salver_formats::by_name(name);
        name != refused.name()
            && format.is_some_and(|f| f.capabilities().check(OP, tree).is_ok())
    });
    let others: Vec<_> = others.collect();
    let error = error.with("format", refused.name());
    if others.is_empty() {
        return error;
    }
    error.hint(format!("formats that hold it: {}", others.join(", ")))
}

#[cfg(test)]
mod tests {
    use salver_tree::Map;

    use super::*;

    #[test]
    fn uc_054_a_tree_that_does_not_fit_names_node_and_formats_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("a.json"), folder.path().join("a.npy"));
        super::super::write_bytes(&input, b"{\"a\": [1, null]}").unwrap();
        let error = convert(&input, &output, &ConvertOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.context().iter().any(|(key, _)| *key == "node"), "{error}");
        assert!(error.hint_text().unwrap().contains("yaml"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.json");
        super::super::write_bytes(&output, b"[]").unwrap();
        let tree = Tree::Map(Map::new());
        let error = super::super::write_tree(&output, &tree).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(super::super::read_text(&output).unwrap(), "[]");
    }
}
