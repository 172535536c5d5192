//! Buffers that their consumer can own, byte order, and a guard around decoders of others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::DType;
pub(crate) use salver_tree::filled;

/// A copy of native bytes in a buffer that its consumer can own: clause 6 of `Format`.
///
/// # Errors
/// As [`filled`].
pub(crate) fn copied(dtype: DType, bytes: &[u8]) -> Result<Buffer> {
    filled(dtype, bytes.len(), |out| {
        out.copy_from_slice(bytes);
        Ok(())
    })
}

/// Turns the byte order of each unit around, in place.
pub(crate) fn swap(bytes: &mut [u8], unit: usize) {
    fn typed<T: bytemuck::Pod>(bytes: &mut [u8], turn: fn(T) -> T) {
        match bytemuck::try_cast_slice_mut::<u8, T>(bytes) {
            Ok(items) => items.iter_mut().for_each(|item| *item = turn(*item)),
            Err(_) => bytes.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse),
        }
    }
    match unit {
        2 => typed(bytes, u16::swap_bytes),
        4 => typed(bytes, u32::swap_bytes),
        8 => typed(bytes, u64::swap_bytes),
        _ => {}
    }
}

/// Runs a decoder that is not ours, and makes a panic in it an error: clause 5 of `Format`.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it panicked.
pub(crate) fn no_panic<T>(op: Op, decode: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decode)).map_err(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("");
        Error::new(ErrorKind::Corrupt, op, "the decoder gave up on these bytes")
            .with("because", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_buffer_gives_its_vec_away() {
        let buffer = copied(DType::C128, &[1; 32]).unwrap();
        let address = buffer.as_ptr();
        let items = buffer.into_vec::<f64>().unwrap();
        assert_eq!((items.as_ptr().cast(), items.len()), (address, 4));
    }

    #[test]
    fn swapping_works_at_any_alignment() {
        let mut bytes: Vec<u8> = (0..9).collect();
        swap(&mut bytes[1..9], 4);
        assert_eq!(bytes, [0, 4, 3, 2, 1, 8, 7, 6, 5]);
    }

    #[test]
    fn a_panic_of_a_decoder_is_corrupt() {
        let error = no_panic(Op("test"), || panic!("no")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("because: no"), "{error}");
    }
}
