//! The table of the datastore's records: the reference makes it when the datastore is first opened
//! for writing, so a young repository may not have it.

use std::sync::atomic::Ordering;

use salver_core::Result;

use crate::core::Work;
use crate::sql::fixed;

impl Work<'_> {
    /// Says whether the table is there: no statement once it was.
    pub(crate) fn has_record_table(&self) -> Result<bool> {
        if self.shared.record_table_seen.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let found = self.first(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1",
            &[self.shared.records.table.as_str().into()],
            &mut |_| Ok(()),
        )?;
        // what a transaction made may be undone: only a committed table is remembered
        if found.is_some() && !self.caches.in_transaction {
            self.shared.record_table_seen.store(true, Ordering::Relaxed);
        }
        Ok(found.is_some())
    }

    /// Makes the table where it is missing.
    pub(super) fn make_record_table(&mut self) -> Result<()> {
        if self.has_record_table()? {
            return Ok(());
        }
        let name = self.shared.records.table.clone();
        self.make_table(&fixed::file_records(&name))?;
        self.execute(
            "INSERT INTO opaque_meta (table_name) VALUES (?1) ON CONFLICT DO NOTHING",
            &[name.as_str().into()],
        )?;
        Ok(())
    }
}
