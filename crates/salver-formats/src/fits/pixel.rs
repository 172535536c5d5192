//! Stored pixels and the item types they become. Source: FITS 4.0 §4.4.2.5, §5.

use std::any::TypeId;

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::DType;
use serde::{Deserialize, Serialize};

pub(crate) use super::cast::Pixel;
use super::header::Header;

/// How pixels are stored: the values of `BITPIX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stored {
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Stored {
    /// The stored type of a `BITPIX`.
    pub(crate) fn from_bitpix(bitpix: i64) -> Result<Self> {
        Ok(match bitpix {
            8 => Self::U8,
            16 => Self::I16,
            32 => Self::I32,
            64 => Self::I64,
            -32 => Self::F32,
            -64 => Self::F64,
            other => {
                let error = Error::new(
                    ErrorKind::Corrupt,
                    Op("fits.image"),
                    "BITPIX is none of the standard's",
                );
                return Err(error
                    .with("bitpix", other)
                    .hint("8, 16, 32, 64, -32 or -64"));
            }
        })
    }

    pub(crate) fn bitpix(self) -> i64 {
        match self {
            Self::U8 => 8,
            Self::I16 => 16,
            Self::I32 => 32,
            Self::I64 => 64,
            Self::F32 => -32,
            Self::F64 => -64,
        }
    }

    pub(crate) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// The spelling of a part index: `>i2`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::U8 => ">u1",
            Self::I16 => ">i2",
            Self::I32 => ">i4",
            Self::I64 => ">i8",
            Self::F32 => ">f4",
            Self::F64 => ">f8",
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// How an item type is stored, and the `BZERO` of the unsigned convention; `None` where FITS
    /// has no such images.
    pub(crate) fn of(dtype: DType) -> Option<(Self, Transform)> {
        Some(match dtype {
            DType::U8 => (Self::U8, Transform::None),
            DType::I8 => (Self::U8, Transform::Offset(-128)),
            DType::I16 => (Self::I16, Transform::None),
            DType::U16 => (Self::I16, Transform::Offset(1 << 15)),
            DType::I32 => (Self::I32, Transform::None),
            DType::U32 => (Self::I32, Transform::Offset(1 << 31)),
            DType::I64 => (Self::I64, Transform::None),
            DType::U64 => (Self::I64, Transform::Offset(i64::MIN)),
            DType::F32 => (Self::F32, Transform::None),
            DType::F64 => (Self::F64, Transform::None),
            _ => return None,
        })
    }
}

/// What makes physical values of stored ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Transform {
    /// Nothing.
    None,
    /// Adds a whole number, modulo 2⁶⁴: the convention for unsigned integers and signed bytes.
    Offset(i64),
    /// `BZERO + BSCALE × stored`; a stored `BLANK` is NaN.
    Scale {
        #[serde(with = "bits")]
        scale: f64,
        #[serde(with = "bits")]
        zero: f64,
        blank: Option<i64>,
    },
}

/// Real numbers as their bits: text in between would round them.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(v: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(v.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}

/// The item type and transform that a header's `BSCALE`, `BZERO` and `BLANK` ask for.
///
/// Integers without scaling stay integers, also where `BLANK` is set. Scaled integers become
/// binary32 up to 16 bits and binary64 beyond, computed in binary64 and rounded once.
pub(crate) fn transform(header: &Header, stored: Stored) -> Result<(DType, Transform)> {
    let scale = header.float("BSCALE")?.unwrap_or(1.0);
    let zero = header.float("BZERO")?.unwrap_or(0.0);
    Ok(scaled(stored, scale, zero, header.int("BLANK").unwrap_or(None)))
}

#[expect(clippy::float_cmp, reason = "the conventions are exact values")]
fn scaled(
    stored: Stored,
    scale: f64,
    zero: f64,
    blank: Option<i64>,
) -> (DType, Transform) {
    if scale == 1.0 {
        let offset = match stored {
            Stored::U8 if zero == -128.0 => Some((DType::I8, -128)),
            Stored::I16 if zero == 32768.0 => Some((DType::U16, 1 << 15)),
            Stored::I32 if zero == 2147483648.0 => Some((DType::U32, 1 << 31)),
            Stored::I64 if zero == -(i64::MIN.to_f64()) => Some((DType::U64, i64::MIN)),
            _ => None,
        };
        if let Some((dtype, offset)) = offset {
            return (dtype, Transform::Offset(offset));
        }
    }
    let plain = scale == 1.0 && zero == 0.0;
    let dtype = match stored {
        Stored::U8 if plain => DType::U8,
        Stored::I16 if plain => DType::I16,
        Stored::I32 if plain => DType::I32,
        Stored::I64 if plain => DType::I64,
        Stored::U8 | Stored::I16 | Stored::F32 => DType::F32,
        Stored::I32 | Stored::I64 | Stored::F64 => DType::F64,
    };
    if plain {
        return (dtype, Transform::None);
    }
    let blank = blank.filter(|_| !stored.is_float());
    (dtype, Transform::Scale { scale, zero, blank })
}

