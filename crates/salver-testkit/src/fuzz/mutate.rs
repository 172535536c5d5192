//! Bending bytes, the same way for the same seed.

/// Numbers that lengths and counts break at.
const NUMBERS: [u64; 10] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
];

/// Bends members of a corpus.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    /// A mutator of these bytes.
    #[must_use]
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        Self { state: seed, corpus }
    }

    /// A number below `end`; 0 where there is none.
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z >> 1).unwrap_or(0).checked_rem(end).unwrap_or(0)
    }

    fn pick(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).cloned().unwrap_or_default()
    }

    /// The next case.
    pub fn next_case(&mut self) -> Vec<u8> {
        let mut bytes = self.pick();
        for _ in 0..=self.below(4) {
            self.bend(&mut bytes);
        }
        bytes
    }

    fn bend(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let until = (at + 1 + self.below(16)).min(bytes.len());
        match self.below(9) {
            0 => {
                let bit = self.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let value = self.below(256).to_le_bytes()[0];
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at.min(until)..until)),
            4 => {
                let piece = bytes.get(at..until).unwrap_or_default().to_vec();
                let times = 1 + self.below(40);
                drop(bytes.splice(at..at, piece.repeat(times)));
            }
            5 | 6 => {
                let number = NUMBERS.get(self.below(NUMBERS.len())).copied().unwrap_or(0);
                let width = [1, 2, 4, 8].get(self.below(4)).copied().unwrap_or(1);
                let big = self.below(2) == 1;
                let raw = if big { number.to_be_bytes() } else { number.to_le_bytes() };
                let raw = if big { raw.get(8 - width..) } else { raw.get(..width) };
                for (to, from) in bytes.iter_mut().skip(at).zip(raw.unwrap_or_default()) {
                    *to = *from;
                }
            }
            7 => {
                let other = self.pick();
                let from = self.below(other.len());
                let until = (from + 1 + self.below(64)).min(other.len());
                let piece = other.get(from..until).unwrap_or_default().to_vec();
                drop(bytes.splice(at..at, piece));
            }
            _ => {
                let other = self.pick();
                let from = self.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
        // what takes long says nothing new
        bytes.truncate(1 << 17);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_cases() {
        let cases = |seed| {
            let mut mutator = Mutator::new(seed, vec![vec![1; 50], vec![2; 9], vec![]]);
            (0..100).map(|_| mutator.next_case()).collect::<Vec<_>>()
        };
        assert_eq!(cases(1), cases(1));
        assert_ne!(cases(1), cases(2));
    }
}
