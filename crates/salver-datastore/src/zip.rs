//! Members of zip files, as `retrieve_artifacts_zip` makes them.
//!
//! Source: Gen3 format §9.7 (docs/spec/gen3.md); PKWARE APPNOTE 6.3.10 §4.3. Members are stored or
//! deflated; encryption and several disks are refused.

use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::DeflateDecoder;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{MemorySource, Source};

const OP: Op = Op("datastore.zip");

/// Fixed parts of the records, bytes.
const END: u64 = 22;
const ENTRY: usize = 46;
const LOCAL: u64 = 30;

/// The most that the directory of a zip file may have, bytes.
const MAX_DIRECTORY: u64 = 1 << 30;

/// What the directory says of a member.
struct Entry {
    method: u16,
    flags: u16,
    packed: u64,
    size: u64,
    offset: u64,
}

/// A member of a zip file as a source of its own.
///
/// # Errors
/// [`ErrorKind::NotFound`] where there is no such member, [`ErrorKind::Corrupt`] for a damaged zip
/// file, [`ErrorKind::Unsupported`] for other compressions than deflate.
pub(crate) fn member(zip: &Arc<dyn Source>, name: &str) -> Result<Arc<dyn Source>> {
    let entry = find(zip, name)?;
    if entry.flags & 1 != 0 {
        return Err(unsupported(zip, name, "an encrypted member"));
    }
    let header = read(zip, entry.offset..entry.offset.saturating_add(LOCAL))?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged(zip, "no member where the directory says"));
    }
    let skip = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    let start = entry.offset + LOCAL + skip;
    let range = start..start.saturating_add(entry.packed);
    match entry.method {
        0 => Ok(Arc::new(Window {
            of: Arc::clone(zip),
            range: checked(zip, range)?,
            name: name.to_owned(),
        })),
        8 => {
            let packed = read(zip, range)?;
            let limit = entry.size.saturating_add(1);
            let mut out = Vec::new();
            let read = DeflateDecoder::new(&packed[..]).take(limit).read_to_end(&mut out);
            read.map_err(|e| {
                damaged(zip, "a member that cannot be inflated").caused_by(e)
            })?;
            if out.len() as u64 != entry.size {
                return Err(damaged(
                    zip,
                    "a member of another size than the directory says",
                ));
            }
            Ok(Arc::new(MemorySource::new(out)))
        }
        _ => Err(unsupported(zip, name, "a compression that is not deflate")),
    }
}

fn find(zip: &Arc<dyn Source>, name: &str) -> Result<Entry> {
    let (directory, n) = directory(zip)?;
    let bytes = read(zip, directory)?;
    let mut rest = &bytes[..];
    for _ in 0..n {
        let Some(fixed) = rest.get(..ENTRY).filter(|r| r.starts_with(b"PK\x01\x02"))
        else {
            return Err(damaged(zip, "a damaged directory"));
        };
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(fixed, at)));
        let whole = ENTRY + lengths.iter().sum::<usize>();
        let Some(entry) = rest.get(..whole) else {
            return Err(damaged(zip, "a damaged directory"));
        };
        let (names, tail) = (ENTRY..ENTRY + lengths[0], ENTRY + lengths[0]);
        if entry.get(names) == Some(name.as_bytes()) {
            let extra = entry.get(tail..tail + lengths[1]).unwrap_or_default();
            return Ok(entry_of(entry, extra));
        }
        rest = rest.get(whole..).unwrap_or_default();
    }
    Err(Error::new(ErrorKind::NotFound, OP, "no such member of the zip file")
        .with("zip", zip.name())
        .with("member", name))
}

