//! Making a plan from refs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataId, DataValue, DatasetRef, DatasetType, DimensionGroup};
use salver_registry::Expand;
use serde_json::Value as Json;
use uuid::Uuid;

use super::plan::{Inner, Input, Plan, Repository, Task};
use crate::Butler;

const OP: Op = Op("butler.plan");

/// What a plan is made of.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// The datasets that tasks read.
    pub inputs: Vec<DatasetRef>,
    /// The names of the dataset types that tasks write, and the run of each; the butler's own
    /// where it is `None`.
    pub outputs: Vec<(String, Option<String>)>,
    /// The dimensions that tasks are made by: a task for each of their values that the inputs
    /// have. `None`: those of the first output; without outputs, those of all inputs together.
    pub group: Option<Vec<String>>,
    /// Whether data IDs of inputs carry the records of all their dimensions.
    pub records: bool,
}

/// A dataset type that tasks write, and its run.
type Planned = (Arc<DatasetType>, Arc<str>);

/// Numbers of tasks, by values that they have.
type ByValues = HashMap<Vec<DataValue>, Vec<usize>>;

impl Butler {
    /// Makes a plan for workers: a task for each value of the grouping dimensions that inputs have.
    ///
    /// An input that has all of these dimensions belongs to the task of its values; one that has
    /// some of them (a flat of a detector, a sky map) belongs to all tasks that agree with it.
    /// Outputs are one for each task, or, of a type with more dimensions, one for each data ID that
    /// the task's inputs have.
    ///
    /// Statements: those of expanding the data IDs, one lookup of file records in chunks, one lookup
    /// for each output. Nothing is written.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, codes `missing_dataset_type` and `file_not_found` (an input that is
    /// not stored); `ErrorKind::Conflict`, code `conflicting_definition`, for an output that is
    /// there already; `ErrorKind::InvalidInput` where dimensions do not fit.
    pub fn plan(&self, request: &PlanRequest) -> Result<Plan> {
        let inputs = self.planned_inputs(request)?;
        let types = self.planned_types(request)?;
        let group = self.planned_group(request, &types)?;
        let mut tasks = tasks_of(&inputs, &group)?;
        let mut outputs = Vec::new();
        for task in &mut tasks {
            for (dataset_type, run) in &types {
                for data_id in output_ids(dataset_type, task, &inputs)? {
                    task.outputs.push(outputs.len());
                    outputs.push(self.planned_output(dataset_type, &data_id, run)?);
                }
            }
        }
        check_unique(&outputs)?;
        let config = self.config();
        let section = |name: &str| config.get(name).cloned().unwrap_or(Json::Null);
        Ok(Plan(Arc::new(Inner {
            id: self.ids().uuid7(),
            repository: Repository {
                root: config.root().to_string_lossy().into_owned(),
                datastore: section("datastore"),
                storage_classes: section("storageClasses"),
            },
            universe: self.universe().clone(),
            classes: Arc::clone(self.storage_classes()),
            inputs,
            outputs,
            tasks,
        })))
    }

    fn planned_inputs(&self, request: &PlanRequest) -> Result<Vec<Input>> {
        let registry = self.registry();
        let how = if request.records { Expand::Records } else { Expand::Values };
        let given: Vec<DataId> =
            request.inputs.iter().map(|d| d.data_id.clone()).collect();
        let data_ids = registry.expand_all(&given, how)?;
        let ids: Vec<Uuid> = request.inputs.iter().map(|d| d.id).collect();
        let mut files: HashMap<Uuid, Vec<_>> = HashMap::new();
        for record in registry.file_records(&ids)? {
            files.entry(record.dataset_id).or_default().push(record);
        }
        let mut seen = HashSet::new();
        let pairs = request.inputs.iter().zip(data_ids);
        let fresh = pairs.filter(|(dataset, _)| seen.insert(dataset.id));
        fresh
            .map(|(dataset, data_id)| {
                let files = files.get(&dataset.id).cloned().ok_or_else(|| {
                    let message = "an input is not stored";
                    Error::new(ErrorKind::NotFound, OP, message)
                        .code_of("file_not_found")
                        .with("dataset", dataset)
                })?;
                Ok(Input {
                    dataset: DatasetRef { data_id, ..dataset.parent_ref() },
                    files,
                })
            })
            .collect()
    }

    fn planned_types(&self, request: &PlanRequest) -> Result<Vec<Planned>> {
        let outputs = request.outputs.iter();
        outputs
            .map(|(name, run)| {
                let run = self.run_or_default(OP, run.as_deref())?;
                Ok((self.whole_type(OP, name)?, run))
            })
            .collect()
    }

    fn planned_group(
        &self,
        request: &PlanRequest,
        types: &[Planned],
    ) -> Result<DimensionGroup> {
        let universe = self.universe();
        if let Some(names) = &request.group {
            return universe.group(names);
        }
        if let Some((dataset_type, _)) = types.first() {
            return Ok(dataset_type.dimensions().clone());
        }
        let groups = request.inputs.iter().map(|d| d.dataset_type.dimensions());
        let distinct: BTreeSet<_> = groups.map(|g| g.required().to_vec()).collect();
        universe.group(distinct.into_iter().flatten().collect::<Vec<_>>())
    }

