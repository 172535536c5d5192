//! What the options ask for.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::EncodeOptions;

const OP: Op = Op("hdf5.encode");
/// Arrays of no more bytes are never cut into chunks.
const SMALL: usize = 4096;
/// Bytes that chunks have by default, at most.
const CHUNK: usize = 1 << 20;

/// How to write arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// Deflate at this level.
    pub deflate: Option<u32>,
    pub shuffle: bool,
    tile: Option<Vec<u64>>,
}

impl Recipe {
    /// Understands options.
    ///
    /// # Errors
    /// `Unsupported` for a compression that is not written, `InvalidInput` for a setting that is
    /// unknown or out of range.
    pub(crate) fn new(options: &EncodeOptions) -> Result<Self> {
        let deflate = match options.compression.as_deref().unwrap_or("none") {
            "none" => None,
            "gzip" | "deflate" => Some(4),
            other => {
                let message = "a compression that is not written";
                return Err(Error::new(ErrorKind::Unsupported, OP, message)
                    .with("compression", other)
                    .hint("none or gzip"));
            }
        };
        if options.tile.as_ref().is_some_and(|t| t.contains(&0)) {
            return Err(Error::new(ErrorKind::InvalidInput, OP, "a chunk without items"));
        }
        let mut recipe =
            Self { deflate, shuffle: deflate.is_some(), tile: options.tile.clone() };
        for (key, value) in &options.extra {
            recipe.set(key, value)?;
        }
        Ok(recipe)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let known = match key {
            "level" => {
                let level: Option<u32> =
                    value.parse().ok().filter(|l| (0..=9).contains(l));
                level.map(|level| self.deflate = self.deflate.map(|_| level))
            }
            "shuffle" => value.parse().ok().map(|s| self.shuffle = s),
            _ => None,
        };
        known.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, OP, "an unknown setting, or value of it")
                .with("setting", key)
                .with("value", value)
                .hint("level (0 … 9), shuffle (true, false)")
        })
    }

    /// Whether items go through a filter.
    pub(crate) fn filtered(&self) -> bool {
        self.deflate.is_some() || self.shuffle
    }

    /// Shape of the chunks of an array of so many bytes an item; `None` is one piece.
    ///
    /// # Errors
    /// `InvalidInput` for chunks of 4 GiB and more.
    pub(crate) fn chunk(
        &self,
        shape: &[usize],
        item: usize,
    ) -> Result<Option<Vec<usize>>> {
        let bytes = shape.iter().fold(item, |n, &d| n.saturating_mul(d));
        let wanted = self.filtered() || self.tile.is_some();
        if !wanted || bytes <= SMALL || shape.is_empty() {
            return Ok(None);
        }
        let chunk = match &self.tile {
            Some(tile) => {
                let back =
                    tile.iter().rev().map(|&n| usize::try_from(n).unwrap_or(usize::MAX));
                let back = back.chain(std::iter::repeat(1));
                let mut chunk: Vec<usize> = shape
                    .iter()
                    .rev()
                    .zip(back)
                    .map(|(&axis, t)| t.min(axis).max(1))
                    .collect();
                chunk.reverse();
                chunk
            }
            None => halved(shape, item),
        };
        let bytes = chunk.iter().fold(item, |n, &d| n.saturating_mul(d));
        if u32::try_from(bytes).is_err() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "a chunk of 4 GiB or more",
            )
            .with("bytes", bytes));
        }
        Ok(Some(chunk))
    }
}

/// Halves the longest axis until a chunk is small enough.
fn halved(shape: &[usize], item: usize) -> Vec<usize> {
    let mut chunk = shape.to_vec();
    while chunk.iter().fold(item, |n, &d| n.saturating_mul(d)) > CHUNK {
        let longest = chunk.iter_mut().max_by_key(|n| **n);
        match longest {
            Some(axis) if *axis > 1 => *axis = axis.div_ceil(2),
            _ => break,
        }
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_asked_for_or_halved() {
        let mut options = EncodeOptions {
            compression: Some("gzip".into()),
            ..EncodeOptions::default()
        };
        let recipe = Recipe::new(&options).unwrap();
        assert_eq!(recipe.chunk(&[4000, 4000], 4).unwrap(), Some(vec![500, 500]));
        assert_eq!(recipe.chunk(&[10, 10], 4).unwrap(), None);
        options.tile = Some(vec![64, 64]);
        let recipe = Recipe::new(&options).unwrap();
        assert_eq!(recipe.chunk(&[3, 4000, 40], 4).unwrap(), Some(vec![1, 64, 40]));
        options.compression = Some("rice".into());
        assert_eq!(Recipe::new(&options).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn unknown_settings_are_refused() {
        let extra = [("level".to_owned(), "10".to_owned())].into();
        let options = EncodeOptions { extra, ..EncodeOptions::default() };
        assert_eq!(Recipe::new(&options).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
