//! An ingest on its way.

use std::ops::Range;
use std::path::{Path, PathBuf};

use blake2::{Blake2b512, Digest as _};
use salver_core::{Error, ErrorKind, Result, interrupt};
use salver_model::FileRecord;
use salver_store::{Key, LinkMode, Local, Stage, Store as _, Sync, Unsynced, ready};
use salver_tree::Source;

use super::plan::OP;
use crate::datastore::Datastore;
use crate::put::hex;

/// Bytes read at once.
const CHUNK: u64 = 4 << 20;

/// What is to be done with a file.
#[derive(Debug)]
pub(super) enum Action {
    /// Copy it; the copy is staged before anything is published.
    Copy { staged: Option<Box<dyn Stage>> },
    /// Make a link, in the first of these ways that works.
    Link { modes: &'static [LinkMode] },
    /// Make a hard link (or a copy) and remove the old name after the commit.
    Move,
}

/// One file that gets a name in the datastore.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) from: PathBuf,
    pub(super) key: Key<'static>,
    pub(super) extension: String,
    /// Its records.
    pub(super) records: Range<usize>,
    pub(super) action: Action,
}

/// What was given a name.
#[derive(Debug)]
enum Made {
    Copy(Box<dyn Stage>),
    Link { from: PathBuf, key: Key<'static>, mode: LinkMode },
}

/// An ingest whose checks are done. Dropped before [`StagedIngest::keep`], it takes everything
/// back.
#[derive(Debug)]
pub struct StagedIngest {
    datastore: Datastore,
    pub(super) records: Vec<FileRecord>,
    pub(super) pending: Vec<Pending>,
    made: Vec<Made>,
    /// Old names that go after the commit.
    moved: Vec<PathBuf>,
    unsynced: Unsynced,
    kept: bool,
}

impl StagedIngest {
    pub(super) fn new(datastore: Datastore) -> Self {
        Self {
            datastore,
            records: Vec::new(),
            pending: Vec::new(),
            made: Vec::new(),
            moved: Vec::new(),
            unsynced: Unsynced::default(),
            kept: false,
        }
    }

    /// The records as planned: paths may still change where a name turns out to be taken.
    #[must_use]
    pub fn planned(&self) -> &[FileRecord] {
        &self.records
    }

    /// Stages the copies.
    pub(super) async fn copy(&mut self) -> Result<()> {
        let checksum = self.datastore.inner.settings.checksum;
        for item in &mut self.pending {
            let (stage, size, digest) =
                copy_one(&self.datastore.inner.store, &item.from, &item.key, checksum)
                    .await?;
            for record in self.records.get_mut(item.records.clone()).unwrap_or_default() {
                record.file_size = i64::try_from(size).unwrap_or(-1);
                record.checksum.clone_from(&digest);
            }
            item.action = Action::Copy { staged: Some(stage) };
            interrupt::check(OP)?;
        }
        Ok(())
    }

    /// Gives the files their names and tells where they are: one record for each dataset, in the
    /// order of the files and their datasets.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a hard link across file systems; [`ErrorKind::Denied`],
    /// [`ErrorKind::Limit`], [`ErrorKind::Io`]. What has its name already is taken back when
    /// `self` is dropped.
    pub async fn publish(&mut self) -> Result<Vec<FileRecord>> {
        for item in std::mem::take(&mut self.pending) {
            let records = item.records.clone();
            let planned = item.key.clone();
            let key = self.publish_one(item).await?;
            if key != planned {
                for record in self.records.get_mut(records).unwrap_or_default() {
                    key.as_str().clone_into(&mut record.path);
                }
            }
            interrupt::check(OP)?;
        }
        Ok(std::mem::take(&mut self.records))
    }

    async fn publish_one(&mut self, item: Pending) -> Result<Key<'static>> {
        match item.action {
            Action::Copy { staged: Some(stage) } => {
                self.name_stage(stage, &item.key, &item.extension).await
            }
            Action::Copy { staged: None } => {
                Err(Error::new(ErrorKind::Internal, OP, "a copy that was not made"))
            }
            Action::Link { modes } => self.name_link(&item, modes).await,
            Action::Move => {
                let linked = self.name_link(&item, &[LinkMode::Hard]).await;
                let key = match linked {
                    Err(e) if e.kind() == ErrorKind::Unsupported => {
                        let store = &self.datastore.inner.store;
                        let (stage, ..) =
                            copy_one(store, &item.from, &item.key, false).await?;
                        self.name_stage(stage, &item.key, &item.extension).await?
                    }
                    other => other?,
                };
                self.moved.push(item.from);
                Ok(key)
            }
        }
    }

