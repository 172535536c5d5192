//! What a worker gives back for a dataset it wrote.

use std::sync::Arc;

use salver_core::Result;
use salver_model::{DataId, DatasetRef, DatasetType, FileRecord, Universe};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::document::{list, part, text, uuid, wrong};

/// A dataset, or a component of one, that a task has read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// The dataset.
    pub id: Uuid,
    /// The component, if not the whole.
    pub component: Option<String>,
}

/// The artifacts that one attempt of a task wrote for one dataset, and what they were made of.
/// Nobody sees the dataset before the receipt is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The plan that predicted the dataset.
    pub plan: Uuid,
    /// The attempt.
    pub session: Uuid,
    /// The dataset.
    pub dataset: DatasetRef,
    /// Its artifacts.
    pub files: Vec<FileRecord>,
    /// Inputs that the plan gave to the task.
    pub available: Vec<Uuid>,
    /// Inputs that the task read.
    pub used: Vec<Used>,
}

/// The version of the document.
const VERSION: u64 = 1;

impl Receipt {
    /// The receipt as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let files: Vec<Json> = self.files.iter().map(FileRecord::to_json).collect();
        let available: Vec<Json> =
            self.available.iter().map(|id| id.to_string().into()).collect();
        let used: Vec<Json> = self
            .used
            .iter()
            .map(|u| json!({"id": u.id.to_string(), "component": u.component}))
            .collect();
        json!({
            "salver_receipt": VERSION,
            "plan": self.plan.to_string(),
            "session": self.session.to_string(),
            "id": self.dataset.id.to_string(),
            "dataset_type": self.dataset.dataset_type.to_json(),
            "run": &*self.dataset.run,
            "data_id": self.dataset.data_id.values_to_json(),
            "files": files,
            "available": available,
            "used": used,
        })
    }

    /// Reads a receipt from its JSON document.
    ///
    /// # Errors
    /// [`salver_core::ErrorKind::InvalidInput`] for another structure or version.
    pub fn from_json(document: &Json, universe: &Universe) -> Result<Self> {
        if document.get("salver_receipt").and_then(Json::as_u64) != Some(VERSION) {
            return Err(wrong("not a receipt of this version").with("expected", VERSION));
        }
        let dataset_type =
            DatasetType::from_json(part(document, "dataset_type")?, universe)?;
        let data_id = DataId::from_json(
            &json!({"dataId": part(document, "data_id")?}),
            universe,
            dataset_type.dimensions(),
        )?;
        let id = uuid(document, "id")?;
        let run: Arc<str> = text(document, "run")?.into();
        let files = list(document, "files")?.iter();
        let available = list(document, "available")?.iter();
        let used = list(document, "used")?.iter();
        Ok(Self {
            plan: uuid(document, "plan")?,
            session: uuid(document, "session")?,
            dataset: DatasetRef::new(id, Arc::new(dataset_type), data_id, run)?,
            files: files.map(|f| FileRecord::from_json(id, f)).collect::<Result<_>>()?,
            available: available.map(identifier).collect::<Result<_>>()?,
            used: used.map(read_used).collect::<Result<_>>()?,
        })
    }
}

fn identifier(json: &Json) -> Result<Uuid> {
    let parsed = json.as_str().and_then(|s| Uuid::parse_str(s).ok());
    parsed.ok_or_else(|| wrong("not a UUID").with("found", json))
}

fn read_used(json: &Json) -> Result<Used> {
    let component = json.get("component").and_then(Json::as_str);
    Ok(Used { id: uuid(json, "id")?, component: component.map(str::to_owned) })
}
