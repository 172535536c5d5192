//! Edges: links with the identities of their ends.

use std::collections::{HashMap, HashSet};
use std::fmt;

use salver_core::Result;
use salver_model::{LinkKind, LinkRow, StubState};
use salver_registry::{Direction, LineageQuery, LineageSteps};
use salver_tree::RefLeaf;
use uuid::Uuid;

use crate::{Butler, ref_leaf, stub_leaf};

/// What the repository has of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is registered.
    Present,
    /// There is a stub.
    Stub(StubState),
    /// Nothing but links speak of it: another program deleted it.
    Unknown,
}

impl Standing {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Stub(state) => state.as_str(),
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One step of lineage: the source was made from, or refers to, the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// How it refers.
    pub kind: LinkKind,
    /// Place of the reference in the source; empty for the whole.
    pub node: String,
    /// The dataset that refers.
    pub source: RefLeaf,
    /// What of it the repository has.
    pub source_standing: Standing,
    /// The dataset that is referred to, with the component that is meant.
    pub target: RefLeaf,
    /// What of it the repository has.
    pub target_standing: Standing,
}

/// The edges of an answer, in pages.
#[derive(Debug)]
pub struct LineageEdges {
    butler: Butler,
    steps: LineageSteps,
    /// Unresolved references come after the links; `None` once they were given.
    pending: Option<Vec<Uuid>>,
    types: HashSet<String>,
    kinds: Vec<LinkKind>,
}

impl Butler {
    /// What datasets came from (upstream) or what was made of them (downstream), as a stream of
    /// edges. Upstream, references that are not resolved yet come last.
    ///
    /// # Errors
    /// `ErrorKind::Unsupported`, code `incompatible_version`; as the registry.
    pub fn lineage(&self, query: &LineageQuery) -> Result<LineageEdges> {
        let steps = self.registry().lineage(query)?;
        let upstream = query.direction == Direction::Upstream;
        let pending = upstream.then(|| steps.datasets().to_vec());
        Ok(LineageEdges {
            butler: self.clone(),
            steps,
            pending,
            types: query.types.iter().cloned().collect(),
            kinds: query.kinds.clone(),
        })
    }
}

impl LineageEdges {
    /// The next edges; empty at the end.
    ///
    /// # Errors
    /// As [`Butler::lineage`].
    pub fn next_page(&mut self) -> Result<Vec<Edge>> {
        let rows = self.butler.registry().lineage_page(&mut self.steps)?;
        if !rows.is_empty() {
            return self.edges(&rows);
        }
        self.pending.take().map_or_else(|| Ok(Vec::new()), |ids| self.unresolved(&ids))
    }

    /// All edges that are left.
    ///
    /// # Errors
    /// As [`Butler::lineage`].
    pub fn collect(mut self) -> Result<Vec<Edge>> {
        let mut all = Vec::new();
        loop {
            let page = self.next_page()?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    fn edges(&self, rows: &[LinkRow]) -> Result<Vec<Edge>> {
        let ids = rows.iter().flat_map(|row| [row.source, row.target]);
        let known = self.identities(ids)?;
        let of = |id: Uuid| {
            known
                .get(&id)
                .cloned()
                .unwrap_or_else(|| (RefLeaf::new(id, "", Vec::new()), Standing::Unknown))
        };
        let edge = |row: &LinkRow| {
            let (source, source_standing) = of(row.source);
            let (target, target_standing) = of(row.target);
            let component = row.component.clone();
            let target = RefLeaf { component, ..target };
            let (kind, node) = (row.kind, row.node.clone());
            Edge { kind, node, source, source_standing, target, target_standing }
        };
        Ok(rows.iter().map(edge).collect())
    }

    fn unresolved(&self, ids: &[Uuid]) -> Result<Vec<Edge>> {
        let stubs = self.butler.registry().unresolved(ids)?;
        let sources = stubs.iter().filter_map(|s| s.pending.as_ref()).map(|p| p.source);
        let known = self.identities(sources)?;
        let mut edges = Vec::new();
        for stub in &stubs {
            let Some(pending) = &stub.pending else { continue };
            let Some((source, source_standing)) = known.get(&pending.source) else {
                continue;
            };
            let typed = self.types.is_empty() || self.types.contains(&stub.dataset_type);
            let kinds = &self.kinds;
            if !typed || !(kinds.is_empty() || kinds.contains(&pending.kind)) {
                continue;
            }
            edges.push(Edge {
                kind: pending.kind,
                node: pending.node.clone(),
                source: source.clone(),
                source_standing: *source_standing,
                target: stub_leaf(stub)?,
                target_standing: Standing::Stub(StubState::Unresolved),
            });
        }
        Ok(edges)
    }

    fn identities(
        &self,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, (RefLeaf, Standing)>> {
        let registry = self.butler.registry();
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = HashMap::with_capacity(ids.len());
        for dataset in registry.datasets_by_id(&ids)? {
            known.insert(dataset.id, (ref_leaf(&dataset), Standing::Present));
        }
        ids.retain(|id| !known.contains_key(id));
        for stub in registry.stubs(&ids)? {
            known.insert(stub.id, (stub_leaf(&stub)?, Standing::Stub(stub.state)));
        }
        Ok(known)
    }
}
