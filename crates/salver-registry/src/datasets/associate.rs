//! Membership in TAGGED collections (§12.2).

use std::sync::Arc;

use salver_core::{Op, Result};
use salver_model::{CollectionType, DatasetRef};

use super::values::bind_required;
use crate::collections::rows::{CollectionRow, wrong_type};
use crate::core::{Registry, Work};
use crate::database::Value;

impl Registry {
    /// Puts datasets into a TAGGED collection; those in it already are passed over.
    ///
    /// One statement a dataset, prepared once; all or nothing.
    ///
    /// # Errors
    /// `NotFound`, code `missing_collection`; `InvalidInput`, code `collection_type`, where it is
    /// not TAGGED; `Conflict`, code `conflicting_definition`, where it holds another dataset
    /// of the same type and data ID (the error names it).
    pub fn associate(&self, collection: &str, refs: &[DatasetRef]) -> Result<()> {
        let op = Op("registry.associate");
        self.write(|work| {
            let tagged = work.tagged(op, collection)?;
            for refs in refs.chunk_by(|a, b| a.dataset_type == b.dataset_type) {
                work.associate(op, &tagged, refs)?;
            }
            Ok(())
        })
    }

    /// Takes datasets out of a TAGGED collection; those not in it are passed over.
    ///
    /// # Errors
    /// `NotFound`, code `missing_collection`; `InvalidInput`, code `collection_type`.
    pub fn disassociate(&self, collection: &str, refs: &[DatasetRef]) -> Result<()> {
        let op = Op("registry.disassociate");
        self.write(|work| {
            let tagged = work.tagged(op, collection)?;
            for refs in refs.chunk_by(|a, b| a.dataset_type == b.dataset_type) {
                work.disassociate(op, &tagged, refs)?;
            }
            Ok(())
        })
    }
}

impl Work<'_> {
    fn tagged(&mut self, op: Op, name: &str) -> Result<Arc<CollectionRow>> {
        let row = self.collection(op, name)?;
        if row.kind == CollectionType::Tagged {
            Ok(row)
        } else {
            Err(wrong_type(op, &row, "TAGGED"))
        }
    }

    fn disassociate(
        &mut self,
        op: Op,
        tagged: &CollectionRow,
        refs: &[DatasetRef],
    ) -> Result<()> {
        let Some(first) = refs.first() else { return Ok(()) };
        let row = self.type_of(op, &first.dataset_type)?;
        let sql = format!(
            "DELETE FROM {} WHERE dataset_id = ?1 AND collection_id = ?2",
            row.plan.tags
        );
        let mut rows = refs.iter();
        self.session.execute_many(&sql, &mut |values| {
            let Some(r) = rows.next() else { return Ok(false) };
            values.extend([Value::Uuid(r.id), tagged.id.into()]);
            Ok(true)
        })?;
        Ok(())
    }

    fn associate(
        &mut self,
        op: Op,
        tagged: &CollectionRow,
        refs: &[DatasetRef],
    ) -> Result<()> {
        let Some(first) = refs.first() else { return Ok(()) };
        let row = self.type_of(op, &first.dataset_type)?;
        self.note_all(op, &row, tagged.id, refs)?;
        let sql = format!(
            "{} ON CONFLICT (dataset_id, collection_id) DO NOTHING",
            row.plan.insert_tag
        );
        let mut rows = refs.iter();
        let mut current = None;
        let inserted = self.session.execute_many(&sql, &mut |values| {
            current = rows.next();
            let Some(r) = current else { return Ok(false) };
            values.extend([row.id.into(), r.id.into(), tagged.id.into()]);
            bind_required(op, &row.plan, &r.data_id, values)?;
            Ok(true)
        });
        match (inserted, current) {
            (Err(e), Some(r)) => Err(self.explain_tag(op, e, &row, tagged, r)),
            (other, _) => other.map(|_| ()),
        }
    }
}
