//! Opening a registry: what is stored is checked before anything else is read.

use std::path::Path;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::Universe;
use salver_sphere::Pixelization;

use super::create::UNIVERSE;
use super::managers::{self, OLD_DATASETS};
use super::{OpenMode, OpenOptions, attributes, name_keys};
use crate::core::{Registry, Shared};
use crate::database::{Database, Session};
use crate::schema::Plans;
use crate::sql::fixed::IngestDate;
use crate::sqlite::Sqlite;

const OP: Op = Op("registry.open");

impl Registry {
    /// Opens the registry in a SQLite file.
    ///
    /// # Errors
    /// As [`Registry::open_with`].
    pub fn open(path: impl AsRef<Path>, mode: OpenMode) -> Result<Self> {
        Self::open_with(path, OpenOptions::new(mode))
    }

    /// Opens the registry in a SQLite file: three statements, whatever its size.
    ///
    /// A repository with an older minor schema version, with an ObsCore table or with
    /// collections keyed by name opens for reading only: writes are
    /// [`ErrorKind::Denied`] and say why.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no file; [`ErrorKind::Corrupt`] where it is not a
    /// SQLite database or no registry; [`ErrorKind::Unsupported`], codes `missing_manager`,
    /// `manager_mismatch`, `incompatible_version`, for a schema this crate does not know;
    /// [`ErrorKind::Denied`], code `read_only_database`, where it should be written and cannot.
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        let mut database =
            Sqlite::new(path.as_ref(), options.mode == OpenMode::Writeable);
        if let Some(wait_ms) = options.wait_ms {
            database = database.with_wait_ms(wait_ms);
        }
        let mut session = database.session()?;
        let stored = read_attributes(&*session)
            .map_err(|e| e.with("path", path.as_ref().display()))?;
        let universe =
            stored.iter().find(|(name, _)| name == UNIVERSE).ok_or_else(|| {
                no_registry("the database stores no universe of dimensions")
            })?;
        let universe = Universe::from_json(&universe.1)?;
        let mut schema = managers::check(&stored, &options.managers)?;
        if let Some(reason) = crate::ours::refusal(&stored) {
            schema.read_only.get_or_insert(reason);
        }
        if schema.name_keys {
            database = database.with_setup(name_keys::views(&*session)?);
            session = database.session()?;
        }
        let shared = Shared {
            plans: Plans::new(&universe),
            records: options.records,
            ingest_date: if schema.datasets.0 == OLD_DATASETS.0 {
                IngestDate::Timestamp
            } else {
                IngestDate::Nanoseconds
            },
            common: Pixelization::parse(universe.common_skypix())?,
            common_name: common_name(&universe)?,
            clock: options.clock,
            read_only: schema.read_only,
            record_table_seen: Default::default(),
            groups: Default::default(),
            universe,
        };
        Ok(Self::new(Box::new(database), session, shared))
    }
}

fn common_name(universe: &Universe) -> Result<(String, i64)> {
    let element = universe.require(universe.common_skypix())?;
    element
        .skypix()
        .map(|(system, level)| (system.to_owned(), i64::from(level)))
        .ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, OP, "the common skypix is no skypix dimension")
                .with("dimension", universe.common_skypix())
        })
}

fn no_registry(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
        .code_of("not_a_registry")
        .hint("is this the database of a Butler repository?")
}

fn read_attributes(session: &dyn Session) -> Result<Vec<(String, String)>> {
    let stored = attributes::all(session);
    match stored {
        Err(e) if e.kind() == ErrorKind::Database => {
            Err(no_registry("the database has no table of attributes").caused_by(e))
        }
        other => other,
    }
}
