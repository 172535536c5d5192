//! A part index printed as the reference file that kerchunk and fsspec read.
//!
//! Source: kerchunk's specification of references, version 1, and Zarr version 2, whose metadata it
//! uses. Items are read where they are; nothing is copied.

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value, json};

use crate::index::item_size;
use crate::{ArrayPart, Chunks, DType, PartIndex, PartKind, Place};

const OP: Op = Op("index.kerchunk");

/// The most chunks that are printed.
const MAX_CHUNKS: usize = 10_000_000;

/// An index as references to `url`.
#[derive(Debug, Clone)]
pub struct References {
    /// The reference file: an object with `version` and `refs`.
    pub json: Value,
    /// Parts that are not in it, each with the reason: tables, and arrays whose codec or layout
    /// Zarr 2 has no word for.
    pub left_out: Vec<(String, String)>,
}

/// Prints the arrays of an index as references to the artifact at `url`.
///
/// # Errors
/// [`ErrorKind::Limit`] for more than ten million chunks.
pub fn kerchunk(index: &PartIndex, url: &str) -> Result<References> {
    let mut refs = Map::new();
    refs.insert(".zgroup".to_owned(), "{\"zarr_format\":2}".into());
    let mut left_out = Vec::new();
    for (path, part) in &index.parts {
        match part {
            PartKind::Tree(_) => {}
            PartKind::Table(_) => left_out.push((path.clone(), "a table".to_owned())),
            PartKind::Array(array) => match of_array(index, array) {
                Ok(found) => put(&mut refs, path, url, &found)?,
                Err(reason) => left_out.push((path.clone(), reason)),
            },
        }
    }
    let json = json!({"version": 1, "refs": refs});
    Ok(References { json, left_out })
}

struct Found {
    meta: Value,
    counts: Vec<u64>,
    places: Vec<Place>,
}

/// Writes an array's keys, and the groups it is in.
fn put(
    refs: &mut Map<String, Value>,
    path: &str,
    url: &str,
    found: &Found,
) -> Result<()> {
    if refs.len() + found.places.len() > MAX_CHUNKS {
        return Err(Error::new(ErrorKind::Limit, OP, "more chunks than are printed")
            .with("part", path)
            .with("limit", MAX_CHUNKS));
    }
    let name = match path.trim_start_matches('/') {
        "" => "array",
        name => name,
    };
    for (end, _) in name.match_indices('/') {
        let group = name.get(..end).unwrap_or_default();
        let group = format!("{group}/.zgroup");
        refs.entry(group).or_insert_with(|| "{\"zarr_format\":2}".into());
    }
    refs.insert(format!("{name}/.zarray"), found.meta.to_string().into());
    let axes: Vec<_> = (0..found.counts.len()).map(|i| format!("dim_{i}")).collect();
    let attributes = json!({"_ARRAY_DIMENSIONS": axes}).to_string();
    refs.insert(format!("{name}/.zattrs"), attributes.into());
    for (i, place) in found.places.iter().enumerate().filter(|(_, p)| p.len > 0) {
        let key = chunk_key(i as u64, &found.counts);
        refs.insert(format!("{name}/{key}"), json!([url, place.offset, place.len]));
    }
    Ok(())
}

/// The key of the i-th chunk in C order; an array without axes has the key `0`.
fn chunk_key(i: u64, counts: &[u64]) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let mut rest = i;
    let mut key: Vec<String> = Vec::with_capacity(counts.len());
    for &count in counts.iter().rev() {
        key.push((rest % count.max(1)).to_string());
        rest /= count.max(1);
    }
    key.reverse();
    key.join(".")
}

fn of_array(index: &PartIndex, array: &ArrayPart) -> Result<Found, String> {
    let dtype = zarr_type(array)?;
    let (filters, compressor) = codecs(array)?;
    let (chunk, places) = match &array.chunks {
        Chunks::Grid { shape, places } => (shape.clone(), places.clone()),
        Chunks::Contiguous(place) | Chunks::Whole(place) => {
            (array.shape.iter().map(|&n| n.max(1)).collect(), vec![*place])
        }
    };
    let cut = array.shape.iter().zip(&chunk).any(|(n, c)| n % c.max(&1) != 0);
    if cut && !matches!(index.format.as_str(), "zarr" | "hdf5") {
        return Err("chunks at the upper edges are cut off".to_owned());
    }
    let counts = array.shape.iter().zip(&chunk).map(|(n, c)| n.div_ceil(*c.max(&1)));
    let counts: Vec<u64> = counts.collect();
    let meta = json!({
        "zarr_format": 2, "shape": array.shape, "chunks": chunk, "dtype": dtype, "order": "C",
        "compressor": compressor, "filters": filters, "fill_value": null,
    });
    Ok(Found { meta, counts, places })
}

