//! Writes a table: rows, heap, and the cards of the columns.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, GenericListArray, OffsetSizeTrait};
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat_batches;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::Table;

use super::columns::{Code, Column, Columns, Form, Storage};
use super::fields::{Packed, leaf, pack, texts};
use crate::fits::card::{Card, Value, parse_number, value_cards};
use crate::fits::header::Header;
use crate::fits::view::is_numbered;

const OP: Op = Op("fits.table");

/// A table as it is written.
pub(crate) struct Encoded {
    columns: Vec<Column>,
    pub row: usize,
    pub n_rows: usize,
    pub rows: Vec<u8>,
    pub heap: Vec<u8>,
}

/// One column: its declaration, and the bytes of each row.
struct Encoding {
    column: Column,
    /// All rows, one after the other.
    bytes: Vec<u8>,
    width: usize,
}

/// Encodes a table; a lazy one is loaded.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for columns that a binary table does not have; as a lazy table's.
pub(crate) fn encode(table: &Table) -> Result<Encoded> {
    let batches = table.batches()?;
    let batch = concat_batches(table.schema(), &batches);
    let batch = batch.op(ErrorKind::Internal, OP, "record batches that do not fit")?;
    let n_rows = batch.num_rows();
    if batch.num_columns() > 999 {
        let error =
            Error::new(ErrorKind::Unsupported, OP, "a table of more than 999 columns");
        return Err(error.with("columns", batch.num_columns()));
    }
    let mut heap = Vec::new();
    let mut encodings = Vec::new();
    let mut row = 0;
    for (field, array) in table.schema().fields().iter().zip(batch.columns()) {
        let mut encoding = column(field, array, &mut heap)?;
        encoding.column.offset = row as u64;
        row += encoding.width;
        encodings.push(encoding);
    }
    let mut rows = Vec::with_capacity(row * n_rows);
    for i in 0..n_rows {
        for e in &encodings {
            rows.extend_from_slice(&e.bytes[i * e.width..(i + 1) * e.width]);
        }
    }
    let columns = encodings.into_iter().map(|e| e.column).collect();
    Ok(Encoded { columns, row, n_rows, rows, heap })
}

fn column(field: &Field, array: &ArrayRef, heap: &mut Vec<u8>) -> Result<Encoding> {
    match array.data_type() {
        DataType::List(_) => in_heap::<i32>(field, array.as_list(), heap),
        DataType::LargeList(_) => in_heap::<i64>(field, array.as_list(), heap),
        DataType::Utf8 | DataType::LargeUtf8
            if form_before(field).is_some_and(in_heap_before) =>
        {
            texts_in_heap(field, array, heap)
        }
        _ => fixed(field, array),
    }
}

fn form_before(field: &Field) -> Option<Form> {
    Form::parse(field.metadata().get("fits.TFORM")?)
}

fn in_heap_before(form: Form) -> bool {
    form.storage != Storage::Fixed
}

/// Whether pairs of reals are complex numbers: where they were.
fn is_complex(field: &Field) -> bool {
    let code = form_before(field).map(|f| f.code);
    matches!(code, Some(Code::Complex | Code::DoubleComplex))
}

fn fixed(field: &Field, array: &ArrayRef) -> Result<Encoding> {
    let leaf = leaf(array, is_complex(field))?;
    let mut width = 1;
    if matches!(leaf.array.data_type(), DataType::Utf8 | DataType::LargeUtf8) {
        let longest = texts(&leaf)?.iter().map(String::len).max().unwrap_or(0);
        let before = form_before(field).filter(|f| f.code == Code::Char);
        let before = before.and_then(|f| usize::try_from(f.repeat).ok());
        let each: usize = leaf.shape.iter().product();
        width = longest.max(before.unwrap_or(1).checked_div(each).unwrap_or(0));
    }
    let mut packed = pack(&leaf, field, width)?;
    let each: usize = leaf.shape.iter().product();
    let text = packed.code == Code::Char;
    let nothing = leaf.array.data_type() == &DataType::Null;
    let repeat = if nothing { 0 } else { each * if text { width } else { 1 } };
    let form = Form { repeat: repeat as u64, code: packed.code, storage: Storage::Fixed };
    let mut dims: Vec<u64> = leaf.shape.iter().rev().map(|&n| n as u64).collect();
    if text && !dims.is_empty() {
        dims.insert(0, width as u64);
    }
    let before = declared(field);
    let own_dims = before.as_ref().is_some_and(|c| !c.dims.is_empty());
    if dims.len() < 2 && !own_dims {
        dims.clear();
    }
    let (width, bytes) = match packed.code {
        Code::Bit => (each.div_ceil(8), bits(&packed.bytes, each)),
        _ => (each * packed.size, std::mem::take(&mut packed.bytes)),
    };
    let column = Column { dims, ..declaration(field, form, &packed) };
    let column = keep_substrings(column, before);
    Ok(Encoding { column, bytes, width })
}

