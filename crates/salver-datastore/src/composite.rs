//! Datasets in several artifacts, and artifacts in several datasets.
//!
//! Source: docs/spec/composites.md. A dataset has either one record for the whole or one for each
//! component; records of components may name one artifact, and records of several datasets too.

use std::collections::HashSet;
use std::path::PathBuf;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{
    ArtifactRow, DatasetRef, FileRecord, PartRow, StorageClasses, component_node,
};
use salver_store::{Address, Key, LinkMode, Local, Place, Store as _, Sync, Unsynced};
use salver_tree::{Map, PartIndex, Tree};
use uuid::Uuid;

use crate::datastore::{Datastore, path_with};
use crate::formatter::extension_of;
use crate::layout::{self, LayoutEntry};
use crate::put::{StagedFile, StagedPut, about, hex, refused};

const OP: Op = Op("datastore.parts");

/// Bytes of a part index that is kept with its artifact.
const INLINE: usize = 16 << 10;

/// What our own tables say of a staged artifact.
#[derive(Debug)]
pub(crate) struct OwnFile {
    pub(crate) format: String,
    pub(crate) length: u64,
    pub(crate) index: Option<String>,
    pub(crate) share: bool,
    pub(crate) parts: Vec<PartRow>,
}

/// A part that is in an artifact of another dataset.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The record that the new dataset gets.
    pub record: FileRecord,
    /// The part row that it gets.
    pub part: PartRow,
    /// Whether the artifact needs a second name of its own: the one it has may be overwritten.
    pub rename: bool,
}

/// Where a part comes from.
#[derive(Debug, Clone, Copy)]
pub struct LinkedFrom<'a> {
    /// The dataset, or the component of it.
    pub source: &'a DatasetRef,
    /// The dataset's records.
    pub records: &'a [FileRecord],
    /// The dataset's parts.
    pub parts: &'a [PartRow],
}

/// An artifact on its way that may turn out to be stored already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shareable {
    /// Which of the staged artifacts.
    pub file: usize,
    /// Its parts' digests, in the order of its records.
    pub digests: Vec<String>,
}

/// Second names that were given, to be taken back.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(PathBuf, Key<'static>)>);

impl Names {
    pub(crate) async fn take_back(&mut self, store: &Local) -> Result<()> {
        let mut first = Ok(());
        for (from, key) in self.0.drain(..) {
            let done = store.unlink(&from, &key, LinkMode::Hard).await.map(|_| ());
            first = first.and(done);
        }
        first
    }
}

/// The rows of staged artifacts and linked parts.
pub(crate) fn rows(
    files: &[StagedFile],
    linked: &[Linked],
) -> (Vec<ArtifactRow>, Vec<PartRow>) {
    let (mut artifacts, mut parts) = (Vec::new(), Vec::new());
    for file in files {
        let (Some(own), Some(record)) = (&file.own, file.records.first()) else {
            continue;
        };
        artifacts.push(ArtifactRow {
            path: record.path.clone(),
            format: own.format.clone(),
            length: own.length,
            index: own.index.clone(),
        });
        parts.extend(own.parts.iter().cloned());
    }
    for one in linked {
        if one.rename {
            artifacts.push(ArtifactRow {
                path: one.record.path.clone(),
                format: String::new(),
                length: u64::try_from(one.record.file_size).unwrap_or(0),
                index: None,
            });
        }
        parts.push(one.part.clone());
    }
    (artifacts, parts)
}

impl Datastore {
    /// Stages parts as a layout says, each artifact under a name of its own.
    pub(crate) async fn stage_parts(
        &self,
        dataset: &DatasetRef,
        entry: &LayoutEntry,
        parts: Vec<(DatasetRef, &Tree)>,
        (put, sync): (&mut StagedPut, Sync),
    ) -> Result<()> {
        let mut groups: Vec<Vec<(DatasetRef, &Tree)>> = Vec::new();
        groups.resize_with(entry.artifacts.len(), Vec::new);
        for (part, tree) in parts {
            self.check_kind(&part, tree)?;
            let node = part.component().map(component_node).unwrap_or_default();
            let group = entry.artifact_of(&node).and_then(|i| groups.get_mut(i));
            let group = group.ok_or_else(|| {
                let message = "no artifact of the layout takes this part";
                Error::new(ErrorKind::Config, OP, message).with("part", &node)
            });
            group.map_err(|e| about(e, &part))?.push((part, tree));
        }
        for (artifact, parts) in entry.artifacts.iter().zip(&groups) {
            if !parts.is_empty() {
                let file = self.stage_group(artifact, parts, (entry.digest, sync)).await;
                put.files.push(file.map_err(|e| about(e, dataset))?);
            }
        }
        Ok(())
    }

