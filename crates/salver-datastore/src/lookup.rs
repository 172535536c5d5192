//! Which entry of a configuration section a dataset gets: one rule for templates, formatters,
//! composites and constraints.
//!
//! Source: Gen3 format §9.2 (docs/spec/gen3.md). The names tried, in this order: the dataset type
//! (with its component), the parent type of a component, the set of dimensions (written `a+b+c`),
//! the storage class and those it inherits from, the parent's storage class likewise. All of them
//! are tried first in the section `instrument<NAME>` of the dataset's instrument.

use std::borrow::Cow;
use std::collections::BTreeMap;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DatasetType, DimensionGroup, StorageClasses, Universe};
use serde_json::{Map, Value as Json};

/// The names under which a dataset type's entries are looked up, best first.
#[derive(Debug, Clone)]
pub struct LookupKeys<'a> {
    /// Dataset type, with its component, and its parent's.
    types: Vec<&'a str>,
    dimensions: &'a DimensionGroup,
    classes: Vec<Cow<'a, str>>,
    instrument: Option<&'a str>,
}

impl<'a> LookupKeys<'a> {
    /// The keys of a dataset type (of a component, or not), for datasets of an instrument.
    ///
    /// A storage class that is not defined counts by its name alone.
    #[must_use]
    pub fn new(
        dataset_type: &'a DatasetType,
        classes: &StorageClasses,
        instrument: Option<&'a str>,
    ) -> Self {
        let mut types = vec![dataset_type.name()];
        if dataset_type.component().is_some() {
            types.push(dataset_type.parent_name());
        }
        let mut names = Vec::new();
        let own = Some(dataset_type.storage_class());
        for class in own.into_iter().chain(dataset_type.parent_storage_class()) {
            match classes.get(class) {
                Ok(class) => names.extend(class.lineage.iter().cloned().map(Cow::Owned)),
                Err(_) => names.push(Cow::Borrowed(class)),
            }
        }
        Self { types, dimensions: dataset_type.dimensions(), classes: names, instrument }
    }

    /// The first answer, in the order of the rule.
    fn first<T>(
        &self,
        by_name: impl Fn(&str) -> Option<T>,
        by_dimensions: impl FnOnce(&DimensionGroup) -> Option<T>,
    ) -> Option<T> {
        let types = self.types.iter().find_map(|n| by_name(n));
        let dimensions = || by_dimensions(self.dimensions);
        types
            .or_else(|| if self.dimensions.is_empty() { None } else { dimensions() })
            .or_else(|| self.classes.iter().find_map(|n| by_name(n)))
    }
}

/// The entries of one level: the whole section, or the part for one instrument.
#[derive(Debug, Clone)]
struct Level<T> {
    by_name: BTreeMap<String, T>,
    by_dimensions: Vec<(DimensionGroup, T)>,
}

impl<T> Level<T> {
    fn find(&self, keys: &LookupKeys<'_>) -> Option<&T> {
        keys.first(
            |name| self.by_name.get(name),
            |group| self.by_dimensions.iter().find(|(g, _)| g == group).map(|(_, v)| v),
        )
    }
}

/// A section of the configuration whose keys follow the lookup rule.
#[derive(Debug, Clone)]
pub struct Section<T> {
    all: Level<T>,
    instruments: BTreeMap<String, Level<T>>,
    default: Option<T>,
}

impl<T> Section<T> {
    /// Reads a section; `read` makes an entry of a key's value, or `None` to leave it out.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn parse(
        section: &Map<String, Json>,
        universe: &Universe,
        mut read: impl FnMut(&str, &Json) -> Result<Option<T>>,
    ) -> Result<Self> {
        let mut out =
            Self { all: Level::default(), instruments: BTreeMap::new(), default: None };
        for (key, value) in section {
            if key == "default" {
                out.default = read(key, value)?;
            } else if let (Some(name), Json::Object(inner)) = (instrument_of(key), value)
            {
                let level = out.instruments.entry(name.to_owned()).or_default();
                for (key, value) in inner {
                    level.add(universe, key, read(key, value)?);
                }
            } else {
                let entry = read(key, value)?;
                out.all.add(universe, key, entry);
            }
        }
        Ok(out)
    }

    /// The entry of a dataset; not the default.
    #[must_use]
    pub fn find(&self, keys: &LookupKeys<'_>) -> Option<&T> {
        let restricted = keys.instrument.and_then(|i| self.instruments.get(i));
        restricted.and_then(|level| level.find(keys)).or_else(|| self.all.find(keys))
    }

    /// Whether there are entries for one instrument alone.
    #[must_use]
    pub fn names_instrument(&self, instrument: &str) -> bool {
        self.instruments.contains_key(instrument)
    }

    /// The entry `default`.
    #[must_use]
    pub fn default_entry(&self) -> Option<&T> {
        self.default.as_ref()
    }

    /// The entry of a dataset, else the default.
    #[must_use]
    pub fn get(&self, keys: &LookupKeys<'_>) -> Option<&T> {
        self.find(keys).or(self.default.as_ref())
    }
}

