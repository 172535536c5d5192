//! Dataset types as they are stored, looked up by name or key.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::DatasetType;

use crate::core::Work;
use crate::database::{Row, RowExt, Value};
use crate::schema::GroupPlan;

/// What is kept of a dataset type.
#[derive(Debug)]
pub(crate) struct TypeRow {
    pub(crate) id: i64,
    pub(crate) dataset_type: Arc<DatasetType>,
    pub(crate) plan: Arc<GroupPlan>,
    /// Whether the group's table of validity ranges is there.
    pub(crate) has_calibs: bool,
}

/// One row per required dimension of a type's group; the last column is NULL for none.
pub(crate) const SELECT: &str = "SELECT y.id, y.name, y.storage_class, y.dimensions_key, \
     y.calibration_association_table, g.dimension_name FROM dataset_type AS y \
     LEFT JOIN dimension_graph_definition AS g ON g.dimension_graph_id = y.dimensions_key";

/// A type under way: its rows come together.
#[derive(Debug, Default)]
pub(crate) struct Partial {
    id: i64,
    name: String,
    storage_class: String,
    key: i64,
    calibs: bool,
    dimensions: Vec<String>,
}

/// Collects rows of [`SELECT`], which must be ordered by type.
pub(crate) fn collect(found: &mut Vec<Partial>, row: &dyn Row) -> Result<()> {
    let id = row.int(0)?;
    if found.last().is_none_or(|last| last.id != id) {
        found.push(Partial {
            id,
            name: row.text(1)?.to_owned(),
            storage_class: row.text(2)?.to_owned(),
            key: row.int(3)?,
            calibs: row.text_or_null(4)?.is_some(),
            dimensions: Vec::new(),
        });
    }
    if let (Some(last), Some(name)) = (found.last_mut(), row.text_or_null(5)?) {
        last.dimensions.push(name.to_owned());
    }
    Ok(())
}

/// The error for a dataset type that is not registered.
pub(crate) fn missing(op: Op, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, op, "there is no dataset type of this name")
        .code_of("missing_dataset_type")
        .with("dataset_type", name)
        .hint("dataset_types lists what is registered")
}

impl Work<'_> {
    /// The dataset type of a name, where there is one.
    pub(crate) fn find_type(&mut self, name: &str) -> Result<Option<Arc<TypeRow>>> {
        if let Some(row) = self.caches.types.by_name(name) {
            return Ok(Some(row));
        }
        let sql = format!("{SELECT} WHERE y.name = ?1");
        Ok(self.types(&sql, &[name.into()])?.pop())
    }

    /// The dataset type of a name.
    pub(crate) fn type_of_name(&mut self, op: Op, name: &str) -> Result<Arc<TypeRow>> {
        self.find_type(name)?.ok_or_else(|| missing(op, name))
    }

    /// The dataset type of a key that another row refers to.
    pub(crate) fn type_of_id(&mut self, id: i64) -> Result<Arc<TypeRow>> {
        if let Some(row) = self.caches.types.by_id(id) {
            return Ok(row);
        }
        let sql = format!("{SELECT} WHERE y.id = ?1");
        self.types(&sql, &[id.into()])?.pop().ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                Op("registry.dataset_type"),
                "a row refers to a dataset type that is not there",
            )
            .with("dataset_type_id", id)
        })
    }

    /// All dataset types, by name.
    pub(crate) fn all_types(&mut self) -> Result<Vec<Arc<TypeRow>>> {
        let sql = format!("{SELECT} ORDER BY y.name, y.id");
        self.types(&sql, &[])
    }

    /// The type that a caller's definition means: of this name and these dimensions.
    pub(crate) fn type_of(
        &mut self,
        op: Op,
        wanted: &DatasetType,
    ) -> Result<Arc<TypeRow>> {
        let row = self.type_of_name(op, wanted.parent_name())?;
        if row.dataset_type.dimensions() != wanted.dimensions() {
            return Err(Error::new(
                ErrorKind::Conflict,
                op,
                "the dataset type is registered with other dimensions",
            )
            .code_of("conflicting_definition")
            .with("dataset_type", wanted.name())
            .with("registered", row.dataset_type.dimensions())
            .with("asked", wanted.dimensions()));
        }
        Ok(row)
    }

    fn types(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Arc<TypeRow>>> {
        let mut found = Vec::new();
        self.session
            .query(sql, values, &mut |row| collect(&mut found, row).map(|()| true))?;
        found.into_iter().map(|partial| self.build(partial)).collect()
    }

    fn build(&mut self, partial: Partial) -> Result<Arc<TypeRow>> {
        if let Some(row) = self.caches.types.by_id(partial.id) {
            return Ok(row);
        }
        let op = Op("registry.dataset_type");
        let group = self.shared.universe.group(&partial.dimensions).map_err(|e| {
            Error::new(
                ErrorKind::Corrupt,
                op,
                "the dataset type has dimensions that the universe has not",
            )
            .with("dataset_type", &partial.name)
            .caused_by(e)
        })?;
        let plan = self.shared.group_plan(partial.key, &group);
        let dataset_type =
            DatasetType::new(&*partial.name, group, partial.storage_class)?
                .calibration(partial.calibs);
        Ok(self.caches.types.keep(TypeRow {
            id: partial.id,
            dataset_type: Arc::new(dataset_type),
            plan,
            has_calibs: partial.calibs,
        }))
    }
}
