//! `CHECKSUM` and `DATASUM`. Source: FITS 4.0 §4.4.2.7 and appendix J.

use salver_core::{Op, Result, interrupt};
use salver_tree::Source;

use super::card::{Card, Value};
use super::header::Header;
use super::scan::{Hdu, Scanner};

/// Bytes summed at once.
const PIECE: u64 = 1 << 20;

/// The 32-bit ones' complement sum of bytes, in pieces of any length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: u64,
    /// Bytes so far, modulo 4.
    phase: usize,
}

impl Sum {
    /// Adds the next bytes.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
        while self.phase != 0
            && let Some((&byte, rest)) = bytes.split_first()
        {
            self.sum += u64::from(byte) << (24 - 8 * self.phase);
            self.phase = (self.phase + 1) % 4;
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks::<4>();
        for words in words.chunks(1 << 20) {
            self.sum +=
                words.iter().map(|w| u64::from(u32::from_be_bytes(*w))).sum::<u64>();
            self.sum = (self.sum >> 32) + (self.sum & 0xffff_ffff);
        }
        for &byte in rest {
            self.sum += u64::from(byte) << (24 - 8 * self.phase);
            self.phase = (self.phase + 1) % 4;
        }
    }

    /// The sum; what a whole number of words lacks counts as zeros.
    pub(crate) fn value(self) -> u32 {
        let mut sum = self.sum;
        while sum >> 32 != 0 {
            sum = (sum >> 32) + (sum & 0xffff_ffff);
        }
        u32::try_from(sum).unwrap_or(u32::MAX)
    }
}

/// Sixteen letters and digits that make an HDU with this sum add up to −0 (appendix J.2).
fn encode(sum: u32) -> String {
    let mut text = [0_u8; 16];
    for (column, byte) in (!sum).to_be_bytes().into_iter().enumerate() {
        let mut four = [byte / 4 + b'0'; 4];
        four[0] += byte % 4;
        // pairs keep their sum while they step over what is neither letter nor digit
        while !four.iter().all(u8::is_ascii_alphanumeric) {
            for k in [0, 2] {
                if !four[k..k + 2].iter().all(u8::is_ascii_alphanumeric) {
                    four[k] += 1;
                    four[k + 1] -= 1;
                }
            }
        }
        for (row, letter) in four.into_iter().enumerate() {
            text[(4 * row + column + 1) % 16] = letter;
        }
    }
    text.iter().map(|&b| char::from(b)).collect()
}

/// Sets both keywords of a header whose data unit has the sum `data`; comments are kept, and so are
/// keywords that are right as they are, however they are spelled.
///
/// # Errors
/// As [`Header::set`].
pub(crate) fn set(header: &mut Header, data: Sum) -> Result<()> {
    let data = data.value();
    let now = header.text("DATASUM").and_then(|t| t.trim().parse::<u32>().ok());
    if now == Some(data) && header.text("CHECKSUM").is_some() {
        let mut sum = Sum::default();
        sum.add(&header.to_bytes());
        sum.add(&data.to_be_bytes());
        if sum.value() == u32::MAX {
            return Ok(());
        }
    }
    let text = |t: &str| Value::Text(t.to_owned());
    header.set("CHECKSUM", &text("0000000000000000"), "HDU checksum")?;
    header.set("DATASUM", &text(&data.to_string()), "data unit checksum")?;
    let mut sum = Sum::default();
    sum.add(&header.to_bytes());
    sum.add(&data.to_be_bytes());
    header.set("CHECKSUM", &text(&encode(sum.value())), "")
}

/// Whether an HDU's checksums are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// `DATASUM`; `None` where it is absent.
    pub data: Option<bool>,
    /// `CHECKSUM`; `None` where it is absent.
    pub hdu: Option<bool>,
}

/// Checks the checksums of every HDU, in order.
///
/// # Errors
/// `ErrorKind::Corrupt` for a file that is not FITS; as the source's; `Interrupted`.
pub fn verify(source: &dyn Source) -> Result<Vec<Verified>> {
    let mut scanner = Scanner::new(source);
    let mut out = Vec::new();
    while let Some(hdu) = scanner.next_hdu()? {
        out.push(verify_hdu(source, &hdu)?);
    }
    Ok(out)
}

fn verify_hdu(source: &dyn Source, hdu: &Hdu) -> Result<Verified> {
    let has = |key: &str| hdu.header.text(key).filter(|t| !t.trim().is_empty());
    let (data_text, hdu_text) = (has("DATASUM"), has("CHECKSUM"));
    if data_text.is_none() && hdu_text.is_none() {
        return Ok(Verified { data: None, hdu: None });
    }
    let mut data = Sum::default();
    add(&mut data, source, hdu.data.offset, hdu.data.len)?;
    let mut all = Sum::default();
    add(&mut all, source, hdu.header_place.offset, hdu.header_place.len)?;
    all.add(&data.value().to_be_bytes());
    Ok(Verified {
        data: data_text.map(|t| t.trim().parse() == Ok(data.value())),
        hdu: hdu_text.map(|_| matches!(all.value(), 0 | u32::MAX)),
    })
}

fn add(sum: &mut Sum, source: &dyn Source, offset: u64, len: u64) -> Result<()> {
    let mut buffer = Vec::new();
    let mut done = 0;
    while done < len {
        interrupt::check(Op("fits.verify"))?;
        let n = PIECE.min(len - done);
        buffer.resize(usize::try_from(n).unwrap_or(0), 0);
        source.read_into(offset + done, &mut buffer)?;
        sum.add(&buffer);
        done += n;
    }
    Ok(())
}

/// Whether a header has one of the two keywords.
pub(crate) fn wanted_by(header: &Header) -> bool {
    header.cards().iter().any(|c: &Card| c.is("CHECKSUM") || c.is("DATASUM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_example_is_encoded() {
        // appendix J.3: the sum 868229149 has the encoding hcHjjc9ghcEghc9g
        assert_eq!(encode(868_229_149), "hcHjjc9ghcEghc9g");
    }

    #[test]
    fn pieces_of_any_length_have_the_sum_of_the_whole() {
        let bytes: Vec<u8> = (0..1000_u16).map(|i| i.to_be_bytes()[1] ^ 0xa5).collect();
        let mut whole = Sum::default();
        whole.add(&bytes);
        let mut pieces = Sum::default();
        for piece in bytes.chunks(7) {
            pieces.add(piece);
        }
        assert_eq!(whole.value(), pieces.value());
    }

    #[test]
    fn a_header_with_its_checksum_sums_to_minus_zero() {
        let mut header = Header::default();
        let mut data = Sum::default();
        data.add(b"some bytes of data");
        set(&mut header, data).unwrap();
        let mut sum = data;
        sum.phase = 0;
        sum.add(&header.to_bytes());
        assert_eq!(sum.value(), u32::MAX);
    }
}
