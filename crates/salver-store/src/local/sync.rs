//! Folders, and bringing files and folders to disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, fsync, mkdir};
use rustix::io::{Errno, retry_on_intr};
use salver_core::{Op, Result, interrupt};

use crate::error::os_error;
use crate::{Unsynced, faults};

const OP: Op = Op("store.sync");

/// From this many files on, each file system is synced as a whole: one call for all of them.
const MANY: usize = 16;

/// Makes the folders above `path`; each one made is an entry of its parent to be synced.
pub(super) fn make_parents(path: &Path, unsynced: &mut Unsynced) -> Result<()> {
    let cannot =
        |e, dir: &Path| os_error(e, Op("store.mkdir"), "cannot make folder", dir);
    let mut missing: Vec<&Path> = Vec::new();
    let mut dir = path.parent();
    while let Some(at) = dir {
        match mkdir(at, Mode::from_raw_mode(0o777)) {
            Ok(()) => {
                note_parent(at, unsynced);
                break;
            }
            Err(Errno::EXIST) => break,
            Err(Errno::NOENT) => missing.push(at),
            Err(e) => return Err(cannot(e, at)),
        }
        dir = at.parent();
    }
    for at in missing.into_iter().rev() {
        match mkdir(at, Mode::from_raw_mode(0o777)) {
            Ok(()) => note_parent(at, unsynced),
            Err(Errno::EXIST) => {}
            Err(e) => return Err(cannot(e, at)),
        }
    }
    Ok(())
}

fn note_parent(dir: &Path, unsynced: &mut Unsynced) {
    if let Some(parent) = dir.parent() {
        unsynced.dirs.insert(parent.to_path_buf());
    }
}

/// Brings files, then the folders that name them, to disk.
pub(super) fn sync_all(unsynced: &Unsynced) -> Result<()> {
    if unsynced.is_empty() {
        return Ok(());
    }
    if unsynced.files.len() + unsynced.dirs.len() >= MANY && sync_file_systems(unsynced)?
    {
        return Ok(());
    }
    for path in unsynced.files.iter().chain(&unsynced.dirs) {
        sync_path(path)?;
        interrupt::check(OP)?;
    }
    Ok(())
}

/// Syncs one file or folder by its path.
fn sync_path(path: &Path) -> Result<()> {
    let cannot = |e| os_error(e, OP, "cannot sync", path);
    faults::check("dir.sync").map_err(cannot)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let fd =
        retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())).map_err(cannot)?;
    match retry_on_intr(|| fsync(&fd)) {
        // file systems that cannot sync a folder say so
        Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(()),
        Err(e) => Err(cannot(e)),
    }
}

/// One `syncfs` for each file system that has any of the files; `false` where there is no such call.
#[cfg(target_os = "linux")]
fn sync_file_systems(unsynced: &Unsynced) -> Result<bool> {
    let mut devices: BTreeMap<u64, (PathBuf, rustix::fd::OwnedFd)> = BTreeMap::new();
    let parents = unsynced.files.iter().filter_map(|f| f.parent());
    let dirs: std::collections::BTreeSet<&Path> =
        unsynced.dirs.iter().map(PathBuf::as_path).chain(parents).collect();
    for dir in dirs {
        let cannot = |e| os_error(e, OP, "cannot sync", dir);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
        let fd = retry_on_intr(|| rustix::fs::open(dir, flags, Mode::empty()))
            .map_err(cannot)?;
        let device = fstat(&fd).map_err(cannot)?.st_dev;
        devices.entry(device).or_insert_with(|| (dir.to_path_buf(), fd));
    }
    for (dir, fd) in devices.values() {
        let cannot = |e| os_error(e, OP, "cannot sync the file system", dir);
        faults::check("dir.sync").map_err(cannot)?;
        match retry_on_intr(|| rustix::fs::syncfs(fd)) {
            Ok(()) => {}
            Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => return Ok(false),
            Err(e) => return Err(cannot(e)),
        }
    }
    Ok(true)
}

/// No such call here.
#[cfg(not(target_os = "linux"))]
fn sync_file_systems(_unsynced: &Unsynced) -> Result<bool> {
    Ok(false)
}
