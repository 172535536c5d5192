//! From the JSON document to elements in universe order.
//!
//! Source: Gen3 format §6 (docs/spec/gen3.md). Old documents say what an element is by historical
//! class names under `storage`; newer ones by keys of their own; both are accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use serde::Deserialize;

use super::layout;
use crate::{Column, ColumnType, Element, ElementKind, Family};

/// What a document says.
pub(super) struct Parsed {
    pub(super) namespace: Arc<str>,
    pub(super) version: u32,
    pub(super) common_skypix: Arc<str>,
    pub(super) elements: Vec<Arc<Element>>,
    pub(super) spatial: Vec<Family>,
    pub(super) temporal: Vec<Family>,
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
}

/// Levels that a pixelisation may have: what fits in a 64-bit index.
const MAX_LEVEL: u64 = 29;
/// Elements of a document; Rubin's has 20. It bounds the work that a damaged one makes.
const MAX_ELEMENTS: usize = 1000;

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Op("universe.parse"), message)
}

/// Reads a document.
pub(super) fn document(text: &str) -> Result<Parsed> {
    let mut document: Document = serde_json::from_str(text).map_err(|e| {
        wrong("the dimension universe is not what it should be").caused_by(e)
    })?;
    let namespace = document.namespace.take().unwrap_or_else(|| "daf_butler".to_owned());
    if document.elements.len() + document.skypix.len() > MAX_ELEMENTS {
        let found = document.elements.len() + document.skypix.len();
        return Err(wrong("too many elements").with("found", found));
    }
    let common = document.skypix.get("common").and_then(|v| v.as_str()).unwrap_or("htm7");
    let mut elements: BTreeMap<String, Element> = BTreeMap::new();
    for (name, spec) in &document.elements {
        elements.insert(name.clone(), element(name, spec, &document)?);
    }
    for element in skypix(&document.skypix)? {
        elements.insert(element.name.to_string(), element);
    }
    if elements.get(common).is_none_or(|e| e.skypix().is_none()) {
        return Err(
            wrong("the common skypix is no skypix dimension").with("name", common)
        );
    }
    let mut spatial = families(&document.topology.spatial, &elements)?;
    spatial.extend(pixel_families(&elements));
    let temporal = families(&document.topology.temporal, &elements)?;
    let common_skypix = Arc::from(common);
    let order = layout::order(&elements)?;
    let elements = layout::finish(elements, &order)?;
    Ok(Parsed {
        namespace: Arc::from(namespace),
        version: document.version,
        common_skypix,
        elements,
        spatial,
        temporal,
    })
}

/// Families as a document lists them.
fn families(
    spec: &BTreeMap<String, Vec<String>>,
    elements: &BTreeMap<String, Element>,
) -> Result<Vec<Family>> {
    let mut out = Vec::new();
    for (family, members) in spec {
        if let Some(unknown) = members.iter().find(|m| !elements.contains_key(*m)) {
            let error = wrong("a family has an unknown member").with("family", family);
            return Err(error.with("member", unknown));
        }
        out.push(Family { name: Arc::from(family.as_str()), members: names(members) });
    }
    Ok(out)
}

/// One family for each pixelisation, its highest level first.
fn pixel_families(elements: &BTreeMap<String, Element>) -> Vec<Family> {
    let mut systems: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for element in elements.values() {
        if let Some((system, level)) = element.skypix() {
            systems.entry(system).or_default().push((level, Arc::clone(&element.name)));
        }
    }
    let mut out = Vec::new();
    for (system, mut levels) in systems {
        levels.sort_by(|a, b| b.cmp(a));
        let members = levels.into_iter().map(|(_, name)| name).collect();
        out.push(Family { name: Arc::from(system), members });
    }
    out
}

/// Names become names of tables, columns and words of queries.
fn check_name(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(wrong("not a name").with("name", name))
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
    check_name(&spec.name)?;
    // a document may say `"nullable": false`; Gen3's tables never had that constraint
    Ok(Column {
        name: Arc::from(spec.name.as_str()),
        kind,
        nullable: true,
        dimension: None,
    })
}

/// An element with its direct relations; [`layout::finish`] closes and orders them.
fn element(name: &str, spec: &Spec, document: &Document) -> Result<Element> {
    check_name(name)?;
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
        check_name(system)?;
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
