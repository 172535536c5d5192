//! Registering dataset types; the first of class `Tree` writes the class's definition.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DatasetType, TREE_CLASS, tree_class};
use salver_store::Local;
use serde_json::{Value, json};

use super::core::Butler;
use crate::config;

const OP: Op = Op("butler.register_dataset_type");

impl Butler {
    /// Registers a dataset type of a storage class that the repository knows; `false` where it is
    /// there already.
    ///
    /// The first type whose storage class is `Tree` (or inherits from it) adds the definition of
    /// `Tree` to the repository's configuration file, with which lsst-daf-butler knows the class:
    /// the file's other text stays as it is.
    ///
    /// # Errors
    /// `ErrorKind::NotFound` for an unknown storage class; `ErrorKind::Conflict` for another type of
    /// this name, or a file that changes meanwhile; `ErrorKind::Config`, with the lines to add, where
    /// the file cannot be written or its style leaves no place; as the registry.
    pub fn register_dataset_type(&self, dataset_type: &DatasetType) -> Result<bool> {
        let class = self.shared.classes.get(dataset_type.storage_class())?;
        self.check_writeable(OP)?;
        if class.lineage.iter().any(|name| name == TREE_CLASS) {
            self.define_tree()?;
        }
        self.shared.registry.register_dataset_type(dataset_type)
    }

    /// Sees to it that the configuration file defines the class `Tree`.
    fn define_tree(&self) -> Result<()> {
        let known = |path: &str| {
            let entries = self.config().get(path).and_then(Value::as_object);
            entries.is_some_and(|entries| entries.contains_key(TREE_CLASS))
        };
        let class_path = ["storageClasses", TREE_CLASS];
        let formatter_path = ["datastore", "formatters", TREE_CLASS];
        let formatter = json!(salver_datastore::formatter::TREE_FORMATTER);
        let mut entries = vec![(&class_path[..], tree_class())];
        if known("storageClasses") {
            return Ok(());
        }
        if !known("datastore.formatters") {
            entries.push((&formatter_path[..], formatter));
        }
        let file = self.config().file();
        let old = config::read_text(file)?;
        let mut new = Some(old.clone());
        for (path, value) in &entries {
            new = match new {
                Some(text) => config::with_entry(&text, path, value)?,
                None => None,
            };
        }
        let written = match &new {
            Some(new) if *new == old => return Ok(()),
            Some(new) => Local::replace_path(file, old.as_bytes(), new.as_bytes()),
            None => Err(Error::new(ErrorKind::Config, OP, "a style without a place")),
        };
        written.map_err(|e| {
            let lines = entries.iter().map(|(path, value)| config::lines(path, value));
            let lines: String = lines.filter_map(Result::ok).collect();
            let message = "the storage class `Tree` could not be defined";
            Error::new(ErrorKind::Config, OP, message)
                .with("path", file.display())
                .hint(format!("add to the file:\n{lines}"))
                .caused_by(e)
        })
    }
}