    async fn stage_group(
        &self,
        artifact: &layout::ArtifactLayout,
        parts: &[(DatasetRef, &Tree)],
        (digest, sync): (bool, Sync),
    ) -> Result<StagedFile> {
        let several = parts.len() > 1;
        let Some((first, only)) = parts.first() else {
            return Err(Error::new(ErrorKind::Internal, OP, "an artifact without parts"));
        };
        let class = first.dataset_type.storage_class();
        let formatter = layout::formatter(artifact, class, several)?;
        // an artifact with several parts is named after the whole
        let named = if several { first.parent_ref() } else { first.clone() };
        let placement = self.placement_of(&named)?;
        let key = path_with(&named, &placement, &formatter.extension)?;
        let encoded = if several {
            let map: Map = parts
                .iter()
                .filter_map(|(p, t)| Some((p.component()?.to_owned(), (*t).clone())))
                .collect();
            self.encode(&key, &Tree::Map(map), &formatter, sync).await?
        } else {
            self.encode(&key, only, &formatter, sync).await?
        };
        let mut rows = Vec::with_capacity(parts.len());
        for (part, tree) in parts {
            let node = part.component().map(component_node).unwrap_or_default();
            rows.push(PartRow {
                dataset: part.id,
                artifact_node: if several { node.clone() } else { String::new() },
                node,
                path: String::new(),
                digest: digest_of(tree, digest)?,
                source: None,
            });
        }
        let own = OwnFile {
            format: artifact.format.clone(),
            length: encoded.size,
            index: index_text(&encoded.index),
            share: artifact.share,
            parts: rows,
        };
        let records = parts.iter().map(|(part, _)| encoded.record(part, &formatter));
        Ok(StagedFile {
            records: records.collect(),
            stage: encoded.stage,
            key,
            extension: formatter.extension,
            own: Some(own),
        })
    }

    /// Stages a dataset of which some components are parts of others; `tree` has the rest.
    ///
    /// # Errors
    /// As [`Datastore::stage_put`]; [`ErrorKind::InvalidInput`] where a component is linked and in
    /// the tree too.
    pub async fn stage_linked(
        &self,
        dataset: &DatasetRef,
        tree: Option<&Tree>,
        linked: Vec<Linked>,
        sync: Sync,
    ) -> Result<StagedPut> {
        let placement = self.placement_of(dataset)?;
        if !placement.accepted {
            return Err(refused(dataset, self.name()));
        }
        let mut put = self.no_put();
        let parts = match tree {
            None => Vec::new(),
            Some(tree) => self.parts(dataset, tree)?,
        };
        let twice = parts.iter().find(|(part, _)| {
            linked.iter().any(|l| l.record.component.as_deref() == part.component())
        });
        if let Some((part, _)) = twice {
            let message = "a component is linked, and given too";
            return Err(Error::new(ErrorKind::InvalidInput, OP, message)
                .with("component", part.component().unwrap_or_default())
                .with("dataset", dataset));
        }
        match &placement.layout {
            layout::Layout::Ours(entry) => {
                self.stage_parts(dataset, entry, parts, (&mut put, sync)).await?;
            }
            layout::Layout::Gen3 { .. } => {
                for (part, tree) in parts {
                    let file = self.stage_one(&part, tree, sync).await;
                    put.files.push(file.map_err(|e| about(e, &part))?);
                }
            }
        }
        put.linked = linked;
        Ok(put)
    }

