//! Buffers that their consumer can own.

use arrow_buffer::Buffer;
use salver_core::{Error, ErrorKind, Op, Result};

use crate::DType;

/// A buffer of `bytes` bytes that `fill` fills.
///
/// A `Vec` of the item's unit (a complex number is two) allocates it, so that `Buffer::into_vec` gives it away without a copy: clause 6 of [`Format`](crate::Format).
///
/// The caller has checked `bytes` against what backs it.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where `bytes` is no whole number of units; as `fill`.
pub fn filled(
    dtype: DType,
    bytes: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<()>,
) -> Result<Buffer> {
    fn typed<T: bytemuck::Pod + arrow_buffer::ArrowNativeType>(
        bytes: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Buffer> {
        let unit = size_of::<T>();
        if !bytes.is_multiple_of(unit) {
            let message = "bytes that are no whole number of items";
            return Err(Error::new(ErrorKind::Corrupt, Op("tree.buffer"), message)
                .with("bytes", bytes)
                .with("unit", unit));
        }
        let mut items = vec![T::zeroed(); bytes / unit];
        let raw = bytemuck::cast_slice_mut(&mut items);
        large_pages(raw);
        fill(raw)?;
        Ok(Buffer::from_vec(items))
    }
    match dtype.swap_size() {
        2 => typed::<u16>(bytes, fill),
        4 => typed::<u32>(bytes, fill),
        8 => typed::<u64>(bytes, fill),
        _ => typed::<u8>(bytes, fill),
    }
}

/// Asks for large pages under a buffer that is about to be filled: a 64 MB buffer costs 32 page
/// faults instead of 16,384. A wish only: where the system refuses, nothing changes.
#[cfg(target_os = "linux")]
fn large_pages(buffer: &mut [u8]) {
    use rustix::mm::{Advice, madvise};
    const LEAST: usize = 4 << 20;
    if buffer.len() < LEAST {
        return;
    }
    let skip = buffer.as_ptr().align_offset(rustix::param::page_size());
    let Some(pages) = buffer.get_mut(skip..) else { return };
    #[expect(unsafe_code, reason = "madvise takes an address")]
    // SAFETY: the range is inside `pages`, which is borrowed for the call, and this advice never
    // changes what the memory holds.
    let _refused =
        unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), Advice::LinuxHugepage) };
}

#[cfg(not(target_os = "linux"))]
fn large_pages(_buffer: &mut [u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_lengths_are_corrupt() {
        let error = filled(DType::F32, 7, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
