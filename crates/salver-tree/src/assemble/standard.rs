//! The types of `std`, and the tree's own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use salver_core::Result;
use uuid::Uuid;

use super::{FromTree, IntoTree, Node};
use crate::{Array, Map, RefLeaf, Table, Tree};

/// A type that is one node.
macro_rules! leaf {
    ($type:ty, $name:literal, $value:ident => $into:expr, $pattern:pat => $from:expr) => {
        impl IntoTree for $type {
            fn into_tree(self) -> Result<Tree> {
                let $value = self;
                Ok($into)
            }
        }
        impl FromTree for $type {
            fn from_tree(node: &Node<'_>) -> Result<Self> {
                match node.tree().untagged() {
                    $pattern => Ok($from),
                    _ => Err(node.wrong($name)),
                }
            }
        }
    };
}

leaf!(bool, "bool", v => Tree::Bool(v), Tree::Bool(v) => *v);
leaf!(String, "str", v => Tree::Str(v), Tree::Str(v) => v.clone());
leaf!(Bytes, "bytes", v => Tree::Bytes(v), Tree::Bytes(v) => v.clone());
leaf!(Array, "array", v => Tree::Array(v), Tree::Array(v) => v.clone());
leaf!(Table, "table", v => Tree::Table(v), Tree::Table(v) => v.clone());
leaf!(RefLeaf, "ref", v => Tree::Ref(Box::new(v)), Tree::Ref(v) => (**v).clone());
leaf!(Map, "map", v => Tree::Map(v), Tree::Map(v) => v.clone());
leaf!((), "null", _v => Tree::Null, Tree::Null => ());

/// Whole numbers: a value outside of the type's range is refused.
macro_rules! whole {
    ($value:ident => $into:expr; $($type:ty),*) => {$(
        impl IntoTree for $type {
            fn into_tree(self) -> Result<Tree> {
                let $value = self;
                // of 64 bits at most: none is outside of a tree's range
                Ok(Tree::Int($into))
            }
        }
        impl FromTree for $type {
            fn from_tree(node: &Node<'_>) -> Result<Self> {
                let wrong = || node.wrong(concat!("int of ", stringify!($type)));
                match node.tree().untagged() {
                    Tree::Int(i) => Self::try_from(*i).map_err(|e| wrong().caused_by(e)),
                    _ => Err(wrong()),
                }
            }
        }
    )*};
}

whole!(v => v.into(); i8, i16, i32, i64, u8, u16, u32, u64);
whole!(v => i128::try_from(v).unwrap_or_default(); usize, isize);

impl IntoTree for f64 {
    fn into_tree(self) -> Result<Tree> {
        Ok(Tree::Float(self))
    }
}

/// A whole number is taken where it is exact.
impl FromTree for f64 {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        match node.tree().untagged() {
            Tree::Float(x) => Ok(*x),
            Tree::Int(i) => i32::try_from(*i)
                .map(Self::from)
                .map_err(|e| node.wrong("float").caused_by(e)),
            _ => Err(node.wrong("float")),
        }
    }
}

impl IntoTree for f32 {
    fn into_tree(self) -> Result<Tree> {
        Ok(Tree::Float(self.into()))
    }
}

/// Rounded to the nearest.
impl FromTree for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        f64::from_tree(node).map(|x| x as Self)
    }
}

impl IntoTree for Tree {
    fn into_tree(self) -> Result<Tree> {
        Ok(self)
    }
}

impl FromTree for Tree {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        Ok(node.tree().clone())
    }
}

impl IntoTree for &str {
    fn into_tree(self) -> Result<Tree> {
        Ok(Tree::from(self))
    }
}

/// As text.
impl IntoTree for Uuid {
    fn into_tree(self) -> Result<Tree> {
        Ok(Tree::Str(self.to_string()))
    }
}

impl FromTree for Uuid {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        let text = node.tree().as_str().ok_or_else(|| node.wrong("a UUID"))?;
        text.parse().map_err(|e: uuid::Error| node.wrong("a UUID").caused_by(e))
    }
}

/// `None` is null, and the value of an absent key.
impl<T: IntoTree> IntoTree for Option<T> {
    fn into_tree(self) -> Result<Tree> {
        self.map_or(Ok(Tree::Null), IntoTree::into_tree)
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        match node.tree() {
            Tree::Null => Ok(None),
            _ => T::from_tree(node).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: IntoTree> IntoTree for Box<T> {
    fn into_tree(self) -> Result<Tree> {
        (*self).into_tree()
    }
}

impl<T: FromTree> FromTree for Box<T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        T::from_tree(node).map(Self::new)
    }
}

impl<T: IntoTree + Clone> IntoTree for Arc<T> {
    fn into_tree(self) -> Result<Tree> {
        Self::unwrap_or_clone(self).into_tree()
    }
}

impl<T: FromTree> FromTree for Arc<T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        T::from_tree(node).map(Self::new)
    }
}

impl<T: IntoTree> IntoTree for Vec<T> {
    fn into_tree(self) -> Result<Tree> {
        let items = self.into_iter().map(IntoTree::into_tree);
        Ok(Tree::List(items.collect::<Result<_>>()?))
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        (0..node.items()?.len()).map(|i| T::from_tree(&node.item(i)?)).collect()
    }
}

impl<T: IntoTree, const N: usize> IntoTree for [T; N] {
    fn into_tree(self) -> Result<Tree> {
        Vec::from(self).into_tree()
    }
}

impl<T: FromTree, const N: usize> FromTree for [T; N] {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        node.items_of(N)?;
        let items = Vec::<T>::from_tree(node)?;
        items.try_into().map_err(|_other_length| node.wrong("a list of another length"))
    }
}

impl<T: IntoTree> IntoTree for BTreeMap<String, T> {
    fn into_tree(self) -> Result<Tree> {
        let entries = self.into_iter().map(|(key, value)| Ok((key, value.into_tree()?)));
        Ok(Tree::Map(entries.collect::<Result<_>>()?))
    }
}

impl<T: FromTree> FromTree for BTreeMap<String, T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        let mut out = Self::new();
        node.entries(|key, node| {
            out.insert(key.to_owned(), T::from_tree(node)?);
            Ok(())
        })?;
        Ok(out)
    }
}

/// Sorted by key: the order of a hash map says nothing.
impl<T: IntoTree> IntoTree for HashMap<String, T> {
    fn into_tree(self) -> Result<Tree> {
        self.into_iter().collect::<BTreeMap<_, _>>().into_tree()
    }
}

impl<T: FromTree> FromTree for HashMap<String, T> {
    fn from_tree(node: &Node<'_>) -> Result<Self> {
        Ok(BTreeMap::from_tree(node)?.into_iter().collect())
    }
}

macro_rules! tuple {
    ($count:literal: $($name:ident $i:tt),*) => {
        impl<$($name: IntoTree),*> IntoTree for ($($name,)*) {
            fn into_tree(self) -> Result<Tree> {
                Ok(Tree::List(vec![$(self.$i.into_tree()?),*]))
            }
        }
        impl<$($name: FromTree),*> FromTree for ($($name,)*) {
            fn from_tree(node: &Node<'_>) -> Result<Self> {
                node.items_of($count)?;
                Ok(($($name::from_tree(&node.item($i)?)?,)*))
            }
        }
    };
}

tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
