//! The registry object, its sessions and what they remember.

pub(crate) mod cache;
mod link;
mod pool;
mod registry;
mod shared;
mod transaction;
mod work;

pub use registry::Registry;
pub(crate) use shared::Shared;
pub use transaction::Transaction;
pub(crate) use work::Work;
