//! Artifacts as files: where they are, whether they are there, and taking them away.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_model::{DatasetRef, FileRecord};
use salver_store::{Address, Local, Place, Store as _, file_uri};
use salver_tree::Source;

use crate::datastore::{Datastore, no_formatter};
use crate::values::RefValues;

/// What [`Datastore::remove`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files removed.
    pub removed: usize,
    /// Files that were not there.
    pub absent: usize,
    /// Files outside of the root, which were left alone.
    pub outside: usize,
}

impl Datastore {
    /// The absolute, percent-encoded URI of a record's artifact; a zip member keeps its fragment.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a path that cannot be followed.
    pub fn uri(&self, record: &FileRecord) -> Result<String> {
        self.uri_of_path(&record.path)
    }

    /// As [`Datastore::uri`], of a record's path.
    ///
    /// # Errors
    /// As [`Datastore::uri`].
    pub fn uri_of_path(&self, path: &str) -> Result<String> {
        let address = Address::parse(path)?;
        let uri = match &address.place {
            Place::Below(key) => self.inner.store.uri(key),
            Place::File(file) => file_uri(file),
            Place::Uri(uri) => (*uri).to_owned(),
        };
        Ok(match &address.member {
            Some(member) => format!("{uri}#zip-path={}", salver_store::encode(member)),
            None => uri,
        })
    }

    /// The URI that a dataset would get, whether it is stored or not.
    ///
    /// # Errors
    /// As [`Datastore::path_for`].
    pub fn predicted_uri(&self, dataset: &DatasetRef) -> Result<String> {
        Ok(self.inner.store.uri(&self.path_for(dataset, None)?))
    }

    /// Whether a record's artifact is there.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`]; [`ErrorKind::Unsupported`] for a store that cannot
    /// be asked yet.
    pub async fn exists(&self, record: &FileRecord) -> Result<bool> {
        let address = Address::parse(&record.path)?;
        let size = match &address.place {
            Place::Below(key) => self.inner.store.size(key).await?,
            Place::File(file) => Local::size_of_path(file)?,
            Place::Uri(uri) => return Err(not_yet(uri)),
        };
        Ok(size.is_some())
    }

    pub(crate) async fn open_place(
        &self,
        place: &Place<'_>,
        expected: Option<u64>,
    ) -> Result<Arc<dyn Source>> {
        match place {
            Place::Below(key) => self.inner.store.open(key, expected).await,
            Place::File(file) => Local::open_path(file.clone(), expected),
            Place::Uri(uri) => Err(not_yet(uri)),
        }
    }

    /// Removes the artifacts at these paths, of records that are gone: the second half of emptying
    /// the trash. A file that is gone already is no error; what is outside of the root stays,
    /// unless `outside` asks for it; so does what a damaged path would lead to.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`], [`ErrorKind::Io`]: the first one, after all were tried; the paths
    /// before and after it are removed, and calling again is safe.
    pub async fn remove(&self, paths: &[String], outside: bool) -> Result<Removed> {
        let mut done = Removed::default();
        let mut first = Ok(());
        for path in paths {
            match self.remove_one(path, outside).await {
                Ok(Some(true)) => done.removed += 1,
                Ok(Some(false)) => done.absent += 1,
                Ok(None) => done.outside += 1,
                Err(e) => first = first.and(Err(e)),
            }
            interrupt::check(Op("datastore.remove"))?;
        }
        first.map(|()| done)
    }

    /// Whether there was something to remove; `None` outside of the root.
    async fn remove_one(&self, path: &str, outside: bool) -> Result<Option<bool>> {
        // no file of ours has such a path: a damaged row must not keep the trash from being emptied
        let Ok(address) = Address::parse(path) else { return Ok(None) };
        match &address.place {
            Place::Below(key) => self.inner.store.remove(key).await.map(Some),
            Place::File(file) if outside => Local::remove_path(file).map(Some),
            Place::Uri(uri) if outside => Err(not_yet(uri)),
            Place::File(_) | Place::Uri(_) => Ok(None),
        }
    }

    /// The records that a dataset without any would have, for the files that are there
    /// (`trust_get_request`). Source: Gen3 format §9.9 (docs/spec/gen3.md).
    ///
    /// # Errors
    /// As [`Datastore::path_for`]; [`ErrorKind::Denied`], [`ErrorKind::Io`].
    pub async fn predict(&self, dataset: &DatasetRef) -> Result<Vec<FileRecord>> {
        let mut out = Vec::new();
        out.extend(self.predict_one(dataset).await?);
        let placement = self.placement_of(dataset)?;
        if out.is_empty() && placement.layout.is_split() {
            let classes = &self.inner.classes;
            for part in self.components_of(&dataset.dataset_type)? {
                let Some(name) = part.component() else { continue };
                out.extend(
                    self.predict_one(&dataset.component_ref(name, classes)?).await?,
                );
            }
        }
        Ok(out)
    }

    async fn predict_one(&self, dataset: &DatasetRef) -> Result<Option<FileRecord>> {
        let placement = self.placement_of(dataset)?;
        let formatter = placement.formatter.as_ref();
        let formatter = formatter.ok_or_else(|| no_formatter(&dataset.dataset_type))?;
        let values = RefValues { dataset, component: None };
        let key = placement.template.path(&values, &formatter.extension)?;
        let Some(size) = self.inner.store.size(&key).await? else { return Ok(None) };
        Ok(Some(FileRecord {
            dataset_id: dataset.id,
            path: key.as_str().to_owned(),
            formatter: formatter.class.clone(),
            storage_class: dataset.dataset_type.storage_class().to_owned(),
            component: dataset.component().map(str::to_owned),
            checksum: None,
            file_size: i64::try_from(size).unwrap_or(-1),
        }))
    }
}

/// The error for a URI of a store that is not supported yet.
fn not_yet(uri: &str) -> Error {
    let message = "files on this kind of store cannot be reached yet";
    Error::new(ErrorKind::Unsupported, Op("datastore.open"), message)
        .with("uri", uri)
        .hint("local files and `file:` URIs are supported")
}
