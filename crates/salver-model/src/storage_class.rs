//! Storage classes: kinds of objects and their declared parts.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value as Json, json};

use crate::nearest;

/// A kind of object: its Python type, its parts and the parameters that a read takes.
///
/// Inherited definitions are merged in. Source: Gen3 format §10.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageClass {
    /// Its name.
    pub name: String,
    /// Name of the Python type; never imported by Salver.
    pub pytype: String,
    /// Parts that are stored, and their storage classes.
    pub components: BTreeMap<String, String>,
    /// Parts that are computed at reading, and their storage classes.
    pub derived_components: BTreeMap<String, String>,
    /// Parameters that a read takes.
    pub parameters: Vec<String>,
    /// This class and those it inherits from, nearest first.
    pub lineage: Vec<String>,
    /// Gen3's delegate class, by name.
    pub delegate: Option<String>,
    /// Python types that convert to this one.
    pub convertible_from: Vec<String>,
    /// Gen3's default formatter class, by name, of the nearest in the lineage that has one.
    pub formatter: Option<String>,
    /// Ending of the default formatter's files.
    pub extension: Option<String>,
}

impl StorageClass {
    /// The storage class of a component, derived ones included.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&str> {
        let found =
            self.components.get(name).or_else(|| self.derived_components.get(name));
        found.map(String::as_str)
    }

    /// Whether an object of the class `stored` may be read as this one: it is the same kind of
    /// object, a more special one, or of a type that converts (Gen3 format §10.1).
    #[must_use]
    pub fn can_convert_from(&self, stored: &Self) -> bool {
        let mine = type_name(&self.pytype);
        let types = || type_names(&stored.pytype);
        stored.lineage.contains(&self.name)
            || mine == "object"
            || types().any(|t| t == mine)
            || self.convertible_from.iter().any(|c| types().any(|t| t == type_name(c)))
    }

    /// Names of all components, derived ones last.
    pub fn component_names(&self) -> impl Iterator<Item = &str> {
        self.components.keys().chain(self.derived_components.keys()).map(String::as_str)
    }
}

/// Python types that have a second name, and the first.
const ALIASES: [(&str, &str); 1] = [("pyarrow.lib.Table", "pyarrow.Table")];

/// Python types that are special kinds of others, by what their libraries document.
const KINDS_OF: [(&str, &str); 2] = [
    ("astropy.table.QTable", "astropy.table.Table"),
    ("lsst.utils.packages.Packages", "dict"),
];

fn type_name(pytype: &str) -> &str {
    ALIASES.iter().find(|(other, _)| *other == pytype).map_or(pytype, |(_, name)| name)
}

/// The name of a type and of those it is a special kind of.
fn type_names(pytype: &str) -> impl Iterator<Item = &str> {
    let name = type_name(pytype);
    let base =
        KINDS_OF.iter().find(|(special, _)| *special == name).map(|(_, base)| *base);
    std::iter::once(name).chain(base)
}

/// All storage classes of a repository: the built-in ones and those of its configuration.
#[derive(Debug)]
pub struct StorageClasses {
    definitions: Arc<Map<String, Json>>,
    resolved: RwLock<BTreeMap<String, Arc<StorageClass>>>,
}

impl Default for StorageClasses {
    /// The built-in ones.
    fn default() -> Self {
        Self { definitions: built_in(), resolved: RwLock::default() }
    }
}

/// Definitions that Gen3 has without any configuration.
fn built_in() -> Arc<Map<String, Json>> {
    static BUILT_IN: OnceLock<Arc<Map<String, Json>>> = OnceLock::new();
    let read = || {
        let text = include_str!("../data/storage-classes.json");
        let document: Json = serde_json::from_str(text).unwrap_or_default();
        let classes = document.get("storage_classes").and_then(Json::as_object);
        Arc::new(classes.cloned().unwrap_or_default())
    };
    Arc::clone(BUILT_IN.get_or_init(read))
}

/// The storage class of any object that an assembler, or a plain value, makes a tree of.
pub const TREE_CLASS: &str = "Tree";

/// What a repository's configuration says of [`TREE_CLASS`], so that Gen3 knows the class too.
#[must_use]
pub fn tree_class() -> Json {
    json!({"pytype": "object", "parameters": ["box", "columns", "part"]})
}

