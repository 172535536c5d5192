//! Many refs in one document, each dataset type once.

use std::collections::BTreeMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use serde_json::{Map, Value as Json};

use crate::data_id::pairs;
use crate::dataset_ref::uuid;
use crate::json::{object, text, wrong};
use crate::{DataId, DatasetRef, DatasetType, Universe};

const OP: Op = Op("dataset_refs");

/// Gen3's JSON form of a list of refs (§15.5), version `V1`. Records of data IDs are not in it.
#[must_use]
pub fn refs_to_json(refs: &[DatasetRef], universe: &Universe) -> Json {
    let (mut types, mut compact) = (Map::new(), Map::new());
    for dataset in refs {
        let dataset_type = &dataset.dataset_type;
        let name = dataset_type.name();
        if !types.contains_key(name) {
            types.insert(name.to_owned(), dataset_type.to_container_json());
        }
        let mut entry = Map::new();
        entry.insert("dataset_type_name".to_owned(), name.into());
        entry.insert("run".to_owned(), (&*dataset.run).into());
        entry.insert("data_id".to_owned(), dataset.data_id.values_to_json());
        compact.insert(dataset.id.to_string(), entry.into());
    }
    Map::from_iter([
        ("container_version".to_owned(), Json::from("V1")),
        ("universe_version".to_owned(), universe.version().into()),
        ("universe_namespace".to_owned(), universe.namespace().into()),
        ("dataset_types".to_owned(), types.into()),
        ("compact_refs".to_owned(), compact.into()),
        ("dimension_records".to_owned(), Json::Null),
    ])
    .into()
}

/// Reads Gen3's JSON form of a list of refs (§15.5), in the order of the document. A universe of
/// another version is accepted where the dimensions are there. Records are not read.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for another version of the form or another namespace of dimensions;
/// [`ErrorKind::InvalidInput`] for another structure; as the readers of the parts.
pub fn refs_from_json(value: &Json, universe: &Universe) -> Result<Vec<DatasetRef>> {
    let map = object(OP, value)?;
    accepted(map, "container_version", "V1")?;
    accepted(map, "universe_namespace", universe.namespace())?;
    let mut types = BTreeMap::new();
    for (name, json) in part(map, "dataset_types")? {
        let dataset_type = DatasetType::from_json(json, universe)?;
        if dataset_type.name() != name {
            return Err(wrong(OP, "a dataset type has another name than its key")
                .with("key", name)
                .with("name", dataset_type.name()));
        }
        types.insert(name.as_str(), Arc::new(dataset_type));
    }
    let mut runs: BTreeMap<&str, Arc<str>> = BTreeMap::new();
    let mut out = Vec::new();
    for (id, json) in part(map, "compact_refs")? {
        let entry = object(OP, json)?;
        let name = text(OP, entry, "dataset_type_name")?;
        let dataset_type = types.get(name).ok_or_else(|| {
            wrong(OP, "a ref has a dataset type that the document lacks")
                .with("id", id)
                .with("dataset_type", name)
        })?;
        let values = entry.get("data_id").unwrap_or(&Json::Null);
        let dimensions = dataset_type.dimensions();
        let data_id = DataId::standardise(universe, dimensions, pairs(values)?, None)?;
        let run = text(OP, entry, "run")?;
        let run = Arc::clone(runs.entry(run).or_insert_with(|| Arc::from(run)));
        out.push(DatasetRef::new(uuid(id)?, Arc::clone(dataset_type), data_id, run)?);
    }
    Ok(out)
}

fn part<'a>(
    map: &'a Map<String, Json>,
    key: &'static str,
) -> Result<&'a Map<String, Json>> {
    object(OP, map.get(key).unwrap_or(&Json::Null)).map_err(|e| e.with("key", key))
}

fn accepted(map: &Map<String, Json>, key: &'static str, expected: &str) -> Result<()> {
    let found = text(OP, map, key)?;
    if found == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, OP, "a list of refs of another kind")
        .with("key", key)
        .with("found", found)
        .with("expected", expected))
}
