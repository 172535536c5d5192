//! The datastore: configuration, root and what is resolved once for each dataset type.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use salver_core::{Error, ErrorKind, IdSource, Op, Result, SystemIds};
use salver_model::{DatasetRef, DatasetType, StorageClasses, Universe};
use salver_store::{Key, Local};
use serde_json::Value as Json;

use crate::config::Settings;
use crate::formatter::{Formatter, FormatterEntry};
use crate::layout::{self, Layout, Layouts};
use crate::lookup::LookupKeys;
use crate::template::Template;
use crate::values::RefValues;

/// Places of datasets: where their bytes are and how they are written. Takes and returns rows; it
/// never sees the registry. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Datastore {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) layouts: Layouts,
    pub(crate) classes: Arc<StorageClasses>,
    pub(crate) store: Local,
    pub(crate) ids: Arc<dyn IdSource>,
    resolved: RwLock<HashMap<String, Vec<Entry>>>,
}

/// What was resolved for datasets of one type and instrument.
#[derive(Debug)]
struct Entry {
    dataset_type: DatasetType,
    instrument: Option<String>,
    placement: Arc<Placement>,
}

/// How and where datasets of one type, and instrument, are written.
#[derive(Debug)]
pub struct Placement {
    /// The path template.
    pub template: Template,
    /// The formatter; `None` where the configuration names none for this type.
    pub formatter: Option<Formatter>,
    /// Which parts go into which artifact.
    pub layout: Layout,
    /// Whether the datastore's constraints take datasets of this type.
    pub accepted: bool,
}

impl Datastore {
    /// A datastore of files from the merged section `datastore:` of a repository's configuration.
    ///
    /// `butler_root` is the absolute folder that `<butlerRoot>` stands for.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a section that cannot be read; [`ErrorKind::Unsupported`] for a
    /// datastore of another kind, or a root that is not a local folder.
    pub fn new(
        section: &Json,
        butler_root: &Path,
        universe: &Universe,
        classes: Arc<StorageClasses>,
    ) -> Result<Self> {
        Self::with_ids(section, butler_root, universe, classes, Arc::new(SystemIds))
    }

