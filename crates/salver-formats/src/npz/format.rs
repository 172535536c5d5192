//! npz as a format.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Array, ArrayPart, Capabilities, EncodeOptions, Format, Kind, Lazy, Map, MemorySource,
    PartIndex, PartKind, Select, Sink, Source, Table, Tree,
};
use serde::Deserialize as _;

use super::member::{all, header, is_array, key, part, place, unpack};
use super::write;
use super::zip::{self, Member, STORED, corrupt};
use crate::buffer::filled;
use crate::document;
use crate::npy::{Header, records};
use crate::numpy::{Stored, read_part, to_native};

const OP: Op = Op("npz.decode");
const KINDS: &[Kind] = &[Kind::Map, Kind::Array];

/// The format `npz`; see the module's docs for what it reads and writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Npz;

/// The memory that a node takes.
fn wanted(member: &Member, part: Option<&PartKind>, select: &Select) -> Result<u64> {
    match (part, &select.region) {
        (Some(PartKind::Array(part)), Some(region)) if member.method == STORED => {
            let shape = part.shape_usize()?;
            let bounds = region.clip(&shape, &vec![0; shape.len()])?;
            let dtype = part.dtype.parse::<salver_tree::DType>();
            let item =
                dtype.op(ErrorKind::Corrupt, OP, "no such item type")?.size() as u64;
            let axes = bounds.iter().map(|r| r.len() as u64);
            Ok(axes.fold(item, u64::saturating_mul))
        }
        _ => Ok(member.size),
    }
}

fn path_of(member: &Member) -> String {
    format!("/{}", key(member).replace('~', "~0").replace('/', "~1"))
}

/// The index of an archive of these members.
///
/// # Errors
/// As [`part`].
pub(super) fn index_of(
    members: Vec<(Member, Option<Header>)>,
    length: u64,
) -> Result<PartIndex> {
    let mut index = PartIndex::new("npz", length);
    let mut kept = Vec::with_capacity(members.len());
    for (member, header) in members {
        let path = path_of(&member);
        let part = match &header {
            Some(header) => part(&member, header).map_err(|e| e.with("node", &path))?,
            None => PartKind::Tree(place(&member)),
        };
        index.parts.insert(path, part);
        kept.push(member);
    }
    let private = serde_json::to_value(&kept);
    index.private = private.op(ErrorKind::Internal, OP, "members as JSON")?;
    Ok(index)
}

impl Format for Npz {
    fn name(&self) -> &'static str {
        "npz"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kinds: KINDS,
            roots: &[Kind::Map],
            dtypes: None,
            nesting: false,
            range_reads: true,
            compressions: write::COMPRESSIONS,
        }
    }

    fn encode(
        &self,
        tree: &Tree,
        options: &EncodeOptions,
        sink: &mut dyn Sink,
    ) -> Result<PartIndex> {
        let op = Op("npz.encode");
        self.capabilities().check(op, tree)?;
        document::refuse_extra(op, options)?;
        let Tree::Map(map) = tree else {
            return Err(Error::new(ErrorKind::Unsupported, op, "not a map of arrays"));
        };
        write::write(map, options, sink)
    }

    fn index(&self, source: &Arc<dyn Source>) -> Result<PartIndex> {
        let read = || {
            let mut found = Vec::new();
            for member in zip::members(source)? {
                let header = is_array(&member).then(|| header(&member, source));
                let header =
                    header.transpose().map_err(|e| e.with("node", path_of(&member)))?;
                found.push((member, header));
            }
            index_of(found, source.len())
        };
        read().map_err(|e| e.with("source", source.name()))
    }

    fn decode(
        &self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        self.selected(index, select, source).map_err(|e| e.with("source", source.name()))
    }
}

impl Npz {
    fn selected(
        self,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        let members = Vec::<Member>::deserialize(&index.private);
        let members =
            members.op(ErrorKind::Corrupt, OP, "the index is not that of an npz file")?;
        if let Some(path) = select.part.as_deref().filter(|path| !path.is_empty()) {
            let member = members.iter().rev().find(|member| path_of(member) == path);
            return member.map_or_else(
                || {
                    let there: Vec<&str> = members.iter().take(20).map(key).collect();
                    Err(Error::new(ErrorKind::NotFound, OP, "no such array")
                        .with("part", path)
                        .with("there", there.join(", ")))
                },
                |member| self.node(member, index, select, source),
            );
        }
        let mut map = Map::new();
        for member in &members {
            map.insert(key(member), self.node(member, index, select, source)?);
        }
        Ok(Tree::Map(map))
    }

