//! The layout of a dataset type.

use salver_core::Result;
use salver_model::{DatasetType, StorageClasses, component_node};

use super::entry::{LayoutEntry, Layouts, wrong};
use crate::lookup::LookupKeys;

/// Which parts of a dataset go where.
#[derive(Debug, Clone)]
pub enum Layout {
    /// As Gen3's `composites` and `formatters` say: all in one artifact, or one for each component.
    Gen3 {
        /// Whether each component goes into an artifact of its own.
        disassembled: bool,
    },
    /// As an entry of `salver.layouts` says.
    Ours(LayoutEntry),
}

impl Layout {
    /// Whether components have records of their own.
    #[must_use]
    pub fn is_split(&self) -> bool {
        match self {
            Self::Gen3 { disassembled } => *disassembled,
            Self::Ours(entry) => entry.artifacts.len() > 1,
        }
    }
}

impl LayoutEntry {
    /// The artifact that a node goes to: the one with the longest path that leads to it.
    #[must_use]
    pub fn artifact_of(&self, node: &str) -> Option<usize> {
        let leads = |part: &str| {
            node.strip_prefix(part).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        let all = self.artifacts.iter().enumerate();
        all.flat_map(|(i, a)| a.parts.iter().map(move |part| (part, i)))
            .filter(|(part, _)| leads(part))
            .max_by_key(|(part, _)| part.len())
            .map(|(_, i)| i)
    }
}

/// The layout of datasets of a type (and instrument).
///
/// An entry of `salver.layouts` is found by dataset type, dimensions or storage class, in this
/// order; else it is what `gen3`, the answer of the section `datastore.composites`, says.
///
/// # Errors
/// [`ErrorKind::Config`](salver_core::ErrorKind) where the entry cannot serve the type: several
/// artifacts for a storage class without components, a component that no artifact takes, a part
/// that is no component, a deeper part that would leave its component's artifact.
pub fn resolve(
    layouts: &Layouts,
    dataset_type: &DatasetType,
    classes: &StorageClasses,
    instrument: Option<&str>,
    gen3: bool,
) -> Result<Layout> {
    let keys = LookupKeys::new(dataset_type, classes, instrument);
    let Some(entry) = layouts.section.get(&keys) else {
        return Ok(Layout::Gen3 { disassembled: gen3 });
    };
    check(entry, dataset_type, classes)
        .map_err(|e| e.with("dataset_type", dataset_type.name()))?;
    Ok(Layout::Ours(entry.clone()))
}

fn check(
    entry: &LayoutEntry,
    dataset_type: &DatasetType,
    classes: &StorageClasses,
) -> Result<()> {
    let class = classes.get(dataset_type.storage_class())?;
    let names: Vec<&str> = class.components.keys().map(String::as_str).collect();
    let has = || format!("it has: {}", names.join(", "));
    if entry.artifacts.len() > 1 && names.is_empty() {
        let message = "several artifacts need a storage class with declared components";
        return Err(wrong(&entry.key, message)
            .with("storage_class", &class.name)
            .hint("declare them under `storageClasses:` in butler.yaml"));
    }
    let nodes: Vec<String> = names.iter().map(|name| component_node(name)).collect();
    for part in entry.artifacts.iter().flat_map(|a| &a.parts).filter(|p| !p.is_empty()) {
        let end = part.get(1..).and_then(|p| p.find('/')).map_or(part.len(), |i| i + 1);
        let top = part.get(..end).unwrap_or(part);
        if !names.is_empty() && !nodes.iter().any(|n| n == top) {
            let error = wrong(&entry.key, "a part that is no component");
            return Err(error
                .with("part", part)
                .with("storage_class", &class.name)
                .hint(has()));
        }
        if entry.artifact_of(part) != entry.artifact_of(top) {
            let message = "a deeper part stays in the artifact of its component";
            let error = wrong(&entry.key, message).with("part", part);
            return Err(error.hint("declare it as a component of the storage class"));
        }
    }
    let rest = names.is_empty().then_some("");
    let needed = nodes.iter().map(String::as_str).chain(rest);
    for node in needed {
        if entry.artifact_of(node).is_none() {
            let message = "no artifact of the layout takes this component";
            let error = wrong(&entry.key, message).with("component", node);
            return Err(error.hint("name it, or take all that is left with `*`"));
        }
    }
    Ok(())
}
