//! Whether a value is one that is stored.

use std::sync::Arc;

use salver_core::Result;
use salver_tree::{Array, ArrayData, Lazy, Table, TableData, Tree};

/// Whether a value equals a stored one that was decoded lazily. Nothing is read of an array or a
/// table that was never loaded and is the stored one.
pub(super) fn same(new: &Tree, stored: &Tree) -> Result<bool> {
    Ok(match (new, stored) {
        (Tree::Map(a), Tree::Map(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for ((k, x), (l, y)) in a.iter().zip(b.iter()) {
                if k != l || !same(x, y)? {
                    return Ok(false);
                }
            }
            true
        }
        (Tree::List(a), Tree::List(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (x, y) in a.iter().zip(b) {
                if !same(x, y)? {
                    return Ok(false);
                }
            }
            true
        }
        (Tree::Tagged(a), Tree::Tagged(b)) => {
            a.name == b.name && a.version == b.version && same(&a.tree, &b.tree)?
        }
        (Tree::Array(a), Tree::Array(b)) => same_array(a, b)?,
        (Tree::Table(a), Tree::Table(b)) => same_table(a, b)?,
        (a, b) => a == b,
    })
}

fn same_array(new: &Array, stored: &Array) -> Result<bool> {
    let alike = new.dtype() == stored.dtype()
        && new.shape() == stored.shape()
        && new.unit() == stored.unit()
        && new.grid() == stored.grid()
        && new.origin() == stored.origin();
    if !alike {
        return Ok(false);
    }
    if let (ArrayData::Lazy(a), ArrayData::Lazy(b)) = (new.data(), stored.data())
        && same_place(a, b)
    {
        return Ok(true);
    }
    Ok(new.buffer()?.as_slice() == stored.buffer()?.as_slice())
}

fn same_table(new: &Table, stored: &Table) -> Result<bool> {
    if new.schema() != stored.schema() || new.n_rows() != stored.n_rows() {
        return Ok(false);
    }
    if let (TableData::Lazy(a), TableData::Lazy(b)) = (new.data(), stored.data())
        && same_place(a, b)
    {
        return Ok(true);
    }
    let schema = new.schema();
    let whole = |table: &Table| Table::new(Arc::clone(schema), table.batches()?);
    Ok(Tree::Table(whole(new)?) == Tree::Table(whole(stored)?))
}

/// Whether two lazy nodes are one place of one artifact, with nothing cut off.
fn same_place(a: &Lazy, b: &Lazy) -> bool {
    let all = |lazy: &Lazy| {
        let select = &lazy.select;
        select.region.is_none() && select.columns.is_none() && select.filters.is_empty()
    };
    a.node == b.node && all(a) && all(b) && a.source.name() == b.source.name()
}
