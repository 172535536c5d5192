//! What differs between two trees, node by node.

use std::fmt;

use salver_core::Result;

use crate::{Array, Kind, Map, Table, Tree, path};

/// How a node differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiffKind {
    /// Only the second tree has it.
    Added,
    /// Only the first tree has it.
    Removed,
    /// Another kind of node.
    Kind {
        /// In the first tree.
        from: Kind,
        /// In the second tree.
        to: Kind,
    },
    /// Another plain value.
    Value,
    /// The same entries of a map in another order.
    Order,
    /// Another tag: name and version; empty where there is none.
    Tag {
        /// In the first tree.
        from: String,
        /// In the second tree.
        to: String,
    },
    /// Another item type, shape, unit, grid or origin of an array; another number of rows, or
    /// columns of another name, type or unit, of a table.
    Form {
        /// What differs: `dtype`, `shape`, `unit`, `grid`, `origin`, `rows`, `columns`.
        what: &'static str,
        /// In the first tree.
        from: String,
        /// In the second tree.
        to: String,
    },
    /// Other items of an array, or rows of a table, of the same form.
    Data,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The node, a JSON Pointer; in a list, the number of the item.
    pub path: String,
    /// How it differs.
    pub kind: DiffKind,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "(root)" } else { &self.path };
        match &self.kind {
            DiffKind::Added => write!(f, "{path}: added"),
            DiffKind::Removed => write!(f, "{path}: removed"),
            DiffKind::Kind { from, to } => write!(f, "{path}: {from} became {to}"),
            DiffKind::Value => write!(f, "{path}: another value"),
            DiffKind::Order => write!(f, "{path}: another order"),
            DiffKind::Tag { from, to } => write!(f, "{path}: tag `{from}` became `{to}`"),
            DiffKind::Form { what, from, to } => {
                write!(f, "{path}: {what} {from} became {to}")
            }
            DiffKind::Data => write!(f, "{path}: other data"),
        }
    }
}

/// The differences of two trees, in the order of the first; empty where their digests and grids are
/// equal. Lists are compared item by item at the same place.
///
/// Arrays and tables of the same form are compared by digest, so that a lazy one is not held in
/// memory; two lazy nodes of one artifact are known to be equal without reading.
///
/// # Errors
/// As [`Tree::digest`].
pub fn diff(from: &Tree, to: &Tree) -> Result<Vec<Difference>> {
    let mut walk = Walk { path: String::new(), out: Vec::new() };
    walk.node(from, to)?;
    Ok(walk.out)
}

struct Walk {
    path: String,
    out: Vec<Difference>,
}

impl Walk {
    fn found(&mut self, kind: DiffKind) {
        self.out.push(Difference { path: self.path.clone(), kind });
    }

    fn step<T>(&mut self, step: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&path::escape(step));
        let out = body(self);
        self.path.truncate(length);
        out
    }

    fn node(&mut self, from: &Tree, to: &Tree) -> Result<()> {
        let (old, from) = tags(from);
        let (new, to) = tags(to);
        if old != new {
            self.found(DiffKind::Tag { from: old, to: new });
        }
        if from.kind() != to.kind() {
            self.found(DiffKind::Kind { from: from.kind(), to: to.kind() });
            return Ok(());
        }
        match (from, to) {
            (Tree::List(a), Tree::List(b)) => self.list(a, b),
            (Tree::Map(a), Tree::Map(b)) => self.map(a, b),
            (Tree::Array(a), Tree::Array(b)) => self.array(a, b),
            (Tree::Table(a), Tree::Table(b)) => self.table(a, b),
            (a, b) => {
                if a != b {
                    self.found(DiffKind::Value);
                }
                Ok(())
            }
        }
    }

    fn list(&mut self, from: &[Tree], to: &[Tree]) -> Result<()> {
        for i in 0..from.len().max(to.len()) {
            let (a, b) = (from.get(i), to.get(i));
            // equal plain items are most of a long list
            if matches!((a, b), (Some(a), Some(b)) if is_plain(a) && a == b) {
                continue;
            }
            self.step(&i.to_string(), |walk| walk.both(a, b))?;
        }
        Ok(())
    }

    fn both(&mut self, from: Option<&Tree>, to: Option<&Tree>) -> Result<()> {
        match (from, to) {
            (Some(a), Some(b)) => return self.node(a, b),
            (Some(_), None) => self.found(DiffKind::Removed),
            (None, Some(_)) => self.found(DiffKind::Added),
            (None, None) => {}
        }
        Ok(())
    }

    fn map(&mut self, from: &Map, to: &Map) -> Result<()> {
        for (key, a) in from.iter() {
            self.step(key, |walk| walk.both(Some(a), to.get(key)))?;
        }
        for (key, b) in to.iter().filter(|(key, _)| from.get(key).is_none()) {
            self.step(key, |walk| walk.both(None, Some(b)))?;
        }
        let common = |a: &Map, b: &Map| {
            let keys = a.keys().filter(|key| b.get(key).is_some());
            keys.map(str::to_owned).collect::<Vec<_>>()
        };
        if common(from, to) != common(to, from) {
            self.found(DiffKind::Order);
        }
        Ok(())
    }

    /// Whether nothing was found of what is compared here.
    fn forms(&mut self, pairs: Vec<(&'static str, String, String)>) -> bool {
        let mut same = true;
        for (what, from, to) in pairs {
            if from != to {
                self.found(DiffKind::Form { what, from, to });
                same = false;
            }
        }
        same
    }

    fn array(&mut self, a: &Array, b: &Array) -> Result<()> {
        let text =
            |t: Option<&str>| t.map_or_else(|| "none".to_owned(), |t| format!("`{t}`"));
        let comparable = self.forms(vec![
            ("dtype", a.dtype().to_string(), b.dtype().to_string()),
            ("shape", axes(a.shape()), axes(b.shape())),
        ]);
        self.forms(vec![
            ("unit", text(a.unit()), text(b.unit())),
            ("grid", text(a.grid()), text(b.grid())),
        ]);
        if a.shape().len() == b.shape().len() {
            self.forms(vec![("origin", axes(a.origin()), axes(b.origin()))]);
        }
        if comparable && a != b {
            let bare = |array: &Array| {
                let zero = vec![0; array.shape().len()];
                Tree::Array(array.clone().with_unit(None).with_origin(zero)).digest()
            };
            let same = match (a.origin() == b.origin(), a.unit() == b.unit()) {
                // a lazy array is read in its own coordinates
                (true, true) => {
                    Tree::Array(a.clone()).digest()? == Tree::Array(b.clone()).digest()?
                }
                _ => bare(&a.load()?)? == bare(&b.load()?)?,
            };
            if !same {
                self.found(DiffKind::Data);
            }
        }
        Ok(())
    }

    fn table(&mut self, a: &Table, b: &Table) -> Result<()> {
        let columns = |table: &Table| {
            let fields = table.schema().fields().iter();
            let each = fields.map(|f| match f.metadata().get("unit") {
                None => format!("{}: {}", f.name(), f.data_type()),
                Some(unit) => format!("{}: {} in {unit}", f.name(), f.data_type()),
            });
            format!("[{}]", each.collect::<Vec<_>>().join(", "))
        };
        let names = |table: &Table| {
            let fields = table.schema().fields().iter();
            fields.map(|f| f.name().clone()).collect::<Vec<_>>()
        };
        let rows =
            self.forms(vec![("rows", a.n_rows().to_string(), b.n_rows().to_string())]);
        if a == b {
            return Ok(());
        }
        let same = Tree::Table(a.clone()).digest()? == Tree::Table(b.clone()).digest()?;
        if same {
            return Ok(());
        }
        let columns = self.forms(vec![("columns", columns(a), columns(b))]);
        if rows && (columns || names(a) == names(b)) {
            self.found(DiffKind::Data);
        }
        Ok(())
    }
}

