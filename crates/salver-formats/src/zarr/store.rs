//! The documents of a store and the nodes that they describe.
//!
//! Source: Zarr core specification 3.0 §Metadata, with the consolidated metadata that zarr-python
//! writes; version 2 §Storage.

use std::collections::BTreeMap;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Map, Place, Source, Tree};
use serde::{Deserialize, Serialize};

use super::item::{corrupt, unsupported};
use super::meta::{ArrayMeta, at_node};
use super::zip::{Member, inflate};
use crate::Json;
use crate::document::MAX_DEPTH;

const OP: Op = Op("zarr.metadata");

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// `zarr.json`.
    V3,
    /// `.zgroup`.
    Group,
    /// `.zarray`.
    Array,
    /// `.zattrs`.
    Attributes,
    /// `.zmetadata`.
    Consolidated,
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doc {
    pub(crate) role: Role,
    /// Path of its node, without a slash before or behind.
    pub(crate) node: String,
    pub(crate) place: Place,
    pub(crate) deflated: bool,
}

/// A group or an array.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) attributes: Map,
    /// The metadata of an array, and their version.
    array: Option<(u8, Map)>,
}

impl Node {
    pub(crate) fn is_array(&self) -> bool {
        self.array.is_some()
    }

    /// What the metadata of an array say.
    ///
    /// # Errors
    /// As [`ArrayMeta::version_3`], naming the node; `Corrupt` for a group.
    pub(crate) fn meta(&self, path: &str) -> Result<ArrayMeta> {
        let meta = match &self.array {
            Some((2, map)) => ArrayMeta::version_2(map, &self.attributes),
            Some((_, map)) => ArrayMeta::version_3(map),
            None => Err(corrupt("a group where an array must be")),
        };
        meta.map_err(|e| at_node(e, path))
    }
}

/// All nodes of a store, by path; the root is the empty one.
#[derive(Debug, Default)]
pub(crate) struct Store {
    nodes: BTreeMap<String, Node>,
}

/// Takes the folder off that all members of an archive of a folder are in.
pub(crate) fn unwrapped(mut members: Vec<Member>) -> Vec<Member> {
    const ROOTS: [&str; 3] = ["zarr.json", ".zgroup", ".zarray"];
    if members.iter().any(|m| ROOTS.contains(&m.name.as_str())) {
        return members;
    }
    let inside = |m: &Member| {
        let (folder, name) = m.name.split_once('/')?;
        ROOTS.contains(&name).then(|| format!("{folder}/"))
    };
    if let Some(folder) = members.iter().find_map(inside) {
        members.retain_mut(|m| match m.name.strip_prefix(&folder) {
            Some(name) => {
                m.name = name.to_owned();
                true
            }
            None => false,
        });
    }
    members
}

fn doc(member: &Member) -> Option<Doc> {
    let (node, name) = member.name.rsplit_once('/').unwrap_or(("", &member.name));
    let role = match name {
        "zarr.json" => Role::V3,
        ".zgroup" => Role::Group,
        ".zarray" => Role::Array,
        ".zattrs" => Role::Attributes,
        ".zmetadata" => Role::Consolidated,
        _ => return None,
    };
    let (place, deflated) = (member.place, member.deflated);
    Some(Doc { role, node: node.to_owned(), place, deflated })
}

/// The documents that describe a store: one, where it is consolidated.
///
/// # Errors
/// `Corrupt` where no document describes the root; as the source's.
pub(crate) fn documents(source: &dyn Source, members: &[Member]) -> Result<Vec<Doc>> {
    // of equal names the last one counts
    let all: BTreeMap<&str, Doc> =
        members.iter().filter_map(|m| Some((m.name.as_str(), doc(m)?))).collect();
    if let Some(root) = all.get("zarr.json") {
        let node = object(&text(source, std::slice::from_ref(root))?, 0)?;
        if matches!(node.get("consolidated_metadata"), Some(Tree::Map(_))) {
            return Ok(vec![root.clone()]);
        }
        return Ok(all.into_values().filter(|d| d.role == Role::V3).collect());
    }
    match all.get(".zmetadata") {
        Some(one) => Ok(vec![one.clone()]),
        None if all.contains_key(".zgroup") || all.contains_key(".zarray") => {
            Ok(all.into_values().filter(|d| d.role != Role::V3).collect())
        }
        None => Err(corrupt("not a Zarr store: the archive has no metadata of a root")),
    }
}

/// The bytes of documents.
///
/// # Errors
/// As the source's, and where they cannot be inflated.
pub(crate) fn text(source: &dyn Source, docs: &[Doc]) -> Result<Vec<Bytes>> {
    let ranges: Vec<_> = docs.iter().map(|d| d.place.range()).collect();
    let pieces = source.read(&ranges)?.into_iter().zip(docs);
    pieces
        .map(|(bytes, doc)| {
            inflate(bytes, doc.deflated).map_err(|e| at_node(e, &doc.node))
        })
        .collect()
}

