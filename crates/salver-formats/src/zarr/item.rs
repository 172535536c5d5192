//! Types of items and fill values. Source: Zarr core specification 3.0 §Data types, the types that
//! zarr-python 3.1 adds to it, and §Data type encoding of version 2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use half::f16;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{DType, Map, Tree};

pub(super) const OP: Op = Op("zarr.metadata");

/// What an array is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// Items of a type of the tree.
    Fixed(DType),
    /// Bytes without meaning: an axis more, of `uint8`.
    Raw(usize),
    /// Text of any length.
    Text,
    /// Bytes of any length.
    Binary,
}

/// A type as metadata declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) item: Item,
    /// Where the type says it: times are whole numbers of this unit.
    pub(crate) unit: Option<String>,
    /// Where the type says it (version 2).
    pub(crate) big_endian: bool,
}

pub(super) fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

pub(super) fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message)
}

/// The name and the configuration of an extension point.
pub(super) fn named(node: &Tree) -> Option<(&str, Option<&Map>)> {
    match node {
        Tree::Str(name) => Some((name, None)),
        Tree::Map(map) => {
            let configuration = map.get("configuration").and_then(Tree::as_map);
            Some((map.get("name")?.as_str()?, configuration))
        }
        _ => None,
    }
}

/// A whole number of a configuration that counts something.
pub(super) fn count(map: Option<&Map>, key: &str) -> Option<usize> {
    usize::try_from(map?.get(key)?.as_int()?).ok()
}

impl Item {
    /// The type of the items in memory; of any length: none.
    pub(crate) fn dtype(self) -> Option<DType> {
        match self {
            Self::Fixed(dtype) => Some(dtype),
            Self::Raw(_) => Some(DType::U8),
            Self::Text | Self::Binary => None,
        }
    }
}

impl Declared {
    fn plain(item: Item) -> Self {
        Self { item, unit: None, big_endian: false }
    }

    fn time(unit: Option<&str>, scale: usize) -> Self {
        let unit = unit.map(|unit| match scale {
            0 | 1 => unit.to_owned(),
            scale => format!("{scale} {unit}"),
        });
        Self { unit, ..Self::plain(Item::Fixed(DType::I64)) }
    }

    /// Reads `data_type` of version 3.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a type that is none of the tree's.
    pub(crate) fn version_3(node: &Tree) -> Result<Self> {
        let (name, configuration) =
            named(node).ok_or_else(|| corrupt("an array without a type"))?;
        let bytes = count(configuration, "length_bytes");
        let short = bytes.and_then(|n| u32::try_from(n).ok());
        let raw = name.strip_prefix('r').and_then(|bits| bits.parse::<usize>().ok());
        let item = match (name, raw) {
            ("string", _) => Item::Text,
            ("variable_length_bytes" | "bytes", _) => Item::Binary,
            ("fixed_length_utf32", _) => Item::Fixed(DType::Text(
                short.ok_or_else(|| corrupt("text of no length"))? / 4,
            )),
            ("null_terminated_bytes", _) => Item::Fixed(DType::Bytes(
                short.ok_or_else(|| corrupt("bytes of no length"))?,
            )),
            ("raw_bytes", _) => {
                Item::Raw(bytes.ok_or_else(|| corrupt("bytes of no length"))?)
            }
            ("numpy.datetime64" | "numpy.timedelta64", _) => {
                let unit =
                    configuration.and_then(|c| c.get("unit")).and_then(Tree::as_str);
                let scale = count(configuration, "scale_factor").unwrap_or(1);
                return Ok(Self::time(unit, scale));
            }
            (_, Some(bits)) if bits % 8 == 0 => Item::Raw(bits / 8),
            (name, _) => Item::Fixed(numeric(name).ok_or_else(|| unknown(name))?),
        };
        Ok(Self::plain(item))
    }

