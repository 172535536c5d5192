//! Dataset types.

use clap::Args;
use salver::Result;
use salver::model::DatasetType;
use serde_json::json;

use super::common::{open, open_writeable};
use crate::input::split_commas;
use crate::output::{Align, Out, Table, lines};

/// Register a dataset type.
#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Repository.
    repo: String,
    /// Name of the dataset type.
    dataset_type: String,
    /// Storage class of its datasets.
    storage_class: String,
    /// Its dimensions; there may be none.
    dimensions: Vec<String>,
    /// Its datasets can be certified into a calibration collection.
    #[arg(long, overrides_with = "_no_is_calibration")]
    is_calibration: bool,
    #[arg(long = "no-is-calibration", hide = true)]
    _no_is_calibration: bool,
}

impl Register {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        butler.storage_classes().get(&self.storage_class)?;
        let group = butler.universe().group(split_commas(&self.dimensions))?;
        let dataset_type =
            DatasetType::new(&self.dataset_type, group, &self.storage_class)?
                .calibration(self.is_calibration);
        let new = butler.register_dataset_type(&dataset_type)?;
        let text = if new {
            "Dataset type successfully registered."
        } else {
            "Dataset type already existed in identical form."
        };
        Ok(Out::line(text, json!({"new": new, "dataset_type": dataset_type.to_json()})))
    }
}

/// Remove dataset types that have no datasets.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Repository.
    repo: String,
    /// Names, or shell patterns.
    #[arg(required = true)]
    dataset_type: Vec<String>,
}

impl Remove {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open_writeable(&self.repo)?;
        let registry = butler.registry();
        let types = registry.dataset_types(&split_commas(&self.dataset_type))?;
        let transaction = registry.transaction()?;
        for dataset_type in &types {
            registry.remove_dataset_type(dataset_type.name())?;
        }
        transaction.commit()?;
        let names: Vec<_> = types.iter().map(|t| t.name()).collect();
        let text = lines(names.iter().map(|n| format!("Removed {n}")));
        Ok(Out::text(text, json!({ "removed": names })))
    }
}

/// List the dataset types of a repository.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Repository.
    repo: String,
    /// Names or shell patterns; all where there is none.
    glob: Vec<String>,
    /// Show dimensions and storage classes too.
    #[arg(short, long)]
    verbose: bool,
    /// Only types that these collections may hold; comma-separated, repeatable.
    #[arg(long, value_name = "COLLECTION")]
    collections: Vec<String>,
}

impl Query {
    pub(crate) fn run(&self) -> Result<Out> {
        let butler = open(&self.repo)?;
        let mut types = butler.registry().dataset_types(&split_commas(&self.glob))?;
        let collections = split_commas(&self.collections);
        if !collections.is_empty() {
            let mut held = std::collections::BTreeSet::new();
            for collection in &collections {
                held.extend(
                    butler.registry().collection_summary(collection)?.dataset_types,
                );
            }
            types.retain(|t| held.contains(t.name()));
        }
        let json = types.iter().map(|t| t.to_json()).collect();
        if types.is_empty() {
            return Ok(Out::line("No results. Try --help for more information.", json));
        }
        let names: &[&str] = if self.verbose {
            &["name", "dimensions", "storage class"]
        } else {
            &["name"]
        };
        let mut table = Table::new(names.iter().copied(), Align::Left);
        for t in &types {
            let mut row = vec![t.name().to_owned()];
            if self.verbose {
                let names: Vec<_> =
                    t.dimensions().names().iter().map(|n| format!("'{n}'")).collect();
                row.push(format!("[{}]", names.join(", ")));
                row.push(t.storage_class().to_owned());
            }
            table.push(row);
        }
        Ok(Out::text(table.render(), json))
    }
}
