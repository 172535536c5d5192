//! A place in a tree that is read.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};

use super::FromTree;
use crate::{Map, Tree, path};

const OP: Op = Op("assemble.read");

/// What an assembler is given beside the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// Dimension values of the dataset, in universe order; empty outside of a dataset.
    pub data_id: Vec<(String, Tree)>,
    /// The read parameters that the storage class allows.
    pub parameters: Map,
}

/// A node with its path, for errors, and with what came beside the tree.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    tree: &'a Tree,
    context: &'a Context,
    above: Option<(&'a Self, Cow<'a, str>)>,
}

impl<'a> Node<'a> {
    /// The root of a tree.
    #[must_use]
    pub fn root(tree: &'a Tree, context: &'a Context) -> Self {
        Self { tree, context, above: None }
    }

    /// The tree of the node, with its tags.
    #[must_use]
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// Data ID and parameters.
    #[must_use]
    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// The same place with another tree: what is in a tag, or an upgraded form.
    #[must_use]
    pub fn with_tree<'b>(&'b self, tree: &'b Tree) -> Node<'b> {
        Node { tree, context: self.context, above: self.above.clone() }
    }

    /// The path as a JSON Pointer.
    #[must_use]
    pub fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut node = self;
        while let Some((above, step)) = &node.above {
            steps.push(step.as_ref());
            node = above;
        }
        steps.reverse();
        path::join(steps)
    }

    fn below<'b>(&'b self, tree: &'b Tree, step: impl Into<Cow<'b, str>>) -> Node<'b> {
        Node { tree, context: self.context, above: Some((self, step.into())) }
    }

    /// The error for a node that is not what was asked for.
    #[must_use]
    pub fn wrong(&self, expected: &str) -> Error {
        let path = self.path();
        Error::new(ErrorKind::InvalidInput, OP, "the node is not what its type takes")
            .with("node", if path.is_empty() { "(root)" } else { &path })
            .with("found", self.tree.untagged().kind())
            .with("expected", expected)
    }

    /// The entries of a map.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another kind of node.
    pub fn map(&self) -> Result<&'a Map> {
        self.tree.as_map().ok_or_else(|| self.wrong("map"))
    }

    /// The value of a key; one that is absent may have a value of its own ([`FromTree::absent`]).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the key is absent, or the node no map; as its type's.
    pub fn field<T: FromTree>(&self, key: &str) -> Result<T> {
        match self.map()?.get(key) {
            Some(tree) => T::from_tree(&self.below(tree, key)),
            None => T::absent().ok_or_else(|| {
                let there: Vec<_> = self
                    .map()
                    .map_or_else(|_| Vec::new(), |map| map.keys().take(20).collect());
                let path = self.path();
                Error::new(ErrorKind::InvalidInput, OP, "a key is missing")
                    .with("node", if path.is_empty() { "(root)" } else { &path })
                    .with("key", key)
                    .with("there", there.join(", "))
            }),
        }
    }

    /// The value of a key, the type's `Default` where it is absent.
    ///
    /// # Errors
    /// As the type's.
    pub fn field_or_default<T: FromTree + Default>(&self, key: &str) -> Result<T> {
        match self.map()?.get(key) {
            Some(tree) => T::from_tree(&self.below(tree, key)),
            None => Ok(T::default()),
        }
    }

    /// Calls `each` with every key and node of a map.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another kind of node; what `each` gives.
    pub fn entries(
        &self,
        mut each: impl FnMut(&'a str, &Node<'_>) -> Result<()>,
    ) -> Result<()> {
        for (key, tree) in self.map()?.iter() {
            each(key, &self.below(tree, key))?;
        }
        Ok(())
    }

    /// The items of a list.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another kind of node.
    pub fn items(&self) -> Result<&'a [Tree]> {
        match self.tree.untagged() {
            Tree::List(items) => Ok(items),
            _ => Err(self.wrong("list")),
        }
    }

    /// Checks that the node is a list of so many items.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where not.
    pub fn items_of(&self, count: usize) -> Result<()> {
        match self.items()?.len() {
            found if found == count => Ok(()),
            found => {
                let expected = format!("list of {count}");
                Err(self.wrong(&expected).with("items", found))
            }
        }
    }

    /// The i-th item of a list.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where there is none.
    pub fn item(&self, i: usize) -> Result<Node<'_>> {
        let tree = self.items()?.get(i).ok_or_else(|| self.wrong("a longer list"))?;
        Ok(self.below(tree, i.to_string()))
    }

    /// Checks that the node is null.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where not.
    pub fn null(&self) -> Result<()> {
        match self.tree.untagged() {
            Tree::Null => Ok(()),
            _ => Err(self.wrong("null")),
        }
    }

    /// The variant of an enum: its name, and its content where it has some.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the node is neither text nor a map of one key.
    pub fn variant(&self) -> Result<(&'a str, Option<Node<'_>>)> {
        match self.tree.untagged() {
            Tree::Str(name) => Ok((name, None)),
            Tree::Map(map) if map.len() == 1 => {
                let one = map.iter().next();
                let (key, tree) = one.ok_or_else(|| self.wrong("a variant"))?;
                Ok((key, Some(self.below(tree, key))))
            }
            _ => Err(self.wrong("text, or a map of one key")),
        }
    }

    /// The error for a variant that is not known.
    #[must_use]
    pub fn no_variant(&self, known: &[&str]) -> Error {
        self.wrong(&format!("one of {}", known.join(", ")))
    }
}
