//! Conversions between the numbers of pixels, each stated by its method.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    trivial_numeric_casts,
    reason = "this module is where pixels are cast"
)]

use arrow_buffer::ArrowNativeType;

/// An item type of an image in memory.
pub(crate) trait Pixel:
    bytemuck::Pod + ArrowNativeType + Send + Sync + PartialEq
{
    /// Whether it is a real number.
    const FLOAT: bool;
    /// The low bits.
    fn from_i32(v: i32) -> Self;
    /// The low bits.
    fn from_i64(v: i64) -> Self;
    /// Rounded once for binary32; truncated for integers, which nothing asks for.
    fn from_f64(v: f64) -> Self;
    /// The value.
    fn to_f64(self) -> f64;
    /// Whole numbers of up to 32 bits; the low bits of others.
    fn low(self) -> i32;
    /// Whole numbers by value, 64-bit unsigned ones by their bits; real ones truncated.
    fn whole(self) -> i64;
    /// Whether it is a NaN.
    fn is_nan(self) -> bool;
    /// The other byte order.
    fn swapped(self) -> Self;
}

macro_rules! pixel {
    ($type:ty, $float:expr, $nan:expr, $swapped:expr) => {
        impl Pixel for $type {
            const FLOAT: bool = $float;
            #[inline]
            fn from_i32(v: i32) -> Self {
                v as Self
            }
            #[inline]
            fn from_i64(v: i64) -> Self {
                v as Self
            }
            #[inline]
            fn from_f64(v: f64) -> Self {
                v as Self
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn low(self) -> i32 {
                self as i32
            }
            #[inline]
            fn whole(self) -> i64 {
                self as i64
            }
            #[inline]
            fn is_nan(self) -> bool {
                $nan(self)
            }
            #[inline]
            fn swapped(self) -> Self {
                $swapped(self)
            }
        }
    };
}

pixel!(u8, false, |_| false, u8::swap_bytes);
pixel!(i8, false, |_| false, i8::swap_bytes);
pixel!(u16, false, |_| false, u16::swap_bytes);
pixel!(i16, false, |_| false, i16::swap_bytes);
pixel!(u32, false, |_| false, u32::swap_bytes);
pixel!(i32, false, |_| false, i32::swap_bytes);
pixel!(u64, false, |_| false, u64::swap_bytes);
pixel!(i64, false, |_| false, i64::swap_bytes);
pixel!(f32, true, f32::is_nan, |v: f32| f32::from_bits(v.to_bits().swap_bytes()));
pixel!(f64, true, f64::is_nan, |v: f64| f64::from_bits(v.to_bits().swap_bytes()));
