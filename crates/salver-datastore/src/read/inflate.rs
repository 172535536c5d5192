//! Artifacts that are compressed as a whole: `.fits.gz` and the like.

use std::io::Read as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_tree::{MemorySource, Source};

const OP: Op = Op("datastore.inflate");

/// Bytes that are inflated between two looks for an interrupt.
const CHUNK: usize = 4 << 20;

/// The inflated artifact, if its path ends in `.gz` and its bytes are gzip's (RFC 1952); else
/// itself.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for damaged bytes, [`ErrorKind::Limit`] where memory is not enough.
pub(super) fn inflated(path: &str, source: Arc<dyn Source>) -> Result<Arc<dyn Source>> {
    if !path
        .as_bytes()
        .last_chunk::<3>()
        .is_some_and(|end| end.eq_ignore_ascii_case(b".gz"))
    {
        return Ok(source);
    }
    let packed = source.read(std::slice::from_ref(&(0..source.len())))?;
    let packed = packed.into_iter().next().unwrap_or_default();
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Ok(source);
    }
    inflate(&packed).map(|bytes| Arc::new(MemorySource::new(bytes)) as Arc<dyn Source>)
}

fn inflate(packed: &[u8]) -> Result<Bytes> {
    let mut decoder = MultiGzDecoder::new(packed);
    let mut out = Vec::new();
    loop {
        let before = out.len();
        out.try_reserve(CHUNK.min(packed.len().saturating_mul(4))).map_err(|e| {
            let error = Error::new(ErrorKind::Limit, OP, "not enough memory");
            error.with("bytes", before).caused_by(e)
        })?;
        let limit = CHUNK as u64;
        let read = decoder.by_ref().take(limit).read_to_end(&mut out);
        read.map_err(|e| {
            Error::new(ErrorKind::Corrupt, OP, "damaged gzip bytes").caused_by(e)
        })?;
        if out.len() == before {
            return Ok(Bytes::from(out));
        }
        interrupt::check(OP)?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn source(bytes: Vec<u8>) -> Arc<dyn Source> {
        Arc::new(MemorySource::new(bytes))
    }

    fn all(source: &dyn Source) -> Vec<u8> {
        source.read(std::slice::from_ref(&(0..source.len()))).unwrap().concat()
    }

    #[test]
    fn members_are_inflated_one_after_the_other() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = [gzip(&plain), gzip(b"end")].concat();
        let found = inflated("a/b.FITS.GZ", source(packed)).unwrap();
        assert_eq!(all(&*found), [plain.as_slice(), b"end"].concat());
    }

    #[test]
    fn what_is_not_compressed_stays() {
        let found = inflated("a/b.fits.gz", source(b"SIMPLE".to_vec())).unwrap();
        assert_eq!(all(&*found), b"SIMPLE");
        let packed = gzip(b"x");
        let found = inflated("a/b.fits", source(packed.clone())).unwrap();
        assert_eq!(all(&*found), packed);
    }

    #[test]
    fn cut_bytes_are_corrupt() {
        let packed = gzip(&[7; 1000]);
        for len in 2..packed.len() {
            let error = inflated("x.gz", source(packed[..len].to_vec())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{len}");
        }
    }
}
