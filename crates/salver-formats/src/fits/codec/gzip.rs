//! `GZIP_1` and `GZIP_2`: one gzip member per tile; the latter with the bytes of all pixels sorted
//! by significance. Source: FITS 4.0 §10.4.2; RFC 1952.

use flate2::{
    Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status,
};
use salver_core::Result;

use super::corrupt;

/// Decoder that keeps its window from tile to tile.
#[derive(Debug)]
pub(crate) struct Gunzip(Decompress);

impl Default for Gunzip {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

/// Length of the decoded bytes, as the member's end says.
pub(crate) fn length(data: &[u8]) -> Option<u64> {
    data.last_chunk::<4>().map(|b| u64::from(u32::from_le_bytes(*b)))
}

impl Gunzip {
    /// Decodes the first `out.len()` bytes; where that is all, also checks the checksum.
    ///
    /// # Errors
    /// `Corrupt` where the data is no gzip member, ends early, or its checksum is wrong.
    pub(crate) fn decode(&mut self, data: &[u8], out: &mut [u8]) -> Result<()> {
        let body = skip_header(data).ok_or_else(|| corrupt("a tile that is not gzip"))?;
        self.0.reset(false);
        loop {
            let (used, made) = (self.0.total_in(), self.0.total_out());
            let from = usize::try_from(used).ok().and_then(|n| body.get(n..));
            let to = usize::try_from(made).ok().and_then(|n| out.get_mut(n..));
            let (Some(from), Some(to)) = (from, to) else { break };
            if to.is_empty() {
                break;
            }
            let status = self.0.decompress(from, to, FlushDecompress::None);
            let status =
                status.map_err(|e| corrupt("a damaged gzip tile").caused_by(e))?;
            let stuck = self.0.total_in() == used && self.0.total_out() == made;
            if status == Status::StreamEnd || stuck {
                break;
            }
        }
        if self.0.total_out() != out.len() as u64 {
            return Err(corrupt("a gzip tile ends early"));
        }
        if length(data) == Some(out.len() as u64) {
            let mut crc = Crc::new();
            crc.update(out);
            let stored = data.len().checked_sub(8).and_then(|n| data.get(n..));
            let stored = stored.and_then(|b| b.first_chunk::<4>());
            if stored.map(|b| u32::from_le_bytes(*b)) != Some(crc.sum()) {
                return Err(corrupt("a gzip tile with a wrong checksum"));
            }
        }
        Ok(())
    }
}

/// What follows the header of a gzip member (RFC 1952 §2.3).
fn skip_header(data: &[u8]) -> Option<&[u8]> {
    let (fixed, mut rest) = data.split_first_chunk::<10>()?;
    if fixed[..3] != [0x1f, 0x8b, 8] {
        return None;
    }
    let flags = fixed[3];
    if flags & 4 != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            rest = rest.get(rest.iter().position(|&b| b == 0)? + 1..)?;
        }
    }
    rest.get(if flags & 2 == 0 { 0 } else { 2 }..)
}

/// One gzip member of these bytes.
///
/// # Errors
/// `Corrupt` where the compressor fails, which it does not for bytes in memory.
pub(crate) fn encode(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut deflate = Compress::new(Compression::new(4), false);
    loop {
        let used = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        out.reserve(bytes.len() / 2 + 64);
        let rest = bytes.get(used..).unwrap_or_default();
        let status = deflate.compress_vec(rest, &mut out, FlushCompress::Finish);
        match status.map_err(|e| corrupt("compression failed").caused_by(e))? {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => {}
        }
    }
    let mut crc = Crc::new();
    crc.update(bytes);
    out.extend_from_slice(&crc.sum().to_le_bytes());
    out.extend_from_slice(&crc.amount().to_le_bytes());
    Ok(out)
}

/// Bytes sorted by significance → pixels in big-endian order. `size` divides the length.
pub(crate) fn unshuffle(planes: &[u8], size: usize, out: &mut [u8]) {
    let n = planes.len() / size.max(1);
    for (k, plane) in planes.chunks_exact(n.max(1)).enumerate() {
        for (to, byte) in out.iter_mut().skip(k).step_by(size.max(1)).zip(plane) {
            *to = *byte;
        }
    }
}

/// Pixels in big-endian order → bytes sorted by significance.
pub(crate) fn shuffle(pixels: &[u8], size: usize) -> Vec<u8> {
    let size = size.max(1);
    let mut out = Vec::with_capacity(pixels.len());
    for k in 0..size {
        out.extend(pixels.iter().skip(k).step_by(size));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_survives_and_damage_is_found() {
        let bytes: Vec<u8> =
            (0..10_000_u32).flat_map(|i| (i / 7).to_be_bytes()).collect();
        let packed = encode(&shuffle(&bytes, 4)).unwrap();
        let mut planes = vec![0; bytes.len()];
        Gunzip::default().decode(&packed, &mut planes).unwrap();
        let mut out = vec![0; bytes.len()];
        unshuffle(&planes, 4, &mut out);
        assert_eq!(out, bytes);
        assert_eq!(length(&packed), Some(40_000));
        let mut bad = packed.clone();
        let at = bad.len() - 8;
        bad[at] ^= 1;
        assert!(Gunzip::default().decode(&bad, &mut planes).is_err());
        assert!(Gunzip::default().decode(&packed[..200], &mut planes).is_err());
        Gunzip::default().decode(&packed, &mut planes[..100]).unwrap();
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_value_or_an_error(mut bytes: Vec<u8>, flags: u8) {
            let mut head = vec![0x1f, 0x8b, 8, flags];
            head.append(&mut bytes);
            drop(Gunzip::default().decode(&head, &mut [0; 100]));
        }
    }
}
