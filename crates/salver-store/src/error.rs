//! Errors of the operating system in our words.

use std::path::Path;

use rustix::io::Errno;
use salver_core::{Error, ErrorKind, Op};

/// The error of a system call on `path`.
pub(crate) fn os_error(errno: Errno, op: Op, message: &str, path: &Path) -> Error {
    let kind = kind_of(errno);
    let error = Error::new(kind, op, message)
        .with("path", path.display())
        .caused_by(std::io::Error::from(errno));
    match kind {
        ErrorKind::Limit if matches!(errno, Errno::NOSPC | Errno::DQUOT) => error
            .hint("the disk or the quota is full; nothing was left behind by this call"),
        ErrorKind::Denied => {
            error.hint("the folder is read-only, or not yours to write to")
        }
        _ => error,
    }
}

fn kind_of(errno: Errno) -> ErrorKind {
    match errno {
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::MFILE | Errno::NFILE => {
            ErrorKind::Limit
        }
        Errno::ACCESS | Errno::PERM | Errno::ROFS => ErrorKind::Denied,
        Errno::NOENT | Errno::NOTDIR => ErrorKind::NotFound,
        Errno::EXIST => ErrorKind::Conflict,
        Errno::NAMETOOLONG | Errno::LOOP | Errno::ISDIR => ErrorKind::InvalidInput,
        Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK => {
            ErrorKind::Unsupported
        }
        _ => ErrorKind::Io,
    }
}
