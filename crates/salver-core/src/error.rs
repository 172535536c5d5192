//! The public error: one boxed word.

use std::error::Error as StdError;
use std::fmt;

/// What every fallible call of Salver returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a handler can do about an error. At most fourteen, and stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for is not there.
    NotFound,
    /// Something with this name or identity is there already, and differs.
    Conflict,
    /// The caller's value is wrong; the message says what would have been accepted.
    InvalidInput,
    /// More than one thing answers the question.
    Ambiguous,
    /// This version, format or combination cannot do it.
    Unsupported,
    /// Stored bytes are not what they should be.
    Corrupt,
    /// The caller may not: read-only repository, file permissions.
    Denied,
    /// The operating system, the disk or the network failed.
    Io,
    /// The database failed or is locked.
    Database,
    /// Nothing to do with the data: a configuration file is wrong.
    Config,
    /// Somebody else uses it: deletion of what others need.
    InUse,
    /// The call was interrupted.
    Interrupted,
    /// A limit of time, size or memory was reached.
    Limit,
    /// A bug of Salver.
    Internal,
}

impl ErrorKind {
    /// All kinds, in the order of their definition.
    pub const ALL: [Self; 14] = [
        Self::NotFound,
        Self::Conflict,
        Self::InvalidInput,
        Self::Ambiguous,
        Self::Unsupported,
        Self::Corrupt,
        Self::Denied,
        Self::Io,
        Self::Database,
        Self::Config,
        Self::InUse,
        Self::Interrupted,
        Self::Limit,
        Self::Internal,
    ];

    /// The stable spelling: `not_found`, `conflict`, …
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid_input",
            Self::Ambiguous => "ambiguous",
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::Denied => "denied",
            Self::Io => "io",
            Self::Database => "database",
            Self::Config => "config",
            Self::InUse => "in_use",
            Self::Interrupted => "interrupted",
            Self::Limit => "limit",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The operation that failed, by its public path: `Op("butler.put")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op(pub &'static str);

type Source = Box<dyn StdError + Send + Sync + 'static>;

struct Inner {
    kind: ErrorKind,
    code: &'static str,
    op: Op,
    message: String,
    context: Vec<(&'static str, String)>,
    hint: Option<String>,
    source: Option<Source>,
}

/// The one public error: kind, code, operation, message, context, hint and source.
///
/// `Display` is one line without the source; walk [`std::error::Error::source`] for the chain.
/// Foreign errors never convert by themselves: name operation and kind with [`ResultExt::op`].
pub struct Error(Box<Inner>);

impl Error {
    /// An error of `kind` in operation `op`; the code is the kind's name until
    /// [`Error::code_of`] sets a finer one.
    #[must_use]
    pub fn new(kind: ErrorKind, op: Op, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: kind.as_str(),
            op,
            message: message.into(),
            context: Vec::new(),
            hint: None,
            source: None,
        }))
    }

    /// Adds a context pair; `key` is a noun in snake case.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Sets the stable code, where Gen3 has an `error_type` that one; see docs/reference/errors.md.
    #[must_use]
    pub fn code_of(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    /// Says what the reader could do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What a handler can do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable, append-only code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The public path of the operation that failed.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.op.0
    }

    /// The message without operation and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Context pairs, in the order they were added.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The next step, where there is one.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.op.0, self.0.message)?;
        for (i, (key, value)) in self.0.context.iter().enumerate() {
            f.write_str(if i == 0 { " (" } else { ", " })?;
            write!(f, "{key}: {value}")?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("op", &self.0.op.0)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("hint", &self.0.hint)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// Turns a foreign error into ours, with kind, operation and message named at the call.
pub trait ResultExt<T> {
    /// Wraps the error, keeping it as the source.
    ///
    /// # Errors
    /// The wrapped error, where `self` is one.
    fn op(self, kind: ErrorKind, op: Op, message: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Source>> ResultExt<T> for std::result::Result<T, E> {
    fn op(self, kind: ErrorKind, op: Op, message: impl Into<String>) -> Result<T> {
        self.map_err(|e| Error::new(kind, op, message).caused_by(e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_without_the_source() {
        let cause = std::io::Error::other("disk on fire");
        let error = Err::<(), _>(cause)
            .op(ErrorKind::Io, Op("store.read"), "short read")
            .unwrap_err()
            .with("path", "a/b.fits");
        assert_eq!(error.to_string(), "store.read: short read (path: a/b.fits)");
        assert_eq!(StdError::source(&error).unwrap().to_string(), "disk on fire");
        assert_eq!(error.code(), "io");
    }

    #[test]
    fn an_error_is_one_word() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn kinds_are_distinct() {
        let names: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
