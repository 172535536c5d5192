//! The nodes of a tree, a line each.

use std::fmt::Write as _;

use salver::files::{Column, NodeLine, Outline, Stored};
use salver::tree::Kind;

/// So many columns of a table are shown.
const COLUMNS: usize = 40;

/// So many places are spelled.
const PLACES: usize = 3;

/// The outline as text: name, what the node is, what its bytes are.
pub(crate) fn nodes(outline: &Outline) -> String {
    let mut lines = Vec::new();
    for node in &outline.nodes {
        let pad = "  ".repeat(node.depth);
        let name = if node.path.is_empty() { "/" } else { node.name.as_str() };
        lines.push((format!("{pad}{}", plain(name)), what(node)));
        let inner = "  ".repeat(node.depth + 1);
        for column in node.columns.iter().take(COLUMNS) {
            lines.push((format!("{inner}{}", plain(&column.name)), of_column(column)));
        }
        let more = node.columns.len().saturating_sub(COLUMNS);
        if more > 0 {
            lines.push((format!("{inner}…"), format!("{more} more columns")));
        }
        if node.left_out > 0 {
            let shown = node.shape.first().copied().unwrap_or(0);
            let text = format!("{} of {shown} items are not shown", node.left_out);
            lines.push((format!("{inner}…"), text));
        }
    }
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let width = width.min(40);
    let mut out = String::new();
    for (name, what) in lines {
        let space = " ".repeat(width.saturating_sub(name.chars().count()));
        let _always = writeln!(out, "{name}{space}  {what}");
    }
    out
}

/// A name that cannot move the cursor.
fn plain(name: &str) -> String {
    let odd = |c: char| c.is_control();
    if name.contains(odd) { name.escape_debug().to_string() } else { name.to_owned() }
}

fn what(node: &NodeLine) -> String {
    let first = node.shape.first().copied().unwrap_or(0);
    let mut out = match node.kind {
        Kind::Array => {
            let dtype = node.dtype.as_deref().unwrap_or_default();
            let mut text = format!("array {dtype} {}", shape(&node.shape));
            if let Some(unit) = &node.unit {
                let _always = write!(text, " in {}", plain(unit));
            }
            if !node.origin.is_empty() {
                let origin: Vec<_> =
                    node.origin.iter().map(ToString::to_string).collect();
                let _always = write!(text, " from ({})", origin.join(", "));
            }
            if let Some(grid) = &node.grid {
                let _always = write!(text, " of grid {}", plain(grid));
            }
            text
        }
        Kind::Table => format!("table {first} rows × {} columns", node.columns.len()),
        Kind::Map => format!("map of {first}"),
        Kind::List => match &node.value {
            Some(value) => format!("list of {first}: {value}"),
            None => format!("list of {first}"),
        },
        Kind::Bytes => format!("{} bytes", node.bytes.unwrap_or(0)),
        Kind::Time => format!("time {}", node.value.as_deref().unwrap_or_default()),
        kind => node.value.clone().unwrap_or_else(|| kind.to_string()),
    };
    for (name, version) in &node.tags {
        let _always = write!(out, " ({} version {version})", plain(name));
    }
    if let Some(stored) = &node.stored {
        let _always = write!(out, "; {}", of_stored(stored, node));
    }
    out
}

fn of_column(column: &Column) -> String {
    let mut out = column.dtype.clone();
    if let Some(unit) = &column.unit {
        let _always = write!(out, " in {}", plain(unit));
    }
    if let Some(bytes) = column.bytes {
        let _always = write!(out, "; {bytes} bytes");
    }
    out
}

fn of_stored(stored: &Stored, node: &NodeLine) -> String {
    let mut parts = Vec::new();
    if let Some(compression) = &stored.compression {
        parts.push(plain(compression));
    }
    match &stored.chunks {
        Some((_, count)) if node.kind == Kind::Table => {
            parts
                .push(format!("{count} row group{}", if *count == 1 { "" } else { "s" }));
        }
        Some((chunk, count)) => parts.push(format!("{count} chunks of {}", shape(chunk))),
        None => {}
    }
    let size = match node.bytes {
        Some(all) if all != stored.bytes => format!("{} of {all} bytes", stored.bytes),
        _ => format!("{} bytes", stored.bytes),
    };
    let places: Vec<_> = stored
        .places
        .iter()
        .take(PLACES)
        .map(|p| format!("{}..{}", p.offset, p.offset.saturating_add(p.len)))
        .collect();
    let more = stored.n_places.saturating_sub(PLACES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    match places.is_empty() {
        true => parts.push(size),
        false => parts.push(format!("{size} at {}{more}", places.join(", "))),
    }
    parts.join(", ")
}

fn shape(axes: &[u64]) -> String {
    let axes: Vec<_> = axes.iter().map(ToString::to_string).collect();
    format!("[{}]", axes.join(", "))
}
