//! Reading configuration files, with what they include.

use std::path::{Path, PathBuf};

use salver_core::{Error, ErrorKind, Op, Result, ResultExt};
use salver_store::Local;
use salver_tree::Tree;
use serde_json::{Map, Value};

use super::merge::merge;
use super::yaml::{parse, value_of_with};

/// Files larger than this are not configuration.
const LARGEST: u64 = 16 << 20;
/// Files that include each other deeper than this are taken for a cycle.
const DEEPEST: usize = 16;

/// The text of a file.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Limit`] over 16 MiB, [`ErrorKind::Config`] where it is
/// not UTF-8; as reading.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let op = Op("config.read");
    let source = Local::open_path(path.to_path_buf(), None)?;
    if source.len() > LARGEST {
        let error = Error::new(ErrorKind::Limit, op, "a configuration file too large");
        return Err(error.with("path", path.display()).with("bytes", source.len()));
    }
    let mut pieces = source.read(&[0..source.len()])?;
    let bytes = pieces.pop().unwrap_or_default();
    String::from_utf8(bytes.to_vec())
        .op(ErrorKind::Config, op, "a configuration file is UTF-8 text")
        .map_err(|e| e.with("path", path.display()))
}

/// Whether there is a file at a path.
pub(crate) fn exists(path: &Path) -> Result<bool> {
    Ok(Local::size_of_path(path)?.is_some())
}

/// A YAML or JSON file as a value: `!include` replaced, `includeConfigs` merged below it.
///
/// # Errors
/// [`ErrorKind::Config`] for text that is not YAML, a key that is not text, or files that include
/// each other; as reading text.
pub fn read_value(path: &Path) -> Result<Value> {
    read_nested(path, 0).map_err(|e| match e.kind() {
        ErrorKind::Corrupt => {
            Error::new(ErrorKind::Config, Op("config.read"), "not a YAML file")
                .with("path", path.display())
                .caused_by(e)
        }
        _ => e,
    })
}

fn read_nested(path: &Path, depth: usize) -> Result<Value> {
    if depth > DEEPEST {
        let message = "configuration files include each other too deeply";
        return Err(Error::new(ErrorKind::Config, Op("config.read"), message)
            .with("path", path.display()));
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
    let include = |what: &Tree| included(&folder, what, depth + 1);
    let mut value = value_of_with(&parse(&read_text(path)?)?, &include)?;
    let Some(wanted) = value.as_object_mut().and_then(|m| m.remove("includeConfigs"))
    else {
        return Ok(value);
    };
    let mut base = Value::Object(Map::new());
    for name in names(&wanted, path)? {
        merge(&mut base, &read_nested(&folder.join(name), depth + 1)?);
    }
    merge(&mut base, &value);
    Ok(base)
}

/// The files that `includeConfigs` names.
fn names(wanted: &Value, path: &Path) -> Result<Vec<String>> {
    let wrong = || {
        let message = "`includeConfigs` is a file name or a list of them";
        Error::new(ErrorKind::Config, Op("config.read"), message)
            .with("path", path.display())
    };
    match wanted {
        Value::String(one) => Ok(vec![one.clone()]),
        Value::Array(many) => {
            many.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

/// What `!include` stands for: one file, a list of files, or a mapping of names to files.
fn included(folder: &Path, what: &Tree, depth: usize) -> Result<Value> {
    let one = |name: &Tree| -> Result<Value> {
        let name = name.as_str().ok_or_else(|| {
            let message = "`!include` names a file, a list or a mapping of files";
            Error::new(ErrorKind::Config, Op("config.read"), message)
                .with("folder", folder.display())
        })?;
        let path: PathBuf = folder.join(name);
        read_nested(&path, depth)
    };
    match what {
        Tree::List(items) => {
            Ok(Value::Array(items.iter().map(one).collect::<Result<_>>()?))
        }
        Tree::Map(map) => {
            let pairs = map.iter().map(|(k, v)| Ok((k.to_owned(), one(v)?)));
            Ok(Value::Object(pairs.collect::<Result<_>>()?))
        }
        name => one(name),
    }
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| {
        let kind = match e.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
            _ => ErrorKind::Io,
        };
        Error::new(kind, Op("butler.make_repo"), "the folder could not be made")
            .with("path", path.display())
            .caused_by(e)
    })
}