/// Definitions that Gen3 does not have; they are written to a repository at their first use.
fn ours(name: &str) -> Option<&'static Map<String, Json>> {
    static TREE: OnceLock<Json> = OnceLock::new();
    let tree = TREE.get_or_init(|| {
        let mut tree = tree_class();
        if let Some(definition) = tree.as_object_mut() {
            definition.insert("formatter".into(), "salver.gen3.TreeFormatter".into());
        }
        tree
    });
    tree.as_object().filter(|_| name == TREE_CLASS)
}

const OP: Op = Op("storage_class");

impl StorageClasses {
    /// The built-in ones, with the section `storageClasses` of a configuration merged over them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where the section or a definition is not a mapping.
    pub fn with_config(section: &Json) -> Result<Self> {
        let wrong = |name: &str| {
            Error::new(ErrorKind::Config, OP, "a storage class is defined by a mapping")
                .with("key", name)
        };
        let section = match section {
            Json::Null => return Ok(Self::default()),
            section => section.as_object().ok_or_else(|| wrong("storageClasses"))?,
        };
        let mut definitions = (*built_in()).clone();
        for (name, definition) in section {
            let new = definition.as_object().ok_or_else(|| wrong(name))?;
            let none = || ours(name).cloned().unwrap_or_default();
            let old = definitions.entry(name).or_insert_with(|| Json::Object(none()));
            if let Some(old) = old.as_object_mut() {
                merge_maps(old, new);
            }
        }
        Ok(Self { definitions: Arc::new(definitions), resolved: RwLock::default() })
    }

    /// Names of all storage classes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.keys().map(String::as_str)
    }

    /// The storage class of this name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is none, with the nearest name; [`ErrorKind::Config`] where
    /// inheritance goes in a circle.
    pub fn get(&self, name: &str) -> Result<Arc<StorageClass>> {
        let known = self.resolved.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = known.get(name) {
            return Ok(Arc::clone(class));
        }
        drop(known);
        let class = Arc::new(self.resolve(name)?);
        let mut known = self.resolved.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(name.to_owned()).or_insert(class)))
    }

    fn resolve(&self, name: &str) -> Result<StorageClass> {
        let mut class = blank(name);
        let mut next = Some(name.to_owned());
        while let Some(current) = next {
            if class.lineage.contains(&current) {
                let error = Error::new(
                    ErrorKind::Config,
                    OP,
                    "a storage class inherits from itself",
                );
                return Err(error.with("name", name));
            }
            let definition = self.definitions.get(&current).and_then(Json::as_object);
            let definition = definition.or_else(|| ours(&current));
            let definition = definition.ok_or_else(|| self.unknown(&current))?;
            class.lineage.push(current);
            merge(&mut class, definition);
            next =
                definition.get("inheritsFrom").and_then(Json::as_str).map(str::to_owned);
        }
        Ok(class)
    }

    fn unknown(&self, name: &str) -> Error {
        let error = Error::new(ErrorKind::NotFound, OP, "unknown storage class")
            .code_of("missing_storage_class")
            .with("name", name);
        match nearest(name, self.names()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("define it under `storageClasses:` in butler.yaml"),
        }
    }
}

