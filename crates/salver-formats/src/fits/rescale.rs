//! Real numbers that were scaled integers, as those integers again.

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, DType};

use super::header::Header;
use super::pixel::{Pixel, Stored, Transform, transform, with_pixel};

/// The integers of which the header's `BSCALE`, `BZERO` and `BLANK` make the array, to the last
/// bit; `None` where the header asks for no scaling, or a pixel is not one of those numbers.
///
/// # Errors
/// As a lazy array's.
pub(crate) fn rescale(array: &Array, header: &Header) -> Result<Option<(Stored, Array)>> {
    let bitpix = header.int("BITPIX").ok().flatten();
    let Some(stored) = bitpix.and_then(|b| Stored::from_bitpix(b).ok()) else {
        return Ok(None);
    };
    let Ok((dtype, how @ Transform::Scale { .. })) = transform(header, stored) else {
        return Ok(None);
    };
    if stored.is_float() || dtype != array.dtype() {
        return Ok(None);
    }
    let whole = match stored {
        Stored::U8 => DType::U8,
        Stored::I16 => DType::I16,
        Stored::I32 => DType::I32,
        _ => DType::I64,
    };
    let buffer = array.buffer()?;
    let found = match dtype {
        DType::F32 => with_pixel!(whole, S => Ok(integers::<f32, S>(&buffer, how)))?,
        _ => with_pixel!(whole, S => Ok(integers::<f64, S>(&buffer, how)))?,
    };
    let Some(buffer) = found else { return Ok(None) };
    let array = Array::new(whole, array.shape().to_vec(), buffer);
    array.map(|array| Some((stored, array))).map_err(|e| {
        Error::new(ErrorKind::Internal, Op("fits.encode"), "a rescaled image")
            .caused_by(e)
    })
}

fn integers<T: Pixel, S: Pixel>(buffer: &Buffer, how: Transform) -> Option<Buffer> {
    let Transform::Scale { scale, zero, blank } = how else { return None };
    let pixels = bytemuck::try_cast_slice::<u8, T>(buffer.as_slice()).ok()?;
    let mut out = Vec::<S>::with_capacity(pixels.len());
    for pixel in pixels {
        if pixel.is_nan() {
            out.push(S::from_i64(blank?));
            continue;
        }
        let whole = S::from_f64(((pixel.to_f64() - zero) / scale).round());
        let back = T::from_f64(whole.to_f64() * scale + zero);
        if back != *pixel || Some(whole.whole()) == blank {
            return None;
        }
        out.push(whole);
    }
    Some(Buffer::from_vec(out))
}
