//! Types of items. Source: IV.A.2.d ("The Datatype Message").

use salver_core::Result;
use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, corrupt, text_until_nul, unsupported};

/// Types inside of types, at most.
const MAX_DEPTH: usize = 8;

/// How text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pad {
    /// At the first NUL.
    Terminated,
    /// Before the NULs at the end.
    Null,
    /// Before the spaces at the end.
    Space,
}

/// A member of a compound type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub name: String,
    pub offset: usize,
    pub datatype: Datatype,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Class {
    /// A whole number of all bits of its bytes.
    Int {
        signed: bool,
        big: bool,
    },
    /// An IEEE number of 2, 4 or 8 bytes.
    Float {
        big: bool,
    },
    /// Text of a fixed number of bytes.
    Text(Pad),
    Opaque,
    Compound(Vec<Member>),
    /// Kind: 0 an object, 1 a region.
    Reference(u8),
    Enum {
        base: Box<Datatype>,
        members: Vec<(String, Vec<u8>)>,
    },
    /// A sequence in the global heap.
    Sequence(Box<Datatype>),
    /// Text in the global heap.
    HeapText,
    Array {
        dims: Vec<usize>,
        base: Box<Datatype>,
    },
    Complex(Box<Datatype>),
    /// A type that is not read, and why.
    Other(String),
}

/// A type and its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Datatype {
    pub size: usize,
    pub class: Class,
}

impl Datatype {
    /// Reads a type.
    ///
    /// # Errors
    /// `Corrupt` for one that contradicts itself.
    pub(crate) fn parse(c: &mut Cursor<'_>) -> Result<Self> {
        Self::nested(c, 0)
    }

    fn nested(c: &mut Cursor<'_>, depth: usize) -> Result<Self> {
        let offset = c.offset();
        if depth > MAX_DEPTH {
            return Err(unsupported("types nested too deep", offset));
        }
        let first = c.u8()?;
        let (class, version) = (first & 15, first >> 4);
        let bits = [c.u8()?, c.u8()?, c.u8()?];
        let size = c.size(4)?;
        if size == 0 || version == 0 || version > 5 {
            return Err(corrupt("a type without size or version", offset));
        }
        let count = usize::from(u16::from_le_bytes([bits[0], bits[1]]));
        let class = match class {
            0 | 4 => int(c, bits[0], size, class == 4)?,
            1 => float(c, bits, size)?,
            2 => {
                c.skip(2)?;
                Class::Other("times of the machine".to_owned())
            }
            3 => Class::Text(pad(bits[0])),
            5 => {
                c.skip(usize::from(bits[0]))?;
                Class::Opaque
            }
            6 => compound(c, (version, count, size), depth)?,
            7 => Class::Reference(bits[0] & 15),
            8 => enumeration(c, version, count, depth)?,
            9 => {
                let base = Self::nested(c, depth + 1)?;
                if bits[0] & 15 == 1 {
                    Class::HeapText
                } else {
                    Class::Sequence(Box::new(base))
                }
            }
            10 => array(c, version, size, depth)?,
            11 => {
                let base = Self::nested(c, depth + 1)?;
                if base.size * 2 != size {
                    return Err(corrupt(
                        "a complex number of other than two parts",
                        offset,
                    ));
                }
                Class::Complex(Box::new(base))
            }
            other => Class::Other(format!("types of class {other}")),
        };
        Ok(Self { size, class })
    }

    /// Whether it is the enumeration that stands for true and false.
    pub(crate) fn is_bool(&self) -> bool {
        let Class::Enum { base, members } = &self.class else { return false };
        let is = |name: &str, value: u8| {
            members.iter().any(|(n, v)| n == name && v.first() == Some(&value))
        };
        base.size == 1 && members.len() == 2 && is("FALSE", 0) && is("TRUE", 1)
    }

    /// Whether items lie in the global heap, or hold addresses.
    pub(crate) fn is_heaped(&self) -> bool {
        match &self.class {
            Class::Sequence(_) | Class::HeapText | Class::Reference(_) => true,
            Class::Compound(members) => members.iter().any(|m| m.datatype.is_heaped()),
            Class::Array { base, .. } => base.is_heaped(),
            _ => false,
        }
    }
}

fn pad(bits: u8) -> Pad {
    match bits & 15 {
        1 => Pad::Null,
        2 => Pad::Space,
        _ => Pad::Terminated,
    }
}

