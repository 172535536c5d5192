//! References in trees: leaves, and columns of tables.
//!
//! A column of references is an Arrow column of text, by dictionary or plain, whose field has the
//! extension name [`REF_EXTENSION`]. Each value is the JSON object that the `$ref` of JSON holds.

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use crate::{Map, RefLeaf, Select, Table, Tagged, Tree};

const OP: Op = Op("tree.references");

/// The extension name of a column of references, under the field's metadata key
/// `ARROW:extension:name`.
pub const REF_EXTENSION: &str = "salver.ref";

const EXTENSION: &str = "ARROW:extension:name";

/// Takes the place and the value of one reference.
pub type Visit<'v> = dyn FnMut(&str, &RefLeaf) -> Result<()> + 'v;

/// Gives what stands in the place of a reference; `None` leaves it.
pub type Change<'v> = dyn FnMut(&str, &RefLeaf) -> Result<Option<RefLeaf>> + 'v;

/// Whether a field is a column of references.
#[must_use]
pub fn is_ref_field(field: &Field) -> bool {
    field.metadata().get(EXTENSION).is_some_and(|name| name == REF_EXTENSION)
}

/// The field of a column of references, dictionary-encoded.
#[must_use]
pub fn ref_field(name: &str, nullable: bool) -> Field {
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let metadata = [(EXTENSION.to_owned(), REF_EXTENSION.to_owned())];
    Field::new(name, text, nullable).with_metadata(metadata.into())
}

