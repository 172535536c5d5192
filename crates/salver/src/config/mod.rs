//! A repository's configuration: `butler.yaml`, what it includes, and the defaults below it.
//!
//! Values are JSON values; keys of a path are joined with `.` (`datastore.records.table`). Source:
//! Gen3 format §1 (docs/spec/gen3.md). The environment is never read here: the faces pass what
//! they found in it as an [`Environment`].

mod defaults;
mod edit;
mod file;
mod location;
mod merge;
mod repo;
mod write;
mod yaml;

pub use defaults::defaults;
pub use file::read_value;
pub use location::{Environment, Location};
pub use merge::{at, merge, substitute};
pub use repo::Config;
pub use write::render;
pub use yaml::{tree_of, value_of};

pub(crate) use edit::{lines, with_entry};
pub(crate) use file::{exists, make_folder, read_text};
pub(crate) use location::local_path;
pub(crate) use write::create_file;
