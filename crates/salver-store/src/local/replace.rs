//! Replacing a small file that people write too, such as a configuration, in one step.

use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, chmod, fsync, open, renameat, stat, unlink};
use rustix::io::{Errno, retry_on_intr, write};
use salver_core::{Error, ErrorKind, IdSource as _, Op, Result, SystemIds};

use super::Local;

const OP: Op = Op("store.replace");

impl Local {
    /// Replaces the text of a file, whole or not at all: mode and symbolic links stay, and a file
    /// that is no longer `old` is left alone.
    ///
    /// The new text is on disk under a hidden name before it takes the name of the old.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the file changed meanwhile; [`ErrorKind::Denied`],
    /// [`ErrorKind::NotFound`], [`ErrorKind::Io`].
    pub fn replace_path(path: &Path, old: &[u8], new: &[u8]) -> Result<()> {
        let failed = |e: Errno| {
            let kind = match e {
                Errno::ACCESS | Errno::PERM | Errno::ROFS => ErrorKind::Denied,
                Errno::NOENT => ErrorKind::NotFound,
                Errno::NOSPC | Errno::DQUOT => ErrorKind::Limit,
                _ => ErrorKind::Io,
            };
            let error = Error::new(kind, OP, "the file could not be replaced");
            error.with("path", path.display()).caused_by(e)
        };
        let target = resolved(path).map_err(failed)?;
        let name = target.file_name().and_then(|n| n.to_str()).unwrap_or("file");
        let random = SystemIds.random();
        let hidden = target.with_file_name(format!(".{name}.{:012x}.tmp", random >> 16));
        let swapped = write_new(&hidden, &target, new).and_then(|()| {
            let now = Self::open_path(target.clone(), None);
            let now = now.and_then(|s| s.read(std::slice::from_ref(&(0..s.len()))));
            if now.is_ok_and(|pieces| pieces.concat() == old) {
                renameat(CWD, &hidden, CWD, &target).map(|()| true)
            } else {
                Ok(false)
            }
        });
        match swapped {
            Ok(true) => sync_folder(&target).map_err(failed),
            other => {
                // hidden, and named in the error if it cannot be removed either
                let left = unlink(&hidden).is_err();
                let error = other.map_or_else(failed, |_| {
                    Error::new(ErrorKind::Conflict, OP, "the file changed meanwhile")
                        .with("path", path.display())
                });
                Err(if left { error.with("left", hidden.display()) } else { error })
            }
        }
    }
}

/// What symbolic links lead to.
fn resolved(path: &Path) -> std::result::Result<PathBuf, Errno> {
    let mut target = path.to_path_buf();
    for _ in 0..40 {
        match rustix::fs::readlink(&target, Vec::new()) {
            Ok(next) => {
                let next = PathBuf::from(next.to_string_lossy().into_owned());
                let folder = target.parent().unwrap_or_else(|| Path::new("/"));
                target = folder.join(next);
            }
            Err(Errno::INVAL) => return Ok(target),
            Err(e) => return Err(e),
        }
    }
    Err(Errno::LOOP)
}

fn write_new(hidden: &Path, like: &Path, bytes: &[u8]) -> std::result::Result<(), Errno> {
    let mode = Mode::from_raw_mode(stat(like)?.st_mode & 0o7777);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = retry_on_intr(|| open(hidden, flags, Mode::from_raw_mode(0o600)))?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let wrote = retry_on_intr(|| write(&file, rest))?;
        rest = rest.get(wrote..).unwrap_or_default();
    }
    chmod(hidden, mode)?;
    retry_on_intr(|| fsync(&file))
}

fn sync_folder(path: &Path) -> std::result::Result<(), Errno> {
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = retry_on_intr(|| open(folder, flags, Mode::empty()))?;
    retry_on_intr(|| fsync(&folder))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the files are looked at from outside")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yaml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = dir.path().join("link.yaml");
        symlink("a.yaml", &link).unwrap();
        Local::replace_path(&link, b"old", b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
        let error = Local::replace_path(&path, b"old", b"newer").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let error = Local::replace_path(&dir.path().join("x"), b"", b"new").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
