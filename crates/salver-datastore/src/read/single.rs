//! One artifact, or the artifacts of a composite, into a tree.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DatasetRef, FileRecord, StorageClass, component_node};
use salver_store::Address;
use salver_tree::{Format, Source, Tree};

use super::derived::derive;
use super::inflate::inflated;
use super::parameters::Selection;
use super::request::Counted;
use super::{Moved, ReadRequest};
use crate::composite::node_of;
use crate::datastore::Datastore;
use crate::formatter::{format_of, guess};

const OP: Op = Op("datastore.get");

/// First bytes that tell a format.
const SNIFF: u64 = 2880;

impl Datastore {
    /// Reads a dataset, a component of it, or a part: what its records say is where it is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no record, no such component (those that are there
    /// are named), or the artifact is gone; [`ErrorKind::Corrupt`] where its size is not the
    /// recorded one or its bytes are damaged; [`ErrorKind::InvalidInput`] for a parameter that the
    /// storage class does not take; [`ErrorKind::Unsupported`] for a format or a component that
    /// only another program knows (the URI is named). Errors name dataset and artifact.
    pub async fn read(
        &self,
        dataset: &DatasetRef,
        records: &[FileRecord],
        request: &ReadRequest,
    ) -> Result<Tree> {
        let predicted;
        let records = if records.is_empty() && self.trusts() {
            predicted = self.predict(dataset).await?;
            &predicted
        } else {
            records
        };
        if let Some(names) = &request.components {
            return self.read_several(dataset, records, (names, request)).await;
        }
        let component = request.component.as_deref().or_else(|| dataset.component());
        let own =
            |name: &str| records.iter().find(|r| r.component.as_deref() == Some(name));
        let whole = records.iter().find(|r| r.component.is_none());
        match (component, whole) {
            (Some(name), _) if own(name).is_some() => {
                let record = own(name).map_or(&records[..0], std::slice::from_ref);
                self.read_records(dataset, record, request).await
            }
            (None, Some(record)) => self.read_whole(dataset, record, request).await,
            (Some(name), Some(record)) => {
                self.read_part(dataset, record, name, request).await
            }
            (None, None) if !records.is_empty() => {
                self.read_composite(dataset, records, request).await
            }
            (component, None) => Err(not_stored(dataset, records, component)),
        }
    }

    async fn read_records(
        &self,
        dataset: &DatasetRef,
        records: &[FileRecord],
        request: &ReadRequest,
    ) -> Result<Tree> {
        match records {
            [record] => self.read_whole(dataset, record, request).await,
            _ => Err(not_stored(dataset, records, None)),
        }
    }

    /// All of a record: one artifact, or a part of one.
    pub(super) async fn read_whole(
        &self,
        dataset: &DatasetRef,
        record: &FileRecord,
        request: &ReadRequest,
    ) -> Result<Tree> {
        let class = if request.parameters.is_empty() {
            None
        } else {
            self.inner.classes.get(&record.storage_class).ok()
        };
        let selection = Selection::new(request, class.as_deref());
        let mut selection = selection.map_err(|e| e.with("dataset", dataset))?;
        let node = node_of(record, &request.parts);
        selection.within(&node);
        self.read_artifact(dataset, record, selection).await
    }

    /// A component that has no artifact of its own: a derived one, or a part of the whole.
    pub(super) async fn read_part(
        &self,
        dataset: &DatasetRef,
        record: &FileRecord,
        name: &str,
        request: &ReadRequest,
    ) -> Result<Tree> {
        let class = self.inner.classes.get(&record.storage_class)?;
        if class.derived_components.contains_key(name) {
            let lazy = ReadRequest { lazy: true, ..ReadRequest::default() };
            let whole = self.read_whole(dataset, record, &lazy).await?;
            return derive(name, &whole).map_err(|e| at(e, dataset, record));
        }
        let Some(part_class) = class.component(name) else {
            return Err(no_component(dataset, &class, name));
        };
        let part_class = self.inner.classes.get(part_class).ok();
        let selection = Selection::new(request, part_class.as_deref());
        let mut selection = selection.map_err(|e| e.with("dataset", dataset))?;
        let node = node_of(record, &request.parts);
        selection.within(&format!("{node}{}", component_node(name)));
        self.read_artifact(dataset, record, selection).await
    }

    pub(super) async fn read_artifact(
        &self,
        dataset: &DatasetRef,
        record: &FileRecord,
        mut selection: Selection,
    ) -> Result<Tree> {
        let counted = selection.moved.clone();
        let opened = self.open_at(&record.path, record.file_size, counted).await;
        let source = opened.map_err(|e| not_opened(e, dataset, record))?;
        check_size(dataset, record, &source)?;
        let decode = || -> Result<Tree> {
            let source = inflated(&record.path, source)?;
            let format = self.format_of(record, &source)?;
            let index = Arc::new(format.index(&source)?);
            selection.settle(&index)?;
            selection.finish(format.decode(&index, &selection.select, &source)?)
        };
        decode().map_err(|e| at(e, dataset, record))
    }

