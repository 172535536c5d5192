//! What a database must do for the registry: [`Database`], [`Session`], [`Row`].
//!
//! One implementation today, [`Sqlite`](crate::Sqlite); the trait leaves room for PostgreSQL.
//! All calls are synchronous and stay on the calling thread.

mod traits;
mod value;

pub use traits::{Capabilities, Database, Each, Feed, Mode, Row, Session};
pub use value::{Cell, RowExt, Value};
