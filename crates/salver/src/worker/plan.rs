//! What a plan holds.

use std::sync::Arc;

use salver_model::{DataId, DatasetRef, FileRecord, StorageClasses, Universe};
use serde_json::Value as Json;
use uuid::Uuid;

/// What workers need in place of a database: a set of tasks with the datasets that they read and
/// write. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plan(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) id: Uuid,
    pub(super) repository: Repository,
    pub(super) universe: Universe,
    pub(super) classes: Arc<StorageClasses>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<DatasetRef>,
    pub(super) tasks: Vec<Task>,
}

/// Where the repository's artifacts are, and how new ones are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Repository {
    /// What `<butlerRoot>` stands for.
    pub(super) root: String,
    /// The merged section `datastore`.
    pub(super) datastore: Json,
    /// The section `storageClasses`.
    pub(super) storage_classes: Json,
}

/// A dataset that tasks read.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// What it is; its data ID has implied values.
    pub dataset: DatasetRef,
    /// Where it is stored.
    pub files: Vec<FileRecord>,
}

impl Input {
    /// Size of its artifacts in bytes, as far as it is known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().filter_map(|f| u64::try_from(f.file_size).ok()).sum()
    }
}

/// A piece of work that one worker does.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What its inputs have in common.
    pub data_id: DataId,
    /// Positions in [`Plan::inputs`].
    pub inputs: Vec<usize>,
    /// Positions in [`Plan::outputs`].
    pub outputs: Vec<usize>,
    /// Size of the inputs' artifacts in bytes.
    pub bytes: u64,
}

impl Plan {
    /// Tells this plan from others; parts of a plan keep it.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// The universe of the repository's dimensions.
    #[must_use]
    pub fn universe(&self) -> &Universe {
        &self.0.universe
    }

    /// The storage classes of the repository.
    #[must_use]
    pub fn storage_classes(&self) -> &Arc<StorageClasses> {
        &self.0.classes
    }

    /// The datasets that tasks read.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.0.inputs
    }

    /// The datasets that tasks will write, their identifiers made in advance.
    #[must_use]
    pub fn outputs(&self) -> &[DatasetRef] {
        &self.0.outputs
    }

    /// The tasks.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.0.tasks
    }

    /// Size of all inputs' artifacts in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.inputs.iter().map(Input::bytes).sum()
    }
}
