//! Sets of dimensions, closed under what they require and imply.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use salver_core::{Op, Result};
use serde_json::Value as Json;

use crate::json::{kind, wrong};
use crate::{Element, Universe};

/// A set of dimensions, closed under "requires" and "implies" (Gen3 format §6.1).
///
/// Cheap to clone. Two groups are equal when they have the same names in the same universe.
#[derive(Clone)]
pub struct DimensionGroup(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) universe: (Arc<str>, u32),
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) required: Vec<Arc<str>>,
    pub(crate) implied: Vec<Arc<str>>,
    /// Required, then implied.
    pub(crate) keys: Vec<Arc<str>>,
    /// The dimensions of `keys`, in that order.
    pub(crate) key_elements: Vec<Arc<Element>>,
    pub(crate) elements: Vec<Arc<Element>>,
    /// The preferred member of each spatial family.
    pub(crate) spatial: Vec<Arc<Element>>,
    /// The preferred member of each temporal family.
    pub(crate) temporal: Vec<Arc<Element>>,
}

impl DimensionGroup {
    /// Names in universe order.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.0.names
    }

    /// Names of the required dimensions, in universe order: a data ID needs values for these.
    #[must_use]
    pub fn required(&self) -> &[Arc<str>] {
        &self.0.required
    }

    /// Names of the dimensions that records of others fix, in universe order.
    #[must_use]
    pub fn implied(&self) -> &[Arc<str>] {
        &self.0.implied
    }

    /// Key order of data IDs: required, then implied.
    #[must_use]
    pub fn data_coordinate_keys(&self) -> &[Arc<str>] {
        &self.0.keys
    }

    /// The dimensions of [`DimensionGroup::data_coordinate_keys`], in that order.
    #[must_use]
    pub fn key_elements(&self) -> &[Arc<Element>] {
        &self.0.key_elements
    }

    /// Dimensions, and join relations whose dimensions are all here, in universe order.
    #[must_use]
    pub fn elements(&self) -> &[Arc<Element>] {
        &self.0.elements
    }

    /// Whether it has no dimension.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.names.is_empty()
    }

    /// Whether a dimension is in the group.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.names.iter().any(|n| &**n == name)
    }

    /// Whether all its dimensions are in `other`.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.names.iter().all(|n| other.contains(n))
    }

    /// Governor dimensions, in universe order.
    pub fn governors(&self) -> impl Iterator<Item = &Arc<Element>> {
        self.0.elements.iter().filter(|e| e.is_governor())
    }

    /// Skypix dimensions, in universe order.
    pub fn skypix(&self) -> impl Iterator<Item = &Arc<Element>> {
        self.0.elements.iter().filter(|e| e.skypix().is_some())
    }

    /// The preferred element of each spatial family that is present, in universe order: their
    /// regions together are where a data ID is.
    #[must_use]
    pub fn spatial(&self) -> &[Arc<Element>] {
        &self.0.spatial
    }

    /// The preferred element of each temporal family that is present, in universe order.
    #[must_use]
    pub fn temporal(&self) -> &[Arc<Element>] {
        &self.0.temporal
    }

    /// Position of a dimension in [`DimensionGroup::data_coordinate_keys`].
    #[must_use]
    pub fn key_position(&self, name: &str) -> Option<usize> {
        self.0.keys.iter().position(|k| &**k == name)
    }

    /// Gen3's JSON form (§15.6): the list of all names.
    #[must_use]
    pub fn to_json(&self) -> Json {
        self.0.names.iter().map(|n| Json::from(&**n)).collect()
    }

    /// Reads a JSON list of names, or Gen3's older `{"names": […]}`; what they require and imply is
    /// added.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure or a name that is no dimension.
    pub fn from_json(value: &Json, universe: &Universe) -> Result<Self> {
        let list = value.get("names").unwrap_or(value).as_array();
        let names: Option<Vec<&str>> =
            list.and_then(|l| l.iter().map(Json::as_str).collect());
        let names = names.ok_or_else(|| {
            wrong(Op("dimension_group"), "expected a list of dimension names")
                .with("found", kind(value))
        })?;
        universe.group(names)
    }

    /// Namespace and version of the universe.
    #[must_use]
    pub fn universe(&self) -> (&str, u32) {
        (&self.0.universe.0, self.0.universe.1)
    }
}

impl PartialEq for DimensionGroup {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.universe == other.0.universe && self.0.names == other.0.names)
    }
}

impl Eq for DimensionGroup {}

impl Hash for DimensionGroup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.names.hash(state);
    }
}

impl fmt::Display for DimensionGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.names.join(", "))
    }
}

impl fmt::Debug for DimensionGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DimensionGroup{self}")
    }
}
