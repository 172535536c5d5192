//! `Butler`: the one get and put path, as Python sees it.

#![expect(
    non_snake_case,
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "names and arguments are those of Gen3"
)]

mod arguments;
mod collections;
mod composite;
mod core;
mod cutout;
mod find;
mod follow;
mod foreign;
mod handle;
mod open;
mod query;
mod read;
mod registry;
mod transaction;
mod uri;
mod write;

use std::sync::{Arc, PoisonError, RwLock};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use salver::Butler;

pub(crate) use self::arguments::{Asked, asked};
use self::collections::PyCollections;
pub(crate) use self::core::register;
pub(crate) use self::handle::PyHandle;
use self::open::Opened;
pub(crate) use self::read::class_of;
use self::registry::PyRegistry;
use self::transaction::PyTransaction;
use self::uri::PyUri;
pub(crate) use self::write::tree_of;
use crate::Reduced;
use crate::model::{PyDatasetRef, PyDatasetType, PyUniverse, Shared};

/// A repository, opened: datasets by what they are.
///
/// Usable from many threads at once, in the children of a fork, and pickled (a copy opens the
/// repository again).
#[pyclass(module = "salver", name = "Butler", frozen)]
#[derive(Debug)]
pub(crate) struct PyButler {
    /// `None` when closed. Held only to clone, never during I/O.
    butler: RwLock<Option<Butler>>,
    shared: Arc<Shared>,
    opened: Opened,
}

