//! Lineage as edges between identities, as a graph, and in the words of other tools.
//!
//! [`Butler::lineage`](crate::Butler::lineage) streams edges; [`Graph`] gathers them; `dot`,
//! `picture`, `prov`, `ro_crate` and `open_lineage` write a graph.

mod dot;
mod edges;
mod graph;
mod open_lineage;
mod picture;
mod prov;
mod ro_crate;
#[cfg(test)]
mod tests;

pub use edges::{Edge, LineageEdges, Standing};
pub use graph::{Graph, Line, Node};
pub use open_lineage::to_open_lineage;
pub use prov::{from_prov, to_prov};
pub use ro_crate::to_ro_crate;