    /// A part of a new dataset that is in an artifact of another one: nothing is read or written.
    ///
    /// `target` is the ref of a component of the new dataset.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the source is not stored, or has no such component (those it
    /// has are named); [`ErrorKind::InvalidInput`], code `storage_class`, where the source is not
    /// of the component's storage class; [`ErrorKind::Unsupported`] for a whole dataset in several
    /// artifacts, and for a component that is computed at reading.
    pub fn link_part(&self, target: &DatasetRef, from: LinkedFrom<'_>) -> Result<Linked> {
        let LinkedFrom { source, records, parts } = from;
        let classes = &self.inner.classes;
        check_class(target, source, classes).map_err(|e| e.with("source", source))?;
        let (record, artifact_node) = place(source, records, parts, classes)?;
        let name = target.component().unwrap_or_default();
        let source_node = source.component().map(component_node).unwrap_or_default();
        let known = parts.iter().find(|p| p.node == source_node && p.path == record.path);
        let formatter = layout::formatter_at(&artifact_node, name, &record.formatter);
        let part = PartRow {
            dataset: target.id,
            node: component_node(name),
            path: record.path.clone(),
            artifact_node,
            digest: known.and_then(|p| p.digest.clone()),
            source: Some((source.id, source_node)),
        };
        let record = FileRecord {
            dataset_id: target.id,
            formatter: formatter.to_owned(),
            storage_class: target.dataset_type.storage_class().to_owned(),
            component: Some(name.to_owned()),
            ..record.clone()
        };
        Ok(Linked { record, part, rename: false })
    }

    /// Gives an artifact whose name may be overwritten a second one of its own.
    pub(crate) async fn give_name(
        &self,
        linked: &mut Linked,
        names: &mut Names,
        unsynced: &mut Unsynced,
    ) -> Result<()> {
        if !linked.rename {
            return Ok(());
        }
        let address = Address::parse(&linked.record.path)?;
        // what is outside of the root nobody overwrites or deletes
        let Place::Below(key) = &address.place else {
            linked.rename = false;
            return Ok(());
        };
        let from = self.inner.store.path(key);
        for _ in 0..16 {
            let new = self.unique(key, extension_of(key.as_str()))?;
            if self.inner.store.link(&from, &new, LinkMode::Hard, unsynced).await? {
                let member = linked.record.path.strip_prefix(key.as_str()).unwrap_or("");
                let path = format!("{}{member}", new.as_str());
                linked.record.path.clone_from(&path);
                linked.part.path = path;
                names.0.push((from, new));
                return Ok(());
            }
        }
        let message = "every name that was tried is taken";
        Err(Error::new(ErrorKind::Conflict, OP, message).with("path", key))
    }
}

/// The record and the node of what a ref means.
fn place<'r>(
    source: &DatasetRef,
    records: &'r [FileRecord],
    parts: &[PartRow],
    classes: &StorageClasses,
) -> Result<(&'r FileRecord, String)> {
    let name = source.component();
    if let Some(record) = records.iter().find(|r| r.component.as_deref() == name) {
        return Ok((record, node_of(record, parts)));
    }
    let error =
        |kind, message: &str| Error::new(kind, OP, message).with("source", source);
    let Some(name) = name else {
        if records.is_empty() {
            let message = "the datastore has no file of this dataset";
            return Err(error(ErrorKind::NotFound, message).code_of("file_not_found"));
        }
        let message = "a dataset in several artifacts is no single part";
        let there: Vec<_> =
            records.iter().filter_map(|r| r.component.as_deref()).collect();
        return Err(error(ErrorKind::Unsupported, message)
            .hint(format!("link its components: {}", there.join(", "))));
    };
    let Some(whole) = records.iter().find(|r| r.component.is_none()) else {
        let there: Vec<_> =
            records.iter().filter_map(|r| r.component.as_deref()).collect();
        return Err(error(ErrorKind::NotFound, "this component is not stored")
            .with("component", name)
            .with("stored", there.join(", ")));
    };
    let class = classes.get(&whole.storage_class)?;
    if !class.components.contains_key(name) {
        let message =
            "this component is computed at reading: there is nothing to link to";
        return Err(error(ErrorKind::Unsupported, message).with("component", name));
    }
    let base = node_of(whole, parts);
    Ok((whole, format!("{base}{}", component_node(name))))
}

/// Where in its artifact the part of a record is.
pub(crate) fn node_of(record: &FileRecord, parts: &[PartRow]) -> String {
    if !layout::at_component(&record.formatter) {
        return String::new();
    }
    let node = record.component.as_deref().map(component_node).unwrap_or_default();
    let own = parts.iter().find(|p| {
        p.dataset == record.dataset_id && p.node == node && p.path == record.path
    });
    own.map_or(node, |p| p.artifact_node.clone())
}

