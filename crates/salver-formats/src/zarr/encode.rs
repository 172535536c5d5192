//! Trees to bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::Crc;
use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{EncodeOptions, PartIndex, Place, Sink, Tree};

use super::codec::{Worker, crc32c};
use super::data::{ArrayPlan, Loaded};
use super::layout;
use super::meta::counts;
use super::plan::Plan;
use super::recipe::Recipe;
use super::store::{Doc, Role};
use super::zip::ZipWriter;
use crate::Json;
use crate::fits::parallel::{for_each, threads};

const OP: Op = Op("zarr.encode");
/// Longest text of all metadata: what reading takes.
const MAX_TEXT: usize = 64 << 20;
/// Arrays smaller than this are written by one thread.
const SMALL: usize = 1 << 20;

/// Writes a tree.
///
/// # Errors
/// As [`salver_tree::Format::encode`].
pub(crate) fn encode(
    tree: &Tree,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<PartIndex> {
    let recipe = Recipe::of(options)?;
    let plan = Plan::of(tree, &recipe)?;
    let texts = texts(&plan)?;
    let mut zip = ZipWriter::new(sink);
    let mut root = Place { offset: 0, len: 0 };
    for (i, (path, text)) in texts.iter().enumerate() {
        let name = if path.is_empty() {
            "zarr.json".to_owned()
        } else {
            format!("{path}/zarr.json")
        };
        let place = zip.add(&name, &[text.as_bytes()], crc(text.as_bytes()).sum())?;
        if i == 0 {
            root = place;
        }
    }
    let mut indexes = HashMap::new();
    for array in &plan.arrays {
        write(array, &mut zip, &mut indexes)?;
    }
    let (members, length) = zip.finish()?;
    let doc = Doc { role: Role::V3, node: String::new(), place: root, deflated: false };
    let text = texts.into_iter().next().map(|(_, text)| Bytes::from(text));
    let read = |places: &[Place]| {
        let known = places.iter().map(|p| indexes.get(&p.offset).cloned());
        let missing =
            || Error::new(ErrorKind::Internal, OP, "a shard that was not written");
        known.collect::<Option<Vec<_>>>().ok_or_else(missing)
    };
    layout::of_members(&members, &[doc], text.as_slice(), length, &read)
}

/// Paths and texts of all metadata; the root's holds the others too.
fn texts(plan: &Plan<'_>) -> Result<Vec<(String, String)>> {
    let mut out = Vec::with_capacity(plan.nodes.len());
    let mut all = 0;
    for (path, node) in &plan.nodes {
        let text =
            Json::render(&Tree::Map(node.clone())).map_err(|e| e.with("node", path))?;
        all += text.len() + path.len();
        // a name of a member has at most 65535 bytes, with the places of a chunk behind it
        if all > MAX_TEXT || path.len() > 60_000 {
            let message = "a tree with more in attributes than a store may have";
            return Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("node", format!("/{path}"))
                .with("limit", MAX_TEXT)
                .hint("keep large lists as arrays"));
        }
        out.push((path.clone(), text));
    }
    if let [(_, root), rest @ ..] = out.as_mut_slice()
        && plan.arrays.first().is_none_or(|a| !a.path.is_empty())
        && root.pop() == Some('}')
    {
        root.push_str(r#", "consolidated_metadata": {"kind": "inline", "must_understand": false, "metadata": {"#);
        for (i, (path, text)) in rest.iter().enumerate() {
            root.push_str(if i > 0 { ", " } else { "" });
            root.push_str(&Json::render(&Tree::from(path.as_str()))?);
            root.push_str(": ");
            root.push_str(text);
        }
        root.push_str("}}}");
    }
    Ok(out)
}

fn crc(bytes: &[u8]) -> Crc {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc
}

/// The positions of a grid, in C order.
fn positions(counts: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let n: usize = counts.iter().product();
    let counts = counts.to_vec();
    (0..n).map(move |i| {
        let mut rest = i;
        let mut at = vec![0; counts.len()];
        for (at, n) in at.iter_mut().zip(&counts).rev() {
            *at = rest % n;
            rest /= n;
        }
        at
    })
}

pub(super) fn key(path: &str, at: &[usize]) -> String {
    let mut key = if path.is_empty() { "c".to_owned() } else { format!("{path}/c") };
    for i in at {
        key.push('/');
        key.push_str(&i.to_string());
    }
    key
}

/// An encoded chunk and its checksum.
type Done<'a> = (Cow<'a, [u8]>, Crc);

