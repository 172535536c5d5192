//! Tables, loaded or lazy.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};

use crate::{Lazy, Select, match_columns, passing_rows};

/// Where a table's rows are.
#[derive(Debug, Clone)]
pub enum TableData {
    /// In memory.
    Loaded(Vec<RecordBatch>),
    /// Still in its artifact.
    Lazy(Lazy),
}

/// A table: an Arrow schema and record batches of it.
///
/// Field metadata `unit` and `description` are a column's unit and meaning; schema metadata is the
/// table's own, as text.
#[derive(Debug, Clone)]
pub struct Table {
    schema: SchemaRef,
    n_rows: usize,
    data: Box<TableData>,
}

impl Table {
    /// A table in memory.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where a batch has another schema.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        if batches.iter().any(|b| b.schema_ref().fields() != schema.fields()) {
            let message = "a record batch has another schema than its table";
            return Err(Error::new(ErrorKind::InvalidInput, Op("tree.table"), message));
        }
        let n_rows = batches.iter().map(RecordBatch::num_rows).sum();
        Ok(Self { schema, n_rows, data: Box::new(TableData::Loaded(batches)) })
    }

    /// A table still in its artifact.
    #[must_use]
    pub fn lazy(schema: SchemaRef, n_rows: usize, lazy: Lazy) -> Self {
        Self { schema, n_rows, data: Box::new(TableData::Lazy(lazy)) }
    }

    /// Columns and metadata.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Where the rows are.
    #[must_use]
    pub fn data(&self) -> &TableData {
        &self.data
    }

    /// The columns and rows that a selection asks for, in memory: see [`match_columns`] and
    /// [`Filter`](crate::Filter). Its box does not apply to tables.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for columns that are not there or a filter that does not fit; as
    /// the format's `decode` for a lazy table.
    pub fn select(&self, select: &Select) -> Result<Self> {
        let op = Op("tree.table");
        let names: Vec<&str> =
            self.schema.fields().iter().map(|f| f.name().as_str()).collect();
        let wanted = match &select.columns {
            None => (0..names.len()).collect(),
            some => match_columns(&names, some.as_deref())?,
        };
        let message = "the selected columns do not fit together";
        let schema = self.schema.project(&wanted).op(ErrorKind::Internal, op, message)?;
        let mut out = Vec::new();
        for batch in self.batches()? {
            let kept = match passing_rows(&batch, &select.filters)? {
                Some(rows) => filter_record_batch(&batch, &rows).op(
                    ErrorKind::Internal,
                    op,
                    message,
                )?,
                None => batch,
            };
            out.push(kept.project(&wanted).op(ErrorKind::Internal, op, message)?);
        }
        Self::new(Arc::new(schema), out)
    }

    /// The rows in memory; a lazy table is decoded first.
    ///
    /// # Errors
    /// As the format's `decode`.
    pub fn batches(&self) -> Result<Vec<RecordBatch>> {
        match &*self.data {
            TableData::Loaded(batches) => Ok(batches.clone()),
            TableData::Lazy(lazy) => {
                let loaded = lazy.load()?;
                match loaded.untagged().as_table().map(Self::data) {
                    Some(TableData::Loaded(batches)) => Ok(batches.clone()),
                    _ => Err(lazy.not_loaded("not a table in memory")),
                }
            }
        }
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let same = self.schema == other.schema && self.n_rows == other.n_rows;
        same && match (&*self.data, &*other.data) {
            (TableData::Loaded(a), TableData::Loaded(b)) => {
                let whole = |batches: &[RecordBatch]| {
                    arrow_select::concat::concat_batches(&self.schema, batches)
                };
                matches!((whole(a), whole(b)), (Ok(a), Ok(b)) if a == b)
            }
            (TableData::Lazy(a), TableData::Lazy(b)) => {
                Arc::ptr_eq(&a.source, &b.source)
                    && a.node == b.node
                    && a.select == b.select
            }
            _ => false,
        }
    }
}
