//! Tags, versions and upgrades.

use salver_core::{Error, ErrorKind, Op, Result};

use super::{Assembler, Node};
use crate::{Tagged, Tree};

/// A tree with a type's tag, in the version that is written.
#[must_use]
pub fn tagged<T: Assembler>(tree: Tree) -> Tree {
    let name = T::TAG.to_owned();
    Tree::Tagged(Box::new(Tagged { name, version: T::VERSION, tree }))
}

/// The value of a tagged node; an older version is upgraded step by step first. A node without a
/// tag is read as the version that is written.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for another tag; [`ErrorKind::Unsupported`] for a newer version, or an
/// older one without an upgrade (the tree can be read as it is); as [`Assembler::from_current`].
pub fn versioned<T: Assembler>(node: &Node<'_>) -> Result<T> {
    let Tree::Tagged(tag) = node.tree() else {
        return T::from_current(node);
    };
    if tag.name != T::TAG {
        return Err(node.wrong(T::TAG).with("tag", &tag.name));
    }
    if tag.version == T::VERSION {
        return T::from_current(&node.with_tree(&tag.tree));
    }
    let tree =
        upgraded(&tag.name, tag.version, tag.tree.clone(), T::VERSION, T::UPGRADES)?;
    T::from_current(&node.with_tree(&tree))
}

/// Brings a tree from one version to another.
pub(super) fn upgraded(
    name: &str,
    from: u32,
    mut tree: Tree,
    to: u32,
    upgrades: &[(u32, super::Upgrade)],
) -> Result<Tree> {
    let op = Op("assemble.upgrade");
    if from > to {
        let message = "the object was written by a newer version of its assembler";
        return Err(Error::new(ErrorKind::Unsupported, op, message)
            .with("tag", name)
            .with("version", from)
            .with("known", to)
            .hint("it reads as a plain tree; update the package for the object itself"));
    }
    for version in from..to {
        let upgrade = upgrades.iter().find(|(of, _)| *of == version);
        let Some((_, upgrade)) = upgrade else {
            let message = "no upgrade from the version that the object was written in";
            return Err(Error::new(ErrorKind::Unsupported, op, message)
                .with("tag", name)
                .with("version", from)
                .with("missing", format_args!("{version} to {}", u64::from(version) + 1))
                .hint("it reads as a plain tree"));
        };
        tree = upgrade(tree).map_err(|e| e.with("tag", name).with("version", version))?;
    }
    Ok(tree)
}