fn is_plain(node: &Tree) -> bool {
    !matches!(
        node,
        Tree::List(_) | Tree::Map(_) | Tree::Array(_) | Tree::Table(_) | Tree::Tagged(_)
    )
}

/// Tags as text, outermost first, and what is in them.
fn tags(tree: &Tree) -> (String, &Tree) {
    let (mut names, mut node) = (Vec::new(), tree);
    while let Tree::Tagged(tagged) = node {
        names.push(format!("{} {}", tagged.name, tagged.version));
        node = &tagged.tree;
    }
    (names.join(", "), node)
}

fn axes<T: ToString>(axes: &[T]) -> String {
    let axes: Vec<_> = axes.iter().map(ToString::to_string).collect();
    format!("[{}]", axes.join(", "))
}

#[cfg(test)]
mod tests {
    use arrow_buffer::Buffer;

    use super::*;
    use crate::{DType, Tagged};

    fn map(pairs: &[(&str, Tree)]) -> Tree {
        Tree::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
    }

    fn lines(from: &Tree, to: &Tree) -> Vec<String> {
        diff(from, to).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_difference_has_path_and_kind() {
        let list = |items: &[i64]| Tree::List(items.iter().map(|&i| i.into()).collect());
        let from = map(&[("a", 1.into()), ("b/c", list(&[1, 2])), ("gone", Tree::Null)]);
        let to =
            map(&[("b/c", list(&[1, 3, 4])), ("a", "1".into()), ("new", Tree::Null)]);
        let want = [
            "/a: int became str",
            "/b~1c/1: another value",
            "/b~1c/2: added",
            "/gone: removed",
            "/new: added",
            "(root): another order",
        ];
        assert_eq!(lines(&from, &to), want);
        assert!(lines(&from, &from).is_empty());
    }

    #[test]
    fn form_and_data_of_arrays_differ_apart() {
        let array = |items: Vec<i16>, shape: &[usize]| {
            Array::new(DType::I16, shape.to_vec(), Buffer::from_vec(items)).unwrap()
        };
        let one = array(vec![1, 2, 3, 4], &[4]);
        let unit = one.clone().with_unit(Some("adu".into())).with_origin(vec![7]);
        let tree = |a: &Array| Tree::Array(a.clone());
        assert_eq!(
            lines(&tree(&one), &tree(&unit)),
            ["(root): unit none became `adu`", "(root): origin [0] became [7]"]
        );
        let square = array(vec![1, 2, 3, 4], &[2, 2]);
        let shape = ["(root): shape [4] became [2, 2]"];
        assert_eq!(lines(&tree(&one), &tree(&square)), shape);
        let other = array(vec![1, 2, 3, 5], &[4]);
        assert_eq!(lines(&tree(&one), &tree(&other)), ["(root): other data"]);
    }

    #[test]
    fn a_tag_differs_apart_from_what_is_in_it() {
        let tagged = |version| {
            let name = "a.B".to_owned();
            Tree::Tagged(Box::new(Tagged { name, version, tree: Tree::from(1) }))
        };
        assert_eq!(lines(&tagged(1), &tagged(2)), ["(root): tag `a.B 1` became `a.B 2`"]);
        assert_eq!(lines(&tagged(1), &1.into()), ["(root): tag `a.B 1` became ``"]);
    }
}
