//! Which tables there are, by version of the schema, and how they come to be.

use salver_core::{Error, ErrorKind, Op, Result};

use crate::core::Work;
use crate::database::RowExt;
use crate::sql::{Column, Kind, Table};

/// The attribute that holds the version.
const ATTRIBUTE: &str = "salver:schema";

const TEXT: Kind = Kind::Text(None);

/// What brings the schema from one version to the next: `MIGRATIONS[0]` makes version 1.
///
/// Forward only: an entry never changes once a release has it.
const MIGRATIONS: [fn() -> Vec<Table>; 1] = [version_1];

fn version_1() -> Vec<Table> {
    vec![link(), stub(), artifact(), part(), session()]
}

fn link() -> Table {
    let key = ["from_id", "kind", "node", "to_id", "to_component"];
    Table::new("salver_link", &key)
        .column(Column::new("from_id", Kind::Uuid))
        .column(Column::new("kind", TEXT))
        .column(Column::new("node", TEXT))
        .column(Column::new("to_id", Kind::Uuid))
        .column(Column::new("to_component", TEXT))
        .index(&["to_id", "from_id"])
        .clustered()
}

fn stub() -> Table {
    Table::new("salver_stub", &["id"])
        .column(Column::new("id", Kind::Uuid))
        .column(Column::new("state", TEXT))
        .column(Column::new("dataset_type", TEXT))
        .column(Column::nullable("run", TEXT))
        .column(Column::new("data_id", TEXT))
        .column(Column::new("at_ns", Kind::Int))
        .column(Column::nullable("by_whom", TEXT))
        .column(Column::nullable("from_id", Kind::Uuid))
        .column(Column::nullable("kind", TEXT))
        .column(Column::nullable("node", TEXT))
        .column(Column::nullable("component", TEXT))
        .index(&["from_id"])
}

fn artifact() -> Table {
    Table::new("salver_artifact", &["path"])
        .column(Column::new("path", TEXT))
        .column(Column::new("format", TEXT))
        .column(Column::new("length", Kind::Int))
        .column(Column::nullable("part_index", TEXT))
        .column(Column::nullable("index_begin", Kind::Int))
        .column(Column::nullable("index_end", Kind::Int))
        .column(Column::nullable("validator", TEXT))
}

fn part() -> Table {
    Table::new("salver_part", &["dataset_id", "node"])
        .column(Column::new("dataset_id", Kind::Uuid))
        .column(Column::new("node", TEXT))
        .column(Column::new("path", TEXT))
        .column(Column::new("artifact_node", TEXT))
        .column(Column::nullable("digest", TEXT))
        .column(Column::nullable("source_id", Kind::Uuid))
        .column(Column::nullable("source_node", TEXT))
        .index(&["path"])
        .index(&["source_id"])
        .index(&["digest"])
}

fn session() -> Table {
    Table::new("salver_session", &["id"])
        .column(Column::new("id", Kind::Uuid))
        .column(Column::new("state", TEXT))
        .column(Column::new("at_ns", Kind::Int))
}

/// Why a repository with these attributes may not be written by this version, where it may not.
pub(crate) fn refusal(attributes: &[(String, String)]) -> Option<String> {
    let (_, stored) = attributes.iter().find(|(name, _)| name == ATTRIBUTE)?;
    parse(stored).is_none().then(|| {
        format!(
            "its salver tables have version {stored}, this program knows 1 to {}",
            MIGRATIONS.len()
        )
    })
}

fn parse(stored: &str) -> Option<usize> {
    let version = stored.parse::<usize>().ok()?;
    (1..=MIGRATIONS.len()).contains(&version).then_some(version)
}

impl Work<'_> {
    /// Says whether the tables are there: no statement once they were.
    pub(crate) fn has_ours(&mut self) -> Result<bool> {
        if self.caches.ours {
            return Ok(true);
        }
        let version = self.ours_version()?;
        self.caches.ours = version == MIGRATIONS.len();
        Ok(version > 0)
    }

    /// Makes the tables, or brings them to the present version; callers hold a transaction.
    pub(crate) fn make_ours(&mut self) -> Result<()> {
        if self.caches.ours {
            return Ok(());
        }
        let version = self.ours_version()?;
        for step in MIGRATIONS.iter().skip(version) {
            for table in step() {
                self.make_table(&table)?;
            }
        }
        if version < MIGRATIONS.len() {
            let now = MIGRATIONS.len().to_string();
            self.execute(
                "INSERT INTO butler_attributes (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[ATTRIBUTE.into(), now.into()],
            )?;
        }
        self.caches.ours = true;
        Ok(())
    }

    /// The stored version, 0 where there are no tables.
    fn ours_version(&self) -> Result<usize> {
        let stored = self.first(
            "SELECT value FROM butler_attributes WHERE name = ?1",
            &[ATTRIBUTE.into()],
            &mut |row| Ok(row.text(0)?.to_owned()),
        )?;
        let Some(stored) = stored else { return Ok(0) };
        parse(&stored).ok_or_else(|| {
            let message =
                "the salver tables have a version that this program does not know";
            Error::new(ErrorKind::Unsupported, Op("registry.salver_tables"), message)
                .code_of("incompatible_version")
                .with("stored", &stored)
                .with("known", format!("1 to {}", MIGRATIONS.len()))
                .hint(
                    "use the version of Salver that wrote the repository, or a later one",
                )
        })
    }
}
