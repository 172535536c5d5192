//! Making a registry.

use std::path::Path;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::Universe;

use super::managers::{self, OLD_DATASETS, Version};
use super::{CreateOptions, OpenMode, OpenOptions};
use crate::core::Registry;
use crate::database::{Database, Mode, Session};
use crate::schema::Plans;
use crate::sql::fixed::{self, IngestDate};
use crate::sql::{Table, elements, render};
use crate::sqlite::Sqlite;

/// The attribute that holds the universe.
pub(super) const UNIVERSE: &str = "config:dimensions.json";

impl Registry {
    /// Makes a registry in a SQLite file that is not there or has no tables, in exactly Gen3's
    /// schema, and opens it writeable. One commit.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the file has tables; [`ErrorKind::Io`] or
    /// [`ErrorKind::Denied`] where it cannot be made; [`ErrorKind::InvalidInput`] for a record
    /// table whose name is not made of letters, digits and underscores.
    pub fn create(
        path: impl AsRef<Path>,
        universe: &Universe,
        options: &CreateOptions,
    ) -> Result<Self> {
        check_name(&options.record_table)?;
        let database = Sqlite::new(path.as_ref(), true);
        database.make_file()?;
        let session = database.session()?;
        session.begin(Mode::Write)?;
        let made = fill(&*session, universe, options);
        session.end(made.is_ok())?;
        made?;
        drop(session);
        let open = OpenOptions::new(OpenMode::Writeable)
            .datastore("FileDatastore@<butlerRoot>", &options.record_table);
        Self::open_with(path, open)
    }
}

fn check_name(table: &str) -> Result<()> {
    let plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain && !table.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        Op("registry.create"),
        "a table's name has letters, digits and underscores only",
    )
    .with("table", table))
}

fn fill(
    session: &dyn Session,
    universe: &Universe,
    options: &CreateOptions,
) -> Result<()> {
    let (date, version) = if options.old_datasets {
        (IngestDate::Timestamp, OLD_DATASETS)
    } else {
        (IngestDate::Nanoseconds, Version(2, 0, 0))
    };
    make(session, &fixed::butler_attributes())?;
    for table in elements::tables(&Plans::new(universe)) {
        make(session, &table)?;
    }
    for table in fixed::tables(date) {
        make(session, &table)?;
    }
    make(session, &fixed::file_records(&options.record_table))?;
    session.execute(
        "INSERT INTO opaque_meta (table_name) VALUES (?1)",
        &[options.record_table.as_str().into()],
    )?;
    let mut attributes = managers::attributes(version);
    attributes.push((UNIVERSE.to_owned(), universe.json().to_owned()));
    for (name, value) in &attributes {
        session.execute(
            "INSERT INTO butler_attributes (name, value) VALUES (?1, ?2)",
            &[name.as_str().into(), value.as_str().into()],
        )?;
    }
    Ok(())
}

fn make(session: &dyn Session, table: &Table) -> Result<()> {
    for statement in render::create(table) {
        session.execute(&statement, &[])?;
    }
    Ok(())
}
