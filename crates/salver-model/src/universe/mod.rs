//! The versioned set of all dimensions of a repository.

mod parse;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use salver_core::{Error, ErrorKind, Op, Result};

use crate::{DimensionGroup, Element, ElementKind, group, nearest};

const V8_TEXT: &str = include_str!("../../data/dimensions-v8.json");

/// The versioned set of all dimensions of a repository. Cheap to clone.
#[derive(Clone)]
pub struct Universe(Arc<Inner>);

struct Inner {
    namespace: Arc<str>,
    version: u32,
    json: String,
    common_skypix: Arc<str>,
    /// In universe order.
    elements: Vec<Arc<Element>>,
    by_name: HashMap<Arc<str>, usize>,
    /// Groups made so far, by the positions of their dimensions.
    groups: RwLock<HashMap<Vec<usize>, DimensionGroup>>,
}

impl Universe {
    /// The universe that new repositories get: namespace `daf_butler`, version 8.
    ///
    /// # Panics
    /// Never: the shipped document is a constant that a test reads.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the shipped document is a constant that a test reads"
    )]
    pub fn default_v8() -> Self {
        static V8: OnceLock<Universe> = OnceLock::new();
        V8.get_or_init(|| Self::parse(V8_TEXT).expect("the shipped universe is right"))
            .clone()
    }

    /// Reads the document that a repository stores under `config:dimensions.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it is not JSON or not of the expected structure, with the place.
    pub fn from_json(text: &str) -> Result<Self> {
        if text == V8_TEXT { Ok(Self::default_v8()) } else { Self::parse(text) }
    }

    fn parse(text: &str) -> Result<Self> {
        let parsed = parse::document(text)?;
        let by_name = parsed.elements.iter().enumerate();
        let by_name = by_name.map(|(i, e)| (Arc::clone(&e.name), i)).collect();
        Ok(Self(Arc::new(Inner {
            namespace: parsed.namespace,
            version: parsed.version,
            json: text.to_owned(),
            common_skypix: parsed.common_skypix,
            elements: parsed.elements,
            by_name,
            groups: RwLock::default(),
        })))
    }

    /// The namespace, `daf_butler` for Rubin's.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The version in the namespace.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.0.version
    }

    /// The document that it was read from, unchanged.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0.json
    }

    /// The skypix dimension whose overlaps the registry keeps: `htm7`.
    #[must_use]
    pub fn common_skypix(&self) -> &str {
        &self.0.common_skypix
    }

    /// All elements in universe order.
    #[must_use]
    pub fn elements(&self) -> &[Arc<Element>] {
        &self.0.elements
    }

    /// All dimensions in universe order.
    pub fn dimensions(&self) -> impl Iterator<Item = &Arc<Element>> {
        self.0.elements.iter().filter(|e| e.is_dimension())
    }

    /// Governor dimensions in universe order.
    pub fn governors(&self) -> impl Iterator<Item = &Arc<Element>> {
        self.0.elements.iter().filter(|e| e.is_governor())
    }

    /// The element of this name.
    #[must_use]
    pub fn element(&self, name: &str) -> Option<&Arc<Element>> {
        self.0.by_name.get(name).and_then(|&i| self.0.elements.get(i))
    }

    /// The element of this name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where there is none, with the nearest name.
    pub fn require(&self, name: &str) -> Result<&Arc<Element>> {
        self.element(name).ok_or_else(|| self.unknown(name))
    }

    /// The dimension of this name.
    #[must_use]
    pub fn dimension(&self, name: &str) -> Option<&Arc<Element>> {
        self.element(name).filter(|e| e.is_dimension())
    }

    /// The group of these dimensions and all that they require and imply.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a name that is no dimension, with the nearest one.
    pub fn group<S: AsRef<str>>(
        &self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<DimensionGroup> {
        let mut open = Vec::new();
        for name in names {
            let name = name.as_ref();
            let found = self.dimension(name).ok_or_else(|| self.unknown(name))?;
            open.push(found.position);
        }
        Ok(self.closed(open))
    }

    /// The group without dimensions.
    #[must_use]
    pub fn empty_group(&self) -> DimensionGroup {
        self.closed(Vec::new())
    }

    /// The smallest group that holds both.
    #[must_use]
    pub fn union(&self, a: &DimensionGroup, b: &DimensionGroup) -> DimensionGroup {
        let both = a.names().iter().chain(b.names());
        self.closed(both.filter_map(|n| self.0.by_name.get(n).copied()).collect())
    }

    fn closed(&self, mut open: Vec<usize>) -> DimensionGroup {
        let mut closed = BTreeSet::new();
        while let Some(at) = open.pop() {
            if closed.insert(at)
                && let Some(element) = self.0.elements.get(at)
            {
                let next = element.required.iter().chain(&element.implied);
                open.extend(next.filter_map(|n| self.0.by_name.get(n)));
            }
        }
        let key: Vec<usize> = closed.into_iter().collect();
        let known = self.0.groups.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = known.get(&key) {
            return group.clone();
        }
        drop(known);
        let made = self.make_group(&key);
        let mut known = self.0.groups.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(made).clone()
    }

    fn make_group(&self, positions: &[usize]) -> DimensionGroup {
        let members: Vec<&Arc<Element>> =
            positions.iter().filter_map(|&i| self.0.elements.get(i)).collect();
        let names: Vec<Arc<str>> = members.iter().map(|e| Arc::clone(&e.name)).collect();
        let is_implied =
            |e: &Element| members.iter().any(|m| m.implied.contains(&e.name));
        let (implied, required): (Vec<&Arc<Element>>, Vec<&Arc<Element>>) =
            members.iter().copied().partition(|e| is_implied(e));
        let name_of = |list: &[&Arc<Element>]| -> Vec<Arc<str>> {
            list.iter().map(|e| Arc::clone(&e.name)).collect()
        };
        let inside = |e: &Element| match e.kind {
            ElementKind::Join => e.required.iter().all(|r| names.contains(r)),
            _ => names.contains(&e.name),
        };
        let key_elements =
            required.iter().chain(&implied).map(|e| Arc::clone(e)).collect();
        let elements =
            self.0.elements.iter().filter(|e| inside(e)).map(Arc::clone).collect();
        DimensionGroup(Arc::new(group::Inner {
            universe: (Arc::clone(&self.0.namespace), self.0.version),
            required: name_of(&required),
            implied: name_of(&implied),
            keys: name_of(&required).into_iter().chain(name_of(&implied)).collect(),
            names,
            key_elements,
            elements,
        }))
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::new(
            ErrorKind::InvalidInput,
            Op("universe.dimension"),
            "unknown dimension",
        )
        .with("name", name)
        .with("universe", format_args!("{} {}", self.namespace(), self.version()))
        .code_of("dimension_name");
        if let Some(near) = nearest(name, self.0.elements.iter().map(|e| &*e.name)) {
            return error.hint(format!("did you mean `{near}`?"));
        }
        let plain = self.0.elements.iter().filter(|e| e.skypix().is_none());
        let list: Vec<&str> = plain.map(|e| &*e.name).collect();
        error.hint(format!("there are: {}", list.join(", ")))
    }
}

