//! The butler itself.

use std::sync::Arc;

use salver_core::{IdSource, Result};
use salver_datastore::Datastore;
use salver_datastore::layout::Layouts;
use salver_model::{DatasetRef, StorageClasses, Universe};
use salver_registry::{OpenMode, OpenOptions, Registry};
use serde_json::Value;

use super::defaults::Defaults;
use super::options::ButlerOptions;
use crate::config::Config;

/// A repository, opened: datasets by what they are.
///
/// Cheap to clone, and usable from many threads at once. In the child of a fork it opens its own
/// sessions; a transaction that was open is not the child's.
#[derive(Debug, Clone)]
pub struct Butler {
    pub(super) shared: Arc<Shared>,
    pub(super) defaults: Arc<Defaults>,
}

/// What all clones of a butler have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) registry: Registry,
    pub(super) datastore: Datastore,
    pub(super) classes: Arc<StorageClasses>,
    pub(super) ids: Arc<dyn IdSource>,
}

impl Butler {
    /// Opens a repository by label, by folder, or by configuration file.
    ///
    /// # Errors
    /// As [`Config::open`], and as opening registry and datastore; `ErrorKind::NotFound`, code
    /// `missing_collection`, where a default collection is not there (a default run is made).
    pub fn open(place: &str, options: &ButlerOptions) -> Result<Self> {
        Self::from_config(Config::open(place, &options.environment)?, options)
    }

    /// Opens the repository of a configuration.
    ///
    /// # Errors
    /// As [`Butler::open`].
    pub fn from_config(config: Config, options: &ButlerOptions) -> Result<Self> {
        let writeable = options.writeable || options.run.is_some();
        let section =
            Value::Object(config.storage_classes().cloned().unwrap_or_default());
        let classes = Arc::new(StorageClasses::with_config(&section)?);
        let table = config.text("datastore.records.table").unwrap_or_default();
        let mode = if writeable { OpenMode::Writeable } else { OpenMode::ReadOnly };
        let name = config.datastore_name();
        let mut open = OpenOptions::new(mode)
            .datastore(&name, table)
            .clock(Box::new(Arc::clone(&options.sources.clock)));
        for (kind, class) in config.managers() {
            open = open.manager(kind, class);
        }
        let registry = Registry::open_with(config.sqlite_path()?, open)?;
        let layouts = config.get("salver.layouts").unwrap_or(&Value::Null);
        let layouts = Layouts::parse(layouts, registry.universe())
            .map_err(|e| e.with("path", config.file().display()))?;
        let datastore = Datastore::with_layouts(
            (config.get("datastore").unwrap_or(&Value::Null), layouts),
            config.root(),
            registry.universe(),
            Arc::clone(&classes),
            Arc::clone(&options.sources.ids),
        )?;
        let shared = Shared {
            config,
            registry,
            datastore,
            classes,
            ids: Arc::clone(&options.sources.ids),
        };
        let butler =
            Self { shared: Arc::new(shared), defaults: Arc::new(Defaults::default()) };
        butler.with_defaults(options)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The registry: rows.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    /// The datastore: places.
    #[must_use]
    pub fn datastore(&self) -> &Datastore {
        &self.shared.datastore
    }

    /// The storage classes: built-in ones and those of the configuration.
    #[must_use]
    pub fn storage_classes(&self) -> &Arc<StorageClasses> {
        &self.shared.classes
    }

    /// Where new identifiers come from.
    pub(crate) fn ids(&self) -> &Arc<dyn IdSource> {
        &self.shared.ids
    }

    /// The universe of dimensions.
    #[must_use]
    pub fn universe(&self) -> &Universe {
        self.shared.registry.universe()
    }

    /// Whether it may write.
    #[must_use]
    pub fn is_writeable(&self) -> bool {
        self.shared.registry.is_writeable()
    }

    /// Run that puts and ingests go to where they name none.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        self.defaults.run.as_deref()
    }

    /// Collections that are searched where a call names none.
    #[must_use]
    pub fn collections(&self) -> &[String] {
        &self.defaults.collections
    }

    /// The dataset of an identifier, its data ID with implied values and records.
    ///
    /// # Errors
    /// As the registry.
    pub fn get_dataset(&self, id: uuid::Uuid) -> Result<Option<DatasetRef>> {
        self.shared.registry.dataset(id)
    }
}
