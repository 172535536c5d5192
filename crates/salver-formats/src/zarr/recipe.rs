//! How arrays are cut into chunks and compressed.

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::EncodeOptions;

use super::codec::{Chain, Codec};
use crate::document::unknown_option;

const OP: Op = Op("zarr.encode");
/// Bytes of a chunk of an array with one axis, and of one with more.
const CHUNK: [usize; 2] = [1 << 20, 1 << 18];
/// Bytes of a shard before compression, at most.
const SHARD: usize = 256 << 20;
/// What an item of any length is taken to need.
const WORD: usize = 16;

/// The options of an encoding.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    chain: Chain,
    tile: Option<Vec<usize>>,
}

/// Chunks of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Shape of a chunk.
    pub(crate) inner: Vec<usize>,
    /// Shape of a shard; the same where chunks are not sharded.
    pub(crate) outer: Vec<usize>,
}

impl Cut {
    pub(crate) fn is_sharded(&self) -> bool {
        self.inner != self.outer
    }

    /// One chunk for all.
    pub(crate) fn one(shape: &[usize]) -> Self {
        let inner: Vec<usize> = shape.iter().map(|&n| n.max(1)).collect();
        Self { outer: inner.clone(), inner }
    }
}

impl Recipe {
    /// Reads the options.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a compression that the format has not,
    /// [`ErrorKind::InvalidInput`] for other wrong options.
    pub(crate) fn of(options: &EncodeOptions) -> Result<Self> {
        let mut level = None;
        for (key, value) in &options.extra {
            let number = value.parse::<i32>().ok().filter(|_| key == "level");
            let error =
                || unknown_option(OP, key, value).hint("`level` is a whole number");
            level = Some(number.ok_or_else(error)?);
        }
        let name = options.compression.as_deref().unwrap_or("zstd");
        let within = |least, most, usual| match level.unwrap_or(usual) {
            level if (least..=most).contains(&level) => Ok(level),
            level => Err(Error::new(ErrorKind::InvalidInput, OP, "no such level")
                .with("level", level)
                .hint(format!("{name} has {least} … {most}"))),
        };
        let outer = match name {
            "none" => vec![],
            "zstd" => vec![Codec::Zstd(within(-50, 22, 1)?, false)],
            "gzip" => {
                let level = u32::try_from(within(0, 9, 5)?);
                vec![Codec::Gzip(level.op(ErrorKind::Internal, OP, "a level")?)]
            }
            other => {
                let message = "the format has no such compression";
                return Err(Error::new(ErrorKind::Unsupported, OP, message)
                    .with("compression", other)
                    .hint("none, zstd or gzip"));
            }
        };
        let chain = Chain { outer, ..Chain::default() };
        let tile = options.tile.as_ref().map(|tile| {
            tile.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect()
        });
        let Some(tile) =
            tile.map_or(Some(None), |tile: Option<Vec<usize>>| tile.map(Some))
        else {
            return Err(Error::new(ErrorKind::InvalidInput, OP, "a tile without items"));
        };
        Ok(Self { chain, tile })
    }

    /// The codecs of all chunks.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The chunks of an array of items of `item` bytes; none is of any length.
    ///
    /// A tile applies to the last axes. Without compression and tile there is one chunk, of which
    /// rows are read.
    pub(crate) fn cut(&self, shape: &[usize], item: Option<usize>) -> Cut {
        let whole = Cut::one(shape);
        let mut inner = whole.inner.clone();
        let item = item.unwrap_or(WORD);
        match &self.tile {
            Some(tile) => {
                let lengths = inner.iter_mut().rev();
                let tile = tile.iter().rev().copied().chain(std::iter::repeat(1));
                lengths.zip(tile).for_each(|(n, t)| *n = t.min(*n));
            }
            None if self.chain.outer.is_empty() => return whole,
            None => {
                let most = if shape.len() > 1 { CHUNK[1] } else { CHUNK[0] };
                halve(&mut inner, item, most);
            }
        }
        // as many chunks as a shard may have, the slowest axes cut first
        let mut counts: Vec<usize> =
            whole.inner.iter().zip(&inner).map(|(n, c)| n.div_ceil(*c)).collect();
        let chunk = inner.iter().product::<usize>().saturating_mul(item);
        while counts.iter().product::<usize>().saturating_mul(chunk) > SHARD {
            let Some(n) = counts.iter_mut().find(|n| **n > 1) else { break };
            *n = n.div_ceil(2);
        }
        let outer = counts.iter().zip(&inner).map(|(n, c)| n * c).collect();
        Cut { inner, outer }
    }
}

/// Halves the longest axis until a chunk has at most `most` bytes.
fn halve(shape: &mut [usize], item: usize, most: usize) {
    while shape.iter().product::<usize>().saturating_mul(item) > most {
        let Some(longest) =
            shape.iter_mut().rev().max_by_key(|n| **n).filter(|n| **n > 1)
        else {
            return;
        };
        *longest = longest.div_ceil(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(compression: &str, tile: Option<Vec<u64>>) -> Recipe {
        let compression = Some(compression.to_owned());
        let options = EncodeOptions { compression, tile, ..EncodeOptions::default() };
        Recipe::of(&options).unwrap()
    }

    #[test]
    fn chunks_are_square_and_shards_bounded() {
        let cut = recipe("zstd", None).cut(&[4096, 4096], Some(4));
        assert_eq!(cut, Cut { inner: vec![256, 256], outer: vec![4096, 4096] });
        let cut = recipe("zstd", None).cut(&[100, 4096, 4096], Some(4));
        assert!(cut.outer.iter().product::<usize>() * 4 <= SHARD, "{cut:?}");
        assert!(cut.outer.iter().zip(&cut.inner).all(|(o, i)| o % i == 0), "{cut:?}");
        let cut = recipe("none", None).cut(&[0, 5], Some(4));
        assert_eq!(cut, Cut { inner: vec![1, 5], outer: vec![1, 5] });
    }

    #[test]
    fn a_tile_applies_to_the_last_axes() {
        let cut = recipe("none", Some(vec![10, 20])).cut(&[3, 25, 15], Some(2));
        assert_eq!(cut, Cut { inner: vec![1, 10, 15], outer: vec![3, 30, 15] });
        assert!(cut.is_sharded());
    }

    #[test]
    fn wrong_options_are_refused() {
        let of = |compression: &str, level: &str| {
            let extra = [("level".to_owned(), level.to_owned())].into();
            let compression = Some(compression.to_owned());
            let options = EncodeOptions { compression, tile: None, extra };
            Recipe::of(&options).map(drop).map_err(|e| e.kind())
        };
        assert_eq!(of("rice", "1"), Err(ErrorKind::Unsupported));
        assert_eq!(of("gzip", "22"), Err(ErrorKind::InvalidInput));
        assert_eq!(of("zstd", "high"), Err(ErrorKind::InvalidInput));
        assert_eq!(of("zstd", "19"), Ok(()));
    }
}
