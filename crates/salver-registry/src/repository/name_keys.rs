//! Reading repositories whose collections are keyed by name (§2.2): temporary views give their
//! tables the columns of those that are keyed by number. The numbers are SQLite's row ids.
//!
//! Such a repository is never written. Tables of dimension groups that are made after opening are
//! not seen until it is opened again.

use salver_core::Result;

use crate::database::{RowExt, Session};
use crate::sql::quoted;

/// The statements that make the views, for every connection.
pub(super) fn views(session: &dyn Session) -> Result<Vec<String>> {
    let mut views = vec![
        view(
            "collection",
            "SELECT rowid AS collection_id, name, type, doc FROM main.collection",
        ),
        view(
            "collection_chain",
            "SELECT p.rowid AS parent, h.position, c.rowid AS child \
             FROM main.collection_chain AS h JOIN main.collection AS p ON p.name = h.parent \
             JOIN main.collection AS c ON c.name = h.child",
        ),
        view(
            "dataset",
            "SELECT d.id, d.dataset_type_id, d.ingest_date, c.rowid AS run_id \
             FROM main.dataset AS d JOIN main.collection AS c ON c.name = d.run_name",
        ),
    ];
    session.query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND (name GLOB 'dataset_tags_*' \
         OR name GLOB 'dataset_calibs_*' OR name GLOB 'collection_summary_*') ORDER BY name",
        &[],
        &mut |row| {
            let name = row.text(0)?;
            let text = format!(
                "SELECT c.rowid AS collection_id, t.* FROM main.{} AS t \
                 JOIN main.collection AS c ON c.name = t.collection_name",
                quoted(name)
            );
            views.push(view(name, &text));
            Ok(true)
        },
    )?;
    Ok(views)
}

fn view(name: &str, select: &str) -> String {
    format!("CREATE TEMP VIEW {} AS {select}", quoted(name))
}
