//! Collections.

use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

/// What a collection is; the numbers are those of Gen3's table (§12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CollectionType {
    /// The collection that a dataset is born in.
    Run = 1,
    /// Datasets by choice.
    Tagged = 2,
    /// Collections, searched in order.
    Chained = 3,
    /// Datasets by time of validity.
    Calibration = 4,
}

impl CollectionType {
    /// All types.
    pub const ALL: [Self; 4] =
        [Self::Run, Self::Tagged, Self::Chained, Self::Calibration];

    /// The number in Gen3's table.
    #[must_use]
    pub fn code(self) -> i64 {
        self as i64
    }

    /// The type of a number in Gen3's table.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }

    /// `RUN`, `TAGGED`, `CHAINED` or `CALIBRATION`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "RUN",
            Self::Tagged => "TAGGED",
            Self::Chained => "CHAINED",
            Self::Calibration => "CALIBRATION",
        }
    }

    /// Reads the name, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another word.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(text)).ok_or_else(
            || {
                Error::new(
                    ErrorKind::InvalidInput,
                    Op("collection.type"),
                    "unknown collection type",
                )
                .with("type", text)
                .hint("RUN, TAGGED, CHAINED or CALIBRATION")
            },
        )
    }
}

impl fmt::Display for CollectionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a registry knows of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: CollectionType,
    /// What its owner wrote about it.
    pub doc: Option<String>,
    /// Members in search order, of a chain.
    pub children: Vec<String>,
}
