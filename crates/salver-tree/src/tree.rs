//! Node kinds and paths.

use std::sync::Arc;

use bytes::Bytes;
use salver_core::{Error, ErrorKind, Op, Result};
use uuid::Uuid;

use crate::{Array, Table};

/// The neutral value between object kinds and storage kinds.
///
/// `PartialEq` compares values: floats by their bits (a NaN equals the same NaN, −0 differs from
/// 0), arrays and tables by content where both are loaded; a lazy node equals only itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Tree {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number in −2⁶³ … 2⁶⁴−1; use [`Tree::int`] to keep to the range.
    Int(i128),
    /// A binary64 number.
    Float(f64),
    /// Text.
    Str(String),
    /// Uninterpreted bytes.
    Bytes(Bytes),
    /// An instant, in nanoseconds of TAI since 1970-01-01T00:00:00 TAI.
    Time(i64),
    /// An ordered list.
    List(Vec<Self>),
    /// An ordered mapping from text to nodes.
    Map(Map),
    /// An n-dimensional array.
    Array(Array),
    /// A table of named columns.
    Table(Table),
    /// A reference to a dataset.
    Ref(Box<RefLeaf>),
    /// A node that says which assembler made it; a tag adds no step to a path.
    Tagged(Box<Tagged>),
}

/// A node with the name and version of the assembler that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagged {
    /// The assembler's name, such as `astropy.nddata.CCDData`.
    pub name: String,
    /// The version of the tagged form.
    pub version: u32,
    /// The node itself.
    pub tree: Tree,
}

/// A reference to a dataset, as plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct RefLeaf {
    /// The dataset's identifier; `None` while unresolved.
    pub id: Option<Uuid>,
    /// Name of the dataset type.
    pub dataset_type: String,
    /// Dimension values, in universe order: whole numbers or text.
    pub data_id: Vec<(String, Tree)>,
    /// The run that holds the dataset, where known.
    pub run: Option<String>,
    /// The component that is meant, if not the whole.
    pub component: Option<String>,
    /// Read parameters.
    pub parameters: Option<Map>,
    /// Digest of the value that was referred to.
    pub digest: Option<[u8; 32]>,
}

/// An ordered mapping from text to nodes, as in JSON: insertion order is kept, and setting a key
/// again keeps its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    entries: Vec<(String, Tree)>,
    /// Positions by key, made when a map grows past [`Map::LINEAR`] entries.
    by_key: Option<Arc<std::collections::HashMap<String, usize>>>,
}

impl Map {
    /// Up to this many entries are searched one by one.
    const LINEAR: usize = 16;

    /// A map without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.by_key {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(k, _)| k == key),
        }
    }

    /// The node under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.position(key).and_then(|i| self.entries.get(i)).map(|(_, v)| v)
    }

    /// The node under `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        let at = self.position(key)?;
        self.entries.get_mut(at).map(|(_, v)| v)
    }

    /// Sets `key`, and gives what was there.
    pub fn insert(&mut self, key: impl Into<String>, value: Tree) -> Option<Tree> {
        let key = key.into();
        if let Some(old) = self.get_mut(&key) {
            return Some(std::mem::replace(old, value));
        }
        let at = self.entries.len();
        if let Some(index) = &mut self.by_key {
            Arc::make_mut(index).insert(key.clone(), at);
        }
        self.entries.push((key, value));
        if self.by_key.is_none() && self.entries.len() > Self::LINEAR {
            let index = self.entries.iter().enumerate().map(|(i, (k, _))| (k.clone(), i));
            self.by_key = Some(Arc::new(index.collect()));
        }
        None
    }

    /// Takes `key` out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Tree> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        let rest = std::mem::take(&mut self.entries);
        self.by_key = None;
        for (k, v) in rest {
            self.insert(k, v);
        }
        Some(value)
    }

    /// Entries in order.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&str, &Tree)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.entries.iter().map(|(k, _)| k.as_str())
    }
}

impl FromIterator<(String, Tree)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Tree)>>(iter: I) -> Self {
        let mut map = Self::new();
        for (key, value) in iter {
            map.insert(key, value);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (String, Tree);
    type IntoIter = std::vec::IntoIter<(String, Tree)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a.entries == b.entries,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Table(a), Self::Table(b)) => a == b,
            (Self::Ref(a), Self::Ref(b)) => a == b,
            (Self::Tagged(a), Self::Tagged(b)) => a == b,
            _ => false,
        }
    }
}

impl Tree {
    /// A whole number, if it is in −2⁶³ … 2⁶⁴−1.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] outside of that range.
    pub fn int(value: i128) -> Result<Self> {
        if value >= i128::from(i64::MIN) && value <= i128::from(u64::MAX) {
            return Ok(Self::Int(value));
        }
        let error = Error::new(
            ErrorKind::InvalidInput,
            Op("tree.int"),
            "a whole number too large",
        );
        Err(error.with("value", value).hint("whole numbers are −2⁶³ … 2⁶⁴−1"))
    }

