//! Row types that registry and datastore exchange through the facade.

use salver_core::{Op, Result};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::json::{object, text, wrong};

const OP: Op = Op("file_record");

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

impl FileRecord {
    /// Gen3's JSON form of what it knows of a stored file (§9.7), without the dataset.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let optional = |v: &Option<String>| v.as_deref().map_or(Json::Null, Json::from);
        Map::from_iter([
            ("formatter".to_owned(), Json::from(self.formatter.as_str())),
            ("path".to_owned(), self.path.as_str().into()),
            ("storage_class".to_owned(), self.storage_class.as_str().into()),
            ("component".to_owned(), optional(&self.component)),
            ("checksum".to_owned(), optional(&self.checksum)),
            ("file_size".to_owned(), self.file_size.into()),
        ])
        .into()
    }

    /// Reads Gen3's JSON form (§9.7) for a dataset.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure.
    pub fn from_json(dataset_id: Uuid, value: &Json) -> Result<Self> {
        let map = object(OP, value)?;
        let owned = |key| text(OP, map, key).map(str::to_owned);
        let optional = |key| match map.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(_) => owned(key).map(Some),
        };
        let size = map.get("file_size").and_then(Json::as_i64);
        Ok(Self {
            dataset_id,
            path: owned("path")?,
            formatter: owned("formatter")?,
            storage_class: owned("storage_class")?,
            component: optional("component")?,
            checksum: optional("checksum")?,
            file_size: size.ok_or_else(|| {
                wrong(OP, "expected a whole number").with("key", "file_size")
            })?,
        })
    }
}
