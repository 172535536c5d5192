//! The universe itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use salver_core::{Error, ErrorKind, Op, Result};

use super::bits::Bits;
use super::parse;
use crate::{DimensionGroup, Element, ElementKind, Family, group, nearest};

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
    /// For each element, it and all that it requires and implies.
    closures: Vec<Bits>,
    /// In the order of the document; pixelisations last.
    spatial: Vec<Family>,
    temporal: Vec<Family>,
    /// Groups made so far, by the positions of their dimensions.
    groups: RwLock<HashMap<Bits, DimensionGroup>>,
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
        let by_name: HashMap<Arc<str>, usize> =
            by_name.map(|(i, e)| (Arc::clone(&e.name), i)).collect();
        let closures = closures(&parsed.elements, &by_name);
        Ok(Self(Arc::new(Inner {
            namespace: parsed.namespace,
            version: parsed.version,
            json: text.to_owned(),
            common_skypix: parsed.common_skypix,
            elements: parsed.elements,
            by_name,
            closures,
            spatial: parsed.spatial,
            temporal: parsed.temporal,
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

    /// Systems of pixels on the sky, with their levels, in the order of their names.
    #[must_use]
    pub fn skypix_systems(&self) -> Vec<(&str, Vec<u8>)> {
        let mut out: Vec<(&str, Vec<u8>)> = Vec::new();
        for (system, level) in self.0.elements.iter().filter_map(|e| e.skypix()) {
            match out.iter_mut().find(|(s, _)| *s == system) {
                Some((_, levels)) => levels.push(level),
                None => out.push((system, vec![level])),
            }
        }
        out
    }

    /// Families of elements with regions: those of the document by name, then one for each system
    /// of pixels, its highest level first.
    #[must_use]
    pub fn spatial_families(&self) -> &[Family] {
        &self.0.spatial
    }

    /// Families of elements with timespans, by name.
    #[must_use]
    pub fn temporal_families(&self) -> &[Family] {
        &self.0.temporal
    }

    /// The group of these dimensions and all that they require and imply. Groups are made once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a name that is no dimension, with the nearest one.
    pub fn group<S: AsRef<str>>(
        &self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<DimensionGroup> {
        let mut members = Bits::new(self.0.elements.len());
        for name in names {
            let name = name.as_ref();
            let found = self.dimension(name).ok_or_else(|| self.unknown(name))?;
            self.add(&mut members, found.position);
        }
        Ok(self.interned(members))
    }

    /// The group without dimensions.
    #[must_use]
    pub fn empty_group(&self) -> DimensionGroup {
        self.interned(Bits::new(self.0.elements.len()))
    }

    /// The smallest group that holds both.
    #[must_use]
    pub fn union(&self, a: &DimensionGroup, b: &DimensionGroup) -> DimensionGroup {
        let mut members = Bits::new(self.0.elements.len());
        for name in a.names().iter().chain(b.names()) {
            if let Some(&at) = self.0.by_name.get(name) {
                self.add(&mut members, at);
            }
        }
        self.interned(members)
    }

    /// The largest group that is in both.
    #[must_use]
    pub fn intersection(&self, a: &DimensionGroup, b: &DimensionGroup) -> DimensionGroup {
        let mut members = Bits::new(self.0.elements.len());
        for name in a.names().iter().filter(|n| b.contains(n)) {
            if let Some(&at) = self.0.by_name.get(name) {
                self.add(&mut members, at);
            }
        }
        self.interned(members)
    }

    fn add(&self, members: &mut Bits, at: usize) {
        if let Some(closure) = self.0.closures.get(at) {
            members.add(closure);
        }
    }

    fn interned(&self, members: Bits) -> DimensionGroup {
        let known = self.0.groups.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = known.get(&members) {
            return group.clone();
        }
        drop(known);
        let made = self.make_group(&members);
        let mut known = self.0.groups.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(members).or_insert(made).clone()
    }

    fn make_group(&self, members: &Bits) -> DimensionGroup {
        let members: Vec<&Arc<Element>> =
            members.iter().filter_map(|i| self.0.elements.get(i)).collect();
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
        let elements: Vec<Arc<Element>> =
            self.0.elements.iter().filter(|e| inside(e)).map(Arc::clone).collect();
        DimensionGroup(Arc::new(group::Inner {
            universe: (Arc::clone(&self.0.namespace), self.0.version),
            required: name_of(&required),
            implied: name_of(&implied),
            keys: name_of(&required).into_iter().chain(name_of(&implied)).collect(),
            names,
            key_elements,
            spatial: preferred(&self.0.spatial, &elements),
            temporal: preferred(&self.0.temporal, &elements),
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

/// For each element, it and all that it requires and implies, directly or not. Elements come after
/// what they depend on.
fn closures(elements: &[Arc<Element>], by_name: &HashMap<Arc<str>, usize>) -> Vec<Bits> {
    let mut out: Vec<Bits> = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let mut closure = Bits::new(elements.len());
        closure.insert(at);
        for name in element.required.iter().chain(&element.implied) {
            if let Some(of) = by_name.get(name).and_then(|&i| out.get(i)) {
                closure.add(of);
            }
        }
        out.push(closure);
    }
    out
}

/// The first member of each family that is among `elements`, in universe order.
fn preferred(families: &[Family], elements: &[Arc<Element>]) -> Vec<Arc<Element>> {
    let first = |family: &Family| {
        let mut members = family.members.iter();
        members.find_map(|m| elements.iter().find(|e| e.name == *m)).map(Arc::clone)
    };
    let mut out: Vec<Arc<Element>> = families.iter().filter_map(first).collect();
    out.sort_by_key(|e| e.position);
    out
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
