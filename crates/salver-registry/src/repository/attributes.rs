//! The table of names and values: `butler_attributes` (Gen3 format §2.2).

use salver_core::{Error, ErrorKind, Op, Result};

use crate::core::{Registry, Work};
use crate::database::{RowExt, Session};

const OP: Op = Op("registry.attributes");

/// All names and values, by name.
pub(crate) fn all(session: &dyn Session) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    session.query(
        "SELECT name, value FROM butler_attributes ORDER BY name",
        &[],
        &mut |row| {
            found.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
            Ok(true)
        },
    )?;
    Ok(found)
}

impl Registry {
    /// The value of an attribute, where there is one.
    ///
    /// # Errors
    /// As the database says.
    pub fn attribute(&self, name: &str) -> Result<Option<String>> {
        self.read(|work| {
            work.first(
                "SELECT value FROM butler_attributes WHERE name = ?1",
                &[name.into()],
                &mut |row| Ok(row.text(0)?.to_owned()),
            )
        })
    }

    /// All attributes, by name.
    ///
    /// # Errors
    /// As the database says.
    pub fn attributes(&self) -> Result<Vec<(String, String)>> {
        self.read(|work| all(work.session))
    }

    /// Sets an attribute, replacing its value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty name or value; [`ErrorKind::Denied`].
    pub fn set_attribute(&self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || value.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "the name and the value of an attribute may not be empty",
            ));
        }
        self.write(|work| set(work, name, value))
    }

    /// Removes an attribute; says whether it was there.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], or as the database says.
    pub fn remove_attribute(&self, name: &str) -> Result<bool> {
        self.write(|work| {
            let sql = "DELETE FROM butler_attributes WHERE name = ?1";
            Ok(work.execute(sql, &[name.into()])? > 0)
        })
    }
}

fn set(work: &Work<'_>, name: &str, value: &str) -> Result<()> {
    work.execute(
        "INSERT INTO butler_attributes (name, value) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[name.into(), value.into()],
    )?;
    Ok(())
}
