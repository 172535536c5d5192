//! The checksums of the file format: Jenkins' lookup3 of metadata, Fletcher's of chunks.

use salver_core::Result;

use super::cursor::corrupt;

/// Bob Jenkins' `hashlittle` with an initial value of 0. Source: File Format Specification III.A
/// ("Checksum"); the algorithm is in the public domain.
pub(crate) fn lookup3(bytes: &[u8]) -> u32 {
    let start =
        0xdead_beef_u32.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let (mut a, mut b, mut c) = (start, start, start);
    let word = |piece: &[u8], at: usize| {
        let of = |i: usize| u32::from(piece.get(at + i).copied().unwrap_or(0));
        of(0) | of(1) << 8 | of(2) << 16 | of(3) << 24
    };
    let mut rest = bytes;
    while rest.len() > 12 {
        let (piece, tail) = rest.split_at(12);
        a = a.wrapping_add(word(piece, 0));
        b = b.wrapping_add(word(piece, 4));
        c = c.wrapping_add(word(piece, 8));
        (a, b, c) = mix(a, b, c);
        rest = tail;
    }
    if rest.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(rest, 0));
    b = b.wrapping_add(word(rest, 4));
    c = c.wrapping_add(word(rest, 8));
    last(a, b, c)
}

fn mix(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    (a, b, c)
}

fn last(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// Checks a structure whose last four bytes are the checksum of those before.
///
/// # Errors
/// `Corrupt` where it is another.
pub(crate) fn check(bytes: &[u8], offset: u64) -> Result<()> {
    let end = bytes.len().saturating_sub(4);
    let stored = bytes.get(end..).and_then(|b| b.first_chunk().copied());
    let body = bytes.get(..end).unwrap_or_default();
    if stored.map(u32::from_le_bytes) == Some(lookup3(body)) {
        return Ok(());
    }
    Err(corrupt("a structure whose checksum is wrong", offset))
}

/// Fletcher's checksum over big-endian words of 16 bits, as the filter of chunks computes it.
pub(crate) fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0_u32, 0_u32);
    // 360 words keep both sums within 32 bits
    for block in bytes.chunks(720) {
        for word in block.chunks(2) {
            let of = |i: usize| u32::from(word.get(i).copied().unwrap_or(0));
            low += of(0) << 8 | of(1);
            high += low;
        }
        low = (low & 0xffff) + (low >> 16);
        high = (high & 0xffff) + (high >> 16);
    }
    low = (low & 0xffff) + (low >> 16);
    high = (high & 0xffff) + (high >> 16);
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        // from the self-test of lookup3.c
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
