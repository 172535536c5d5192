//! How files get into the datastore.

use std::fmt;
use std::str::FromStr;

use salver_core::{Error, ErrorKind, Op};

/// How a file gets into the datastore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestMode {
    /// Its bytes are copied to the templated path.
    Copy,
    /// It is moved there; the old name goes after the commit.
    Move,
    /// A hard link, or a symbolic one where that cannot be.
    Link,
    /// A hard link.
    HardLink,
    /// A symbolic link to its absolute path.
    SymLink,
    /// A symbolic link to its path relative to the link.
    RelSymLink,
    /// In place where all files are inside of the root, else [`IngestMode::Link`].
    Auto,
    /// Where it is, by its absolute URI.
    Direct,
    /// Where it is: by its relative path inside of the root, by its URI outside.
    Split,
    /// Where it is, inside of the root (Gen3's `None`).
    InPlace,
}

impl IngestMode {
    /// All modes with their names.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Copy, "copy"),
        (Self::Move, "move"),
        (Self::Link, "link"),
        (Self::HardLink, "hardlink"),
        (Self::SymLink, "symlink"),
        (Self::RelSymLink, "relsymlink"),
        (Self::Auto, "auto"),
        (Self::Direct, "direct"),
        (Self::Split, "split"),
        (Self::InPlace, "none"),
    ];
}

impl fmt::Display for IngestMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(mode, _)| mode == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for IngestMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(mode, _)| *mode).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Error::new(
                ErrorKind::InvalidInput,
                Op("datastore.ingest"),
                "unknown transfer mode",
            )
            .with("transfer", text)
            .hint(format!("one of {names}"))
        })
    }
}
