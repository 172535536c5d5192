//! A butler of one plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::Datastore;
use salver_model::{DataId, DataValue, DatasetRef, DatasetType, FileRecord};
use salver_store::Sync;
use salver_tree::Tree;
use uuid::Uuid;

use super::plan::Plan;
use super::receipt::{Receipt, Used};
use crate::bridge;
use crate::{GetOptions, Pairs, Sources};

const GET: Op = Op("worker.get");
const PUT: Op = Op("worker.put");

/// How a worker is made.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// Which task of the plan it does; `None` where the plan has one, or for all of them.
    pub task: Option<usize>,
    /// Clock and identifiers.
    pub sources: Sources,
}

/// Gets and puts what a plan says, without a database.
///
/// Usable from many threads at once. What it puts is seen by this worker alone until its receipts
/// are committed.
#[derive(Debug)]
pub struct Worker {
    plan: Plan,
    datastore: Datastore,
    session: Uuid,
    /// Values that data IDs leave out: what the task's inputs have in common.
    defaults: Option<DataId>,
    by_name: HashMap<String, Named>,
    files: HashMap<Uuid, Vec<FileRecord>>,
    done: Mutex<Done>,
}

/// The datasets of one type that a plan knows.
#[derive(Debug)]
struct Named {
    dataset_type: Arc<DatasetType>,
    inputs: HashMap<DataId, DatasetRef>,
    outputs: HashMap<DataId, DatasetRef>,
}

#[derive(Debug, Default)]
struct Done {
    used: BTreeSet<Used>,
    put: BTreeMap<Uuid, (DatasetRef, Vec<FileRecord>)>,
}

impl Worker {
    /// A worker of a plan, or of one task of it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a task that the plan has not; [`ErrorKind::Config`],
    /// [`ErrorKind::Unsupported`] for a datastore that cannot be opened.
    pub fn new(plan: &Plan, options: &WorkerOptions) -> Result<Self> {
        let plan = match options.task {
            Some(task) => plan.of_tasks(&[task])?,
            None => plan.clone(),
        };
        let repository = &plan.0.repository;
        let datastore = Datastore::with_ids(
            &repository.datastore,
            Path::new(&repository.root),
            plan.universe(),
            Arc::clone(plan.storage_classes()),
            Arc::clone(&options.sources.ids),
        )?;
        let mut by_name: HashMap<String, Named> = HashMap::new();
        let mut files = HashMap::new();
        for input in plan.inputs() {
            let named = named(&mut by_name, &input.dataset);
            named.inputs.insert(input.dataset.data_id.clone(), input.dataset.clone());
            files.insert(input.dataset.id, input.files.clone());
        }
        for output in plan.outputs() {
            let named = named(&mut by_name, output);
            named.outputs.insert(output.data_id.clone(), output.clone());
        }
        let defaults = match plan.tasks() {
            [task] => Some(task.data_id.clone()),
            _ => None,
        };
        Ok(Self {
            session: options.sources.ids.uuid7(),
            datastore,
            defaults,
            by_name,
            files,
            done: Mutex::default(),
            plan,
        })
    }

    /// The plan, or the part of it, that it works on.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Tells this attempt from others at the same task.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// The dataset of a type and data ID: an input, or what this worker has put.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `missing_dataset_type`, for a type that the plan does not
    /// name; [`ErrorKind::InvalidInput`] for a data ID that does not fit.
    pub fn find_dataset(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
    ) -> Result<Option<DatasetRef>> {
        let named = self.named(Op("worker.find_dataset"), dataset_type)?;
        let data_id = self.data_id(&named.dataset_type, pairs)?;
        let put = named.outputs.get(&data_id).filter(|d| self.has_put(d.id));
        Ok(put.or_else(|| named.inputs.get(&data_id)).cloned())
    }

