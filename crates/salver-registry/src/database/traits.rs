//! The two traits: a database makes sessions, a session runs statements.

use std::fmt;

use salver_core::Result;

use super::{Cell, Value};

/// What a database can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Sessions may write. Without it every write is `Denied` before a statement is sent.
    pub write: bool,
    /// [`Session::snapshot`] gives a number that differs after every commit of another
    /// session, so that definitions may be cached; without it the number is always 0.
    pub change_counter: bool,
    /// The most parameters of one statement.
    pub max_parameters: usize,
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads only.
    Read,
    /// Takes the write lock at once.
    Write,
}

/// A database that sessions can be opened on.
///
/// # Contract
/// 1. `session` gives an independent connection; two sessions never share a transaction.
/// 2. A session is used by one thread at a time; it may move between threads.
/// 3. Nothing about the stored database changes by opening a session (journal mode,
///    `user_version` and the like stay as found).
pub trait Database: fmt::Debug + Send + Sync {
    /// What this database can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens a session.
    ///
    /// # Errors
    /// `NotFound` where there is no database, `Denied` where it may not be opened so,
    /// `Corrupt` where it is not a database.
    fn session(&self) -> Result<Box<dyn Session>>;

    /// Where it is, for messages.
    fn location(&self) -> String;
}

/// A row of a result.
pub trait Row {
    /// The cell of a column, counted from 0.
    ///
    /// # Errors
    /// `Corrupt` for text that is not UTF-8; `Internal` for a column that the statement has not.
    fn cell(&self, column: usize) -> Result<Cell<'_>>;
}

/// Takes rows one by one; `false` stops the statement.
pub type Each<'f> = dyn FnMut(&dyn Row) -> Result<bool> + 'f;

/// Gives the rows of a bulk statement: fills the buffer and says `true`, or says `false` at the end.
pub type Feed<'f, 'v> = dyn FnMut(&mut Vec<Value<'v>>) -> Result<bool> + 'f;

/// One connection.
///
/// # Contract
/// 1. Values are bound, never spliced into text; statement texts are few and are kept prepared.
/// 2. Outside a transaction every `execute` commits by itself.
/// 3. `begin` inside a transaction is `Internal`; nesting is by savepoints, which have numbers.
/// 4. Waiting for a lock ends when the caller is interrupted or a limit is reached.
/// 5. A violated constraint is `Conflict` with code `unique_violation`, `foreign_key_violation`,
///    `check_violation` or `not_null_violation`; the statement then changed nothing.
/// 6. After a failed `commit` the transaction is still open and can be rolled back.
pub trait Session: fmt::Debug + Send {
    /// Begins a transaction.
    ///
    /// # Errors
    /// `Database` when a lock could not be had; `Denied` for a write without the capability.
    fn begin(&self, mode: Mode) -> Result<()>;

    /// Ends the transaction, keeping (`true`) or undoing (`false`) what it did.
    ///
    /// # Errors
    /// `Database`, `Io` or `Limit` when the changes could not be kept.
    fn end(&self, keep: bool) -> Result<()>;

    /// Opens savepoint number `depth` inside the transaction.
    ///
    /// # Errors
    /// `Database` when the engine refuses.
    fn savepoint(&self, depth: usize) -> Result<()>;

    /// Closes savepoint number `depth`, keeping or undoing what was done since.
    ///
    /// # Errors
    /// `Database` when the engine refuses.
    fn end_savepoint(&self, depth: usize, keep: bool) -> Result<()>;

    /// Runs a statement; gives the number of rows changed.
    ///
    /// # Errors
    /// `Conflict` for a violated constraint, else as the engine says.
    fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64>;

    /// Runs one statement for every row that `feed` gives, prepared once; gives the number of
    /// rows changed. The statements before a failed one stay: callers hold a transaction.
    ///
    /// # Errors
    /// As [`Session::execute`], and what `feed` gives.
    fn execute_many(&self, sql: &str, feed: &mut Feed<'_, '_>) -> Result<u64>;

    /// Runs a query, giving its rows to `each` until that says `false`.
    ///
    /// # Errors
    /// As the engine says, and what `each` gives.
    fn query(&self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<()>;

    /// Runs `body` on one unchanging state of the database and tells it the change counter:
    /// inside a transaction that one, else a read transaction around the call.
    ///
    /// # Errors
    /// What `body` gives, or `Database`.
    fn snapshot(&self, body: &mut dyn FnMut(i64) -> Result<()>) -> Result<()>;
}