#[pymethods]
impl PyButler {
    #[new]
    #[pyo3(signature = (config=None, *, collections=None, run=None, searchPaths=None,
        writeable=None, inferDefaults=true, without_datastore=false, metrics=None, **kwargs))]
    fn new(
        config: Option<&Bound<'_, PyAny>>,
        collections: Option<&Bound<'_, PyAny>>,
        run: Option<String>,
        searchPaths: Option<&Bound<'_, PyAny>>,
        writeable: Option<bool>,
        inferDefaults: bool,
        without_datastore: bool,
        metrics: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        let _ = (without_datastore, metrics);
        let asked = open::Asked {
            config,
            collections,
            run,
            search_paths: searchPaths,
            writeable,
            infer_defaults: inferDefaults,
            data_id: kwargs,
        };
        open::open(py, &asked)
    }

    /// Opens a repository: its folder, its configuration file, a label of the repository index.
    #[staticmethod]
    #[pyo3(signature = (config=None, *, collections=None, run=None, searchPaths=None,
        writeable=None, inferDefaults=true, without_datastore=false, metrics=None, **kwargs))]
    fn from_config(
        config: Option<&Bound<'_, PyAny>>,
        collections: Option<&Bound<'_, PyAny>>,
        run: Option<String>,
        searchPaths: Option<&Bound<'_, PyAny>>,
        writeable: Option<bool>,
        inferDefaults: bool,
        without_datastore: bool,
        metrics: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        Self::new(
            config,
            collections,
            run,
            searchPaths,
            writeable,
            inferDefaults,
            without_datastore,
            metrics,
            kwargs,
            py,
        )
    }

    /// Makes an empty repository and gives its configuration.
    #[staticmethod]
    #[pyo3(name = "makeRepo", signature = (root, config=None, dimensionConfig=None,
        standalone=false, searchPaths=None, forceConfigRoot=true, outfile=None, overwrite=false))]
    fn make_repo<'py>(
        root: &Bound<'py, PyAny>,
        config: Option<&Bound<'py, PyAny>>,
        dimensionConfig: Option<&Bound<'py, PyAny>>,
        standalone: bool,
        searchPaths: Option<&Bound<'py, PyAny>>,
        forceConfigRoot: bool,
        outfile: Option<&Bound<'py, PyAny>>,
        overwrite: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let asked = open::Made {
            config,
            dimensions: dimensionConfig,
            standalone,
            search_paths: searchPaths,
            override_all: !forceConfigRoot,
            outfile,
            overwrite,
        };
        open::make(root, &asked)
    }

    /// The same repository with other defaults.
    #[pyo3(signature = (*, collections=None, run=None, inferDefaults=None, **kwargs))]
    fn clone(
        &self,
        py: Python<'_>,
        collections: Option<&Bound<'_, PyAny>>,
        run: Option<String>,
        inferDefaults: Option<bool>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        open::reopened(py, self, collections, run, inferDefaults, kwargs)
    }

    /// Lets go of the repository: every later call is an error.
    fn close(&self) {
        let taken = self.butler.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(taken);
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, _args: &Bound<'_, PyTuple>) {
        self.close();
    }

    #[getter]
    fn dimensions(&self) -> PyUniverse {
        PyUniverse(Arc::clone(&self.shared))
    }

    #[getter]
    fn run(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.inner(py)?.run().map(str::to_owned))
    }

    #[pyo3(name = "isWriteable")]
    fn is_writeable(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.inner(py)?.is_writeable())
    }

    #[getter]
    fn collections(&self, py: Python<'_>) -> PyResult<PyCollections> {
        Ok(PyCollections::new_of(self.inner(py)?, &self.shared))
    }

    #[getter]
    fn registry(&self, py: Python<'_>) -> PyResult<PyRegistry> {
        Ok(PyRegistry::new_of(self.inner(py)?, &self.shared))
    }

    /// A block of writes that are kept together or not at all.
    fn transaction(&self, py: Python<'_>) -> PyResult<PyTransaction> {
        Ok(PyTransaction::new_of(self.inner(py)?))
    }

    /// Reads a dataset.
    #[pyo3(signature = (datasetRefOrType, dataId=None, /, *, parameters=None, collections=None,
        storageClass=None, timespan=None, **kwargs))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        datasetRefOrType: &Bound<'py, PyAny>,
        dataId: Option<&Bound<'py, PyAny>>,
        parameters: Option<&Bound<'py, PyDict>>,
        collections: Option<&Bound<'py, PyAny>>,
        storageClass: Option<&Bound<'py, PyAny>>,
        timespan: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let asked = read::Asked {
            what: datasetRefOrType,
            data_id: dataId,
            more: kwargs,
            parameters,
            collections,
            class: storageClass,
            timespan,
        };
        self.read(py, &asked)
    }

    /// Reads the part of a dataset's images around a position on the sky, and says how many bytes
    /// that moved. `ra` and `dec` are ICRS degrees; `size` is in pixels along x and y, `radius` in
    /// degrees.
    #[pyo3(signature = (datasetRefOrType, dataId=None, /, *, ra, dec, size=None, radius=None,
        collections=None, **kwargs))]
    fn cutout(
        &self,
        py: Python<'_>,
        datasetRefOrType: &Bound<'_, PyAny>,
        dataId: Option<&Bound<'_, PyAny>>,
        ra: f64,
        dec: f64,
        size: Option<(u32, u32)>,
        radius: Option<f64>,
        collections: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<cutout::PyCutout> {
        let look =
            find::Look { data_id: dataId, more: kwargs, collections, timespan: None };
        let place = cutout::Place { ra_deg: ra, dec_deg: dec, size, radius_deg: radius };
        self.cut(py, datasetRefOrType, &look, &place)
    }

    /// A handle that reads the dataset when it is asked.
    #[pyo3(name = "getDeferred", signature = (datasetRefOrType, dataId=None, /, *,
        parameters=None, collections=None, storageClass=None, timespan=None, **kwargs))]
    fn get_deferred(
        slf: &Bound<'_, Self>,
        datasetRefOrType: &Bound<'_, PyAny>,
        dataId: Option<&Bound<'_, PyAny>>,
        parameters: Option<Bound<'_, PyDict>>,
        collections: Option<&Bound<'_, PyAny>>,
        storageClass: Option<Py<PyAny>>,
        timespan: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyHandle> {
        let looked = find::Look { data_id: dataId, more: kwargs, collections, timespan };
        let dataset = slf.get().resolve(slf.py(), datasetRefOrType, &looked)?;
        Ok(PyHandle {
            butler: slf.clone().unbind(),
            dataset: Py::new(slf.py(), dataset)?,
            parameters: parameters.map(Bound::unbind),
            storage_class: storageClass,
        })
    }

    /// Stores an object as a new dataset and gives its ref.
    /// Components in `parts` are links to parts of other datasets; those that are as in `base` too.
    /// References in the object become links, and `inputs` do: references, or pairs of a kind and
    /// one. Those without identifier are looked up in `collections`.
    #[pyo3(signature = (obj, datasetRefOrType, dataId=None, /, *, run=None, provenance=None,
        parts=None, base=None, inputs=None, collections=None, allow_unresolved=false,
        allow_dangling=false, **kwargs))]
    fn put(
        &self,
        py: Python<'_>,
        obj: &Bound<'_, PyAny>,
        datasetRefOrType: &Bound<'_, PyAny>,
        dataId: Option<&Bound<'_, PyAny>>,
        run: Option<&str>,
        provenance: Option<&Bound<'_, PyAny>>,
        parts: Option<&Bound<'_, PyDict>>,
        base: Option<&PyDatasetRef>,
        inputs: Option<&Bound<'_, PyAny>>,
        collections: Option<&Bound<'_, PyAny>>,
        allow_unresolved: bool,
        allow_dangling: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyDatasetRef> {
        let _ = provenance;
        let allow = [allow_unresolved, allow_dangling];
        let options = write::put_options(inputs, collections, allow)?;
        let (what, data_id) = (datasetRefOrType, dataId);
        let target = write::Target { what, data_id, more: kwargs, run, options };
        if parts.is_some() || base.is_some() {
            return self.store_parts(py, obj, &target, (parts, base));
        }
        self.store(py, obj, &target)
    }

    /// Makes a dataset of parts of others alone; nothing is read or copied.
    #[pyo3(signature = (dataset_type, data_id=None, /, *, parts, run=None, **kwargs))]
    fn link(
        &self,
        dataset_type: &str,
        data_id: Option<&Bound<'_, PyAny>>,
        parts: &Bound<'_, PyDict>,
        run: Option<&str>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyDatasetRef> {
        self.link_parts((dataset_type, data_id, kwargs, run), parts)
    }

    /// Reads many datasets, or components, of which the refs are known; in their order.
    #[pyo3(signature = (refs, *, parameters=None))]
    fn get_many<'py>(
        &self,
        refs: &Bound<'py, PyAny>,
        parameters: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.read_many(refs, parameters)
    }

    /// Writes stored datasets again as the configuration says now; gives the number of old
    /// artifacts that went.
    fn repack(&self, refs: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.pack_again(refs)
    }

    /// The dataset of a type and data ID in the first of the collections that has one, or `None`.
    #[pyo3(signature = (dataset_type, data_id=None, *, collections=None, timespan=None,
        storage_class=None, dimension_records=false, datastore_records=false, **kwargs))]
    fn find_dataset(
        &self,
        py: Python<'_>,
        dataset_type: &Bound<'_, PyAny>,
        data_id: Option<&Bound<'_, PyAny>>,
        collections: Option<&Bound<'_, PyAny>>,
        timespan: Option<&Bound<'_, PyAny>>,
        storage_class: Option<&Bound<'_, PyAny>>,
        dimension_records: bool,
        datastore_records: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<PyDatasetRef>> {
        let _ = datastore_records;
        let look = find::Look { data_id, more: kwargs, collections, timespan };
        self.find(py, dataset_type, &look, storage_class, dimension_records)
    }

    /// What is known of a dataset.
    #[pyo3(signature = (dataset_ref_or_type, data_id=None, /, *, full_check=true,
        collections=None, **kwargs))]
    fn exists<'py>(
        &self,
        py: Python<'py>,
        dataset_ref_or_type: &Bound<'py, PyAny>,
        data_id: Option<&Bound<'py, PyAny>>,
        full_check: bool,
        collections: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let look = find::Look { data_id, more: kwargs, collections, timespan: None };
        self.existence(py, dataset_ref_or_type, &look, full_check)
    }

    /// Whether the datastore has the dataset of a ref.
    fn stored(&self, py: Python<'_>, r#ref: &PyDatasetRef) -> PyResult<bool> {
        self.is_stored(py, r#ref)
    }

    /// Where the one artifact of a dataset is.
    #[pyo3(name = "getURI", signature = (datasetRefOrType, dataId=None, /, *, predict=false,
        collections=None, run=None, **kwargs))]
    fn get_uri(
        &self,
        py: Python<'_>,
        datasetRefOrType: &Bound<'_, PyAny>,
        dataId: Option<&Bound<'_, PyAny>>,
        predict: bool,
        collections: Option<&Bound<'_, PyAny>>,
        run: Option<&str>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyUri> {
        let _ = (predict, run);
        let look =
            find::Look { data_id: dataId, more: kwargs, collections, timespan: None };
        self.uri(py, datasetRefOrType, &look)
    }

    /// Where the artifacts of a dataset are: of the whole, and of components by name.
    #[pyo3(name = "getURIs", signature = (datasetRefOrType, dataId=None, /, *, predict=false,
        collections=None, run=None, **kwargs))]
    fn get_uris<'py>(
        &self,
        py: Python<'py>,
        datasetRefOrType: &Bound<'py, PyAny>,
        dataId: Option<&Bound<'py, PyAny>>,
        predict: bool,
        collections: Option<&Bound<'py, PyAny>>,
        run: Option<&str>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<(Option<PyUri>, Bound<'py, PyDict>)> {
        let _ = (predict, run);
        let look =
            find::Look { data_id: dataId, more: kwargs, collections, timespan: None };
        self.uris(py, datasetRefOrType, &look)
    }

    /// The dataset of an identifier, or `None`.
    #[pyo3(signature = (id, *, storage_class=None, dimension_records=false, datastore_records=false))]
    fn get_dataset(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        storage_class: Option<&Bound<'_, PyAny>>,
        dimension_records: bool,
        datastore_records: bool,
    ) -> PyResult<Option<PyDatasetRef>> {
        let _ = datastore_records;
        self.by_id(py, id, storage_class, dimension_records)
    }

    /// The datasets of identifiers, in their order; those that are not there are left out.
    fn get_many_datasets(&self, ids: &Bound<'_, PyAny>) -> PyResult<Vec<PyDatasetRef>> {
        self.by_ids(ids)
    }

    fn get_dataset_type(&self, py: Python<'_>, name: &str) -> PyResult<PyDatasetType> {
        self.dataset_type(py, name)
    }

    /// Adds files that are there already.
    #[pyo3(signature = (*datasets, transfer=Some("auto"), record_validation_info=true, skip_existing=false),
        text_signature = "($self, *datasets, transfer=\"auto\", record_validation_info=True, skip_existing=False)")]
    fn ingest(
        &self,
        datasets: &Bound<'_, PyTuple>,
        transfer: Option<&str>,
        record_validation_info: bool,
        skip_existing: bool,
    ) -> PyResult<()> {
        let _ = record_validation_info;
        self.take_in(datasets, transfer, skip_existing)
    }

    /// Removes datasets from tagged collections, from the datastore, or altogether.
    #[pyo3(name = "pruneDatasets", signature = (refs, *, disassociate=true, unstore=false, tags=None, purge=false,
        force=false))]
    fn prune_datasets(
        &self,
        refs: &Bound<'_, PyAny>,
        disassociate: bool,
        unstore: bool,
        tags: Option<&Bound<'_, PyAny>>,
        purge: bool,
        force: bool,
    ) -> PyResult<()> {
        self.prune(refs, [disassociate, unstore, purge], tags, force)
    }

    /// Removes runs and the datasets in them.
    #[pyo3(name = "removeRuns", signature = (names, unstore=true, *, unlink_from_chains=false,
        force=false))]
    fn remove_runs(
        &self,
        names: &Bound<'_, PyAny>,
        unstore: bool,
        unlink_from_chains: bool,
        force: bool,
    ) -> PyResult<()> {
        self.drop_runs(names, unstore, unlink_from_chains, force)
    }

    /// What datasets came from (upstream) or what was made of them (downstream).
    #[pyo3(signature = (refs, direction="upstream", depth=None, kinds=None, dataset_types=None))]
    fn lineage<'py>(
        slf: &Bound<'py, Self>,
        refs: &Bound<'py, PyAny>,
        direction: &str,
        depth: Option<u32>,
        kinds: Option<&Bound<'py, PyAny>>,
        dataset_types: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        follow::lineage(slf, (refs, direction, depth, kinds, dataset_types))
    }

    /// Reads what the references in a structure point to, many at once; each is in its place.
    #[pyo3(name = "resolve", signature = (value, *, component=None))]
    fn resolve_all<'py>(
        slf: &Bound<'py, Self>,
        value: &Bound<'py, PyAny>,
        component: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        follow::resolve(slf, value, component)
    }

    /// Makes links of unresolved references; gives how many were found and how many are left.
    #[pyo3(signature = (refs, *, collections=None))]
    fn resolve_links(
        &self,
        refs: &Bound<'_, PyAny>,
        collections: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(usize, usize)> {
        self.link_unresolved(refs, collections)
    }

    /// Datasets by type, collections and data ID.
    #[pyo3(signature = (dataset_type, collections=None, *, find_first=true, data_id=None, r#where="",
        bind=None, with_dimension_records=false, order_by=None, limit=Some(-20_000), explain=true,
        region=None, timespan=None, **kwargs),
        text_signature = "($self, dataset_type, collections=None, *, find_first=True, data_id=None, where=\"\", bind=None, with_dimension_records=False, order_by=None, limit=-20000, explain=True, region=None, timespan=None, **kwargs)")]
    fn query_datasets(
        &self,
        py: Python<'_>,
        dataset_type: &Bound<'_, PyAny>,
        collections: Option<&Bound<'_, PyAny>>,
        find_first: bool,
        data_id: Option<&Bound<'_, PyAny>>,
        r#where: &str,
        bind: Option<&Bound<'_, PyAny>>,
        with_dimension_records: bool,
        order_by: Option<&Bound<'_, PyAny>>,
        limit: Option<i64>,
        explain: bool,
        region: Option<&Bound<'_, PyAny>>,
        timespan: Option<&Bound<'_, PyAny>>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vec<PyDatasetRef>> {
        let _ = bind;
        query::refuse(py, r#where, order_by)?;
        let asked = query::Asked {
            collections,
            find_first,
            data_id,
            more: kwargs,
            records: with_dimension_records,
            limit,
            explain,
            region,
            timespan,
        };
        self.list(py, dataset_type, &asked)
    }

    /// Dimension records of one element.
    #[pyo3(signature = (element, *, data_id=None, r#where="", bind=None, order_by=None,
        limit=None, explain=true, **kwargs))]
    fn query_dimension_records(
        &self,
        py: Python<'_>,
        element: &Bound<'_, PyAny>,
        data_id: Option<&Bound<'_, PyAny>>,
        r#where: &str,
        bind: Option<&Bound<'_, PyAny>>,
        order_by: Option<&Bound<'_, PyAny>>,
        limit: Option<i64>,
        explain: bool,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vec<crate::model::PyRecord>> {
        let _ = bind;
        query::refuse(py, r#where, order_by)?;
        self.list_records(element, data_id, kwargs, (limit, explain))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let butler = self.inner(py)?;
        let collections = butler.collections().join(", ");
        let root = butler.config().root().display();
        Ok(format!(
            "Butler({root}, collections=[{collections}], run={:?})",
            butler.run().unwrap_or("")
        ))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, open::Again> {
        let make = slf.get_type().getattr("_open_again")?;
        Ok((make, slf.get().opened.arguments()))
    }

    #[staticmethod]
    fn _open_again(
        py: Python<'_>,
        place: &str,
        collections: Vec<String>,
        run: Option<String>,
        writeable: bool,
        data_id: Vec<(String, open::AnyValue)>,
    ) -> PyResult<Self> {
        open::again(py, place, collections, run, writeable, data_id)
    }
}
