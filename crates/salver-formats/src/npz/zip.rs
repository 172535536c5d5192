//! The directory of a zip archive, read and written. Source: PKWARE's APPNOTE 6.3.10 §4.3, §4.5.3.

use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Source;
use serde::{Deserialize, Serialize};

const OP: Op = Op("npz.read");
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR: u32 = 0x0706_4b50;
const MAX32: u32 = u32::MAX;
/// Bytes of the end record, and of the longest comment behind it.
const TAIL: u64 = 22 + 65_535 + 20;
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    /// The name in the archive.
    pub(super) name: String,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// First byte of the data as stored.
    pub(super) offset: u64,
    /// Bytes of the data as stored.
    pub(super) packed: u64,
    /// Bytes of the data decoded.
    pub(super) size: u64,
}

pub(super) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn bytes(source: &Arc<dyn Source>, start: u64, end: u64) -> Result<Bytes> {
    let pieces = source.read(&[start..end])?;
    Ok(pieces.into_iter().next().unwrap_or_default())
}

/// The members of an archive, in the order of its directory.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is no archive; [`ErrorKind::Unsupported`] for encrypted members;
/// as the source's.
pub(super) fn members(source: &Arc<dyn Source>) -> Result<Vec<Member>> {
    let length = source.len();
    let (start, len) = directory(source)?;
    let end = start.checked_add(len).filter(|&end| end <= length);
    let end = end.ok_or_else(|| corrupt("the directory is not in the file"))?;
    let text = bytes(source, start, end)?;
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let wrong = || {
            let offset = start.saturating_add(at as u64);
            corrupt("a damaged entry of the directory").with("offset", offset)
        };
        let entry = text.get(at..).unwrap_or_default();
        let (member, next) = central(entry)?.ok_or_else(wrong)?;
        out.push(member);
        at += next;
    }
    // the data begin behind each member's own header
    let heads: Option<Vec<_>> =
        out.iter().map(|m| Some(m.offset..m.offset.checked_add(30)?)).collect();
    let heads = heads.filter(|heads| heads.iter().all(|head| head.end <= length));
    let heads = heads.ok_or_else(|| corrupt("a member is not in the file"))?;
    for (member, head) in out.iter_mut().zip(source.read(&heads)?) {
        let skip = (u32_at(&head, 0) == Some(LOCAL)).then(|| {
            Some(30 + u64::from(u16_at(&head, 26)?) + u64::from(u16_at(&head, 28)?))
        });
        let wrong = || corrupt("no member where one should be");
        let skip = skip.flatten().ok_or_else(|| wrong().with("offset", member.offset))?;
        member.offset += skip;
        if member.offset.checked_add(member.packed).is_none_or(|end| end > length) {
            return Err(corrupt("a member is cut off").with("member", &member.name));
        }
        if member.method == STORED && member.packed != member.size {
            return Err(
                corrupt("a stored member of two lengths").with("member", &member.name)
            );
        }
    }
    Ok(out)
}

/// Where the directory is.
fn directory(source: &Arc<dyn Source>) -> Result<(u64, u64)> {
    let length = source.len();
    let from = length.saturating_sub(TAIL);
    let tail = bytes(source, from, length)?;
    let none = || corrupt("no end of a zip archive");
    let at = (0..tail.len().saturating_sub(21)).rev();
    let mut at = at.filter(|&at| u32_at(&tail, at) == Some(END));
    let at = at.next().ok_or_else(none)?;
    let (len, start) = (u32_at(&tail, at + 12), u32_at(&tail, at + 16));
    let (len, start) = len.zip(start).ok_or_else(none)?;
    let locator = at.checked_sub(20).filter(|&at| u32_at(&tail, at) == Some(LOCATOR));
    if let Some(locator) = locator.filter(|_| len == MAX32 || start == MAX32) {
        let at = u64_at(&tail, locator + 8).ok_or_else(none)?;
        let end = at.checked_add(56).filter(|&end| end <= length).ok_or_else(none)?;
        let record = bytes(source, at, end)?;
        if u32_at(&record, 0) != Some(END64) {
            return Err(none());
        }
        return u64_at(&record, 48).zip(u64_at(&record, 40)).ok_or_else(none);
    }
    Ok((start.into(), len.into()))
}

