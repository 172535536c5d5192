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
    /// A dataset type that is no component's.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the name is not `[A-Za-z_][A-Za-z0-9_]*`; a component's type is
    /// made by [`DatasetType::component_type`] or [`DatasetType::of_component`].
    pub fn new(
        name: impl Into<String>,
        dimensions: DimensionGroup,
        storage_class: impl Into<String>,
    ) -> Result<Self> {
        let name = name.into();
        check_name(&name)?;
        if name.contains('.') {
            return Err(wrong(OP, "a component's type needs its parent's storage class")
                .with("name", name));
        }
        let storage_class = storage_class.into();
        Ok(Self {
            name,
            dimensions,
            storage_class,
            is_calibration: false,
            parent_storage_class: None,
        })
    }

    /// The type of a component, by its dotted name and both storage classes; what a document says.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the name has no component or is none.
    pub fn of_component(
        name: impl Into<String>,
        dimensions: DimensionGroup,
        storage_class: impl Into<String>,
        parent_storage_class: impl Into<String>,
    ) -> Result<Self> {
        let name = name.into();
        check_name(&name)?;
        if !name.contains('.') {
            return Err(wrong(OP, "only a component has a parent's storage class")
                .with("name", name));
        }
        Ok(Self {
            name,
            dimensions,
            storage_class: storage_class.into(),
            is_calibration: false,
            parent_storage_class: Some(parent_storage_class.into()),
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

    /// Whether it is a component's type.
    #[must_use]
    pub fn is_component(&self) -> bool {
        self.component().is_some()
    }

    /// The type of the whole that this is a component of; itself where it is no component.
    #[must_use]
    pub fn parent_type(&self) -> Self {
        match &self.parent_storage_class {
            None => self.clone(),
            Some(class) => Self {
                name: self.parent_name().to_owned(),
                storage_class: class.clone(),
                parent_storage_class: None,
                dimensions: self.dimensions.clone(),
                is_calibration: self.is_calibration,
            },
        }
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

    /// The form inside of a list of refs (§15.5): every key is there.
    pub(crate) fn to_container_json(&self) -> Json {
        let mut out = match self.to_json() {
            Json::Object(map) => map,
            _ => Map::new(),
        };
        let parent = self.parent_storage_class.as_deref();
        out.insert("parentStorageClass".into(), parent.map_or(Json::Null, Json::from));
        out.shift_remove("isCalibration");
        out.insert("isCalibration".into(), self.is_calibration.into());
        Json::Object(out)
    }

    /// Reads Gen3's JSON form (§15.1); `dimensions` may be all names or `{"names": [...]}`.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure or a name that is no dimension.
    pub fn from_json(value: &Json, universe: &Universe) -> Result<Self> {
        let map = object(OP, value)?;
        let dimensions = map.get("dimensions").unwrap_or(&Json::Null);
        let dimensions = DimensionGroup::from_json(dimensions, universe)?;
        let (name, class) = (text(OP, map, "name")?, text(OP, map, "storageClass")?);
        let made = match map.get("parentStorageClass").and_then(Json::as_str) {
            None => Self::new(name, dimensions, class)?,
            Some(parent) => Self::of_component(name, dimensions, class, parent)?,
        };
        let is_calibration = map.get("isCalibration").and_then(Json::as_bool);
        Ok(made.calibration(is_calibration.unwrap_or(false)))
    }

    /// Gen3's minimal JSON form: the name.
    #[must_use]
    pub fn to_minimal_json(&self) -> Json {
        Map::from_iter([("name".to_owned(), Json::from(self.name.as_str()))]).into()
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
        write!(
            f,
            "DatasetType('{}', {}, {}",
            self.name, self.dimensions, self.storage_class
        )?;
        if let Some(parent) = &self.parent_storage_class {
            write!(f, ", parentStorageClass={parent}")?;
        }
        f.write_str(if self.is_calibration { ", isCalibration=True)" } else { ")" })
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
        for name in ["", "1a", "a-b", "a.", ".a", "a b", "é", "a.b"] {
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
        assert_eq!(rows.parent_type(), table);
        assert_eq!(table.parent_type(), table);
        let error = table.component_type("rowcont", &classes).unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean `rowcount`?"));
    }
}
