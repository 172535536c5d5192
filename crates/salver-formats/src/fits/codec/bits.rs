//! Bits of a byte stream, the most significant first.

/// Reads bits.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    /// The next byte to take in.
    next: usize,
    /// Bits taken in and not used yet, from the most significant bit down. What is below them is
    /// zero or the beginning of the next byte, which is taken in again as a whole later.
    pub(super) ahead: u64,
    /// How many they are.
    pub(super) n: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, ahead: 0, n: 0 }
    }

    /// Takes in bytes until at least 56 bits are ahead or the data ends.
    #[inline]
    pub(super) fn fill(&mut self) {
        if let Some(eight) = self.data.get(self.next..).and_then(|d| d.first_chunk::<8>())
        {
            self.ahead |= u64::from_be_bytes(*eight) >> self.n;
            let bytes = (63 - self.n) >> 3;
            self.next += bytes as usize;
            self.n += bytes * 8;
        } else {
            self.fill_slowly();
        }
    }

    #[cold]
    fn fill_slowly(&mut self) {
        while self.n <= 56
            && let Some(&byte) = self.data.get(self.next)
        {
            self.ahead |= u64::from(byte) << (56 - self.n);
            self.next += 1;
            self.n += 8;
        }
    }

    /// Drops bits that are ahead.
    #[inline]
    pub(super) fn skip(&mut self, n: u32) {
        self.ahead = (self.ahead << (n >> 1)) << (n - (n >> 1));
        self.n -= n;
    }

    /// The next 1–32 bits; `None` where the data ends before.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        if self.n < n {
            self.fill();
            if self.n < n {
                return None;
            }
        }
        let bits = self.ahead >> (64 - n);
        self.skip(n);
        u32::try_from(bits).ok()
    }

    /// Counts zeros up to the next one, and drops it too; `None` where the data ends before.
    #[inline]
    pub(super) fn zeros(&mut self) -> Option<u32> {
        let mut count = 0_u32;
        loop {
            let zeros = self.ahead.leading_zeros();
            if zeros < self.n {
                self.skip(zeros + 1);
                return Some(count + zeros);
            }
            count = count.checked_add(self.n)?;
            self.ahead = 0;
            self.n = 0;
            self.fill();
            if self.n == 0 {
                return None;
            }
        }
    }
}

/// Writes bits.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    out: Vec<u8>,
    /// Bits not written yet, in the low `n` bits.
    held: u64,
    n: u32,
}

impl BitWriter {
    /// Appends the low `n` bits of `bits`, at most 32.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, n: u32) {
        let mask = (1_u64 << n) - 1;
        self.held = (self.held << n) | (u64::from(bits) & mask);
        self.n += n;
        if self.n >= 32 {
            let word = self.held >> (self.n - 32);
            self.out.extend_from_slice(&word.to_be_bytes()[4..]);
            self.n -= 32;
        }
    }

    /// Appends `n` zeros and a one.
    #[inline]
    pub(super) fn zeros(&mut self, mut n: u32) {
        while n > 31 {
            self.put(0, 31);
            n -= 31;
        }
        self.put(1, n + 1);
    }

    /// The bytes, the last one padded with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let pad = (8 - self.n % 8) % 8;
        self.put(0, pad);
        while self.n >= 8 {
            self.n -= 8;
            self.out.push(self.held.to_be_bytes()[7 - (self.n / 8) as usize]);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = BitWriter::default();
        let items: Vec<(u32, u32)> = (0..200).map(|i| (i * 7919, 1 + i % 32)).collect();
        for &(bits, n) in &items {
            writer.put(bits, n);
            writer.zeros(n * 3);
        }
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes);
        for (bits, n) in items {
            let mask = u32::MAX >> (32 - n);
            assert_eq!(reader.take(n), Some(bits & mask));
            assert_eq!(reader.zeros(), Some(n * 3));
        }
        while reader.take(1) == Some(0) {}
        assert_eq!(reader.take(1), None);
        assert_eq!(reader.zeros(), None);
    }
}
