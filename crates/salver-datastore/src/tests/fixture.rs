//! Datasets of the sample repository, and datastores for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use salver_core::{Result, SeededIds};
use salver_model::{
    DataId, DataValue, DatasetRef, DatasetType, DimensionGroup, FileRecord, Record,
    Records, StorageClasses, Universe,
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Datastore;

/// A datastore below a folder, and the datasets of the sample repository.
pub(crate) struct Fixture {
    pub(crate) universe: Universe,
    pub(crate) classes: Arc<StorageClasses>,
    pub(crate) datastore: Datastore,
    expected: Json,
    records: Vec<Arc<Record>>,
}

pub(crate) fn sample_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/gen3/sample-repo")
}

/// The section `datastore:` of the sample repository.
pub(crate) fn sample_config() -> Json {
    json!({
        "checksum": true,
        "cls": "lsst.daf.butler.datastores.fileDatastore.FileDatastore",
        "formatters": {
            "StructuredDataList": "lsst.daf.butler.formatters.yaml.YamlFormatter",
            "stats": "lsst.daf.butler.formatters.json.JsonFormatter"},
        "records": {"table": "file_datastore_records"},
        "root": "<butlerRoot>",
        "templates": {"stats": "{run:/}/stats/{instrument}/{visit:08d}_{detector:03d}_{band}"},
    })
}

/// The configuration with more of it.
pub(crate) fn with(more: &Json) -> Json {
    let mut config = sample_config();
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}

/// Storage classes of ours in a configuration, as a user would define them.
pub(crate) fn classes() -> Json {
    json!({"FitsFile": {"pytype": "astropy.io.fits.HDUList", "parameters": ["bbox", "origin"]},
        "Pair": {"pytype": "dict",
        "components": {"first": "StructuredDataDict", "second": "StructuredDataDict"}}})
}

impl Fixture {
    pub(crate) fn new(root: &Path, config: &Json) -> Self {
        let universe = Universe::default_v8();
        let classes = Arc::new(StorageClasses::with_config(&classes()).unwrap());
        let datastore = Datastore::with_ids(
            config,
            root,
            &universe,
            Arc::clone(&classes),
            Arc::new(SeededIds::new(0xabc)),
        );
        let text = include_str!("../../../../testdata/gen3/sample-repo/expected.json");
        let expected = serde_json::from_str(text).unwrap();
        let text = include_str!("../../../../testdata/gen3/sample-records.json");
        let records: Vec<Json> = serde_json::from_str(text).unwrap();
        let read = |json| Arc::new(Record::from_json(json, &universe).unwrap());
        let records = records.iter().map(read).collect();
        Self { datastore: datastore.unwrap(), universe, classes, expected, records }
    }

    /// All datasets with their records, as the reference stored them.
    pub(crate) fn datasets(&self) -> Vec<(DatasetRef, Vec<FileRecord>)> {
        let datasets = self.expected["datasets"].as_array().unwrap();
        datasets.iter().map(|json| self.dataset(json)).collect()
    }

    /// The first dataset of a type.
    pub(crate) fn first(&self, name: &str) -> (DatasetRef, Vec<FileRecord>) {
        let mut all = self.datasets().into_iter();
        all.find(|(dataset, _)| dataset.dataset_type.name() == name).unwrap()
    }

    /// A new type with the dimensions of a known one, for the same data ID.
    pub(crate) fn like(&self, known: &str, name: &str, class: &str) -> DatasetRef {
        let (dataset, _) = self.first(known);
        let group = dataset.dataset_type.dimensions().clone();
        let dataset_type = DatasetType::new(name, group, class).unwrap();
        DatasetRef { dataset_type: Arc::new(dataset_type), ..dataset }
    }

    fn dataset(&self, json: &Json) -> (DatasetRef, Vec<FileRecord>) {
        let text = |json: &Json| json.as_str().unwrap().to_owned();
        let name = text(&json["dataset_type"]);
        let types = self.expected["dataset_types"].as_array().unwrap();
        let described = types.iter().find(|t| t["name"] == json["dataset_type"]).unwrap();
        let names = described["dimensions"].as_array().unwrap();
        let group = self.universe.group(names.iter().map(text)).unwrap();
        let class = text(&described["storage_class"]);
        let dataset_type = DatasetType::new(name, group.clone(), class).unwrap();
        let id = Uuid::parse_str(&text(&json["id"])).unwrap();
        let data_id = self.data_id(&group, &json["data_id"]).unwrap();
        let dataset =
            DatasetRef::new(id, Arc::new(dataset_type), data_id, text(&json["run"]));
        let records = json["records"].as_array().unwrap().iter();
        let records = records.map(|r| FileRecord {
            dataset_id: id,
            path: text(&r["path"]),
            formatter: text(&r["formatter"]),
            storage_class: text(&r["storage_class"]),
            component: r["component"].as_str().map(str::to_owned),
            checksum: r["checksum"].as_str().map(str::to_owned),
            file_size: r["file_size"].as_i64().unwrap(),
        });
        (dataset.unwrap(), records.collect())
    }

    /// A full data ID with the records that there are.
    fn data_id(&self, group: &DimensionGroup, values: &Json) -> Result<DataId> {
        let value = |v: &Json| match v.as_i64() {
            Some(i) => DataValue::Int(i),
            None => DataValue::from(v.as_str().unwrap_or_default()),
        };
        let pairs = values.as_object().into_iter().flatten();
        let mut known: Vec<(String, DataValue)> =
            pairs.map(|(k, v)| (k.clone(), value(v))).collect();
        let minimal = DataId::standardise(&self.universe, group, known.clone(), None)?;
        let mut records = Records::new();
        for element in group.elements().iter().rev() {
            let key = |name: &Arc<str>| {
                known.iter().find(|(k, _)| k == &**name).map(|(_, v)| v.clone())
            };
            let key: Option<Vec<_>> = element.required().iter().map(key).collect();
            let found = self
                .records
                .iter()
                .find(|r| r.element().name() == element.name() && Some(r.key()) == key);
            let Some(record) = found else { continue };
            for name in element.implied() {
                known.push((name.to_string(), record.dimension(name).unwrap()));
            }
            records.insert(Arc::clone(element.name()), Some(Arc::clone(record)));
        }
        minimal.with_records(records)
    }
}

/// All files below a folder, hidden ones too, relative to it.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, root: &Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, out);
            } else {
                let below = path.strip_prefix(root).unwrap_or(&path);
                out.push(below.to_string_lossy().into_owned());
            }
        }
    }
    let mut out = Vec::new();
    walk(dir, dir, &mut out);
    out.sort();
    out
}
