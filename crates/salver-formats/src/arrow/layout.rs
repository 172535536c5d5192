//! Which buffers of a record batch belong to which column. Source: Arrow columnar format 1.5,
//! "Buffer Listing for Each Layout".

use std::ops::Range;

use arrow_schema::{DataType, Schema};

/// The buffers of each column of a batch, in the order of the schema; `None` where a type has as
/// many as the batch says (views) or as the version says (unions).
pub(super) fn buffers(schema: &Schema) -> Option<Vec<Range<usize>>> {
    let mut at = 0_usize;
    let mut out = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let end = at + count(field.data_type())?;
        out.push(at..end);
        at = end;
    }
    Some(out)
}

fn count(kind: &DataType) -> Option<usize> {
    Some(match kind {
        DataType::Null => 0,
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Binary
        | DataType::LargeBinary => 3,
        DataType::List(field) | DataType::LargeList(field) | DataType::Map(field, _) => {
            2 + count(field.data_type())?
        }
        DataType::FixedSizeList(field, _) => 1 + count(field.data_type())?,
        DataType::Struct(fields) => {
            let each = fields.iter().map(|field| count(field.data_type()));
            1 + each.sum::<Option<usize>>()?
        }
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..) => return None,
        _ => 2,
    })
}
