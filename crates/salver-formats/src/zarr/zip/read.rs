//! Reads the central directory. Source: PKWARE APPNOTE 6.3.10 §4.3.

use std::io::Read as _;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Place, Source};

const OP: Op = Op("zarr.zip");
/// Bytes of a local header before the name.
const LOCAL: u64 = 30;
/// Longest end of an archive: its record, a comment, and the locator of the 64-bit record.
const TAIL: u64 = 22 + 65_535 + 20;
/// Longest document that is inflated.
const MAX_DOCUMENT: u64 = 64 << 20;

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name, with `/` between steps.
    pub(crate) name: String,
    /// Where its bytes are, compressed as they are.
    pub(crate) place: Place,
    /// Whether they are compressed (method 8); else they are stored.
    pub(crate) deflated: bool,
}

struct Entry {
    name: String,
    header: u64,
    name_len: u64,
    len: u64,
    deflated: bool,
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Little-endian numbers of a record.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let short = || corrupt("a record of the archive ends early");
        let (head, rest) = self.0.split_at_checked(n).ok_or_else(short)?;
        self.0 = rest;
        Ok(head)
    }

    fn number(&mut self, n: usize) -> Result<u64> {
        let bytes = self.take(n)?;
        Ok(bytes.iter().rev().fold(0, |all, &b| all << 8 | u64::from(b)))
    }
}

/// One piece of a source.
pub(crate) fn piece(source: &dyn Source, place: Place) -> Result<Bytes> {
    let pieces = source.read(&[place.range()])?;
    Ok(pieces.into_iter().next().unwrap_or_default())
}

/// The members of an archive, by where they begin; of equal names the last one counts.
///
/// Where members lie without gaps, only the end of the archive is read; else the headers of those
/// before a gap too.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the bytes are no archive or members overlap;
/// [`ErrorKind::Unsupported`] for encrypted members and compressions but stored and deflated.
pub(crate) fn members(source: &dyn Source) -> Result<Vec<Member>> {
    let len = source.len();
    let tail_at = len.saturating_sub(TAIL);
    let tail = piece(source, Place { offset: tail_at, len: len - tail_at })?;
    let (at, end) = end_record(&tail)?;
    let directory = directory(source, &tail, tail_at, tail_at + at as u64, end)?;
    let limit = directory.0;
    let mut entries = entries(&directory.1)?;
    entries.sort_by_key(|e| e.header);
    places(source, entries, limit)
}

/// The last end record whose comment ends with the archive: its place in the tail, and its fields
/// (members, length and place of the directory).
fn end_record(tail: &[u8]) -> Result<(usize, [u64; 3])> {
    let mut at = tail.len().saturating_sub(22);
    loop {
        let rest = tail.get(at..).unwrap_or_default();
        if rest.starts_with(b"PK\x05\x06") && rest.len() >= 22 {
            let mut fields = Fields(rest);
            fields.take(10)?;
            let (count, size, offset) =
                (fields.number(2)?, fields.number(4)?, fields.number(4)?);
            if fields.number(2)? == fields.0.len() as u64 {
                return Ok((at, [count, size, offset]));
            }
        }
        at = at.checked_sub(1).ok_or_else(|| corrupt("not a zip archive"))?;
    }
}

/// Where the central directory begins, and its bytes.
fn directory(
    source: &dyn Source,
    tail: &Bytes,
    tail_at: u64,
    end_at: u64,
    [count, mut size, mut offset]: [u64; 3],
) -> Result<(u64, Bytes)> {
    let mut limit = end_at;
    if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
        let locator = usize::try_from(end_at - tail_at).ok().and_then(|n| {
            tail.get(n.checked_sub(20)?..n).filter(|b| b.starts_with(b"PK\x06\x07"))
        });
        if let Some(locator) = locator {
            let mut fields = Fields(locator);
            fields.take(8)?;
            let at = fields.number(8)?;
            if at.checked_add(56).is_none_or(|end| end > end_at) {
                return Err(corrupt("the archive's end is outside of it"));
            }
            let record = piece(source, Place { offset: at, len: 56 })?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err(corrupt("the archive has no 64-bit end record"));
            }
            let mut fields = Fields(record.get(40..).unwrap_or_default());
            (size, offset) = (fields.number(8)?, fields.number(8)?);
            limit = at;
        }
    }
    if offset.checked_add(size).is_none_or(|end| end > limit) {
        return Err(corrupt("the archive's directory is outside of it")
            .with("offset", offset)
            .with("length", size));
    }
    let known = offset.checked_sub(tail_at).and_then(|from| {
        let from = usize::try_from(from).ok()?;
        Some(from..from + usize::try_from(size).ok()?)
    });
    let bytes = match known {
        Some(range) => tail.slice(range),
        None => piece(source, Place { offset, len: size })?,
    };
    Ok((offset, bytes))
}

