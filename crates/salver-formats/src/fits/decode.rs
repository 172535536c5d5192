//! Bytes to trees.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    Array, Lazy, Map, PartIndex, Place, Select, Source, Table, TableData, Tree,
};
use serde::Deserialize as _;

use super::embedded;
use super::format::Fits;
use super::header::Header;
use super::image::{Image, moved};
use super::layout::{Entry, Node, image, step};
use super::table::read;
use super::tree::{cards_list, header_map};
use super::view::image_header;

const OP: Op = Op("fits.decode");

/// What a call decodes from.
struct Job<'a> {
    index: &'a Arc<PartIndex>,
    select: &'a Select,
    source: &'a Arc<dyn Source>,
}

/// Reads what is selected.
///
/// # Errors
/// As [`salver_tree::Format::decode`].
pub(crate) fn decode(
    index: &Arc<PartIndex>,
    select: &Select,
    source: &Arc<dyn Source>,
) -> Result<Tree> {
    let job = Job { index, select, source };
    index.admit(OP, select).map_err(|e| e.with("source", source.name()))?;
    let path = select.part.as_deref().unwrap_or("");
    let Some(hdus) = index.private.get("hdus").and_then(|h| h.as_array()) else {
        return Err(Error::new(
            ErrorKind::Corrupt,
            OP,
            "the index is not of this format",
        ));
    };
    if let Some(place) = index.private.get("document").filter(|p| !p.is_null()) {
        let place = Place::deserialize(place);
        let place =
            place.op(ErrorKind::Corrupt, OP, "the index is not of this format")?;
        return job.tree(place, hdus, path);
    }
    if path.is_empty() {
        let mut root = Map::new();
        for (number, hdu) in hdus.iter().enumerate() {
            let entry = entry(hdu)?;
            let node = job.hdu(&entry, number == 0)?;
            root.insert(entry.key, node);
        }
        return Ok(Tree::Map(root));
    }
    for (number, hdu) in hdus.iter().enumerate() {
        let key = hdu.get("key").and_then(|k| k.as_str()).unwrap_or_default();
        let step = step(key);
        if let Some(rest) = path.strip_prefix(&step)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return job.part(&entry(hdu)?, rest, number == 0);
        }
    }
    let there: Vec<_> =
        hdus.iter().filter_map(|h| h.get("key")?.as_str()).take(20).collect();
    Err(Error::new(ErrorKind::NotFound, OP, "no such HDU")
        .with("part", path)
        .with("there", there.join(", ")))
}

fn entry(hdu: &serde_json::Value) -> Result<Entry> {
    Entry::deserialize(hdu).op(ErrorKind::Corrupt, OP, "the index is not of this format")
}

