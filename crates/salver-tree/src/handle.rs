//! Handles: references that can be followed.

use std::fmt;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};

use crate::{RefLeaf, Tree};

/// Follows references: what a butler or a worker gives its handles.
///
/// # Contract
/// 1. The answers are in the order of the references, one for each.
/// 2. References into one artifact are read together.
/// 3. A reference that cannot be followed is an error that names its dataset type and data ID.
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The values that references point to: their components, by their parameters.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], codes `dataset_not_found` (not in this repository),
    /// `dataset_deleted` (says when, and by whom) and `unresolved_reference`; as reading.
    fn resolve(&self, references: &[&RefLeaf]) -> Result<Vec<Tree>>;
}

/// A reference and what follows it. Cheap to clone; nothing is loaded before [`Handle::get`].
#[derive(Debug, Clone)]
pub struct Handle {
    leaf: Arc<RefLeaf>,
    resolver: Option<Arc<dyn Resolver>>,
}

impl Handle {
    /// A handle; of a value read outside of any repository it has no resolver.
    #[must_use]
    pub fn new(leaf: RefLeaf, resolver: Option<Arc<dyn Resolver>>) -> Self {
        Self { leaf: Arc::new(leaf), resolver }
    }

    /// The reference.
    #[must_use]
    pub fn leaf(&self) -> &RefLeaf {
        &self.leaf
    }

    /// The same place read in another way: a component, where the reference names none.
    #[must_use]
    pub fn component(&self, component: &str) -> Self {
        let leaf =
            RefLeaf { component: Some(component.to_owned()), ..(*self.leaf).clone() };
        Self { leaf: Arc::new(leaf), resolver: self.resolver.clone() }
    }

    /// Reads what is referred to.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], code `no_repository`, without a resolver; as
    /// [`Resolver::resolve`].
    pub fn get(&self) -> Result<Tree> {
        let mut found = get_all(&[self])?;
        found.pop().ok_or_else(|| {
            Error::new(ErrorKind::Internal, Op("handle.get"), "the resolver gave nothing")
        })
    }
}

/// Reads what several handles refer to, together as far as they have one resolver.
///
/// # Errors
/// As [`Handle::get`].
pub fn get_all(handles: &[&Handle]) -> Result<Vec<Tree>> {
    let mut out = Vec::with_capacity(handles.len());
    let same = |a: &&Handle, b: &&Handle| match (&a.resolver, &b.resolver) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    for group in handles.chunk_by(same) {
        let Some(first) = group.first() else { continue };
        let resolver =
            first.resolver.as_ref().ok_or_else(|| no_repository(&first.leaf))?;
        let leaves: Vec<&RefLeaf> = group.iter().map(|h| &*h.leaf).collect();
        out.extend(resolver.resolve(&leaves)?);
    }
    Ok(out)
}

fn no_repository(leaf: &RefLeaf) -> Error {
    let message = "the reference was read outside of a repository";
    Error::new(ErrorKind::Unsupported, Op("handle.get"), message)
        .code_of("no_repository")
        .with("reference", leaf)
        .hint("read the dataset with a butler, or ask a butler to resolve the reference")
}

/// Dataset type, data ID, run and identifier, as messages show them.
impl fmt::Display for RefLeaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dataset_type)?;
        if let Some(component) = &self.component {
            write!(f, ".{component}")?;
        }
        f.write_str("@{")?;
        for (i, (name, value)) in self.data_id.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match value {
                Tree::Int(n) => write!(f, "{comma}{name}: {n}")?,
                Tree::Str(text) => write!(f, "{comma}{name}: '{text}'")?,
                other => write!(f, "{comma}{name}: {}", other.kind())?,
            }
        }
        f.write_str("}")?;
        match (&self.run, &self.id) {
            (Some(run), Some(id)) => write!(f, " (run={run} id={id})"),
            (None, Some(id)) => write!(f, " (id={id})"),
            (Some(run), None) => write!(f, " (run={run} unresolved)"),
            (None, None) => f.write_str(" (unresolved)"),
        }
    }
}
