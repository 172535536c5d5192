//! Making a repository.

use std::path::Path;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::Universe;
use salver_registry::{CreateOptions, Registry};
use serde_json::{Value, json};

use super::core::Butler;
use super::options::MakeRepoOptions;
use crate::config::{self, Config, Location, at, defaults, merge};

const OP: Op = Op("butler.make_repo");

impl Butler {
    /// Makes a repository: the folder, `butler.yaml` and an empty database.
    ///
    /// Everything that Gen3's `butler create` writes is written the same (Gen3 format §1.2,
    /// docs/spec/gen3.md). The database comes first and the configuration last, so a repository
    /// half made is none.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where there is a repository; [`ErrorKind::Unsupported`] for another
    /// engine than SQLite; [`ErrorKind::Config`] for a seed or a universe that is none; as writing.
    pub fn make_repo(place: &str, options: &MakeRepoOptions) -> Result<Config> {
        let root = config::local_path(place)?;
        let file = match &options.outfile {
            Some(file) => config::local_path(file)?,
            None => root.join("butler.yaml"),
        };
        if config::exists(&file)? {
            return Err(there(&file));
        }
        let own = own_section(options, &root, options.outfile.is_some())?;
        let location = Location { file: file.clone(), root: root.clone() };
        let config = Config::new(location, own.clone(), &options.environment)?;
        let universe = match &options.dimensions {
            None => Universe::default_v8(),
            Some(document) => {
                Universe::from_json(&document.to_string()).map_err(|e| {
                    Error::new(ErrorKind::Config, OP, "not a dimension universe")
                        .caused_by(e)
                })?
            }
        };
        let table = config.text("datastore.records.table").unwrap_or_default();
        let create = CreateOptions::default().record_table(table);
        config::make_folder(&root)?;
        Registry::create(config.sqlite_path()?, &universe, &create)?;
        let folder = file.parent().unwrap_or_else(|| Path::new("/"));
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("butler.yaml");
        if !config::create_file(folder, name, config::render(&own)?.as_bytes())? {
            return Err(there(&file));
        }
        Ok(config)
    }
}

fn there(file: &Path) -> Error {
    Error::new(ErrorKind::Conflict, OP, "there is a repository already")
        .code_of("file_exists")
        .with("path", file.display())
}

/// What goes into the file.
fn own_section(options: &MakeRepoOptions, root: &Path, outside: bool) -> Result<Value> {
    let seed = options.seed.clone().unwrap_or_else(|| json!({}));
    if !seed.is_object() {
        return Err(Error::new(
            ErrorKind::Config,
            OP,
            "a seed configuration is a mapping",
        ));
    }
    let mut all = defaults().clone();
    merge(&mut all, &seed);
    let mut own = if options.standalone { all.clone() } else { seed.clone() };
    let seeded = |path: &str| at(&all, path).cloned().unwrap_or(Value::Null);
    let forced = json!({
        "datastore": {
            "cls": seeded("datastore.cls"),
            "records": {"table": seeded("datastore.records.table")},
            "root": match at(&seed, "datastore.root").filter(|_| options.override_all) {
                Some(root) => root.clone(),
                None => Value::from("<butlerRoot>"),
            },
        },
        "registry": {"db": seeded("registry.db"), "managers": seeded("registry.managers")},
    });
    merge(&mut own, &forced);
    if outside {
        merge(&mut own, &json!({"root": root.to_string_lossy()}));
    }
    Ok(own)
}
