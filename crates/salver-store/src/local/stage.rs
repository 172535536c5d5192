//! A hidden temporary on its way to its name.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::{Mode, OFlags, Stat, fstat, fsync, lstat, unlink};
use rustix::io::{Errno, retry_on_intr, write};
use salver_core::{Error, ErrorKind, IdSource, Op, Result, interrupt};
use salver_tree::Sink;

use super::sync::make_parents;
use crate::error::os_error;
use crate::{Key, Stage, Sync, Unsynced, faults};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 << 10;

/// The longest file name that file systems take.
const MAX_NAME: usize = 255;

const WRITE: Op = Op("store.write");
const PUBLISH: Op = Op("store.publish");

/// Which file a name means, and in which state: inodes are used again, and another program may
/// write into the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    len: i64,
    modified: (i64, i64),
}

impl Identity {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            len: stat.st_size,
            modified: (stat.st_mtime, stat.st_mtime_nsec.cast_signed()),
        }
    }
}

/// A hidden temporary beside its target.
pub(super) struct FileStage {
    root: PathBuf,
    temp: PathBuf,
    fd: Option<OwnedFd>,
    buffer: Vec<u8>,
    written: u64,
    failed: bool,
    synced: bool,
    identity: Option<Identity>,
    /// The folders made for it.
    made: Unsynced,
    published: Option<PathBuf>,
}

impl fmt::Debug for FileStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStage")
            .field("temp", &self.temp)
            .field("written", &self.written)
            .field("published", &self.published)
            .finish_non_exhaustive()
    }
}

/// `.<name>.<12 hex digits>.tmp`, with a long name cut so that the whole fits.
fn temp_name(name: &str, random: u64) -> String {
    let suffix = format!(".{:012x}.tmp", random & 0xffff_ffff_ffff);
    let mut end = name.len().min(MAX_NAME - 1 - suffix.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!(".{}{suffix}", name.get(..end).unwrap_or_default())
}

impl FileStage {
    /// Makes the temporary, and the folders above it.
    pub(super) fn create(root: &Path, key: &Key<'_>, ids: &dyn IdSource) -> Result<Self> {
        let target = root.join(key.as_str());
        let mut made = Unsynced::default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        for _ in 0..16 {
            let temp = target.with_file_name(temp_name(key.name(), ids.random()));
            let opened = faults::check("stage.create")
                .and_then(|()| retry_on_intr(|| rustix::fs::open(&temp, flags, mode)));
            match opened {
                Ok(fd) => {
                    return Ok(Self {
                        root: root.to_path_buf(),
                        temp,
                        fd: Some(fd),
                        buffer: Vec::new(),
                        written: 0,
                        failed: false,
                        synced: false,
                        identity: None,
                        made,
                        published: None,
                    });
                }
                Err(Errno::NOENT) => make_parents(&target, &mut made)?,
                Err(Errno::EXIST) => {}
                Err(e) => {
                    let message = "cannot make a temporary file";
                    return Err(os_error(e, Op("store.stage"), message, &target));
                }
            }
        }
        let message = "cannot make a temporary file: its folder keeps disappearing";
        Err(Error::new(ErrorKind::Io, Op("store.stage"), message)
            .with("path", target.display()))
    }

    /// Writes bytes to the file itself.
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(fd) = &self.fd else {
            return Err(self.misuse("a write after the end"));
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let piece = rest.get(..rest.len().min(16 << 20)).unwrap_or(rest);
            let wrote = faults::check("stage.write")
                .and_then(|()| retry_on_intr(|| write(fd, piece)));
            match wrote {
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(e) => {
                    self.failed = true;
                    return Err(os_error(e, WRITE, "cannot write", &self.temp));
                }
            }
            if !rest.is_empty() {
                interrupt::check(WRITE)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        self.put(&buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn misuse(&self, message: &str) -> Error {
        Error::new(ErrorKind::Internal, WRITE, message).with("path", self.temp.display())
    }

    fn close(&mut self, sync: Sync) -> Result<u64> {
        self.flush()?;
        if self.failed {
            return Err(self.misuse("the end after a failed write"));
        }
        let Some(fd) = self.fd.take() else {
            return Err(self.misuse("a second end"));
        };
        let cannot = |e| os_error(e, WRITE, "cannot sync", &self.temp);
        if sync == Sync::Now {
            faults::check("stage.sync").map_err(cannot)?;
            retry_on_intr(|| fsync(&fd)).map_err(cannot)?;
            self.synced = true;
        }
        let stat = fstat(&fd).map_err(cannot)?;
        self.identity = Some(Identity::of(&stat));
        self.buffer = Vec::new();
        Ok(self.written)
    }

    fn take_back(&mut self) -> Result<()> {
        let Some(path) = self.published.take() else {
            return Ok(());
        };
        let ours = match lstat(&path) {
            Ok(s) => self.identity == Some(Identity::of(&s)),
            Err(_) => false,
        };
        if !ours {
            return Ok(());
        }
        match unlink(&path) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(os_error(e, Op("store.unpublish"), "cannot remove", &path)),
        }
    }
}

impl Sink for FileStage {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.buffer.len() + bytes.len() <= BUFFER {
            self.buffer.extend_from_slice(bytes);
        } else {
            self.flush()?;
            if bytes.len() < BUFFER {
                self.buffer.extend_from_slice(bytes);
            } else {
                self.put(bytes)?;
            }
        }
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> u64 {
        self.written
    }
}

#[async_trait]
impl Stage for FileStage {
    async fn finish(&mut self, sync: Sync) -> Result<u64> {
        self.close(sync)
    }

    async fn publish(&mut self, key: &Key<'_>, unsynced: &mut Unsynced) -> Result<bool> {
        if self.identity.is_none() || self.published.is_some() {
            return Err(self.misuse("publish before the end, or twice"));
        }
        let target = self.root.join(key.as_str());
        let cannot = |e| os_error(e, PUBLISH, "cannot give the file its name", &target);
        faults::check("publish.link").map_err(cannot)?;
        let named = super::name::give_name(&self.temp, &target).map_err(cannot)?;
        let Some(copied) = named else { return Ok(false) };
        if copied.is_some() {
            self.identity = copied;
        }
        if !self.synced {
            unsynced.files.push(target.clone());
        }
        if let Some(dir) = target.parent() {
            unsynced.dirs.insert(dir.to_path_buf());
        }
        unsynced.merge(std::mem::take(&mut self.made));
        self.published = Some(target);
        Ok(true)
    }

    async fn unpublish(&mut self) -> Result<()> {
        self.take_back()
    }
}

impl Drop for FileStage {
    fn drop(&mut self) {
        if self.published.is_none() {
            // best effort: what stays is hidden and found by its name
            let _gone = unlink(&self.temp);
        }
    }
}