    fn planned_output(
        &self,
        dataset_type: &Arc<DatasetType>,
        data_id: &DataId,
        run: &Arc<str>,
    ) -> Result<DatasetRef> {
        // the run may not be there yet: then it holds nothing
        match self.registry().find_conflict(dataset_type, data_id, run) {
            Ok(Some(holder)) => {
                let message = "an output is there already";
                return Err(Error::new(ErrorKind::Conflict, OP, message)
                    .code_of("conflicting_definition")
                    .with("dataset_type", dataset_type.name())
                    .with("data_id", data_id)
                    .with("run", run)
                    .with("holder", holder)
                    .hint("plan for another run, or prune the old dataset first"));
            }
            Err(error) if error.code() != "missing_collection" => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let id = self.ids().uuid7();
        let dataset = DatasetRef::new(
            id,
            Arc::clone(dataset_type),
            data_id.clone(),
            Arc::clone(run),
        )?;
        self.expanded(&dataset)
    }
}

/// The tasks, in order of their values, without outputs.
fn tasks_of(inputs: &[Input], group: &DimensionGroup) -> Result<Vec<Task>> {
    let mut tasks: BTreeMap<Vec<DataValue>, Task> = BTreeMap::new();
    let mut partial = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let data_id = &input.dataset.data_id;
        if group.required().iter().all(|name| data_id.get(name).is_some()) {
            let data_id = data_id.subset(group)?;
            let key = data_id.required_values().to_vec();
            let task = tasks.entry(key).or_insert_with(|| Task {
                data_id,
                inputs: Vec::new(),
                outputs: Vec::new(),
                bytes: 0,
            });
            task.inputs.push(at);
            task.bytes += input.bytes();
        } else {
            partial.push((at, input));
        }
    }
    let mut tasks: Vec<Task> = tasks.into_values().collect();
    share_out(&partial, &mut tasks);
    Ok(tasks)
}

/// Gives inputs that have only some of the grouping dimensions to all tasks that agree with them.
fn share_out(partial: &[(usize, &Input)], tasks: &mut [Task]) {
    // tasks by the values of the dimensions that an input shares with them, for each such set
    let mut by_shared: HashMap<Vec<Arc<str>>, ByValues> = HashMap::new();
    for (at, input) in partial {
        let data_id = &input.dataset.data_id;
        let of_task = tasks.first().map(|t| t.data_id.group().data_coordinate_keys());
        let names = of_task.into_iter().flatten();
        let shared: Vec<Arc<str>> =
            names.filter(|n| data_id.get(n).is_some()).cloned().collect();
        let values = |id: &DataId| -> Vec<DataValue> {
            shared.iter().filter_map(|n| id.get(n).cloned()).collect()
        };
        let index = by_shared.entry(shared.clone()).or_insert_with(|| {
            let mut index = ByValues::new();
            for (number, task) in tasks.iter().enumerate() {
                index.entry(values(&task.data_id)).or_default().push(number);
            }
            index
        });
        for &number in index.get(&values(data_id)).into_iter().flatten() {
            if let Some(task) = tasks.get_mut(number) {
                task.inputs.push(*at);
                task.bytes += input.bytes();
            }
        }
    }
}

/// The data IDs of a type that a task writes.
fn output_ids(
    dataset_type: &DatasetType,
    task: &Task,
    inputs: &[Input],
) -> Result<Vec<DataId>> {
    let group = dataset_type.dimensions();
    let has = |id: &DataId| group.required().iter().all(|n| id.get(n).is_some());
    if has(&task.data_id) {
        return Ok(vec![task.data_id.subset(group)?.to_minimal()]);
    }
    let own = task.inputs.iter().filter_map(|&at| inputs.get(at));
    let ids = own.map(|i| &i.dataset.data_id).filter(|id| has(id));
    let ids: BTreeSet<DataId> =
        ids.map(|id| Ok(id.subset(group)?.to_minimal())).collect::<Result<_>>()?;
    if ids.is_empty() {
        let message = "no input of a task has the dimensions of an output";
        return Err(Error::new(ErrorKind::InvalidInput, OP, message)
            .with("dataset_type", dataset_type.name())
            .with("dimensions", group)
            .with("task", &task.data_id)
            .hint("group the inputs by more dimensions, or give inputs that have them"));
    }
    Ok(ids.into_iter().collect())
}

/// Two tasks that would write the same dataset are a mistake of the grouping.
fn check_unique(outputs: &[DatasetRef]) -> Result<()> {
    let mut seen = HashSet::new();
    let twice = outputs.iter().find(|d| {
        let name = d.dataset_type.name().to_owned();
        !seen.insert((name, d.data_id.clone(), Arc::clone(&d.run)))
    });
    let Some(dataset) = twice else { return Ok(()) };
    let message = "two tasks would write the same dataset";
    Err(Error::new(ErrorKind::InvalidInput, OP, message)
        .with("dataset", dataset)
        .hint("group the inputs by the dimensions of the output"))
}
