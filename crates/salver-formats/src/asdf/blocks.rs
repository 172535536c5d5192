//! Binary blocks. Source: ASDF standard 1.6 §3.3 (blocks), §3.4 (block index).

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _, interrupt};
use salver_tree::{Source, Tree};
use serde::{Deserialize, Serialize};

use super::codec::Codec;
use crate::yaml;

const OP: Op = Op("asdf.blocks");
const MAGIC: [u8; 4] = [0xd3, b'B', b'L', b'K'];
/// Magic, length of the header, and the header of all versions so far.
pub(super) const HEAD: usize = 54;
/// The length that the header itself says at least.
const LEAST: u64 = 48;
const STREAMED: u32 = 1;
const INDEX: &[u8] = b"#ASDF BLOCK INDEX";
/// The end of a file in which its block index is looked for.
const TAIL: u64 = 64 << 10;

/// A block of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Block {
    /// First byte of the data.
    pub(super) offset: u64,
    /// Bytes of the data as stored.
    pub(super) used: u64,
    /// Bytes of the data decoded.
    pub(super) size: u64,
    /// Name of the compression; empty for none.
    pub(super) codec: String,
}

/// The header of a block that follows.
pub(super) fn head(codec: Codec, used: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&48_u16.to_be_bytes());
    out.extend_from_slice(&0_u32.to_be_bytes());
    out.extend_from_slice(&codec.label());
    for n in [used, used, size] {
        out.extend_from_slice(&n.to_be_bytes());
    }
    // a checksum of zeros is one that is not given
    out.extend_from_slice(&[0; 16]);
    out
}

/// The block index of blocks at these places.
pub(super) fn index(offsets: &[u64]) -> String {
    let mut out = String::from("#ASDF BLOCK INDEX\n%YAML 1.1\n---\n");
    for offset in offsets {
        out.push_str("- ");
        out.push_str(&offset.to_string());
        out.push('\n');
    }
    out.push_str("...\n");
    out
}

/// A header as read, and where the next block may begin.
struct Read {
    block: Block,
    next: u64,
    streamed: bool,
}

fn corrupt(message: &str, offset: u64) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message).with("offset", offset)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let piece = bytes.get(at..at + N).unwrap_or_default();
    piece.iter().fold(0, |n, &b| n << 8 | u64::from(b))
}

fn parse(bytes: &[u8], at: u64, length: u64) -> Result<Read> {
    if bytes.len() < HEAD || !bytes.starts_with(&MAGIC) {
        return Err(corrupt("no block where one should be", at));
    }
    let header = number::<2>(bytes, 4);
    if header < LEAST {
        return Err(corrupt("the header of a block is too short", at));
    }
    let flags = number::<4>(bytes, 6);
    let streamed = flags & u64::from(STREAMED) != 0;
    let label = bytes.get(10..14).unwrap_or_default();
    let end = label.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    let codec: String = label.iter().take(end).map(|&b| char::from(b)).collect();
    let offset = at.saturating_add(6).saturating_add(header);
    let rest = length.checked_sub(offset);
    let rest = rest.ok_or_else(|| corrupt("the header of a block is cut off", at))?;
    let (allocated, used, size) = if streamed {
        (rest, rest, rest)
    } else {
        (number::<8>(bytes, 14), number::<8>(bytes, 22), number::<8>(bytes, 30))
    };
    if used > allocated || used > rest {
        let error = corrupt("a block is longer than the room for it", at);
        return Err(error.with("bytes", used).with("room", allocated.min(rest)));
    }
    if codec.is_empty() && size > used {
        let error = corrupt("a block says that it holds more than it does", at);
        return Err(error.with("bytes", used).with("said", size));
    }
    let block = Block { offset, used, size, codec };
    Ok(Read { block, next: offset.saturating_add(allocated), streamed })
}

