//! What is known of a dataset.

use std::collections::BTreeMap;
use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::DatasetRef;

use super::core::Butler;
use crate::bridge;

/// What is known of a dataset, as flags. Source: Gen3 format §13 (docs/spec/gen3.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existence(u8);

impl Existence {
    /// Nothing is known.
    pub const UNRECOGNIZED: Self = Self(0);
    /// The registry has it.
    pub const RECORDED: Self = Self(1);
    /// The datastore has records of it.
    pub const DATASTORE: Self = Self(2);
    /// Its artifacts were looked at and are there.
    pub const ARTIFACT: Self = Self(4);
    /// Its artifacts were not looked at.
    pub const ASSUMED: Self = Self(8);
    /// Recorded in both; artifacts not looked at.
    pub const KNOWN: Self = Self(11);
    /// Recorded in both; artifacts seen.
    pub const VERIFIED: Self = Self(7);

    /// The flags as a number.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether the dataset can be taken to be there: known, or verified.
    #[must_use]
    pub fn is_there(self) -> bool {
        self == Self::KNOWN || self == Self::VERIFIED
    }

    fn with(self, flag: Self, set: bool) -> Self {
        if set { Self(self.0 | flag.0) } else { self }
    }
}

impl fmt::Display for Existence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [
            (Self::RECORDED, "RECORDED"),
            (Self::DATASTORE, "DATASTORE"),
            (Self::ARTIFACT, "_ARTIFACT"),
            (Self::ASSUMED, "_ASSUMED"),
        ];
        let names: Vec<_> = flags
            .iter()
            .filter(|(flag, _)| self.0 & flag.0 != 0)
            .map(|(_, n)| *n)
            .collect();
        f.write_str(if names.is_empty() { "UNRECOGNIZED" } else { "" })?;
        f.write_str(&names.join("|"))
    }
}

/// The URI of the artifact that holds a whole dataset, and those of single components.
pub type Uris = (Option<String>, BTreeMap<String, String>);

impl Butler {
    /// What is known of a dataset; with `full_check` its artifacts are looked at.
    ///
    /// # Errors
    /// As registry and store.
    pub fn exists(&self, dataset: &DatasetRef, full_check: bool) -> Result<Existence> {
        let registry = &self.shared.registry;
        let recorded = registry.dataset(dataset.id)?.is_some();
        let records = registry.file_records(&[dataset.id])?;
        let mut all_there = full_check && !records.is_empty();
        if full_check {
            for record in &records {
                all_there &= bridge::run(self.shared.datastore.exists(record))?;
            }
        }
        Ok(Existence::UNRECOGNIZED
            .with(Existence::RECORDED, recorded)
            .with(Existence::DATASTORE, !records.is_empty())
            .with(Existence::ARTIFACT, all_there)
            .with(Existence::ASSUMED, !full_check && recorded && !records.is_empty()))
    }

    /// The URI of a dataset that is in one artifact.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `file_not_found`, where it is not stored;
    /// `ErrorKind::Ambiguous` where it is in several artifacts: use [`Butler::uris`].
    pub fn uri(&self, dataset: &DatasetRef) -> Result<String> {
        let (whole, parts) = self.uris(dataset)?;
        let component = dataset.component().and_then(|c| parts.get(c).cloned());
        whole.or(component).ok_or_else(|| {
            let message = "the dataset is in several artifacts";
            Error::new(ErrorKind::Ambiguous, Op("butler.uri"), message)
                .with("dataset", dataset)
                .with("components", parts.keys().cloned().collect::<Vec<_>>().join(", "))
        })
    }

    /// The URIs of a dataset: of the one artifact that holds all, or of each component's.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `file_not_found`, where it is not stored.
    pub fn uris(&self, dataset: &DatasetRef) -> Result<Uris> {
        let records = self.file_records(dataset)?;
        if records.is_empty() {
            let message = "the datastore does not have the dataset";
            return Err(Error::new(ErrorKind::NotFound, Op("butler.uri"), message)
                .code_of("file_not_found")
                .with("dataset", dataset));
        }
        let (mut whole, mut parts) = (None, BTreeMap::new());
        for record in &records {
            let uri = self.shared.datastore.uri(record)?;
            match &record.component {
                Some(component) => {
                    parts.insert(component.clone(), uri);
                }
                None => whole = Some(uri),
            }
        }
        Ok((whole, parts))
    }
}