/// The column of references for a [`ref_field`]; equal ones are stored once.
///
/// # Errors
/// As [`RefLeaf::to_text`].
pub fn ref_column<'l>(
    leaves: impl IntoIterator<Item = Option<&'l RefLeaf>>,
) -> Result<ArrayRef> {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for leaf in leaves {
        match leaf {
            None => builder.append_null(),
            Some(leaf) => {
                builder.append(leaf.to_text()?).op(
                    ErrorKind::Limit,
                    OP,
                    "more references than a column holds",
                )?;
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// A column of references, read as they are asked for.
#[derive(Debug, Clone)]
pub struct RefColumn {
    values: StringArray,
    /// The number of each row's value; `None` where rows are values.
    keys: Option<arrow_array::Int32Array>,
}

impl RefColumn {
    /// A view of an Arrow column of text, by dictionary or plain.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a column of another type.
    pub fn new(column: &ArrayRef) -> Result<Self> {
        let wrong = || {
            Error::new(ErrorKind::InvalidInput, OP, "a column of references holds text")
                .with("type", column.data_type())
        };
        let text = |array: &ArrayRef| -> Result<StringArray> {
            let cast = arrow_cast::cast(array, &DataType::Utf8);
            let cast = cast.op(ErrorKind::InvalidInput, OP, "not a column of text")?;
            Ok(cast.as_string::<i32>().clone())
        };
        match column.data_type() {
            DataType::Dictionary(..) => {
                let dictionary = column.as_any_dictionary_opt().ok_or_else(wrong)?;
                let keys = arrow_cast::cast(dictionary.keys(), &DataType::Int32);
                let keys = keys.op(ErrorKind::InvalidInput, OP, "too many references")?;
                let keys = keys.as_primitive::<Int32Type>().clone();
                Ok(Self { values: text(dictionary.values())?, keys: Some(keys) })
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Ok(Self { values: text(column)?, keys: None })
            }
            _ => Err(wrong()),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.as_ref().map_or(self.values.len(), arrow_array::Array::len)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the distinct value in a row; `None` for no reference.
    fn key(&self, row: usize) -> Option<usize> {
        match &self.keys {
            None => (row < self.values.len() && self.values.is_valid(row)).then_some(row),
            Some(keys) if row < keys.len() && keys.is_valid(row) => {
                let key = usize::try_from(keys.value(row)).ok()?;
                (key < self.values.len() && self.values.is_valid(key)).then_some(key)
            }
            Some(_) => None,
        }
    }

    /// The reference in a row, counted from 0; `None` where there is none. Empty text is none too:
    /// formats without a null write it.
    ///
    /// # Errors
    /// As [`RefLeaf::from_text`].
    pub fn get(&self, row: usize) -> Result<Option<RefLeaf>> {
        self.key(row).map_or(Ok(None), |key| self.value(key))
    }

    fn value(&self, key: usize) -> Result<Option<RefLeaf>> {
        match self.values.value(key) {
            "" => Ok(None),
            text => RefLeaf::from_text(text).map(Some),
        }
    }

    /// Calls `each` with every row that has a reference; each distinct value is read once.
    fn each(&self, each: &mut dyn FnMut(usize, &RefLeaf) -> Result<()>) -> Result<()> {
        let mut read: Vec<Option<Option<RefLeaf>>> = vec![None; self.values.len()];
        for row in 0..self.len() {
            let Some(key) = self.key(row) else { continue };
            let Some(slot) = read.get_mut(key) else { continue };
            if slot.is_none() {
                *slot = Some(self.value(key)?);
            }
            if let Some(Some(leaf)) = slot {
                each(row, leaf)?;
            }
        }
        Ok(())
    }
}

/// A path with room for steps.
struct Path(String);

impl Path {
    /// Runs `body` one step further down.
    fn step<T>(&mut self, step: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.push('/');
        self.0.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let out = body(self);
        self.0.truncate(length);
        out
    }
}

impl Tree {
    /// Calls `visit` with every reference and its place, in order: leaves, and the rows of columns
    /// of references, whose place is the table's, the column's name and the number of the row.
    /// Of a lazy table only such columns are read.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where a column of references holds something else; what `visit` gives;
    /// as reading a lazy table.
    pub fn visit_references(&self, visit: &mut Visit<'_>) -> Result<()> {
        visit_at(self, &mut Path(String::new()), visit)
    }

    /// The tree with references changed; `None` where none is. Unchanged parts are shared.
    ///
    /// # Errors
    /// As [`Tree::visit_references`].
    pub fn change_references(&self, change: &mut Change<'_>) -> Result<Option<Self>> {
        change_at(self, &mut Path(String::new()), change)
    }
}

fn visit_at(tree: &Tree, path: &mut Path, visit: &mut Visit<'_>) -> Result<()> {
    match tree {
        Tree::Ref(leaf) => visit(&path.0, leaf),
        Tree::Tagged(tagged) => visit_at(&tagged.tree, path, visit),
        Tree::Map(map) => map
            .iter()
            .try_for_each(|(key, node)| path.step(key, |p| visit_at(node, p, visit))),
        Tree::List(items) => items.iter().enumerate().try_for_each(|(i, node)| {
            match node {
                // lists of numbers are long, and no place is needed for them
                Tree::Ref(_)
                | Tree::Tagged(_)
                | Tree::Map(_)
                | Tree::List(_)
                | Tree::Table(_) => {
                    path.step(&i.to_string(), |p| visit_at(node, p, visit))
                }
                _ => Ok(()),
            }
        }),
        Tree::Table(table) => visit_table(table, path, visit),
        _ => Ok(()),
    }
}

/// The columns of references of a table, in memory.
fn ref_table(table: &Table) -> Result<Option<Table>> {
    let fields = table.schema().fields();
    let names = fields.iter().filter(|f| is_ref_field(f)).map(|f| f.name().clone());
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(None);
    }
    let select = Select { columns: Some(names), ..Select::default() };
    table.select(&select).map(Some)
}

fn visit_table(table: &Table, path: &mut Path, visit: &mut Visit<'_>) -> Result<()> {
    let Some(table) = ref_table(table)? else { return Ok(()) };
    for (at, field) in table.schema().fields().iter().enumerate() {
        let mut first = 0;
        for batch in table.batches()? {
            let column = RefColumn::new(batch.column(at))?;
            path.step(field.name(), |path| {
                column.each(&mut |row, leaf| {
                    path.step(&(first + row).to_string(), |p| visit(&p.0, leaf))
                })
            })
            .map_err(|e| e.with("column", field.name()))?;
            first += batch.num_rows();
        }
    }
    Ok(())
}

fn change_at(
    tree: &Tree,
    path: &mut Path,
    change: &mut Change<'_>,
) -> Result<Option<Tree>> {
    match tree {
        Tree::Ref(leaf) => {
            Ok(change(&path.0, leaf)?.map(|leaf| Tree::Ref(Box::new(leaf))))
        }
        Tree::Tagged(tagged) => {
            let Tagged { name, version, tree } = &**tagged;
            Ok(change_at(tree, path, change)?.map(|tree| {
                let (name, version) = (name.clone(), *version);
                Tree::Tagged(Box::new(Tagged { name, version, tree }))
            }))
        }
        Tree::Map(map) => {
            let mut out: Option<Map> = None;
            for (key, node) in map.iter() {
                if let Some(new) = path.step(key, |p| change_at(node, p, change))? {
                    out.get_or_insert_with(|| map.clone()).insert(key, new);
                }
            }
            Ok(out.map(Tree::Map))
        }
        Tree::List(items) => {
            let mut out: Option<Vec<Tree>> = None;
            for (i, node) in items.iter().enumerate() {
                let new = path.step(&i.to_string(), |p| change_at(node, p, change))?;
                if let Some(new) = new
                    && let Some(slot) =
                        out.get_or_insert_with(|| items.clone()).get_mut(i)
                {
                    *slot = new;
                }
            }
            Ok(out.map(Tree::List))
        }
        Tree::Table(table) => Ok(change_table(table, path, change)?.map(Tree::Table)),
        _ => Ok(None),
    }
}

fn change_table(
    table: &Table,
    path: &mut Path,
    change: &mut Change<'_>,
) -> Result<Option<Table>> {
    if !table.schema().fields().iter().any(|f| is_ref_field(f)) {
        return Ok(None);
    }
    let mut changed = false;
    let mut batches = Vec::new();
    let mut first = 0;
    for batch in table.batches()? {
        let rows = batch.num_rows();
        let (batch, new) = change_batch(&batch, first, path, change)?;
        changed |= new;
        batches.push(batch);
        first += rows;
    }
    if !changed {
        return Ok(None);
    }
    let fields = table.schema().fields().iter().map(|f| {
        if is_ref_field(f) {
            let text = ref_field(f.name(), f.is_nullable());
            Arc::new(text.with_metadata(f.metadata().clone()))
        } else {
            Arc::clone(f)
        }
    });
    let fields: Vec<_> = fields.collect();
    let metadata = table.schema().metadata().clone();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batches = batches.into_iter().map(|columns| {
        RecordBatch::try_new(Arc::clone(&schema), columns).op(
            ErrorKind::Internal,
            OP,
            "columns that do not fit together",
        )
    });
    Table::new(Arc::clone(&schema), batches.collect::<Result<_>>()?).map(Some)
}

/// The columns of a batch with its references changed, all of the dictionary type; whether any is.
fn change_batch(
    batch: &RecordBatch,
    first: usize,
    path: &mut Path,
    change: &mut Change<'_>,
) -> Result<(Vec<ArrayRef>, bool)> {
    let mut columns = Vec::with_capacity(batch.num_columns());
    let mut changed = false;
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if !is_ref_field(field) {
            columns.push(Arc::clone(column));
            continue;
        }
        let view = RefColumn::new(column)?;
        let mut leaves: Vec<Option<RefLeaf>> = vec![None; view.len()];
        path.step(field.name(), |path| {
            view.each(&mut |row, leaf| {
                let new =
                    path.step(&(first + row).to_string(), |p| change(&p.0, leaf))?;
                changed |= new.is_some();
                if let Some(slot) = leaves.get_mut(row) {
                    *slot = Some(new.unwrap_or_else(|| leaf.clone()));
                }
                Ok(())
            })
        })?;
        columns.push(ref_column(leaves.iter().map(Option::as_ref))?);
    }
    Ok((columns, changed))
}
