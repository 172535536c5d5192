//! Tables whose rows are items of a compound type.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field as ArrowField, Schema};
use salver_core::{Error, ErrorKind, Result, ResultExt as _};
use salver_tree::DType;

use super::build;
use crate::hdf5::item::{Simple, settle};
use crate::hdf5::low::cursor::{OP, text_until_nul};
use crate::hdf5::low::datatype::{Class, Datatype, Member};
use crate::hdf5::value::Values;

/// What a column of rows holds.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Items(Simple),
    HeapText,
    /// Sequences of items in the global heap.
    Sequence(Simple),
    /// Addresses of objects.
    Reference,
}

/// A column of rows: a member of the compound type, or a member of a member.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub name: String,
    pub offset: usize,
    pub size: usize,
    pub cell: Cell,
    pub data_type: DataType,
}

/// The columns of a compound type; members of members are named with a dot between.
///
/// # Errors
/// `Unsupported` for a member that no column holds.
pub(crate) fn fields(datatype: &Datatype) -> Result<Vec<Field>> {
    let mut out = Vec::new();
    if let Class::Compound(members) = &datatype.class {
        collect(members, "", 0, &mut out)?;
    }
    Ok(out)
}

fn collect(
    members: &[Member],
    prefix: &str,
    offset: usize,
    out: &mut Vec<Field>,
) -> Result<()> {
    for member in members {
        let name = format!("{prefix}{}", member.name);
        let offset = offset + member.offset;
        let kind = &member.datatype;
        let field = |cell, data_type| Field {
            name: name.clone(),
            offset,
            size: kind.size,
            cell,
            data_type,
        };
        let refused = || {
            Error::new(ErrorKind::Unsupported, OP, "a column of a type that is not read")
                .with("column", &name)
        };
        if let Some(simple) = Simple::of(kind) {
            let data_type = build::column_type(&simple).ok_or_else(refused)?;
            out.push(field(Cell::Items(simple), data_type));
            continue;
        }
        match &kind.class {
            Class::HeapText => out.push(field(Cell::HeapText, DataType::Utf8)),
            Class::Compound(inner) => collect(inner, &format!("{name}."), offset, out)?,
            Class::Reference(0) => out.push(field(Cell::Reference, DataType::UInt64)),
            Class::Sequence(base) => {
                let simple = Simple::of(base).filter(|s| s.axes.is_empty());
                let simple = simple.ok_or_else(refused)?;
                let item = build::column_type(&simple).ok_or_else(refused)?;
                let item = Arc::new(ArrowField::new("item", item, false));
                out.push(field(Cell::Sequence(simple), DataType::List(item)));
            }
            _ => return Err(refused()),
        }
    }
    Ok(())
}

/// The schema of rows.
pub(super) fn schema(
    fields: &[Field],
    units: &[(String, String)],
    dims: &[u64],
) -> Schema {
    let columns: Vec<ArrowField> = fields
        .iter()
        .map(|f| {
            let unit = units.iter().find(|(name, _)| *name == f.name);
            let unit = unit.map(|(_, unit)| ("unit".to_owned(), unit.clone()));
            ArrowField::new(&f.name, f.data_type.clone(), false)
                .with_metadata(unit.into_iter().collect())
        })
        .collect();
    if dims.len() == 1 {
        return Schema::new(columns);
    }
    let shape: Vec<String> = dims.iter().map(u64::to_string).collect();
    Schema::new_with_metadata(
        columns,
        [("hdf5.shape".to_owned(), shape.join(","))].into(),
    )
}

impl Field {
    /// The column out of rows.
    ///
    /// # Errors
    /// `Corrupt`, `Limit`; as the source's.
    pub(crate) fn column(
        &self,
        rows: &[u8],
        row: usize,
        values: &mut Values<'_>,
    ) -> Result<ArrayRef> {
        let cells = rows
            .chunks_exact(row.max(1))
            .map(|r| r.get(self.offset..self.offset + self.size).unwrap_or_default());
        match &self.cell {
            Cell::Items(simple) => {
                let mut bytes = Vec::with_capacity(rows.len() / row.max(1) * self.size);
                cells.for_each(|cell| bytes.extend_from_slice(cell));
                settle(simple.item, simple.dtype, &mut bytes);
                build::column(&self.data_type, simple.dtype, &bytes, None)
            }
            Cell::Reference => {
                let cells = cells.map(|c| crate::hdf5::value::int(c, false));
                let cells = cells.map(|n| u64::try_from(n).unwrap_or(u64::MAX));
                Ok(Arc::new(arrow_array::UInt64Array::from_iter_values(cells)))
            }
            Cell::HeapText => {
                let mut texts = Vec::new();
                for cell in cells {
                    let (_, bytes) = values.heaped(cell)?;
                    texts.push(text_until_nul(&bytes));
                }
                Ok(Arc::new(StringArray::from_iter_values(texts)))
            }
            Cell::Sequence(simple) => {
                let mut bytes = Vec::new();
                let mut lengths = Vec::new();
                for cell in cells {
                    let (count, object) = values.heaped(cell)?;
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    let piece =
                        count.checked_mul(simple.size).and_then(|n| object.get(..n));
                    let piece = piece.ok_or_else(build::misfit)?;
                    bytes.extend_from_slice(piece);
                    lengths.push(count);
                }
                settle(simple.item, simple.dtype, &mut bytes);
                self.list(simple.dtype, &bytes, &lengths)
            }
        }
    }

    fn list(&self, dtype: DType, bytes: &[u8], lengths: &[usize]) -> Result<ArrayRef> {
        let DataType::List(item) = &self.data_type else { return Err(build::misfit()) };
        let total: usize = lengths.iter().sum();
        if i32::try_from(total).is_err() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                OP,
                "a column of too many items",
            ));
        }
        let inner = build::column(item.data_type(), dtype, bytes, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
        let list = ListArray::try_new(Arc::clone(item), offsets, inner, None);
        Ok(Arc::new(list.op(ErrorKind::Corrupt, OP, "a column of lists")?))
    }
}