    /// What the node is, for messages: `map`, `array`, ….
    #[must_use]
    pub fn kind(&self) -> crate::Kind {
        use crate::Kind;
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Str(_) => Kind::Str,
            Self::Bytes(_) => Kind::Bytes,
            Self::Time(_) => Kind::Time,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Array(_) => Kind::Array,
            Self::Table(_) => Kind::Table,
            Self::Ref(_) => Kind::Ref,
            Self::Tagged(_) => Kind::Tagged,
        }
    }

    /// The node without its tags.
    #[must_use]
    pub fn untagged(&self) -> &Self {
        let mut node = self;
        while let Self::Tagged(tagged) = node {
            node = &tagged.tree;
        }
        node
    }

    /// The node at a JSON Pointer (RFC 6901); tags are looked through.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the first step that is missing and the keys that are there.
    pub fn at(&self, path: &str) -> Result<&Self> {
        let op = Op("tree.at");
        if path.is_empty() {
            return Ok(self);
        }
        let mut node = self;
        for key in crate::path::split(path)? {
            node = match node.untagged() {
                Self::Map(map) => map.get(&key).ok_or_else(|| {
                    let there: Vec<_> = map.keys().take(20).collect();
                    Error::new(ErrorKind::NotFound, op, "no such node")
                        .with("path", path)
                        .with("step", &key)
                        .with("there", there.join(", "))
                })?,
                Self::List(list) => {
                    item_number(&key).and_then(|i| list.get(i)).ok_or_else(|| {
                        Error::new(ErrorKind::NotFound, op, "no such item")
                            .with("path", path)
                            .with("step", &key)
                            .with("items", list.len())
                    })?
                }
                other => {
                    let error =
                        Error::new(ErrorKind::NotFound, op, "the node has no parts");
                    return Err(error
                        .with("path", path)
                        .with("step", &key)
                        .with("kind", other.kind()));
                }
            };
        }
        Ok(node)
    }

    /// The tree with every array cut to the selection's box and every table to its columns and
    /// rows. Its part is not looked at.
    ///
    /// # Errors
    /// As [`Array::cut`] and [`Table::select`].
    pub fn cut(self, select: &crate::Select) -> Result<Self> {
        Ok(match (self, &select.region) {
            (Self::Array(array), Some(region)) => Self::Array(array.cut(region)?),
            (Self::Table(table), _)
                if select.columns.is_some() || !select.filters.is_empty() =>
            {
                Self::Table(table.select(select)?)
            }
            (Self::List(items), _) => {
                let items = items.into_iter().map(|item| item.cut(select));
                Self::List(items.collect::<Result<_>>()?)
            }
            (Self::Map(map), _) => {
                let cut = map.into_iter().map(|(key, node)| Ok((key, node.cut(select)?)));
                Self::Map(cut.collect::<Result<_>>()?)
            }
            (Self::Tagged(tagged), _) => {
                let Tagged { name, version, tree } = *tagged;
                let tree = tree.cut(select)?;
                Self::Tagged(Box::new(Tagged { name, version, tree }))
            }
            (other, _) => other,
        })
    }

    /// The whole number, if it is one that fits in an `i64`.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self.untagged() {
            Self::Int(i) => i64::try_from(*i).ok(),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.untagged() {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The map, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self.untagged() {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The array, if it is one.
    #[must_use]
    pub fn as_array(&self) -> Option<&Array> {
        match self.untagged() {
            Self::Array(a) => Some(a),
            _ => None,
        }
    }

    /// The table, if it is one.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        match self.untagged() {
            Self::Table(t) => Some(t),
            _ => None,
        }
    }
}

/// The number of a list's item: digits without a leading zero (RFC 6901 §4).
fn item_number(step: &str) -> Option<usize> {
    let digits = step.bytes().all(|b| b.is_ascii_digit());
    let plain = digits && (step == "0" || !step.starts_with('0'));
    plain.then(|| step.parse().ok()).flatten()
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Tree {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Tree {
    fn from(value: &str) -> Self {
        Self::Str(value.to_owned())
    }
}

impl From<String> for Tree {
    fn from(value: String) -> Self {
        Self::Str(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_keeps_order_at_any_size() {
        let mut map = Map::new();
        for i in (0..100).rev() {
            map.insert(format!("k{i}"), Tree::from(i));
        }
        map.insert("k50", Tree::Null);
        assert_eq!(map.keys().nth(49), Some("k50"));
        assert_eq!(map.remove("k99"), Some(Tree::from(99)));
        assert_eq!(map.get("k0"), Some(&Tree::from(0)));
        assert_eq!(map.len(), 99);
    }

    #[test]
    fn a_node_takes_at_most_48_bytes() {
        assert!(size_of::<Tree>() <= 48, "{}", size_of::<Tree>());
    }

    #[test]
    fn a_path_names_the_missing_step() {
        let inner = Map::from_iter([("b~/".to_owned(), Tree::List(vec![Tree::from(1)]))]);
        let tree = Tree::Map(Map::from_iter([("a".to_owned(), Tree::Map(inner))]));
        assert_eq!(tree.at("/a/b~0~1/0").unwrap().as_int(), Some(1));
        let error = tree.at("/a/c").unwrap_err();
        assert!(error.to_string().contains("step: c"), "{error}");
    }

    #[test]
    fn floats_compare_by_their_bits() {
        assert_eq!(Tree::Float(f64::NAN), Tree::Float(f64::NAN));
        assert_ne!(Tree::Float(0.0), Tree::Float(-0.0));
    }
}
