//! What the command writes: tables and JSON to stdout, talk to stderr.

mod nodes;
mod table;
mod talk;

pub(crate) use nodes::nodes;
pub(crate) use table::{Align, Table};
pub(crate) use talk::{Out, confirm, lines, report, say};
