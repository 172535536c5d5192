//! Trees to bytes: objects with their messages, places for all of them, then the bytes in order.

mod attributes;
mod compress;
mod file;
pub(crate) mod message;
mod plan;
mod recipe;
mod space;

use salver_core::Result;
use salver_tree::{EncodeOptions, PartIndex, Sink, Tree};

pub(crate) use plan::{Attributes, Data, Items, Plan, Value};
use recipe::Recipe;
pub(crate) use space::fixed_text;

/// Writes a tree.
///
/// # Errors
/// As [`salver_tree::Format::encode`].
pub(crate) fn encode(
    tree: &Tree,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<PartIndex> {
    let recipe = Recipe::new(options)?;
    let mut plan = Plan::new(&recipe);
    plan.root(tree)?;
    file::write(plan, sink)
}