/// A field of several strings that was declared as `rAw` stays that way.
fn keep_substrings(column: Column, before: Option<Column>) -> Column {
    let Some(before) = before.filter(|b| b.dims.is_empty() && b.form == column.form)
    else {
        return column;
    };
    let same =
        super::schema::text_width(&before) == column.dims.first().copied().unwrap_or(0);
    if column.form.code == Code::Char && same && column.dims.len() == 2 {
        return Column { dims: Vec::new(), tform: before.tform, ..column };
    }
    column
}

/// The column as its field's metadata declare it, where they do.
fn declared(field: &Field) -> Option<Column> {
    let tform = field.metadata().get("fits.TFORM")?.clone();
    let form = Form::parse(&tform)?;
    let dims = field.metadata().get("fits.TDIM").map(|t| {
        t.trim_matches(['(', ')']).split(',').filter_map(|d| d.parse().ok()).collect()
    });
    Some(Column {
        name: field.name().clone(),
        tform,
        form,
        offset: 0,
        unit: None,
        comment: None,
        display: None,
        null: None,
        scale: None,
        zero: None,
        dims: dims.unwrap_or_default(),
    })
}

fn declaration(field: &Field, form: Form, packed: &Packed) -> Column {
    let meta = |key: &str| field.metadata().get(key).cloned();
    let written = meta("fits.TFORM").filter(|t| Form::parse(t) == Some(form));
    let letter = packed.code.letter();
    let tform = match form.storage {
        Storage::Fixed => written.unwrap_or(format!("{}{letter}", form.repeat)),
        Storage::Heap32 => format!("1P{letter}"),
        Storage::Heap64 => format!("1Q{letter}"),
    };
    Column {
        name: field.name().clone(),
        tform,
        form,
        offset: 0,
        unit: meta("unit"),
        comment: meta("description"),
        display: meta("fits.TDISP"),
        null: packed.null,
        scale: packed.scale.clone(),
        zero: packed.zero.clone(),
        dims: Vec::new(),
    }
}

/// One byte each → bits, each row filled up to whole bytes.
fn bits(flags: &[u8], each: usize) -> Vec<u8> {
    let rows = flags.chunks(each.max(1));
    let bytes = rows.flat_map(|row| {
        row.chunks(8).map(|eight| {
            eight.iter().enumerate().fold(0, |byte, (k, bit)| byte | (bit << (7 - k)))
        })
    });
    bytes.collect()
}

fn in_heap<O: OffsetSizeTrait>(
    field: &Field,
    list: &GenericListArray<O>,
    heap: &mut Vec<u8>,
) -> Result<Encoding> {
    let leaf = leaf(list.values(), is_complex(field))?;
    let text = matches!(leaf.array.data_type(), DataType::Utf8 | DataType::LargeUtf8);
    if !leaf.shape.is_empty() || text {
        let message = "a binary table has no lists of lists or of text";
        let error = Error::new(ErrorKind::Unsupported, OP, message);
        return Err(error.with("column", field.name()).with("type", list.data_type()));
    }
    let packed = pack(&leaf, field, 1)?;
    let ends = list.offsets().windows(2).enumerate().map(|(i, w)| {
        let null = list.is_null(i);
        let (start, end) = (w[0].as_usize(), w[1].as_usize());
        start..if null { start } else { end }
    });
    let bytes = &packed.bytes;
    let cells = ends.map(|range| {
        let cell = &bytes[range.start * packed.size..range.end * packed.size];
        let cell = if packed.code == Code::Bit {
            bits(cell, range.len())
        } else {
            cell.to_vec()
        };
        (range.len(), cell)
    });
    let wide = O::IS_LARGE;
    Ok(descriptors(field, &packed, wide, cells.collect(), heap))
}

fn texts_in_heap(
    field: &Field,
    array: &ArrayRef,
    heap: &mut Vec<u8>,
) -> Result<Encoding> {
    let leaf = leaf(array, false)?;
    let cells = texts(&leaf)?.into_iter().map(|t| (t.len(), t.into_bytes())).collect();
    let packed = Packed {
        code: Code::Char,
        bytes: vec![],
        size: 1,
        null: None,
        scale: None,
        zero: None,
    };
    let wide = form_before(field).is_some_and(|f| f.storage == Storage::Heap64);
    Ok(descriptors(field, &packed, wide, cells, heap))
}

