//! Datasets: what their items become, and where they are.

use std::collections::BTreeMap;

use salver_core::{Error, ErrorKind, Result};
use salver_tree::{ArrayPart, Chunks, DType, PartKind, Place, TablePart, Tree};

use super::{OP, Object, Walker};
use crate::hdf5::array::{Stored, raw};
use crate::hdf5::filter;
use crate::hdf5::item::{Item, Simple};
use crate::hdf5::low::chunks::Grid;
use crate::hdf5::low::cursor::{Cursor, corrupt, unsupported};
use crate::hdf5::low::datatype::{Class, Datatype};
use crate::hdf5::low::header::{Header, kind};
use crate::hdf5::low::messages::{Filter, Layout, Space, fill, filters};
use crate::hdf5::marks::{Marks, UNITS};
use crate::hdf5::node::{How, Node, Piece};
use crate::hdf5::table::{Block, Columns, fields, join, span};

/// Values of at most this many bytes are kept in the index.
const SMALL: u64 = 4096;

/// A dataset whose messages are read.
pub(super) struct Dataset {
    pub datatype: Datatype,
    pub dims: Vec<u64>,
    max: Vec<u64>,
    layout: Layout,
    filters: Vec<Filter>,
    fill: Vec<u8>,
    offset: u64,
}