fn int(c: &mut Cursor<'_>, bits: u8, size: usize, field: bool) -> Result<Class> {
    let (first, precision) = (c.u16()?, usize::from(c.u16()?));
    if first != 0 || precision != size * 8 || ![1, 2, 4, 8].contains(&size) {
        return Ok(Class::Other(format!(
            "whole numbers of {precision} bits in {size} bytes"
        )));
    }
    Ok(Class::Int { signed: bits & 8 != 0 && !field, big: bits & 1 != 0 })
}

fn float(c: &mut Cursor<'_>, bits: [u8; 3], size: usize) -> Result<Class> {
    let (first, precision) = (c.u16()?, c.u16()?);
    let fields = [c.u8()?, c.u8()?, c.u8()?, c.u8()?];
    let bias = c.u32()?;
    let standard = match size {
        2 => precision == 16 && fields == [10, 5, 0, 10] && bias == 15,
        4 => precision == 32 && fields == [23, 8, 0, 23] && bias == 127,
        8 => precision == 64 && fields == [52, 11, 0, 52] && bias == 1023,
        _ => false,
    };
    if first != 0 || !standard || bits[0] & 0x40 != 0 {
        return Ok(Class::Other(format!(
            "real numbers of {precision} bits in {size} bytes"
        )));
    }
    Ok(Class::Float { big: bits[0] & 1 != 0 })
}

/// A name, padded to 8 bytes in versions before 3.
fn name(c: &mut Cursor<'_>, version: u8) -> Result<String> {
    if version >= 3 {
        return c.text();
    }
    let mut out = Vec::new();
    loop {
        let piece = c.take(8)?;
        out.extend_from_slice(piece);
        if piece.contains(&0) {
            return Ok(text_until_nul(&out));
        }
    }
}

fn compound(
    c: &mut Cursor<'_>,
    (version, count, size): (u8, usize, usize),
    depth: usize,
) -> Result<Class> {
    let mut members: Vec<Member> = Vec::new();
    // the fewest bytes that hold the size
    let width = (8 - (size as u64).leading_zeros().min(56) as usize / 8).clamp(1, 4);
    for _ in 0..count {
        let at = c.offset();
        let name = name(c, version)?;
        let offset = if version >= 3 { c.size(width)? } else { c.size(4)? };
        let mut dims = Vec::new();
        if version == 1 {
            let rank = usize::from(c.u8()?);
            c.skip(11)?;
            let all = [c.size(4)?, c.size(4)?, c.size(4)?, c.size(4)?];
            dims.extend(all.into_iter().take(rank));
        }
        let mut datatype = Datatype::nested(c, depth + 1)?;
        if !dims.is_empty() {
            datatype = array_of(dims, datatype, at)?;
        }
        if offset.checked_add(datatype.size).is_none_or(|end| end > size) {
            return Err(corrupt("a member outside of its compound type", at));
        }
        members.push(Member { name, offset, datatype });
    }
    Ok(Class::Compound(members))
}

fn enumeration(
    c: &mut Cursor<'_>,
    version: u8,
    count: usize,
    depth: usize,
) -> Result<Class> {
    let base = Box::new(Datatype::nested(c, depth + 1)?);
    let names = (0..count).map(|_| name(c, version)).collect::<Result<Vec<_>>>()?;
    let mut members = Vec::with_capacity(names.len());
    for name in names {
        members.push((name, c.take(base.size)?.to_vec()));
    }
    Ok(Class::Enum { base, members })
}

fn array(c: &mut Cursor<'_>, version: u8, size: usize, depth: usize) -> Result<Class> {
    let at = c.offset();
    let rank = usize::from(c.u8()?);
    c.skip(if version < 3 { 3 } else { 0 })?;
    let dims = (0..rank).map(|_| c.size(4)).collect::<Result<Vec<_>>>()?;
    c.skip(if version < 3 { 4 * rank } else { 0 })?;
    let base = Datatype::nested(c, depth + 1)?;
    let whole = array_of(dims, base, at)?;
    if whole.size != size {
        return Err(corrupt("an array type of another size than its items", at));
    }
    Ok(whole.class)
}

fn array_of(dims: Vec<usize>, base: Datatype, at: u64) -> Result<Datatype> {
    let size = dims.iter().try_fold(base.size, |n, &d| n.checked_mul(d));
    let size = size.filter(|&n| n > 0 && u32::try_from(n).is_ok());
    let size = size.ok_or_else(|| corrupt("an array type without size", at))?;
    Ok(Datatype { size, class: Class::Array { dims, base: Box::new(base) } })
}
