//! Bytes behind a URI: keys that cannot leave their root, a [`Store`] of named byte sequences, and
//! [`Local`], the one on the machine's own files.
//!
//! ```
//! use salver_store::{Key, Local, Store as _, Sync, Unsynced};
//!
//! # fn main() -> salver_core::Result<()> {
//! # let dir = tempfile::tempdir().map_err(|e| salver_core::Error::new(
//! #     salver_core::ErrorKind::Io, salver_core::Op("doc"), "no folder").caused_by(e))?;
//! let store = Local::new(dir.path());
//! let key = Key::parse("run/a.json")?;
//! let mut unsynced = Unsynced::default();
//! # salver_store::ready(async {
//! let mut stage = store.stage(&key).await?;
//! stage.write(b"{}")?;
//! stage.finish(Sync::Now).await?;
//! assert!(stage.publish(&key, &mut unsynced).await?);
//! store.sync(&unsynced).await?;
//! assert_eq!(store.open(&key, None).await?.len(), 2);
//! # Ok::<(), salver_core::Error>(())
//! # })
//! # }
//! ```
//!
//! Map: [`key`](Key) names below a root; [`address`](Address) what a record's `path` column says;
//! [`store`](Store) the traits and their contracts; [`local`](Local) files; [`faults`] named steps
//! at which tests fail or kill. This crate knows nothing of datasets, formats or databases, starts
//! no thread and needs no runtime: every future of [`Local`] is ready at its first poll.

mod address;
mod error;
pub mod faults;
mod key;
mod local;
mod ready;
mod store;

pub use address::{Address, Place, encode, file_uri, path_of_uri};
pub use key::Key;
pub use local::{FileSource, Local};
pub use ready::ready;
pub use store::{Capabilities, LinkMode, Stage, Store, Sync, Unsynced};
