//! Row types that registry and datastore exchange through the facade.

use uuid::Uuid;

/// One row of `file_datastore_records`: where one dataset, or one component of it, is stored.
///
/// Source: Gen3 format §9.4 (docs/spec/gen3.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The dataset.
    pub dataset_id: Uuid,
    /// Relative to the datastore root and unquoted, or an absolute percent-encoded URI; a zip
    /// member has the fragment `#zip-path=MEMBER`.
    pub path: String,
    /// Full name of the Gen3 formatter class; opaque where it is not one of ours.
    pub formatter: String,
    /// Storage class that the file was written with.
    pub storage_class: String,
    /// The component, for a disassembled dataset; `None` is stored as `__NULL_STRING__`.
    pub component: Option<String>,
    /// BLAKE2b-512 of the file, 128 hex digits.
    pub checksum: Option<String>,
    /// Bytes; −1 is unknown.
    pub file_size: i64,
}