    /// Reads `dtype` of version 2: a type string of `NumPy`.
    ///
    /// # Errors
    /// As [`Declared::version_3`].
    pub(crate) fn version_2(node: &Tree) -> Result<Self> {
        let Some(text) = node.as_str() else {
            return Err(unsupported("items with fields").with("dtype", node.kind()));
        };
        let mut letters = text.chars();
        let (order, kind) = (letters.next(), letters.next());
        let rest = letters.as_str();
        let (width, unit) = rest.split_once('[').unwrap_or((rest, ""));
        let width: Option<u32> = width.parse().ok();
        let dtype = match (kind, width) {
            (Some('O'), None) => return Ok(Self::plain(Item::Text)),
            (Some('V'), Some(n)) => return Ok(Self::plain(Item::Raw(n as usize))),
            (Some('S'), Some(n)) => Some(DType::Bytes(n)),
            (Some('U'), Some(n)) => Some(DType::Text(n)),
            (Some('b'), Some(1)) => Some(DType::Bool),
            (Some('i'), Some(n)) => numeric(&format!("int{}", u64::from(n) * 8)),
            (Some('u'), Some(n)) => numeric(&format!("uint{}", u64::from(n) * 8)),
            (Some('f'), Some(n)) => numeric(&format!("float{}", u64::from(n) * 8)),
            (Some('c'), Some(n)) => numeric(&format!("complex{}", u64::from(n) * 8)),
            (Some('M' | 'm'), Some(8)) => Some(DType::I64),
            _ => None,
        };
        let dtype = dtype.ok_or_else(|| unknown(text))?;
        let unit = unit.strip_suffix(']').map(str::to_owned);
        Ok(Self { item: Item::Fixed(dtype), unit, big_endian: order == Some('>') })
    }
}

fn unknown(name: &str) -> Error {
    unsupported("a type of items that the tree has not").with("type", name)
}

fn numeric(name: &str) -> Option<DType> {
    let dtype = name.parse::<DType>().ok()?;
    (!matches!(dtype, DType::Bytes(_) | DType::Text(_))).then_some(dtype)
}

/// The bytes of one item, in native order, that a fill value means; null is zero. Of items of any
/// length: the item.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where the value is not of the type.
pub(crate) fn fill(item: Item, value: &Tree) -> Result<Vec<u8>> {
    let wrong = || corrupt("a fill value that is not of the array's type");
    let size = match item {
        Item::Fixed(dtype) => dtype.size(),
        Item::Raw(n) => n,
        Item::Text | Item::Binary => 0,
    };
    let padded = |mut bytes: Vec<u8>| {
        bytes.truncate(size);
        // a length that no chunk has to back is not believed beyond reason
        bytes.resize(size.min(1 << 20), 0);
        if bytes.len() == size { Ok(bytes) } else { Err(wrong()) }
    };
    let Item::Fixed(dtype) = item else {
        return match (item, value) {
            (_, Tree::Null) => Ok(vec![0; size.min(1 << 20)]),
            (Item::Text, Tree::Str(text)) => Ok(text.as_bytes().to_vec()),
            (Item::Text, _) => Ok(Vec::new()),
            (Item::Raw(_), value) => padded(bytes(value).ok_or_else(wrong)?),
            (_, value) => bytes(value).ok_or_else(wrong),
        };
    };
    match (dtype, value) {
        (_, Tree::Null) => padded(Vec::new()),
        (DType::Bool, value) => {
            whole(value).map(|n| vec![u8::from(n != 0)]).ok_or_else(wrong)
        }
        (DType::F16 | DType::F32 | DType::F64, value) => {
            real(dtype, value).ok_or_else(wrong)
        }
        (DType::C64 | DType::C128, value) => {
            let half = if dtype == DType::C64 { DType::F32 } else { DType::F64 };
            let parts = match value {
                Tree::List(parts) => parts.clone(),
                one => vec![one.clone(), Tree::Int(0)],
            };
            let parts = parts.iter().map(|part| real(half, part));
            let bytes = parts.collect::<Option<Vec<_>>>().ok_or_else(wrong)?.concat();
            if bytes.len() == size { Ok(bytes) } else { Err(wrong()) }
        }
        (DType::Text(_), Tree::Str(text)) => {
            padded(text.chars().flat_map(|c| u32::from(c).to_ne_bytes()).collect())
        }
        (DType::Bytes(_), value) => padded(bytes(value).ok_or_else(wrong)?),
        (dtype, value) => integer(dtype, value).ok_or_else(wrong),
    }
}

/// A whole number, or a truth as one.
fn whole(value: &Tree) -> Option<i128> {
    match value {
        Tree::Int(n) => Some(*n),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and in range")]
        Tree::Float(f) if f.fract() == 0.0 && f.abs() < 1e19 => Some(*f as i128),
        Tree::Bool(b) => Some(i128::from(*b)),
        _ => None,
    }
}

