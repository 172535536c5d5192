//! Summaries: which dataset types and governor values a collection holds (§12.5).
//!
//! They are a superset: rows are added with datasets and never taken away.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use salver_core::{Op, Result};

use super::rows::CollectionRow;
use crate::core::{Registry, Work};
use crate::database::{RowExt, Value};
use crate::sql::quoted;

/// What a collection may hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Names of dataset types.
    pub dataset_types: BTreeSet<String>,
    /// Values by governor dimension; a governor without values does not constrain.
    pub governors: BTreeMap<String, BTreeSet<String>>,
}

/// What is known to be in one collection's summary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    types: HashSet<i64>,
    governors: HashSet<(String, String)>,
}

impl Registry {
    /// The summary of a collection; of a chain, that of all it leads to.
    ///
    /// # Errors
    /// [`salver_core::ErrorKind::NotFound`], code `missing_collection`.
    pub fn collection_summary(&self, name: &str) -> Result<Summary> {
        self.read(|work| {
            let rows = work.flatten(Op("registry.collection_summary"), &[name])?;
            let mut summary = Summary::default();
            for row in rows {
                work.add_summary(&row, &mut summary)?;
            }
            Ok(summary)
        })
    }
}

impl Work<'_> {
    fn add_summary(&mut self, row: &CollectionRow, summary: &mut Summary) -> Result<()> {
        let types = self.rows(
            "SELECT t.name FROM collection_summary_dataset_type AS s \
             JOIN dataset_type AS t ON t.id = s.dataset_type_id WHERE s.collection_id = ?1",
            &[row.id.into()],
            &mut |row| Ok(row.text(0)?.to_owned()),
        )?;
        summary.dataset_types.extend(types);
        for governor in self.shared.governors() {
            let sql = format!(
                "SELECT {} FROM {} WHERE collection_id = ?1",
                quoted(governor),
                quoted(&format!("collection_summary_{governor}"))
            );
            let values = self
                .rows(&sql, &[row.id.into()], &mut |row| Ok(row.text(0)?.to_owned()))?;
            if !values.is_empty() {
                summary.governors.entry(governor.to_owned()).or_default().extend(values);
            }
        }
        Ok(())
    }

    /// Makes sure that a collection's summary has this dataset type: before its rows, which
    /// refer to it. No statement where that is known.
    pub(crate) fn note_type(&mut self, collection: i64, dataset_type: i64) -> Result<()> {
        if self
            .caches
            .summaries
            .entry(collection)
            .or_default()
            .types
            .contains(&dataset_type)
        {
            return Ok(());
        }
        self.execute(
            "INSERT INTO collection_summary_dataset_type (collection_id, dataset_type_id) \
             VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            &[collection.into(), dataset_type.into()],
        )?;
        self.caches.summaries.entry(collection).or_default().types.insert(dataset_type);
        self.caches.collections.forget_searches();
        Ok(())
    }

    /// The same for a value of a governor dimension.
    pub(crate) fn note_governor(
        &mut self,
        collection: i64,
        governor: &str,
        value: &str,
    ) -> Result<()> {
        let key = (governor.to_owned(), value.to_owned());
        if self.caches.summaries.entry(collection).or_default().governors.contains(&key) {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO {} (collection_id, {}) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            quoted(&format!("collection_summary_{governor}")),
            quoted(governor)
        );
        let values: [Value<'_>; 2] = [collection.into(), value.into()];
        self.execute(&sql, &values)?;
        self.caches.summaries.entry(collection).or_default().governors.insert(key);
        Ok(())
    }

    /// Keeps those collections whose summary has the dataset type.
    pub(crate) fn holding_type(
        &mut self,
        rows: Vec<Arc<CollectionRow>>,
        dataset_type: i64,
    ) -> Result<Vec<Arc<CollectionRow>>> {
        let ids = super::query::json_list(rows.iter().map(|row| row.id));
        let holding: HashSet<i64> = self
            .rows(
                "SELECT collection_id FROM collection_summary_dataset_type \
                 WHERE dataset_type_id = ?1 \
                 AND collection_id IN (SELECT value FROM json_each(?2))",
                &[dataset_type.into(), ids.as_str().into()],
                &mut |row| row.int(0),
            )?
            .into_iter()
            .collect();
        Ok(rows.into_iter().filter(|row| holding.contains(&row.id)).collect())
    }
}
