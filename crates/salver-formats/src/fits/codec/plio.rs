//! `PLIO_1`: runs of a "high" value and of zeros, as 16-bit instructions. Source: FITS 4.0 §10.4.3.
//!
//! An instruction has a code in its upper 4 bits and a number `d` in the other 12:
//!
//! | code | does |
//! |---|---|
//! | 0 | `d` pixels of zero |
//! | 1 | high = the next word · 4096 + `d` |
//! | 2, 3 | high + `d`, high − `d` |
//! | 4 | `d` pixels of high |
//! | 5 | `d` − 1 pixels of zero, then one of high |
//! | 6, 7 | high + `d`, high − `d`; one pixel of high |

use salver_core::Result;

use super::corrupt;

/// Decodes as many pixels as `out` holds; what the list leaves over is zero.
///
/// # Errors
/// `Corrupt` where the list's header is damaged, or a list ends within an instruction.
pub(crate) fn decode(data: &[u8], out: &mut [i32]) -> Result<()> {
    out.fill(0);
    let mut words = instructions(data)?;
    let mut at = 0;
    let mut high = 1_i32;
    while let Some(word) = words.next()
        && at < out.len()
    {
        let (code, d) = (word >> 12, i32::from(word & 0xfff));
        let n = usize::from(word & 0xfff);
        match code {
            0 => at += n,
            1 => {
                let upper =
                    words.next().ok_or_else(|| corrupt("a PLIO_1 tile ends early"))?;
                high = (i32::from(upper) << 12) | d;
            }
            2 => high = high.wrapping_add(d),
            3 => high = high.wrapping_sub(d),
            4 => {
                let end = (at + n).min(out.len());
                out[at..end].fill(high);
                at += n;
            }
            5 => {
                at += n;
                if n > 0
                    && let Some(pixel) = out.get_mut(at - 1)
                {
                    *pixel = high;
                }
            }
            6 | 7 => {
                high = high.wrapping_add(if code == 6 { d } else { -d });
                out[at] = high;
                at += 1;
            }
            _ => return Err(corrupt("an instruction that PLIO_1 does not have")),
        }
    }
    Ok(())
}

/// The words after the header: of seven words, or of three in lists of the oldest form.
fn instructions(data: &[u8]) -> Result<impl Iterator<Item = u16> + '_> {
    let words = data.as_chunks::<2>().0;
    let word = |k: usize| words.get(k).map_or(0, |w| i16::from_be_bytes(*w));
    let size = |v: i16| usize::try_from(v).ok();
    let (first, end) = if word(2) > 0 {
        (Some(3), size(word(2)))
    } else {
        let upper = size(word(4)).map(|n| n << 15);
        (size(word(1)), upper.zip(size(word(3))).map(|(u, l)| u + l))
    };
    match (first, end) {
        (Some(first), Some(end)) if first <= end && end <= words.len() => {
            Ok(words[first..end].iter().map(|w| u16::from_be_bytes(*w)))
        }
        _ => Err(corrupt("a damaged PLIO_1 tile")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(instructions: &[u16]) -> Vec<u8> {
        let len = u16::try_from(7 + instructions.len()).unwrap();
        let header = [0, 7, 0xff9c, len, 0, 0, 0];
        header.iter().chain(instructions).flat_map(|w| w.to_be_bytes()).collect()
    }

    #[test]
    fn each_instruction_does_what_the_table_says() {
        let bytes = list(&[
            0x4002, 0x1005, 0x0001, 0x5003, 0x6001, 0x7002, 0x2004, 0x3001, 0x4001,
        ]);
        let mut out = [9; 10];
        decode(&bytes, &mut out).unwrap();
        assert_eq!(out, [1, 1, 0, 0, 4101, 4102, 4100, 4103, 0, 0]);
    }

    proptest! {
        #[test]
        fn any_words_give_pixels_or_an_error(words: Vec<u16>, raw: Vec<u8>) {
            let mut out = [0; 50];
            drop(decode(&list(&words), &mut out));
            drop(decode(&raw, &mut out));
        }
    }
}
