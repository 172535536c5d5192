//! How to encode: the options of a call, understood.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::EncodeOptions;

use super::tiled::Dither;

const OP: Op = Op("fits.encode");

/// The compression that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Rice,
    Gzip1,
    Gzip2,
}

/// How to encode images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    pub compression: Compression,
    /// Shape of a tile, slowest axis first.
    pub tile: Option<Vec<u64>>,
    /// Steps per σ of the noise; negative is the step itself; 0 keeps real numbers as they are.
    pub level: f64,
    pub dither: Dither,
    /// 1 … 10000.
    pub seed: i64,
    pub checksum: bool,
}

impl Recipe {
    /// Understands options.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a compression that is not written,
    /// [`ErrorKind::InvalidInput`] for a setting that is unknown or out of range.
    pub(crate) fn new(options: &EncodeOptions) -> Result<Self> {
        let compression = match options.compression.as_deref().unwrap_or("none") {
            "none" => Compression::None,
            "rice" | "RICE_1" => Compression::Rice,
            "gzip" | "gzip1" | "GZIP_1" => Compression::Gzip1,
            "gzip2" | "GZIP_2" => Compression::Gzip2,
            other => {
                let message = "a compression that is not written";
                return Err(Error::new(ErrorKind::Unsupported, OP, message)
                    .with("compression", other)
                    .hint("none, rice, gzip or gzip2"));
            }
        };
        if options.tile.as_ref().is_some_and(|t| t.contains(&0)) {
            return Err(Error::new(ErrorKind::InvalidInput, OP, "a tile without pixels"));
        }
        let level = if compression == Compression::Rice { 16.0 } else { 0.0 };
        let mut recipe = Self {
            compression,
            tile: options.tile.clone(),
            level,
            dither: Dither::One,
            seed: 1,
            checksum: false,
        };
        for (key, value) in &options.extra {
            recipe.set(key, value)?;
        }
        Ok(recipe)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let known = match key {
            "quantize_level" => {
                let level = value.parse().ok().filter(|v: &f64| v.is_finite());
                level.map(|v| self.level = v)
            }
            "dither" => match value {
                "none" | "0" => Some(Dither::None),
                "1" => Some(Dither::One),
                "2" => Some(Dither::Two),
                _ => None,
            }
            .map(|d| self.dither = d),
            "dither_seed" => {
                let seed = value.parse().ok().filter(|s| (1..=10_000).contains(s));
                seed.map(|s| self.seed = s)
            }
            "checksum" => value.parse().ok().map(|c| self.checksum = c),
            _ => None,
        };
        known.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, OP, "an unknown setting, or value of it")
                .with("setting", key)
                .with("value", value)
                .hint(
                    "quantize_level (a number), dither (none, 1, 2), dither_seed (1 … 10000), \
                     checksum (true, false)",
                )
        })
    }

    /// Shape of the tiles of an image: the last axes of what was asked for, 1 for those before;
    /// 256 × 256 where nothing was.
    pub(crate) fn tile(&self, shape: &[usize]) -> Vec<usize> {
        let asked = self.tile.as_deref().unwrap_or(&[256, 256]);
        let back = asked.iter().rev().map(|&n| usize::try_from(n).unwrap_or(usize::MAX));
        let back = back.chain(std::iter::repeat(1));
        let mut tile: Vec<usize> =
            shape.iter().rev().zip(back).map(|(&axis, t)| t.min(axis).max(1)).collect();
        tile.reverse();
        tile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(compression: &str, extra: &[(&str, &str)]) -> Result<Recipe> {
        let extra = extra.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let compression = Some(compression.to_owned());
        Recipe::new(&EncodeOptions { compression, tile: None, extra: extra.collect() })
    }

    #[test]
    fn settings_are_understood_or_refused() {
        let rice = recipe("rice", &[("dither", "2"), ("dither_seed", "7")]).unwrap();
        assert_eq!((rice.dither, rice.seed), (Dither::Two, 7));
        assert_eq!(recipe("plio", &[]).unwrap_err().kind(), ErrorKind::Unsupported);
        for bad in [("dither_seed", "0"), ("quantize_level", "nan"), ("colour", "red")] {
            assert_eq!(
                recipe("rice", &[bad]).unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
        }
    }

    #[test]
    fn a_tile_applies_to_the_last_axes() {
        let mut rice = recipe("rice", &[]).unwrap();
        assert_eq!(rice.tile(&[3, 300, 100]), [1, 256, 100]);
        rice.tile = Some(vec![1, 2, 3, 4]);
        assert_eq!(rice.tile(&[10, 10]), [3, 4]);
    }
}