    /// As [`Datastore::new`], with a given source of names for temporaries and taken paths.
    ///
    /// # Errors
    /// As [`Datastore::new`].
    pub fn with_ids(
        section: &Json,
        butler_root: &Path,
        universe: &Universe,
        classes: Arc<StorageClasses>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self> {
        let none = Layouts::default();
        Self::with_layouts((section, none), butler_root, universe, classes, ids)
    }

    /// As [`Datastore::with_ids`], from the section `datastore:` and the layouts of the section
    /// `salver:`.
    ///
    /// # Errors
    /// As [`Datastore::new`].
    pub fn with_layouts(
        (section, layouts): (&Json, Layouts),
        butler_root: &Path,
        universe: &Universe,
        classes: Arc<StorageClasses>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self> {
        let settings = Settings::parse(section, butler_root, universe)?;
        let store = Local::with_ids(&settings.root, Arc::clone(&ids));
        let resolved = RwLock::default();
        let inner = Inner { settings, layouts, classes, store, ids, resolved };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The layouts of the configuration.
    #[must_use]
    pub fn layouts(&self) -> &Layouts {
        &self.inner.layouts
    }

    /// The name in `dataset_location` rows: `FileDatastore@<butlerRoot>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.settings.name
    }

    /// The folder that relative paths of records begin at.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.settings.root
    }

    /// Whether a dataset without records is looked for where its template says
    /// (`trust_get_request`).
    #[must_use]
    pub fn trusts(&self) -> bool {
        self.inner.settings.trust
    }

    /// How datasets of a type (or of a component's type) are written.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a wrong template.
    pub fn placement(
        &self,
        dataset_type: &DatasetType,
        instrument: Option<&str>,
    ) -> Result<Arc<Placement>> {
        let instrument = instrument.filter(|name| {
            self.inner.settings.names_instrument(name)
                || self.inner.layouts.names_instrument(name)
        });
        let resolved = &self.inner.resolved;
        let known = resolved.read().unwrap_or_else(PoisonError::into_inner);
        let same = |e: &&Entry| {
            e.instrument.as_deref() == instrument && e.dataset_type == *dataset_type
        };
        let entries = known.get(dataset_type.name());
        if let Some(entry) = entries.and_then(|e| e.iter().find(same)) {
            return Ok(Arc::clone(&entry.placement));
        }
        drop(known);
        let placement = Arc::new(self.resolve(dataset_type, instrument)?);
        let entry = Entry {
            dataset_type: dataset_type.clone(),
            instrument: instrument.map(str::to_owned),
            placement: Arc::clone(&placement),
        };
        let mut known = resolved.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(dataset_type.name().to_owned()).or_default().push(entry);
        Ok(placement)
    }

    fn resolve(
        &self,
        dataset_type: &DatasetType,
        instrument: Option<&str>,
    ) -> Result<Placement> {
        let Inner { settings, layouts, classes, .. } = &*self.inner;
        let keys = LookupKeys::new(dataset_type, classes, instrument);
        let template = settings.templates.get(&keys).map_or("", String::as_str);
        let template = Template::parse(template)
            .map_err(|e| e.with("dataset_type", dataset_type.name()))?;
        let class = classes.get(dataset_type.storage_class()).ok();
        let default = class.as_ref().and_then(|c| c.formatter.clone());
        let default =
            default.map(|class| FormatterEntry { class, parameters: Vec::new() });
        let entry = settings.formatters.find(&keys).or(default.as_ref());
        let extension = class.as_ref().and_then(|c| c.extension.as_deref());
        let formatter = entry.map(|e| e.resolve(dataset_type.storage_class(), extension));
        let composite = class.as_ref().is_some_and(|c| !c.components.is_empty());
        let wanted = settings.disassembled.find(&keys).copied();
        let disassembled = composite && wanted.unwrap_or(settings.disassemble_default);
        let layout = if dataset_type.component().is_some() {
            Layout::Gen3 { disassembled: false }
        } else {
            layout::resolve(layouts, dataset_type, classes, instrument, disassembled)?
        };
        let formatter = match &layout {
            Layout::Ours(entry) => match entry.artifacts.as_slice() {
                [one] => {
                    Some(layout::formatter(one, dataset_type.storage_class(), false)?)
                }
                _ => formatter,
            },
            Layout::Gen3 { .. } => formatter,
        };
        let accepted = settings.constraints.accepts(&keys);
        Ok(Placement { template, formatter, layout, accepted })
    }

    /// As [`Datastore::placement`], for the type and instrument of a ref.
    ///
    /// # Errors
    /// As [`Datastore::placement`].
    pub(crate) fn placement_of(&self, dataset: &DatasetRef) -> Result<Arc<Placement>> {
        let instrument = dataset.data_id.get("instrument").and_then(|v| v.as_str());
        self.placement(&dataset.dataset_type, instrument)
    }

    /// The formatter of a dataset type.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the configuration names none; as
    /// [`Datastore::placement`].
    pub fn formatter_for(
        &self,
        dataset_type: &DatasetType,
        instrument: Option<&str>,
    ) -> Result<Formatter> {
        let placement = self.placement(dataset_type, instrument)?;
        let formatter = placement.formatter.clone();
        formatter.ok_or_else(|| no_formatter(dataset_type))
    }

    /// The dimensions whose records a dataset's path needs: an empty answer means that the data ID
    /// alone is enough (with its implied values).
    ///
    /// # Errors
    /// As [`Datastore::placement`].
    pub fn records_needed(
        &self,
        dataset_type: &DatasetType,
        instrument: Option<&str>,
    ) -> Result<BTreeSet<String>> {
        let placement = self.placement(dataset_type, instrument)?;
        let group = dataset_type.dimensions();
        let mut needed = placement.template.records_needed(|n| group.contains(n));
        if placement.layout.is_split() {
            for component in self.components_of(dataset_type)? {
                let part = self.placement(&component, instrument)?;
                needed.extend(part.template.records_needed(|n| group.contains(n)));
            }
        }
        Ok(needed)
    }

    /// The types of a composite's stored components.
    pub(crate) fn components_of(
        &self,
        dataset_type: &DatasetType,
    ) -> Result<Vec<DatasetType>> {
        let classes = &self.inner.classes;
        let class = classes.get(dataset_type.storage_class())?;
        let names = class.components.keys();
        names.map(|name| dataset_type.component_type(name, classes)).collect()
    }

    /// The path of a dataset's file, relative to the root.
    ///
    /// `extension` (with its dot) stands in for the formatter's own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the data ID lacks implied values or records that the
    /// template needs, where the path would leave the root, and where no formatter is configured
    /// and no extension given.
    pub fn path_for(
        &self,
        dataset: &DatasetRef,
        extension: Option<&str>,
    ) -> Result<Key<'static>> {
        let placement = self.placement_of(dataset)?;
        let own = placement.formatter.as_ref().map(|f| f.extension.as_str());
        let extension =
            extension.or(own).ok_or_else(|| no_formatter(&dataset.dataset_type))?;
        path_with(dataset, &placement, extension)
    }
}

/// The path of a dataset's file by a template; the data ID must be full.
pub(crate) fn path_with(
    dataset: &DatasetRef,
    placement: &Placement,
    extension: &str,
) -> Result<Key<'static>> {
    if !dataset.data_id.is_full() {
        let message = "a path needs the implied dimensions' values too";
        let error =
            Error::new(ErrorKind::InvalidInput, Op("datastore.template"), message);
        return Err(error
            .with("dataset_type", dataset.dataset_type.name())
            .with("data_id", &dataset.data_id));
    }
    placement.template.path(&RefValues { dataset, component: None }, extension)
}

/// The error for a storage class that nothing writes.
pub(crate) fn no_formatter(dataset_type: &DatasetType) -> Error {
    let message = "no formatter is configured for this dataset type or storage class";
    Error::new(ErrorKind::InvalidInput, Op("datastore.formatter"), message)
        .with("dataset_type", dataset_type.name())
        .with("storage_class", dataset_type.storage_class())
        .hint("name one under `datastore.formatters` in butler.yaml")
}