impl Job<'_> {
    /// A node of a tree of another shape.
    fn tree(&self, place: Place, hdus: &[serde_json::Value], path: &str) -> Result<Tree> {
        let document = embedded::document(&bytes(&**self.source, place)?)?;
        let node = embedded::find(&document, path)?;
        // what is small is in the document itself, and is cut there
        let node = if self.cuts() { node.cut(self.select)? } else { node };
        embedded::raise(node, path, &mut |path, placed| {
            let of_path = |h: &&serde_json::Value| {
                h.get("path").and_then(|p| p.as_str()) == Some(path)
            };
            let hdu = hdus.iter().find(of_path);
            let entry = entry(hdu.ok_or_else(|| embedded::missing(&placed.name))?)?;
            match (self.data(&entry)?, &placed.schema) {
                (Tree::Table(table), Some(schema)) => {
                    self.with_schema(&entry, &table, schema)
                }
                (data, _) => Ok(data),
            }
        })
    }

    fn cuts(&self) -> bool {
        let Select { region, columns, filters, .. } = self.select;
        region.is_some() || columns.is_some() || !filters.is_empty()
    }

    /// The table with its schema of before.
    fn with_schema(
        &self,
        entry: &Entry,
        table: &Table,
        schema: &SchemaRef,
    ) -> Result<Tree> {
        match table.data() {
            TableData::Loaded(_) => embedded::as_schema(table, schema).map(Tree::Table),
            TableData::Lazy(_) => {
                let names =
                    table.schema().fields().iter().map(|f| schema.index_of(f.name()));
                let names = names.collect::<Result<Vec<_>, _>>();
                let schema = names.and_then(|n| schema.project(&n));
                let schema =
                    schema.op(ErrorKind::Corrupt, OP, "a table of another schema")?;
                self.lazy_table(entry, schema, table.n_rows())
            }
        }
    }

    /// A node inside of an HDU.
    fn part(&self, entry: &Entry, rest: &str, first: bool) -> Result<Tree> {
        match rest {
            "" => self.hdu(entry, first),
            "/data" => self.data(entry),
            _ => {
                let mut map = Map::new();
                self.header(entry, first, &mut map)?;
                let tree = Tree::Map(map);
                let part = format!("{}{rest}", step(&entry.key));
                tree.at(rest).cloned().map_err(|e| e.with("part", part))
            }
        }
    }

    fn hdu(&self, entry: &Entry, first: bool) -> Result<Tree> {
        let mut map = Map::new();
        self.header(entry, first, &mut map)?;
        map.insert("data", self.data(entry)?);
        Ok(Tree::Map(map))
    }

    fn header(&self, entry: &Entry, first: bool, map: &mut Map) -> Result<()> {
        let bytes = bytes(&**self.source, entry.header)?;
        let mut header = Header::default();
        header.extend_from(&bytes);
        if matches!(entry.node, Node::Tiles { .. }) {
            header = image_header(&header, first);
        }
        map.insert("header", Tree::Map(header_map(&header)));
        map.insert("cards", cards_list(&header));
        Ok(())
    }

    fn data(&self, entry: &Entry) -> Result<Tree> {
        let source = &**self.source;
        let named = |e: Error| e.with("hdu", &entry.key).with("source", source.name());
        Ok(match &entry.node {
            Node::Empty => Tree::Null,
            Node::Bytes(place) => Tree::Bytes(bytes(source, *place)?.into()),
            Node::Image { .. } | Node::Tiles { .. } => {
                let image = image(self.index, entry)?.ok_or_else(|| {
                    Error::new(ErrorKind::Corrupt, OP, "the index has lost an image")
                })?;
                Tree::Array(self.array(entry, &image).map_err(named)?)
            }
            Node::Table { columns, .. } if self.select.lazy => {
                let n_rows = usize::try_from(columns.n_rows).unwrap_or(usize::MAX);
                self.lazy_table(entry, read::schema(columns), n_rows)?
            }
            Node::Ascii { table, .. } if self.select.lazy => {
                let n_rows = usize::try_from(table.n_rows).unwrap_or(usize::MAX);
                self.lazy_table(entry, table.schema(), n_rows)?
            }
            Node::Table { place, columns } => {
                let table = read::binary(source, *place, columns, self.select);
                Tree::Table(table.map_err(named)?)
            }
            Node::Ascii { place, table } => Tree::Table(
                read::ascii(source, *place, table, self.select).map_err(named)?,
            ),
        })
    }

    fn array(&self, entry: &Entry, image: &Image) -> Result<Array> {
        let region = self.select.region.as_ref();
        let array = if self.select.lazy {
            let bounds = match region {
                Some(region) => region.clip(&image.shape, &entry.origin)?,
                None => image.shape.iter().map(|&n| 0..n).collect(),
            };
            let shape = bounds.iter().map(ExactSizeIterator::len).collect();
            let origin = moved(&bounds, &entry.origin);
            Array::lazy(image.dtype, shape, self.lazy(entry)).with_origin(origin)
        } else {
            image.read(&**self.source, region, &entry.origin)?
        };
        Ok(array.with_unit(entry.unit.clone()).with_grid(entry.grid.clone()))
    }

    /// A table that is not read yet. Which rows a filter leaves is not known before it is.
    fn lazy_table(
        &self,
        entry: &Entry,
        schema: arrow_schema::Schema,
        n_rows: usize,
    ) -> Result<Tree> {
        if !self.select.filters.is_empty() {
            return self.lazy(entry).load();
        }
        let schema = match &self.select.columns {
            None => schema,
            some => {
                let names: Vec<&str> =
                    schema.fields().iter().map(|f| f.name().as_str()).collect();
                let wanted = salver_tree::match_columns(&names, some.as_deref())?;
                schema.project(&wanted).op(
                    ErrorKind::Internal,
                    OP,
                    "columns that do not fit",
                )?
            }
        };
        Ok(Tree::Table(Table::lazy(Arc::new(schema), n_rows, self.lazy(entry))))
    }

    fn lazy(&self, entry: &Entry) -> Lazy {
        Lazy {
            index: Arc::clone(self.index),
            node: entry.path.as_str().into(),
            source: Arc::clone(self.source),
            format: Arc::new(Fits),
            select: Arc::new(Select { part: None, lazy: false, ..self.select.clone() }),
        }
    }
}

/// The bytes of a place.
///
/// # Errors
/// As the source's.
pub(crate) fn bytes(source: &dyn Source, place: Place) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(place.len).unwrap_or(0)];
    source.read_into(place.offset, &mut bytes)?;
    Ok(bytes)
}
