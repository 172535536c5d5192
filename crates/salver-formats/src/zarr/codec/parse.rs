//! Codecs from metadata.

use salver_core::{Error, Result};
use salver_tree::{Map, Tree};

use super::{Chain, Codec};
use crate::zarr::item::{Item, corrupt, count, named, unsupported};
use crate::zarr::meta::{Shard, lengths};

/// What the list of codecs says.
pub(crate) struct Parsed {
    pub(crate) chain: Chain,
    pub(crate) shard: Option<Shard>,
}

fn unknown(name: &str) -> Error {
    unsupported("a codec that is not known, or not in this place")
        .with("codec", name)
        .hint("transpose, bytes, vlen-utf8, vlen-bytes, sharding_indexed, gzip, zlib, zstd, blosc, lz4 and crc32c are")
}

/// Reads `codecs` of version 3.
///
/// # Errors
/// `Unsupported` for a codec that is not known, `Corrupt` where they make no chain.
pub(crate) fn version_3(codecs: &Tree, item: Item, axes: usize) -> Result<Parsed> {
    let Tree::List(codecs) = codecs else {
        return Err(corrupt("an array without codecs"));
    };
    let (mut chain, mut shard, mut bytes) = (Chain::default(), None, false);
    for codec in codecs {
        let (name, settings) =
            named(codec).ok_or_else(|| corrupt("a codec without a name"))?;
        let name = name.strip_prefix("numcodecs.").unwrap_or(name);
        match name {
            "transpose" if !bytes && chain.transpose.is_none() => {
                chain.transpose = Some(order(settings, item, axes)?);
            }
            "bytes" if !bytes && item.dtype().is_some() => {
                let endian =
                    settings.and_then(|s| s.get("endian")).and_then(Tree::as_str);
                chain.big_endian = endian == Some("big");
                bytes = true;
            }
            "vlen-utf8" if !bytes && item == Item::Text => bytes = true,
            "vlen-bytes" if !bytes && item == Item::Binary => bytes = true,
            "sharding_indexed" if !bytes && chain == Chain::default() => {
                let (inner, of) = sharded(settings, item, axes)?;
                (chain, shard, bytes) = (inner, Some(of), true);
            }
            _ if bytes && shard.is_none() => chain.outer.push(squeeze(name, settings)?),
            _ => return Err(unknown(name)),
        }
    }
    if !bytes {
        return Err(corrupt("codecs that make no bytes"));
    }
    Ok(Parsed { chain, shard })
}

fn order(settings: Option<&Map>, item: Item, axes: usize) -> Result<Vec<usize>> {
    let given = settings.and_then(|s| s.get("order"));
    let mut order = match given {
        Some(Tree::Str(word)) if word == "C" => (0..axes).collect(),
        Some(Tree::Str(word)) if word == "F" => (0..axes).rev().collect(),
        Some(list) => lengths(list)?,
        None => return Err(corrupt("`transpose` without an order")),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..axes) {
        return Err(corrupt("`transpose` with an order that is none of the axes"));
    }
    if matches!(item, Item::Raw(_)) {
        order.push(axes);
    }
    Ok(order)
}

fn sharded(settings: Option<&Map>, item: Item, axes: usize) -> Result<(Chain, Shard)> {
    let setting = |key: &str| settings.and_then(|s| s.get(key));
    let none = || corrupt("`sharding_indexed` without chunk shape and codecs");
    let mut inner = lengths(setting("chunk_shape").ok_or_else(none)?)?;
    if inner.len() != axes {
        return Err(none());
    }
    if let Item::Raw(n) = item {
        inner.push(n);
    }
    let parsed = version_3(setting("codecs").ok_or_else(none)?, item, axes)?;
    if parsed.shard.is_some() {
        return Err(unsupported("shards within shards"));
    }
    let mut index = Shard { inner, at_end: true, checksum: false };
    index.at_end = match setting("index_location").map(Tree::as_str) {
        None | Some(Some("end")) => true,
        Some(Some("start")) => false,
        _ => return Err(corrupt("`index_location` is `start` or `end`")),
    };
    let Some(Tree::List(codecs)) = setting("index_codecs") else { return Err(none()) };
    for codec in codecs {
        let (name, settings) = named(codec).ok_or_else(none)?;
        let endian = settings.and_then(|s| s.get("endian")).and_then(Tree::as_str);
        match name {
            "bytes" if endian != Some("big") => {}
            "crc32c" if !index.checksum => index.checksum = true,
            _ => {
                let error = unsupported("a codec of shard indexes that is not read");
                return Err(error
                    .with("codec", name)
                    .hint("little-endian bytes and crc32c are"));
            }
        }
    }
    Ok((parsed.chain, index))
}

fn squeeze(name: &str, settings: Option<&Map>) -> Result<Codec> {
    Ok(match name {
        "gzip" => {
            let level = count(settings, "level").unwrap_or(6).min(9);
            Codec::Gzip(u32::try_from(level).unwrap_or(6))
        }
        "zlib" => Codec::Zlib,
        "zstd" => {
            let setting = |key: &str| settings.and_then(|s| s.get(key));
            let level = setting("level").and_then(Tree::as_int).unwrap_or(0);
            let checksum = matches!(setting("checksum"), Some(Tree::Bool(true)));
            Codec::Zstd(i32::try_from(level).unwrap_or(0), checksum)
        }
        "blosc" => Codec::Blosc,
        "lz4" => Codec::Lz4,
        "crc32c" => Codec::Crc32c,
        other => return Err(unknown(other)),
    })
}

/// Reads `order`, `filters` and `compressor` of version 2; gives the kind of the items too, where a
/// filter says it.
///
/// # Errors
/// `Unsupported` for a codec that is not known.
pub(crate) fn version_2(array: &Map, item: Item, axes: usize) -> Result<(Chain, Item)> {
    let mut chain = Chain::default();
    let mut kind = item;
    if array.get("order").and_then(Tree::as_str) == Some("F") && axes > 1 {
        let mut order: Vec<usize> = (0..axes).rev().collect();
        if matches!(item, Item::Raw(_)) {
            order.push(axes);
        }
        chain.transpose = Some(order);
    }
    let id = |node: &Tree| node.as_map()?.get("id")?.as_str().map(str::to_owned);
    let mut any_length = item.dtype().is_some();
    if let Some(Tree::List(filters)) = array.get("filters") {
        for filter in filters {
            let name = id(filter).unwrap_or_default();
            match name.as_str() {
                "vlen-utf8" if !any_length => any_length = true,
                "vlen-bytes" if !any_length => (any_length, kind) = (true, Item::Binary),
                "crc32c" if any_length => chain.outer.push(Codec::Crc32c),
                other => return Err(unknown(other)),
            }
        }
    }
    if !any_length {
        return Err(unsupported("Python objects that are not text"));
    }
    match array.get("compressor") {
        None | Some(Tree::Null) => {}
        Some(codec) => {
            let name = id(codec).unwrap_or_default();
            chain.outer.push(squeeze(&name, codec.as_map())?);
        }
    }
    Ok((chain, kind))
}
