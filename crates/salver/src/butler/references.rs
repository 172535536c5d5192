//! References at put: every one is checked and becomes a link of the dataset that holds it.

use std::borrow::Cow;
use std::collections::HashMap;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{
    DataValue, DatasetRef, LinkKind, LinkRow, PendingLink, StubRow, StubState,
};
use salver_tree::{RefLeaf, Tree};
use uuid::Uuid;

use super::core::Butler;

const OP: Op = Op("butler.put");

/// Places that one error names.
const NAMED: usize = 20;

/// What a put does with references, and the inputs it records.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// Inputs of the task that made the dataset: kinds `predicted`, `available`, `used`.
    pub inputs: Vec<(LinkKind, RefLeaf)>,
    /// Where references without identifier are looked up, in place of the butler's collections.
    pub collections: Option<Vec<String>>,
    /// Keep references without identifier that are not found: they can be resolved later.
    pub allow_unresolved: bool,
    /// Keep references to datasets that this repository does not have: their identity is kept
    /// as a stub.
    pub allow_dangling: bool,
}

/// The rows that a dataset's references become.
#[derive(Debug, Default)]
pub(super) struct Links {
    rows: Vec<LinkRow>,
    stubs: Vec<StubRow>,
    /// Targets that must still be there when the rows are stored.
    targets: Vec<Uuid>,
}

