//! The traits: a store of named byte sequences, and one object on its way into it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use salver_core::Result;
use salver_tree::{Sink, Source};

use crate::Key;

/// What a store can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `publish` gives an existing name to nobody else: the answer `false` can be relied on.
    pub create_only: bool,
    /// [`Store::link`] works.
    pub links: bool,
}

/// How a file outside is given a name inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMode {
    /// A second name of the same file.
    Hard,
    /// A symbolic link to the file's absolute path.
    Symbolic,
    /// A symbolic link to the file's path relative to the link's folder.
    Relative,
}

/// Whether a finished object must be on disk, or will be synced with others later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Before the call returns.
    Now,
    /// By [`Store::sync`].
    Later,
}

/// What was written and is not known to be on disk yet. Collect many, sync once.
#[derive(Debug, Clone, Default)]
pub struct Unsynced {
    /// Files whose bytes are not.
    pub(crate) files: Vec<PathBuf>,
    /// Folders whose entries are not.
    pub(crate) dirs: BTreeSet<PathBuf>,
}

impl Unsynced {
    /// Whether all is on disk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.dirs.is_empty()
    }

    /// Takes over what another one holds.
    pub fn merge(&mut self, other: Self) {
        self.files.extend(other.files);
        self.dirs.extend(other.dirs);
    }
}

/// A store of named byte sequences below one root.
///
/// # Contract
/// 1. An object is visible under its key only whole: nothing of a stage is visible before
///    `publish`, and all of it afterwards.
/// 2. `publish` and `link` never change an object that is there: they answer `false`, and the
///    stage can be published under another key. Requires [`Capabilities::create_only`].
/// 3. A stage that is dropped before `publish` leaves no object, whatever failed.
/// 4. `open` of an absent key is `ErrorKind::NotFound`, never an empty source; `size` is `None`.
/// 5. `remove` of an absent key is `Ok(false)`; a removed key is absent.
/// 6. Keys cannot leave the root; any text that [`Key::parse`] accepts names an object.
/// 7. A full disk is `ErrorKind::Limit`, missing permission `ErrorKind::Denied`; both name the path.
/// 8. After `sync(unsynced)` the objects published with that `unsynced` survive a power failure.
#[async_trait]
pub trait Store: fmt::Debug + Send + std::marker::Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The absolute, percent-encoded URI of a key.
    fn uri(&self, key: &Key<'_>) -> String;

    /// Opens an object. With `expected` bytes known to be few, they are read at once.
    ///
    /// The source's length is the object's own, whatever was expected.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, `Denied`, `Io`.
    async fn open(&self, key: &Key<'_>, expected: Option<u64>)
    -> Result<Arc<dyn Source>>;

    /// The length of an object, or `None` where there is none.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Io`.
    async fn size(&self, key: &Key<'_>) -> Result<Option<u64>>;

    /// Begins an object that will be published as `key` or near it.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Limit`, `Io`.
    async fn stage(&self, key: &Key<'_>) -> Result<Box<dyn Stage>>;

    /// Gives the file at an absolute path a name here; `false` where the name is taken.
    ///
    /// Requires [`Capabilities::links`].
    ///
    /// # Errors
    /// `ErrorKind::Unsupported` where the file systems cannot (hard links across devices),
    /// `NotFound` for an absent file, `Denied`, `Io`.
    async fn link(
        &self,
        from: &Path,
        key: &Key<'_>,
        mode: LinkMode,
        unsynced: &mut Unsynced,
    ) -> Result<bool>;

    /// Takes back what [`Store::link`] made, if the key still names a link to that file; `false`
    /// where it does not.
    ///
    /// Requires [`Capabilities::links`].
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Io`.
    async fn unlink(&self, from: &Path, key: &Key<'_>, mode: LinkMode) -> Result<bool>;

    /// Removes an object; `false` where there was none. A link is removed, not what it names.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Io`.
    async fn remove(&self, key: &Key<'_>) -> Result<bool>;

    /// Brings what was published to disk.
    ///
    /// # Errors
    /// `ErrorKind::Limit`, `Io`.
    async fn sync(&self, unsynced: &Unsynced) -> Result<()>;
}

/// One object on its way into a store. Dropping it before `publish` takes it back.
#[async_trait]
pub trait Stage: Sink + fmt::Debug + Send + std::marker::Sync {
    /// Writes out what is buffered; nothing can be written afterwards. Gives the length in bytes.
    ///
    /// # Errors
    /// `ErrorKind::Limit` where the disk is full, `Io`.
    async fn finish(&mut self, sync: Sync) -> Result<u64>;

    /// Makes the object visible as `key`; `false` where the name is taken, and the stage can try
    /// another one in the same folder.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Limit`, `Io`.
    async fn publish(&mut self, key: &Key<'_>, unsynced: &mut Unsynced) -> Result<bool>;

    /// Takes back what `publish` made visible, if it is still this object that has the name.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Io`.
    async fn unpublish(&mut self) -> Result<()>;
}
