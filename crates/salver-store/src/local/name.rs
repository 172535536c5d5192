//! Giving a finished temporary its name, never replacing what has it.

use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fstat, fsync, linkat, renameat_with, unlink,
};
use rustix::io::{Errno, read, retry_on_intr, write};

use super::stage::Identity;

/// A target that had to be copied.
type Copied = Option<Identity>;

/// Moves `temp` to `target` if nothing has that name; `None` where something has.
///
/// A rename that does not replace is one step; hard link and unlink are the way of older file
/// systems; where neither works, the target is made exclusively, copied into and synced: it is not
/// whole at once, but nothing refers to it before its records are committed.
pub(super) fn give_name(temp: &Path, target: &Path) -> Result<Option<Copied>, Errno> {
    match renameat_with(CWD, temp, CWD, target, RenameFlags::NOREPLACE) {
        Ok(()) => return Ok(Some(None)),
        Err(Errno::EXIST) => return Ok(None),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        Err(e) => return Err(e),
    }
    match linkat(CWD, temp, CWD, target, AtFlags::empty()) {
        Ok(()) => {
            unlink(temp)?;
            return Ok(Some(None));
        }
        Err(Errno::EXIST) => return Ok(None),
        Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::MLINK) => {}
        Err(e) => return Err(e),
    }
    copy_new(temp, target)
}

/// Copies into a new file, which is removed if that fails.
pub(super) fn copy_new(temp: &Path, target: &Path) -> Result<Option<Copied>, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    let to = match retry_on_intr(|| rustix::fs::open(target, flags, mode)) {
        Ok(to) => to,
        Err(Errno::EXIST) => return Ok(None),
        Err(e) => return Err(e),
    };
    let copied = || -> Result<Identity, Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let from = retry_on_intr(|| rustix::fs::open(temp, flags, Mode::empty()))?;
        let mut buffer = vec![0_u8; 1 << 20];
        loop {
            let n = retry_on_intr(|| read(&from, &mut *buffer))?;
            if n == 0 {
                break;
            }
            let mut rest = buffer.get(..n).unwrap_or_default();
            while !rest.is_empty() {
                let wrote = retry_on_intr(|| write(&to, rest))?;
                rest = rest.get(wrote..).unwrap_or_default();
            }
        }
        retry_on_intr(|| fsync(&to))?;
        Ok(Identity::of(&fstat(&to)?))
    };
    match copied() {
        Ok(identity) => {
            unlink(temp)?;
            Ok(Some(Some(identity)))
        }
        Err(e) => {
            unlink(target)?;
            Err(e)
        }
    }
}
