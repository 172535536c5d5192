//! A graph: each dataset once, and the edges between them.

use std::collections::HashMap;

use salver_core::Result;
use salver_model::LinkKind;
use salver_tree::{RefLeaf, Tree};
use uuid::Uuid;

use super::edges::{Edge, Standing};

/// A dataset of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its identity, without component.
    pub leaf: RefLeaf,
    /// What of it the repository has.
    pub standing: Standing,
    /// Its identifier; of an unresolved reference, one that follows from its data ID.
    pub id: Uuid,
}

impl Node {
    /// Dataset type and data ID, for people.
    #[must_use]
    pub fn label(&self) -> String {
        let values = self.leaf.data_id.iter().map(|(name, value)| match value {
            Tree::Str(text) => format!("{name}={text}"),
            other => format!("{name}={}", other.as_int().unwrap_or_default()),
        });
        let values: Vec<String> = values.collect();
        format!("{} {}", self.leaf.dataset_type, values.join(", "))
    }
}

/// One edge between nodes, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the dataset that refers.
    pub source: usize,
    /// Number of the dataset that is referred to.
    pub target: usize,
    /// How it refers.
    pub kind: LinkKind,
    /// Place of the reference in the source.
    pub node: String,
    /// The component that is meant.
    pub component: Option<String>,
}

/// Datasets and the references between them, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    lines: Vec<Line>,
    numbers: HashMap<Uuid, usize>,
}

impl Graph {
    /// The graph of edges.
    ///
    /// # Errors
    /// As [`RefLeaf::to_text`].
    pub fn new<'e>(edges: impl IntoIterator<Item = &'e Edge>) -> Result<Self> {
        let mut graph = Self::default();
        for edge in edges {
            let source = graph.number(&edge.source, edge.source_standing)?;
            let target = graph.number(&edge.target, edge.target_standing)?;
            graph.lines.push(Line {
                source,
                target,
                kind: edge.kind,
                node: edge.node.clone(),
                component: edge.target.component.clone(),
            });
        }
        Ok(graph)
    }

    /// The datasets.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The references.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// For each node the layer it is drawn in: 0 for what refers to nothing here, and one more
    /// than the highest of what it refers to for the rest.
    #[must_use]
    pub fn layers(&self) -> Vec<usize> {
        let mut layers = vec![0; self.nodes.len()];
        // a graph without circles settles after as many rounds as it has layers
        for _ in 0..self.nodes.len() {
            let mut changed = false;
            for line in &self.lines {
                let below = layers.get(line.target).copied().unwrap_or_default();
                if let Some(layer) = layers.get_mut(line.source)
                    && *layer <= below
                {
                    *layer = below + 1;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        layers
    }

    /// For each node the numbers of those it refers to, each once.
    #[must_use]
    pub fn inputs(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new(); self.nodes.len()];
        for line in &self.lines {
            if let Some(list) = all.get_mut(line.source) {
                list.push(line.target);
            }
        }
        for list in &mut all {
            list.sort_unstable();
            list.dedup();
        }
        all
    }

    fn number(&mut self, leaf: &RefLeaf, standing: Standing) -> Result<usize> {
        let whole = RefLeaf { component: None, parameters: None, ..leaf.clone() };
        let id = match whole.id {
            Some(id) => id,
            None => Uuid::new_v5(&Uuid::NAMESPACE_OID, whole.to_text()?.as_bytes()),
        };
        let next = self.nodes.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.nodes.push(Node { leaf: whole, standing, id });
        }
        Ok(number)
    }
}
