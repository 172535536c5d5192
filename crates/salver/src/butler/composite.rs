//! Datasets made of parts of others: links, overrides, shared artifacts.
//!
//! Source: docs/spec/composites.md.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_datastore::layout::at_component;
use salver_datastore::{Linked, LinkedFrom};
use salver_model::{DatasetRef, FileRecord, LinkKind, LinkRow, PartRow};
use salver_tree::{Map, Tree};

use super::core::Butler;
use super::data_id::Pairs;
use super::references::PutOptions;
use super::transaction::Written;
use crate::bridge;

const LINK: Op = Op("butler.link");

/// Components by name, each a dataset, or a component of one.
pub type Parts = [(String, DatasetRef)];

/// As [`Parts`], owned.
type Links = Vec<(String, DatasetRef)>;

impl Butler {
    /// Makes a dataset of parts of others alone: nothing is read, nothing is copied.
    ///
    /// Each part is a component of the dataset type's storage class; what it is linked to must be
    /// of that component's class and must be stored. Parts may themselves be links.
    ///
    /// # Errors
    /// `ErrorKind::InvalidInput` where a declared component is missing or there is no such one,
    /// and, code `storage_class`, for a part of another class; `ErrorKind::NotFound`, code
    /// `file_not_found`, where a source is not stored; else as [`Butler::put`].
    pub fn link(
        &self,
        dataset_type: &str,
        pairs: &Pairs,
        parts: &Parts,
        run: Option<&str>,
    ) -> Result<DatasetRef> {
        self.check_writeable(LINK)?;
        let dataset = self.new_ref(dataset_type, pairs, run, None)?;
        let class = self.shared.classes.get(dataset.dataset_type.storage_class())?;
        let missing =
            class.components.keys().find(|name| !parts.iter().any(|(n, _)| n == *name));
        if let Some(name) = missing {
            let message = "a component of the storage class is missing";
            return Err(Error::new(ErrorKind::InvalidInput, LINK, message)
                .code_of("missing_component")
                .with("component", name)
                .with("storage_class", &class.name)
                .hint("put what is not in any dataset, and link the rest"));
        }
        self.put_parts(None, &dataset, parts)
    }

    /// Stores a dataset of which some components are links to parts of others; `tree` has those
    /// that are new. Only they are written.
    ///
    /// # Errors
    /// As [`Butler::link`], but for components that are missing.
    pub fn put_parts(
        &self,
        tree: Option<&Tree>,
        dataset: &DatasetRef,
        parts: &Parts,
    ) -> Result<DatasetRef> {
        self.check_free(LINK, dataset)?;
        let null = Tree::Null;
        let options = PutOptions::default();
        let (rest, links) =
            self.references(tree.unwrap_or(&null), dataset.id, &options)?;
        let dataset = self.expanded(dataset)?;
        let linked = self.linked(&dataset, parts)?;
        let tree = tree.map(|_| &*rest);
        self.store(LINK, dataset, &links, |dataset, sync| {
            let datastore = &self.shared.datastore;
            bridge::run(datastore.stage_linked(dataset, tree, linked, sync))
        })
    }

    /// Stores a tree that was made from another dataset: components that did not change become
    /// links to it, only the others are written.
    ///
    /// A component did not change where its value equals the stored one. A lazy array or
    /// table that was never loaded is the stored one, and is not read. `more` are further links.
    ///
    /// # Errors
    /// As [`Butler::put_parts`]; as [`Butler::get`] of the components that are compared.
    pub fn put_over(
        &self,
        tree: &Tree,
        dataset: &DatasetRef,
        (base, more): (&DatasetRef, &Parts),
    ) -> Result<DatasetRef> {
        let (rest, mut parts) = self.unchanged(tree, base)?;
        parts.extend(more.iter().cloned());
        let rest = (!rest.is_empty()).then(|| Tree::Map(rest));
        self.put_parts(rest.as_ref(), dataset, &parts)
    }

