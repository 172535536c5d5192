//! Violated constraints of the datastore's rows, in a user's words.

use salver_core::{Error, ErrorKind, Op};
use uuid::Uuid;

fn named(error: Error, id: Option<Uuid>) -> Error {
    match id {
        Some(id) => error.with("dataset", id),
        None => error,
    }
}

/// Why a location could not be stored.
pub(super) fn location(op: Op, cause: Error, id: Option<Uuid>) -> Error {
    let error = match cause.code() {
        "unique_violation" => {
            Error::new(ErrorKind::Conflict, op, "the datastore has this dataset already")
                .code_of("conflicting_definition")
        }
        "foreign_key_violation" => {
            Error::new(ErrorKind::NotFound, op, "the dataset is not registered")
                .code_of("dataset_not_found")
        }
        _ => return cause,
    };
    named(error, id).caused_by(cause)
}

/// Why a record could not be stored.
pub(super) fn record(op: Op, cause: Error, id: Option<Uuid>) -> Error {
    let error = match cause.code() {
        "unique_violation" => Error::new(
            ErrorKind::Conflict,
            op,
            "there is a record of this dataset and component already",
        )
        .code_of("conflicting_definition"),
        "check_violation" => Error::new(
            ErrorKind::InvalidInput,
            op,
            "a component's name has 1 to 32 characters",
        ),
        _ => return cause,
    };
    named(error, id).caused_by(cause)
}