    /// Whether a dataset can be read here: it is an input, or this worker has put it.
    ///
    /// # Errors
    /// As [`Worker::find_dataset`], but a type that the plan does not name is `false`.
    pub fn exists(&self, dataset_type: &str, pairs: &Pairs) -> Result<bool> {
        if !self.by_name.contains_key(whole(dataset_type)) {
            return Ok(false);
        }
        Ok(self.find_dataset(dataset_type, pairs)?.is_some())
    }

    /// Reads an input, or what this worker has put; a component's name reads that component.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], code `dataset_not_found`, for what the plan does not give to this
    /// worker; as [`Worker::find_dataset`] and as the format.
    pub fn get(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        options: &GetOptions,
    ) -> Result<Tree> {
        self.get_found(dataset_type, pairs, options).map(|(_, tree)| tree)
    }

    /// As [`Worker::get`], with the ref of the dataset; of a component's name, its parent's.
    ///
    /// # Errors
    /// As [`Worker::get`].
    pub fn get_found(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        options: &GetOptions,
    ) -> Result<(DatasetRef, Tree)> {
        let component = dataset_type.split_once('.').map(|(_, component)| component);
        let Some(dataset) = self.find_dataset(dataset_type, pairs)? else {
            let message = "the plan does not give this dataset to the worker";
            let data_id: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
            return Err(Error::new(ErrorKind::NotFound, GET, message)
                .code_of("dataset_not_found")
                .with("dataset_type", dataset_type)
                .with("data_id", data_id.join(", "))
                .hint("workers read what is planned: plan again with it as an input"));
        };
        let tree = self.get_ref(&dataset, component, options)?;
        Ok((dataset, tree))
    }

    /// Reads an input, or what this worker has put, of which the ref is known.
    ///
    /// # Errors
    /// As [`Worker::get`].
    pub fn get_ref(
        &self,
        dataset: &DatasetRef,
        component: Option<&str>,
        options: &GetOptions,
    ) -> Result<Tree> {
        let component = component.or(dataset.component()).map(str::to_owned);
        let put = self.lock().put.get(&dataset.id).map(|(_, files)| files.clone());
        let is_input = put.is_none();
        let files = put.or_else(|| self.files.get(&dataset.id).cloned());
        let files = files.ok_or_else(|| {
            let message = "the plan does not give this dataset to the worker";
            Error::new(ErrorKind::NotFound, GET, message)
                .code_of("dataset_not_found")
                .with("dataset", dataset)
        })?;
        let request = options.request(component.as_deref(), Vec::new());
        let tree = bridge::run(self.datastore.read(dataset, &files, &request))?;
        if is_input {
            self.lock().used.insert(Used { id: dataset.id, component });
        }
        Ok(tree)
    }

    /// Writes a planned output. One file sync and one folder sync an artifact; no database.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], code `not_planned`, for an output that the plan does not
    /// have; [`ErrorKind::Conflict`] where this worker has put it already; as
    /// [`Butler::put`](crate::Butler::put).
    pub fn put(
        &self,
        tree: &Tree,
        dataset_type: &str,
        pairs: &Pairs,
    ) -> Result<DatasetRef> {
        let named = self.named(PUT, dataset_type)?;
        let data_id = self.data_id(&named.dataset_type, pairs)?;
        let dataset = named.outputs.get(&data_id).ok_or_else(|| {
            let planned = named.outputs.keys().take(3).map(ToString::to_string);
            not_planned(dataset_type, &data_id.to_string()).with(
                "planned",
                format_args!(
                    "{} of this type, such as {}",
                    named.outputs.len(),
                    planned.collect::<Vec<_>>().join(", ")
                ),
            )
        })?;
        self.write(dataset, tree)
    }

    /// Writes the planned output of a ref.
    ///
    /// # Errors
    /// As [`Worker::put`].
    pub fn put_ref(&self, tree: &Tree, dataset: &DatasetRef) -> Result<DatasetRef> {
        let name = dataset.dataset_type.name();
        let named = self.named(PUT, name)?;
        let planned = named.outputs.get(&dataset.data_id).filter(|d| d.id == dataset.id);
        let planned =
            planned.ok_or_else(|| not_planned(name, &dataset.data_id.to_string()))?;
        self.write(planned, tree)
    }

