//! The identity of one dataset.

use std::fmt;
use std::sync::Arc;

use salver_core::{Op, Result};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::json::{object, text, wrong};
use crate::{DataId, DatasetType, StorageClasses, Universe};

/// The identity of one stored dataset: UUID, type, data ID, run. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatasetRef {
    /// The dataset's identifier.
    pub id: Uuid,
    /// What it is.
    pub dataset_type: Arc<DatasetType>,
    /// What it is of.
    pub data_id: DataId,
    /// The run that it was born in.
    pub run: Arc<str>,
}

const OP: Op = Op("dataset_ref");

impl DatasetRef {
    /// A ref.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where the data ID is not one of the type's dimensions.
    pub fn new(
        id: Uuid,
        dataset_type: Arc<DatasetType>,
        data_id: DataId,
        run: impl Into<Arc<str>>,
    ) -> Result<Self> {
        if data_id.group() != dataset_type.dimensions() {
            return Err(wrong(
                OP,
                "the data ID has other dimensions than the dataset type",
            )
            .with("dataset_type", dataset_type.name())
            .with("expected", dataset_type.dimensions())
            .with("data_id", &data_id));
        }
        Ok(Self { id, dataset_type, data_id, run: run.into() })
    }

    /// The ref of a component of this dataset.
    ///
    /// # Errors
    /// As [`DatasetType::component_type`].
    pub fn component_ref(
        &self,
        component: &str,
        classes: &StorageClasses,
    ) -> Result<Self> {
        let dataset_type =
            Arc::new(self.dataset_type.component_type(component, classes)?);
        Ok(Self { dataset_type, ..self.clone() })
    }

    /// The ref of the whole that this is a component of; itself where it is no component.
    #[must_use]
    pub fn parent_ref(&self) -> Self {
        if !self.is_component() {
            return self.clone();
        }
        Self { dataset_type: Arc::new(self.dataset_type.parent_type()), ..self.clone() }
    }

    /// Whether a component is meant.
    #[must_use]
    pub fn is_component(&self) -> bool {
        self.component().is_some()
    }

    /// The component that is meant, if not the whole.
    #[must_use]
    pub fn component(&self) -> Option<&str> {
        self.dataset_type.component()
    }

    /// Gen3's JSON form (§15.2).
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = Map::new();
        out.insert("id".into(), self.id.to_string().into());
        out.insert("datasetType".into(), self.dataset_type.to_json());
        out.insert("dataId".into(), self.data_id.to_json());
        out.insert("run".into(), (&*self.run).into());
        Json::Object(out)
    }

    /// Gen3's minimal JSON form: the identifier, and the component where one is meant.
    #[must_use]
    pub fn to_minimal_json(&self) -> Json {
        let mut out = Map::new();
        out.insert("id".into(), self.id.to_string().into());
        if let Some(component) = self.component() {
            out.insert("component".into(), component.into());
        }
        Json::Object(out)
    }

    /// Reads Gen3's JSON form (§15.2), the full one.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure; as the parts' own readers.
    pub fn from_json(value: &Json, universe: &Universe) -> Result<Self> {
        let map = object(OP, value)?;
        let id = uuid(text(OP, map, "id")?)?;
        let dataset_type = map.get("datasetType").ok_or_else(|| {
            wrong(OP, "a minimal ref needs a registry to be read")
                .with("missing", "datasetType")
        })?;
        let dataset_type = DatasetType::from_json(dataset_type, universe)?;
        let data_id = map.get("dataId").unwrap_or(&Json::Null);
        let data_id = DataId::from_json(data_id, universe, dataset_type.dimensions())?;
        Self::new(id, Arc::new(dataset_type), data_id, text(OP, map, "run")?)
    }
}

impl DatasetRef {
    /// Reads what every JSON form of a ref has (§15.2): the identifier, and the component that the
    /// minimal one names. A registry knows the rest.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` for another structure.
    pub fn id_from_json(value: &Json) -> Result<(Uuid, Option<String>)> {
        let map = object(OP, value)?;
        let id = uuid(text(OP, map, "id")?)?;
        match map.get("component") {
            None | Some(Json::Null) => Ok((id, None)),
            Some(_) => Ok((id, Some(text(OP, map, "component")?.to_owned()))),
        }
    }
}

pub(crate) fn uuid(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text)
        .map_err(|e| wrong(OP, "not a UUID").with("id", text).caused_by(e))
}

/// As Gen3 prints it: `bias@{…} [sc=NumpyArray] (run=r id=…)`.
impl fmt::Display for DatasetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = &self.dataset_type;
        write!(
            f,
            "{}@{} [sc={}] (run={} id={})",
            t.name(),
            self.data_id,
            t.storage_class(),
            self.run,
            self.id
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_display_are_those_of_the_format() {
        let universe = Universe::default_v8();
        let group = universe.group(["detector"]).unwrap();
        let kind =
            Arc::new(DatasetType::new("bias", group.clone(), "NumpyArray").unwrap());
        let data_id = DataId::new(group, vec!["CamA".into(), 1.into()]).unwrap();
        let id = Uuid::parse_str("96b7dcb8-d064-5611-b23f-5476340ac7b6").unwrap();
        let dataset = DatasetRef::new(id, kind, data_id, "CamA/raw").unwrap();
        let text = concat!(
            r#"{"id":"96b7dcb8-d064-5611-b23f-5476340ac7b6","datasetType":{"name":"bias","#,
            r#""storageClass":"NumpyArray","dimensions":["instrument","detector"]},"#,
            r#""dataId":{"dataId":{"instrument":"CamA","detector":1}},"run":"CamA/raw"}"#
        );
        assert_eq!(dataset.to_json().to_string(), text);
        assert_eq!(
            DatasetRef::from_json(&dataset.to_json(), &universe).unwrap(),
            dataset
        );
        let shown = "bias@{instrument: 'CamA', detector: 1} [sc=NumpyArray] \
                     (run=CamA/raw id=96b7dcb8-d064-5611-b23f-5476340ac7b6)";
        assert_eq!(dataset.to_string(), shown);
    }

    #[test]
    fn a_data_id_of_other_dimensions_is_refused() {
        let universe = Universe::default_v8();
        let kind =
            DatasetType::new("a", universe.group(["detector"]).unwrap(), "int").unwrap();
        let error =
            DatasetRef::new(Uuid::nil(), Arc::new(kind), DataId::empty(&universe), "r");
        assert!(error.is_err());
    }
}
