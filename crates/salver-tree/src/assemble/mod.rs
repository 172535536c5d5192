//! Assemblers: Rust types as trees and back.
//!
//! [`IntoTree`] and [`FromTree`] are what a type needs; `#[derive(Assemble)]` writes both for
//! structs and enums. A type with a tag is an [`Assembler`] too: its tree says which type and
//! version it is of, and older versions are upgraded when they are read. An assembler sees the tree,
//! the data ID and the read parameters, and never a butler.
//!
//! ```
//! use salver_tree::assemble::{Assemble, Context, from_tree};
//! use salver_tree::assemble::IntoTree as _;
//! use salver_tree::{Map, Tree};
//!
//! #[derive(Assemble, Debug, PartialEq)]
//! #[salver(tag = "my.Seeing", version = 2, upgrade(1 = in_arcsec))]
//! struct Seeing {
//!     #[salver(rename = "fwhm_arcsec")]
//!     fwhm: f64,
//!     #[salver(default)]
//!     visits: Vec<u32>,
//! }
//!
//! fn in_arcsec(mut old: Tree) -> salver_core::Result<Tree> {
//!     if let Tree::Map(map) = &mut old {
//!         let pixels = map.remove("fwhm_pixels");
//!         if let Some(Tree::Float(pixels)) = pixels {
//!             map.insert("fwhm_arcsec", Tree::Float(pixels * 0.2));
//!         }
//!     }
//!     Ok(old)
//! }
//!
//! let seeing = Seeing { fwhm: 0.8, visits: vec![1, 2] };
//! let tree = seeing.into_tree()?;
//! assert_eq!(tree.at("/fwhm_arcsec")?, &Tree::Float(0.8));
//! let back: Seeing = from_tree(&tree, &Context::default())?;
//! assert_eq!(back.visits, [1, 2]);
//! # Ok::<(), salver_core::Error>(())
//! ```
//!
//! Map: `node` a place in a tree that is read; `standard` the types of `std` and the tree's own;
//! `versions` tags and upgrades; [`Assemblers`] a registry of them.

mod node;
mod registry;
mod standard;
mod versions;

use std::any::Any;

pub use node::{Context, Node};
pub use registry::{Assembled, Assemblers};
pub use salver_core::Result;
pub use salver_derive::Assemble;
pub use versions::{tagged, versioned};

use crate::Tree;

/// Makes the next version of a tree: the node without its tag.
pub type Upgrade = fn(Tree) -> Result<Tree>;

/// A type that becomes a tree.
pub trait IntoTree {
    /// The tree of the value.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for a value that a tree cannot hold.
    fn into_tree(self) -> Result<Tree>;
}

/// A type that is made of a tree.
///
/// # Contract
/// 1. `from_tree` of what `into_tree` gave is the value again.
/// 2. A tree that is not one of the type is `ErrorKind::InvalidInput`, naming the node, what is
///    there and what would have been taken.
pub trait FromTree: Sized {
    /// The value of a node.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the node is not one of the type; as reading a lazy node.
    fn from_tree(node: &Node<'_>) -> Result<Self>;

    /// The value of a key that is not there, for types that have one.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// A type whose tree is tagged with a name and a version.
pub trait Assembler: IntoTree + FromTree + Any + Send {
    /// The tag's name; never reuse one for another type.
    const TAG: &'static str;
    /// The version that is written.
    const VERSION: u32;
    /// For older versions: what makes the next one of it.
    const UPGRADES: &'static [(u32, Upgrade)];

    /// The value of a node of the version that is written, without its tag.
    ///
    /// # Errors
    /// As [`FromTree::from_tree`].
    fn from_current(node: &Node<'_>) -> Result<Self>;
}

/// The value of a tree.
///
/// # Errors
/// As [`FromTree::from_tree`].
pub fn from_tree<T: FromTree>(tree: &Tree, context: &Context) -> Result<T> {
    T::from_tree(&Node::root(tree, context))
}
