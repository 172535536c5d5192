//! npy as a format.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{
    Array, Capabilities, EncodeOptions, Format, Kind, Lazy, PartIndex, PartKind, Place,
    Select, Sink, Source, Table, Tree,
};

use super::header::{self, Header};
use super::records;
use crate::document;
use crate::numpy::{Run, Stored, checked_part, read_part};

/// The format `npy`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Npy;

const KINDS: &[Kind] = &[Kind::Array];

impl Npy {
    fn index_of(header: &Header, length: u64) -> Result<PartIndex> {
        let mut index = PartIndex::new("npy", length);
        let part = match header {
            Header::Array(run) => PartKind::Array(checked_part(run, length)?),
            Header::Records(found) => {
                index.always.push(found.header);
                PartKind::Table(records::part(found))
            }
        };
        index.parts.insert(String::new(), part);
        Ok(index)
    }
}

impl Format for Npy {
    fn name(&self) -> &'static str {
        "npy"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kinds: KINDS,
            roots: KINDS,
            dtypes: None,
            nesting: false,
            range_reads: true,
            compressions: &[],
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let op = Op("npy.encode");
        self.capabilities().check(op, tree)?;
        document::refuse_compression(op, options)?;
        document::refuse_extra(op, options)?;
        let Tree::Array(array) = tree else {
            return Err(Error::new(ErrorKind::Unsupported, op, "not an array"));
        };
        let header = header::write(array);
        let buffer = array.buffer()?;
        sink.write(&header)?;
        sink.write(buffer.as_slice())?;
        let place = Place { offset: header.len() as u64, len: buffer.len() as u64 };
        let run = run_of(array, place);
        Self::index_of(&Header::Array(run), place.offset + place.len)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let header = header::read(source).map_err(|e| e.with("source", source.name()))?;
        Self::index_of(&header, source.len())
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        document::root_only(Op("npy.decode"), select)?;
        index.admit(Op("npy.decode"), select)?;
        let part = index.parts.get("");
        if let Some(PartKind::Array(part)) = part {
            let array = read_part((index, ""), part, select, source, Arc::new(*self))
                .map_err(|e| e.with("source", source.name()))?;
            return Ok(Tree::Array(array));
        }
        let Header::Records(records) = header::read(source)? else {
            let message = "the index is not that of the artifact";
            return Err(Error::new(ErrorKind::Corrupt, Op("npy.decode"), message));
        };
        // how many rows pass a filter shows only in reading them
        if select.lazy && select.filters.is_empty() {
            return lazy_table(*self, &records, (index, select, source));
        }
        Ok(Tree::Table(records::read(&records, source)?.select(select)?))
    }
}

/// The run of an array in memory.
pub(crate) fn run_of(array: &Array, place: Place) -> Run {
    Run {
        stored: Stored { dtype: array.dtype(), swapped: false },
        shape: array.shape().iter().map(|&n| n as u64).collect(),
        fortran: false,
        place,
    }
}

fn lazy_table(
    format: Npy,
    found: &header::Records,
    (index, select, source): (&Arc<PartIndex>, &Select, &Arc<dyn Source>),
) -> Result<Tree> {
    let empty = Table::new(records::schema(found)?, Vec::new())?;
    let schema = Arc::clone(empty.select(select)?.schema());
    let n_rows = usize::try_from(found.rows).unwrap_or(usize::MAX);
    let lazy = Lazy {
        index: Arc::clone(index),
        node: "".into(),
        source: Arc::clone(source),
        format: Arc::new(format),
        select: Arc::new(Select { part: None, lazy: false, ..select.clone() }),
    };
    Ok(Tree::Table(Table::lazy(schema, n_rows, lazy)))
}
