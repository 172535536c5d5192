//! Tables: Arrow columns, however they are encoded.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use sha2::{Digest as _, Sha256};

use super::array::little_endian;
use super::node::{count, optional, sized};
use crate::Table;

const OP: Op = Op("tree.digest");

/// Clause 6: rows, and of each column name, type, unit and digest.
pub(super) fn update(hash: &mut Sha256, table: &Table) -> Result<()> {
    let fields = table.schema().fields();
    let columns = fields.iter().map(|field| Column::new(field.data_type()));
    let mut columns: Vec<Column> = columns.collect::<Result<_>>()?;
    for batch in table.batches()? {
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.feed(array)?;
        }
    }
    count(hash, table.n_rows());
    count(hash, fields.len());
    for (field, column) in fields.iter().zip(columns) {
        sized(hash, field.name().as_bytes());
        sized(hash, type_name(field.data_type())?.as_bytes());
        optional(hash, field.metadata().get("unit").map(String::as_str));
        hash.update(column.finish());
    }
    Ok(())
}

/// Clause 7: the name of a type, the same for all encodings of it.
fn type_name(dtype: &DataType) -> Result<String> {
    use DataType as D;
    let inner = |field: &Field| type_name(field.data_type());
    Ok(match dtype {
        D::Utf8 | D::LargeUtf8 | D::Utf8View => "text".to_owned(),
        D::Binary | D::LargeBinary | D::BinaryView => "bytes".to_owned(),
        D::FixedSizeBinary(n) => format!("bytes[{n}]"),
        D::List(f) | D::LargeList(f) | D::ListView(f) | D::LargeListView(f) => {
            format!("list<{}>", inner(f)?)
        }
        D::FixedSizeList(f, n) => format!("list[{n}]<{}>", inner(f)?),
        D::Map(f, _) => format!("map<{}>", inner(f)?),
        D::Struct(fields) => {
            let parts = fields.iter().map(|f| Ok(format!("{}:{}", f.name(), inner(f)?)));
            format!("struct<{}>", parts.collect::<Result<Vec<_>>>()?.join(","))
        }
        D::Dictionary(_, values) => type_name(values)?,
        D::RunEndEncoded(_, values) => inner(values)?,
        D::Timestamp(unit, zone) => match zone {
            None => format!("timestamp[{}]", unit_name(*unit)),
            Some(zone) => format!("timestamp[{}, {zone}]", unit_name(*unit)),
        },
        D::Time32(unit) | D::Time64(unit) => format!("time[{}]", unit_name(*unit)),
        D::Duration(unit) => format!("duration[{}]", unit_name(*unit)),
        D::Decimal32(p, s)
        | D::Decimal64(p, s)
        | D::Decimal128(p, s)
        | D::Decimal256(p, s) => {
            let bits = dtype.primitive_width().unwrap_or(0) * 8;
            format!("decimal{bits}[{p}, {s}]")
        }
        D::Interval(_) | D::Union(..) => return Err(unsupported(dtype)),
        D::Boolean => "bool".to_owned(),
        D::Date32 => "date[day]".to_owned(),
        D::Date64 => "date[ms]".to_owned(),
        plain => plain.to_string().to_ascii_lowercase(),
    })
}

fn unit_name(unit: arrow_schema::TimeUnit) -> &'static str {
    use arrow_schema::TimeUnit as U;
    match unit {
        U::Second => "s",
        U::Millisecond => "ms",
        U::Microsecond => "us",
        U::Nanosecond => "ns",
    }
}

fn unsupported(dtype: &DataType) -> Error {
    Error::new(ErrorKind::Unsupported, OP, "columns of this type have no digest")
        .with("type", dtype)
}

/// The digest of a column, batch by batch.
struct Column {
    validity: Sha256,
    values: Sha256,
    children: Vec<Self>,
}

impl Column {
    fn new(dtype: &DataType) -> Result<Self> {
        use DataType as D;
        let children = match dtype {
            D::List(f)
            | D::LargeList(f)
            | D::ListView(f)
            | D::LargeListView(f)
            | D::FixedSizeList(f, _)
            | D::Map(f, _) => vec![Self::new(f.data_type())?],
            D::Struct(fields) => {
                let each = fields.iter().map(|f| Self::new(f.data_type()));
                each.collect::<Result<_>>()?
            }
            D::Dictionary(_, values) => return Self::new(values),
            D::RunEndEncoded(_, values) => return Self::new(values.data_type()),
            D::Interval(_) | D::Union(..) => return Err(unsupported(dtype)),
            _ => Vec::new(),
        };
        Ok(Self { validity: Sha256::new(), values: Sha256::new(), children })
    }

