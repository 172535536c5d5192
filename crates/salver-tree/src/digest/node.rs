//! The digest of every kind of node.

use std::collections::BTreeMap;

use salver_core::Result;
use sha2::{Digest as _, Sha256};

use super::{array, column};
use crate::{Kind, Map, RefLeaf, Tree};

/// SHA-256 of a node's canonical form (docs/spec/digests.md).
pub type Digest = [u8; 32];

/// A digest as 64 hexadecimal digits in lower case.
#[must_use]
pub fn hex(digest: &Digest) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
    digest.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// The digests of a node and of all nodes below it, by path. A tagged node's is that with its tags.
///
/// # Errors
/// As [`Tree::digest`].
pub fn digests(tree: &Tree) -> Result<BTreeMap<String, Digest>> {
    let mut out = BTreeMap::new();
    of_node(tree, &mut Some(Walk { path: String::new(), out: &mut out }))?;
    Ok(out)
}

impl Tree {
    /// The digest of the value: SHA-256 of its canonical form, docs/spec/digests.md. Lazy arrays
    /// are read block by block, lazy tables whole.
    ///
    /// # Errors
    /// `ErrorKind::Unsupported` for a table with a column of unions; as reading a lazy node.
    pub fn digest(&self) -> Result<Digest> {
        of_node(self, &mut None)
    }
}

/// Keeps the digests on the way.
struct Walk<'a> {
    path: String,
    out: &'a mut BTreeMap<String, Digest>,
}

fn of_node(tree: &Tree, walk: &mut Option<Walk<'_>>) -> Result<Digest> {
    let digest = canonical(tree, walk)?;
    if let Some(walk) = walk {
        // a tag adds no step: the outermost is the last to be set
        walk.out.insert(walk.path.clone(), digest);
    }
    Ok(digest)
}

fn canonical(tree: &Tree, walk: &mut Option<Walk<'_>>) -> Result<Digest> {
    let mut hash = begin(tree.kind());
    match tree {
        Tree::Null => {}
        Tree::Bool(value) => hash.update([u8::from(*value)]),
        Tree::Int(value) => hash.update(value.to_le_bytes()),
        Tree::Float(value) => hash.update(value.to_bits().to_le_bytes()),
        Tree::Str(text) => sized(&mut hash, text.as_bytes()),
        Tree::Bytes(bytes) => sized(&mut hash, bytes),
        Tree::Time(ns) => hash.update(ns.to_le_bytes()),
        Tree::List(items) => {
            count(&mut hash, items.len());
            for (i, item) in items.iter().enumerate() {
                let digest = if walk.is_some() {
                    step(&i.to_string(), item, walk)?
                } else {
                    of_node(item, walk)?
                };
                hash.update(digest);
            }
        }
        Tree::Map(map) => entries(&mut hash, map, walk)?,
        Tree::Array(array) => array::update(&mut hash, array)?,
        Tree::Table(table) => column::update(&mut hash, table)?,
        Tree::Ref(leaf) => reference(&mut hash, leaf)?,
        Tree::Tagged(tagged) => {
            sized(&mut hash, tagged.name.as_bytes());
            hash.update(tagged.version.to_le_bytes());
            hash.update(of_node(&tagged.tree, walk)?);
        }
    }
    Ok(hash.finalize().into())
}

/// Clause 2: the byte that a canonical form begins with.
fn begin(kind: Kind) -> Sha256 {
    let byte: u8 = match kind {
        Kind::Null => 0,
        Kind::Bool => 1,
        Kind::Int => 2,
        Kind::Float => 3,
        Kind::Str => 4,
        Kind::Bytes => 5,
        Kind::Time => 6,
        Kind::List => 7,
        Kind::Map => 8,
        Kind::Array => 9,
        Kind::Table => 10,
        Kind::Ref => 11,
        Kind::Tagged => 12,
    };
    let mut hash = Sha256::new();
    hash.update([byte]);
    hash
}

fn entries(hash: &mut Sha256, map: &Map, walk: &mut Option<Walk<'_>>) -> Result<()> {
    count(hash, map.len());
    for (key, node) in map.iter() {
        sized(hash, key.as_bytes());
        hash.update(step(key, node, walk)?);
    }
    Ok(())
}

fn step(key: &str, node: &Tree, walk: &mut Option<Walk<'_>>) -> Result<Digest> {
    let Some(inside) = walk else { return of_node(node, walk) };
    let length = inside.path.len();
    inside.path.push('/');
    inside.path.push_str(&crate::path::escape(key));
    let digest = of_node(node, walk)?;
    if let Some(inside) = walk {
        inside.path.truncate(length);
    }
    Ok(digest)
}

fn reference(hash: &mut Sha256, leaf: &RefLeaf) -> Result<()> {
    if let Some(id) = leaf.id {
        hash.update([1]);
        hash.update(id.as_bytes());
    } else {
        hash.update([0]);
        sized(hash, leaf.dataset_type.as_bytes());
        let data_id: Map = leaf.data_id.iter().cloned().collect();
        hash.update(Tree::Map(data_id).digest()?);
        optional(hash, leaf.run.as_deref());
    }
    optional(hash, leaf.component.as_deref());
    match &leaf.parameters {
        None => hash.update([0]),
        Some(parameters) => {
            hash.update([1]);
            hash.update(Tree::Map(parameters.clone()).digest()?);
        }
    }
    Ok(())
}

/// A number of things.
pub(super) fn count(hash: &mut Sha256, n: usize) {
    hash.update((n as u64).to_le_bytes());
}

/// Bytes behind their number.
pub(super) fn sized(hash: &mut Sha256, bytes: &[u8]) {
    count(hash, bytes.len());
    hash.update(bytes);
}

/// Text that may be absent.
pub(super) fn optional(hash: &mut Sha256, text: Option<&str>) {
    match text {
        None => hash.update([0]),
        Some(text) => {
            hash.update([1]);
            sized(hash, text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tagged;

    #[test]
    fn every_bit_of_a_number_counts() {
        let digest = |x: f64| Tree::Float(x).digest().unwrap();
        assert_ne!(digest(0.0), digest(-0.0));
        let payload = f64::from_bits(f64::NAN.to_bits() | 5);
        assert_ne!(digest(f64::NAN), digest(payload));
        assert_ne!(Tree::from(1).digest().unwrap(), Tree::Bool(true).digest().unwrap());
    }

    #[test]
    fn order_and_nesting_count() {
        let list = |items: &[i64]| Tree::List(items.iter().map(|&i| i.into()).collect());
        assert_ne!(list(&[1, 2]).digest().unwrap(), list(&[2, 1]).digest().unwrap());
        let nested = Tree::List(vec![list(&[1]), list(&[2])]);
        let other = Tree::List(vec![list(&[1, 2]), list(&[])]);
        assert_ne!(nested.digest().unwrap(), other.digest().unwrap());
    }

    #[test]
    fn all_nodes_have_theirs() {
        let inner = Tree::Tagged(Box::new(Tagged {
            name: "t".into(),
            version: 1,
            tree: Tree::from(5),
        }));
        let map = Map::from_iter([("a/b".to_owned(), Tree::List(vec![inner.clone()]))]);
        let tree = Tree::Map(map);
        let all = digests(&tree).unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["", "/a~1b", "/a~1b/0"]);
        assert_eq!(all[""], tree.digest().unwrap());
        assert_eq!(all["/a~1b/0"], inner.digest().unwrap());
        assert_eq!(hex(&all[""]).len(), 64);
    }
}
