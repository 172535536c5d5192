//! NumPy's names of item types: `<f4`, `|b1`, `>U5`.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::DType;

/// An item type as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) dtype: DType,
    /// Whether the items are in the other byte order than this machine's.
    pub(crate) swapped: bool,
}

impl Stored {
    /// Reads a name such as `<f4`; without an order sign the order is this machine's.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for types that a tree does not hold: objects, dates, long doubles.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        let refused = |message: &str| {
            Error::new(ErrorKind::Unsupported, Op("numpy.dtype"), message)
                .with("dtype", name)
        };
        let (order, code) = match name.split_at_checked(1) {
            Some((order @ ("<" | ">" | "|" | "="), code)) => (order, code),
            _ => ("=", name),
        };
        let (letter, digits) =
            code.split_at_checked(1).ok_or_else(|| refused("no item type"))?;
        let wide = |digits: &str| digits.parse::<u32>().ok().filter(|&n| n <= 1 << 28);
        let dtype = match (letter, digits) {
            ("b", "1") | ("?", "") => DType::Bool,
            ("i", "1") => DType::I8,
            ("i", "2") => DType::I16,
            ("i", "4") => DType::I32,
            ("i", "8") => DType::I64,
            ("u", "1") => DType::U8,
            ("u", "2") => DType::U16,
            ("u", "4") => DType::U32,
            ("u", "8") => DType::U64,
            ("f", "2") => DType::F16,
            ("f", "4") => DType::F32,
            ("f", "8") => DType::F64,
            ("c", "8") => DType::C64,
            ("c", "16") => DType::C128,
            ("S", digits) => {
                DType::Bytes(wide(digits).ok_or_else(|| refused("no length"))?)
            }
            ("U", digits) => {
                DType::Text(wide(digits).ok_or_else(|| refused("no length"))?)
            }
            ("O", _) => return Err(refused("arrays of objects are not read")),
            _ => return Err(refused("an item type that a tree does not hold")),
        };
        let other = if cfg!(target_endian = "little") { ">" } else { "<" };
        Ok(Self { dtype, swapped: order == other && dtype.swap_size() > 1 })
    }

    /// The name with its order sign.
    pub(crate) fn name(self) -> String {
        let name = typestr(self.dtype);
        let other = if cfg!(target_endian = "little") { ">" } else { "<" };
        if self.swapped { name.replacen(native(), other, 1) } else { name }
    }
}

fn native() -> &'static str {
    if cfg!(target_endian = "little") { "<" } else { ">" }
}

/// The name of a type in this machine's order: `<f4`, `|u1`.
pub(crate) fn typestr(dtype: DType) -> String {
    let (letter, size) = match dtype {
        DType::Bool => ('b', 1),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => ('i', dtype.size()),
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => ('u', dtype.size()),
        DType::C64 | DType::C128 => ('c', dtype.size()),
        DType::Bytes(n) => ('S', n as usize),
        DType::Text(n) => ('U', n as usize),
        _ => ('f', dtype.size()),
    };
    let order = if dtype.swap_size() > 1 { native() } else { "|" };
    format!("{order}{letter}{size}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["<f4", ">c16", "|b1", "|S3", "<U5", ">U5", "|u1", "<i8", "<f2"] {
            assert_eq!(Stored::parse(name).unwrap().name(), name);
        }
        assert_eq!(Stored::parse("f8").unwrap().name(), "<f8");
        for name in ["|O", "O8", "<M8[ns]", "<f16", "|V8", "", "<", "f", "U99999999999"] {
            assert_eq!(
                Stored::parse(name).unwrap_err().kind(),
                ErrorKind::Unsupported,
                "{name}"
            );
        }
    }
}
