//! From nodes to a tree.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Map, Tagged, Tree};

use super::node::{Content, Node, Style};
use super::resolve::{Resolved, boolean, int, resolve, tagged_float};
use super::time;
use crate::Json;
use crate::document::{MAX_DEPTH, too_deep};
use crate::plain::lift;

const OP: Op = Op("yaml.decode");
/// What `!!` stands for.
pub(super) const CORE: &str = "tag:yaml.org,2002:";

/// Makes a tree of a node.
///
/// `length` is that of the text, bytes: aliases may unfold to some sixty times as much.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for a value that its tag does not allow; [`ErrorKind::Unsupported`] for
/// whole numbers outside of −2⁶³ … 2⁶⁴−1 and for keys that are lists or maps; [`ErrorKind::Limit`]
/// for aliases that unfold without end.
pub fn build(node: &Node, length: usize) -> Result<Tree> {
    let budget = length.saturating_mul(64).saturating_add(1 << 16);
    Builder { depth: 0, budget }.tree(node)
}

struct Builder {
    depth: usize,
    /// Bytes that may still be made.
    budget: usize,
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

impl Builder {
    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or_else(|| {
            let message = "aliases unfold to far more than the text";
            Error::new(ErrorKind::Limit, OP, message)
        })?;
        Ok(())
    }

    fn tree(&mut self, node: &Node) -> Result<Tree> {
        self.spend(size_of::<Tree>())?;
        let tag = match node.tag.as_deref() {
            None | Some("!") => "",
            Some(tag) => tag,
        };
        let core = tag.strip_prefix(CORE);
        match (&node.content, core) {
            (Content::Scalar(text), core) => {
                self.spend(text.len())?;
                scalar(node, text, core).map_err(|e| node.place(e))
            }
            (Content::Sequence(items), Some("omap" | "pairs")) => self
                .nested(node, |b| items.iter().map(|item| b.pair(item)).collect())
                .map(Tree::List),
            (Content::Mapping(pairs), Some("set")) => self
                .nested(node, |b| pairs.iter().map(|(key, _)| b.tree(key)).collect())
                .map(Tree::List),
            (Content::Sequence(items), core) => {
                let list = self
                    .nested(node, |b| items.iter().map(|item| b.tree(item)).collect())
                    .map(Tree::List)?;
                self.foreign(tag, core == Some("seq"), list)
            }
            (Content::Mapping(pairs), core) => {
                let map = self.nested(node, |b| b.map(pairs)).and_then(lift)?;
                self.foreign(tag, core == Some("map"), map)
            }
        }
    }