impl<T> Default for Level<T> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), by_dimensions: Vec::new() }
    }
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Self { all: Level::default(), instruments: BTreeMap::new(), default: None }
    }
}

impl<T> Level<T> {
    fn add(&mut self, universe: &Universe, key: &str, entry: Option<T>) {
        let Some(entry) = entry else { return };
        match dimensions_of(universe, key) {
            Some(group) => self.by_dimensions.push((group, entry)),
            None => {
                self.by_name.insert(key.to_owned(), entry);
            }
        }
    }
}

/// `CamA` of `instrument<CamA>`.
fn instrument_of(key: &str) -> Option<&str> {
    key.strip_prefix("instrument<")?.strip_suffix('>')
}

/// The group of a key `a+b+c`, where all its names are dimensions (`a+` is the group of `a`).
fn dimensions_of(universe: &Universe, key: &str) -> Option<DimensionGroup> {
    if !key.contains('+') {
        return None;
    }
    let names: Vec<&str> = key.split('+').filter(|n| !n.is_empty()).collect();
    if names.iter().any(|n| universe.dimension(n).is_none()) {
        return None;
    }
    universe.group(names).ok()
}

/// What a datastore takes: `constraints: {accept: […], reject: […]}`.
///
/// Source: Gen3 format §9.10 (docs/spec/gen3.md). An entry that names the dataset wins over
/// `all`, accepting over rejecting; of `all` in both lists (once for an instrument) rejecting wins;
/// without any entry that fits, a datastore with a list of what it accepts takes nothing else.
#[derive(Debug, Clone, Default)]
pub struct Constraints {
    accept: Option<Section<()>>,
    reject: Option<Section<()>>,
}

impl Constraints {
    /// Reads the section; a list item is a name or `instrument<NAME>: [names]`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where `all` is accepted and rejected.
    pub fn parse(section: &Json, universe: &Universe) -> Result<Self> {
        let list = |key: &str| -> Result<Option<Section<()>>> {
            let Some(Json::Array(items)) = section.get(key) else { return Ok(None) };
            let map = as_map(items);
            if map.is_empty() {
                return Ok(None);
            }
            Section::parse(&map, universe, |_, _| Ok(Some(()))).map(Some)
        };
        let (accept, reject) = (list("accept")?, list("reject")?);
        let all = |s: &Option<Section<()>>| {
            s.as_ref().is_some_and(|s| s.all.by_name.contains_key("all"))
        };
        if all(&accept) && all(&reject) {
            let message = "constraints cannot both accept and reject `all`";
            let op = Op("datastore.constraints");
            return Err(Error::new(ErrorKind::Config, op, message));
        }
        Ok(Self { accept, reject })
    }

    /// Whether there are entries for one instrument alone.
    #[must_use]
    pub fn names_instrument(&self, instrument: &str) -> bool {
        let named = |s: &Section<()>| s.names_instrument(instrument);
        self.accept.iter().chain(&self.reject).any(named)
    }