    fn node(
        self,
        member: &Member,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Tree> {
        let path = path_of(member);
        let part = index.parts.get(&path);
        if !select.lazy {
            let wanted = wanted(member, part, select)?;
            select.limits.admit(OP, &path, wanted)?;
        }
        let read = || match part {
            Some(PartKind::Array(part)) if member.method == STORED => {
                let array =
                    read_part((index, &path), part, select, source, Arc::new(self))?;
                Ok(Tree::Array(array))
            }
            Some(PartKind::Array(part)) => self
                .deflated((member, &path), part, index, select, source)
                .map(Tree::Array),
            Some(PartKind::Table(_)) => {
                self.table((member, &path), index, select, source).map(Tree::Table)
            }
            Some(PartKind::Tree(_)) => all(member, source).map(Tree::Bytes),
            None => Err(corrupt("the index does not fit the file")),
        };
        read().map_err(|e| e.with("node", &path))
    }

    fn lazy(
        self,
        path: &str,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Lazy {
        Lazy {
            index: Arc::clone(index),
            node: path.into(),
            source: Arc::clone(source),
            format: Arc::new(self),
            select: Arc::new(Select { part: None, lazy: false, ..select.clone() }),
        }
    }

    fn deflated(
        self,
        (member, path): (&Member, &str),
        part: &ArrayPart,
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Array> {
        let wrong = || corrupt("the index does not fit the file");
        let shape = part.shape_usize()?;
        let dtype = part.dtype.parse().op(ErrorKind::Corrupt, OP, "no such item type")?;
        let stored = match &part.stored {
            Some(name) => Stored::parse(name)?,
            None => Stored { dtype, swapped: false },
        };
        if select.lazy {
            let whole = Array::lazy(dtype, shape, self.lazy(path, index, select, source));
            let Some(region) = &select.region else { return Ok(whole) };
            let bounds = region.clip(whole.shape(), whole.origin())?;
            let start =
                |r: &std::ops::Range<usize>| i64::try_from(r.start).unwrap_or(i64::MAX);
            let cut = bounds.iter().map(std::ops::Range::len).collect();
            let lazy = self.lazy(path, index, select, source);
            return Ok(Array::lazy(dtype, cut, lazy)
                .with_origin(bounds.iter().map(start).collect()));
        }
        let skip = part.codec.get("skip").and_then(|skip| skip.parse::<usize>().ok());
        let skip = skip.filter(|&skip| skip as u64 <= member.size).ok_or_else(wrong)?;
        let items =
            shape.iter().try_fold(stored.dtype.size(), |n, &axis| n.checked_mul(axis));
        let bytes = items.filter(|&n| n as u64 <= member.size).ok_or_else(wrong)?;
        let fortran = part.codec.get("order").is_some_and(|order| order == "fortran");
        let buffer = filled(dtype, bytes, |out| {
            unpack(member, source, skip, out)?;
            to_native(out, stored);
            Ok(())
        })?;
        let buffer = if fortran {
            filled(dtype, bytes, |out| {
                crate::numpy::transpose(&buffer, out, dtype.size(), &shape);
                Ok(())
            })?
        } else {
            buffer
        };
        let array = Array::new(dtype, shape, buffer);
        let array =
            array.op(ErrorKind::Corrupt, OP, "the array does not fit its shape")?;
        select.region.as_ref().map_or(Ok(array.clone()), |region| array.cut(region))
    }

    fn table(
        self,
        (member, path): (&Member, &str),
        index: &Arc<PartIndex>,
        select: &Select,
        source: &Arc<dyn Source>,
    ) -> Result<Table> {
        let Header::Records(found) = header(member, source)? else {
            return Err(corrupt("the index does not fit the file"));
        };
        // how many rows pass a filter shows only in reading them
        if select.lazy && select.filters.is_empty() {
            let empty = Table::new(records::schema(&found)?, Vec::new())?;
            let schema = Arc::clone(empty.select(select)?.schema());
            let n_rows = usize::try_from(found.rows).unwrap_or(usize::MAX);
            return Ok(Table::lazy(
                schema,
                n_rows,
                self.lazy(path, index, select, source),
            ));
        }
        let bytes: Arc<dyn Source> = Arc::new(MemorySource::new(all(member, source)?));
        records::read(&found, &bytes)?.select(select)
    }
}