fn entries(directory: &[u8]) -> Result<Vec<Entry>> {
    let mut fields = Fields(directory);
    let mut out = Vec::new();
    while fields.0.starts_with(b"PK\x01\x02") {
        fields.take(8)?;
        let (flags, method) = (fields.number(2)?, fields.number(2)?);
        fields.take(8)?;
        let (len, size) = (fields.number(4)?, fields.number(4)?);
        let name_len = fields.number(2)?;
        let (extra, comment) = (fields.number(2)?, fields.number(2)?);
        fields.take(8)?;
        let header = fields.number(4)?;
        let name = fields.take(short(name_len))?;
        let name = std::str::from_utf8(name);
        let name = name.op(ErrorKind::Corrupt, OP, "a member's name is not UTF-8")?;
        let extra = fields.take(short(extra))?;
        fields.take(short(comment))?;
        if name.ends_with('/') {
            continue;
        }
        if flags & 1 != 0 || !matches!(method, 0 | 8) {
            let message = "a member that is encrypted or of an unknown compression";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("member", name)
                .with("method", method)
                .hint("members are stored or deflated"));
        }
        let [_, len, header] = large(extra, [size, len, header])?;
        let deflated = method == 8;
        out.push(Entry { name: name.to_owned(), header, name_len, len, deflated });
    }
    Ok(out)
}

fn short(n: u64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// The numbers that the 64-bit extra field holds where the entry's own are full.
fn large(extra: &[u8], mut numbers: [u64; 3]) -> Result<[u64; 3]> {
    if !numbers.contains(&0xffff_ffff) {
        return Ok(numbers);
    }
    let mut fields = Fields(extra);
    while fields.0.len() >= 4 {
        let (id, len) = (fields.number(2)?, fields.number(2)?);
        let mut body = Fields(fields.take(short(len))?);
        if id == 1 {
            for number in numbers.iter_mut().filter(|n| **n == 0xffff_ffff) {
                *number = body.number(8)?;
            }
            break;
        }
    }
    Ok(numbers)
}

/// Where the bytes of entries are, which are sorted by their headers and end before `limit`.
fn places(source: &dyn Source, entries: Vec<Entry>, limit: u64) -> Result<Vec<Member>> {
    let ends: Vec<u64> = entries.iter().skip(1).map(|e| e.header).collect();
    let ends = ends.into_iter().chain([limit]);
    let mut members = Vec::with_capacity(entries.len());
    let mut unsure = Vec::new();
    for (entry, end) in entries.into_iter().zip(ends) {
        let offset = entry.header.checked_add(LOCAL + entry.name_len);
        let least =
            offset.and_then(|offset| Some((offset, offset.checked_add(entry.len)?)));
        let Some((offset, least)) = least.filter(|(_, least)| *least <= end) else {
            return Err(corrupt("members of the archive overlap")
                .with("member", entry.name)
                .with("offset", entry.header));
        };
        if least < end {
            unsure.push((members.len(), entry.header, end));
        }
        let place = Place { offset, len: entry.len };
        members.push(Member { name: entry.name, place, deflated: entry.deflated });
    }
    let headers: Vec<_> = unsure.iter().map(|(_, at, _)| *at..*at + LOCAL).collect();
    for ((i, at, end), header) in unsure.into_iter().zip(source.read(&headers)?) {
        let Some(member) = members.get_mut(i) else { continue };
        let mut fields = Fields(&header);
        let known = fields.take(4)? == b"PK\x03\x04";
        fields.take(22)?;
        member.place.offset = at + LOCAL + fields.number(2)? + fields.number(2)?;
        if !known || member.place.range().end > end {
            return Err(corrupt("a member of the archive has no header, or overlaps")
                .with("member", &member.name)
                .with("offset", at));
        }
    }
    Ok(members)
}

/// The bytes of a small member, inflated where they are deflated.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where they cannot be; [`ErrorKind::Limit`] beyond 64 MiB.
pub(crate) fn inflate(bytes: Bytes, deflated: bool) -> Result<Bytes> {
    let too_long = || {
        Error::new(ErrorKind::Limit, OP, "a document too long")
            .with("limit", MAX_DOCUMENT)
    };
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(too_long());
    }
    if !deflated {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    let stream = flate2::read::DeflateDecoder::new(&bytes[..]);
    let read = stream.take(MAX_DOCUMENT + 1).read_to_end(&mut out);
    read.op(ErrorKind::Corrupt, OP, "a damaged member")?;
    if out.len() as u64 > MAX_DOCUMENT { Err(too_long()) } else { Ok(out.into()) }
}
