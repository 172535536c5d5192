//! SQLite, by the bundled library.
//!
//! - [`Sqlite`] opens connections: `foreign_keys` on, an interruptible wait for locks, a large
//!   cache of prepared statements; journal mode, `user_version` and `application_id` stay as found.
//! - A read-only database is opened with `mode=ro` and works in a folder that cannot be written.

mod connect;
mod error;
mod session;
#[cfg(test)]
mod tests;
mod wait;

pub use connect::Sqlite;
