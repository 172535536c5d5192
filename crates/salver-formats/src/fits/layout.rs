//! The HDUs of a file under their keys, and the part index of them.

use std::collections::{BTreeMap, BTreeSet};

use salver_core::{ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{
    ArrayPart, Chunks, PartIndex, PartKind, Place, Source, TablePart, Tree,
};
use serde::{Deserialize, Serialize};

use super::embedded::{self, Placed};
use super::header::Header;
use super::image::{Image, ImageData};
use super::pixel::{Stored, Transform};
use super::scan::{Hdu, Scanner};
use super::table::ascii::AsciiTable;
use super::table::columns::{Columns, Storage};
use super::tiled::{self, Codec, Quantised, TileKind, Tiled};
use super::wcs;

/// The name of the HDU that holds a tree of another shape.
pub(crate) const TREE: &str = "SALVER_TREE";
/// The keyword of an empty primary HDU that the writer had to add; readers leave that HDU out.
pub(crate) const ADDED: &str = "SALVPRIM";

/// What the data unit of an HDU is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Node {
    /// No data.
    Empty,
    /// Data of an extension that the standard does not describe, or random groups.
    Bytes(Place),
    Image {
        stored: Stored,
        transform: Transform,
    },
    Tiles {
        stored: Stored,
        transform: Transform,
        tiles: TileInfo,
    },
    Table {
        place: Place,
        columns: Columns,
    },
    Ascii {
        place: Place,
        table: AsciiTable,
    },
}

/// What the neutral index does not say of tiles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TileInfo {
    codec: Codec,
    kinds: Vec<(usize, TileKind)>,
    quantised: Option<Quantised>,
}

/// One HDU: where its header is, what its data are, and where those are in the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The HDU's key.
    pub key: String,
    /// The path of the data.
    pub path: String,
    pub header: Place,
    pub node: Node,
    /// `BUNIT` of an image.
    pub unit: Option<String>,
    /// The grid of an image.
    pub grid: Option<String>,
    /// Grid coordinates of an image's first pixel; empty is all zero.
    pub origin: Vec<i64>,
}

/// What the index keeps for this format.
#[derive(Debug, Serialize)]
struct Private<'a> {
    hdus: &'a [Entry],
    /// Where the document of a tree of another shape is.
    document: Option<Place>,
}

/// An HDU that is understood: what the index is made of.
#[derive(Debug)]
pub(crate) struct Described {
    pub hdu: Hdu,
    pub node: Node,
    image: Option<Image>,
}

/// Understands an HDU; `rows` reads the rows of a compressed image's table.
///
/// # Errors
/// `Corrupt` for a header that the standard does not allow.
pub(crate) fn describe(
    hdu: Hdu,
    rows: impl FnOnce(Place) -> Result<Vec<u8>>,
) -> Result<Described> {
    let header = &hdu.header;
    let place = hdu.data;
    let extension = header.text("XTENSION");
    let (mut image, mut node) = (None, Node::Bytes(place));
    match extension.as_deref() {
        None | Some("IMAGE") if !header.is_true("GROUPS") => {
            image = Image::plain(&hdu)?;
            node = Node::Empty;
        }
        Some("BINTABLE" | "A3DTABLE") => {
            let columns = Columns::from_header(header, place.len)?;
            image = tiles(&hdu, rows)?;
            node = Node::Table { place, columns };
        }
        Some("TABLE") => {
            node =
                Node::Ascii { place, table: AsciiTable::from_header(header, place.len)? };
        }
        _ if place.len == 0 => node = Node::Empty,
        _ => {}
    }
    if let Some(image) = &image {
        let (stored, transform) = (image.stored, image.transform);
        node = match &image.data {
            ImageData::Plain(_) => Node::Image { stored, transform },
            ImageData::Tiled(Tiled { codec, kinds, quantised, .. }) => {
                let (kinds, quantised) = (kinds.clone(), quantised.clone());
                let tiles = TileInfo { codec: *codec, kinds, quantised };
                Node::Tiles { stored, transform, tiles }
            }
        };
    }
    Ok(Described { hdu, node, image })
}

/// The image in a table, where it holds one; one of a compression that we do not know stays a
/// table.
fn tiles(
    hdu: &Hdu,
    rows: impl FnOnce(Place) -> Result<Vec<u8>>,
) -> Result<Option<Image>> {
    if !tiled::is_tiled(&hdu.header) {
        return Ok(None);
    }
    match tiled::image(hdu, &rows(tiled::rows_place(hdu)?)?) {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        other => other.map(Some),
    }
}

/// Understands all HDUs of a source.
///
/// # Errors
/// As [`Scanner::next_hdu`] and [`describe`].
pub(crate) fn describe_all(source: &dyn Source) -> Result<Vec<Described>> {
    let mut scanner = Scanner::new(source);
    let mut out = Vec::new();
    while let Some(hdu) = scanner.next_hdu()? {
        out.push(describe(hdu, |place| {
            let mut rows = vec![0; usize::try_from(place.len).unwrap_or(0)];
            source.read_into(place.offset, &mut rows)?;
            Ok(rows)
        })?);
    }
    Ok(out)
}

