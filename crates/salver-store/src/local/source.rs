//! Positional reads of one file.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::{Errno, pread, retry_on_intr};
use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_tree::{MemorySource, Source};

use crate::error::os_error;
use crate::file_uri;

const OP: Op = Op("store.read");

/// The most that one system call reads: between them the caller may be interrupted.
const CHUNK: usize = 16 << 20;

/// Random access to an open file. Its length is what it was when it was opened.
#[derive(Debug)]
pub struct FileSource {
    fd: OwnedFd,
    len: u64,
    path: PathBuf,
}

/// Opens a file for reading; never waits for the other end of a pipe.
pub(super) fn open_fd(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))
        .map_err(|e| os_error(e, Op("store.open"), "cannot open", path))
}

impl FileSource {
    /// Opens the file at a path.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Denied`]; [`ErrorKind::InvalidInput`] for what is not
    /// a regular file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let fd = open_fd(&path)?;
        Self::of(fd, path)
    }

    pub(super) fn of(fd: OwnedFd, path: PathBuf) -> Result<Self> {
        let stat = fstat(&fd).map_err(|e| os_error(e, OP, "cannot stat", &path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            let message = "not a regular file";
            let error = Error::new(ErrorKind::InvalidInput, Op("store.open"), message);
            return Err(error.with("path", path.display()));
        }
        let len = u64::try_from(stat.st_size).unwrap_or(0);
        Ok(Self { fd, len, path })
    }

    fn check(&self, range: &Range<u64>) -> Result<usize> {
        let inside = range.start <= range.end && range.end <= self.len;
        let len = inside.then(|| usize::try_from(range.end - range.start).ok());
        len.flatten().ok_or_else(|| {
            let message = "the artifact is shorter than its index says";
            Error::new(ErrorKind::Corrupt, OP, message)
                .with("path", self.path.display())
                .with("range", format_args!("{}..{}", range.start, range.end))
                .with("length", self.len)
        })
    }

    /// Reads a checked range into a buffer of its own.
    fn read_bytes(&self, range: &Range<u64>) -> Result<Bytes> {
        let len = self.check(range)?;
        let mut out = Vec::new();
        if len > CHUNK {
            // fails where memory is not there; what follows takes zeroed pages as they are
            out.try_reserve_exact(len).map_err(|e| self.no_memory(len).caused_by(e))?;
            drop(out);
            let mut out = vec![0; len];
            self.read_into(range.start, &mut out)?;
            return Ok(Bytes::from(out));
        }
        out.reserve_exact(len);
        while out.len() < len {
            let at = range.start + out.len() as u64;
            let n = retry_on_intr(|| pread(&self.fd, spare_capacity(&mut out), at))
                .map_err(|e| os_error(e, OP, "cannot read", &self.path))?;
            if n == 0 {
                return Err(self.cut_short(at));
            }
        }
        out.truncate(len);
        Ok(Bytes::from(out))
    }

    fn no_memory(&self, len: usize) -> Error {
        Error::new(ErrorKind::Limit, OP, "not enough memory")
            .with("path", self.path.display())
            .with("bytes", len)
    }

    fn cut_short(&self, at: u64) -> Error {
        Error::new(ErrorKind::Corrupt, OP, "the file became shorter while it was read")
            .with("path", self.path.display())
            .with("end", at)
            .with("length", self.len)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            out.push(self.read_bytes(range)?);
            interrupt::check(OP)?;
        }
        Ok(out)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check(&(offset..offset.saturating_add(buffer.len() as u64)))?;
        let mut at = offset;
        for piece in buffer.chunks_mut(CHUNK) {
            let mut rest = piece;
            while !rest.is_empty() {
                let n = retry_on_intr(|| pread(&self.fd, &mut *rest, at))
                    .map_err(|e| os_error(e, OP, "cannot read", &self.path))?;
                if n == 0 {
                    return Err(self.cut_short(at));
                }
                at += n as u64;
                rest = rest.get_mut(n..).unwrap_or_default();
            }
            interrupt::check(OP)?;
        }
        Ok(())
    }

    fn name(&self) -> String {
        file_uri(&self.path)
    }
}

/// Reads a whole file that is expected to have few bytes: one open, one read, one close. `None`
/// where there turn out to be more than `limit`, or where it is not a plain file.
pub(super) fn read_small(fd: &OwnedFd, limit: usize) -> Result<Option<Bytes>, Errno> {
    let mut out = Vec::with_capacity(limit + 1);
    loop {
        let n = retry_on_intr(|| rustix::io::read(fd, spare_capacity(&mut out)))?;
        if out.len() > limit {
            return Ok(None);
        }
        if n == 0 || out.len() == limit {
            return Ok(Some(Bytes::from(out)));
        }
    }
}

/// A file that was read whole when it was opened.
#[derive(Debug)]
pub(super) struct SmallFile {
    bytes: MemorySource,
    path: PathBuf,
}

impl SmallFile {
    pub(super) fn new(bytes: Bytes, path: PathBuf) -> Self {
        Self { bytes: MemorySource::new(bytes), path }
    }
}

impl Source for SmallFile {
    fn len(&self) -> u64 {
        self.bytes.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.bytes.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes.read_into(offset, buffer)
    }

    fn name(&self) -> String {
        file_uri(&self.path)
    }
}
