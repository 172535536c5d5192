//! Stored datasets in another layout.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::{Linked, ReadRequest, StagedPut};
use salver_model::{DatasetRef, FileRecord, PartRow};
use salver_store::{Sync, faults};
use salver_tree::Tree;

use super::core::Butler;
use super::get::{GetOptions, not_there};
use super::unchanged::same;
use crate::bridge;

const OP: Op = Op("butler.repack");

impl Butler {
    /// Writes a stored dataset again as the configuration says now: layout, format, compression.
    /// Its identity, links to it and links from it stay; what it links to is not copied.
    ///
    /// The new artifacts are read back and compared before the records change; old ones that
    /// nothing else uses go afterwards. Gives how many went.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `file_not_found`, where it is not stored;
    /// `ErrorKind::Corrupt`, code `file_integrity`, where what was written does not read as what
    /// was there (a lossy recipe of the new layout): nothing is changed then; as get and put.
    pub fn repack(&self, dataset: &DatasetRef) -> Result<usize> {
        self.check_writeable(OP)?;
        let registry = &self.shared.registry;
        let datastore = &self.shared.datastore;
        let dataset = self.expanded(dataset)?;
        let records = registry.file_records(&[dataset.id])?;
        if records.is_empty() {
            return Err(not_there(&dataset));
        }
        let parts = registry.parts(&[dataset.id])?;
        let linked = links(&records, &parts);
        let options = GetOptions::default();
        let whole = self.read_at(&dataset, (&records, parts), None, &options)?;
        let mut own = whole.clone();
        if let Tree::Map(map) = &mut own {
            for link in &linked {
                map.remove(link.record.component.as_deref().unwrap_or_default());
            }
        }
        let staged = if linked.is_empty() {
            bridge::run(datastore.stage_put(&dataset, &own, Sync::Now))?
        } else {
            let rest = own.as_map().is_some_and(|map| !map.is_empty()).then_some(&own);
            bridge::run(datastore.stage_linked(&dataset, rest, linked, Sync::Now))?
        };
        self.replace(&dataset, staged, &whole)
    }

    fn replace(
        &self,
        dataset: &DatasetRef,
        mut staged: StagedPut,
        whole: &Tree,
    ) -> Result<usize> {
        let registry = &self.shared.registry;
        let datastore = &self.shared.datastore;
        let transaction = registry.transaction()?;
        let replaced = (|| {
            let records = bridge::run(staged.publish())?;
            faults::at("repack.after_link")?;
            let (artifacts, parts) = staged.part_rows();
            let request = ReadRequest { parts: parts.clone(), ..ReadRequest::default() };
            let read = bridge::run(datastore.read(dataset, &records, &request))?;
            if !alike(&read, whole)? {
                let message = "what was written does not read as what was there";
                return Err(Error::new(ErrorKind::Corrupt, OP, message)
                    .code_of("file_integrity")
                    .with("dataset", dataset)
                    .hint("a recipe that loses something cannot be repacked to"));
            }
            let rows = (artifacts.as_slice(), parts.as_slice());
            let free =
                registry.replace_records(datastore.name(), dataset.id, &records, rows)?;
            bridge::run(staged.sync())?;
            faults::at("repack.before_commit")?;
            Ok(free)
        })();
        match replaced {
            Ok(free) => {
                transaction.commit()?;
                staged.keep();
                faults::at("repack.after_commit")?;
                let removed = bridge::run(datastore.remove(&free, false))?.removed;
                registry.delete_artifacts(&free)?;
                Ok(removed)
            }
            Err(error) => {
                bridge::run(staged.abort())?;
                transaction.rollback()?;
                Err(error)
            }
        }
    }
}

/// Parts of a dataset that are links, as they are.
fn links(records: &[FileRecord], parts: &[PartRow]) -> Vec<Linked> {
    let linked = parts.iter().filter(|p| p.source.is_some()).filter_map(|part| {
        let name = part.component();
        let mine = |r: &&FileRecord| r.component == name && r.path == part.path;
        let record = records.iter().find(mine)?.clone();
        Some(Linked { record, part: part.clone(), rename: false })
    });
    linked.collect()
}

/// Whether two values are equal but for the order of their components.
fn alike(a: &Tree, b: &Tree) -> Result<bool> {
    let (Tree::Map(x), Tree::Map(y)) = (a, b) else { return same(a, b) };
    if x.len() != y.len() {
        return Ok(false);
    }
    for (name, part) in x.iter() {
        match y.get(name) {
            Some(other) if same(part, other)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