    fn nested<T>(
        &mut self,
        node: &Node,
        build: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(node.place(too_deep(ErrorKind::Corrupt, OP)));
        }
        self.depth += 1;
        let built = build(self)?;
        self.depth -= 1;
        Ok(built)
    }

    /// A collection with the tag that it has, if that is not its kind's own.
    fn foreign(&mut self, tag: &str, own: bool, tree: Tree) -> Result<Tree> {
        if tag.is_empty() || own {
            return Ok(tree);
        }
        self.spend(tag.len())?;
        Ok(tagged(tag, tree))
    }

    /// An entry of `!!omap` or `!!pairs`: a map of one key.
    fn pair(&mut self, node: &Node) -> Result<Tree> {
        match &node.content {
            Content::Mapping(pairs) if pairs.len() == 1 => {
                let pair = pairs.iter().flat_map(|(key, value)| [key, value]);
                self.nested(node, |b| pair.map(|part| b.tree(part)).collect())
                    .map(Tree::List)
            }
            _ => Err(node.place(corrupt("an entry of pairs is a map of one key"))),
        }
    }

    fn map(&mut self, pairs: &[(Arc<Node>, Arc<Node>)]) -> Result<Map> {
        let mut map = Map::new();
        // what is merged comes first, and what the map says itself wins
        for (key, value) in pairs {
            if is_merge(key) {
                self.merge(value, &mut map)?;
            }
        }
        for (key, value) in pairs {
            if !is_merge(key) {
                let name = self.key(key)?;
                let tree = self.tree(value)?;
                map.insert(name, tree);
            }
        }
        Ok(map)
    }

    /// Adds what a `<<` names: a map, or a list of maps of which the first wins.
    fn merge(&mut self, node: &Node, map: &mut Map) -> Result<()> {
        let maps: Vec<&Node> = match &node.content {
            Content::Mapping(_) => vec![node],
            Content::Sequence(items) => items.iter().rev().map(AsRef::as_ref).collect(),
            Content::Scalar(_) => Vec::new(),
        };
        if maps.is_empty() && !matches!(&node.content, Content::Sequence(_)) {
            return Err(node.place(corrupt("`<<` takes a map or a list of maps")));
        }
        for node in maps {
            let Content::Mapping(pairs) = &node.content else {
                return Err(node.place(corrupt("`<<` takes a map or a list of maps")));
            };
            self.spend(size_of::<Tree>())?;
            for (key, value) in self.nested(node, |b| b.map(pairs))? {
                map.insert(key, value);
            }
        }
        Ok(())
    }

    /// A key as text, as Python's `json` makes text of it.
    fn key(&mut self, node: &Node) -> Result<String> {
        if let Content::Scalar(text) = &node.content {
            self.spend(text.len() + size_of::<String>())?;
            if node.tag.is_none() && node.style == Style::Quoted {
                return Ok(text.clone());
            }
        }
        Ok(match self.tree(node)? {
            Tree::Str(text) => text,
            plain @ (Tree::Int(_) | Tree::Float(_) | Tree::Bool(_) | Tree::Null) => {
                Json::render(&plain)?
            }
            Tree::Tagged(tagged) if tagged.tree.as_str().is_some() => {
                tagged.tree.as_str().unwrap_or_default().to_owned()
            }
            other => {
                let message = "a key that is neither text nor a number";
                let error = Error::new(ErrorKind::Unsupported, OP, message);
                return Err(node.place(error.with("kind", other.kind())));
            }
        })
    }
}

fn is_merge(key: &Node) -> bool {
    let plain = key.style == Style::Plain && key.tag.is_none();
    matches!(&key.content, Content::Scalar(text) if plain && text == "<<")
}

fn tagged(name: &str, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name: name.to_owned(), version: 0, tree }))
}

fn scalar(node: &Node, text: &str, core: Option<&str>) -> Result<Tree> {
    let wrong = || corrupt("a value that its tag does not allow").with("value", text);
    Ok(match (node.tag.as_deref(), core) {
        (None | Some("!"), _) if node.style == Style::Plain => plain(text)?,
        (None | Some("!"), _) | (_, Some("str" | "value")) => Tree::from(text),
        (Some(time::TAG), _) => Tree::Time(time::parse(text)?),
        (_, Some("binary")) => {
            let bare: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(bare.as_bytes());
            Tree::Bytes(bytes.op(ErrorKind::Corrupt, OP, "not base64")?.into())
        }
        (_, Some("null")) => Tree::Null,
        (_, Some("bool")) => Tree::Bool(boolean(text).ok_or_else(wrong)?),
        (_, Some("int")) => whole(&int(text).ok_or_else(wrong)?)?,
        (_, Some("float")) => Tree::Float(tagged_float(text).ok_or_else(wrong)?),
        (_, Some("seq" | "map" | "omap" | "pairs" | "set")) => return Err(wrong()),
        (Some(tag), _) => tagged(tag, Tree::from(text)),
    })
}

fn plain(text: &str) -> Result<Tree> {
    Ok(match resolve(text) {
        Resolved::Null => Tree::Null,
        Resolved::Bool(value) => Tree::Bool(value),
        Resolved::Float(number) => Tree::Float(number),
        number @ (Resolved::Int(_) | Resolved::HugeInt) => whole(&number)?,
        Resolved::Timestamp => tagged(&format!("{CORE}timestamp"), Tree::from(text)),
        Resolved::Merge | Resolved::Value | Resolved::Text => Tree::from(text),
    })
}

fn whole(number: &Resolved) -> Result<Tree> {
    let number = match number {
        Resolved::Int(number) => Tree::int(*number).ok(),
        _ => None,
    };
    number.ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, OP, "a whole number too large")
            .hint("whole numbers are −2⁶³ … 2⁶⁴−1")
    })
}
