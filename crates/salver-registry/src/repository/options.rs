//! How a registry is made or opened.

use salver_core::{Clock, SystemClock};

use crate::schema::RecordTable;

/// Reading only, or writing too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Nothing is changed, not even in the folder of the database.
    ReadOnly,
    /// The registry may be changed.
    Writeable,
}

/// How a registry is opened.
#[derive(Debug)]
pub struct OpenOptions {
    pub(super) mode: OpenMode,
    pub(super) records: RecordTable,
    pub(super) managers: Vec<(String, String)>,
    pub(super) clock: Box<dyn Clock>,
    pub(super) wait_ms: Option<u64>,
}

impl OpenOptions {
    /// The default datastore, the machine's clock, no check against a configuration.
    #[must_use]
    pub fn new(mode: OpenMode) -> Self {
        Self {
            mode,
            records: RecordTable {
                datastore: "FileDatastore@<butlerRoot>".to_owned(),
                table: "file_datastore_records".to_owned(),
            },
            managers: Vec::new(),
            clock: Box::new(SystemClock),
            wait_ms: None,
        }
    }

    /// The datastore whose records are read together with datasets: its name as the database
    /// has it, and its table (`datastore.records.table`).
    #[must_use]
    pub fn datastore(mut self, name: &str, table: &str) -> Self {
        self.records =
            RecordTable { datastore: name.to_owned(), table: table.to_owned() };
        self
    }

    /// A manager that `butler.yaml` names (kind, class), to be compared with the database's.
    #[must_use]
    pub fn manager(mut self, kind: &str, class: &str) -> Self {
        self.managers.push((kind.to_owned(), class.to_owned()));
        self
    }

    /// Where ingest dates come from.
    #[must_use]
    pub fn clock(mut self, clock: Box<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long to wait for a lock, in milliseconds; 300 000 as in Gen3 where not set.
    #[must_use]
    pub fn wait_ms(mut self, wait_ms: u64) -> Self {
        self.wait_ms = Some(wait_ms);
        self
    }
}

/// How a registry is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOptions {
    pub(super) old_datasets: bool,
    pub(super) record_table: String,
}

impl Default for CreateOptions {
    fn default() -> Self {
        Self { old_datasets: false, record_table: "file_datastore_records".to_owned() }
    }
}

impl CreateOptions {
    /// Uses version 1.0.0 of the datasets schema, which keeps ingest dates as text.
    #[must_use]
    pub fn old_datasets(mut self) -> Self {
        self.old_datasets = true;
        self
    }

    /// The table of the file datastore's records.
    #[must_use]
    pub fn record_table(mut self, table: &str) -> Self {
        table.clone_into(&mut self.record_table);
        self
    }
}
