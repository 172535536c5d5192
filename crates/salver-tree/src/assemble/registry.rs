//! A registry of assemblers by tag.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use salver_core::{Error, ErrorKind, Op, Result};

use super::{Assembler, Context, Node};
use crate::Tree;

type Make = fn(&Node<'_>) -> Result<Box<dyn Any + Send>>;

/// Assemblers by the name of their tag.
#[derive(Clone, Default)]
pub struct Assemblers {
    by_tag: BTreeMap<&'static str, Make>,
}

/// What a tree became.
#[derive(Debug)]
pub enum Assembled {
    /// An object of a registered type.
    Object(Box<dyn Any + Send>),
    /// No registered type: the tree as it is, and why, where its tag names one.
    Plain(Tree, Option<Error>),
}

impl fmt::Debug for Assemblers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_tag.keys()).finish()
    }
}

impl Assemblers {
    /// A registry without assemblers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a type.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the tag is taken.
    pub fn register<T: Assembler>(&mut self) -> Result<()> {
        fn make<T: Assembler>(node: &Node<'_>) -> Result<Box<dyn Any + Send>> {
            Ok(Box::new(T::from_tree(node)?))
        }
        if self.by_tag.contains_key(T::TAG) {
            let message = "another assembler has this tag";
            return Err(Error::new(
                ErrorKind::Conflict,
                Op("assemble.register"),
                message,
            )
            .with("tag", T::TAG));
        }
        self.by_tag.insert(T::TAG, make::<T>);
        Ok(())
    }

    /// The tags, sorted.
    pub fn tags(&self) -> impl Iterator<Item = &'static str> {
        self.by_tag.keys().copied()
    }

    /// The object of a tree by its outermost tag. A tag that nobody registered, a version that is
    /// newer than the assembler and one without an upgrade give the plain tree, with the reason.
    ///
    /// # Errors
    /// As the type's `from_tree`, where the version is one that it reads.
    pub fn assemble(&self, tree: Tree, context: &Context) -> Result<Assembled> {
        let Tree::Tagged(tag) = &tree else { return Ok(Assembled::Plain(tree, None)) };
        let Some(make) = self.by_tag.get(tag.name.as_str()) else {
            let message = "no assembler is registered for this tag";
            let op = Op("assemble.read");
            let reason =
                Error::new(ErrorKind::NotFound, op, message).with("tag", &tag.name);
            return Ok(Assembled::Plain(tree, Some(reason)));
        };
        match make(&Node::root(&tree, context)) {
            Ok(object) => Ok(Assembled::Object(object)),
            Err(reason) if reason.kind() == ErrorKind::Unsupported => {
                Ok(Assembled::Plain(tree, Some(reason)))
            }
            Err(error) => Err(error),
        }
    }
}
