//! Following references: handles, and many of them at once.

use std::collections::HashMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DatasetRef, FileRecord, StubRow, StubState, time};
use salver_tree::{Handle, RefLeaf, Resolver, Tree};
use uuid::Uuid;

use super::core::Butler;
use super::get::GetOptions;
use super::references::{ref_leaf, split};

const OP: Op = Op("butler.resolve");

impl Resolver for Butler {
    fn resolve(&self, references: &[&RefLeaf]) -> Result<Vec<Tree>> {
        self.resolve_with(references, &GetOptions::default())
    }
}

/// What is read for one reference, told from the others by its text.
struct Ask<'l> {
    leaf: &'l RefLeaf,
    id: Uuid,
    text: String,
}

impl Butler {
    /// What makes handles of the references of values that this butler read.
    #[must_use]
    pub fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(self.clone())
    }

    /// All references of a tree with their places, as handles: nothing is loaded.
    ///
    /// # Errors
    /// As [`Tree::visit_references`].
    pub fn handles(&self, tree: &Tree) -> Result<Vec<(String, Handle)>> {
        let resolver = self.resolver();
        let mut found = Vec::new();
        tree.visit_references(&mut |node, leaf| {
            let handle = Handle::new(leaf.clone(), Some(Arc::clone(&resolver)));
            found.push((node.to_owned(), handle));
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads what references point to, in their order: rows are looked up together, and what is
    /// asked for twice is read once. Components and parameters are the references' own; parameters
    /// of `options` apply where a reference has none.
    ///
    /// # Errors
    /// `ErrorKind::NotFound`, code `dataset_not_found` where this repository does not have the
    /// dataset, `dataset_deleted` where it was deleted (with when, and by whom),
    /// `unresolved_reference` where a reference has no identifier and the collections nothing that
    /// fits; `ErrorKind::InvalidInput`, code `forged_reference`; as [`Butler::get_ref`].
    pub fn resolve_with(
        &self,
        references: &[&RefLeaf],
        options: &GetOptions,
    ) -> Result<Vec<Tree>> {
        let asks = self.identified(references, options)?;
        let mut ids: Vec<Uuid> = asks.iter().map(|ask| ask.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let registry = &self.shared.registry;
        let datasets: HashMap<Uuid, DatasetRef> =
            registry.datasets_by_id(&ids)?.into_iter().map(|d| (d.id, d)).collect();
        if let Some(ask) = asks.iter().find(|ask| !datasets.contains_key(&ask.id)) {
            return Err(self.missing(ask.leaf, ask.id)?);
        }
        let mut records: HashMap<Uuid, Vec<FileRecord>> = HashMap::new();
        for record in registry.file_records(&ids)? {
            records.entry(record.dataset_id).or_default().push(record);
        }
        let mut read: HashMap<&str, Tree> = HashMap::new();
        let mut out = Vec::with_capacity(asks.len());
        for ask in &asks {
            if let Some(tree) = read.get(ask.text.as_str()) {
                out.push(tree.clone());
                continue;
            }
            let Some(dataset) = datasets.get(&ask.id) else { continue };
            let rows = records.get(&ask.id).map_or(&[][..], Vec::as_slice);
            let tree = self.read_reference(ask.leaf, dataset, rows, options)?;
            read.insert(&ask.text, tree.clone());
            out.push(tree);
        }
        Ok(out)
    }

    fn read_reference(
        &self,
        leaf: &RefLeaf,
        dataset: &DatasetRef,
        records: &[FileRecord],
        options: &GetOptions,
    ) -> Result<Tree> {
        let (name, component) = split(leaf);
        if dataset.dataset_type.name() != name {
            let message = "the identifier belongs to a dataset of another type";
            return Err(Error::new(ErrorKind::InvalidInput, OP, message)
                .code_of("forged_reference")
                .with("reference", leaf)
                .with("registered", ref_leaf(dataset)));
        }
        let mut options = options.clone();
        if let Some(parameters) = &leaf.parameters {
            options.parameters = parameters.clone();
        }
        self.read(dataset, records, component, &options)
            .map_err(|e| e.with("reference", leaf))
    }

    /// References with an identifier: those without one are looked up.
    fn identified<'l>(
        &self,
        references: &[&'l RefLeaf],
        options: &GetOptions,
    ) -> Result<Vec<Ask<'l>>> {
        let ask = |leaf: &&'l RefLeaf| {
            let text = leaf.to_text()?;
            if let Some(id) = leaf.id {
                return Ok(Ask { leaf, id, text });
            }
            let found = self.look_up(leaf, options.collections.as_deref())?;
            let id = found.and_then(|found| found.id).ok_or_else(|| {
                let message = "the reference names no dataset, and no collection has one";
                Error::new(ErrorKind::NotFound, OP, message)
                    .code_of("unresolved_reference")
                    .with("reference", leaf)
            })?;
            Ok(Ask { leaf, id, text })
        };
        references.iter().map(ask).collect()
    }

    /// The dataset that a reference means, as this repository has it.
    ///
    /// # Errors
    /// As [`Butler::resolve_with`], without reading.
    pub fn follow(
        &self,
        leaf: &RefLeaf,
        collections: Option<&[String]>,
    ) -> Result<DatasetRef> {
        let options = GetOptions {
            collections: collections.map(<[String]>::to_vec),
            ..GetOptions::default()
        };
        let asks = self.identified(&[leaf], &options)?;
        let id = asks.first().map(|ask| ask.id).unwrap_or_default();
        match self.shared.registry.dataset(id)? {
            Some(dataset) => Ok(dataset),
            None => Err(self.missing(leaf, id)?),
        }
    }

    /// The error for a dataset that is not registered: deleted, or never here.
    fn missing(&self, leaf: &RefLeaf, id: Uuid) -> Result<Error> {
        let stub = self.shared.registry.stubs(&[id])?.pop();
        Ok(match stub {
            Some(stub) if stub.state == StubState::Deleted => deleted(leaf, &stub),
            _ => Error::new(
                ErrorKind::NotFound,
                OP,
                "the dataset is not in this repository",
            )
            .code_of("dataset_not_found")
            .with("reference", leaf)
            .with("repository", self.config().file().display())
            .hint("transfer it here; the reference then works as it is"),
        })
    }

    /// Looks for the targets of unresolved references in datasets, and makes links of those that
    /// are found; gives how many were and how many are left.
    ///
    /// The stored value keeps the reference as it was put; a handle to it looks again when used.
    ///
    /// # Errors
    /// `ErrorKind::Denied` for a read-only butler; `ErrorKind::InvalidInput`, code
    /// `reference_cycle`; as [`Butler::find_dataset`].
    pub fn resolve_links(
        &self,
        datasets: &[DatasetRef],
        collections: Option<&[String]>,
    ) -> Result<(usize, usize)> {
        let op = Op("butler.resolve_links");
        self.check_writeable(op)?;
        let registry = &self.shared.registry;
        let ids: Vec<Uuid> = datasets.iter().map(|dataset| dataset.id).collect();
        let pending = registry.unresolved(&ids)?;
        let all = pending.len();
        let mut found = Vec::new();
        for stub in pending {
            let leaf = stub_leaf(&stub)?;
            if let Some(id) = self.look_up(&leaf, collections)?.and_then(|l| l.id) {
                found.push((stub, id));
            }
        }
        if !found.is_empty() {
            registry.resolve_stubs(&found)?;
        }
        Ok((found.len(), all - found.len()))
    }
}

/// The identity that a stub keeps, as a reference.
///
/// # Errors
/// `ErrorKind::Corrupt` where its data ID is no JSON object.
pub fn stub_leaf(stub: &StubRow) -> Result<RefLeaf> {
    let run = stub.run.as_deref().map_or_else(|| "null".to_owned(), json_text);
    let text = format!(
        r#"{{"id":null,"dataset_type":{},"data_id":{},"run":{run}}}"#,
        json_text(&stub.dataset_type),
        stub.data_id
    );
    let leaf = RefLeaf::from_text(&text)?;
    let component = stub.pending.as_ref().and_then(|p| p.component.clone());
    let id = (stub.state != StubState::Unresolved).then_some(stub.id);
    Ok(RefLeaf { id, component, ..leaf })
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn deleted(leaf: &RefLeaf, stub: &StubRow) -> Error {
    let message = "the dataset was deleted from this repository";
    Error::new(ErrorKind::NotFound, OP, message)
        .code_of("dataset_deleted")
        .with("reference", leaf)
        .with("deleted_at", format!("{} TAI", time::tai_iso(stub.at_ns)))
        .with("deleted_by", stub.by.as_deref().unwrap_or("unknown"))
}
