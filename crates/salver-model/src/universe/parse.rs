//! From the JSON document to elements in universe order.
//!
//! Source: Gen3 format §6 (docs/spec/gen3.md). Old documents say what an element is by historical
//! class names under `storage`; newer ones by keys of their own; both are accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use serde::Deserialize;

use crate::{Column, ColumnType, Element, ElementKind};

/// What a document says.
pub(super) struct Parsed {
    pub(super) namespace: Arc<str>,
    pub(super) version: u32,
    pub(super) common_skypix: Arc<str>,
    pub(super) elements: Vec<Arc<Element>>,
}

#[derive(Deserialize)]
struct Document {
    version: u32,
    #[serde(default)]
    namespace: Option<String>,
    skypix: BTreeMap<String, serde_json::Value>,
    elements: BTreeMap<String, Spec>,
    #[serde(default)]
    topology: Topology,
}

#[derive(Deserialize, Default)]
struct Topology {
    #[serde(default)]
    spatial: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    temporal: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
struct Spec {
    #[serde(default)]
    doc: String,
    #[serde(default)]
    keys: Vec<ColumnSpec>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    implies: Vec<String>,
    #[serde(default)]
    metadata: Vec<ColumnSpec>,
    #[serde(default)]
    governor: bool,
    #[serde(default)]
    is_cached: bool,
    #[serde(default)]
    implied_union_target: Option<String>,
    #[serde(default)]
    always_join: bool,
    #[serde(default)]
    populated_by: Option<String>,
    #[serde(default)]
    storage: Storage,
}

#[derive(Deserialize, Default)]
struct Storage {
    #[serde(default)]
    cls: String,
    #[serde(default)]
    view_of: Option<String>,
    #[serde(default)]
    nested: Option<Box<Self>>,
}

#[derive(Deserialize)]
struct ColumnSpec {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    length: Option<u32>,
    #[serde(default)]
    nbytes: Option<u32>,
    #[serde(default)]
    nullable: Option<bool>,
}

/// Levels that a pixelisation may have: what fits in a 64-bit index.
const MAX_LEVEL: u64 = 29;

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Op("universe.parse"), message)
}

/// Reads a document.
pub(super) fn document(text: &str) -> Result<Parsed> {
    let mut document: Document = serde_json::from_str(text).map_err(|e| {
        wrong("the dimension universe is not what it should be").caused_by(e)
    })?;
    let namespace = document.namespace.take().unwrap_or_else(|| "daf_butler".to_owned());
    let common = document.skypix.get("common").and_then(|v| v.as_str()).unwrap_or("htm7");
    let common_skypix = Arc::from(common);
    let mut elements: BTreeMap<String, Element> = BTreeMap::new();
    for (name, spec) in &document.elements {
        elements.insert(name.clone(), element(name, spec, &document)?);
    }
    for element in skypix(&document.skypix)? {
        elements.insert(element.name.to_string(), element);
    }
    let order = order(&document.elements, &elements)?;
    let elements = finish(elements, &order)?;
    Ok(Parsed {
        namespace: Arc::from(namespace),
        version: document.version,
        common_skypix,
        elements,
    })
}

fn column(spec: &ColumnSpec, element: &str) -> Result<Column> {
    let kind = match spec.kind.as_str() {
        "int" => ColumnType::Int,
        "string" => ColumnType::Str(spec.length),
        "float" => ColumnType::Float,
        "bool" => ColumnType::Bool,
        "hash" => ColumnType::Hash(spec.nbytes),
        other => {
            let error = wrong("unknown column type").with("element", element);
            return Err(error.with("column", &spec.name).with("type", other));
        }
    };
    let nullable = spec.nullable.unwrap_or(true);
    Ok(Column { name: Arc::from(spec.name.as_str()), kind, nullable, dimension: None })
}

