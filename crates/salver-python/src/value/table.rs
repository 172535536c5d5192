//! Arrow tables: the C data interface, and the bridge to columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, StructArray};
use arrow_schema::Field;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};
use pyo3_arrow::input::AnyRecordBatch;
use salver_tree::Table;

use super::{columns, columns_out};
use crate::errors::ToPy;
use crate::interrupt::detached;

/// A table in memory: Arrow record batches with their metadata.
///
/// Anything that knows the Arrow C stream interface (pyarrow, polars, pandas, `DuckDB`) takes it
/// without a copy.
#[pyclass(module = "salver", name = "Table", frozen)]
#[derive(Debug)]
pub(crate) struct PyTable {
    table: Table,
}

impl PyTable {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    pub(crate) fn tree(&self) -> &Table {
        &self.table
    }

    /// The table of an object with an Arrow C stream or array.
    pub(crate) fn import(object: &Bound<'_, PyAny>) -> PyResult<Table> {
        let any: AnyRecordBatch = object.extract()?;
        let (batches, schema) = any.into_table()?.into_inner();
        Table::new(schema, batches).to_py(object.py())
    }

    fn loaded(&self, py: Python<'_>) -> PyResult<Vec<arrow_array::RecordBatch>> {
        detached(py, || self.table.batches()).to_py(py)
    }
}

#[pymethods]
impl PyTable {
    /// The table of any object with an Arrow C stream: no copy.
    #[staticmethod]
    fn from_arrow(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::import(object).map(Self::new)
    }

    /// The table of NumPy columns: `(name, values, mask or None, metadata)` each, and the table's
    /// own metadata.
    #[staticmethod]
    fn from_columns(
        columns: &Bound<'_, PyAny>,
        metadata: std::collections::HashMap<String, String>,
    ) -> PyResult<Self> {
        columns::table(columns, metadata).map(Self::new)
    }

    /// The number of rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.table.n_rows()
    }

    /// The names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<&str> {
        self.table.schema().fields().iter().map(|f| f.name().as_str()).collect()
    }

    /// The table's metadata: text by text.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut entries: Vec<_> = self.table.schema().metadata().iter().collect();
        entries.sort();
        let dict = PyDict::new(py);
        for (key, value) in entries {
            dict.set_item(key, value)?;
        }
        Ok(dict)
    }

    /// The metadata of each column, by name.
    #[getter]
    fn field_metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for field in self.table.schema().fields() {
            let mut entries: Vec<_> = field.metadata().iter().collect();
            entries.sort();
            let inner = PyDict::new(py);
            for (key, value) in entries {
                inner.set_item(key, value)?;
            }
            dict.set_item(field.name(), inner)?;
        }
        Ok(dict)
    }

    /// NumPy columns by name: `(values, mask or None)`; memory that nobody else holds is handed
    /// over, so that the arrays are writable.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let batches = self.loaded(py)?;
        columns_out::columns(py, self.table.schema(), &batches)
    }

    fn __len__(&self) -> usize {
        self.table.n_rows()
    }

    fn __repr__(&self) -> String {
        let names = self.column_names().join(", ");
        format!("Table({} rows: {names})", self.table.n_rows())
    }

    fn __arrow_c_schema__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.table.schema().as_ref())?)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.table.schema();
        let batches = self.loaded(py)?.into_iter();
        let arrays =
            batches.map(|batch| Ok(Arc::new(StructArray::from(batch)) as ArrayRef));
        let field = Field::new_struct("", schema.fields().clone(), false)
            .with_metadata(schema.metadata().clone());
        let stream = Box::new(ArrayIterator::new(arrays, Arc::new(field)));
        Ok(to_stream_pycapsule(py, stream, requested_schema)?)
    }
}
