//! Putting: bytes first, name last.
//!
//! Source: docs/spec/design.md, "Writing: bytes first, name last". A dataset is encoded to hidden
//! temporaries and synced before the registry's transaction begins; inside of it they get their
//! names and the records are made; before its commit the folders are synced.

use blake2::{Blake2b512, Digest as _};
use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{ArtifactRow, DatasetRef, FileRecord, PartRow};
use salver_store::{Key, Stage, Store as _, Sync, Unsynced, ready};
use salver_tree::{Kind, PartIndex, Sink, Tree};

use crate::composite::{Linked, Names, OwnFile};
use crate::datastore::{Datastore, Placement, no_formatter};
use crate::formatter::Formatter;
use crate::layout::Layout;

const OP: Op = Op("datastore.put");

/// One file on its way, and its record.
#[derive(Debug)]
pub(crate) struct StagedFile {
    pub(crate) stage: Box<dyn Stage>,
    pub(crate) key: Key<'static>,
    pub(crate) extension: String,
    pub(crate) records: Vec<FileRecord>,
    /// What our own tables say of it; then its name is its own from the start.
    pub(crate) own: Option<OwnFile>,
}

/// A dataset whose bytes are on disk under hidden names. Dropped before [`StagedPut::keep`], it
/// takes all of it back.
#[derive(Debug)]
pub struct StagedPut {
    pub(crate) datastore: Datastore,
    pub(crate) files: Vec<StagedFile>,
    pub(crate) linked: Vec<Linked>,
    pub(crate) names: Names,
    unsynced: Unsynced,
    kept: bool,
}

/// Passes bytes on, counting them into a digest.
struct Hashing<'a> {
    sink: &'a mut dyn Sink,
    digest: Option<Blake2b512>,
}

impl Sink for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        self.sink.write(bytes)
    }

    fn written(&self) -> u64 {
        self.sink.written()
    }
}

impl Datastore {
    /// Encodes a dataset to hidden temporaries; nothing is visible yet.
    ///
    /// With [`Sync::Later`] the bytes are synced with the folders, by [`StagedPut::sync`] or by
    /// the caller for many puts at once ([`StagedPut::take_unsynced`]).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where the constraints refuse the type, no formatter is
    /// configured, or the path cannot be made; [`ErrorKind::Unsupported`] where the format cannot
    /// hold the tree, before anything is written; [`ErrorKind::Limit`] for a full disk,
    /// [`ErrorKind::Denied`].
    pub async fn stage_put(
        &self,
        dataset: &DatasetRef,
        tree: &Tree,
        sync: Sync,
    ) -> Result<StagedPut> {
        let placement = self.placement_of(dataset)?;
        if !placement.accepted {
            return Err(refused(dataset, self.name()));
        }
        self.check_kind(dataset, tree)?;
        let mut put = self.no_put();
        match &placement.layout {
            Layout::Gen3 { disassembled: true } => {
                for (part, tree) in self.parts(dataset, tree)? {
                    let file = self.stage_one(&part, tree, sync).await;
                    put.files.push(file.map_err(|e| about(e, &part))?);
                }
            }
            Layout::Ours(entry) if entry.digest || entry.artifacts.len() > 1 => {
                let parts = if placement.layout.is_split() {
                    self.parts(dataset, tree)?
                } else {
                    vec![(dataset.clone(), tree)]
                };
                self.stage_parts(dataset, entry, parts, (&mut put, sync)).await?;
            }
            _ => {
                let file = self.stage_one(dataset, tree, sync).await;
                put.files.push(file.map_err(|e| about(e, dataset))?);
            }
        }
        Ok(put)
    }

    /// A put of nothing yet.
    pub(crate) fn no_put(&self) -> StagedPut {
        StagedPut {
            datastore: self.clone(),
            files: Vec::new(),
            linked: Vec::new(),
            names: Names::default(),
            unsynced: Unsynced::default(),
            kept: false,
        }
    }

    /// Plain storage classes hold what their name says and nothing else.
    pub(crate) fn check_kind(&self, dataset: &DatasetRef, tree: &Tree) -> Result<()> {
        let class = self.inner.classes.get(dataset.dataset_type.storage_class())?;
        let is = |name: &str| class.lineage.iter().any(|c| c == name);
        let expected = if is("StructuredDataDict") {
            Kind::Map
        } else if is("StructuredDataList") {
            Kind::List
        } else if is("int") {
            Kind::Int
        } else {
            return Ok(());
        };
        let found = tree.kind();
        // tagged and referring nodes stand for what their assembler makes of them
        if found == expected || matches!(found, Kind::Tagged | Kind::Ref) {
            return Ok(());
        }
        let message = "the storage class does not hold this kind of object";
        Err(Error::new(ErrorKind::Unsupported, OP, message)
            .with("storage_class", &class.name)
            .with("expected", expected)
            .with("found", found)
            .with("dataset", dataset))
    }

