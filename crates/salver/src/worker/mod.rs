//! Work without a database: plans, workers, receipts, one commit.
//!
//! A driver, which has the registry, makes a [`Plan`]: the datasets that tasks read, with their
//! places, and those that they will write, with their identifiers. A [`Worker`] made from a plan
//! (or from one task of it) gets and puts like a butler and never opens the registry: what it puts
//! are artifacts under names of that attempt alone, and a [`Receipt`] for each. The driver
//! registers all receipts in one transaction ([`Butler::commit`](crate::Butler::commit)), or takes
//! their artifacts back ([`Butler::abandon`](crate::Butler::abandon)).
//!
//! Plans and receipts are plain data in JSON (docs/spec/plans.md); they hold no credential, and
//! nothing in them is executed or imported by name.

mod build;
mod commit;
mod document;
mod execute;
mod plan;
mod receipt;
mod split;
#[cfg(test)]
mod tests;

pub use build::PlanRequest;
pub use commit::{Committed, Held};
pub use execute::{Worker, WorkerOptions};
pub use plan::{Input, Plan, Task};
pub use receipt::{Receipt, Used};
