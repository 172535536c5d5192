//! Rows about the artifacts of datasets that are in several, and about the parts in them.

use uuid::Uuid;

/// An artifact that Salver gave a name of its own: no other program writes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRow {
    /// Path as records have it.
    pub path: String,
    /// Name of the format.
    pub format: String,
    /// Length in bytes.
    pub length: u64,
    /// The part index as JSON, where it is short.
    pub index: Option<String>,
}

/// A part of a dataset, and where it is.
///
/// It counts only while the dataset has a file record of this path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    /// The dataset.
    pub dataset: Uuid,
    /// The part as a JSON Pointer: `/image`; empty for the whole.
    pub node: String,
    /// Path of the artifact, as the record has it.
    pub path: String,
    /// Where in the artifact the part is; empty where it is all of it.
    pub artifact_node: String,
    /// Digest of the part's value, hexadecimal.
    pub digest: Option<String>,
    /// The dataset that it was linked from, and its node there.
    pub source: Option<(Uuid, String)>,
}

impl PartRow {
    /// The component that the part is: the first step of its node.
    #[must_use]
    pub fn component(&self) -> Option<String> {
        let name = self.node.strip_prefix('/')?;
        Some(name.replace("~1", "/").replace("~0", "~"))
    }
}

/// A component's name as a node.
#[must_use]
pub fn component_node(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