/// Writes the chunks of an array; keeps the indexes of its shards by their offsets.
fn write(
    array: &ArrayPlan,
    zip: &mut ZipWriter<'_>,
    indexes: &mut HashMap<u64, Bytes>,
) -> Result<()> {
    let data = array.load()?;
    let all = counts(&array.shape, &array.cut.inner);
    let inside = counts(&array.cut.outer, &array.cut.inner);
    for at in positions(&counts(&array.shape, &array.cut.outer)) {
        let first: Vec<usize> = at.iter().zip(&inside).map(|(a, n)| a * n).collect();
        let places: Vec<Option<Vec<usize>>> = positions(&inside)
            .map(|within| {
                let place: Vec<usize> =
                    within.iter().zip(&first).map(|(w, f)| w + f).collect();
                place.iter().zip(&all).all(|(p, n)| p < n).then_some(place)
            })
            .collect();
        let chunks = chunks(array, &data, &places)?;
        let mut crc = Crc::new();
        let mut pieces: Vec<&[u8]> = Vec::with_capacity(chunks.len() + 1);
        for (bytes, sum) in chunks.iter().flatten() {
            crc.combine(sum);
            pieces.push(bytes);
        }
        if !array.cut.is_sharded() {
            zip.add(&key(&array.path, &at), &pieces, crc.sum())?;
            continue;
        }
        let index = index(&chunks);
        crc.update(&index);
        pieces.push(&index);
        let place = zip.add(&key(&array.path, &at), &pieces, crc.sum())?;
        let len = index.len() as u64;
        indexes.insert(place.offset + place.len - len, Bytes::from(index));
    }
    Ok(())
}

/// Encodes the chunks of a shard, on all processors.
fn chunks<'a>(
    array: &ArrayPlan,
    data: &'a Loaded,
    places: &[Option<Vec<usize>>],
) -> Result<Vec<Option<Done<'a>>>> {
    let done: Vec<Mutex<Option<Done<'a>>>> =
        places.iter().map(|_| Mutex::new(None)).collect();
    let work: Vec<_> =
        places.iter().zip(&done).filter_map(|(p, d)| Some((p.as_ref()?, d))).collect();
    let bytes = array.shape.iter().product::<usize>().saturating_mul(array.item);
    let limit = if bytes < SMALL { 1 } else { threads() };
    for_each(OP, limit, work, Worker::default, |worker, (at, done)| {
        let chunk = array.chunk(data, at)?;
        let bytes = array.chain.encode(chunk, array.unit, worker)?;
        let sum = crc(&bytes);
        *done.lock().unwrap_or_else(PoisonError::into_inner) = Some((bytes, sum));
        Ok(())
    })?;
    let done =
        done.into_iter().map(|d| d.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(done.collect())
}

/// The index of a shard: offset and length of each chunk, and a checksum.
fn index(chunks: &[Option<Done<'_>>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(chunks.len() * 16 + 4);
    let mut offset = 0_u64;
    for chunk in chunks {
        let len = chunk.as_ref().map(|(bytes, _)| bytes.len() as u64);
        out.extend(len.map_or(u64::MAX, |_| offset).to_le_bytes());
        out.extend(len.unwrap_or(u64::MAX).to_le_bytes());
        offset += len.unwrap_or(0);
    }
    out.extend(crc32c(&out).to_le_bytes());
    out
}
