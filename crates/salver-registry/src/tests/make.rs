//! A small repository for tests.

use std::sync::Arc;

use salver_core::{IdSource, SeededIds};
use salver_model::{
    CollectionType, DataId, DataValue, DatasetRef, DatasetType, FileRecord, Record,
    Universe, Value,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{CreateOptions, IfPresent, InsertMode, Registry};

/// A repository in a folder of its own.
pub(super) struct Repo {
    pub(super) registry: Registry,
    pub(super) ids: SeededIds,
    pub(super) folder: TempDir,
}

impl Repo {
    /// Without any rows.
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::create(
            folder.path().join("gen3.sqlite3"),
            &Universe::default_v8(),
            &CreateOptions::default(),
        )
        .unwrap();
        Self { registry, ids: SeededIds::new(1), folder }
    }

    /// Two instruments `A` and `B` with four detectors, filter `A_g`, `A_r` (and `B_g`), two days,
    /// ten exposures; runs `r1`, `r2`; types `raw` and `bias`.
    pub(super) fn filled() -> Self {
        let repo = Self::empty();
        let transaction = repo.registry.transaction().unwrap();
        for name in ["A", "B"] {
            repo.insert("instrument", &[("name", name.into())]);
            for band in ["g", "r"] {
                let filter = format!("{name}_{band}");
                repo.insert(
                    "physical_filter",
                    &[
                        ("instrument", name.into()),
                        ("name", Value::from(filter.as_str())),
                        ("band", band.into()),
                    ],
                );
            }
            for id in 0..4 {
                let full_name = format!("S{id}");
                repo.insert(
                    "detector",
                    &[
                        ("instrument", name.into()),
                        ("id", Value::Int(id)),
                        ("full_name", Value::from(full_name.as_str())),
                    ],
                );
            }
            repo.insert(
                "day_obs",
                &[("instrument", name.into()), ("id", Value::Int(20240301))],
            );
            for id in 0..10 {
                repo.exposure(name, id);
            }
        }
        for run in ["r1", "r2"] {
            repo.registry.register_collection(run, CollectionType::Run, None).unwrap();
        }
        repo.dataset_type("raw", &["detector", "exposure"], false);
        repo.dataset_type("bias", &["detector"], true);
        transaction.commit().unwrap();
        repo
    }

    fn exposure(&self, instrument: &str, id: i64) {
        let group = format!("g{id}");
        let obs_id = format!("{instrument}_{id}");
        let filter = format!("{instrument}_g");
        self.insert(
            "group",
            &[("instrument", instrument.into()), ("name", Value::from(group.as_str()))],
        );
        self.insert(
            "exposure",
            &[
                ("instrument", instrument.into()),
                ("id", Value::Int(id)),
                ("day_obs", Value::Int(20240301)),
                ("group", Value::from(group.as_str())),
                ("physical_filter", Value::from(filter.as_str())),
                ("obs_id", Value::from(obs_id.as_str())),
                ("seq_num", Value::Int(id + 100)),
            ],
        );
    }

    pub(super) fn record(&self, element: &str, pairs: &[(&str, Value)]) -> Record {
        let element = self.registry.universe().element(element).unwrap();
        Record::from_pairs(element, pairs.iter().cloned()).unwrap()
    }

    pub(super) fn insert(&self, element: &str, pairs: &[(&str, Value)]) {
        let record = self.record(element, pairs);
        let n =
            self.registry.insert_records(element, &[record], InsertMode::Insert).unwrap();
        assert_eq!(n, 1);
    }

    pub(super) fn dataset_type(
        &self,
        name: &str,
        dimensions: &[&str],
        calibration: bool,
    ) -> Arc<DatasetType> {
        let group = self.registry.universe().group(dimensions).unwrap();
        let made = DatasetType::new(name, group, "StructuredDataDict").unwrap();
        self.registry.register_dataset_type(&made.calibration(calibration)).unwrap();
        self.registry.dataset_type(name).unwrap()
    }

    pub(super) fn data_id(
        &self,
        dataset_type: &str,
        pairs: &[(&str, DataValue)],
    ) -> DataId {
        let dataset_type = self.registry.dataset_type(dataset_type).unwrap();
        let group = dataset_type.dimensions();
        let pairs = pairs.iter().cloned();
        DataId::standardise(self.registry.universe(), group, pairs, None).unwrap()
    }

    pub(super) fn dataset(
        &self,
        dataset_type: &str,
        run: &str,
        pairs: &[(&str, DataValue)],
    ) -> DatasetRef {
        let data_id = self.data_id(dataset_type, pairs);
        let dataset_type = self.registry.dataset_type(dataset_type).unwrap();
        DatasetRef::new(self.ids.uuid7(), dataset_type, data_id, run).unwrap()
    }

    /// Inserts a dataset with a record and a location.
    pub(super) fn put(&self, r: &DatasetRef) {
        self.registry.insert_datasets(std::slice::from_ref(r), IfPresent::Fail).unwrap();
        let record = file_record(r.id);
        self.registry.insert_file_records(DATASTORE, &[record]).unwrap();
    }
}

pub(super) const DATASTORE: &str = "FileDatastore@<butlerRoot>";

/// A record of a whole dataset.
pub(super) fn file_record(id: Uuid) -> FileRecord {
    FileRecord {
        dataset_id: id,
        path: format!("a/{id}.json"),
        formatter: "lsst.daf.butler.formatters.json.JsonFormatter".to_owned(),
        storage_class: "StructuredDataDict".to_owned(),
        component: None,
        checksum: None,
        file_size: 10,
    }
}