/// An element with its direct relations; [`finish`] closes and orders them.
fn element(name: &str, spec: &Spec, document: &Document) -> Result<Element> {
    let columns = |list: &[ColumnSpec]| -> Result<Vec<Column>> {
        list.iter().map(|c| column(c, name)).collect()
    };
    let mut keys = columns(&spec.keys)?;
    let key = (!keys.is_empty()).then(|| Column {
        nullable: false,
        dimension: Some(Arc::from(name)),
        ..keys.remove(0)
    });
    let governor = spec.governor || spec.storage.cls.contains("governor");
    let kind = match (&key, governor) {
        (None, _) => ElementKind::Join,
        (_, true) => ElementKind::Governor,
        _ => ElementKind::Database,
    };
    let family = |families: &BTreeMap<String, Vec<String>>| {
        let found =
            families.iter().find(|(_, members)| members.iter().any(|m| m == name));
        found.map(|(f, _)| Arc::from(f.as_str()))
    };
    let nested = spec.storage.nested.as_deref();
    let view_of =
        nested.and_then(|n| n.view_of.as_deref()).or(spec.storage.view_of.as_deref());
    Ok(Element {
        name: Arc::from(name),
        cached: spec.is_cached || governor || spec.storage.cls.contains("caching"),
        kind,
        position: 0,
        key,
        required: names(&spec.requires),
        implied: names(&spec.implies),
        alternate_keys: keys,
        metadata: columns(&spec.metadata)?,
        spatial: family(&document.topology.spatial),
        temporal: family(&document.topology.temporal),
        union_of: spec.implied_union_target.as_deref().or(view_of).map(Arc::from),
        populated_by: spec.populated_by.as_deref().map(Arc::from),
        always_join: spec.always_join,
        governor: None,
        columns: Vec::new(),
        doc: Arc::from(spec.doc.trim()),
    })
}

fn names(list: &[String]) -> Vec<Arc<str>> {
    list.iter().map(|n| Arc::from(n.as_str())).collect()
}

/// One dimension for each level of each pixelisation; level 0 is none.
fn skypix(spec: &BTreeMap<String, serde_json::Value>) -> Result<Vec<Element>> {
    let mut out = Vec::new();
    for (system, spec) in spec.iter().filter(|(name, _)| *name != "common") {
        let max = spec
            .get("max_level")
            .and_then(serde_json::Value::as_u64)
            .unwrap_or(MAX_LEVEL);
        if max > MAX_LEVEL {
            return Err(wrong("a skypix level too high")
                .with("system", system)
                .with("level", max));
        }
        for level in 1..=u8::try_from(max).unwrap_or(0) {
            let name: Arc<str> = Arc::from(format!("{system}{level}"));
            let key = Column {
                name: Arc::from("id"),
                kind: ColumnType::Int,
                nullable: false,
                dimension: Some(Arc::clone(&name)),
            };
            let element = Element {
                kind: ElementKind::Skypix { system: Arc::from(system.as_str()), level },
                key: Some(key),
                spatial: Some(Arc::from(system.as_str())),
                doc: Arc::from(""),
                ..blank(name)
            };
            out.push(element);
        }
    }
    Ok(out)
}

fn blank(name: Arc<str>) -> Element {
    Element {
        name,
        kind: ElementKind::Join,
        position: 0,
        key: None,
        required: Vec::new(),
        implied: Vec::new(),
        alternate_keys: Vec::new(),
        metadata: Vec::new(),
        spatial: None,
        temporal: None,
        cached: false,
        union_of: None,
        populated_by: None,
        always_join: false,
        governor: None,
        columns: Vec::new(),
        doc: Arc::from(""),
    }
}

/// Universe order: by generation, then by name; levels of a pixelisation by number.
fn order(
    specs: &BTreeMap<String, Spec>,
    elements: &BTreeMap<String, Element>,
) -> Result<Vec<String>> {
    let mut left: BTreeSet<&String> = elements.keys().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut out = Vec::new();
    while !left.is_empty() {
        let ready = |name: &&&String| {
            specs.get(**name).is_none_or(|s| {
                s.requires.iter().chain(&s.implies).all(|n| done.contains(n.as_str()))
            })
        };
        let mut generation: Vec<&String> = left.iter().filter(ready).copied().collect();
        if generation.is_empty() {
            let list: Vec<&str> = left.iter().map(|n| n.as_str()).collect();
            let error = wrong("elements that require each other or something unknown");
            return Err(error.with("elements", list.join(", ")));
        }
        generation.sort_by_key(|name| {
            match elements.get(*name).and_then(Element::skypix) {
                Some((system, level)) => (system.to_owned(), level),
                None => ((*name).clone(), 0),
            }
        });
        for name in generation {
            left.remove(name);
            done.insert(name);
            out.push(name.clone());
        }
    }
    Ok(out)
}