/// The bytes of a whole number of a type.
fn integer(dtype: DType, value: &Tree) -> Option<Vec<u8>> {
    let n = whole(value)?;
    macro_rules! native {
        ($kind:ty) => {
            <$kind>::try_from(n).ok()?.to_ne_bytes().to_vec()
        };
    }
    Some(match dtype {
        DType::I8 => native!(i8),
        DType::I16 => native!(i16),
        DType::I32 => native!(i32),
        DType::I64 => native!(i64),
        DType::U8 => native!(u8),
        DType::U16 => native!(u16),
        DType::U32 => native!(u32),
        DType::U64 => native!(u64),
        _ => return None,
    })
}

/// Bytes in base64, as a list, or lifted from their spelling.
fn bytes(value: &Tree) -> Option<Vec<u8>> {
    match value {
        Tree::Str(text) => STANDARD.decode(text).ok(),
        Tree::Int(0) => Some(Vec::new()),
        Tree::List(items) => {
            items.iter().map(|i| u8::try_from(i.as_int()?).ok()).collect()
        }
        Tree::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

/// A number, a name of one that is none, or its bits in hexadecimal digits.
fn real(dtype: DType, value: &Tree) -> Option<Vec<u8>> {
    let number = match value {
        Tree::Int(n) => n.to_string().parse::<f64>().ok()?,
        Tree::Float(f) => *f,
        Tree::Str(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            // xarray keeps the bits of version 3 so
            other => {
                let Some(digits) = other.strip_prefix("0x") else {
                    return other.parse::<f64>().ok().map(|f| of_real(dtype, f));
                };
                let bits = u64::from_str_radix(digits, 16).ok()?;
                return Some(match dtype {
                    DType::F16 => u16::try_from(bits).ok()?.to_ne_bytes().to_vec(),
                    DType::F32 => u32::try_from(bits).ok()?.to_ne_bytes().to_vec(),
                    _ => bits.to_ne_bytes().to_vec(),
                });
            }
        },
        _ => return None,
    };
    Some(of_real(dtype, number))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a fill value is rounded to its type"
)]
fn of_real(dtype: DType, number: f64) -> Vec<u8> {
    match dtype {
        DType::F16 => f16::from_f64(number).to_ne_bytes().to_vec(),
        DType::F32 => (number as f32).to_ne_bytes().to_vec(),
        _ => number.to_ne_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_values_are_read_in_every_spelling() {
        let of = |dtype, value: Tree| fill(Item::Fixed(dtype), &value);
        assert_eq!(of(DType::I16, Tree::Int(-2)).unwrap(), (-2_i16).to_ne_bytes());
        assert_eq!(of(DType::U8, Tree::Int(256)).unwrap_err().kind(), ErrorKind::Corrupt);
        let nan = of(DType::F32, Tree::from("0x7fc00001")).unwrap();
        assert_eq!(nan, 0x7fc0_0001_u32.to_ne_bytes());
        assert_eq!(
            of(DType::F64, Tree::from("-Infinity")).unwrap(),
            f64::NEG_INFINITY.to_ne_bytes()
        );
        assert_eq!(of(DType::Bytes(3), Tree::from("YQ==")).unwrap(), b"a\0\0");
        let parts = Tree::List(vec![Tree::Int(1), Tree::from("NaN")]);
        assert_eq!(of(DType::C128, parts).unwrap().len(), 16);
        assert_eq!(fill(Item::Raw(2), &Tree::from("AAA=")).unwrap(), [0, 0]);
        assert!(of(DType::Text(u32::MAX), Tree::Null).is_err(), "16 GiB of fill value");
    }

    #[test]
    fn types_of_version_2_have_a_byte_order() {
        let of = |text: &str| Declared::version_2(&Tree::from(text));
        let big = of(">i2").unwrap();
        assert_eq!((big.item, big.big_endian), (Item::Fixed(DType::I16), true));
        let time = of("<M8[ns]").unwrap();
        assert_eq!(time.unit.as_deref(), Some("ns"));
        assert_eq!(of("|S5").unwrap().item, Item::Fixed(DType::Bytes(5)));
        assert_eq!(of("<f3").unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