/// Keys of HDUs in order: `EXTNAME`; without it `PRIMARY` for the first and `HDU` and the number
/// for others. A later HDU of the same name gets `,` and its `EXTVER`; where that is taken too, or
/// absent, `#` and its number.
pub(crate) struct Keys {
    taken: BTreeSet<String>,
    number: usize,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self { taken: BTreeSet::new(), number: 0 }
    }

    /// What [`Keys::next`] would give.
    pub(crate) fn peek(&self, header: &Header) -> String {
        let number = self.number;
        let name = header.text("EXTNAME").filter(|n| !n.is_empty());
        let mut key = name.unwrap_or_else(|| {
            if number == 0 { "PRIMARY".to_owned() } else { format!("HDU{number}") }
        });
        if self.taken.contains(&key)
            && let Some(version) = header.int("EXTVER").ok().flatten()
        {
            key = format!("{key},{version}");
        }
        while self.taken.contains(&key) {
            key = format!("{key}#{number}");
        }
        key
    }

    /// The key of the next HDU.
    pub(crate) fn next(&mut self, header: &Header) -> String {
        let key = self.peek(header);
        self.taken.insert(key.clone());
        self.number += 1;
        key
    }
}

/// A step of a JSON Pointer.
pub(crate) fn step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Makes the index of a file; `document` is that of a tree of another shape.
///
/// # Errors
/// `Corrupt` where the document names HDUs that are not there.
pub(crate) fn index(
    all: &[Described],
    length: u64,
    document: Option<&Tree>,
) -> Result<PartIndex> {
    let mut index = PartIndex::new("fits", length);
    let mut entries = Vec::new();
    let mut keys = Keys::new();
    let mut grids = Vec::new();
    let shown =
        all.iter().enumerate().filter(|(n, d)| *n > 0 || !is_added(&d.hdu.header));
    let shown: Vec<&Described> = shown.map(|(_, d)| d).collect();
    for described in &shown {
        let hdu = &described.hdu;
        let key = keys.next(&hdu.header);
        let grid = grid(described, &key, &mut grids, &mut index.wcs);
        let unit = described.image.as_ref().and_then(|_| hdu.header.text("BUNIT"));
        entries.push(Entry {
            path: format!("{}/data", step(&key)),
            key,
            header: hdu.header_place,
            node: described.node.clone(),
            unit: unit.filter(|u| !u.is_empty()),
            grid,
            origin: Vec::new(),
        });
    }
    let mut place = None;
    if let Some(document) = document {
        let (last, found) = placed(document, &entries, &shown)?;
        place = Some(last);
        index.parts.insert(String::new(), PartKind::Tree(last));
        // a root that is an array or a table stands at the same path
        index.always.push(last);
        for (n, entry) in &found {
            let kind = part(shown[*n], entry);
            index.parts.extend(kind.map(|kind| (entry.path.clone(), kind)));
        }
        entries = found.into_iter().map(|(_, entry)| entry).collect();
    } else {
        for (described, entry) in shown.iter().zip(&entries) {
            for part in ["header", "cards"] {
                let path = format!("{}/{part}", step(&entry.key));
                index.parts.insert(path, PartKind::Tree(entry.header));
            }
            let kind = part(described, entry);
            index.parts.extend(kind.map(|kind| (entry.path.clone(), kind)));
        }
    }
    let private = Private { hdus: &entries, document: place };
    index.private = serde_json::to_value(&private).op(
        ErrorKind::Internal,
        Op("fits.index"),
        "the index does not become JSON",
    )?;
    Ok(index)
}

type PlacedEntries = (Place, Vec<(usize, Entry)>);

/// The place of the document, and the entries of the nodes that it names, with the number of their
/// HDU.
fn placed(
    document: &Tree,
    entries: &[Entry],
    shown: &[&Described],
) -> Result<PlacedEntries> {
    let mut found = Vec::new();
    let mut lost = None;
    embedded::each_placed(document, "", &mut |path, placed| match entries
        .iter()
        .position(|e| e.key == placed.name)
    {
        Some(n) => {
            let Placed { unit, grid, origin, .. } = placed;
            let entry =
                Entry { path: path.to_owned(), unit, grid, origin, ..entries[n].clone() };
            found.push((n, entry));
        }
        None => lost = Some(embedded::missing(&placed.name)),
    });
    let last = shown.last().and_then(|d| document_place(d));
    match (lost, last) {
        (Some(error), _) => Err(error),
        (None, Some(place)) => Ok((place, found)),
        (None, None) => Err(embedded::missing(TREE)),
    }
}