    /// Whether datasets with these keys are taken.
    #[must_use]
    pub fn accepts(&self, keys: &LookupKeys<'_>) -> bool {
        let named =
            |s: &Option<Section<()>>| s.as_ref().is_some_and(|s| s.find(keys).is_some());
        let all = |s: &Option<Section<()>>| {
            s.as_ref().is_some_and(|s| {
                let restricted = keys.instrument.and_then(|i| s.instruments.get(i));
                let in_level = |l: &Level<()>| l.by_name.contains_key("all");
                restricted.is_some_and(in_level) || in_level(&s.all)
            })
        };
        if named(&self.accept) {
            return true;
        }
        if named(&self.reject) {
            return false;
        }
        if all(&self.reject) {
            return false;
        }
        all(&self.accept) || self.accept.is_none()
    }
}

/// List items as the keys of a mapping.
fn as_map(items: &[Json]) -> Map<String, Json> {
    let mut out = Map::new();
    for item in items {
        match item {
            Json::String(name) => {
                out.insert(name.clone(), Json::Null);
            }
            Json::Object(map) => {
                for (key, value) in map {
                    let inner = value.as_array().map(|a| as_map(a)).unwrap_or_default();
                    out.insert(key.clone(), Json::Object(inner));
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn universe() -> Universe {
        Universe::default_v8()
    }

    fn section(json: &Json) -> Section<String> {
        let read = |_: &str, v: &Json| Ok(v.as_str().map(str::to_owned));
        Section::parse(json.as_object().unwrap(), &universe(), read).unwrap()
    }

    fn exposure_type() -> DatasetType {
        let group = universe().group(["visit", "detector"]).unwrap();
        DatasetType::new("calexp", group, "ExposureF").unwrap()
    }

    /// What is found, taking away one entry after the other.
    fn order(mut config: Json, dataset_type: &DatasetType) -> Vec<String> {
        let classes = StorageClasses::default();
        let keys = LookupKeys::new(dataset_type, &classes, Some("CamA"));
        let mut out = Vec::new();
        while let Some(found) = section(&config).get(&keys).cloned() {
            let remove = |map: &mut Map<String, Json>| map.retain(|_, v| *v != *found);
            let map = config.as_object_mut().unwrap();
            remove(map);
            map.values_mut().filter_map(Json::as_object_mut).for_each(remove);
            out.push(found);
        }
        out
    }

    #[test]
    fn the_order_is_the_documented_one() {
        let config = json!({
            "default": "default", "Exposure": "parent class", "ExposureF": "class",
            "detector+visit": "dimensions", "calexp": "type", "visit+detector+nothing": "no",
            "instrument<CamA>": {"ExposureF": "CamA class", "calexp": "CamA type"},
            "instrument<CamB>": {"calexp": "no"}, "visit": "no"});
        let expected = [
            "CamA type",
            "CamA class",
            "type",
            "dimensions",
            "class",
            "parent class",
            "default",
        ];
        assert_eq!(order(config, &exposure_type()), expected);
    }

    #[test]
    fn a_component_falls_back_to_its_parent() {
        let classes = StorageClasses::default();
        let wcs = exposure_type().component_type("wcs", &classes).unwrap();
        let config = json!({"Exposure": "parent's parent class", "ExposureF": "parent's class",
            "Wcs": "class", "visit+detector": "dimensions", "calexp": "parent",
            "calexp.wcs": "component"});
        let expected = [
            "component",
            "parent",
            "dimensions",
            "class",
            "parent's class",
            "parent's parent class",
        ];
        assert_eq!(order(config, &wcs), expected);
    }

    #[test]
    fn no_dimensions_match_no_group() {
        let group = universe().empty_group();
        let plain = DatasetType::new("count", group, "int").unwrap();
        assert_eq!(order(json!({"+": "empty", "int": "class"}), &plain), ["class"]);
    }

    #[test]
    fn constraints_answer_as_the_reference() {
        let classes = StorageClasses::default();
        let group = universe().group(["visit", "detector"]).unwrap();
        let stats = DatasetType::new("stats", group, "StructuredDataDict").unwrap();
        let keys = LookupKeys::new(&stats, &classes, Some("CamA"));
        let text = include_str!("../../../testdata/gen3/constraints.json");
        let rows: Vec<(Json, Option<bool>)> = serde_json::from_str(text).unwrap();
        assert_eq!(rows.len(), 144);
        for (config, expected) in rows {
            let ours = Constraints::parse(&config, &universe());
            let ours = ours.ok().map(|c| c.accepts(&keys));
            assert_eq!(ours, expected, "{config}");
        }
    }
}
