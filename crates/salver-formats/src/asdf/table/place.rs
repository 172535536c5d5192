//! Where the columns of a table are.

use salver_tree::{Place, TablePart};

use super::join::{Columns, Data, Source};
use crate::asdf::blocks::Block;
use crate::npy::Records;

fn place(data: Option<&Data>, blocks: &[Block]) -> Place {
    match data {
        Some(Data::View(view)) => view.place(blocks),
        _ => Place { offset: 0, len: 0 },
    }
}

/// The neutral part of a table: masks are in a second group without rows.
pub(in crate::asdf) fn part(table: &Columns, blocks: &[Block]) -> TablePart {
    let names = table.schema.fields().iter().map(|f| f.name().clone());
    let data = table.places.iter().map(|column| match column {
        Source::Shown(shown) => place(Some(&shown.data), blocks),
        Source::Packed(view) => view.place(blocks),
    });
    let masks = table.places.iter().map(|column| match column {
        Source::Shown(shown) => place(shown.mask.as_ref(), blocks),
        Source::Packed(_) => place(None, blocks),
    });
    let (data, masks): (Vec<Place>, Vec<Place>) = (data.collect(), masks.collect());
    let masked = masks.iter().any(|mask| mask.len > 0);
    let mut part = TablePart {
        columns: names.collect(),
        group_rows: vec![table.n_rows as u64],
        places: vec![data],
    };
    if masked {
        part.group_rows.push(0);
        part.places.push(masks);
    }
    part
}

/// The neutral part of an array of records: each column needs all rows.
pub(in crate::asdf) fn records_part(records: &Records, place: Place) -> TablePart {
    let columns: Vec<String> = records.fields.iter().map(|f| f.name.clone()).collect();
    TablePart {
        places: vec![vec![place; columns.len()]],
        columns,
        group_rows: vec![records.rows],
    }
}