fn object(texts: &[Bytes], at: usize) -> Result<Map> {
    let text = texts.get(at).map(|b| &b[..]).unwrap_or_default();
    let text =
        std::str::from_utf8(text).op(ErrorKind::Corrupt, OP, "metadata are no text")?;
    match Json::parse(text)? {
        Tree::Map(map) => Ok(map),
        other => {
            Err(corrupt("metadata that are no JSON object").with("found", other.kind()))
        }
    }
}

/// The map under a key, taken out.
fn take_map(map: &mut Map, key: &str) -> Option<Map> {
    match map.get_mut(key).map(|node| std::mem::replace(node, Tree::Null)) {
        Some(Tree::Map(map)) => Some(map),
        _ => None,
    }
}

impl Store {
    /// The nodes that documents describe, whose bytes these are.
    ///
    /// # Errors
    /// `Corrupt` where they are not metadata; `Limit` for nodes nested too deep.
    pub(crate) fn parse(docs: &[Doc], texts: &[Bytes]) -> Result<Self> {
        let mut store = Self::default();
        for (i, doc) in docs.iter().enumerate() {
            let map = object(texts, i).map_err(|e| at_node(e, &doc.node))?;
            store.add(doc.role, &doc.node, map).map_err(|e| at_node(e, &doc.node))?;
        }
        store.complete()?;
        Ok(store)
    }

    fn add(&mut self, role: Role, path: &str, mut map: Map) -> Result<()> {
        match role {
            Role::V3 => {
                let inside = take_map(&mut map, "consolidated_metadata");
                let inside = inside.and_then(|mut m| take_map(&mut m, "metadata"));
                self.add_v3(path, map)?;
                for (name, node) in inside.unwrap_or_default() {
                    let Tree::Map(node) = node else { continue };
                    // the store's own metadata of a nested group are consolidated again
                    self.add_v3(name.trim_matches('/'), node)?;
                }
            }
            Role::Group => drop(self.node(path)),
            Role::Array => self.node(path).array = Some((2, map)),
            Role::Attributes => self.node(path).attributes = map,
            Role::Consolidated => {
                for (name, node) in take_map(&mut map, "metadata").unwrap_or_default() {
                    let (path, name) = name.rsplit_once('/').unwrap_or(("", &name));
                    let Tree::Map(node) = node else { continue };
                    match name {
                        ".zgroup" => drop(self.node(path)),
                        ".zarray" => self.node(path).array = Some((2, node)),
                        ".zattrs" => self.node(path).attributes = node,
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, path: &str) -> &mut Node {
        self.nodes.entry(path.to_owned()).or_default()
    }

    fn add_v3(&mut self, path: &str, mut map: Map) -> Result<()> {
        if map.get("zarr_format").and_then(Tree::as_int) != Some(3) {
            return Err(unsupported("a version of Zarr that is neither 2 nor 3"));
        }
        let attributes = take_map(&mut map, "attributes").unwrap_or_default();
        let array = match map.get("node_type").and_then(Tree::as_str) {
            Some("array") => Some((3, map)),
            Some("group") => None,
            _ => return Err(corrupt("a node that is neither group nor array")),
        };
        *self.node(path) = Node { attributes, array };
        Ok(())
    }

    /// Adds the groups that nothing describes, and checks how deep nodes are nested.
    fn complete(&mut self) -> Result<()> {
        let mut missing = Vec::new();
        for path in self.nodes.keys() {
            if path.split('/').count() > MAX_DEPTH {
                return Err(Error::new(ErrorKind::Limit, OP, "nodes nested too deep")
                    .with("limit", MAX_DEPTH));
            }
            let mut rest = path.as_str();
            while let Some((parent, _)) = rest.rsplit_once('/') {
                if self.nodes.contains_key(parent) {
                    break;
                }
                missing.push(parent.to_owned());
                rest = parent;
            }
        }
        missing.push(String::new());
        for path in missing {
            self.nodes.entry(path).or_default();
        }
        Ok(())
    }

    /// A node.
    ///
    /// # Errors
    /// `Corrupt` where there is none.
    pub(crate) fn at(&self, path: &str) -> Result<&Node> {
        let missing = || at_node(corrupt("a node of the store is missing"), path);
        self.nodes.get(path).ok_or_else(missing)
    }

    /// Names of the nodes right below a group, in order.
    pub(crate) fn children(&self, path: &str) -> Vec<&str> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut out: Vec<&str> = Vec::new();
        let below = self.nodes.range(prefix.clone()..);
        for (name, _) in below.take_while(|(name, _)| name.starts_with(&prefix)) {
            let rest = name.get(prefix.len()..).unwrap_or_default();
            if !rest.is_empty() && !rest.contains('/') {
                out.push(rest);
            }
        }
        out
    }
}

/// The path of a node below a group.
pub(crate) fn child(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
