//! Deleting datasets from the registry (§13).

use salver_core::{Error, ErrorKind, Op, Result};
use uuid::Uuid;

use crate::core::Registry;
use crate::files::json_ids;

/// Ids deleted with one statement.
const CHUNK: usize = 1000;

impl Registry {
    /// Deletes datasets with their memberships and validity ranges; gives how many there were.
    /// All or nothing. One statement for 1000 ids.
    ///
    /// Summaries keep their rows, as in Gen3 (§12.5).
    ///
    /// # Errors
    /// [`ErrorKind::InUse`], code `dataset_in_use`, where a datastore still has one of them:
    /// [`Registry::trash`] comes first.
    pub fn delete_datasets(&self, ids: &[Uuid]) -> Result<u64> {
        self.write(|work| {
            let mut deleted = 0;
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                deleted += work
                    .execute(
                        "DELETE FROM dataset WHERE id IN (SELECT value FROM json_each(?1))",
                        &[list.as_str().into()],
                    )
                    .map_err(in_use)?;
            }
            Ok(deleted)
        })
    }
}

fn in_use(cause: Error) -> Error {
    if cause.code() != "foreign_key_violation" {
        return cause;
    }
    Error::new(
        ErrorKind::InUse,
        Op("registry.delete_datasets"),
        "a datastore still has one of these datasets",
    )
    .code_of("dataset_in_use")
    .hint("move them to the trash first")
    .caused_by(cause)
}