    fn write(&self, dataset: &DatasetRef, tree: &Tree) -> Result<DatasetRef> {
        if self.has_put(dataset.id) {
            let message = "this worker has put the dataset already";
            return Err(Error::new(ErrorKind::Conflict, PUT, message)
                .code_of("conflicting_definition")
                .with("dataset", dataset));
        }
        let files = bridge::run(async {
            let mut staged = self.datastore.stage_put(dataset, tree, Sync::Now).await?;
            let files = staged.publish_unique().await?;
            staged.sync().await?;
            staged.keep();
            Ok(files)
        })?;
        self.lock().put.insert(dataset.id, (dataset.clone(), files));
        Ok(dataset.clone())
    }

    /// Inputs that the plan gives to this worker.
    #[must_use]
    pub fn available(&self) -> Vec<Uuid> {
        self.plan.inputs().iter().map(|i| i.dataset.id).collect()
    }

    /// Inputs, and components of inputs, that were read so far.
    #[must_use]
    pub fn used(&self) -> Vec<Used> {
        self.lock().used.iter().cloned().collect()
    }

    /// A receipt for each dataset put so far: to be asked for when the task is done, for each says
    /// what was used.
    #[must_use]
    pub fn receipts(&self) -> Vec<Receipt> {
        let (available, done) = (self.available(), self.lock());
        let used: Vec<Used> = done.used.iter().cloned().collect();
        let of = |(dataset, files): &(DatasetRef, Vec<FileRecord>)| Receipt {
            plan: self.plan.id(),
            session: self.session,
            dataset: dataset.clone(),
            files: files.clone(),
            available: available.clone(),
            used: used.clone(),
        };
        done.put.values().map(of).collect()
    }

    /// Takes back what this worker has put: for a task that failed. Gives the number of artifacts.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`] where one could not be removed.
    pub fn discard(&self) -> Result<usize> {
        let put = std::mem::take(&mut self.lock().put);
        let files = put.values().flat_map(|(_, files)| files);
        let paths: Vec<String> = files.map(|f| f.path.clone()).collect();
        bridge::run(self.datastore.remove(&paths, false))?;
        Ok(paths.len())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_put(&self, id: Uuid) -> bool {
        self.lock().put.contains_key(&id)
    }

    fn named(&self, op: Op, name: &str) -> Result<&Named> {
        self.by_name.get(whole(name)).ok_or_else(|| {
            let mut names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
            names.sort_unstable();
            Error::new(ErrorKind::NotFound, op, "the plan has no dataset of this type")
                .code_of("missing_dataset_type")
                .with("dataset_type", name)
                .with("planned", names.join(", "))
        })
    }

    fn data_id(&self, dataset_type: &DatasetType, pairs: &Pairs) -> Result<DataId> {
        let given: Vec<(&str, DataValue)> =
            pairs.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
        let group = dataset_type.dimensions();
        DataId::standardise(self.plan.universe(), group, given, self.defaults.as_ref())
    }
}

/// A dataset type's name without its component.
fn whole(name: &str) -> &str {
    name.split_once('.').map_or(name, |(parent, _)| parent)
}

fn named<'m>(
    by_name: &'m mut HashMap<String, Named>,
    dataset: &DatasetRef,
) -> &'m mut Named {
    let name = dataset.dataset_type.name();
    by_name.entry(name.to_owned()).or_insert_with(|| Named {
        dataset_type: Arc::clone(&dataset.dataset_type),
        inputs: HashMap::new(),
        outputs: HashMap::new(),
    })
}

fn not_planned(dataset_type: &str, data_id: &str) -> Error {
    let message = "the plan does not have this output";
    Error::new(ErrorKind::InvalidInput, PUT, message)
        .code_of("not_planned")
        .with("dataset_type", dataset_type)
        .with("data_id", data_id)
        .hint("workers write what is planned: plan again with it as an output")
}