    /// The records and nodes of links.
    fn linked(&self, dataset: &DatasetRef, parts: &Parts) -> Result<Vec<Linked>> {
        let ids: Vec<_> = parts.iter().map(|(_, source)| source.id).collect();
        let records = self.shared.registry.file_records(&ids)?;
        let rows = self.shared.registry.parts(&ids)?;
        let one = |(name, source): &(String, DatasetRef)| {
            let target = dataset.component_ref(name, &self.shared.classes)?;
            let class = self.shared.classes.get(dataset.dataset_type.storage_class())?;
            if !class.components.contains_key(name) {
                let message = "this component is computed at reading: it is not stored";
                return Err(Error::new(ErrorKind::InvalidInput, LINK, message)
                    .with("component", name));
            }
            let mine: Vec<FileRecord> =
                records.iter().filter(|r| r.dataset_id == source.id).cloned().collect();
            let own: Vec<PartRow> =
                rows.iter().filter(|r| r.dataset == source.id).cloned().collect();
            let from = LinkedFrom { source, records: &mine, parts: &own };
            self.shared.datastore.link_part(&target, from)
        };
        let mut seen = std::collections::HashSet::new();
        if let Some((name, _)) = parts.iter().find(|(name, _)| !seen.insert(name)) {
            let error =
                Error::new(ErrorKind::InvalidInput, LINK, "a part is named twice");
            return Err(error.with("component", name));
        }
        parts.iter().map(one).collect()
    }

    /// Components of a tree that changed, and links to those that did not.
    fn unchanged(&self, tree: &Tree, base: &DatasetRef) -> Result<(Map, Links)> {
        let map = tree.as_map().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                LINK,
                "a composite is a map of components",
            )
            .with("kind", tree.kind())
        })?;
        let class = self.shared.classes.get(base.dataset_type.storage_class())?;
        let (mut rest, mut parts) = (Map::new(), Vec::new());
        for (name, part) in map.iter() {
            if matches!(part, Tree::Null) {
                continue;
            }
            let known = class.components.contains_key(name);
            if known && self.is_stored_part(part, base, name)? {
                let source = base.component_ref(name, &self.shared.classes)?;
                parts.push((name.to_owned(), source));
            } else {
                rest.insert(name, part.clone());
            }
        }
        Ok((rest, parts))
    }

    /// Whether a value is what a dataset has as a component.
    fn is_stored_part(&self, part: &Tree, base: &DatasetRef, name: &str) -> Result<bool> {
        let options = super::GetOptions { lazy: true, ..super::GetOptions::default() };
        let stored = match self.get_ref(base, Some(name), &options) {
            Ok(stored) => stored,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        super::unchanged::same(part, &stored)
    }

    /// What our own tables say of the parts of records that need it; no statement for others.
    pub(super) fn parts_of(&self, records: &[FileRecord]) -> Result<Vec<PartRow>> {
        let mut ids: Vec<_> = records
            .iter()
            .filter(|r| at_component(&r.formatter))
            .map(|r| r.dataset_id)
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        ids.dedup();
        self.shared.registry.parts(&ids)
    }

    /// Before names are given: artifacts that are linked to are there, and stay so until the
    /// transaction ends; what may be shared and is stored already is not stored again.
    pub(super) fn settle_parts(&self, written: &mut Written) -> Result<()> {
        let Written::Put(staged) = written else { return Ok(()) };
        if !staged.has_parts() {
            return Ok(());
        }
        let registry = &self.shared.registry;
        registry.check_holders(&staged.holders())?;
        for shareable in staged.shareable().iter().rev() {
            let mut found = Vec::new();
            for digest in &shareable.digests {
                found.push(registry.parts_with_digest(digest)?);
            }
            let Some((first, others)) = found.split_first() else { continue };
            // one artifact has to have all of them
            let one = first.iter().find_map(|candidate| {
                let path = &candidate.0.path;
                let rest = others.iter().map(|c| c.iter().find(|(p, _)| p.path == *path));
                let rest: Option<Vec<_>> = rest.collect();
                let all = std::iter::once(candidate).chain(rest?);
                Some(all.cloned().collect::<Vec<_>>())
            });
            if let Some(found) = one {
                staged.share(shareable.file, &found);
            }
        }
        let paths = staged.linked_paths();
        if !paths.is_empty() {
            staged.rename_all_but(&registry.own_artifacts(&paths)?);
        }
        Ok(())
    }

    /// After names are given: the rows of parts, and of links to other datasets.
    pub(super) fn store_parts(&self, written: &Written) -> Result<()> {
        let Written::Put(staged) = written else { return Ok(()) };
        if !staged.has_parts() {
            return Ok(());
        }
        let (artifacts, parts) = staged.part_rows();
        self.shared.registry.insert_parts(&artifacts, &parts)?;
        let links = parts.into_iter().filter_map(|part| {
            let (target, node) = part.source?;
            let name = node.strip_prefix('/').map(|n| n.replace("~1", "/"));
            Some(LinkRow {
                source: part.dataset,
                kind: LinkKind::Part,
                node: part.node,
                target,
                component: name.map(|n| n.replace("~0", "~")),
            })
        });
        self.shared.registry.insert_links(&links.collect::<Vec<_>>())
    }
}