/// References that cannot be kept, by what is wrong with them.
#[derive(Debug, Default)]
struct Faults(Vec<(&'static str, String)>);

impl Faults {
    fn add(&mut self, code: &'static str, node: &str, leaf: &RefLeaf, detail: &str) {
        let node = if node.is_empty() { "(inputs)" } else { node };
        self.0.push((code, format!("{node} → {leaf}{detail}")));
    }

    /// The error of the first kind of fault, with all places of it.
    fn check(&self) -> Result<()> {
        let Some((code, _)) = self.0.first() else { return Ok(()) };
        let (kind, message, hint) = match *code {
            "dangling_reference" => (
                ErrorKind::NotFound,
                "references to datasets that are not in this repository",
                "put or transfer them first, or allow dangling references",
            ),
            "unresolved_reference" => (
                ErrorKind::NotFound,
                "references by data ID that no collection has",
                "name the collections that have them, or allow unresolved references",
            ),
            "unknown_component" => (
                ErrorKind::InvalidInput,
                "references to components that the storage class does not have",
                "`salver query-dataset-types` lists storage classes and components",
            ),
            _ => (
                ErrorKind::InvalidInput,
                "references whose identifier belongs to another dataset than they say",
                "dataset type, data ID and run must be those of the identifier",
            ),
        };
        let all = self.0.iter().filter(|(c, _)| c == code).map(|(_, text)| text.as_str());
        let count = all.clone().count();
        let mut nodes: Vec<&str> = all.take(NAMED).collect();
        if count > NAMED {
            nodes.push("…");
        }
        Err(Error::new(kind, OP, message)
            .code_of(code)
            .with("count", count)
            .with("nodes", nodes.join("; "))
            .hint(hint))
    }
}

impl Butler {
    /// The references of a value that is about to be put as `id`: the value with those resolved
    /// that were without identifier, and the rows to store. A value without references and inputs
    /// costs a walk and no statement.
    pub(super) fn references<'t>(
        &self,
        tree: &'t Tree,
        id: Uuid,
        options: &PutOptions,
    ) -> Result<(Cow<'t, Tree>, Links)> {
        let mut found: Vec<(String, LinkKind, RefLeaf)> = Vec::new();
        tree.visit_references(&mut |node, leaf| {
            found.push((node.to_owned(), LinkKind::Embedded, leaf.clone()));
            Ok(())
        })?;
        let embedded = found.len();
        let inputs = options.inputs.iter();
        found.extend(inputs.map(|(kind, leaf)| (String::new(), *kind, leaf.clone())));
        if found.is_empty() {
            return Ok((Cow::Borrowed(tree), Links::default()));
        }
        let mut faults = Faults::default();
        let resolved = self.resolve_partial(&mut found, options, &mut faults)?;
        let links = self.check_references(id, found, options, &mut faults)?;
        faults.check()?;
        if resolved.is_empty() || embedded == 0 {
            return Ok((Cow::Borrowed(tree), links));
        }
        let changed = tree.change_references(&mut |_, leaf| {
            if leaf.id.is_some() {
                return Ok(None);
            }
            Ok(resolved.get(&leaf.to_text()?).cloned())
        })?;
        Ok((changed.map_or(Cow::Borrowed(tree), Cow::Owned), links))
    }

    /// Gives references without identifier that of the dataset they mean; what was found, by the
    /// text of the partial reference.
    fn resolve_partial(
        &self,
        found: &mut [(String, LinkKind, RefLeaf)],
        options: &PutOptions,
        faults: &mut Faults,
    ) -> Result<HashMap<String, RefLeaf>> {
        let mut known: HashMap<String, Option<RefLeaf>> = HashMap::new();
        for (node, _, leaf) in found.iter_mut().filter(|(_, _, leaf)| leaf.id.is_none()) {
            let key = leaf.to_text()?;
            if !known.contains_key(&key) {
                let whole = self
                    .look_up(leaf, options.collections.as_deref())
                    .map_err(|e| e.with("node", &*node))?;
                known.insert(key.clone(), whole);
            }
            match known.get(&key) {
                Some(Some(whole)) => *leaf = whole.clone(),
                _ if options.allow_unresolved => {}
                _ => faults.add("unresolved_reference", node, leaf, ""),
            }
        }
        Ok(known.into_iter().filter_map(|(key, leaf)| Some((key, leaf?))).collect())
    }

    /// The reference with identifier, data ID and run of the dataset that it means, where there is
    /// one in the collections, or in the run that it names.
    pub(super) fn look_up(
        &self,
        leaf: &RefLeaf,
        collections: Option<&[String]>,
    ) -> Result<Option<RefLeaf>> {
        let own_run = leaf.run.as_ref().map(std::slice::from_ref);
        let collections = collections.or(own_run);
        let (dataset_type, component) = split(leaf);
        let pairs = pairs(leaf)?;
        let found = self.find_dataset(dataset_type, &pairs, collections, None)?;
        Ok(found.map(|dataset| RefLeaf {
            component: component.map(str::to_owned),
            parameters: leaf.parameters.clone(),
            digest: leaf.digest,
            ..ref_leaf(&dataset)
        }))
    }

    fn check_references(
        &self,
        source: Uuid,
        found: Vec<(String, LinkKind, RefLeaf)>,
        options: &PutOptions,
        faults: &mut Faults,
    ) -> Result<Links> {
        let mut ids: Vec<Uuid> =
            found.iter().filter_map(|(_, _, leaf)| leaf.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let registered = self.shared.registry.datasets_by_id(&ids)?;
        let registered: HashMap<Uuid, DatasetRef> =
            registered.into_iter().map(|dataset| (dataset.id, dataset)).collect();
        let mut links = Links::default();
        let now = self.shared.registry.tai_ns();
        for (node, kind, leaf) in found {
            let component = split(&leaf).1.map(str::to_owned);
            let Some(target) = leaf.id else {
                let pending = PendingLink { source, kind, node, component };
                links.stubs.push(pending_stub(&leaf, pending, now)?);
                continue;
            };
            match registered.get(&target) {
                Some(dataset) => self.check_identity(dataset, &node, &leaf, faults),
                None if options.allow_dangling => {
                    links.stubs.push(stub(&leaf, target, now)?);
                }
                None => faults.add("dangling_reference", &node, &leaf, ""),
            }
            links.rows.push(LinkRow { source, kind, node, target, component });
        }
        links.targets = registered.into_keys().collect();
        links.stubs.sort_by_key(|stub| stub.id);
        links.stubs.dedup_by_key(|stub| stub.id);
        Ok(links)
    }

    /// Notes where a reference says something else than the registry about its target.
    fn check_identity(
        &self,
        dataset: &DatasetRef,
        node: &str,
        leaf: &RefLeaf,
        faults: &mut Faults,
    ) {
        let (name, component) = split(leaf);
        if !same_identity(dataset, name, leaf) {
            let is = format!(", registered as {}", ref_leaf(dataset));
            faults.add("forged_reference", node, leaf, &is);
        } else if let Some(component) = component {
            let classes = &self.shared.classes;
            if dataset.dataset_type.component_type(component, classes).is_err() {
                faults.add("unknown_component", node, leaf, "");
            }
        }
    }

    /// Stores the rows, in the caller's transaction.
    pub(super) fn store_links(&self, links: &Links) -> Result<()> {
        if links.rows.is_empty() && links.stubs.is_empty() {
            return Ok(());
        }
        let registry = &self.shared.registry;
        let there = registry.count_datasets(&links.targets)?;
        if there != links.targets.len() {
            let message = "a dataset that is referred to was deleted in the meantime";
            return Err(Error::new(ErrorKind::NotFound, OP, message)
                .code_of("dangling_reference")
                .with("referred_to", links.targets.len())
                .with("there", there));
        }
        registry.insert_links(&links.rows)?;
        registry.insert_stubs(&links.stubs)
    }
}

/// The parent dataset type and the component of a reference: `calexp.wcs` names both.
pub(super) fn split(leaf: &RefLeaf) -> (&str, Option<&str>) {
    match leaf.dataset_type.split_once('.') {
        Some((name, component)) => (name, leaf.component.as_deref().or(Some(component))),
        None => (&leaf.dataset_type, leaf.component.as_deref()),
    }
}

/// Says whether what a reference tells is true of a dataset. Values of implied dimensions are not
/// compared; without a run any will do.
fn same_identity(dataset: &DatasetRef, name: &str, leaf: &RefLeaf) -> bool {
    let data_id = &dataset.data_id;
    let group = data_id.group();
    let same = |(name, value): &(String, Tree)| match data_id.get(name) {
        Some(DataValue::Int(n)) => value.as_int() == Some(*n),
        Some(DataValue::Str(text)) => value.as_str() == Some(text),
        None => group.contains(name),
    };
    let told = |name: &str| leaf.data_id.iter().any(|(n, _)| n == name);
    dataset.dataset_type.name() == name
        && leaf.run.as_deref().is_none_or(|run| run == &*dataset.run)
        && leaf.data_id.iter().all(same)
        && group.required().iter().all(|name| told(name))
}

/// The data ID of a reference as pairs.
fn pairs(leaf: &RefLeaf) -> Result<Vec<(String, DataValue)>> {
    let pair = |(name, value): &(String, Tree)| {
        let value = match value.untagged() {
            Tree::Str(text) => DataValue::from(text.as_str()),
            other => DataValue::from(other.as_int().ok_or_else(|| {
                let message = "a data ID holds text and whole numbers";
                Error::new(ErrorKind::InvalidInput, OP, message)
                    .with("dimension", name)
                    .with("found", other.kind())
            })?),
        };
        Ok((name.clone(), value))
    };
    leaf.data_id.iter().map(pair).collect()
}

/// The reference to a dataset; of a component's ref, to the component.
#[must_use]
pub fn ref_leaf(dataset: &DatasetRef) -> RefLeaf {
    let data_id = &dataset.data_id;
    let pairs = data_id.group().required().iter().zip(data_id.required_values());
    let pairs = pairs.map(|(name, value)| {
        let value = match value {
            DataValue::Int(n) => Tree::from(*n),
            DataValue::Str(text) => Tree::from(&**text),
        };
        (name.to_string(), value)
    });
    RefLeaf {
        run: Some(dataset.run.to_string()),
        component: dataset.component().map(str::to_owned),
        ..RefLeaf::new(dataset.id, dataset.dataset_type.parent_name(), pairs.collect())
    }
}

fn stub(leaf: &RefLeaf, id: Uuid, at_ns: i64) -> Result<StubRow> {
    let data_id = RefLeaf::partial("", leaf.data_id.clone()).to_json()?;
    let data_id = data_id.get("data_id").map(ToString::to_string);
    Ok(StubRow {
        id,
        state: StubState::Absent,
        dataset_type: split(leaf).0.to_owned(),
        run: leaf.run.clone(),
        data_id: data_id.unwrap_or_default(),
        at_ns,
        by: None,
        pending: None,
    })
}

/// The row of a reference without target; its id follows from its place.
fn pending_stub(leaf: &RefLeaf, pending: PendingLink, at_ns: i64) -> Result<StubRow> {
    let place = format!("{} {}", pending.kind, pending.node);
    let place = if pending.node.is_empty() {
        format!("{place} {}", leaf.to_text()?)
    } else {
        place
    };
    let id = Uuid::new_v5(&pending.source, place.as_bytes());
    let state = StubState::Unresolved;
    Ok(StubRow { state, pending: Some(pending), ..stub(leaf, id, at_ns)? })
}