    /// Opens the artifact of a record; its length is not compared with the record's.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is gone, [`ErrorKind::Denied`], [`ErrorKind::Io`];
    /// [`ErrorKind::Unsupported`] for a store that cannot be read yet.
    pub async fn open(&self, record: &FileRecord) -> Result<Arc<dyn Source>> {
        self.open_at(&record.path, record.file_size, None).await
    }

    pub(super) async fn open_at(
        &self,
        path: &str,
        size: i64,
        moved: Option<Arc<Moved>>,
    ) -> Result<Arc<dyn Source>> {
        let address = Address::parse(path)?;
        // what is counted is not read in advance
        let expected = u64::try_from(size).ok();
        let expected = expected.filter(|_| moved.is_none() && address.member.is_none());
        let source = self.open_place(&address.place, expected).await?;
        let source = match moved {
            Some(moved) => Arc::new(Counted::new(source, moved)),
            None => source,
        };
        match &address.member {
            None => Ok(source),
            Some(member) => crate::zip::member(&source, member),
        }
    }

    /// The format of a record's formatter; of an unknown one, what the artifact itself tells.
    pub(super) fn format_of(
        &self,
        record: &FileRecord,
        source: &Arc<dyn Source>,
    ) -> Result<Arc<dyn Format>> {
        if let Some(format) = format_of(&record.formatter) {
            return Ok(format);
        }
        let first = source.read(std::slice::from_ref(&(0..source.len().min(SNIFF))))?;
        let first = first.first().map_or(&[][..], |b| &b[..]);
        guess(&record.path, first).ok_or_else(|| {
            let message = "no format of Salver reads what this formatter wrote";
            let error = Error::new(ErrorKind::Unsupported, OP, message)
                .code_of("foreign_formatter")
                .with("formatter", &record.formatter);
            match self.uri(record) {
                Ok(uri) => error.with("uri", &uri).hint("read the file at the URI"),
                Err(_) => error,
            }
        })
    }
}

pub(super) fn check_size(
    dataset: &DatasetRef,
    record: &FileRecord,
    source: &Arc<dyn Source>,
) -> Result<()> {
    let recorded = u64::try_from(record.file_size).ok();
    if recorded.is_none_or(|n| n == source.len()) {
        return Ok(());
    }
    let message = "the file's size is not the recorded one";
    Err(Error::new(ErrorKind::Corrupt, OP, message)
        .code_of("file_integrity")
        .with("dataset", dataset)
        .with("path", &record.path)
        .with("recorded", record.file_size)
        .with("found", source.len())
        .hint("the file was changed or cut short after it was stored"))
}

/// Names dataset and artifact in an error of a layer that knows neither.
pub(super) fn at(error: Error, dataset: &DatasetRef, record: &FileRecord) -> Error {
    error.with("dataset", dataset).with("artifact", &record.path)
}

pub(super) fn not_opened(
    error: Error,
    dataset: &DatasetRef,
    record: &FileRecord,
) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return at(error, dataset, record);
    }
    let message = "the dataset is recorded, but its file is gone";
    Error::new(ErrorKind::NotFound, OP, message)
        .code_of("file_not_found")
        .with("dataset", dataset)
        .with("path", &record.path)
        .caused_by(error)
}

pub(super) fn not_stored(
    dataset: &DatasetRef,
    records: &[FileRecord],
    component: Option<&str>,
) -> Error {
    if let Some(component) = component.filter(|_| !records.is_empty()) {
        let there: Vec<_> =
            records.iter().filter_map(|r| r.component.as_deref()).collect();
        return Error::new(ErrorKind::NotFound, OP, "this component is not stored")
            .with("component", component)
            .with("dataset", dataset)
            .with("stored", there.join(", "));
    }
    Error::new(ErrorKind::NotFound, OP, "the datastore has no file of this dataset")
        .code_of("file_not_found")
        .with("dataset", dataset)
}

fn no_component(dataset: &DatasetRef, class: &StorageClass, name: &str) -> Error {
    let known: Vec<_> = class.component_names().collect();
    let error =
        Error::new(ErrorKind::NotFound, OP, "the storage class has no such component")
            .code_of("missing_component")
            .with("component", name)
            .with("dataset", dataset)
            .with("storage_class", &class.name);
    if known.is_empty() {
        return error.hint("it has none");
    }
    error.hint(format!("it has: {}", known.join(", ")))
}