/// Merges as Gen3 merges configurations: mappings by key, anything else is replaced. A class has
/// mappings one level down, no deeper.
fn merge_maps(old: &mut Map<String, Json>, new: &Map<String, Json>) {
    for (key, value) in new {
        match (old.get_mut(key).and_then(Json::as_object_mut), value.as_object()) {
            (Some(below), Some(more)) => {
                below.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            _ => {
                old.insert(key.clone(), value.clone());
            }
        }
    }
}

fn blank(name: &str) -> StorageClass {
    StorageClass {
        name: name.to_owned(),
        pytype: String::new(),
        components: BTreeMap::new(),
        derived_components: BTreeMap::new(),
        parameters: Vec::new(),
        lineage: Vec::new(),
        delegate: None,
        convertible_from: Vec::new(),
        formatter: None,
        extension: None,
    }
}

/// Adds what a more distant definition says and nearer ones did not.
fn merge(class: &mut StorageClass, definition: &Map<String, Json>) {
    let text = |key: &str| definition.get(key).and_then(Json::as_str).map(str::to_owned);
    if class.pytype.is_empty() {
        class.pytype = text("pytype").unwrap_or_default();
    }
    let pairs = |key: &str| {
        let map = definition.get(key).and_then(Json::as_object);
        let pair = |(k, v): (&String, &Json)| Some((k.clone(), v.as_str()?.to_owned()));
        map.into_iter().flatten().filter_map(pair).collect::<Vec<_>>()
    };
    for (name, of) in pairs("components") {
        class.components.entry(name).or_insert(of);
    }
    for (name, of) in pairs("derivedComponents") {
        class.derived_components.entry(name).or_insert(of);
    }
    let list = |key: &str| {
        let items = definition.get(key).and_then(Json::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for name in list("parameters") {
        if !class.parameters.contains(&name) {
            class.parameters.push(name);
        }
    }
    let converters = definition.get("converters").and_then(Json::as_object);
    class.convertible_from.extend(list("convertible_from"));
    class
        .convertible_from
        .extend(converters.into_iter().flatten().map(|(k, _)| k.clone()));
    class.delegate = class.delegate.take().or_else(|| text("delegate"));
    if class.formatter.is_none() {
        class.formatter = text("formatter");
        class.extension = text("extension");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn inheritance_merges_and_nearer_wins() {
        let classes = StorageClasses::default();
        let class = classes.get("ExposureF").unwrap();
        assert_eq!(class.component("image"), Some("ImageF"));
        assert_eq!(class.component("wcs"), Some("Wcs"));
        assert_eq!(class.component("bbox"), Some("Box2I"));
        assert_eq!(class.lineage, ["ExposureF", "Exposure"]);
    }

    #[test]
    fn every_built_in_class_resolves_as_in_the_reference() {
        let classes = StorageClasses::default();
        let expected = include_str!("../../../testdata/model/resolved.json");
        let expected: BTreeMap<String, Json> = serde_json::from_str(expected).unwrap();
        assert_eq!(classes.names().count(), expected.len());
        for (name, expected) in expected {
            let class = classes.get(&name).unwrap();
            let parameters: BTreeSet<&String> = class.parameters.iter().collect();
            let ours = serde_json::json!({
                "components": class.components,
                "derived": class.derived_components,
                "parameters": parameters,
            });
            assert_eq!(ours, expected, "{name}");
        }
    }

    #[test]
    fn a_tree_holds_any_object_and_is_known_without_a_definition() {
        let classes = StorageClasses::default();
        let tree = classes.get("Tree").unwrap();
        assert_eq!(tree.formatter.as_deref(), Some("salver.gen3.TreeFormatter"));
        assert!(tree.can_convert_from(&classes.get("ArrowAstropy").unwrap()));
        let section =
            json!({"Tree": {"parameters": []}, "Mine": {"inheritsFrom": "Tree"}});
        let classes = StorageClasses::with_config(&section).unwrap();
        assert_eq!(classes.get("Tree").unwrap().pytype, "object");
        assert_eq!(classes.get("Mine").unwrap().lineage, ["Mine", "Tree"]);
    }

    #[test]
    fn conversions_are_those_of_the_definitions() {
        let classes = StorageClasses::default();
        let can = |to: &str, from: &str| {
            classes.get(to).unwrap().can_convert_from(&classes.get(from).unwrap())
        };
        assert!(can("Exposure", "ExposureF") && !can("ExposureF", "ExposureI"));
        let answers = include_str!("../../../testdata/model/conversions.json");
        let answers: BTreeMap<String, Vec<String>> =
            serde_json::from_str(answers).unwrap();
        for (to, expected) in &answers {
            let ours: Vec<&String> =
                answers.keys().filter(|from| can(to, from)).collect();
            assert_eq!(
                ours,
                expected.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
                "{to}"
            );
        }
    }

    #[test]
    fn configuration_goes_over_what_is_built_in() {
        let section = serde_json::json!({
            "Stamp": {"pytype": "astropy.nddata.CCDData", "components": {"image": "NumpyArray"}},
            "Loop": {"inheritsFrom": "Loop"}, "ArrowTable": {"parameters": ["columns"]},
            "Exposure": {"components": {"extra": "NumpyArray", "psf": "NumpyArray"}}});
        let classes = StorageClasses::with_config(&section).unwrap();
        assert_eq!(classes.get("Stamp").unwrap().component("image"), Some("NumpyArray"));
        assert_eq!(classes.get("ArrowTable").unwrap().parameters, ["columns"]);
        let exposure = classes.get("ExposureF").unwrap();
        assert_eq!(exposure.component("extra"), Some("NumpyArray"));
        assert_eq!(exposure.component("psf"), Some("NumpyArray"));
        assert_eq!(exposure.component("wcs"), Some("Wcs"));
        assert_eq!(classes.get("Loop").unwrap_err().kind(), ErrorKind::Config);
        assert_eq!(
            classes.get("Stmp").unwrap_err().hint_text(),
            Some("did you mean `Stamp`?")
        );
        assert!(StorageClasses::with_config(&serde_json::json!({"X": 1})).is_err());
    }
}
