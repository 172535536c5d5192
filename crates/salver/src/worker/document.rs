//! A plan as a JSON document (docs/spec/plans.md).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_model::{
    DataId, DataValue, DatasetRef, DatasetType, DimensionGroup, FileRecord, Record,
    StorageClasses, Universe,
};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::plan::{Inner, Input, Plan, Repository, Task};

const OP: Op = Op("plan.read");

/// The version of the document; a reader takes later ones that have the same.
const VERSION: u64 = 1;

impl Plan {
    /// The plan as a JSON document: datasets by position, dataset types and dimension records once.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let plan = &*self.0;
        let mut writer = Writer::default();
        let inputs: Vec<Json> = plan
            .inputs
            .iter()
            .map(|i| {
                let files: Vec<Json> = i.files.iter().map(FileRecord::to_json).collect();
                let mut entry = writer.dataset(&i.dataset);
                entry.insert("files".to_owned(), files.into());
                entry.into()
            })
            .collect();
        let outputs: Vec<Json> =
            plan.outputs.iter().map(|d| writer.dataset(d).into()).collect();
        let tasks: Vec<Json> = plan
            .tasks
            .iter()
            .map(|t| {
                json!({"data_id": t.data_id.values_to_json(), "inputs": t.inputs,
                    "outputs": t.outputs, "bytes": t.bytes})
            })
            .collect();
        let group = plan.tasks.first().map(|t| t.data_id.group().to_json());
        let universe: Json =
            serde_json::from_str(plan.universe.json()).unwrap_or(Json::Null);
        json!({
            "salver_plan": VERSION,
            "id": plan.id.to_string(),
            "repository": {
                "root": plan.repository.root,
                "datastore": plan.repository.datastore,
                "storageClasses": plan.repository.storage_classes,
            },
            "universe": universe,
            "dataset_types": writer.types,
            "records": writer.records,
            "inputs": inputs,
            "outputs": outputs,
            "group": group,
            "tasks": tasks,
        })
    }

    /// Reads a plan from its JSON document.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for another version; [`ErrorKind::InvalidInput`] for another
    /// structure, or positions outside of the lists; as the readers of the parts.
    pub fn from_json(document: &Json) -> Result<Self> {
        let version = document.get("salver_plan").and_then(Json::as_u64);
        if version != Some(VERSION) {
            let found = version.map_or_else(|| "none".to_owned(), |v| v.to_string());
            let kind = if version.is_some() {
                ErrorKind::Unsupported
            } else {
                ErrorKind::InvalidInput
            };
            return Err(Error::new(kind, OP, "not a plan of this version")
                .with("found", found)
                .with("expected", VERSION));
        }
        let universe = Universe::from_json(&part(document, "universe")?.to_string())?;
        let repository = repository(part(document, "repository")?)?;
        let classes = StorageClasses::with_config(&repository.storage_classes)?;
        let reader = Reader::new(document, &universe)?;
        let inputs = list(document, "inputs")?.iter().map(|j| reader.input(j));
        let inputs: Vec<Input> = inputs.collect::<Result<_>>()?;
        let outputs = list(document, "outputs")?.iter().map(|j| reader.dataset(j));
        let outputs: Vec<DatasetRef> = outputs.collect::<Result<_>>()?;
        let group = match document.get("group") {
            None | Some(Json::Null) => universe.empty_group(),
            Some(group) => DimensionGroup::from_json(group, &universe)?,
        };
        let tasks = list(document, "tasks")?.iter().map(|json| {
            let task = reader.task(json, &group)?;
            within(&task.inputs, inputs.len())?;
            within(&task.outputs, outputs.len())?;
            Ok(task)
        });
        let tasks = tasks.collect::<Result<_>>()?;
        Ok(Self(Arc::new(Inner {
            id: uuid(document, "id")?,
            repository,
            classes: Arc::new(classes),
            inputs,
            outputs,
            tasks,
            universe: universe.clone(),
        })))
    }
}

fn repository(json: &Json) -> Result<Repository> {
    Ok(Repository {
        root: text(json, "root")?.to_owned(),
        datastore: json.get("datastore").cloned().unwrap_or(Json::Null),
        storage_classes: json.get("storageClasses").cloned().unwrap_or(Json::Null),
    })
}

/// Collects what datasets have in common.
#[derive(Default)]
struct Writer {
    types: Map<String, Json>,
    records: Vec<Json>,
    numbers: HashMap<(Arc<str>, Vec<DataValue>), usize>,
}

impl Writer {
    fn dataset(&mut self, dataset: &DatasetRef) -> Map<String, Json> {
        let dataset_type = &dataset.dataset_type;
        let name = dataset_type.name();
        if !self.types.contains_key(name) {
            self.types.insert(name.to_owned(), dataset_type.to_json());
        }
        let mut entry = Map::new();
        entry.insert("id".to_owned(), dataset.id.to_string().into());
        entry.insert("type".to_owned(), name.into());
        entry.insert("run".to_owned(), (&*dataset.run).into());
        entry.insert("data_id".to_owned(), dataset.data_id.values_to_json());
        if let Some(records) = dataset.data_id.records() {
            let numbers: Vec<Json> =
                records.values().flatten().map(|r| self.record(r).into()).collect();
            entry.insert("records".to_owned(), numbers.into());
        }
        entry
    }

