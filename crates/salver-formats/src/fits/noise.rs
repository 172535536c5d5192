//! Quantises real numbers by the noise in them. Source: FITS 4.0 §10.2; the noise by the median of
//! differences of third order, as in Stoehr et al. 2008 (ASP Conf. Ser. 394, 505).

use super::pixel::Pixel;
use super::quantize::{BLANK_VALUE, Noise, ZERO_VALUE};
use super::recipe::Recipe;
use super::tiled::Dither;

/// Integers that are kept for other meanings, or for what dither adds, at both ends.
const RESERVED: f64 = 16.0;

/// The integers of a tile, with `ZSCALE` and `ZZERO`; `None` where its noise is zero or its range
/// too wide, so that it must be kept as it is.
pub(crate) fn quantise<T: Pixel>(
    pixels: &[T],
    width: usize,
    tile: usize,
    recipe: &Recipe,
) -> Option<(Vec<i32>, f64, f64)> {
    let values: Vec<f64> = pixels.iter().map(|p| p.to_f64()).collect();
    let exact = |v: f64| recipe.dither == Dither::Two && v == 0.0;
    if values.iter().any(|v| v.is_infinite()) {
        return None;
    }
    let known = || values.iter().copied().filter(|v| !v.is_nan());
    let (low, high) =
        known().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        // nothing but NaN: any scale does
        return Some((vec![BLANK_VALUE; values.len()], 1.0, 0.0));
    }
    let scale = if recipe.level < 0.0 {
        -recipe.level
    } else {
        noise(&values, width)? / recipe.level
    };
    let steps = (high - low) / scale;
    if !(scale.is_normal() && steps < f64::from(i32::MAX) - RESERVED) {
        return None;
    }
    let zero = low;
    let mut random =
        (recipe.dither != Dither::None).then(|| Noise::new(tile, recipe.seed));
    let integers = values.iter().map(|&v| {
        let shift = random.as_mut().map_or(0.0, |r| f64::from(r.take()) - 0.5);
        if v.is_nan() {
            BLANK_VALUE
        } else if exact(v) {
            ZERO_VALUE
        } else {
            i32::from_f64(((v - zero) / scale + shift).round())
        }
    });
    Some((integers.collect(), scale, zero))
}

/// Pixels that a difference spans, what makes σ of its median, and the difference.
type Order = (usize, f64, fn(&[f64]) -> f64);

/// The standard deviation of the noise: the smallest that the differences of second, third and
/// fifth order between every other pixel of a row give; `None` where it is zero.
fn noise(values: &[f64], width: usize) -> Option<f64> {
    let mut sigmas = [Vec::new(), Vec::new(), Vec::new()];
    let mut differences = Vec::with_capacity(width);
    for row in values.chunks(width.max(1)) {
        let row: Vec<f64> = row.iter().copied().filter(|v| !v.is_nan()).collect();
        let orders: [Order; 3] = [
            (3, 1.0483579, |w| w[0] - w[2]),
            (5, 0.6052697, |w| 2.0 * w[2] - w[0] - w[4]),
            (9, 0.1772048, |w| 6.0 * w[4] - 4.0 * (w[2] + w[6]) + w[0] + w[8]),
        ];
        for ((span, factor, difference), sigmas) in orders.into_iter().zip(&mut sigmas) {
            differences.clear();
            differences.extend(row.windows(span).map(|w| difference(w).abs()));
            let found = median(&mut differences).filter(|m| *m > 0.0);
            sigmas.extend(found.map(|m| m * factor));
        }
    }
    let typical = sigmas.iter_mut().filter_map(|s| median(s));
    typical.fold(None, |least: Option<f64>, s| Some(least.map_or(s, |l| l.min(s))))
}

/// The upper median.
fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Repeatable noise of σ = 1, near enough to Gaussian: a sum of twelve uniform numbers.
    fn gaussian(n: usize) -> Vec<f64> {
        let mut noise = Noise::new(0, 1);
        let mut one = || (0..12).map(|_| f64::from(noise.take())).sum::<f64>() - 6.0;
        (0..n).map(|_| one()).collect()
    }

    #[test]
    fn the_noise_of_a_slope_is_that_without_it() {
        let values: Vec<f64> = gaussian(4096)
            .iter()
            .zip(0..)
            .map(|(v, i)| 5.0 * v + f64::from(i % 64))
            .collect();
        let sigma = noise(&values, 64).unwrap();
        assert!((sigma - 5.0).abs() < 0.5, "{sigma}");
    }

    #[test]
    fn an_even_tile_is_not_quantised() {
        assert_eq!(noise(&[1.5; 100], 10), None);
    }
}