fn check_class(
    target: &DatasetRef,
    source: &DatasetRef,
    classes: &StorageClasses,
) -> Result<()> {
    let wanted = classes.get(target.dataset_type.storage_class())?;
    let found = classes.get(source.dataset_type.storage_class())?;
    if wanted.can_convert_from(&found) {
        return Ok(());
    }
    let message = "the part is of another storage class";
    Err(Error::new(ErrorKind::InvalidInput, OP, message)
        .code_of("storage_class")
        .with("part", target.component().unwrap_or_default())
        .with("expected", &wanted.name)
        .with("found", &found.name))
}

/// The index as JSON, where it is short.
fn index_text(index: &PartIndex) -> Option<String> {
    index.to_text().ok().filter(|text| text.len() <= INLINE)
}

/// The digest of a part's value, hexadecimal, where it is wanted.
fn digest_of(tree: &Tree, wanted: bool) -> Result<Option<String>> {
    if !wanted {
        return Ok(None);
    }
    Ok(Some(hex(&tree.digest()?)))
}

impl StagedPut {
    /// The artifacts that may be stored already, by their parts' digests.
    #[must_use]
    pub fn shareable(&self) -> Vec<Shareable> {
        let files = self.files.iter().enumerate();
        let shared = files.filter_map(|(file, staged)| {
            let own = staged.own.as_ref().filter(|own| own.share)?;
            let digests: Option<Vec<String>> =
                own.parts.iter().map(|p| p.digest.clone()).collect();
            Some(Shareable { file, digests: digests? })
        });
        shared.collect()
    }

    /// Uses stored parts, one for each record of a staged artifact, in place of it.
    ///
    /// All of them must be in one artifact of a name of its own; else nothing is changed and the
    /// answer is `false`. To be called in the transaction in which they were found, for the
    /// artifacts of [`StagedPut::shareable`] from the last to the first.
    pub fn share(&mut self, file: usize, found: &[(PartRow, FileRecord)]) -> bool {
        let Some(staged) = self.files.get(file) else { return false };
        let Some(own) = &staged.own else { return false };
        let one = found.first().map(|(part, _)| part.path.as_str());
        if found.len() != staged.records.len()
            || found.iter().any(|(part, _)| Some(part.path.as_str()) != one)
        {
            return false;
        }
        let pairs = staged.records.iter().zip(&own.parts).zip(found);
        let linked: Vec<Linked> = pairs
            .map(|((record, part), (there, stored))| {
                let name = record.component.as_deref().unwrap_or_default();
                let node = &there.artifact_node;
                let formatter = layout::formatter_at(node, name, &stored.formatter);
                Linked {
                    record: FileRecord {
                        path: stored.path.clone(),
                        formatter: formatter.to_owned(),
                        checksum: stored.checksum.clone(),
                        file_size: stored.file_size,
                        ..record.clone()
                    },
                    part: PartRow {
                        path: there.path.clone(),
                        artifact_node: there.artifact_node.clone(),
                        ..part.clone()
                    },
                    rename: false,
                }
            })
            .collect();
        // dropping the stage takes its temporary away
        self.files.remove(file);
        self.linked.extend(linked);
        true
    }

    /// Whether our own tables have something to say of it.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        !self.linked.is_empty() || self.files.iter().any(|f| f.own.is_some())
    }

    /// Paths of the artifacts of linked parts.
    #[must_use]
    pub fn linked_paths(&self) -> Vec<String> {
        self.linked.iter().map(|l| l.record.path.clone()).collect()
    }

    /// Gives second names to linked artifacts other than these, for theirs may be overwritten.
    pub fn rename_all_but(&mut self, own: &HashSet<String>) {
        for linked in &mut self.linked {
            linked.rename = !own.contains(&linked.record.path);
        }
    }

    /// The datasets whose artifacts are used, with the paths: to be checked in the transaction.
    #[must_use]
    pub fn holders(&self) -> Vec<(Uuid, String)> {
        let sources = self.linked.iter().filter_map(|l| {
            let (id, _) = l.part.source.as_ref()?;
            Some((*id, l.record.path.clone()))
        });
        sources.collect()
    }
}