/// The stored items in NumPy's spelling.
fn zarr_type(array: &ArrayPart) -> Result<String, String> {
    let dtype: DType =
        array.dtype.parse().map_err(|_gone: Error| "no item type".to_owned())?;
    let decoded = match dtype {
        DType::Bool => "|b1".to_owned(),
        DType::I8 => "|i1".to_owned(),
        DType::U8 => "|u1".to_owned(),
        DType::I16 | DType::I32 | DType::I64 => format!("<i{}", dtype.size()),
        DType::U16 | DType::U32 | DType::U64 => format!("<u{}", dtype.size()),
        DType::F16 | DType::F32 | DType::F64 => format!("<f{}", dtype.size()),
        DType::C64 | DType::C128 => format!("<c{}", dtype.size()),
        DType::Bytes(n) => format!("|S{n}"),
        DType::Text(n) => format!("<U{n}"),
    };
    let Some(stored) = array.stored.as_deref() else { return Ok(decoded) };
    let letters = |text: &str| text.trim_start_matches(['<', '>', '|', '=']).to_owned();
    if letters(stored) == letters(&decoded) && item_size(array) == dtype.size() as u64 {
        let order = if stored.starts_with('>') { ">" } else { "<" };
        return Ok(match decoded.starts_with('|') {
            true => decoded,
            false => format!("{order}{}", letters(&decoded)),
        });
    }
    Err(format!("items are stored as {stored}"))
}

/// Filters and compressor in the words of numcodecs.
fn codecs(array: &ArrayPart) -> Result<(Value, Value), String> {
    let size = item_size(array);
    let (mut filters, mut compressor) = (Vec::new(), Value::Null);
    for (key, value) in &array.codec {
        if !matches!(key.as_str(), "name" | "filters" | "codecs" | "compression") {
            return Err(format!("the setting {key}={value} of its codec"));
        }
        for word in value.split(',').map(str::trim) {
            let one = match word.to_ascii_lowercase().as_str() {
                "" | "none" | "bytes" => continue,
                "shuffle" => {
                    filters.push(json!({"id": "shuffle", "elementsize": size}));
                    continue;
                }
                "zlib" | "deflate" => json!({"id": "zlib", "level": 1}),
                "gzip" | "gzip_1" => json!({"id": "gzip", "level": 1}),
                "zstd" => json!({"id": "zstd", "level": 1}),
                "blosc" => json!({"id": "blosc"}),
                "bzp2" | "bzip2" => json!({"id": "bz2", "level": 9}),
                other => return Err(format!("the codec {other}")),
            };
            if !compressor.is_null() {
                return Err("two compressions".to_owned());
            }
            compressor = one;
        }
    }
    let filters = if filters.is_empty() { Value::Null } else { filters.into() };
    Ok((filters, compressor))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn array(shape: &[u64], chunks: Chunks, codec: &str) -> ArrayPart {
        ArrayPart {
            dtype: "int16".into(),
            stored: Some(">i2".into()),
            shape: shape.to_vec(),
            codec: BTreeMap::from([("name".to_owned(), codec.to_owned())]),
            grid: None,
            origin: vec![],
            chunks,
        }
    }

    #[test]
    fn chunks_have_their_keys_and_places() {
        let mut index = PartIndex::new("fits", 1000);
        let places = (0..4).map(|i| Place { offset: i * 10, len: 10 }).collect();
        let grid = Chunks::Grid { shape: vec![2, 3], places };
        index
            .parts
            .insert("/a/b".into(), PartKind::Array(array(&[4, 6], grid, "GZIP_1")));
        let plain = Chunks::Contiguous(Place { offset: 100, len: 8 });
        index.parts.insert("/c".into(), PartKind::Array(array(&[4], plain.clone(), "")));
        index.parts.insert("/d".into(), PartKind::Array(array(&[4], plain, "RICE_1")));
        let References { json, left_out } = kerchunk(&index, "s3://b/f.fits").unwrap();
        assert_eq!(json["refs"]["a/b/1.0"], json!(["s3://b/f.fits", 20, 10]));
        assert_eq!(json["refs"]["a/.zgroup"], "{\"zarr_format\":2}");
        assert_eq!(json["refs"]["c/0"], json!(["s3://b/f.fits", 100, 8]));
        let meta: Value =
            serde_json::from_str(json["refs"]["a/b/.zarray"].as_str().unwrap()).unwrap();
        assert_eq!(meta["dtype"], ">i2");
        assert_eq!(meta["compressor"]["id"], "gzip");
        assert_eq!(left_out, [("/d".to_owned(), "the codec rice_1".to_owned())]);
    }
}