    /// The components that a tree has, with the refs they are stored under.
    pub(crate) fn parts<'t>(
        &self,
        dataset: &DatasetRef,
        tree: &'t Tree,
    ) -> Result<Vec<(DatasetRef, &'t Tree)>> {
        let classes = &self.inner.classes;
        let class = classes.get(dataset.dataset_type.storage_class())?;
        let names = || class.components.keys().cloned().collect::<Vec<_>>().join(", ");
        let wrong = |message: &str| {
            Error::new(ErrorKind::InvalidInput, OP, message)
                .with("dataset", dataset)
                .with("components", names())
        };
        let map = tree.as_map().ok_or_else(|| {
            wrong("a composite stored by its components must be a map of them")
                .with("kind", tree.kind())
        })?;
        let mut out = Vec::new();
        for (name, part) in map.iter() {
            if !class.components.contains_key(name) {
                let error = wrong("a part that is no component of the storage class");
                return Err(error.with("part", name));
            }
            if !matches!(part, Tree::Null) {
                out.push((dataset.component_ref(name, classes)?, part));
            }
        }
        if out.is_empty() {
            return Err(wrong("a composite without any component"));
        }
        Ok(out)
    }

    pub(crate) async fn stage_one(
        &self,
        dataset: &DatasetRef,
        tree: &Tree,
        sync: Sync,
    ) -> Result<StagedFile> {
        let placement = self.placement_of(dataset)?;
        let formatter = writer(dataset, &placement)?;
        if formatter.format.is_none() {
            return Err(unwritable(dataset, formatter));
        }
        let key = self.path_for(dataset, None)?;
        let encoded = self.encode(&key, tree, formatter, sync).await?;
        let record = encoded.record(dataset, formatter);
        let extension = formatter.extension.clone();
        let stage = encoded.stage;
        Ok(StagedFile { stage, key, extension, records: vec![record], own: None })
    }

    /// Encodes a tree to a hidden temporary.
    pub(crate) async fn encode(
        &self,
        key: &Key<'_>,
        tree: &Tree,
        formatter: &Formatter,
        sync: Sync,
    ) -> Result<Encoded> {
        let format =
            formatter.format.as_ref().ok_or_else(|| no_format(&formatter.class))?;
        let mut stage = self.inner.store.stage(key).await?;
        let (index, checksum) = {
            let digest = self.inner.settings.checksum.then(Blake2b512::new);
            let mut sink = Hashing { sink: &mut *stage, digest };
            let index = format.encode(tree, &formatter.options, &mut sink)?;
            (index, sink.digest.map(|d| hex(&d.finalize())))
        };
        let size = stage.finish(sync).await?;
        Ok(Encoded { stage, size, checksum, index })
    }

    /// Gives a staged file its name; where that is taken, the name with 12 hexadecimal digits.
    pub(crate) async fn publish_one(
        &self,
        file: &mut StagedFile,
        unsynced: &mut Unsynced,
    ) -> Result<()> {
        let mut key = match &file.own {
            None => file.key.clone(),
            Some(_) => self.unique(&file.key, &file.extension)?,
        };
        for _ in 0..16 {
            if file.stage.publish(&key, unsynced).await? {
                for record in &mut file.records {
                    key.as_str().clone_into(&mut record.path);
                }
                for part in file.own.iter_mut().flat_map(|own| &mut own.parts) {
                    key.as_str().clone_into(&mut part.path);
                }
                return Ok(());
            }
            key = self.unique(&file.key, &file.extension)?;
        }
        let message = "every name that was tried is taken";
        Err(Error::new(ErrorKind::Conflict, OP, message).with("path", &file.key))
    }

    /// The key with 12 fresh hexadecimal digits before its extension.
    pub(crate) fn unique(&self, key: &Key<'_>, extension: &str) -> Result<Key<'static>> {
        let stem = key.as_str().strip_suffix(extension).unwrap_or(key.as_str());
        let random = self.inner.ids.random() & 0xffff_ffff_ffff;
        Key::from_string(format!("{stem}_{random:012x}{extension}"))
    }
}

impl StagedPut {
    /// Gives the files their names and tells where they are, in the order they were staged.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Limit`], [`ErrorKind::Io`]; what has its name already
    /// is taken back when `self` is dropped.
    pub async fn publish(&mut self) -> Result<Vec<FileRecord>> {
        for file in &mut self.files {
            self.datastore.publish_one(file, &mut self.unsynced).await?;
        }
        for linked in &mut self.linked {
            let datastore = &self.datastore;
            datastore.give_name(linked, &mut self.names, &mut self.unsynced).await?;
        }
        let records = self.files.iter().flat_map(|f| &f.records);
        Ok(records.chain(self.linked.iter().map(|l| &l.record)).cloned().collect())
    }

