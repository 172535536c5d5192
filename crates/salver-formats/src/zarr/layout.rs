//! Where the parts of a store are: the index.

use std::collections::BTreeMap;

use bytes::Bytes;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    ArrayPart, Chunks, DType, Map, PartIndex, PartKind, Place, Source, TablePart, Tree,
};
use serde::{Deserialize, Serialize};

use super::meta::{ArrayMeta, at_node, counts};
use super::places::{Found, Places, Read, Shards};
use super::store::{Doc, Store, documents, text, unwrapped};
use super::view::{Entry, OURS, View, view};
use super::zip::{Member, members};

const OP: Op = Op("zarr.index");
/// What the archive itself did to chunks, in [`ArrayPart::codec`].
pub(crate) const DEFLATED: &str = "archive";

/// A step of a JSON Pointer.
pub(crate) fn step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Finds the parts of an artifact.
///
/// # Errors
/// As [`salver_tree::Format::index`].
pub(crate) fn of_source(source: &dyn Source) -> Result<PartIndex> {
    let members = unwrapped(members(source)?);
    let docs = documents(source, &members)?;
    let texts = text(source, &docs)?;
    let read = |places: &[Place]| {
        let ranges: Vec<_> = places.iter().map(|p| p.range()).collect();
        source.read(&ranges)
    };
    of_members(&members, &docs, &texts, source.len(), &read)
}

/// The index of these members; `read` gives the bytes of shard indexes.
///
/// # Errors
/// As [`of_source`].
pub(crate) fn of_members(
    members: &[Member],
    docs: &[Doc],
    texts: &[Bytes],
    length: u64,
    read: &Read<'_>,
) -> Result<PartIndex> {
    let store = Store::parse(docs, texts)?;
    let mut index = PartIndex::new("zarr", length);
    let (places, mut hidden) = (Places::new(members, length), BTreeMap::new());
    let (parts, shards) = (&mut index.parts, Shards(read));
    Walk { store: &store, places, shards, parts, hidden: &mut hidden }.node("", "")?;
    let private = Private { docs: docs.to_vec(), hidden };
    index.private =
        serde_json::to_value(private).op(ErrorKind::Internal, OP, "an index")?;
    index.always = docs.iter().map(|d| d.place).collect();
    if !index.parts.contains_key("") && !docs.is_empty() {
        let first = index.always.remove(0);
        index.parts.insert(String::new(), PartKind::Tree(first));
    }
    Ok(index)
}

/// What an index keeps for the format itself.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Private {
    /// The documents.
    pub(crate) docs: Vec<Doc>,
    /// Arrays that are no parts of their own, by the path of their node: columns, text, bytes.
    pub(crate) hidden: BTreeMap<String, ArrayPart>,
}

impl Private {
    /// What an index keeps.
    ///
    /// # Errors
    /// `Corrupt` where it is not an index of this format.
    pub(crate) fn of(index: &PartIndex) -> Result<Self> {
        Self::deserialize(&index.private).op(
            ErrorKind::Corrupt,
            OP,
            "not an index of Zarr",
        )
    }
}

struct Walk<'a> {
    store: &'a Store,
    places: Places<'a>,
    shards: Shards<'a>,
    parts: &'a mut BTreeMap<String, PartKind>,
    hidden: &'a mut BTreeMap<String, ArrayPart>,
}

