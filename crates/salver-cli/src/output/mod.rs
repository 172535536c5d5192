//! What the command writes: tables and JSON to stdout, talk to stderr.

mod table;
mod talk;

pub(crate) use table::{Align, Table};
pub(crate) use talk::{Out, confirm, lines, report, say};
