//! A dataset's values for templates.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::{DataValue, DatasetRef, Value};

use crate::template::{FieldValue, Values};

/// The values of a ref, or of one component of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefValues<'a> {
    pub(crate) dataset: &'a DatasetRef,
    pub(crate) component: Option<&'a str>,
}

impl Values for RefValues<'_> {
    fn value(&self, name: &str) -> Option<FieldValue<'_>> {
        let text = |s| Some(FieldValue::Str(Cow::Borrowed(s)));
        match name {
            "run" => text(&*self.dataset.run),
            "datasetType" => text(self.dataset.dataset_type.parent_name()),
            "component" => text(self.component.or_else(|| self.dataset.component())?),
            "id" => Some(FieldValue::Str(Cow::Owned(self.dataset.id.to_string()))),
            "skypix" => {
                let mut skypix = self.dataset.data_id.group().skypix();
                let only = skypix.next().filter(|_| skypix.next().is_none())?;
                self.dataset.data_id.get(only.name()).map(of_data_value)
            }
            name => self.dataset.data_id.get(name).map(of_data_value),
        }
    }

    fn field(&self, dimension: &str, field: &str) -> Result<Option<FieldValue<'_>>> {
        let data_id = &self.dataset.data_id;
        let record = data_id.record(dimension).ok_or_else(|| {
            let message =
                "the path of this dataset needs a dimension record that is not there";
            Error::new(ErrorKind::InvalidInput, Op("datastore.template"), message)
                .with("dimension", dimension)
                .with("field", field)
                .with("data_id", data_id)
        })?;
        let Some(value) = record.get(field) else { return Ok(None) };
        Ok(Some(match value {
            Value::Null => FieldValue::Null,
            Value::Int(i) => FieldValue::Int(*i),
            Value::Float(x) => FieldValue::Float(*x),
            Value::Bool(b) => FieldValue::Bool(*b),
            Value::Str(s) => FieldValue::Str(Cow::Borrowed(s)),
            other => {
                let message = "a field of this kind cannot be part of a path";
                let error =
                    Error::new(ErrorKind::Unsupported, Op("datastore.template"), message);
                return Err(error
                    .with("field", format_args!("{dimension}.{field}"))
                    .with("kind", other.kind()));
            }
        }))
    }
}

fn of_data_value(value: &DataValue) -> FieldValue<'_> {
    match value {
        DataValue::Int(i) => FieldValue::Int(*i),
        DataValue::Str(s) => FieldValue::Str(Cow::Borrowed(s)),
    }
}
