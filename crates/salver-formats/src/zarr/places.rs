//! Where the chunks of an array are: members of the archive, or pieces of shards. Source: Zarr core
//! specification 3.0, codec `sharding_indexed`.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Place;

use super::codec::crc32c;
use super::item::{corrupt, unsupported};
use super::meta::{ArrayMeta, Shard, counts, list};
use super::zip::Member;

/// Chunks that a store may have, stored or not, beyond what its length backs.
const MAX_CHUNKS: u64 = 1 << 22;
/// A chunk of a shard that is not stored.
const ABSENT: u64 = u64::MAX;

/// Gives the bytes of places.
pub(crate) type Read<'a> = dyn Fn(&[Place]) -> Result<Vec<Bytes>> + 'a;

/// Reads the indexes of shards.
pub(crate) struct Shards<'a>(pub(crate) &'a Read<'a>);

/// The chunks of an array.
#[derive(Debug)]
pub(crate) struct Found {
    /// One place per chunk, in C order; where no chunk is stored, none.
    pub(crate) places: Vec<Place>,
    /// Whether the archive compressed them.
    pub(crate) deflated: bool,
}

impl Found {
    /// The smallest place around all of them.
    pub(crate) fn hull(&self) -> Place {
        let stored = || self.places.iter().filter(|p| p.len > 0);
        let from = stored().map(|p| p.offset).min().unwrap_or(0);
        let to = stored().map(|p| p.range().end).max().unwrap_or(from);
        Place { offset: from, len: to - from }
    }
}

/// The members of an archive by name.
pub(crate) struct Places<'a> {
    members: BTreeMap<&'a str, &'a Member>,
    /// Chunks that may still be found.
    left: u64,
}

impl<'a> Places<'a> {
    pub(crate) fn new(members: &'a [Member], length: u64) -> Self {
        let members = members.iter().map(|m| (m.name.as_str(), m)).collect();
        Self { members, left: MAX_CHUNKS + length / 16 }
    }

    /// The chunks of the array at a path.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where a shard's index does not fit the shard, [`ErrorKind::Limit`] for
    /// too many chunks, [`ErrorKind::Unsupported`] where the archive compressed some chunks or shards.
    pub(crate) fn of(
        &mut self,
        meta: &ArrayMeta,
        path: &str,
        shards: &Shards<'_>,
    ) -> Result<Found> {
        let all = counts(&meta.shape, meta.inner());
        let n = all.iter().try_fold(1_u64, |n, &c| n.checked_mul(c as u64));
        let stored = self.stored(meta, path);
        if stored.is_empty() {
            return Ok(Found { places: Vec::new(), deflated: false });
        }
        let left = n.and_then(|n| self.left.checked_sub(n));
        self.left = left.ok_or_else(|| {
            Error::new(ErrorKind::Limit, Op("zarr.index"), "too many chunks")
                .with("chunks", list(&all))
                .with("limit", self.left)
        })?;
        let n = usize::try_from(n.unwrap_or(0)).unwrap_or(0);
        let mut places = vec![Place { offset: 0, len: 0 }; n];
        let deflated = stored.iter().any(|(_, m)| m.deflated);
        if deflated && (meta.shard.is_some() || stored.iter().any(|(_, m)| !m.deflated)) {
            return Err(unsupported(
                "shards or some of the chunks are compressed by the archive",
            ));
        }
        match &meta.shard {
            None => {
                for (at, member) in &stored {
                    if let Some(place) = places.get_mut(flat(at, &all)) {
                        *place = member.place;
                    }
                }
            }
            Some(shard) => sharded(meta, shard, &stored, shards, &mut places)?,
        }
        Ok(Found { places, deflated })
    }

    /// The outer chunks that are stored.
    fn stored(&self, meta: &ArrayMeta, path: &str) -> Vec<(Vec<usize>, &'a Member)> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let below =
            self.members.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
        let below = below.take_while(|(name, _)| name.starts_with(&prefix));
        let chunk = |(name, member): (&&'a str, &&'a Member)| {
            Some((meta.chunk_of(name.strip_prefix(&prefix)?)?, *member))
        };
        below.filter_map(chunk).collect()
    }
}

/// The place of a position in C order.
fn flat(at: &[usize], counts: &[usize]) -> usize {
    at.iter().zip(counts).fold(0, |n, (&i, &c)| n * c + i)
}

/// Reads the indexes of shards.
fn sharded(
    meta: &ArrayMeta,
    shard: &Shard,
    stored: &[(Vec<usize>, &Member)],
    shards: &Shards<'_>,
    places: &mut [Place],
) -> Result<()> {
    let inside = counts(&meta.outer, &shard.inner);
    let n: usize = inside.iter().product();
    let len = (n as u64).checked_mul(16).map(|n| n + if shard.checksum { 4 } else { 0 });
    let index_of = |member: &Member| {
        let len = len.filter(|len| *len <= member.place.len).ok_or_else(|| {
            corrupt("a shard shorter than its index")
                .with("member", &member.name)
                .with("bytes", member.place.len)
        })?;
        let offset = if shard.at_end { member.place.len - len } else { 0 };
        Ok(Place { offset: member.place.offset + offset, len })
    };
    let indexes = stored.iter().map(|(_, m)| index_of(m)).collect::<Result<Vec<_>>>()?;
    let all = counts(&meta.shape, &shard.inner);
    for ((at, member), index) in stored.iter().zip((shards.0)(&indexes)?) {
        let mut index = &index[..];
        if shard.checksum
            && let Some((body, sum)) = index.split_last_chunk::<4>()
        {
            if crc32c(body) != u32::from_le_bytes(*sum) {
                return Err(corrupt("a shard's index with a wrong CRC-32C")
                    .with("member", &member.name)
                    .with("offset", member.place.offset));
            }
            index = body;
        }
        for (i, pair) in index.as_chunks::<16>().0.iter().enumerate() {
            let pair = u128::from_le_bytes(*pair);
            let (offset, len) = (low(pair), low(pair >> 64));
            if offset == ABSENT && len == ABSENT {
                continue;
            }
            if offset.checked_add(len).is_none_or(|end| end > member.place.len) {
                return Err(corrupt("a shard's index points outside of the shard")
                    .with("member", &member.name)
                    .with("chunk", i)
                    .with("offset", offset)
                    .with("length", len));
            }
            let Some(to) = global(i, at, &inside, &all) else { continue };
            if let Some(place) = places.get_mut(to) {
                *place = Place { offset: member.place.offset + offset, len };
            }
        }
    }
    Ok(())
}

fn low(pair: u128) -> u64 {
    u64::try_from(pair & u128::from(u64::MAX)).unwrap_or(0)
}

/// The chunk of the array that is chunk `i` of the shard at `at`; none beyond the array's edge.
fn global(i: usize, at: &[usize], inside: &[usize], all: &[usize]) -> Option<usize> {
    let mut rest = i;
    let mut position = vec![0; at.len()];
    for axis in (0..at.len()).rev() {
        position[axis] = at[axis] * inside[axis] + rest % inside[axis];
        rest /= inside[axis];
    }
    position.iter().zip(all).all(|(p, n)| p < n).then(|| flat(&position, all))
}
