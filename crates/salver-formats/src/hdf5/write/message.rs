//! Messages as bytes. Source: IV.A.2.

use salver_tree::DType;

/// Byte order of numbers: that of this machine.
const BIG: u8 = if cfg!(target_endian = "big") { 1 } else { 0 };
/// No address.
pub(crate) const NOWHERE: u64 = u64::MAX;

fn u32_of(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

fn u16_of(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

/// A whole number of 1 to 8 bytes.
pub(crate) fn int(size: u8, signed: bool) -> Vec<u8> {
    let mut out = vec![0x10, BIG | if signed { 8 } else { 0 }, 0, 0, size, 0, 0, 0, 0, 0];
    out.extend(u16_of(usize::from(size) * 8));
    out
}

/// An IEEE number.
fn float(size: u8) -> Vec<u8> {
    let (sign, exponent, width, bias) = match size {
        2 => (15, 10, 5, 15_u32),
        4 => (31, 23, 8, 127),
        _ => (63, 52, 11, 1023),
    };
    let mut out = vec![0x11, 0x20 | BIG, sign, 0, size, 0, 0, 0, 0, 0];
    out.extend(u16_of(usize::from(size) * 8));
    out.extend([exponent, width, 0, exponent]);
    out.extend(bias.to_le_bytes());
    out
}

/// Text of a fixed number of bytes, padded with NUL.
pub(crate) fn text(size: usize, utf8: bool) -> Vec<u8> {
    let mut out = vec![0x13, if utf8 { 0x11 } else { 0x01 }, 0, 0];
    out.extend(u32_of(size));
    out
}

/// UTF-8 in the global heap.
pub(crate) fn heap_text() -> Vec<u8> {
    let mut out = vec![0x19, 0x01, 0x01, 0, 16, 0, 0, 0];
    out.extend([0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    out
}

/// True and false as h5py has them: an enumeration of one byte.
fn boolean() -> Vec<u8> {
    let mut out = vec![0x38, 2, 0, 0, 1, 0, 0, 0];
    out.extend(int(1, true));
    out.extend(b"FALSE\0TRUE\0\x00\x01");
    out
}

/// A complex number as h5py has it: `r` and `i`.
fn complex(half: u8) -> Vec<u8> {
    let mut out = vec![0x36, 2, 0, 0, half * 2, 0, 0, 0];
    out.extend(b"r\0\0");
    out.extend(float(half));
    out.extend([b'i', 0, half]);
    out.extend(float(half));
    out
}

/// The type of an array's items; `size` is the bytes of an item of text.
pub(crate) fn datatype(dtype: DType, size: usize) -> Vec<u8> {
    match dtype {
        DType::Bool => boolean(),
        DType::I8 => int(1, true),
        DType::I16 => int(2, true),
        DType::I32 => int(4, true),
        DType::I64 => int(8, true),
        DType::U8 => int(1, false),
        DType::U16 => int(2, false),
        DType::U32 => int(4, false),
        DType::U64 => int(8, false),
        DType::F16 => float(2),
        DType::F32 => float(4),
        DType::C64 => complex(4),
        DType::C128 => complex(8),
        DType::Bytes(_) => text(size, false),
        DType::Text(_) => text(size, true),
        _ => float(8),
    }
}

/// An extent; a scalar has no axes.
pub(crate) fn dataspace(dims: &[usize]) -> Vec<u8> {
    let rank = u8::try_from(dims.len()).unwrap_or(u8::MAX);
    let mut out = vec![2, rank, 0, u8::from(rank > 0)];
    for &n in dims {
        out.extend((n as u64).to_le_bytes());
    }
    out
}

/// The extent of nothing.
pub(crate) fn nothing() -> Vec<u8> {
    vec![2, 0, 0, 2]
}

/// Fill with zeros; `when` space is taken: 1 early, 2 late, 3 with each chunk.
pub(crate) fn fill(when: u8) -> Vec<u8> {
    vec![3, when | 8]
}

/// Items inside of the message.
pub(crate) fn compact(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![3, 0];
    out.extend(u16_of(bytes.len()));
    out.extend_from_slice(bytes);
    out
}

/// Items in one piece.
pub(crate) fn contiguous(address: u64, length: u64) -> Vec<u8> {
    let mut out = vec![3, 1];
    out.extend(address.to_le_bytes());
    out.extend(length.to_le_bytes());
    out
}

/// Items in chunks that a B-tree finds.
pub(crate) fn chunked(address: u64, chunk: &[usize], item: usize) -> Vec<u8> {
    let mut out = vec![3, 2, u8::try_from(chunk.len() + 1).unwrap_or(u8::MAX)];
    out.extend(address.to_le_bytes());
    for &n in chunk.iter().chain([&item]) {
        out.extend(u32_of(n));
    }
    out
}

/// The filters of chunks: shuffle for items of this many bytes, deflate at this level.
pub(crate) fn filters(shuffle: Option<usize>, deflate: Option<u32>) -> Vec<u8> {
    let count = u8::from(shuffle.is_some()) + u8::from(deflate.is_some());
    let mut out = vec![2, count];
    if let Some(size) = shuffle {
        out.extend([2, 0, 1, 0, 1, 0]);
        out.extend(u32_of(size));
    }
    if let Some(level) = deflate {
        out.extend([1, 0, 1, 0, 1, 0]);
        out.extend(level.to_le_bytes());
    }
    out
}

/// Where links are: in the header, in the order of their making.
pub(crate) fn link_info(links: usize) -> Vec<u8> {
    let mut out = vec![0, 3];
    out.extend((links as u64).to_le_bytes());
    out.extend([0xff; 24]);
    out
}

/// As many links as are wanted stay in the header.
pub(crate) fn group_info() -> Vec<u8> {
    vec![0, 1, 0xff, 0xff, 6, 0]
}

/// A hard link, without the address at its end.
pub(crate) fn link(name: &str, order: usize) -> Vec<u8> {
    let mut out = vec![1, 0x15];
    out.extend((order as u64).to_le_bytes());
    out.push(1);
    out.extend(u16_of(name.len()));
    out.extend(name.as_bytes());
    out
}

/// An attribute, without its value.
pub(crate) fn attribute(name: &str, datatype: &[u8], dataspace: &[u8]) -> Vec<u8> {
    let mut out = vec![3, 0];
    out.extend(u16_of(name.len() + 1));
    out.extend(u16_of(datatype.len()));
    out.extend(u16_of(dataspace.len()));
    out.push(1);
    out.extend(name.as_bytes());
    out.push(0);
    out.extend_from_slice(datatype);
    out.extend_from_slice(dataspace);
    out
}