/// Closes requirements, orders them and lays out the table columns.
fn finish(
    mut elements: BTreeMap<String, Element>,
    order: &[String],
) -> Result<Vec<Arc<Element>>> {
    let positions: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let at = |name: &str| positions.get(name).copied().unwrap_or(usize::MAX);
    let mut done: BTreeMap<String, Arc<Element>> = BTreeMap::new();
    let mut out = Vec::new();
    for name in order {
        let Some(mut element) = elements.remove(name) else { continue };
        let mut required: BTreeSet<Arc<str>> = BTreeSet::new();
        for direct in &element.required {
            required.insert(Arc::clone(direct));
            required
                .extend(done.get(&**direct).into_iter().flat_map(|e| e.required.clone()));
        }
        let mut required: Vec<Arc<str>> = required.into_iter().collect();
        required.sort_by_key(|n| at(n));
        let own_governor = element.is_governor().then(|| Arc::clone(&element.name));
        let is_governor =
            |n: &&Arc<str>| done.get(&***n).is_some_and(|e| e.is_governor());
        element.governor =
            own_governor.or_else(|| required.iter().find(is_governor).cloned());
        if element.is_dimension() {
            required.push(Arc::clone(&element.name));
        }
        element.required = required;
        element.implied.sort_by_key(|n| at(n));
        element.position = at(name);
        element.columns = columns(&element, &done)?;
        let element = Arc::new(element);
        done.insert(name.clone(), Arc::clone(&element));
        out.push(element);
    }
    Ok(out)
}

fn columns(
    element: &Element,
    done: &BTreeMap<String, Arc<Element>>,
) -> Result<Vec<Column>> {
    let mut out = Vec::new();
    for name in element.required.iter().chain(&element.implied) {
        if *name == element.name {
            out.extend(element.key.clone());
            continue;
        }
        let key = done.get(&**name).and_then(|e| e.key()).ok_or_else(|| {
            wrong("an element refers to what is no dimension")
                .with("element", &element.name)
                .with("name", name)
        })?;
        out.push(Column { name: Arc::clone(name), ..key.clone() });
    }
    out.extend(element.alternate_keys.iter().cloned());
    out.extend(element.metadata.iter().cloned());
    let extra = |name: &str, kind| Column {
        name: Arc::from(name),
        kind,
        nullable: true,
        dimension: None,
    };
    if element.skypix().is_none() {
        out.extend(
            element.spatial.is_some().then(|| extra("region", ColumnType::Region)),
        );
        out.extend(
            element.temporal.is_some().then(|| extra("timespan", ColumnType::Timespan)),
        );
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn damaged_documents_are_errors() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"version": "x", "skypix": {}, "elements": {}}"#,
            r#"{"version": 1, "skypix": {"htm": {"max_level": 4000000000}}, "elements": {}}"#,
            r#"{"version": 1, "skypix": {}, "elements": {"a": {"requires": ["a"]}}}"#,
            r#"{"version": 1, "skypix": {}, "elements": {"a": {"requires": ["b"]}}}"#,
            r#"{"version": 1, "skypix": {}, "elements": {"a": {"keys": [{"name": "id", "type": "odd"}]}}}"#,
        ] {
            assert!(document(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_newer_keys_mean_what_the_class_names_meant() {
        let text = r#"{"version": 9, "skypix": {"common": "htm7", "htm": {"max_level": 7}}, "elements": {
            "instrument": {"keys": [{"name": "name", "type": "string"}], "governor": true},
            "band": {"keys": [{"name": "name", "type": "string"}], "implied_union_target": "physical_filter", "is_cached": true},
            "physical_filter": {"keys": [{"name": "name", "type": "string"}], "requires": ["instrument"], "implies": ["band"]}}}"#;
        let parsed = document(text).unwrap();
        let band = parsed.elements.iter().find(|e| &**e.name() == "band").unwrap();
        assert!(!band.has_table() && band.is_cached());
        let filter =
            parsed.elements.iter().find(|e| &**e.name() == "physical_filter").unwrap();
        assert!(filter.defines_relationships());
        assert_eq!(filter.governor(), Some("instrument"));
    }
}