/// All blocks behind the text that ends at `from`: by the block index where it is right, else one
/// after the other.
///
/// # Errors
/// [`ErrorKind::Corrupt`] with the offset of what is no block; as the source's.
pub(super) fn find(source: &Arc<dyn Source>, from: u64) -> Result<Vec<Block>> {
    let Some(first) = skip_padding(source, from)? else { return Ok(Vec::new()) };
    let length = source.len();
    let head = read_head(source, first)?;
    if head.streamed || head.next >= length {
        return Ok(vec![head.block]);
    }
    if let Some(blocks) = by_index(source, first)? {
        return Ok(blocks);
    }
    let mut at = head.next;
    let mut out = vec![head.block];
    while let Some(next) = skip_padding(source, at)? {
        interrupt::check(OP)?;
        let read = read_head(source, next)?;
        out.push(read.block);
        if read.streamed {
            break;
        }
        at = read.next;
    }
    Ok(out)
}

fn read_head(source: &Arc<dyn Source>, at: u64) -> Result<Read> {
    let end = source.len().min(at.saturating_add(HEAD as u64));
    let bytes = source.read(&[at..end])?;
    parse(bytes.first().map(AsRef::as_ref).unwrap_or_default(), at, source.len())
}

/// The next block at or after `at`: only zeros and blanks may be before it.
fn skip_padding(source: &Arc<dyn Source>, mut at: u64) -> Result<Option<u64>> {
    let length = source.len();
    let mut piece = 64;
    while at < length {
        let bytes = source.read(&[at..length.min(at + piece)])?;
        let bytes = bytes.first().map(AsRef::as_ref).unwrap_or_default();
        let padding = |b: &u8| matches!(b, 0 | b' ' | b'\n' | b'\r');
        let skip = bytes.iter().position(|b| !padding(b));
        match skip {
            None => at += bytes.len() as u64,
            Some(skip) => {
                at += skip as u64;
                let bytes = bytes.get(skip..).unwrap_or_default();
                if bytes.starts_with(b"#") {
                    return Ok(None);
                }
                if bytes.first() == MAGIC.first() {
                    return Ok(Some(at));
                }
                return Err(corrupt("neither a block nor a block index", at));
            }
        }
        piece = 64 << 10;
    }
    Ok(None)
}

/// The blocks that the index at the end of the file names, if each is where it says.
fn by_index(source: &Arc<dyn Source>, first: u64) -> Result<Option<Vec<Block>>> {
    let length = source.len();
    let tail = source.read(&[length.saturating_sub(TAIL).max(first)..length])?;
    let tail = tail.first().map(AsRef::as_ref).unwrap_or_default();
    let Some(offsets) = offsets_of(tail) else { return Ok(None) };
    let rising = offsets.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let inside =
        offsets.last().is_some_and(|last| last.saturating_add(HEAD as u64) <= length);
    if offsets.first() != Some(&first) || !rising || !inside {
        return Ok(None);
    }
    let places: Vec<_> = offsets.iter().map(|&at| at..at + HEAD as u64).collect();
    let heads = source.read(&places)?;
    let mut out = Vec::with_capacity(offsets.len());
    for (i, (head, &at)) in heads.iter().zip(&offsets).enumerate() {
        let Ok(read) = parse(head, at, length) else { return Ok(None) };
        let end = offsets.get(i + 1).copied().unwrap_or(length);
        if read.next > end || (read.streamed && end != length) {
            return Ok(None);
        }
        out.push(read.block);
    }
    Ok(Some(out))
}

fn offsets_of(tail: &[u8]) -> Option<Vec<u64>> {
    let at = tail.windows(INDEX.len()).rposition(|w| w == INDEX)?;
    let text = std::str::from_utf8(tail.get(at..)?).ok()?;
    let Ok(Tree::List(items)) = yaml::to_tree(text) else { return None };
    let number = |item: &Tree| match item {
        Tree::Int(n) => u64::try_from(*n).ok(),
        _ => None,
    };
    items.iter().map(number).collect()
}

/// Blocks as the private part of an index.
///
/// # Errors
/// None in practice: the value is plain.
pub(super) fn to_json(blocks: &[Block]) -> Result<serde_json::Value> {
    serde_json::to_value(blocks).op(ErrorKind::Internal, OP, "blocks as JSON")
}

/// Blocks from the private part of an index.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is no list of blocks.
pub(super) fn from_json(value: &serde_json::Value) -> Result<Vec<Block>> {
    let message = "the index is not that of an ASDF file";
    Vec::<Block>::deserialize(value).op(ErrorKind::Corrupt, OP, message)
}
