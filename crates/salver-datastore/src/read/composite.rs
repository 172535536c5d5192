//! Several parts of a dataset: each artifact is opened once, and read in one go.

use std::collections::BTreeMap;
use std::sync::Arc;

use salver_core::Result;
use salver_model::{DatasetRef, FileRecord, StorageClass};
use salver_tree::{BoxSelect, Map, PartIndex, Source, Tree, ranges};

use super::ReadRequest;
use super::gathered::Gathered;
use super::inflate::inflated;
use super::parameters::Selection;
use super::single::{at, check_size, not_opened, not_stored};
use crate::composite::node_of;
use crate::datastore::Datastore;

/// A part that is wanted, of an artifact that others may be in too.
struct Wanted<'r> {
    name: String,
    record: &'r FileRecord,
    selection: Selection,
}

/// Whether parts of a class are images that a box cuts.
fn takes_box(class: Option<&StorageClass>) -> bool {
    class.is_none_or(|c| c.parameters.iter().any(|p| p == "bbox"))
}

impl Datastore {
    /// A composite that is stored by its components.
    pub(super) async fn read_composite(
        &self,
        dataset: &DatasetRef,
        records: &[FileRecord],
        request: &ReadRequest,
    ) -> Result<Tree> {
        let class = self.inner.classes.get(dataset.dataset_type.storage_class()).ok();
        let checked = Selection::new(request, class.as_deref());
        checked.map_err(|e| e.with("dataset", dataset))?;
        let named = records.iter().filter_map(|r| Some((r.component.clone()?, r)));
        self.read_records_of(dataset, named.collect(), request).await
    }

    /// Several components of a dataset, as a map of them in the order asked.
    pub(super) async fn read_several(
        &self,
        dataset: &DatasetRef,
        records: &[FileRecord],
        (names, request): (&[String], &ReadRequest),
    ) -> Result<Tree> {
        let request = ReadRequest { components: None, ..request.clone() };
        let own =
            |name: &String| records.iter().find(|r| r.component.as_ref() == Some(name));
        let mut stored = Vec::new();
        let mut others = BTreeMap::new();
        for name in names {
            match (own(name), records.iter().find(|r| r.component.is_none())) {
                (Some(record), _) => stored.push((name.clone(), record)),
                (None, Some(whole)) => {
                    let part = self.read_part(dataset, whole, name, &request).await?;
                    others.insert(name.clone(), part);
                }
                (None, None) => return Err(not_stored(dataset, records, Some(name))),
            }
        }
        let stored = self.read_records_of(dataset, stored, &request).await?;
        let stored = stored.as_map();
        let found = names.iter().filter_map(|name| {
            let node = stored.and_then(|m| m.get(name)).or_else(|| others.get(name))?;
            Some((name.clone(), node.clone()))
        });
        Ok(Tree::Map(found.collect()))
    }

    async fn read_records_of(
        &self,
        dataset: &DatasetRef,
        named: Vec<(String, &FileRecord)>,
        request: &ReadRequest,
    ) -> Result<Tree> {
        let mut groups: Vec<Vec<Wanted<'_>>> = Vec::new();
        for (name, record) in &named {
            let wanted = self.wanted(dataset, (name, record), request)?;
            let same = |g: &&mut Vec<Wanted<'_>>| {
                g.first().is_some_and(|first| first.record.path == record.path)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(wanted),
                None => groups.push(vec![wanted]),
            }
        }
        let mut found = BTreeMap::new();
        // a place on the sky is a box in the grid of the first artifact that has a map of it
        let mut settled: Option<BoxSelect> = None;
        for group in groups {
            self.read_group(dataset, group, (&mut found, &mut settled)).await?;
        }
        let in_order = named.into_iter().filter_map(|(name, _)| {
            let node = found.remove(&name)?;
            Some((name, node))
        });
        Ok(Tree::Map(in_order.collect::<Map>()))
    }

    /// One part with what of the request concerns it.
    fn wanted<'r>(
        &self,
        dataset: &DatasetRef,
        (name, record): (&str, &'r FileRecord),
        request: &ReadRequest,
    ) -> Result<Wanted<'r>> {
        let class = self.inner.classes.get(&record.storage_class).ok();
        // a parameter of the composite goes to the parts that take it
        let takes =
            |p: &str| class.as_ref().is_none_or(|c| c.parameters.iter().any(|q| q == p));
        let parameters = request.parameters.iter().filter(|(p, _)| takes(p));
        let parameters = parameters.map(|(p, v)| (p.to_owned(), v.clone())).collect();
        let cut = takes_box(class.as_deref());
        let own = ReadRequest {
            component: None,
            parameters,
            region: request.region.clone().filter(|_| cut),
            sky: request.sky.filter(|_| cut),
            lazy: request.lazy,
            moved: request.moved.clone(),
            parts: Vec::new(),
            components: None,
        };
        let selection = Selection::new(&own, class.as_deref());
        let mut selection = selection.map_err(|e| e.with("dataset", dataset))?;
        let node = node_of(record, &request.parts);
        selection.within(&node);
        Ok(Wanted { name: name.to_owned(), record, selection })
    }

    /// The parts of one artifact: one open, one index, one read.
    async fn read_group(
        &self,
        dataset: &DatasetRef,
        mut group: Vec<Wanted<'_>>,
        (found, settled): (&mut BTreeMap<String, Tree>, &mut Option<BoxSelect>),
    ) -> Result<()> {
        let Some(first) = group.first() else { return Ok(()) };
        let record = first.record;
        let counted = first.selection.moved.clone();
        let opened = self.open_at(&record.path, record.file_size, counted).await;
        let source = opened.map_err(|e| not_opened(e, dataset, record))?;
        check_size(dataset, record, &source)?;
        let decode = || -> Result<()> {
            let source = inflated(&record.path, source)?;
            let format = self.format_of(record, &source)?;
            let index = Arc::new(format.index(&source)?);
            for wanted in &mut group {
                wanted.selection.settle_once(&index, settled)?;
            }
            let source = gather(&index, source, &group)?;
            for Wanted { name, selection, .. } in &group {
                let tree = format.decode(&index, &selection.select, &source)?;
                found.insert(name.clone(), selection.finish(tree)?);
            }
            Ok(())
        };
        decode().map_err(|e| at(e, dataset, record))
    }
}

/// The source with all that the parts need in memory; lazy parts are left where they are.
fn gather(
    index: &PartIndex,
    source: Arc<dyn Source>,
    group: &[Wanted<'_>],
) -> Result<Arc<dyn Source>> {
    let loaded = group.iter().filter(|w| !w.selection.select.lazy);
    let mut all = Vec::new();
    for wanted in loaded {
        all.extend(ranges(index, &wanted.selection.select)?);
    }
    if group.len() < 2 || all.is_empty() {
        return Ok(source);
    }
    Ok(Arc::new(Gathered::new(source, all)?))
}
