//! Pictures of arrays: PNG, 8 bits, grey.

use salver::tree::{Array, DType};
use salver::{Error, ErrorKind, Op, Result, ResultExt as _};

const OP: Op = Op("cli.picture");
/// How strongly faint light is lifted: `asinh(STRETCH · x)`.
const STRETCH: f64 = 12.0;

/// A PNG of an array's last two axes, the first row at the bottom as astronomers have it, stretched
/// by asinh between the quantiles 0.25 and 0.998. Pixels without a value are black.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for an array of fewer than two axes, without pixels, or of items
/// that are no numbers.
pub(crate) fn png(array: &Array) -> Result<Vec<u8>> {
    let [.., height, width] = *array.shape() else {
        return Err(wrong("a picture needs two axes"));
    };
    let (Ok(w), Ok(h)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(wrong("an image too large for a picture"));
    };
    let values = numbers(array, width * height)?;
    if values.is_empty() || w == 0 {
        return Err(wrong("an image without pixels"));
    }
    let grey = stretch(&values);
    let mut rows = Vec::with_capacity(grey.len());
    for row in grey.rchunks(width) {
        rows.extend_from_slice(row);
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, w, h);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().op(ErrorKind::Internal, OP, "PNG header")?;
    writer.write_image_data(&rows).op(ErrorKind::Internal, OP, "PNG data")?;
    writer.finish().op(ErrorKind::Internal, OP, "PNG end")?;
    Ok(out)
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, message)
}

/// The first plane's items as numbers.
fn numbers(array: &Array, n: usize) -> Result<Vec<f64>> {
    let loaded = array.buffer()?;
    let bytes: &[u8] = &loaded;
    macro_rules! of {
        ($t:ty) => {
            bytes
                .as_chunks::<{ size_of::<$t>() }>()
                .0
                .iter()
                .take(n)
                .map(|b| f64::from(<$t>::from_ne_bytes(*b)))
                .collect()
        };
    }
    #[expect(clippy::cast_precision_loss, reason = "a picture has 256 levels")]
    let wide = |signed: bool| -> Vec<f64> {
        let words = bytes.as_chunks::<8>().0.iter().take(n);
        words
            .map(|b| {
                if signed {
                    i64::from_ne_bytes(*b) as f64
                } else {
                    u64::from_ne_bytes(*b) as f64
                }
            })
            .collect()
    };
    Ok(match array.dtype() {
        DType::Bool | DType::U8 => of!(u8),
        DType::I8 => of!(i8),
        DType::I16 => of!(i16),
        DType::U16 => of!(u16),
        DType::I32 => of!(i32),
        DType::U32 => of!(u32),
        DType::I64 => wide(true),
        DType::U64 => wide(false),
        DType::F32 => of!(f32),
        DType::F64 => of!(f64),
        other => return Err(wrong("items that are no numbers").with("dtype", other)),
    })
}

fn stretch(values: &[f64]) -> Vec<u8> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |permille: usize| {
        let last = sorted.len().saturating_sub(1);
        sorted.get(last * permille / 1000).copied().unwrap_or(0.0)
    };
    let (low, high) = (at(250), at(998));
    let span = if high > low { high - low } else { 1.0 };
    let top = STRETCH.asinh();
    let grey = |v: f64| {
        let x = ((v - low) / span).clamp(0.0, 1.0);
        let level = (STRETCH * x).asinh() / top * 255.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255 by the clamp; NaN becomes 0"
        )]
        let byte = level as u8;
        byte
    };
    values.iter().map(|&v| grey(v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_arrays_size_and_its_first_row_at_the_bottom() {
        let values: Vec<u8> = vec![0, 0, 0, 200, 200, 200];
        let array = Array::new(DType::U8, vec![2, 3], values.into()).unwrap();
        let bytes = png(&array).unwrap();
        let mut reader =
            png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (3, 2));
        assert_eq!(pixels, [255, 255, 255, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let line = Array::new(DType::U8, vec![3], vec![1_u8, 2, 3].into()).unwrap();
        assert_eq!(png(&line).unwrap_err().kind(), ErrorKind::InvalidInput);
        let text = Array::new(DType::Bytes(1), vec![1, 1], vec![1_u8].into()).unwrap();
        assert_eq!(png(&text).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