/// Puts cells into the heap; their descriptors are the bytes of the rows.
fn descriptors(
    field: &Field,
    packed: &Packed,
    wide: bool,
    cells: Vec<(usize, Vec<u8>)>,
    heap: &mut Vec<u8>,
) -> Encoding {
    let total: usize = cells.iter().map(|c| c.1.len()).sum();
    let wide = wide || i32::try_from(heap.len().saturating_add(total)).is_err();
    let longest = cells.iter().map(|c| c.0).max().unwrap_or(0);
    let mut bytes = Vec::new();
    for (n, cell) in cells {
        let place =
            (i64::try_from(n).unwrap_or(0), i64::try_from(heap.len()).unwrap_or(0));
        if wide {
            bytes.extend([place.0, place.1].iter().flat_map(|v| v.to_be_bytes()));
        } else {
            let narrow = |v: i64| i32::try_from(v).unwrap_or(0).to_be_bytes();
            bytes.extend(narrow(place.0));
            bytes.extend(narrow(place.1));
        }
        heap.extend(cell);
    }
    let storage = if wide { Storage::Heap64 } else { Storage::Heap32 };
    let form = Form { repeat: 1, code: packed.code, storage };
    let mut column = declaration(field, form, packed);
    column.tform = format!("{}({longest})", column.tform);
    if let Some(before) = field.metadata().get("fits.TFORM")
        && Form::parse(before) == Some(form)
        && longest_of(before).is_none_or(|n| n >= longest)
    {
        column.tform.clone_from(before);
    }
    Encoding { column, bytes, width: if wide { 16 } else { 8 } }
}

/// The number in `1PE(number)`.
fn longest_of(tform: &str) -> Option<usize> {
    tform.split_once('(')?.1.trim_end_matches([')', ' ']).parse().ok()
}

impl Encoded {
    /// Bytes of the data unit.
    pub(crate) fn len(&self) -> u64 {
        (self.rows.len() + self.heap.len()) as u64
    }

    /// The number of columns.
    pub(crate) fn fields(&self) -> u64 {
        self.columns.len() as u64
    }

    /// Puts the columns into a header that has its mandatory keywords. Where they are declared
    /// there as they are, its cards stay.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for names that a header cannot hold.
    pub(crate) fn declare(&self, mut header: Header) -> Result<Header> {
        if header.entry("THEAP").is_some() {
            let heap = i128::try_from(self.rows.len()).unwrap_or(0);
            header.set("THEAP", &Value::Int(heap), "")?;
        }
        if let Ok(now) = Columns::from_header(&header, self.len())
            && now.names().iter().zip(&self.columns).all(|(name, c)| *name == c.name)
            && now.list.iter().zip(&self.columns).all(|(a, b)| same(a, b))
        {
            return Ok(header);
        }
        let is_column = |key: &str| {
            let names = [
                "TTYPE", "TFORM", "TUNIT", "TNULL", "TSCAL", "TZERO", "TDISP", "TDIM",
                "TBCOL", "TCOMM",
            ];
            names.iter().any(|n| is_numbered(key, n))
        };
        let old: Vec<String> = header.entries().map(|e| e.keyword).collect();
        old.iter().filter(|k| is_column(k)).for_each(|k| header.remove(k));
        let at = header.position("TFIELDS").map_or(0, |i| i + 1);
        let mut cards = header.cards().to_vec();
        let rest = cards.split_off(at.min(cards.len()));
        for (n, column) in self.columns.iter().enumerate() {
            cards.extend(column_cards(n + 1, column)?);
        }
        cards.extend(rest);
        Ok(Header::from_cards(cards))
    }
}

/// Whether two declarations are the same, whatever the spelling of the form and the name.
fn same(a: &Column, b: &Column) -> bool {
    let plain =
        |c: &Column| Column { name: String::new(), tform: String::new(), ..c.clone() };
    let longest = |c: &Column| longest_of(&c.tform).unwrap_or(usize::MAX);
    plain(a) == plain(b) && longest(a) >= longest(b)
}

fn column_cards(n: usize, column: &Column) -> Result<Vec<Card>> {
    let text = |t: &str| Some(Value::Text(t.to_owned()));
    let number = |t: &Option<String>| {
        let t = t.as_deref()?;
        t.parse().map(Value::Int).ok().or_else(|| parse_number(t).map(Value::Float))
    };
    let dims: Vec<String> = column.dims.iter().map(u64::to_string).collect();
    let dims = (!dims.is_empty()).then(|| format!("({})", dims.join(",")));
    let values = [
        ("TTYPE", text(&column.name)),
        ("TFORM", text(&column.tform)),
        ("TUNIT", column.unit.as_deref().and_then(text)),
        ("TNULL", column.null.map(|v| Value::Int(v.into()))),
        ("TSCAL", number(&column.scale)),
        ("TZERO", number(&column.zero)),
        ("TDISP", column.display.as_deref().and_then(text)),
        ("TDIM", dims.as_deref().and_then(text)),
        ("TCOMM", column.comment.as_deref().and_then(text)),
    ];
    let mut cards = Vec::new();
    for (keyword, value) in values {
        if let Some(value) = value {
            let made = value_cards(&format!("{keyword}{n}"), &value, "");
            cards.extend(made.map_err(|e| e.with("column", &column.name))?);
        }
    }
    Ok(cards)
}
