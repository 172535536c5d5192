//! Registering, listing and removing dataset types.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::DatasetType;

use super::rows::TypeRow;
use crate::core::{Registry, Work};
use crate::database::RowExt;
use crate::glob;

impl Registry {
    /// Registers a dataset type; says whether it is new.
    ///
    /// Statements: 1 look (none when cached); for a new type one more and, where its dimension
    /// group is new too, those that make the group's tables; one commit.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], code `conflicting_definition`, where the name is registered
    /// with other dimensions, another storage class or another `is_calibration`;
    /// [`ErrorKind::InvalidInput`] for a component.
    pub fn register_dataset_type(&self, dataset_type: &DatasetType) -> Result<bool> {
        let op = Op("registry.register_dataset_type");
        if dataset_type.component().is_some() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                op,
                "a component is not registered; its parent is",
            )
            .with("dataset_type", dataset_type.name()));
        }
        let known = self.read(|work| work.find_type(dataset_type.name()))?;
        if let Some(row) = known {
            return same(op, &row, dataset_type).map(|()| false);
        }
        self.write(|work| work.register_type(op, dataset_type))
    }

    /// The registered dataset type of a name; of a component's name, its parent.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_dataset_type`.
    pub fn dataset_type(&self, name: &str) -> Result<Arc<DatasetType>> {
        let parent = name.split('.').next().unwrap_or(name);
        self.read(|work| {
            let row = work.type_of_name(Op("registry.dataset_type"), parent)?;
            Ok(Arc::clone(&row.dataset_type))
        })
    }

    /// Dataset types by names and shell patterns, by name; no pattern means all.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_dataset_type`, for a name (not a pattern) that is
    /// not registered.
    pub fn dataset_types(
        &self,
        patterns: &[impl AsRef<str>],
    ) -> Result<Vec<Arc<DatasetType>>> {
        self.read(|work| {
            let rows = work.matching_types(Op("registry.dataset_types"), patterns)?;
            Ok(rows.iter().map(|row| Arc::clone(&row.dataset_type)).collect())
        })
    }

    /// Removes a dataset type that has no datasets; its tables stay (§13).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_dataset_type`; [`ErrorKind::InUse`], code
    /// `orphaned_record`, where there are datasets of it.
    pub fn remove_dataset_type(&self, name: &str) -> Result<()> {
        self.write(|work| work.remove_type(Op("registry.remove_dataset_type"), name))
    }
}

fn same(op: Op, row: &TypeRow, wanted: &DatasetType) -> Result<()> {
    let registered = &row.dataset_type;
    let differs = if registered.dimensions() != wanted.dimensions() {
        (
            "dimensions",
            registered.dimensions().to_string(),
            wanted.dimensions().to_string(),
        )
    } else if registered.storage_class() != wanted.storage_class() {
        (
            "storage class",
            registered.storage_class().to_string(),
            wanted.storage_class().to_string(),
        )
    } else if registered.is_calibration() != wanted.is_calibration() {
        (
            "is_calibration",
            registered.is_calibration().to_string(),
            wanted.is_calibration().to_string(),
        )
    } else {
        return Ok(());
    };
    let (what, registered, asked) = differs;
    Err(Error::new(
        ErrorKind::Conflict,
        op,
        format!("the dataset type is registered with another value of {what}"),
    )
    .code_of("conflicting_definition")
    .with("dataset_type", wanted.name())
    .with("registered", registered)
    .with("asked", asked))
}

impl Work<'_> {
    fn register_type(&mut self, op: Op, wanted: &DatasetType) -> Result<bool> {
        if let Some(row) = self.find_type(wanted.name())? {
            return same(op, &row, wanted).map(|()| false);
        }
        let plan = self.save_group(wanted.dimensions(), wanted.is_calibration())?;
        let calibs =
            wanted.is_calibration().then(|| crate::sql::group::calibs_name(plan.key));
        let id = self.first(
            "INSERT INTO dataset_type (name, storage_class, dimensions_key, \
             tag_association_table, calibration_association_table) \
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
            &[
                wanted.name().into(),
                wanted.storage_class().into(),
                plan.key.into(),
                crate::sql::group::tags_name(plan.key).into(),
                calibs.into(),
            ],
            &mut |row| row.int(0),
        )?;
        let id =
            id.ok_or_else(|| Error::new(ErrorKind::Internal, op, "no key was given"))?;
        self.caches.types.keep(TypeRow {
            id,
            dataset_type: Arc::new(wanted.clone()),
            plan,
            has_calibs: wanted.is_calibration(),
        });
        Ok(true)
    }

    /// Dataset types that match, by name, each once.
    pub(crate) fn matching_types(
        &mut self,
        op: Op,
        patterns: &[impl AsRef<str>],
    ) -> Result<Vec<Arc<TypeRow>>> {
        let mut found = Vec::new();
        if patterns.is_empty() {
            found = self.all_types()?;
        }
        for pattern in patterns {
            let pattern = pattern.as_ref();
            if glob::is_pattern(pattern) {
                let all = self.all_types()?;
                let matching =
                    |row: &Arc<TypeRow>| glob::matches(pattern, row.dataset_type.name());
                found.extend(all.into_iter().filter(matching));
            } else {
                found.push(self.type_of_name(op, pattern)?);
            }
        }
        found.sort_by(|a, b| a.dataset_type.name().cmp(b.dataset_type.name()));
        found.dedup_by_key(|row| row.id);
        Ok(found)
    }

    fn remove_type(&mut self, op: Op, name: &str) -> Result<()> {
        let row = self.type_of_name(op, name)?;
        let removed =
            self.execute("DELETE FROM dataset_type WHERE id = ?1", &[row.id.into()]);
        self.caches.clear();
        removed.map(|_| ()).map_err(|e| {
            if e.code() == "foreign_key_violation" {
                Error::new(ErrorKind::InUse, op, "there are datasets of this type")
                    .code_of("orphaned_record")
                    .with("dataset_type", name)
                    .hint("remove them first")
                    .caused_by(e)
            } else {
                e
            }
        })
    }
}
