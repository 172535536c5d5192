//! Stored items as items of arrays.

use salver_core::{ErrorKind, Result, ResultExt as _};
use salver_tree::DType;
use serde::{Deserialize, Serialize};

use super::low::cursor::OP;
use super::low::datatype::{Class, Datatype, Pad};
use crate::buffer::swap;

/// What turns a stored item into one of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Item {
    /// The same bytes, but for their order.
    Plain { big: bool },
    /// Bytes of a fixed length with padding that becomes NUL.
    Padded(Pad),
    /// One byte that is 0 or not.
    Bool,
    /// UTF-8 of a fixed number of bytes, for text of a fixed number of characters.
    Text,
}

/// A type whose items are those of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simple {
    pub dtype: DType,
    /// Axes inside of an item.
    pub axes: Vec<usize>,
    pub item: Item,
    /// Bytes of a stored item, without axes.
    pub size: usize,
}

/// Parts of a complex number, as libraries name them.
const COMPLEX: [[&str; 2]; 3] = [["r", "i"], ["real", "imag"], ["re", "im"]];

impl Simple {
    /// What the items of a type are, where they are those of an array.
    pub(crate) fn of(datatype: &Datatype) -> Option<Self> {
        let size = datatype.size;
        let plain = |dtype, big| Self {
            dtype,
            axes: Vec::new(),
            item: Item::Plain { big },
            size,
        };
        Some(match &datatype.class {
            Class::Int { signed, big } => plain(int(*signed, size)?, *big),
            Class::Float { big } => plain(float(size)?, *big),
            Class::Text(pad) => Self {
                dtype: DType::Bytes(u32::try_from(size).ok()?),
                axes: Vec::new(),
                item: Item::Padded(*pad),
                size,
            },
            Class::Enum { .. } if datatype.is_bool() => {
                Self { dtype: DType::Bool, axes: Vec::new(), item: Item::Bool, size }
            }
            Class::Enum { base, .. } => Self::of(base)?,
            Class::Opaque => {
                Self { axes: vec![size], size: 1, ..plain(DType::U8, false) }
            }
            Class::Complex(base) => match base.class {
                Class::Float { big } => plain(complex(size)?, big),
                _ => return None,
            },
            Class::Compound(members) => match &members[..] {
                [re, im] if COMPLEX.contains(&[&re.name, &im.name]) => {
                    let Class::Float { big } = re.datatype.class else { return None };
                    let packed = re.offset == 0 && im.offset == re.datatype.size;
                    if !packed || re.datatype != im.datatype || im.offset * 2 != size {
                        return None;
                    }
                    plain(complex(size)?, big)
                }
                _ => return None,
            },
            Class::Array { dims, base } => {
                let inner = Self::of(base)?;
                let axes = dims.iter().chain(&inner.axes).copied().collect();
                Self { axes, ..inner }
            }
            _ => return None,
        })
    }

    /// The stored items as NumPy would say it, where it is not `dtype` of this machine.
    pub(crate) fn stored(&self) -> Option<String> {
        match self.item {
            Item::Plain { big: true } if self.dtype.swap_size() > 1 => {
                let letter = match self.dtype {
                    DType::I16 | DType::I32 | DType::I64 => 'i',
                    DType::U16 | DType::U32 | DType::U64 => 'u',
                    DType::C64 | DType::C128 => 'c',
                    _ => 'f',
                };
                Some(format!(">{letter}{}", self.size))
            }
            Item::Text => Some(format!("S{}", self.size)),
            _ => None,
        }
    }
}

fn int(signed: bool, size: usize) -> Option<DType> {
    Some(match (signed, size) {
        (true, 1) => DType::I8,
        (true, 2) => DType::I16,
        (true, 4) => DType::I32,
        (true, 8) => DType::I64,
        (false, 1) => DType::U8,
        (false, 2) => DType::U16,
        (false, 4) => DType::U32,
        (false, 8) => DType::U64,
        _ => return None,
    })
}

fn float(size: usize) -> Option<DType> {
    match size {
        2 => Some(DType::F16),
        4 => Some(DType::F32),
        8 => Some(DType::F64),
        _ => None,
    }
}

fn complex(size: usize) -> Option<DType> {
    match size {
        8 => Some(DType::C64),
        16 => Some(DType::C128),
        _ => None,
    }
}

/// Turns stored items into items of this machine, in place, where they have the same length.
pub(crate) fn settle(item: Item, dtype: DType, bytes: &mut [u8]) {
    match item {
        Item::Plain { big } => {
            if big != cfg!(target_endian = "big") {
                swap(bytes, dtype.swap_size());
            }
        }
        Item::Bool => bytes.iter_mut().for_each(|b| *b = u8::from(*b != 0)),
        Item::Padded(pad) => {
            for item in bytes.chunks_exact_mut(dtype.size().max(1)) {
                let end = match pad {
                    Pad::Null => continue,
                    Pad::Terminated => item.iter().position(|&b| b == 0),
                    Pad::Space => Some(item.trim_ascii_end().len()),
                };
                if let Some(rest) = end.and_then(|end| item.get_mut(end..)) {
                    rest.fill(0);
                }
            }
        }
        Item::Text => {}
    }
}

/// UTF-8 of `size` bytes an item as characters of 4 bytes.
///
/// # Errors
/// `Corrupt` for what is no UTF-8, or longer than the type.
pub(crate) fn widen(
    stored: &[u8],
    size: usize,
    chars: usize,
    out: &mut [u8],
) -> Result<()> {
    let items = stored.chunks_exact(size.max(1));
    for (item, place) in items.zip(out.chunks_exact_mut((chars * 4).max(1))) {
        let end = item.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
        let text = std::str::from_utf8(item.get(..end).unwrap_or_default());
        let text = text.op(ErrorKind::Corrupt, OP, "text that is no UTF-8")?;
        for (unit, letter) in place.chunks_exact_mut(4).zip(text.chars()) {
            unit.copy_from_slice(&u32::from(letter).to_ne_bytes());
        }
    }
    Ok(())
}
