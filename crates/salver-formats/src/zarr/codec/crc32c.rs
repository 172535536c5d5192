//! CRC-32 by Castagnoli. Source: RFC 3720 §12.1.

use std::sync::LazyLock;

/// The polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Tables for eight bytes at once: `TABLES[k][b]` is byte `b` followed by `k` zero bytes.
static TABLES: LazyLock<[[u32; 256]; 8]> = LazyLock::new(|| {
    let mut tables = [[0_u32; 256]; 8];
    for (byte, entry) in (0_u32..).zip(tables[0].iter_mut()) {
        *entry = (0..8).fold(byte, |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 }
        });
    }
    for k in 1..8 {
        for b in 0..256 {
            let before = tables[k - 1][b];
            let [low, ..] = before.to_le_bytes();
            tables[k][b] = before >> 8 ^ tables[0][usize::from(low)];
        }
    }
    tables
});

/// The checksum of bytes.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let tables = &*TABLES;
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut crc = u32::MAX;
    for eight in eights {
        let mixed = u64::from_le_bytes(*eight) ^ u64::from(crc);
        let parts = mixed.to_le_bytes();
        crc = parts
            .iter()
            .zip(tables.iter().rev())
            .fold(0, |all, (&byte, table)| all ^ table[usize::from(byte)]);
    }
    for &byte in rest {
        let [low, ..] = crc.to_le_bytes();
        crc = crc >> 8 ^ tables[0][usize::from(low ^ byte)];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let up: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&up), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