    async fn name_stage(
        &mut self,
        mut stage: Box<dyn Stage>,
        wanted: &Key<'static>,
        extension: &str,
    ) -> Result<Key<'static>> {
        let mut key = wanted.clone();
        for _ in 0..16 {
            if stage.publish(&key, &mut self.unsynced).await? {
                self.made.push(Made::Copy(stage));
                return Ok(key);
            }
            key = self.datastore.unique(wanted, extension)?;
        }
        Err(all_taken(wanted))
    }

    async fn name_link(
        &mut self,
        item: &Pending,
        modes: &[LinkMode],
    ) -> Result<Key<'static>> {
        let mut modes = modes.iter();
        let mut mode = *modes.next().unwrap_or(&LinkMode::Hard);
        let mut key = item.key.clone();
        for _ in 0..16 {
            let store = &self.datastore.inner.store;
            match store.link(&item.from, &key, mode, &mut self.unsynced).await {
                Ok(true) => {
                    let (from, key_made) = (item.from.clone(), key.clone());
                    self.made.push(Made::Link { from, key: key_made, mode });
                    return Ok(key);
                }
                Ok(false) => key = self.datastore.unique(&item.key, &item.extension)?,
                Err(e) if e.kind() == ErrorKind::Unsupported => {
                    mode = *modes.next().ok_or(e)?;
                }
                Err(e) => return Err(e),
            }
        }
        Err(all_taken(&item.key))
    }

    /// Brings the new names (and copied bytes) to disk: to be called before the commit.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], [`ErrorKind::Io`].
    pub async fn sync(&mut self) -> Result<()> {
        let unsynced = self.take_unsynced();
        self.datastore.inner.store.sync(&unsynced).await
    }

    /// What is to be synced, for a caller that syncs more together
    /// ([`Datastore::sync`]).
    pub fn take_unsynced(&mut self) -> Unsynced {
        std::mem::take(&mut self.unsynced)
    }

    /// The ingest is committed: nothing is taken back any more, and the old names of moved files
    /// go.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`] where an old name stays: the datasets are safe all
    /// the same.
    pub fn keep(mut self) -> Result<()> {
        self.kept = true;
        let mut first = Ok(());
        for path in std::mem::take(&mut self.moved) {
            first = first.and(Local::remove_path(&path).map(|_| ()));
        }
        first
    }

    /// Takes back what was published, and the staged copies.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`]: the first one, after all was tried.
    pub async fn abort(mut self) -> Result<()> {
        self.kept = true;
        self.take_back().await
    }

    async fn take_back(&mut self) -> Result<()> {
        let mut first = Ok(());
        for made in std::mem::take(&mut self.made).into_iter().rev() {
            let done = match made {
                Made::Copy(mut stage) => stage.unpublish().await,
                Made::Link { from, key, mode } => {
                    self.datastore.inner.store.unlink(&from, &key, mode).await.map(|_| ())
                }
            };
            first = first.and(done);
        }
        first
    }
}

impl Drop for StagedIngest {
    fn drop(&mut self) {
        if !self.kept {
            // nobody is there to hear of an error
            let _done = ready(self.take_back());
        }
    }
}

fn all_taken(key: &Key<'_>) -> Error {
    let message = "every name that was tried is taken";
    Error::new(ErrorKind::Conflict, OP, message).with("path", key)
}

/// Copies a file into a stage; its size, and its checksum where that is wanted.
async fn copy_one(
    store: &Local,
    from: &Path,
    key: &Key<'_>,
    checksum: bool,
) -> Result<(Box<dyn Stage>, u64, Option<String>)> {
    let source = Local::open_path(from.to_path_buf(), None)?;
    let mut stage = store.stage(key).await?;
    let mut digest = checksum.then(Blake2b512::new);
    for_each_chunk(&*source, |bytes| {
        if let Some(digest) = &mut digest {
            digest.update(bytes);
        }
        stage.write(bytes)
    })?;
    let size = stage.finish(Sync::Later).await?;
    Ok((stage, size, digest.map(|d| hex(&d.finalize()))))
}

/// The BLAKE2b-512 of a file, as 128 hexadecimal digits.
pub(super) fn checksum(path: &Path) -> Result<String> {
    let source = Local::open_path(path.to_path_buf(), None)?;
    let mut digest = Blake2b512::new();
    for_each_chunk(&*source, |bytes| {
        digest.update(bytes);
        Ok(())
    })?;
    Ok(hex(&digest.finalize()))
}

fn for_each_chunk(
    source: &dyn Source,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let length = usize::try_from(source.len().min(CHUNK)).unwrap_or(0);
    let mut buffer = vec![0; length];
    let mut at = 0;
    while at < source.len() {
        let n = usize::try_from((source.len() - at).min(CHUNK)).unwrap_or(length);
        let piece = buffer.get_mut(..n).unwrap_or_default();
        source.read_into(at, piece)?;
        take(piece)?;
        at += n as u64;
        interrupt::check(OP)?;
    }
    Ok(())
}
