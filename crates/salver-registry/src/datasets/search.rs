//! Which collections a lookup has to look in, in order.

use std::sync::Arc;

use salver_core::{Op, Result};
use salver_model::CollectionType;

use crate::collections::rows::CollectionRow;
use crate::core::Work;
use crate::dataset_types::TypeRow;

/// From so many collections on, those whose summary lacks the type are left out.
const MANY: usize = 8;

impl Work<'_> {
    /// The collections of these names, flattened; where they are many, only those that may hold
    /// the type. Kept for the next time.
    pub(super) fn search(
        &mut self,
        op: Op,
        row: &TypeRow,
        collections: &[impl AsRef<str>],
    ) -> Result<Arc<[Arc<CollectionRow>]>> {
        let mut names = String::new();
        for name in collections {
            names.push_str(name.as_ref());
            names.push('\n');
        }
        let key = (row.id, names);
        if let Some(list) = self.caches.collections.search(&key) {
            return Ok(list);
        }
        let mut flat = self.flatten(op, collections)?;
        if !row.has_calibs {
            flat.retain(|c| c.kind != CollectionType::Calibration);
        }
        if flat.len() > MANY {
            flat = self.holding_type(flat, row.id)?;
        }
        Ok(self.caches.collections.keep_search(key, flat.into()))
    }
}
