//! Members as arrays: their parts, and their bytes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Chunks, MemorySource, PartKind, Place, Source, TablePart};

use super::zip::{DEFLATED, Member, STORED, corrupt};
use crate::npy::{Header, read_header};
use crate::numpy::checked_part;

const OP: Op = Op("npz.read");
/// Decoded bytes that a deflated one can stand for.
const MOST: u64 = 1040;
/// Bytes of a deflated member in which its header is looked for.
const HEAD: u64 = 64 << 10;

/// A run of bytes of an artifact as an artifact.
#[derive(Debug)]
struct Window {
    source: Arc<dyn Source>,
    offset: u64,
    len: u64,
}

impl Source for Window {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let moved: Vec<_> = ranges
            .iter()
            .map(|r| {
                let at = |n: u64| self.offset.saturating_add(n.min(self.len));
                at(r.start)..at(r.end)
            })
            .collect();
        let pieces = self.source.read(&moved)?;
        if pieces.iter().zip(ranges).all(|(p, r)| p.len() as u64 == r.end - r.start) {
            Ok(pieces)
        } else {
            Err(corrupt("a member is cut off"))
        }
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(corrupt("a member is cut off"));
        }
        self.source.read_into(self.offset + offset, buffer)
    }
}

/// The begin of a longer artifact.
#[derive(Debug)]
struct Begin {
    bytes: MemorySource,
    len: u64,
}

impl Source for Begin {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.bytes.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes.read_into(offset, buffer)
    }
}

/// The key of a member: its name without `.npy`.
pub(super) fn key(member: &Member) -> &str {
    member.name.strip_suffix(".npy").unwrap_or(&member.name)
}

pub(super) fn is_array(member: &Member) -> bool {
    member.name.strip_suffix(".npy").is_some()
}

fn refuse(member: &Member) -> Error {
    let message = "a member is compressed in a way that is not known";
    Error::new(ErrorKind::Unsupported, OP, message)
        .with("member", &member.name)
        .with("method", member.method)
        .hint("members are stored or deflated")
}

/// The place of a member's bytes as stored.
pub(super) fn place(member: &Member) -> Place {
    Place { offset: member.offset, len: member.packed }
}

/// Refuses members that say they hold more than they can.
fn check(member: &Member) -> Result<()> {
    match member.method {
        STORED => Ok(()),
        DEFLATED
            if member.size <= member.packed.saturating_mul(MOST).saturating_add(4096) =>
        {
            Ok(())
        }
        DEFLATED => {
            let error = corrupt("a member says that it holds more than it can");
            let error = error.with("member", &member.name);
            Err(error.with("bytes", member.packed).with("said", member.size))
        }
        _ => Err(refuse(member)),
    }
}

/// The header of an array's member.
///
/// # Errors
/// As npy's.
pub(super) fn header(member: &Member, source: &Arc<dyn Source>) -> Result<Header> {
    check(member)?;
    let inner: Arc<dyn Source> = if member.method == STORED {
        let (source, offset) = (Arc::clone(source), member.offset);
        Arc::new(Window { source, offset, len: member.size })
    } else {
        let end = member.offset + member.packed.min(HEAD);
        let packed = source.read(&[member.offset..end])?;
        let packed = packed.first().map(AsRef::as_ref).unwrap_or_default();
        let room = usize::try_from(member.size.min(HEAD * 4)).unwrap_or(0);
        let mut begin = vec![0; room];
        let made = inflate(&mut Decompress::new(false), packed, &mut begin)?;
        begin.truncate(made);
        Arc::new(Begin { bytes: MemorySource::new(begin), len: member.size })
    };
    read_header(&inner).map_err(|e| e.with("member", &member.name))
}

/// The neutral part of an array's member.
///
/// # Errors
/// As npy's.
pub(super) fn part(member: &Member, header: &Header) -> Result<PartKind> {
    let whole = place(member);
    Ok(match header {
        Header::Array(run) => {
            let mut part = checked_part(run, member.size)?;
            let skip = run.place.offset;
            if member.method == STORED {
                let moved = Place { offset: member.offset + skip, len: run.place.len };
                part.chunks = match part.chunks {
                    Chunks::Whole(_) => Chunks::Whole(moved),
                    _ => Chunks::Contiguous(moved),
                };
            } else {
                let codec = &mut part.codec;
                codec.insert("compression".to_owned(), "deflate".to_owned());
                codec.insert("skip".to_owned(), skip.to_string());
                part.chunks = Chunks::Whole(whole);
            }
            PartKind::Array(part)
        }
        Header::Records(records) => {
            let columns: Vec<String> =
                records.fields.iter().map(|f| f.name.clone()).collect();
            PartKind::Table(TablePart {
                // the header is needed too
                places: vec![vec![whole; columns.len()]],
                columns,
                group_rows: vec![records.rows],
            })
        }
    })
}

/// Inflates until the room is full or the stream ends; gives the bytes made.
fn inflate(state: &mut Decompress, packed: &[u8], out: &mut [u8]) -> Result<usize> {
    let begin = (state.total_in(), state.total_out());
    loop {
        let (read, made) = (state.total_in(), state.total_out());
        let at = |now: u64, then: u64| usize::try_from(now - then).unwrap_or(usize::MAX);
        let input = packed.get(at(read, begin.0)..).unwrap_or_default();
        let done = at(made, begin.1);
        let room = out.get_mut(done..).unwrap_or_default();
        if room.is_empty() {
            return Ok(done);
        }
        let status = state.decompress(input, room, FlushDecompress::None);
        let status = status.op(ErrorKind::Corrupt, OP, "a damaged member")?;
        let stuck = (read, made) == (state.total_in(), state.total_out());
        if status == Status::StreamEnd || stuck {
            return Ok(at(state.total_out(), begin.1));
        }
    }
}

/// Inflates a member: `skip` bytes of header, then exactly what fits in `out`.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is damaged.
pub(super) fn unpack(
    member: &Member,
    source: &Arc<dyn Source>,
    skip: usize,
    out: &mut [u8],
) -> Result<()> {
    let named = |e: Error| e.with("member", &member.name);
    check(member)?;
    let packed = source.read(&[place(member).range()])?;
    let packed = packed.first().map(AsRef::as_ref).unwrap_or_default();
    let mut state = Decompress::new(false);
    let mut head = vec![0; skip];
    let first = inflate(&mut state, packed, &mut head).map_err(named)?;
    let read = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
    let rest = packed.get(read..).unwrap_or_default();
    let second = inflate(&mut state, rest, out).map_err(named)?;
    if first != head.len() || second != out.len() {
        return Err(named(corrupt("a member holds less than it says")));
    }
    if first as u64 + second as u64 == member.size {
        let mut crc = Crc::new();
        crc.update(&head);
        crc.update(out);
        if crc.sum() != member.crc {
            return Err(named(corrupt("a member has another checksum than it says")));
        }
    }
    Ok(())
}

/// All bytes of a member.
///
/// # Errors
/// As [`unpack`] and the source's.
pub(super) fn all(member: &Member, source: &Arc<dyn Source>) -> Result<Bytes> {
    check(member)?;
    if member.method == STORED {
        let pieces = source.read(&[place(member).range()])?;
        return Ok(pieces.into_iter().next().unwrap_or_default());
    }
    let size = usize::try_from(member.size);
    let mut out = vec![0; size.op(ErrorKind::Limit, OP, "a member too large")?];
    unpack(member, source, 0, &mut out)?;
    Ok(Bytes::from(out))
}
