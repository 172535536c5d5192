//! The configuration of one repository.

use std::path::{Path, PathBuf};

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value};

use super::defaults::defaults;
use super::file::{exists, read_value};
use super::location::{Environment, Location, local_path};
use super::merge::{BUTLER_ROOT, at, merge};

/// The configuration of one repository: what its `butler.yaml` says over the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    location: Location,
    root: PathBuf,
    own: Value,
    merged: Value,
}

/// Sections with defaults, and the file names that a folder of `DAF_BUTLER_CONFIG_PATH` has them in.
const SECTIONS: [(&str, &str); 4] = [
    ("registry", "registry.yaml"),
    ("storageClasses", "storageClasses.yaml"),
    ("datastore", "datastores/fileDatastore.yaml"),
    ("repo_transfer_formats", "repo_transfer_formats.yaml"),
];

impl Config {
    /// Reads the configuration of the repository at a label, a folder or a file.
    ///
    /// # Errors
    /// As [`Location::find`]; [`ErrorKind::Config`] for a file that is no mapping.
    pub fn open(place: &str, environment: &Environment) -> Result<Self> {
        let location = Location::find(place, environment)?;
        let own = read_value(&location.file)?;
        Self::new(location, own, environment)
    }

    /// A configuration from its parts: a place, and the content of its `butler.yaml`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where `own` is no mapping, or its `root` is not text.
    pub fn new(
        location: Location,
        own: Value,
        environment: &Environment,
    ) -> Result<Self> {
        let wrong = |message: &str| {
            Error::new(ErrorKind::Config, Op("config.open"), message)
                .with("path", location.file.display())
        };
        let Some(map) = own.as_object() else {
            return Err(wrong("a repository's configuration is a mapping"));
        };
        let root = match map.get("root") {
            None | Some(Value::Null) => location.root.clone(),
            Some(Value::String(place)) => location.root.join(local_root(place)?),
            Some(_) => return Err(wrong("`root` is a path")),
        };
        let mut merged = defaults().clone();
        for folder in environment.config_path.iter().rev() {
            merge(&mut merged, &folder_defaults(folder)?);
        }
        merge(&mut merged, &own);
        Ok(Self { location, root, own, merged })
    }

    /// The configuration file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.location.file
    }

    /// What `<butlerRoot>` stands for: the folder of the file, unless the key `root` says otherwise.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the repository's own file says, includes resolved.
    #[must_use]
    pub fn own(&self) -> &Value {
        &self.own
    }

    /// Everything: the repository's own over the defaults; `<butlerRoot>` is not replaced.
    #[must_use]
    pub fn merged(&self) -> &Value {
        &self.merged
    }

    /// The value at a path of keys joined with `.`, such as `datastore.records.table`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        at(&self.merged, path)
    }

    /// The text at a path of keys.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// The database's URL with the root filled in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where there is none.
    pub fn database_url(&self) -> Result<String> {
        let Some(url) = self.text("registry.db") else {
            let message = "`registry.db` is missing or not text";
            return Err(Error::new(ErrorKind::Config, Op("config.open"), message)
                .with("path", self.file().display())
                .hint("such as `sqlite:///<butlerRoot>/gen3.sqlite3`"));
        };
        Ok(url.replace(BUTLER_ROOT, &self.root.to_string_lossy()))
    }

    /// The file of a SQLite database: `sqlite:///relative` or `sqlite:////absolute`, a driver
    /// suffix ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for another engine; as [`Self::database_url`].
    pub fn sqlite_path(&self) -> Result<PathBuf> {
        let url = self.database_url()?;
        let engine = url.split(['+', ':']).next().unwrap_or("");
        let path = url.split_once(":///").map(|(_, path)| path);
        match path {
            Some(path) if engine == "sqlite" && !path.is_empty() => {
                Ok(self.root.join(path.split('?').next().unwrap_or(path)))
            }
            _ => {
                let message = "only SQLite databases can be opened";
                Err(Error::new(ErrorKind::Unsupported, Op("butler.open"), message)
                    .with("engine", engine)
                    .with("path", self.file().display())
                    .hint("`registry.db: sqlite:///<butlerRoot>/gen3.sqlite3`"))
            }
        }
    }

    /// The root folder of a file datastore.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a place that is not on this machine's files.
    pub fn datastore_root(&self) -> Result<PathBuf> {
        let root = self.text("datastore.root").unwrap_or(BUTLER_ROOT);
        let filled = root.replace(BUTLER_ROOT, &self.root.to_string_lossy());
        Ok(self.root.join(local_root(&filled)?))
    }

    /// The manager classes of the section `registry.managers`, by kind.
    pub fn managers(&self) -> impl Iterator<Item = (&str, &str)> {
        let managers = self.get("registry.managers").and_then(Value::as_object);
        managers.into_iter().flatten().filter_map(|(kind, value)| {
            let class = value.as_str().or_else(|| value.get("cls")?.as_str())?;
            Some((kind.as_str(), class))
        })
    }

    /// The datastore's name in `dataset_location` rows: `FileDatastore@<butlerRoot>`, the root
    /// as it is written, unless the configuration names it (Gen3 format §9.1).
    #[must_use]
    pub fn datastore_name(&self) -> String {
        let root = self.text("datastore.root").unwrap_or(BUTLER_ROOT);
        let named = self.text("datastore.name").map(str::to_owned);
        named.unwrap_or_else(|| format!("FileDatastore@{root}"))
    }

    /// The section `storageClasses`, as far as the repository or the environment add to the
    /// built-in ones.
    #[must_use]
    pub fn storage_classes(&self) -> Option<&Map<String, Value>> {
        self.get("storageClasses").and_then(Value::as_object)
    }

    /// The section `salver`, which Gen3 does not read.
    #[must_use]
    pub fn salver(&self) -> Option<&Value> {
        self.get("salver")
    }
}

/// A path that may be relative, or a `file:` URI.
fn local_root(place: &str) -> Result<PathBuf> {
    if place.contains("://") || place.starts_with("file:") {
        return local_path(place);
    }
    Ok(PathBuf::from(place))
}

fn folder_defaults(folder: &Path) -> Result<Value> {
    let mut out = Map::new();
    for (section, file) in SECTIONS {
        let path = folder.join(file);
        if !exists(&path)? {
            continue;
        }
        let value = read_value(&path)?;
        if let Some(inner) = value.as_object().and_then(|m| m.get(section)) {
            out.insert(section.to_owned(), inner.clone());
        }
    }
    Ok(Value::Object(out))
}