impl Walker<'_> {
    pub(super) fn dataset(&mut self, header: &Header, path: &str) -> Result<Object> {
        let mut attributes = self.attributes(header)?;
        let marks =
            if self.ours { Marks::take(&mut attributes) } else { Marks::default() };
        if marks.is("time") {
            // in words, for others
            attributes.retain(|(name, _)| name != UNITS);
        }
        let node = match self.dataset_node(header, path, &marks, &mut attributes) {
            Err(e) if matches!(e.kind(), ErrorKind::Unsupported | ErrorKind::Limit) => {
                self.push_tree(&super::unread(&e, header.offset))?
            }
            other => other?,
        };
        let node = self.restored_tags(node, &marks);
        Ok(Object { node, attributes })
    }

    fn dataset_node(
        &mut self,
        header: &Header,
        path: &str,
        marks: &Marks,
        attributes: &mut Vec<(String, Tree)>,
    ) -> Result<usize> {
        let Some(dataset) = self.messages(header)? else {
            return Ok(self.push(Node::Null));
        };
        if let Some(how) = how(&dataset, marks) {
            return self.piece(&dataset, path, how, marks);
        }
        let simple = simple(&dataset, marks);
        let Some(simple) = simple else {
            return self.rows(&dataset, path, attributes);
        };
        let mut part = self.part(&dataset, &simple)?;
        part.grid.clone_from(&marks.grid);
        if marks.origin.len() == part.shape.len() {
            part.origin.clone_from(&marks.origin);
        }
        let stored = self.stored(&dataset, &simple, &mut part)?;
        self.parts.insert(path.to_owned(), PartKind::Array(part));
        let unit = take_unit(attributes);
        Ok(self.push(Node::Array { stored: Box::new(stored), unit }))
    }

    /// Reads what describes a dataset; `None` where it has no item by its nature.
    fn messages(&self, header: &Header) -> Result<Option<Dataset>> {
        let lost =
            |what: &str| corrupt(format!("a dataset without {what}"), header.offset);
        let message = header.find(kind::DATATYPE).ok_or_else(|| lost("type"))?;
        let message = Header::resolve(self.file, message)?;
        let datatype = Datatype::parse(&mut Cursor::new(&message.bytes, message.offset))?;
        let message = header.find(kind::DATASPACE).ok_or_else(|| lost("extent"))?;
        let message = Header::resolve(self.file, message)?;
        let mut c = Cursor::new(&message.bytes, message.offset);
        let space = Space::parse(&mut c, self.file.widths.lengths)?;
        if space.count().and_then(|n| n.checked_mul(datatype.size as u64)).is_none() {
            return Err(unsupported(
                "a dataset of more bytes than there are numbers",
                message.offset,
            ));
        }
        let Space::Simple { dims, max } = space else { return Ok(None) };
        if header.has(kind::EXTERNAL) {
            return Err(unsupported("items that are in other files", header.offset));
        }
        let message = header.find(kind::LAYOUT).ok_or_else(|| lost("layout"))?;
        let layout = Layout::parse(message, self.file)?;
        let filters = match header.find(kind::FILTERS) {
            Some(message) => filters(&Header::resolve(self.file, message)?)?,
            None => Vec::new(),
        };
        for one in &filters {
            let (name, read) = filter::name(one.id);
            if !read {
                return Err(unsupported(
                    "chunks with a filter that is not read",
                    header.offset,
                )
                .with("filter", name));
            }
        }
        let mut fill = fill(self.file, header)?;
        if fill.len() != datatype.size {
            fill.clear();
        }
        Ok(Some(Dataset {
            datatype,
            dims,
            max,
            layout,
            filters,
            fill,
            offset: header.offset,
        }))
    }

    /// A dataset that is read as one piece; a small one at once.
    fn piece(
        &mut self,
        dataset: &Dataset,
        path: &str,
        how: How,
        marks: &Marks,
    ) -> Result<usize> {
        let simple = Simple {
            dtype: DType::U8,
            axes: Vec::new(),
            item: Item::Plain { big: false },
            size: dataset.datatype.size,
        };
        let mut part = self.part(dataset, &simple)?;
        let stored = self.stored(dataset, &simple, &mut part)?;
        let piece = Piece { how, datatype: dataset.datatype.clone(), part, stored };
        let heaped = dataset.datatype.is_heaped();
        let count = dataset.dims.iter().fold(1_u64, |n, &d| n.saturating_mul(d));
        let bytes = count.saturating_mul(dataset.datatype.size as u64);
        // a column is read when its table is
        let small = bytes <= SMALL && !marks.is("arrow");
        let mut place = span(&piece.part);
        if small || heaped {
            let mut values = self.values();
            let tree = crate::hdf5::decode::piece(&piece, self.source, &mut values)?;
            let taken = self.budget - values.budget;
            if small && taken <= SMALL * 16 {
                self.budget = values.budget;
                let tree = super::restore::scalar(tree, marks)?;
                return self.push_tree(&tree);
            }
            if let Some((first, end)) = values.heap.touched {
                place = join(place, Place { offset: first, len: end - first });
            }
        }
        self.parts.insert(path.to_owned(), PartKind::Tree(place));
        Ok(self.push(Node::Piece(Box::new(piece))))
    }

    /// A dataset of a compound type.
    fn rows(
        &mut self,
        dataset: &Dataset,
        path: &str,
        attributes: &mut Vec<(String, Tree)>,
    ) -> Result<usize> {
        let fields = fields(&dataset.datatype)?;
        let simple = Simple {
            dtype: DType::U8,
            axes: Vec::new(),
            item: Item::Plain { big: false },
            size: dataset.datatype.size,
        };
        let mut part = self.part(dataset, &simple)?;
        let stored = self.stored(dataset, &simple, &mut part)?;
        let count = dataset.dims.iter().fold(1_u64, |n, &d| n.saturating_mul(d));
        let mut group_rows = vec![count];
        let mut places = vec![span(&part)];
        match &part.chunks {
            Chunks::Grid { shape, places: chunks } if part.shape.len() == 1 => {
                let rows = shape.first().copied().unwrap_or(1);
                let each = (0..chunks.len() as u64).map(|i| rows.min(count - i * rows));
                group_rows = each.collect();
                places.clone_from(chunks);
            }
            _ => {}
        }
        if dataset.datatype.is_heaped() {
            let block = Block { part: part.clone(), stored: stored.clone() };
            let heap = self.heap_of_rows(&dataset.datatype, &block)?;
            group_rows = vec![count];
            places = vec![join(span(&part), heap)];
        }
        let columns: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
        let places = places.iter().map(|&p| vec![p; columns.len()]).collect();
        let table = TablePart { columns, group_rows, places };
        self.parts.insert(path.to_owned(), PartKind::Table(table));
        let units = super::restore::column_units(attributes, &fields);
        let block = Box::new(Block { part, stored });
        let (datatype, dims) = (Box::new(dataset.datatype.clone()), dataset.dims.clone());
        let columns = Columns::Rows { datatype, dims, block, units };
        Ok(self.push(Node::Table(Box::new(columns))))
    }

    /// Where the heap items of rows are.
    fn heap_of_rows(&mut self, datatype: &Datatype, block: &Block) -> Result<Place> {
        let shape = block.part.shape_usize()?;
        let bounds: Vec<_> = shape.iter().map(|&n| 0..n).collect();
        let bytes = raw(self.source, &block.part, &block.stored, &bounds)?;
        let mut values = self.values();
        for field in fields(datatype)? {
            field.column(&bytes, datatype.size, &mut values)?;
        }
        let (first, end) = values.heap.touched.unwrap_or((0, 0));
        Ok(Place { offset: first, len: end - first })
    }

    /// The neutral part of a dataset.
    fn part(&self, dataset: &Dataset, simple: &Simple) -> Result<ArrayPart> {
        let axes = simple.axes.iter().map(|&n| n as u64);
        let shape: Vec<u64> = dataset.dims.iter().copied().chain(axes.clone()).collect();
        let none = Place { offset: 0, len: 0 };
        let item = simple
            .axes
            .iter()
            .try_fold(simple.size as u64, |n, &a| n.checked_mul(a as u64));
        let bytes = item.and_then(|item| {
            dataset.dims.iter().try_fold(item, |n, &d| n.checked_mul(d))
        });
        let bytes = bytes.ok_or_else(|| corrupt("too many bytes", dataset.offset))?;
        let held = |place: Place| {
            let end = place.offset.checked_add(place.len);
            if place.len < bytes || end.is_none_or(|end| end > self.file.len()) {
                let message = "a dataset whose items are not all there";
                return Err(corrupt(message, place.offset)
                    .with("bytes", place.len)
                    .with("expected", bytes));
            }
            Ok(Chunks::Contiguous(Place { len: bytes, ..place }))
        };
        let chunks = match &dataset.layout {
            Layout::Virtual => {
                return Err(unsupported("a virtual dataset", dataset.offset));
            }
            _ if bytes == 0 => Chunks::Contiguous(none),
            Layout::Compact(offset, len) => held(Place { offset: *offset, len: *len })?,
            Layout::Contiguous(Some(address), len) => {
                held(Place { offset: self.file.offset(*address), len: *len })?
            }
            Layout::Contiguous(None, _) => {
                Chunks::Grid { shape: shape.clone(), places: vec![none] }
            }
            Layout::Chunked { shape: chunk, .. } => {
                if chunk.len() != dataset.dims.len() {
                    return Err(corrupt("chunks of another rank", dataset.offset));
                }
                let shape = chunk.iter().copied().chain(axes).collect();
                Chunks::Grid { shape, places: Vec::new() }
            }
        };
        let names: Vec<String> =
            dataset.filters.iter().map(|f| filter::name(f.id).0).collect();
        let mut codec = BTreeMap::new();
        if !names.is_empty() {
            codec.insert("filters".to_owned(), names.join(","));
        }
        Ok(ArrayPart {
            dtype: simple.dtype.to_string(),
            stored: simple.stored(),
            origin: vec![0; shape.len()],
            shape,
            codec,
            grid: None,
            chunks,
        })
    }

    /// What decoding needs; finds the chunks.
    fn stored(
        &self,
        dataset: &Dataset,
        simple: &Simple,
        part: &mut ArrayPart,
    ) -> Result<Stored> {
        let mut stored = Stored {
            item: simple.item,
            size: simple.size,
            filters: dataset.filters.clone(),
            masks: BTreeMap::new(),
            fill: dataset.fill.clone(),
            bare_edges: false,
        };
        if let (
            Layout::Chunked { address, shape: chunk, index, bare_edges },
            Chunks::Grid { places, .. },
        ) = (&dataset.layout, &mut part.chunks)
        {
            stored.bare_edges = *bare_edges;
            let item = dataset.datatype.size as u64;
            let bytes = chunk.iter().try_fold(item, |n, &c| n.checked_mul(c));
            let bytes = bytes.ok_or_else(|| {
                Error::new(
                    ErrorKind::Corrupt,
                    OP,
                    "chunks of more bytes than there are numbers",
                )
            })?;
            let grid = Grid {
                file: self.file,
                dims: &dataset.dims,
                max: &dataset.max,
                chunk,
                bytes,
                filtered: !dataset.filters.is_empty(),
            };
            let found = grid.find(*address, index)?;
            *places = found.places;
            stored.masks = found.masks.into_iter().collect();
        }
        Ok(stored)
    }
}