/// Where the document of a tree of another shape is, if this HDU holds one.
pub(crate) fn document_place(described: &Described) -> Option<Place> {
    let named = described.hdu.header.text("EXTNAME").as_deref() == Some(TREE);
    match &described.image.as_ref()?.data {
        ImageData::Plain(place) if named => Some(*place),
        _ => None,
    }
}

/// Whether this is the empty primary HDU that the writer had to add.
pub(crate) fn is_added(header: &Header) -> bool {
    header.is_true(ADDED)
}

type Grids = Vec<(Vec<usize>, Vec<(String, String)>, String)>;

/// The grid of an image: images of one shape with one world coordinate system share the key of the
/// first of them; without such a system there is none.
fn grid(
    described: &Described,
    key: &str,
    grids: &mut Grids,
    wcs: &mut BTreeMap<String, Vec<(String, String)>>,
) -> Option<String> {
    let image = described.image.as_ref()?;
    let mut cards = wcs::cards(&described.hdu.header);
    if cards.is_empty() {
        return None;
    }
    if let Some((_, _, key)) =
        grids.iter().find(|(s, c, _)| *s == image.shape && *c == cards)
    {
        return Some(key.clone());
    }
    grids.push((image.shape.clone(), cards.clone(), key.to_owned()));
    for (k, axis) in image.shape.iter().rev().enumerate() {
        cards.push((format!("NAXIS{}", k + 1), axis.to_string()));
    }
    wcs.insert(key.to_owned(), cards);
    Some(key.to_owned())
}

/// The neutral part of an HDU's data.
fn part(described: &Described, entry: &Entry) -> Option<PartKind> {
    if let Some(image) = &described.image {
        return Some(PartKind::Array(array_part(image, entry)));
    }
    match &described.node {
        Node::Bytes(place) => Some(PartKind::Tree(*place)),
        Node::Table { place, columns } => {
            let rows = Place { offset: place.offset, len: columns.row * columns.n_rows };
            let place = |heap: bool| if heap { *place } else { rows };
            let used =
                columns.list.iter().map(|c| place(c.form.storage != Storage::Fixed));
            Some(PartKind::Table(TablePart {
                columns: columns.names(),
                group_rows: vec![columns.n_rows],
                places: vec![used.collect()],
            }))
        }
        Node::Ascii { place, table } => Some(PartKind::Table(TablePart {
            columns: table.names(),
            group_rows: vec![table.n_rows],
            places: vec![vec![*place; table.names().len()]],
        })),
        Node::Empty | Node::Image { .. } | Node::Tiles { .. } => None,
    }
}

fn array_part(image: &Image, entry: &Entry) -> ArrayPart {
    let mut codec = BTreeMap::new();
    let chunks = match &image.data {
        ImageData::Plain(place) => Chunks::Contiguous(*place),
        ImageData::Tiled(tiled) => {
            codec.insert("name".to_owned(), tiled.codec.name().to_owned());
            let shape = tiled.tile.iter().map(|&n| n as u64).collect();
            Chunks::Grid { shape, places: tiled.places.clone() }
        }
    };
    ArrayPart {
        dtype: image.dtype.to_string(),
        stored: Some(image.stored.name().to_owned()),
        shape: image.shape.iter().map(|&n| n as u64).collect(),
        codec,
        grid: entry.grid.clone(),
        origin: entry.origin.clone(),
        chunks,
    }
}

/// The image of an entry, from the index alone; `None` where it is none.
///
/// # Errors
/// `Corrupt` where the index contradicts itself.
pub(crate) fn image(index: &PartIndex, entry: &Entry) -> Result<Option<Image>> {
    let Some(PartKind::Array(part)) = index.parts.get(&entry.path) else {
        return Ok(None);
    };
    let (stored, transform) = match &entry.node {
        Node::Image { stored, transform } | Node::Tiles { stored, transform, .. } => {
            (*stored, *transform)
        }
        _ => return Ok(None),
    };
    let data = match (&part.chunks, &entry.node) {
        (Chunks::Grid { shape, places }, Node::Tiles { tiles, .. }) => {
            let tile: Result<Vec<usize>, _> =
                shape.iter().map(|&n| usize::try_from(n)).collect();
            let tile =
                tile.op(ErrorKind::Corrupt, Op("fits.index"), "a tile too long")?;
            ImageData::Tiled(Tiled {
                codec: tiles.codec,
                tile,
                places: places.clone(),
                kinds: tiles.kinds.clone(),
                quantised: tiles.quantised.clone(),
            })
        }
        (Chunks::Contiguous(place), _) => ImageData::Plain(*place),
        _ => return Ok(None),
    };
    let image = Image {
        dtype: part.dtype.parse()?,
        stored,
        transform,
        shape: part.shape_usize()?,
        data,
    };
    image.check()?;
    Ok(Some(image))
}
