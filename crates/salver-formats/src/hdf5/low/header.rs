//! Object headers: the messages of a group, dataset or named type. Source: IV.A.1.

use bytes::Bytes;
use salver_core::Result;

use super::checksum;
use super::cursor::{Cursor, corrupt, unsupported};
use super::file::File;

/// What a message is about.
pub(crate) mod kind {
    pub(crate) const DATASPACE: u16 = 0x01;
    pub(crate) const LINK_INFO: u16 = 0x02;
    pub(crate) const DATATYPE: u16 = 0x03;
    pub(crate) const OLD_FILL: u16 = 0x04;
    pub(crate) const FILL: u16 = 0x05;
    pub(crate) const LINK: u16 = 0x06;
    pub(crate) const EXTERNAL: u16 = 0x07;
    pub(crate) const LAYOUT: u16 = 0x08;
    pub(crate) const GROUP_INFO: u16 = 0x0a;
    pub(crate) const FILTERS: u16 = 0x0b;
    pub(crate) const ATTRIBUTE: u16 = 0x0c;
    pub(crate) const CONTINUATION: u16 = 0x10;
    pub(crate) const SYMBOL_TABLE: u16 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u16 = 0x15;
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub kind: u16,
    /// The message is somewhere else, and the bytes say where.
    pub shared: bool,
    pub bytes: Bytes,
    /// Place in the file.
    pub offset: u64,
}

/// The messages of an object.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub messages: Vec<Message>,
    /// Place of the header's first block in the file.
    pub offset: u64,
}

impl Header {
    pub(crate) fn find(&self, kind: u16) -> Option<&Message> {
        self.messages.iter().find(|m| m.kind == kind)
    }

    pub(crate) fn has(&self, kind: u16) -> bool {
        self.find(kind).is_some()
    }

    /// Reads the header at an address.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`; as the source's.
    pub(crate) fn read(file: &File, address: u64) -> Result<Self> {
        let first = file.up_to(address, 64)?;
        let offset = file.offset(address);
        let mut c = Cursor::new(&first, offset);
        if first.starts_with(b"OHDR") {
            c.skip(4)?;
            return Self::second(file, address, c);
        }
        c.version("the object header", 1)?;
        c.skip(1)?;
        let total = usize::from(c.u16()?);
        c.skip(4)?;
        let length = u64::from(c.u32()?);
        let mut parser =
            Parser { file, version: 1, ordered: false, out: Vec::new(), blocks: vec![] };
        parser.block(&file.bytes(address + 16, length)?, offset + 16)?;
        while let Some((address, length)) = parser.blocks.pop() {
            let bytes = file.bytes(address, length)?;
            parser.block(&bytes, file.offset(address))?;
        }
        parser.out.truncate(total.max(1));
        Ok(Self { messages: parser.out, offset })
    }

    fn second(file: &File, address: u64, mut c: Cursor<'_>) -> Result<Self> {
        let offset = file.offset(address);
        c.version("the object header", 2)?;
        let flags = c.u8()?;
        c.skip(if flags & 0x20 != 0 { 16 } else { 0 })?;
        c.skip(if flags & 0x10 != 0 { 4 } else { 0 })?;
        let length = c.uint(1 << (flags & 3))?;
        let prefix = c.position();
        let whole = length.checked_add(prefix as u64 + 4);
        let whole = whole.ok_or_else(|| corrupt("an object header too long", offset))?;
        let bytes = file.bytes(address, whole)?;
        checksum::check(&bytes, offset)?;
        let ordered = flags & 4 != 0;
        let mut parser =
            Parser { file, version: 2, ordered, out: Vec::new(), blocks: vec![] };
        parser.block(&bytes.slice(prefix..bytes.len() - 4), offset + prefix as u64)?;
        while let Some((address, length)) = parser.blocks.pop() {
            let bytes = file.bytes(address, length)?;
            let at = file.offset(address);
            Cursor::new(&bytes, at).signature(b"OCHK")?;
            if bytes.len() < 8 {
                return Err(corrupt("an object header block too short", at));
            }
            checksum::check(&bytes, at)?;
            parser.block(&bytes.slice(4..bytes.len() - 4), at + 4)?;
        }
        Ok(Self { messages: parser.out, offset })
    }

    /// The bytes of a message, wherever they are.
    ///
    /// # Errors
    /// As [`Header::read`] of the object that has it.
    pub(crate) fn resolve(file: &File, message: &Message) -> Result<Message> {
        if !message.shared {
            return Ok(message.clone());
        }
        let mut c = Cursor::new(&message.bytes, message.offset);
        let address = shared_address(&mut c, file)?;
        let other = Self::read(file, address)?;
        let found = other.find(message.kind).filter(|m| !m.shared).cloned();
        found.ok_or_else(|| corrupt("a shared message that is not there", message.offset))
    }
}

/// Where a shared message is. Source: IV.A.2 ("Shared Message").
///
/// # Errors
/// `Unsupported` for the shared message heap.
pub(crate) fn shared_address(c: &mut Cursor<'_>, file: &File) -> Result<u64> {
    let offset = c.offset();
    let version = c.u8()?;
    let place = c.u8()?;
    match version {
        1 => c.skip(6)?,
        3 if place == 1 => {
            return Err(unsupported("a message in the shared message heap", offset));
        }
        2 | 3 => {}
        _ => return Err(unsupported("a version of shared messages", offset)),
    }
    let address = c.address(file.widths.offsets)?;
    address.ok_or_else(|| corrupt("a shared message without a place", offset))
}

struct Parser<'a> {
    file: &'a File,
    version: u8,
    /// Messages carry their order of creation.
    ordered: bool,
    out: Vec<Message>,
    blocks: Vec<(u64, u64)>,
}

impl Parser<'_> {
    fn block(&mut self, bytes: &Bytes, base: u64) -> Result<()> {
        let mut c = Cursor::new(bytes, base);
        let head =
            if self.version == 1 { 8 } else { 4 + if self.ordered { 2 } else { 0 } };
        while c.left() >= head {
            let kind = if self.version == 1 { c.u16()? } else { u16::from(c.u8()?) };
            let length = usize::from(c.u16()?);
            let flags = c.u8()?;
            c.skip(if self.version == 1 { 3 } else { head - 4 })?;
            let (at, offset) = (c.position(), c.offset());
            c.take(length)?;
            let body = bytes.slice(at..at + length);
            if kind == kind::CONTINUATION {
                let mut c = Cursor::new(&body, offset);
                let address = c.address(self.file.widths.offsets)?;
                let length = c.uint(self.file.widths.lengths)?;
                let address = address
                    .ok_or_else(|| corrupt("a continuation of nothing", offset))?;
                self.blocks.push((address, length));
            }
            let shared = flags & 2 != 0;
            self.out.push(Message { kind, shared, bytes: body, offset });
        }
        Ok(())
    }
}
