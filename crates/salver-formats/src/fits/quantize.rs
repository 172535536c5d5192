//! Real numbers as integers, with and without dither. Source: FITS 4.0 §10.2 and appendix I.

use std::sync::OnceLock;

use super::pixel::Pixel;
use super::tiled::{Dither, Quantised};

/// Length of the standard's sequence of random numbers.
const N_RANDOM: usize = 10_000;
/// The integer that means exactly 0.0 with `SUBTRACTIVE_DITHER_2`.
pub(crate) const ZERO_VALUE: i32 = -2_147_483_646;
/// The integer that we write for NaN.
pub(crate) const BLANK_VALUE: i32 = -2_147_483_647;

/// The sequence of appendix I: Park and Miller's generator from the seed 1, as binary32 in 0 … 1.
fn random() -> &'static [f32] {
    static RANDOM: OnceLock<Vec<f32>> = OnceLock::new();
    RANDOM.get_or_init(|| {
        const MODULUS: u64 = (1 << 31) - 1;
        let mut seed = 1_u64;
        let next = || {
            seed = seed * 16807 % MODULUS;
            // both are below 2³¹, so binary64 holds them
            let fraction = u32::try_from(seed).map_or(0.0, f64::from) / 2_147_483_647.0;
            f32::from_f64(fraction)
        };
        std::iter::repeat_with(next).take(N_RANDOM).collect()
    })
}

/// The random numbers of a tile, pixel by pixel.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    sequence: &'static [f32],
    start: usize,
    next: usize,
}

impl Noise {
    /// The numbers of tile number `tile` (from 0) with `ZDITHER0` = `seed`.
    pub(crate) fn new(tile: usize, seed: i64) -> Self {
        let first = i64::try_from(tile).unwrap_or(0).wrapping_add(seed).wrapping_sub(1);
        let start = usize::try_from(first.rem_euclid(10_000)).unwrap_or(0);
        let mut noise = Self { sequence: random(), start, next: 0 };
        noise.next = noise.jump();
        noise
    }

    /// Where the sequence is entered from the present start.
    fn jump(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 … 500"
        )]
        let at = (self.sequence[self.start] * 500.0) as usize;
        at
    }

    /// The numbers up to the next jump.
    fn rest(&self) -> &'static [f32] {
        self.sequence.get(self.next..).unwrap_or_default()
    }

    /// The next number.
    pub(crate) fn take(&mut self) -> f32 {
        let random = self.sequence.get(self.next).copied().unwrap_or_default();
        self.skip(1);
        random
    }

    /// Leaves out `n` pixels.
    pub(crate) fn skip(&mut self, mut n: usize) {
        loop {
            let left = N_RANDOM - self.next;
            if n < left {
                self.next += n;
                return;
            }
            n -= left;
            self.start = (self.start + 1) % N_RANDOM;
            self.next = self.jump();
        }
    }
}

/// What turns the integers of one tile into real numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dequantiser {
    scale: f64,
    zero: f64,
    blank: Option<i64>,
    zeros: bool,
    noise: Option<Noise>,
}

impl Dequantiser {
    /// For tile number `tile`, from 0.
    pub(crate) fn new(quantised: &Quantised, tile: usize) -> Self {
        let of = |list: &[(u64, u64)]| {
            let one = if list.len() == 1 { list.first() } else { list.get(tile) };
            one.copied().unwrap_or((0, 0))
        };
        let (scale, zero) = of(&quantised.scales);
        let blanks = &quantised.blanks;
        let blank = if blanks.len() == 1 { blanks.first() } else { blanks.get(tile) };
        let noise =
            (quantised.dither != Dither::None).then(|| Noise::new(tile, quantised.seed));
        Self {
            scale: f64::from_bits(scale),
            zero: f64::from_bits(zero),
            blank: blank.copied(),
            zeros: quantised.dither == Dither::Two,
            noise,
        }
    }

    /// Leaves out `n` pixels.
    pub(crate) fn skip(&mut self, n: usize) {
        if let Some(noise) = &mut self.noise {
            noise.skip(n);
        }
    }

    /// The next pixels of the tile.
    pub(crate) fn run<S: Pixel, T: Pixel>(&mut self, from: &[S], to: &mut [T]) {
        let Some(mut noise) = self.noise.take() else {
            for (t, s) in to.iter_mut().zip(from) {
                *t = self.pixel(*s, s.to_f64());
            }
            return;
        };
        let mut done = 0;
        while done < from.len().min(to.len()) {
            let rest = noise.rest();
            let n = rest.len().min(from.len() - done);
            let pairs = to[done..].iter_mut().zip(&from[done..]);
            for ((t, s), r) in pairs.zip(rest) {
                *t = self.pixel(*s, s.to_f64() - f64::from(*r) + 0.5);
            }
            noise.skip(n);
            done += n;
        }
        self.noise = Some(noise);
    }

    #[inline]
    fn pixel<S: Pixel, T: Pixel>(&self, stored: S, shifted: f64) -> T {
        let stored = stored.whole();
        if Some(stored) == self.blank {
            T::from_f64(f64::NAN)
        } else if self.zeros && stored == i64::from(ZERO_VALUE) {
            T::from_f64(0.0)
        } else {
            T::from_f64(shifted * self.scale + self.zero)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_standards() {
        // appendix I: after 10000 steps the seed is 1043618065
        let last = 1_043_618_065.0_f64 / 2_147_483_647.0;
        assert_eq!(random()[N_RANDOM - 1].to_bits(), f32::from_f64(last).to_bits());
    }

    #[test]
    fn skipping_is_the_same_as_taking() {
        for n in [0, 1, 9_000, 12_345, 50_000] {
            let mut one = Noise::new(9_990, 77);
            let mut many = one.clone();
            one.skip(n);
            for _ in 0..n {
                many.skip(1);
            }
            assert_eq!((one.start, one.next), (many.start, many.next));
        }
    }
}
