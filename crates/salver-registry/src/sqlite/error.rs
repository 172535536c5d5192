//! SQLite's errors as ours.

use rusqlite::ErrorCode;
use rusqlite::ffi;
use salver_core::{Error, ErrorKind, Op};

use super::wait::take_interrupted;

const BUSY_HINT: &str =
    "another program is writing to the repository; try again when it is done";

/// Maps an error of the library.
pub(super) fn map(error: rusqlite::Error, op: Op) -> Error {
    let rusqlite::Error::SqliteFailure(failure, _) = &error else {
        return Error::new(ErrorKind::Internal, op, "the statement could not be run")
            .caused_by(error);
    };
    let (kind, code, text, hint) = classify(*failure);
    let mut mapped = Error::new(kind, op, text);
    if let Some(code) = code {
        mapped = mapped.code_of(code);
    }
    if let Some(hint) = hint {
        mapped = mapped.hint(hint);
    }
    mapped.caused_by(error)
}

type Class = (ErrorKind, Option<&'static str>, &'static str, Option<&'static str>);

fn classify(failure: ffi::Error) -> Class {
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            if take_interrupted() {
                return (
                    ErrorKind::Interrupted,
                    None,
                    "interrupted while waiting for a lock",
                    None,
                );
            }
            (
                ErrorKind::Database,
                Some("database_locked"),
                "the database is locked",
                Some(BUSY_HINT),
            )
        }
        ErrorCode::OperationInterrupted => {
            let _: bool = take_interrupted();
            (ErrorKind::Interrupted, None, "interrupted", None)
        }
        ErrorCode::ReadOnly => (
            ErrorKind::Denied,
            Some("read_only_database"),
            "the database may not be written",
            Some(
                "open the repository writeable, and check the permissions of file and folder",
            ),
        ),
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            (ErrorKind::Denied, None, "access to the database was denied", None)
        }
        ErrorCode::DiskFull => (
            ErrorKind::Limit,
            Some("disk_full"),
            "no space left for the database",
            Some("nothing of this transaction was kept"),
        ),
        ErrorCode::OutOfMemory | ErrorCode::TooBig => (
            ErrorKind::Limit,
            None,
            "SQLite ran out of memory or a value is too big",
            None,
        ),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            (ErrorKind::Corrupt, None, "the file is not a sound SQLite database", None)
        }
        ErrorCode::CannotOpen => {
            (ErrorKind::Io, None, "the database file cannot be opened", None)
        }
        ErrorCode::SystemIoFailure | ErrorCode::NoLargeFileSupport => {
            (ErrorKind::Io, None, "reading or writing the database file failed", None)
        }
        ErrorCode::ConstraintViolation => constraint(failure.extended_code),
        _ => (ErrorKind::Database, None, "SQLite refused the statement", None),
    }
}

fn constraint(extended: i32) -> Class {
    let (code, text) = match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => {
            ("unique_violation", "a row with this key is there already")
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => (
            "foreign_key_violation",
            "a row that this one needs or is needed by is missing",
        ),
        ffi::SQLITE_CONSTRAINT_CHECK => {
            ("check_violation", "a value breaks a rule of its column")
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            ("not_null_violation", "a column that may not be NULL has no value")
        }
        _ => ("constraint_violation", "a constraint of the database was violated"),
    };
    (ErrorKind::Conflict, Some(code), text, None)
}