impl fmt::Debug for Universe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Universe({} {})", self.namespace(), self.version())
    }
}

impl PartialEq for Universe {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.namespace == other.0.namespace
                && self.0.version == other.0.version)
    }
}

impl Eq for Universe {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[Arc<str>]) -> Vec<&str> {
        list.iter().map(|n| &**n).collect()
    }

    #[test]
    fn universe_order_is_by_generation_then_name() {
        let universe = Universe::default_v8();
        let order: Vec<&str> = universe.elements().iter().map(|e| &**e.name()).collect();
        let tail = &order[44 + 1..];
        assert_eq!(order.first(), Some(&"band"));
        assert_eq!(order.get(1..3), Some(&["healpix1", "healpix2"][..]));
        let ends = [
            "day_obs",
            "detector",
            "group",
            "physical_filter",
            "ssp_balanced_index",
            "ssp_hypothesis_bundle",
            "subfilter",
            "tract",
            "visit_system",
            "exposure",
            "patch",
            "visit",
            "visit_definition",
            "visit_detector_region",
            "visit_system_membership",
        ];
        assert_eq!(tail, ends);
    }

    #[test]
    fn groups_follow_the_rules_of_the_format() {
        let universe = Universe::default_v8();
        let group = universe.group(["visit", "detector"]).unwrap();
        assert_eq!(names(group.required()), ["instrument", "detector", "visit"]);
        assert_eq!(names(group.implied()), ["band", "day_obs", "physical_filter"]);
        let elements: Vec<&str> = group.elements().iter().map(|e| &**e.name()).collect();
        assert!(elements.contains(&"visit_detector_region"));
        let group = universe.group(["subfilter", "visit"]).unwrap();
        assert_eq!(names(group.required()), ["instrument", "subfilter", "visit"]);
        let group = universe.group(["band", "patch"]).unwrap();
        assert_eq!(names(group.required()), ["band", "skymap", "tract", "patch"]);
    }

    #[test]
    fn groups_are_interned() {
        let universe = Universe::default_v8();
        let a = universe.group(["visit"]).unwrap();
        let b = universe.group(["instrument", "visit"]).unwrap();
        assert!(Arc::ptr_eq(&a.0, &b.0));
    }

    #[test]
    fn a_slip_in_a_name_is_answered_with_the_name_meant() {
        let error = Universe::default_v8().group(["detectr"]).unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean `detector`?"));
    }

    #[test]
    fn table_columns_are_in_the_order_of_the_format() {
        let universe = Universe::default_v8();
        let visit = universe.element("visit").unwrap();
        let columns: Vec<&str> = visit.table_columns().iter().map(|c| &*c.name).collect();
        assert_eq!(
            columns,
            [
                "instrument",
                "id",
                "day_obs",
                "physical_filter",
                "name",
                "seq_num",
                "exposure_time",
                "target_name",
                "observation_reason",
                "science_program",
                "azimuth",
                "zenith_angle",
                "region",
                "timespan"
            ]
        );
        assert!(!universe.element("band").unwrap().has_table());
        assert!(
            universe.element("patch").unwrap().table_columns()[3..5]
                .iter()
                .all(|c| !c.nullable)
        );
    }
}
