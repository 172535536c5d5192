//! Dataset types: what can exist.

use std::fmt;

use salver_core::{Op, Result};
use serde_json::{Map, Value as Json};

use crate::json::{object, text, wrong};
use crate::{DimensionGroup, StorageClasses, Universe, nearest};

/// A name, dimensions and a storage class: what can exist. A component's type has a dotted name
/// and remembers its parent's storage class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatasetType {
    name: String,
    dimensions: DimensionGroup,
    storage_class: String,
    is_calibration: bool,
    parent_storage_class: Option<String>,
}

const OP: Op = Op("dataset_type");

impl DatasetType {
    /// A dataset type.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the name is not `[A-Za-z_][A-Za-z0-9_]*`, with one `.component`
    /// at most for each level, or a component lacks its parent's storage class.
    pub fn new(
        name: impl Into<String>,
        dimensions: DimensionGroup,
        storage_class: impl Into<String>,
    ) -> Result<Self> {
        let name = name.into();
        check_name(&name)?;
        let storage_class = storage_class.into();
        Ok(Self {
            name,
            dimensions,
            storage_class,
            is_calibration: false,
            parent_storage_class: None,
        })
    }

    /// Says whether datasets of this type are looked up by time of validity.
    #[must_use]
    pub fn calibration(mut self, is_calibration: bool) -> Self {
        self.is_calibration = is_calibration;
        self
    }

    /// The same type read as another storage class.
    #[must_use]
    pub fn with_storage_class(mut self, storage_class: impl Into<String>) -> Self {
        self.storage_class = storage_class.into();
        self
    }

    /// The name, with `.component` for a component's type.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without component.
    #[must_use]
    pub fn parent_name(&self) -> &str {
        split_name(&self.name).0
    }

    /// The component, for a component's type.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        split_name(&self.name).1
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &DimensionGroup {
        &self.dimensions
    }

    /// The storage class, by name.
    #[must_use]
    pub fn storage_class(&self) -> &str {
        &self.storage_class
    }

    /// The parent's storage class, for a component's type.
    #[must_use]
    pub fn parent_storage_class(&self) -> Option<&str> {
        self.parent_storage_class.as_deref()
    }

    /// Whether datasets of this type are looked up by time of validity.
    #[must_use]
    pub fn is_calibration(&self) -> bool {
        self.is_calibration
    }

    /// The type of a component, derived ones included.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the storage class has no such component (those it has are listed);
    /// `ErrorKind::NotFound` where the storage class is not known.
    pub fn component_type(
        &self,
        component: &str,
        classes: &StorageClasses,
    ) -> Result<Self> {
        let class = classes.get(&self.storage_class)?;
        let Some(of_component) = class.component(component) else {
            let error = wrong(OP, "the storage class has no such component")
                .code_of("unknown_component")
                .with("dataset_type", &self.name)
                .with("storage_class", &self.storage_class)
                .with("component", component);
            let there: Vec<&str> = class.component_names().collect();
            return Err(match nearest(component, there.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None if there.is_empty() => error.hint("it has no components"),
                None => error.hint(format!("it has: {}", there.join(", "))),
            });
        };
        Ok(Self {
            name: format!("{}.{component}", self.name),
            storage_class: of_component.to_owned(),
            parent_storage_class: Some(self.storage_class.clone()),
            ..self.clone()
        })
    }

    /// Gen3's JSON form (§15.1): required dimensions only.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let dimensions: Vec<&str> =
            self.dimensions.required().iter().map(|n| &**n).collect();
        let mut out = Map::new();
        out.insert("name".into(), self.name.clone().into());
        out.insert("storageClass".into(), self.storage_class.clone().into());
        out.insert("dimensions".into(), dimensions.into());
        if let Some(parent) = &self.parent_storage_class {
            out.insert("parentStorageClass".into(), parent.clone().into());
        }
        if self.is_calibration {
            out.insert("isCalibration".into(), true.into());
        }
        Json::Object(out)
    }

    /// Reads Gen3's JSON form (§15.1); `dimensions` may be all names or `{"names": [...]}`.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure or a name that is no dimension.
    pub fn from_json(value: &Json, universe: &Universe) -> Result<Self> {
        let map = object(OP, value)?;
        let dimensions = map.get("dimensions").unwrap_or(&Json::Null);
        let list = dimensions.get("names").unwrap_or(dimensions).as_array();
        let names: Option<Vec<&str>> =
            list.and_then(|l| l.iter().map(Json::as_str).collect());
        let names =
            names.ok_or_else(|| wrong(OP, "expected a list of dimension names"))?;
        let parent = map.get("parentStorageClass").and_then(Json::as_str);
        let made = Self::new(
            text(OP, map, "name")?,
            universe.group(names)?,
            text(OP, map, "storageClass")?,
        )?;
        let is_calibration =
            map.get("isCalibration").and_then(Json::as_bool).unwrap_or(false);
        Ok(Self {
            is_calibration,
            parent_storage_class: parent.map(str::to_owned),
            ..made
        })
    }
}

/// Name of the type and, after the first dot, of the component.
fn split_name(name: &str) -> (&str, Option<&str>) {
    name.split_once('.')
        .map_or((name, None), |(parent, component)| (parent, Some(component)))
}

fn check_name(name: &str) -> Result<()> {
    let word = |part: &str| {
        let mut bytes = part.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if name.split('.').all(word) {
        return Ok(());
    }
    Err(wrong(OP, "not a name of a dataset type").with("name", name).hint(
        "letters, digits and `_`, not beginning with a digit; a component follows a dot",
    ))
}

/// As Gen3 prints it.
impl fmt::Display for DatasetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calibration = if self.is_calibration { ", isCalibration=True" } else { "" };
        write!(
            f,
            "DatasetType('{}', {}, {}{calibration})",
            self.name, self.dimensions, self.storage_class
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_form_of_the_format() {
        let universe = Universe::default_v8();
        let group = universe.group(["detector"]).unwrap();
        let bias =
            DatasetType::new("bias", group, "NumpyArray").unwrap().calibration(true);
        let text = r#"{"name":"bias","storageClass":"NumpyArray","dimensions":["instrument","detector"],"isCalibration":true}"#;
        assert_eq!(bias.to_json().to_string(), text);
        assert_eq!(DatasetType::from_json(&bias.to_json(), &universe).unwrap(), bias);
    }

    #[test]
    fn bad_names_are_refused() {
        let group = Universe::default_v8().empty_group();
        for name in ["", "1a", "a-b", "a.", ".a", "a b", "é"] {
            assert!(DatasetType::new(name, group.clone(), "int").is_err(), "{name}");
        }
    }

    #[test]
    fn a_component_knows_its_parent() {
        let group = Universe::default_v8().empty_group();
        let table = DatasetType::new("table", group, "ArrowTable").unwrap();
        let classes = StorageClasses::default();
        let rows = table.component_type("rowcount", &classes).unwrap();
        assert_eq!((rows.name(), rows.storage_class()), ("table.rowcount", "int"));
        assert_eq!((rows.parent_name(), rows.component()), ("table", Some("rowcount")));
        let error = table.component_type("rowcont", &classes).unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean `rowcount`?"));
    }
}
