//! Writes an archive of stored members, in order. Source: PKWARE APPNOTE 6.3.10 §4.3.

use salver_core::Result;
use salver_tree::{Place, Sink};

use super::Member;

/// A number that does not fit stands in the 64-bit extra field.
const FULL: u32 = u32::MAX;
/// 1980-01-01: the bytes do not depend on when they are written.
const DATE: u16 = 0x21;

struct Entry {
    member: Member,
    header: u64,
    crc: u32,
}

/// An archive that is being written.
pub(crate) struct ZipWriter<'a> {
    sink: &'a mut dyn Sink,
    start: u64,
    entries: Vec<Entry>,
}

#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn signed(signature: [u8; 4]) -> Self {
        Self(signature.to_vec())
    }

    fn u16(mut self, number: u16) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}

/// A number of 32 bits, or the sign that it is elsewhere.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(FULL)
}

/// A length that was checked to be short.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

impl<'a> ZipWriter<'a> {
    pub(crate) fn new(sink: &'a mut dyn Sink) -> Self {
        let start = sink.written();
        Self { sink, start, entries: Vec::new() }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.sink.written() - self.start
    }

    /// Adds a member of these pieces, whose CRC-32 this is; gives the place of its bytes. Names are
    /// at most 65535 bytes long.
    ///
    /// # Errors
    /// As the sink's.
    pub(crate) fn add(
        &mut self,
        name: &str,
        pieces: &[&[u8]],
        crc: u32,
    ) -> Result<Place> {
        let len = pieces.iter().map(|p| p.len() as u64).sum::<u64>();
        let header = self.written();
        let large = len >= u64::from(FULL);
        let stored = if large { FULL } else { narrow(len) };
        let record = Record::signed(*b"PK\x03\x04")
            .u16(if large { 45 } else { 20 })
            .u16(flags(name))
            .u16(0)
            .u16(0)
            .u16(DATE)
            .u32(crc)
            .u32(stored)
            .u32(stored)
            .u16(short(name.len()))
            .u16(if large { 20 } else { 0 })
            .bytes(name.as_bytes());
        let record = if large { record.u16(1).u16(16).u64(len).u64(len) } else { record };
        self.sink.write(&record.0)?;
        let place = Place { offset: self.written(), len };
        for piece in pieces {
            self.sink.write(piece)?;
        }
        let member = Member { name: name.to_owned(), place, deflated: false };
        self.entries.push(Entry { member, header, crc });
        Ok(place)
    }

    /// Ends the archive; gives its members and its length.
    ///
    /// # Errors
    /// As the sink's.
    pub(crate) fn finish(self) -> Result<(Vec<Member>, u64)> {
        let offset = self.written();
        let mut directory = Record::default();
        for entry in &self.entries {
            directory = directory.bytes(&central(entry));
        }
        let (count, size) = (self.entries.len() as u64, directory.0.len() as u64);
        let end = offset + size;
        if count >= 0xffff || size >= u64::from(FULL) || offset >= u64::from(FULL) {
            directory = directory
                .bytes(b"PK\x06\x06")
                .u64(44)
                .u16(45)
                .u16(45)
                .u32(0)
                .u32(0)
                .u64(count)
                .u64(count)
                .u64(size)
                .u64(offset)
                .bytes(b"PK\x06\x07")
                .u32(0)
                .u64(end)
                .u32(1);
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        let directory = directory
            .bytes(b"PK\x05\x06")
            .u32(0)
            .u16(count)
            .u16(count)
            .u32(narrow(size))
            .u32(narrow(offset))
            .u16(0);
        self.sink.write(&directory.0)?;
        let length = self.sink.written() - self.start;
        Ok((self.entries.into_iter().map(|e| e.member).collect(), length))
    }
}

/// Bit 11 says that the name is UTF-8.
fn flags(name: &str) -> u16 {
    if name.is_ascii() { 0 } else { 0x800 }
}

/// An entry of the central directory.
fn central(entry: &Entry) -> Vec<u8> {
    let (name, len) = (&entry.member.name, entry.member.place.len);
    let (stored, header) = (narrow(len), narrow(entry.header));
    let mut extra = Record::default();
    if stored == FULL {
        extra = extra.u64(len).u64(len);
    }
    if header == FULL {
        extra = extra.u64(entry.header);
    }
    if !extra.0.is_empty() {
        let body = extra.0;
        extra = Record::default().u16(1).u16(short(body.len())).bytes(&body);
    }
    let version = if extra.0.is_empty() { 20 } else { 45 };
    Record::signed(*b"PK\x01\x02")
        .u16(0x0300 | version)
        .u16(version)
        .u16(flags(name))
        .u16(0)
        .u16(0)
        .u16(DATE)
        .u32(entry.crc)
        .u32(stored)
        .u32(stored)
        .u16(short(name.len()))
        .u16(short(extra.0.len()))
        .u16(0)
        .u16(0)
        .u16(0)
        .u32(0o100_644 << 16)
        .u32(header)
        .bytes(name.as_bytes())
        .bytes(&extra.0)
        .0
}
