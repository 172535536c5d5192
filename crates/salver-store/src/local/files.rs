//! The store of files below one folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rustix::fs::{AtFlags, CWD, FileType, linkat, lstat, stat, symlink, unlink};
use rustix::io::Errno;
use salver_core::{Error, ErrorKind, IdSource, Op, Result, SystemIds};
use salver_tree::Source;

use super::source::{FileSource, SmallFile, open_fd, read_small};
use super::stage::FileStage;
use super::sync::{make_parents, sync_all};
use crate::error::os_error;
use crate::{Capabilities, Key, LinkMode, Stage, Store, Unsynced, faults, file_uri};

/// A file expected to have at most this many bytes is read when it is opened.
const SMALL: usize = 256 << 10;

/// Files of this machine below one folder. Cheap to clone; every future is ready at once.
#[derive(Debug, Clone)]
pub struct Local {
    root: Arc<Path>,
    ids: Arc<dyn IdSource>,
}

impl Local {
    /// The store below `root`, an absolute path; the folder is made at the first write.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self::with_ids(root, Arc::new(SystemIds))
    }

    /// As [`Local::new`], with a given source of names for temporaries.
    #[must_use]
    pub fn with_ids(root: impl AsRef<Path>, ids: Arc<dyn IdSource>) -> Self {
        Self { root: Arc::from(root.as_ref()), ids }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of a key.
    #[must_use]
    pub fn path(&self, key: &Key<'_>) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Opens a file by its absolute path, as [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_path(path: PathBuf, expected: Option<u64>) -> Result<Arc<dyn Source>> {
        let fd = open_fd(&path)?;
        let Some(expected) = expected else {
            return Ok(Arc::new(FileSource::of(fd, path)?));
        };
        let small = usize::try_from(expected).ok().filter(|&n| n <= SMALL);
        if let Some(limit) = small {
            let bytes = read_small(&fd, limit)
                .map_err(|e| os_error(e, Op("store.read"), "cannot read", &path))?;
            if let Some(bytes) = bytes {
                return Ok(Arc::new(SmallFile::new(bytes, path)));
            }
        }
        Ok(Arc::new(FileSource::of(fd, path)?))
    }

    /// The length of the regular file at an absolute path, or `None` where there is none.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for what is not a regular file; `Denied`, `Io`.
    pub fn size_of_path(path: &Path) -> Result<Option<u64>> {
        let op = Op("store.size");
        match stat(path) {
            Ok(s) if FileType::from_raw_mode(s.st_mode) == FileType::RegularFile => {
                Ok(Some(u64::try_from(s.st_size).unwrap_or(0)))
            }
            Ok(_) => {
                let error = Error::new(ErrorKind::InvalidInput, op, "not a regular file");
                Err(error.with("path", path.display()))
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(e) => Err(os_error(e, op, "cannot stat", path)),
        }
    }

    /// Removes the name at an absolute path; `false` where there is none.
    ///
    /// # Errors
    /// `ErrorKind::Denied`, `Io`.
    pub fn remove_path(path: &Path) -> Result<bool> {
        let op = Op("store.remove");
        let cannot = |e| os_error(e, op, "cannot remove", path);
        faults::check("remove").map_err(cannot)?;
        match unlink(path) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(e) => Err(cannot(e)),
        }
    }

    fn make_link(from: &Path, to: &Path, mode: LinkMode) -> Result<bool> {
        let cannot = |e| {
            let kinds = matches!(e, Errno::PERM) && mode == LinkMode::Hard;
            // file systems without hard links answer EPERM
            let e = if kinds { Errno::OPNOTSUPP } else { e };
            os_error(e, Op("store.link"), "cannot link", to).with("from", from.display())
        };
        faults::check("link").map_err(cannot)?;
        let made = match mode {
            LinkMode::Hard => linkat(CWD, from, CWD, to, AtFlags::SYMLINK_FOLLOW),
            LinkMode::Symbolic => symlink(from, to),
            LinkMode::Relative => symlink(relative_to(from, to), to),
        };
        match made {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(e) => Err(cannot(e)),
        }
    }
}

/// The path of `from` seen from the folder of `link`; both absolute and without `..`.
fn relative_to(from: &Path, link: &Path) -> PathBuf {
    let dir = link.parent().unwrap_or(link);
    let common = dir.components().zip(from.components()).take_while(|(a, b)| a == b);
    let common = common.count();
    let up = dir.components().skip(common).map(|_| Path::new(".."));
    let down = from.components().skip(common).map(|c| Path::new(c.as_os_str()));
    up.chain(down).collect()
}

#[async_trait]
impl Store for Local {
    fn capabilities(&self) -> Capabilities {
        Capabilities { create_only: true, links: true }
    }

    fn uri(&self, key: &Key<'_>) -> String {
        file_uri(&self.path(key))
    }

    async fn open(
        &self,
        key: &Key<'_>,
        expected: Option<u64>,
    ) -> Result<Arc<dyn Source>> {
        Self::open_path(self.path(key), expected)
    }

    async fn size(&self, key: &Key<'_>) -> Result<Option<u64>> {
        Self::size_of_path(&self.path(key))
    }

    async fn stage(&self, key: &Key<'_>) -> Result<Box<dyn Stage>> {
        Ok(Box::new(FileStage::create(&self.root, key, &*self.ids)?))
    }

    async fn link(
        &self,
        from: &Path,
        key: &Key<'_>,
        mode: LinkMode,
        unsynced: &mut Unsynced,
    ) -> Result<bool> {
        let op = Op("store.link");
        let from = std::fs::canonicalize(from).map_err(|e| {
            let errno = Errno::from_io_error(&e).unwrap_or(Errno::IO);
            os_error(errno, op, "no such file to link", from)
        })?;
        let mut to = self.path(key);
        if mode == LinkMode::Relative {
            // the link is read where its folder really is
            make_parents(&to, unsynced)?;
            let dir = to.parent().and_then(|d| std::fs::canonicalize(d).ok());
            if let Some(dir) = dir {
                to = dir.join(key.name());
            }
        }
        let taken = match Self::make_link(&from, &to, mode) {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                make_parents(&to, unsynced)?;
                Self::make_link(&from, &to, mode)?
            }
            other => other?,
        };
        if taken && let Some(dir) = to.parent() {
            unsynced.dirs.insert(dir.to_path_buf());
        }
        Ok(taken)
    }

    async fn unlink(&self, from: &Path, key: &Key<'_>, mode: LinkMode) -> Result<bool> {
        let path = self.path(key);
        let (Ok(file), Ok(link)) = (stat(from), lstat(&path)) else { return Ok(false) };
        let is_link = FileType::from_raw_mode(link.st_mode) == FileType::Symlink;
        let file = (file.st_dev, file.st_ino);
        let ours = match mode {
            LinkMode::Hard => (link.st_dev, link.st_ino) == file,
            LinkMode::Symbolic | LinkMode::Relative => {
                is_link && stat(&path).is_ok_and(|s| (s.st_dev, s.st_ino) == file)
            }
        };
        if ours { Self::remove_path(&path) } else { Ok(false) }
    }

    async fn remove(&self, key: &Key<'_>) -> Result<bool> {
        Self::remove_path(&self.path(key))
    }

    async fn sync(&self, unsynced: &Unsynced) -> Result<()> {
        sync_all(unsynced)
    }
}