impl Walk<'_> {
    /// Adds the parts of a node of the store, which is at `at` in the tree.
    fn node(&mut self, path: &str, at: &str) -> Result<()> {
        let (_, view) = view(self.store, path)?;
        match view {
            View::Map(entries) => {
                for (key, entry) in entries {
                    self.entry(&entry, &format!("{at}{}", step(&key)))?;
                }
            }
            View::List(items) => {
                for (i, entry) in items.iter().enumerate() {
                    self.entry(entry, &format!("{at}/{i}"))?;
                }
            }
            View::Value(_) => {}
            View::Array => self.array(path, at)?,
            View::Bytes => {
                let hull = self.hidden(path)?;
                self.parts.insert(at.to_owned(), PartKind::Tree(hull));
            }
            View::Table(table) => {
                let mut places = Vec::new();
                for (column, mask) in &table.columns {
                    let mut hull = self.hidden(column)?;
                    if let Some(mask) = mask {
                        hull = around(hull, self.hidden(mask)?);
                    }
                    places.push(hull);
                }
                let names = table.schema.fields().iter().map(|f| f.name().clone());
                let part = TablePart {
                    columns: names.collect(),
                    group_rows: vec![table.rows as u64],
                    places: vec![places],
                };
                self.parts.insert(at.to_owned(), PartKind::Table(part));
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, at: &str) -> Result<()> {
        match entry {
            Entry::Inline(_) => Ok(()),
            Entry::Node(path) => self.node(path, at),
            Entry::Bare(path) => self.array(path, at),
        }
    }

    fn found(&mut self, path: &str) -> Result<(ArrayMeta, Found)> {
        let meta = self.store.at(path)?.meta(path)?;
        let found = self.places.of(&meta, path, &self.shards);
        Ok((meta, found.map_err(|e| at_node(e, path))?))
    }

    /// An array that is no part of its own; gives the place around its chunks.
    fn hidden(&mut self, path: &str) -> Result<Place> {
        let (meta, found) = self.found(path)?;
        let hull = found.hull();
        self.hidden.insert(path.to_owned(), part(&meta, found, None));
        Ok(hull)
    }

    /// An array whose metadata are not understood is no part: decoding it tells why.
    fn array(&mut self, path: &str, at: &str) -> Result<()> {
        let node = self.store.at(path)?;
        if node.meta(path).is_err() {
            return Ok(());
        }
        let meta = node.meta(path)?;
        if meta.item.dtype().is_none() {
            let rows = meta.shape.iter().product::<usize>() as u64;
            let part = TablePart {
                columns: vec!["values".to_owned()],
                group_rows: vec![rows],
                places: vec![vec![self.hidden(path)?]],
            };
            self.parts.insert(at.to_owned(), PartKind::Table(part));
            return Ok(());
        }
        let (meta, found) = self.found(path)?;
        let part = part(&meta, found, node.attributes.get(OURS));
        self.parts.insert(at.to_owned(), PartKind::Array(part));
        Ok(())
    }
}

/// The smallest place around two.
fn around(a: Place, b: Place) -> Place {
    if a.len == 0 || b.len == 0 {
        return if a.len == 0 { b } else { a };
    }
    let offset = a.offset.min(b.offset);
    Place { offset, len: a.range().end.max(b.range().end) - offset }
}

fn part(meta: &ArrayMeta, found: Found, ours: Option<&Tree>) -> ArrayPart {
    let ours = ours.and_then(Tree::as_map);
    let long = |n: &usize| *n as u64;
    let mut codec = BTreeMap::from([("codecs".to_owned(), meta.chain.names())]);
    if found.deflated {
        codec.insert(DEFLATED.to_owned(), "deflate".to_owned());
    }
    if let Some(shard) = &meta.shard {
        let counts = counts(&meta.outer, &shard.inner).iter().product::<usize>();
        codec.insert("chunks_per_shard".to_owned(), counts.to_string());
    }
    let whole = meta.shard.is_none() && meta.outer == meta.shape && meta.chain.is_plain();
    let dtype = meta.item.dtype();
    let whole = whole && dtype.is_some();
    let bytes = meta.shape.iter().product::<usize>() * dtype.map_or(0, DType::size);
    let chunks = match found.places.as_slice() {
        [place] if whole && !found.deflated && place.len == bytes as u64 => {
            Chunks::Contiguous(*place)
        }
        _ => Chunks::Grid {
            shape: meta.inner().iter().map(long).collect(),
            places: found.places,
        },
    };
    ArrayPart {
        dtype: dtype.map_or_else(|| "string".to_owned(), |d| d.to_string()),
        stored: None,
        shape: meta.shape.iter().map(long).collect(),
        codec,
        grid: ours.and_then(|o| o.get("grid")?.as_str()).map(str::to_owned),
        origin: origin(ours, meta.shape.len()),
        chunks,
    }
}

/// The origin that a store of ours tells; zero elsewhere.
pub(crate) fn origin(ours: Option<&Map>, axes: usize) -> Vec<i64> {
    let given = match ours.and_then(|o| o.get("origin")) {
        Some(Tree::List(given)) => {
            given.iter().map(Tree::as_int).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    given.filter(|given| given.len() == axes).unwrap_or_else(|| vec![0; axes])
}