fn entry_of(fixed: &[u8], extra: &[u8]) -> Entry {
    let mut entry = Entry {
        flags: u16_at(fixed, 8),
        method: u16_at(fixed, 10),
        packed: u64::from(u32_at(fixed, 20)),
        size: u64::from(u32_at(fixed, 24)),
        offset: u64::from(u32_at(fixed, 42)),
    };
    // zip64: what does not fit in 32 bits follows in this order
    let mut rest = extra;
    while let Some(header) = rest.get(..4) {
        let length = usize::from(u16_at(header, 2));
        let body = rest.get(4..4 + length).unwrap_or_default();
        if u16_at(header, 0) == 1 {
            let mut values = body.chunks_exact(8).map(|c| u64_at(c, 0));
            for field in [&mut entry.size, &mut entry.packed, &mut entry.offset] {
                if *field == u64::from(u32::MAX) {
                    *field = values.next().unwrap_or(*field);
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    entry
}

/// Where the directory is, and its number of entries.
fn directory(zip: &Arc<dyn Source>) -> Result<(Range<u64>, u64)> {
    let first = zip.len().saturating_sub(END + u64::from(u16::MAX));
    let tail = read(zip, first..zip.len())?;
    let end = tail.windows(4).rposition(|w| w == b"PK\x05\x06");
    let end = end.and_then(|at| tail.get(at..)).filter(|e| e.len() as u64 >= END);
    let end = end.ok_or_else(|| damaged(zip, "not a zip file, or cut short"))?;
    let (mut n, mut size, mut start) = (
        u64::from(u16_at(end, 10)),
        u64::from(u32_at(end, 12)),
        u64::from(u32_at(end, 16)),
    );
    let at_end = first + (tail.len() - end.len()) as u64;
    if let Some(locator) = at_end.checked_sub(20) {
        let locator = read(zip, locator..at_end)?;
        if locator.starts_with(b"PK\x06\x07") {
            let at = u64_at(&locator, 8);
            let record = read(zip, at..at.saturating_add(56))?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err(damaged(zip, "a damaged directory"));
            }
            (n, size, start) =
                (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
        }
    }
    if size > MAX_DIRECTORY {
        return Err(damaged(zip, "a directory larger than can be"));
    }
    Ok((start..start.saturating_add(size), n))
}

fn checked(zip: &Arc<dyn Source>, range: Range<u64>) -> Result<Range<u64>> {
    if range.start <= range.end && range.end <= zip.len() {
        return Ok(range);
    }
    Err(damaged(zip, "a range outside of the file"))
}

fn read(zip: &Arc<dyn Source>, range: Range<u64>) -> Result<Bytes> {
    let range = checked(zip, range)?;
    Ok(zip.read(std::slice::from_ref(&range))?.pop().unwrap_or_default())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let two = bytes.get(at..at + 2).and_then(|b| b.try_into().ok());
    two.map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
    four.map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes.get(at..at + 8).and_then(|b| b.try_into().ok());
    eight.map_or(0, u64::from_le_bytes)
}

fn damaged(zip: &Arc<dyn Source>, message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message).with("zip", zip.name())
}

fn unsupported(zip: &Arc<dyn Source>, name: &str, message: &str) -> Error {
    let error = Error::new(ErrorKind::Unsupported, OP, message);
    error.with("zip", zip.name()).with("member", name)
}

/// A range of another source.
#[derive(Debug)]
struct Window {
    of: Arc<dyn Source>,
    range: Range<u64>,
    name: String,
}

impl Window {
    fn shift(&self, range: &Range<u64>) -> Result<Range<u64>> {
        let start = self.range.start.saturating_add(range.start);
        let end = self.range.start.saturating_add(range.end);
        if start <= end && end <= self.range.end {
            return Ok(start..end);
        }
        let message = "the artifact is shorter than its index says";
        Err(Error::new(ErrorKind::Corrupt, OP, message).with("member", &self.name))
    }
}

impl Source for Window {
    fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let shifted = ranges.iter().map(|r| self.shift(r)).collect::<Result<Vec<_>>>()?;
        self.of.read(&shifted)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        let range = self.shift(&(offset..end))?;
        self.of.read_into(range.start, buffer)
    }

    fn name(&self) -> String {
        format!("{}#zip-path={}", self.of.name(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A zip file with one stored and one deflated member, made by Python's `zipfile`.
    const ZIP: &[u8] = include_bytes!("../tests/data/two.zip");

    fn source(bytes: &[u8]) -> Arc<dyn Source> {
        Arc::new(MemorySource::new(bytes.to_vec()))
    }

    fn all(source: &dyn Source) -> Vec<u8> {
        source.read(std::slice::from_ref(&(0..source.len()))).unwrap().concat()
    }

    #[test]
    fn uc_046_stored_and_deflated_members_are_read() {
        let stored = member(&source(ZIP), "01a20cd7-é x.json").unwrap();
        assert_eq!(all(&*stored), br#"{"a": 1}"#);
        let mut buffer = [0; 3];
        stored.read_into(5, &mut buffer).unwrap();
        assert_eq!(&buffer, b" 1}");
        assert!(stored.read_into(6, &mut buffer).is_err());
        let index = member(&source(ZIP), "_butler_zip_index.json").unwrap();
        assert_eq!(all(&*index), [b'x'; 5000]);
    }

    #[test]
    fn an_absent_member_is_not_found() {
        let error = member(&source(ZIP), "no").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn cut_files_are_corrupt() {
        for len in 0..ZIP.len() {
            let error =
                member(&source(&ZIP[..len]), "_butler_zip_index.json").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{len}");
        }
    }

    proptest! {
        #[test]
        fn changed_bytes_give_a_value_or_an_error(
            changes in proptest::collection::vec((0..ZIP.len(), any::<u8>()), 1..8)
        ) {
            let mut bytes = ZIP.to_vec();
            for (at, value) in changes {
                bytes[at] = value;
            }
            for name in ["01a20cd7-é x.json", "_butler_zip_index.json"] {
                if let Ok(found) = member(&source(&bytes), name) {
                    prop_assert!(found.len() <= 1 << 20);
                }
            }
        }
    }
}
