//! Sessions of bulk writers: each ends once, committed or abandoned.

use std::collections::HashMap;

use salver_core::Result;
use uuid::Uuid;

use crate::core::Registry;
use crate::database::{RowExt, Value};
use crate::files::json_ids;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

const COMMITTED: &str = "committed";
const ABANDONED: &str = "abandoned";

impl Registry {
    /// Ends sessions, those that have not ended: `true` for committed. Gives how each of them did
    /// end, now or before. The primary key lets exactly one of commit and abandon win.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](salver_core::ErrorKind), or as the database says.
    pub fn end_sessions(
        &self,
        ids: &[Uuid],
        committed: bool,
    ) -> Result<HashMap<Uuid, bool>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let now = self.tai_ns();
        let state = if committed { COMMITTED } else { ABANDONED };
        self.write(|work| {
            work.make_ours()?;
            let mut rest = ids.iter();
            work.session.execute_many(
                "INSERT INTO salver_session (id, state, at_ns) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (id) DO NOTHING",
                &mut |values| {
                    let Some(id) = rest.next() else { return Ok(false) };
                    values.extend([(*id).into(), state.into(), Value::Int(now)]);
                    Ok(true)
                },
            )?;
            let mut ends = HashMap::with_capacity(ids.len());
            for chunk in ids.chunks(CHUNK) {
                let list = json_ids(chunk);
                let rows = work.rows(
                    "SELECT s.id, s.state FROM json_each(?1) AS j \
                     CROSS JOIN salver_session AS s ON s.id = j.value",
                    &[list.as_str().into()],
                    &mut |row| Ok((row.uuid(0)?, row.text(1)? == COMMITTED)),
                )?;
                ends.extend(rows);
            }
            Ok(ends)
        })
    }
}