    fn record(&mut self, record: &Record) -> usize {
        let key = (Arc::clone(record.element().name()), record.key());
        let next = self.records.len();
        *self.numbers.entry(key).or_insert_with(|| {
            self.records.push(record.to_json());
            next
        })
    }
}

/// Reads datasets with what they have in common.
struct Reader<'u> {
    universe: &'u Universe,
    types: BTreeMap<String, Arc<DatasetType>>,
    records: Vec<Arc<Record>>,
}

impl<'u> Reader<'u> {
    fn new(document: &Json, universe: &'u Universe) -> Result<Self> {
        let types = part(document, "dataset_types")?.as_object();
        let types = types
            .into_iter()
            .flatten()
            .map(|(name, json)| {
                let read = DatasetType::from_json(json, universe)?;
                Ok((name.clone(), Arc::new(read)))
            })
            .collect::<Result<_>>()?;
        let records = list(document, "records")?.iter();
        let records = records
            .map(|json| Record::from_json(json, universe).map(Arc::new))
            .collect::<Result<_>>()?;
        Ok(Self { universe, types, records })
    }

    fn dataset(&self, json: &Json) -> Result<DatasetRef> {
        let name = text(json, "type")?;
        let dataset_type = self
            .types
            .get(name)
            .ok_or_else(|| wrong("a dataset of an unknown type").with("type", name))?;
        let data_id = self.data_id(part(json, "data_id")?, dataset_type.dimensions())?;
        let data_id = match json.get("records").and_then(Json::as_array) {
            None => data_id,
            Some(numbers) => self.with_records(&data_id, numbers)?,
        };
        let run: Arc<str> = text(json, "run")?.into();
        DatasetRef::new(uuid(json, "id")?, Arc::clone(dataset_type), data_id, run)
    }

    fn data_id(&self, json: &Json, group: &DimensionGroup) -> Result<DataId> {
        DataId::from_json(&json!({"dataId": json}), self.universe, group)
    }

    fn with_records(&self, data_id: &DataId, numbers: &[Json]) -> Result<DataId> {
        let mut records = salver_model::Records::new();
        for number in numbers {
            let at = number.as_u64().and_then(|n| usize::try_from(n).ok());
            let record = at.and_then(|at| self.records.get(at)).ok_or_else(|| {
                wrong("a dimension record that the plan has not").with("record", number)
            })?;
            let name = Arc::clone(record.element().name());
            records.insert(name, Some(Arc::clone(record)));
        }
        data_id.with_records(records)
    }

    fn input(&self, json: &Json) -> Result<Input> {
        let dataset = self.dataset(json)?;
        let files = list(json, "files")?.iter();
        let files = files.map(|f| FileRecord::from_json(dataset.id, f));
        Ok(Input { files: files.collect::<Result<_>>()?, dataset })
    }

    fn task(&self, json: &Json, group: &DimensionGroup) -> Result<Task> {
        let positions = |key: &'static str| -> Result<Vec<usize>> {
            let position = |j: &Json| {
                let at = j.as_u64().and_then(|n| usize::try_from(n).ok());
                at.ok_or_else(|| wrong("a position is a whole number").with("found", j))
            };
            list(json, key)?.iter().map(position).collect()
        };
        Ok(Task {
            data_id: self.data_id(part(json, "data_id")?, group)?,
            inputs: positions("inputs")?,
            outputs: positions("outputs")?,
            bytes: json.get("bytes").and_then(Json::as_u64).unwrap_or(0),
        })
    }
}

fn within(positions: &[usize], len: usize) -> Result<()> {
    match positions.iter().find(|at| **at >= len) {
        None => Ok(()),
        Some(at) => Err(wrong("a task names a dataset that the plan has not")
            .with("position", at)
            .with("datasets", len)),
    }
}

pub(super) fn wrong(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, OP, message)
}

pub(super) fn part<'a>(json: &'a Json, key: &'static str) -> Result<&'a Json> {
    json.get(key).ok_or_else(|| wrong("an entry is missing").with("key", key))
}

pub(super) fn list<'a>(json: &'a Json, key: &'static str) -> Result<&'a [Json]> {
    let found = part(json, key)?.as_array().map(Vec::as_slice);
    found.ok_or_else(|| wrong("an entry is no list").with("key", key))
}

pub(super) fn text<'a>(json: &'a Json, key: &'static str) -> Result<&'a str> {
    let found = part(json, key)?.as_str();
    found.ok_or_else(|| wrong("an entry is no text").with("key", key))
}

pub(super) fn uuid(json: &Json, key: &'static str) -> Result<Uuid> {
    let found = text(json, key)?;
    Uuid::parse_str(found).op(ErrorKind::InvalidInput, OP, "not a UUID")
}