    fn feed(&mut self, array: &ArrayRef) -> Result<()> {
        use DataType as D;
        let plain = match array.data_type() {
            D::Dictionary(_, values) => Some((**values).clone()),
            D::RunEndEncoded(_, values) => Some(values.data_type().clone()),
            D::Utf8 | D::Utf8View => Some(D::LargeUtf8),
            D::Binary | D::BinaryView => Some(D::LargeBinary),
            D::List(f) | D::ListView(f) | D::LargeListView(f) => {
                Some(D::LargeList(Arc::clone(f)))
            }
            _ => None,
        };
        if let Some(plain) = plain {
            let cast = arrow_cast::cast(array, &plain);
            return self.feed(&cast.op(
                ErrorKind::Unsupported,
                OP,
                "not a plain column",
            )?);
        }
        let nulls = array.logical_nulls();
        match &nulls {
            None => ones(&mut self.validity, array.len()),
            Some(nulls) => {
                nulls.iter().for_each(|valid| self.validity.update([u8::from(valid)]));
            }
        }
        self.values_of(array, nulls.as_ref())
    }

    fn values_of(&mut self, array: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<()> {
        use DataType as D;
        match array.data_type() {
            D::Null => {}
            D::Boolean => {
                let bits = array.as_boolean();
                for row in 0..array.len() {
                    let set = bits.is_valid(row) && bits.value(row);
                    self.values.update([u8::from(set)]);
                }
            }
            D::LargeUtf8 => {
                let texts = array.as_string::<i64>();
                texts.iter().for_each(|text| {
                    sized(&mut self.values, text.unwrap_or_default().as_bytes());
                });
            }
            D::LargeBinary => {
                let rows = array.as_binary::<i64>();
                rows.iter().for_each(|row| sized(&mut self.values, row.unwrap_or(&[])));
            }
            D::FixedSizeBinary(n) => {
                let (rows, zeros) = (
                    array.as_fixed_size_binary(),
                    vec![0; usize::try_from(*n).unwrap_or(0)],
                );
                rows.iter().for_each(|row| self.values.update(row.unwrap_or(&zeros)));
            }
            D::LargeList(_) => {
                let list = array.as_list::<i64>();
                let place = places(list.value_offsets());
                self.list(list.values(), array.len(), nulls, place)?;
            }
            D::Map(..) => {
                let map = array.as_map();
                let entries: ArrayRef = Arc::new(map.entries().clone());
                let place = places(map.value_offsets());
                self.list(&entries, array.len(), nulls, place)?;
            }
            D::FixedSizeList(_, n) => {
                let n = usize::try_from(*n).unwrap_or(0);
                let list = array.as_fixed_size_list();
                self.list(list.values(), array.len(), nulls, |r| (r * n, r * n + n))?;
            }
            D::Struct(_) => {
                for (child, part) in
                    self.children.iter_mut().zip(array.as_struct().columns())
                {
                    child.feed(&masked(part, nulls)?)?;
                }
            }
            other => {
                let width = other.primitive_width().ok_or_else(|| unsupported(other))?;
                self.fixed(array, nulls, width);
            }
        }
        Ok(())
    }

    /// Items of a fixed width; those of nulls are zeros.
    fn fixed(&mut self, array: &ArrayRef, nulls: Option<&NullBuffer>, width: usize) {
        let data = array.to_data();
        let start = data.offset() * width;
        let bytes = data
            .buffers()
            .first()
            .map(arrow_buffer::Buffer::as_slice)
            .unwrap_or_default();
        let bytes = bytes.get(start..start + array.len() * width).unwrap_or_default();
        let bytes = little_endian(bytes, width);
        let Some(nulls) = nulls.filter(|n| n.null_count() > 0) else {
            self.values.update(&*bytes);
            return;
        };
        let zeros = vec![0_u8; width];
        for (item, valid) in bytes.chunks_exact(width).zip(nulls.iter()) {
            self.values.update(if valid { item } else { &zeros });
        }
    }

    /// Lengths of rows, and the items of rows that are not null, in runs.
    fn list(
        &mut self,
        items: &ArrayRef,
        rows: usize,
        nulls: Option<&NullBuffer>,
        place: impl Fn(usize) -> (usize, usize),
    ) -> Result<()> {
        let mut run = 0..0;
        for row in 0..rows {
            if nulls.is_some_and(|n| n.is_null(row)) {
                count(&mut self.values, 0);
                continue;
            }
            let (start, end) = place(row);
            count(&mut self.values, end.saturating_sub(start));
            if start == run.end {
                run.end = end;
                continue;
            }
            self.items(items, &run)?;
            run = start..end;
        }
        self.items(items, &run)
    }

    fn items(&mut self, items: &ArrayRef, run: &std::ops::Range<usize>) -> Result<()> {
        match self.children.first_mut() {
            Some(child) if run.start < run.end => {
                child.feed(&items.slice(run.start, run.end - run.start))
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> [u8; 32] {
        let mut all = Sha256::new();
        all.update(self.validity.finalize());
        all.update(self.values.finalize());
        for child in self.children {
            all.update(child.finish());
        }
        all.finalize().into()
    }
}

/// The place of a row's items.
fn places<T: Copy + TryInto<usize>>(offsets: &[T]) -> impl Fn(usize) -> (usize, usize) {
    let offset = |i: usize| offsets.get(i).and_then(|&o| o.try_into().ok()).unwrap_or(0);
    move |row| (offset(row), offset(row + 1))
}

fn ones(hash: &mut Sha256, n: usize) {
    const ONES: [u8; 1024] = [1; 1024];
    let mut left = n;
    while left > 0 {
        let piece = ONES.get(..left.min(ONES.len())).unwrap_or(&ONES);
        hash.update(piece);
        left -= piece.len();
    }
}

/// A part of structs, null where the struct is.
fn masked(part: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<ArrayRef> {
    if nulls.is_none_or(|n| n.null_count() == 0) || part.data_type() == &DataType::Null {
        return Ok(Arc::clone(part));
    }
    let both = NullBuffer::union(nulls, part.nulls());
    let data = part.to_data().into_builder().nulls(both).build();
    Ok(make_array(data.op(ErrorKind::Internal, OP, "a part without its nulls")?))
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        DictionaryArray, Int32Array, RecordBatch, StringArray, StringViewArray,
        types::Int32Type,
    };
    use arrow_schema::Schema;

    use super::*;
    use crate::Tree;

    fn table(columns: Vec<(&str, ArrayRef)>, cut: Option<usize>) -> Tree {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let batches = match cut {
            None => vec![batch.clone()],
            Some(n) => vec![batch.slice(0, n), batch.slice(n, batch.num_rows() - n)],
        };
        let fields = batch.schema().fields().clone();
        let fields = fields.iter().map(|f| f.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let again = |b: &RecordBatch| {
            RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec()).unwrap()
        };
        let batches = batches.iter().map(again).collect();
        Tree::Table(Table::new(Arc::clone(&schema), batches).unwrap())
    }

    #[test]
    fn encodings_batches_and_values_under_nulls_do_not_count() {
        let texts = [Some("a"), None, Some("bb"), Some("a")];
        let plain: ArrayRef = Arc::new(StringArray::from_iter(texts));
        let view: ArrayRef = Arc::new(StringViewArray::from_iter(texts));
        let dictionary: DictionaryArray<Int32Type> = texts.into_iter().collect();
        let digests = [plain, view, Arc::new(dictionary)].map(|column| {
            let whole = table(vec![("t", Arc::clone(&column))], None).digest().unwrap();
            assert_eq!(table(vec![("t", column)], Some(1)).digest().unwrap(), whole);
            whole
        });
        assert_eq!(digests[0], digests[1]);
        assert_eq!(digests[0], digests[2]);
        let ints = |under: i32| -> ArrayRef {
            let nulls = NullBuffer::from(vec![true, false]);
            Arc::new(Int32Array::new(vec![1, under].into(), Some(nulls)))
        };
        let digest = |a: ArrayRef| table(vec![("i", a)], None).digest().unwrap();
        assert_eq!(digest(ints(5)), digest(ints(7)));
        assert_ne!(digest(ints(5)), digest(Arc::new(Int32Array::from(vec![1, 0]))));
    }

    #[test]
    fn lists_count_by_their_rows() {
        use arrow_array::ListArray;
        let list = |rows: Vec<Option<Vec<Option<i32>>>>| -> ArrayRef {
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows))
        };
        let digest = |a: ArrayRef, cut| table(vec![("l", a)], cut).digest().unwrap();
        let one = list(vec![
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
            Some(vec![Some(2)]),
        ]);
        let other =
            list(vec![Some(vec![Some(1)]), None, Some(vec![None]), Some(vec![Some(2)])]);
        assert_ne!(digest(Arc::clone(&one), None), digest(other, None));
        assert_eq!(digest(Arc::clone(&one), None), digest(one, Some(2)));
    }
}