/// An entry of the directory, with its length; `None` where it is damaged.
fn central(entry: &[u8]) -> Result<Option<(Member, usize)>> {
    let read = || {
        if u32_at(entry, 0)? != CENTRAL {
            return None;
        }
        let lengths = [u16_at(entry, 28)?, u16_at(entry, 30)?, u16_at(entry, 32)?];
        let [name, extra, comment] = lengths.map(usize::from);
        let text = entry.get(46..46 + name)?;
        let extra_bytes = entry.get(46 + name..46 + name + extra)?;
        let mut member = Member {
            // what is not UTF-8 is in an old code page
            name: match std::str::from_utf8(text) {
                Ok(name) => name.to_owned(),
                Err(_) => text.iter().map(|&b| char::from(b)).collect(),
            },
            method: u16_at(entry, 10)?,
            crc: u32_at(entry, 16)?,
            packed: u32_at(entry, 20)?.into(),
            size: u32_at(entry, 24)?.into(),
            offset: u32_at(entry, 42)?.into(),
        };
        large(extra_bytes, &mut member)?;
        Some((member, u16_at(entry, 8)? & 1 == 1, 46 + name + extra + comment))
    };
    let Some((member, encrypted, next)) = read() else { return Ok(None) };
    if encrypted {
        let message = "an encrypted member is not read";
        return Err(
            Error::new(ErrorKind::Unsupported, OP, message).with("member", member.name)
        );
    }
    Ok(Some((member, next)))
}

/// Takes the numbers that do not fit in 32 bits from the extra field 1.
fn large(mut extra: &[u8], member: &mut Member) -> Option<()> {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let field = extra.get(4..4 + len)?;
        if id == 1 {
            let mut at = 0;
            for number in [&mut member.size, &mut member.packed, &mut member.offset] {
                if *number == u64::from(MAX32) {
                    *number = u64_at(field, at)?;
                    at += 8;
                }
            }
        }
        extra = extra.get(4 + len..)?;
    }
    Some(())
}

/// The low 32 bits, or the mark that the number is in the extra field.
fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(MAX32)
}

/// The extra field of numbers that need it.
fn extra(numbers: &[u64]) -> Vec<u8> {
    let wide: Vec<u64> =
        numbers.iter().copied().filter(|&n| n >= u64::from(MAX32)).collect();
    if wide.is_empty() {
        return Vec::new();
    }
    let mut out = vec![1, 0];
    out.extend_from_slice(&u16::try_from(wide.len() * 8).unwrap_or(0).to_le_bytes());
    for n in wide {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out
}

/// What both headers of a member begin with: version, flags, method, time, checksum and lengths.
fn common(member: &Member, out: &mut Vec<u8>) {
    let version: u16 = if extra(&[member.size, member.packed, member.offset]).is_empty() {
        20
    } else {
        45
    };
    let flags: u16 = if member.name.is_ascii() { 0 } else { 1 << 11 };
    // 1980-01-01 00:00: the same tree gives the same bytes
    for n in [version, flags, member.method, 0, 0x21] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [member.crc, narrow(member.packed), narrow(member.size)] {
        out.extend_from_slice(&n.to_le_bytes());
    }
}

fn length(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

/// The header before a member's data; both lengths are in the extra field or neither is.
pub(super) fn local(member: &Member) -> Vec<u8> {
    let mut out = LOCAL.to_le_bytes().to_vec();
    let wide = member.size.max(member.packed) >= u64::from(MAX32);
    let mut shown = member.clone();
    let mut field = Vec::new();
    if wide {
        field.extend_from_slice(&[1, 0, 16, 0]);
        field.extend_from_slice(&member.size.to_le_bytes());
        field.extend_from_slice(&member.packed.to_le_bytes());
        (shown.size, shown.packed) = (u64::MAX, u64::MAX);
    }
    common(&shown, &mut out);
    out.extend_from_slice(&length(member.name.len()));
    out.extend_from_slice(&length(field.len()));
    out.extend_from_slice(member.name.as_bytes());
    out.extend_from_slice(&field);
    out
}

/// The directory and the end of an archive; `members` have the offsets of their headers.
pub(super) fn directory_of(members: &[Member], at: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for member in members {
        let field = extra(&[member.size, member.packed, member.offset]);
        out.extend_from_slice(&CENTRAL.to_le_bytes());
        // made by a version 2.0 under Unix
        out.extend_from_slice(&[20, 3]);
        common(member, &mut out);
        out.extend_from_slice(&length(member.name.len()));
        out.extend_from_slice(&length(field.len()));
        // no comment, disk 0, no attributes but those of a plain file
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&0x0180_0000_u32.to_le_bytes());
        out.extend_from_slice(&narrow(member.offset).to_le_bytes());
        out.extend_from_slice(member.name.as_bytes());
        out.extend_from_slice(&field);
    }
    let (len, count) = (out.len() as u64, members.len() as u64);
    if count >= 0xffff || len >= u64::from(MAX32) || at >= u64::from(MAX32) {
        let end = at + len;
        out.extend_from_slice(&END64.to_le_bytes());
        out.extend_from_slice(&44_u64.to_le_bytes());
        out.extend_from_slice(&[45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for n in [count, count, len, at] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        out.extend_from_slice(&LOCATOR.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&end.to_le_bytes());
        out.extend_from_slice(&1_u32.to_le_bytes());
    }
    out.extend_from_slice(&END.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    let forced = count == u16::MAX;
    let (len, at) = (narrow(len), if forced { MAX32 } else { narrow(at) });
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}