/// Runs an expression with `$t` as the Rust type of an image's item type.
macro_rules! with_pixel {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            salver_tree::DType::U8 => {
                type $t = u8;
                $body
            }
            salver_tree::DType::I8 => {
                type $t = i8;
                $body
            }
            salver_tree::DType::U16 => {
                type $t = u16;
                $body
            }
            salver_tree::DType::I16 => {
                type $t = i16;
                $body
            }
            salver_tree::DType::U32 => {
                type $t = u32;
                $body
            }
            salver_tree::DType::I32 => {
                type $t = i32;
                $body
            }
            salver_tree::DType::U64 => {
                type $t = u64;
                $body
            }
            salver_tree::DType::I64 => {
                type $t = i64;
                $body
            }
            salver_tree::DType::F32 => {
                type $t = f32;
                $body
            }
            salver_tree::DType::F64 => {
                type $t = f64;
                $body
            }
            other => Err($crate::fits::pixel::no_such_image(other)),
        }
    };
}
pub(crate) use with_pixel;

/// The error for item types that FITS has no images of.
pub(crate) fn no_such_image(dtype: DType) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Op("fits.image"),
        "FITS has no images of this type",
    )
    .with("dtype", dtype)
    .hint("int8 … int64, uint8 … uint64, float32 or float64")
}

/// Zeroed pixels, or an error where memory cannot hold them.
pub(crate) fn zeroed<T: Pixel>(n: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(n).map_err(|()| {
        Error::new(ErrorKind::Limit, Op("fits.image"), "the image does not fit in memory")
            .with("pixels", n)
    })
}

/// Stored pixels in native order → items.
pub(crate) fn convert<S: Pixel, T: Pixel>(from: &[S], to: &mut [T], how: Transform) {
    if how == Transform::None && TypeId::of::<S>() == TypeId::of::<T>() {
        for (t, s) in to.iter_mut().zip(bytemuck::cast_slice::<S, T>(from)) {
            *t = *s;
        }
        return;
    }
    let pairs = to.iter_mut().zip(from);
    match how {
        Transform::None if S::FLOAT => {
            pairs.for_each(|(t, s)| *t = T::from_f64(s.to_f64()));
        }
        Transform::None if size_of::<S>() <= 4 => {
            pairs.for_each(|(t, s)| *t = T::from_i32(s.low()));
        }
        Transform::None => pairs.for_each(|(t, s)| *t = T::from_i64(s.whole())),
        Transform::Offset(offset) if size_of::<S>() <= 4 => {
            let offset = i32::from_i64(offset);
            pairs.for_each(|(t, s)| *t = T::from_i32(s.low().wrapping_add(offset)));
        }
        Transform::Offset(offset) => {
            pairs.for_each(|(t, s)| *t = T::from_i64(s.whole().wrapping_add(offset)));
        }
        Transform::Scale { scale, zero, blank: None } => {
            pairs.for_each(|(t, s)| *t = T::from_f64(s.to_f64() * scale + zero));
        }
        Transform::Scale { scale, zero, blank: Some(blank) } => {
            pairs.for_each(|(t, s)| {
                let v =
                    if s.whole() == blank { f64::NAN } else { s.to_f64() * scale + zero };
                *t = T::from_f64(v);
            });
        }
    }
}

/// Swaps stored big-endian items to native order, in place.
pub(crate) fn to_native<T: Pixel>(items: &mut [T]) {
    if cfg!(target_endian = "little") && size_of::<T>() > 1 {
        for v in items {
            *v = v.swapped();
        }
    }
}

/// Native items of an unsigned type whose bytes were stored as the signed one: flips the sign bit.
pub(crate) fn apply_offset<T: Pixel>(items: &mut [T], offset: i64) {
    for v in items {
        *v = T::from_i64(v.whole().wrapping_add(offset));
    }
}

/// The pixels as a buffer that `Vec` allocated.
pub(crate) fn into_buffer<T: Pixel>(pixels: Vec<T>) -> Buffer {
    Buffer::from_vec(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unsigned_convention_is_exact_at_both_ends() {
        let mut out = [0_u16; 3];
        convert(&[i16::MIN, 0, i16::MAX], &mut out, Transform::Offset(1 << 15));
        assert_eq!(out, [0, 32768, 65535]);
        let mut out = [0_u64; 2];
        convert(&[i64::MIN, i64::MAX], &mut out, Transform::Offset(i64::MIN));
        assert_eq!(out, [0, u64::MAX]);
        let mut out = [0_i8; 2];
        convert(&[0_u8, 255], &mut out, Transform::Offset(-128));
        assert_eq!(out, [-128, 127]);
    }

    #[test]
    fn a_blank_of_scaled_integers_is_nan() {
        let how = Transform::Scale { scale: 0.5, zero: 10.0, blank: Some(-99) };
        let mut out = [0_f32; 2];
        convert(&[4_i16, -99], &mut out, how);
        assert_eq!(out[0].to_bits(), 12_f32.to_bits());
        assert!(out[1].is_nan());
    }
}