    /// What our own tables are to say of what was published: nothing for a put as Gen3 does it.
    #[must_use]
    pub fn part_rows(&self) -> (Vec<ArtifactRow>, Vec<PartRow>) {
        crate::composite::rows(&self.files, &self.linked)
    }

    /// As [`StagedPut::publish`], under names that carry 12 hexadecimal digits of this attempt
    /// alone: what workers use, which do not know whether a name is somebody else's.
    ///
    /// # Errors
    /// As [`StagedPut::publish`].
    pub async fn publish_unique(&mut self) -> Result<Vec<FileRecord>> {
        for file in &mut self.files {
            file.key = self.datastore.unique(&file.key, &file.extension)?;
        }
        self.publish().await
    }

    /// Brings names (and bytes that were left for later) to disk: to be called before the commit.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], [`ErrorKind::Io`].
    pub async fn sync(&mut self) -> Result<()> {
        let unsynced = self.take_unsynced();
        self.datastore.inner.store.sync(&unsynced).await
    }

    /// What is to be synced, for a caller that syncs many puts together
    /// ([`Datastore::sync`]).
    pub fn take_unsynced(&mut self) -> Unsynced {
        std::mem::take(&mut self.unsynced)
    }

    /// The put is committed: nothing is taken back any more.
    pub fn keep(mut self) {
        self.kept = true;
    }

    /// Takes back what was published, and the temporaries.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`]: the first one, after all was tried.
    pub async fn abort(mut self) -> Result<()> {
        self.kept = true;
        let names = self.names.take_back(&self.datastore.inner.store).await;
        take_back(&mut self.files).await.and(names)
    }
}

/// Takes back all files, and gives the first error.
pub(crate) async fn take_back(files: &mut Vec<StagedFile>) -> Result<()> {
    let mut first = Ok(());
    for mut file in files.drain(..) {
        let done = file.stage.unpublish().await;
        first = first.and(done);
    }
    first
}

impl Drop for StagedPut {
    fn drop(&mut self) {
        if !self.kept {
            // nobody is there to hear of an error
            let _done = ready(self.names.take_back(&self.datastore.inner.store));
            let _done = ready(take_back(&mut self.files));
        }
    }
}

impl Datastore {
    /// Syncs what many puts and ingests left ([`StagedPut::take_unsynced`]).
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], [`ErrorKind::Io`].
    pub async fn sync(&self, unsynced: &Unsynced) -> Result<()> {
        self.inner.store.sync(unsynced).await
    }
}

/// What was encoded to a hidden temporary.
pub(crate) struct Encoded {
    pub(crate) stage: Box<dyn Stage>,
    pub(crate) size: u64,
    pub(crate) checksum: Option<String>,
    pub(crate) index: PartIndex,
}

impl Encoded {
    /// The record of a dataset or component in it; the path comes with its name.
    pub(crate) fn record(
        &self,
        dataset: &DatasetRef,
        formatter: &Formatter,
    ) -> FileRecord {
        FileRecord {
            dataset_id: dataset.id,
            path: String::new(),
            formatter: formatter.class.clone(),
            storage_class: dataset.dataset_type.storage_class().to_owned(),
            component: dataset.component().map(str::to_owned),
            checksum: self.checksum.clone(),
            file_size: i64::try_from(self.size).unwrap_or(-1),
        }
    }
}

fn no_format(class: &str) -> Error {
    let message = "this formatter belongs to another program";
    Error::new(ErrorKind::Unsupported, OP, message).with("formatter", class)
}

fn writer<'p>(dataset: &DatasetRef, placement: &'p Placement) -> Result<&'p Formatter> {
    placement.formatter.as_ref().ok_or_else(|| no_formatter(&dataset.dataset_type))
}

/// The error for a formatter that only Gen3's stock has.
fn unwritable(dataset: &DatasetRef, formatter: &Formatter) -> Error {
    let message =
        "this formatter belongs to another program: its files can be ingested, not put";
    Error::new(ErrorKind::Unsupported, OP, message)
        .code_of("foreign_formatter")
        .with("formatter", &formatter.class)
        .with("storage_class", dataset.dataset_type.storage_class())
        .hint("name another one under `datastore.formatters` in butler.yaml")
}

pub(crate) fn refused(dataset: &DatasetRef, name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        OP,
        "the datastore's constraints refuse this dataset",
    )
    .code_of("dataset_type_not_supported")
    .with("dataset", dataset)
    .with("datastore", name)
}

/// Names the dataset in an error of a layer that does not know it.
pub(crate) fn about(error: Error, dataset: &DatasetRef) -> Error {
    if error.context().iter().any(|(key, _)| *key == "dataset") {
        return error;
    }
    error.with("dataset", dataset)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}
