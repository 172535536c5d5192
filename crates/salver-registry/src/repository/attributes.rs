//! The table of names and values: `butler_attributes` (Gen3 format §2.2).

use salver_core::{Error, ErrorKind, Op, Result};

use crate::core::Work;
use crate::database::{RowExt, Value};

const OP: Op = Op("registry.attributes");

/// All names and values, by name.
pub(crate) fn all(work: &Work<'_>) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    work.session.query(
        "SELECT name, value FROM butler_attributes ORDER BY name",
        &[],
        &mut |row| {
            found.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
            Ok(true)
        },
    )?;
    Ok(found)
}

/// One value.
pub(crate) fn value(work: &Work<'_>, name: &str) -> Result<Option<String>> {
    let mut found = None;
    work.session.query(
        "SELECT value FROM butler_attributes WHERE name = ?1",
        &[name.into()],
        &mut |row| {
            found = Some(row.text(0)?.to_owned());
            Ok(false)
        },
    )?;
    Ok(found)
}

/// Sets a value; where the name has one already, `replace` says whether it may change.
pub(crate) fn set(work: &Work<'_>, name: &str, text: &str, replace: bool) -> Result<()> {
    if name.is_empty() || text.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            OP,
            "the name and the value of an attribute may not be empty",
        ));
    }
    let sql = if replace {
        "INSERT INTO butler_attributes (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    } else {
        "INSERT INTO butler_attributes (name, value) VALUES (?1, ?2)"
    };
    work.session.execute(sql, &[name.into(), text.into()]).map(|_| ()).map_err(|e| {
        if e.code() == "unique_violation" {
            Error::new(ErrorKind::Conflict, OP, "the attribute is there already")
                .with("name", name)
                .caused_by(e)
        } else {
            e
        }
    })
}

/// Removes a value; says whether there was one.
pub(crate) fn remove(work: &Work<'_>, name: &str) -> Result<bool> {
    let values: [Value<'_>; 1] = [name.into()];
    let removed =
        work.session.execute("DELETE FROM butler_attributes WHERE name = ?1", &values)?;
    Ok(removed > 0)
}
