//! A look at the page headers of a column chunk before it is decoded.
//!
//! The decoder allocates what a page header says that the page takes when it is uncompressed, so a
//! header that says more than the whole chunk is refused here. The headers are Thrift's compact
//! protocol; only the lengths are looked at.

use salver_core::{Error, ErrorKind, Op, Result};

const OP: Op = Op("parquet.page");
/// Structures within structures of a header.
const MAX_DEPTH: usize = 8;

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Checks that no page of a chunk is larger than the chunk.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where one is, or where the headers are damaged.
pub(super) fn check(chunk: &[u8], uncompressed: u64) -> Result<()> {
    let mut rest = chunk;
    while !rest.is_empty() {
        let mut header = Header { rest, sizes: [None; 2] };
        header.structure(0)?;
        let [unpacked, packed] = header.sizes;
        let (Some(unpacked), Some(packed)) = (unpacked, packed) else {
            return Err(corrupt("a page without its sizes"));
        };
        if unpacked > uncompressed {
            return Err(corrupt("a page larger than its column chunk")
                .with("page", unpacked)
                .with("chunk", uncompressed));
        }
        let packed = usize::try_from(packed).unwrap_or(usize::MAX);
        rest = header.rest.get(packed..).ok_or_else(|| corrupt("a page is cut off"))?;
    }
    Ok(())
}

struct Header<'a> {
    rest: &'a [u8],
    /// Fields 2 and 3 of the outermost structure: bytes uncompressed and as stored.
    sizes: [Option<u64>; 2],
}

impl Header<'_> {
    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) =
            self.rest.split_first().ok_or_else(|| corrupt("a page header is cut off"))?;
        self.rest = rest;
        Ok(byte)
    }

    fn skip(&mut self, count: u64) -> Result<()> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.rest =
            self.rest.get(count..).ok_or_else(|| corrupt("a page header is cut off"))?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64> {
        let mut out = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(out);
            }
        }
        Err(corrupt("a number that does not end"))
    }

    /// A number with its sign in the lowest bit; negative ones are none.
    fn size(&mut self) -> Result<Option<u64>> {
        let raw = self.varint()?;
        Ok((raw & 1 == 0).then_some(raw >> 1))
    }

    fn structure(&mut self, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(corrupt("a page header nested too deep"));
        }
        let mut id = 0_u64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let step = u64::from(head >> 4);
            id = if step == 0 { self.varint()? >> 1 } else { id + step };
            match (depth, id, head & 15) {
                (0, 2, 5) => self.sizes[0] = self.size()?,
                (0, 3, 5) => self.sizes[1] = self.size()?,
                (_, _, kind) => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<()> {
        match kind {
            // true and false are the field itself
            1 | 2 => Ok(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => self.varint().and_then(|count| self.skip(count)),
            12 => self.structure(depth + 1),
            _ => Err(corrupt("a page header with a field that none has")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type 0, so many bytes unpacked and packed, one nested structure.
    const HEADER: [u8; 11] = [0x15, 0, 0x15, 20, 0x15, 4, 0x2c, 0x15, 6, 0, 0];

    #[test]
    fn pages_are_walked_by_their_headers() {
        let mut chunk = HEADER.to_vec();
        chunk.extend_from_slice(&[9, 9]);
        chunk.extend_from_slice(&HEADER);
        chunk.extend_from_slice(&[9, 9]);
        check(&chunk, 10).unwrap();
        assert_eq!(check(&chunk, 9).unwrap_err().kind(), ErrorKind::Corrupt);
        for n in (1..chunk.len()).filter(|&n| n != 13) {
            assert_eq!(
                check(&chunk[..n], 10).unwrap_err().kind(),
                ErrorKind::Corrupt,
                "{n}"
            );
        }
    }
}