/// Takes the unit out of an array's attributes.
fn take_unit(attributes: &mut Vec<(String, Tree)>) -> Option<String> {
    let at = attributes
        .iter()
        .position(|(name, value)| name == UNITS && value.as_str().is_some())?;
    attributes.remove(at).1.as_str().map(str::to_owned)
}

/// Whether the items become something else than an array or a table.
fn how(dataset: &Dataset, marks: &Marks) -> Option<How> {
    let scalar = dataset.dims.is_empty();
    match marks.kind.as_deref() {
        Some("list") if !scalar => return Some(How::List),
        Some("bytes" | "arrow") if !scalar => return Some(How::Bytes),
        Some("str") if !scalar => return Some(How::Str),
        Some("array") => return None,
        _ => {}
    }
    if scalar {
        return Some(How::Value);
    }
    let readable = Simple::of(&dataset.datatype).is_some();
    let rows = matches!(dataset.datatype.class, Class::Compound(_))
        && fields(&dataset.datatype).is_ok();
    (!readable && !rows).then_some(How::Value)
}

/// What the items of an array are.
fn simple(dataset: &Dataset, marks: &Marks) -> Option<Simple> {
    let simple = Simple::of(&dataset.datatype)?;
    let asked = marks.dtype.as_deref().and_then(|d| d.parse::<DType>().ok());
    match asked {
        Some(dtype @ DType::Text(_)) if matches!(simple.item, Item::Padded(_)) => {
            Some(Simple { dtype, item: Item::Text, ..simple })
        }
        Some(dtype @ DType::Bytes(0)) => Some(Simple { dtype, ..simple }),
        _ => Some(simple),
    }
}
