//! Where a repository is: a folder, a file, or a label of the repository index.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::Value;

use super::file::{exists, read_value};
use super::yaml::parse;

/// What the faces found in the environment. The default is an empty environment.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `DAF_BUTLER_REPOSITORY_INDEX`: path or `file:` URI of the repository index.
    pub repository_index: Option<String>,
    /// `DAF_BUTLER_REPOSITORIES`: the index itself, as YAML or JSON text.
    pub repositories: Option<String>,
    /// `DAF_BUTLER_CONFIG_PATH`, split at `:`; the first has the highest priority.
    pub config_path: Vec<PathBuf>,
}

impl Environment {
    /// Labels and the places they stand for. A label given inline wins over the index file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an index that is no mapping of text to text; as reading the file.
    pub fn labels(&self) -> Result<BTreeMap<String, String>> {
        let mut labels = BTreeMap::new();
        if let Some(index) = &self.repository_index {
            labels.extend(label_map(&read_value(&local_path(index)?)?, index)?);
        }
        if let Some(text) = &self.repositories {
            let value = super::yaml::value_of(&parse(text)?)?;
            labels.extend(label_map(&value, "DAF_BUTLER_REPOSITORIES")?);
        }
        Ok(labels)
    }
}

fn label_map(value: &Value, from: &str) -> Result<BTreeMap<String, String>> {
    let wrong = || {
        let message = "a repository index maps labels to URIs";
        Error::new(ErrorKind::Config, Op("config.labels"), message).with("index", from)
    };
    let map = value.as_object().ok_or_else(wrong)?;
    let pair = |(label, uri): (&String, &Value)| {
        Ok((label.clone(), uri.as_str().ok_or_else(wrong)?.to_owned()))
    };
    map.iter().map(pair).collect()
}

/// A repository found: its configuration file and the folder that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The configuration file, absolute.
    pub file: PathBuf,
    /// The folder that holds it: what `<butlerRoot>` stands for.
    pub root: PathBuf,
}

impl Location {
    /// Finds a repository by label, by folder, or by configuration file.
    ///
    /// A label is tried first; a `file:` URI is a path; a folder means its `butler.yaml`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no configuration; [`ErrorKind::Unsupported`] for a
    /// place that is not on this machine's files; as [`Environment::labels`].
    pub fn find(place: &str, environment: &Environment) -> Result<Self> {
        let labels = environment.labels()?;
        let target = labels.get(place).map_or(place, String::as_str);
        let path = local_path(target)?;
        let file = if path.is_dir() { path.join("butler.yaml") } else { path };
        if !exists(&file)? {
            let known: Vec<_> = labels.keys().map(String::as_str).collect();
            let hint = if known.is_empty() {
                "`salver create` makes a repository; no repository index is defined"
                    .into()
            } else {
                format!("known labels: {}", known.join(", "))
            };
            return Err(Error::new(
                ErrorKind::NotFound,
                Op("butler.open"),
                "no repository there",
            )
            .code_of("file_not_found")
            .with("place", place)
            .with("expected", file.display())
            .hint(hint));
        }
        let root = file.parent().unwrap_or_else(|| Path::new("/")).to_path_buf();
        Ok(Self { file, root })
    }
}

/// The absolute path of a path or `file:` URI.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for another scheme.
pub(crate) fn local_path(place: &str) -> Result<PathBuf> {
    let path = if place.starts_with("file:") {
        salver_store::path_of_uri(place)?
    } else if let Some((scheme, _)) = place.split_once("://") {
        let message = "only repositories on local files can be opened";
        return Err(Error::new(ErrorKind::Unsupported, Op("butler.open"), message)
            .with("place", place)
            .with("scheme", scheme)
            .hint("give a path or a `file:` URI"));
    } else {
        PathBuf::from(place)
    };
    std::path::absolute(&path).map_err(|e| {
        Error::new(ErrorKind::InvalidInput, Op("butler.open"), "not a path")
            .with("place", place)
            .caused_by(e)
    })
}
