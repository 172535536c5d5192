//! Row types of references between datasets (docs/spec/registry.md).

use std::fmt;
use std::str::FromStr;

use salver_core::{Error, ErrorKind, Op, Result};
use uuid::Uuid;

/// How one dataset refers to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// A reference inside the stored value.
    Embedded,
    /// A part that is stored with the other dataset.
    Part,
    /// An input that a plan foresaw.
    Predicted,
    /// A foreseen input that was there when the task began.
    Available,
    /// An input that was read.
    Used,
}

impl LinkKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 5] =
        [Self::Embedded, Self::Part, Self::Predicted, Self::Available, Self::Used];

    /// The word that the database stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Part => "part",
            Self::Predicted => "predicted",
            Self::Available => "available",
            Self::Used => "used",
        }
    }
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LinkKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::new(ErrorKind::InvalidInput, Op("link_kind"), "not a kind of link")
                .with("given", text)
                .hint(format!("one of {known}"))
        })
    }
}

/// One row of `salver_link`: an edge of lineage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkRow {
    /// The dataset that refers, and was made from the other.
    pub source: Uuid,
    /// How.
    pub kind: LinkKind,
    /// Place of the reference in the referring dataset, as a JSON Pointer; empty for the whole.
    /// The row of a table's column follows the name of the column: `/inputs/ccd/17`.
    pub node: String,
    /// The dataset that is referred to.
    pub target: Uuid,
    /// The component of the target that is meant; `None` for the whole.
    pub component: Option<String>,
}

/// What is wrong with the target of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StubState {
    /// It was here and was deleted: a tombstone.
    Deleted,
    /// It was never here.
    Absent,
    /// It is known by dataset type and data ID only: nothing with an identifier was found.
    Unresolved,
}

impl StubState {
    /// The word that the database stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Absent => "absent",
            Self::Unresolved => "unresolved",
        }
    }
}

impl fmt::Display for StubState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StubState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::Deleted, Self::Absent, Self::Unresolved];
        all.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, Op("stub_state"), "not a state of a stub")
                .with("stored", text)
        })
    }
}

/// The place of a reference that has no target yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLink {
    /// The dataset that refers.
    pub source: Uuid,
    /// How.
    pub kind: LinkKind,
    /// Place of the reference in the referring dataset.
    pub node: String,
    /// The component that is meant; `None` for the whole.
    pub component: Option<String>,
}

/// One row of `salver_stub`: the identity of a dataset that something refers to and that the
/// repository does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StubRow {
    /// The dataset's identifier; of an unresolved reference, the row's own.
    pub id: Uuid,
    /// Why it is not here.
    pub state: StubState,
    /// Name of its dataset type.
    pub dataset_type: String,
    /// The run that it was born in, where known.
    pub run: Option<String>,
    /// Its data ID as a JSON object.
    pub data_id: String,
    /// When the row was written, in nanoseconds of TAI since 1970.
    pub at_ns: i64,
    /// Who wrote it, as far as known.
    pub by: Option<String>,
    /// Of an unresolved reference: where it is.
    pub pending: Option<PendingLink>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_states_are_read_as_they_are_written() {
        for kind in LinkKind::ALL {
            assert_eq!(kind.as_str().parse::<LinkKind>().unwrap(), kind);
        }
        let error = "use".parse::<LinkKind>().unwrap_err();
        assert!(error.hint_text().unwrap().contains("predicted"));
        for state in [StubState::Deleted, StubState::Absent, StubState::Unresolved] {
            assert_eq!(state.as_str().parse::<StubState>().unwrap(), state);
        }
    }
}
