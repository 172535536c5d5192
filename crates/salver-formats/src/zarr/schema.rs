//! A table's schema as text: base64 of an Arrow IPC stream without batches.

use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{ErrorKind, Op, Result, ResultExt as _};

use crate::buffer::no_panic;

/// Spells a schema.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where Arrow cannot write it.
pub(crate) fn render(schema: &SchemaRef) -> Result<String> {
    let (op, message) = (Op("zarr.encode"), "a schema that Arrow cannot write");
    let mut writer = StreamWriter::try_new(Vec::new(), schema).op(
        ErrorKind::Unsupported,
        op,
        message,
    )?;
    writer.finish().op(ErrorKind::Unsupported, op, message)?;
    let bytes = writer.into_inner().op(ErrorKind::Unsupported, op, message)?;
    Ok(STANDARD.encode(bytes))
}

/// Reads what [`render`] wrote.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where it is no schema.
pub(crate) fn parse(text: &str) -> Result<SchemaRef> {
    let (op, message) = (Op("zarr.metadata"), "a table's schema that Arrow cannot read");
    let bytes = STANDARD.decode(text).op(ErrorKind::Corrupt, op, message)?;
    let read = || StreamReader::try_new(std::io::Cursor::new(bytes), None);
    let stream = no_panic(op, read)?.op(ErrorKind::Corrupt, op, message)?;
    Ok(Arc::clone(&stream.schema()))
}
