//! Trees to bytes.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, EncodeOptions, Map, PartIndex, Sink, Tree};

use super::card::Value;
use super::embedded;
use super::header::Header;
use super::layout::{ADDED, Keys, index};
use super::pixel::{Stored, Transform, no_such_image};
use super::recipe::{Compression, Recipe};
use super::rescale::rescale;
use super::structure::{Unit, fit, move_origin};
use super::table::write::{self, Encoded};
use super::tree::header_of;
use super::write::Writer;

const OP: Op = Op("fits.encode");

/// An HDU that is to be written: the header of the image or table, and the data.
pub(crate) struct Plan {
    pub header: Header,
    pub data: Data,
}

/// The data of an HDU.
pub(crate) enum Data {
    Nothing,
    Bytes(bytes::Bytes),
    /// An image; whether it is compressed.
    Pixels(Array, bool),
    Table(Encoded),
}

/// Writes a tree.
///
/// # Errors
/// As [`salver_tree::Format::encode`].
pub(crate) fn encode(
    tree: &Tree,
    options: &EncodeOptions,
    sink: &mut dyn Sink,
) -> Result<PartIndex> {
    let recipe = Recipe::new(options)?;
    let (plans, document) = if let Some(hdus) = hdus(tree) {
        (plan(hdus, &recipe)?, None)
    } else {
        let (plans, document) = embedded::plan(tree, &recipe)?;
        (plans, Some(document))
    };
    put_all(plans, document.as_ref(), &recipe, sink)
}

/// Writes the planned HDUs.
///
/// # Errors
/// As the sink's and those of lazy nodes.
pub(crate) fn put_all(
    plans: Vec<Plan>,
    document: Option<&Tree>,
    recipe: &Recipe,
    sink: &mut dyn Sink,
) -> Result<PartIndex> {
    let mut writer = Writer::new(sink, recipe);
    for plan in plans {
        writer.put(plan)?;
    }
    let (described, length) = writer.finish();
    index(&described, length, document)
}

/// The root of a tree that has the shape of a FITS file: each entry a map of `data` beside `header`
/// or `cards`, and nothing else.
pub(crate) fn hdus(tree: &Tree) -> Option<&Map> {
    let Tree::Map(root) = tree else { return None };
    let is_hdu = |node: &Tree| {
        let Tree::Map(hdu) = node else { return false };
        let described = hdu.get("header").is_some() || hdu.get("cards").is_some();
        described && hdu.keys().all(|k| ["header", "cards", "data"].contains(&k))
    };
    (!root.is_empty() && root.iter().all(|(_, node)| is_hdu(node))).then_some(root)
}

/// Plans all HDUs, so that what does not fit is known before a byte is written.
fn plan(hdus: &Map, recipe: &Recipe) -> Result<Vec<Plan>> {
    let mut keys = Keys::new();
    let mut plans = Vec::new();
    for (number, (key, node)) in hdus.iter().enumerate() {
        let path = super::layout::step(key);
        let hdu = node.as_map().ok_or_else(|| misfit(&path, "an HDU that is no map"))?;
        let mut header = header_of(hdu, &path)?;
        let extension = header.position("XTENSION") == Some(0);
        let data = data(hdu.get("data"), &path, recipe)?;
        let first = number == 0 && !extension && !matches!(data, Data::Table(_));
        if number == 0 && (!first || matches!(data, Data::Pixels(_, true))) {
            plans.push(added()?);
        }
        if keys.peek(&header) != key {
            let name = Value::Text(key.to_owned());
            header.set("EXTNAME", &name, "").map_err(|e| e.with("node", &path))?;
        }
        keys.next(&header);
        let plan = fitted(header, data, first).map_err(|e| e.with("node", &path))?;
        plans.push(plan);
    }
    Ok(plans)
}

fn data(node: Option<&Tree>, path: &str, recipe: &Recipe) -> Result<Data> {
    Ok(match node.map(Tree::untagged) {
        None | Some(Tree::Null) => Data::Nothing,
        Some(Tree::Bytes(bytes)) => Data::Bytes(bytes.clone()),
        Some(Tree::Array(array)) => {
            if array.shape().is_empty() || array.shape().len() > 99 {
                return Err(misfit(path, "an image of no axis, or of more than 99"));
            }
            if Stored::of(array.dtype()).is_none() {
                return Err(
                    no_such_image(array.dtype()).with("node", format!("{path}/data"))
                );
            }
            let compress = recipe.compression != Compression::None && !array.is_empty();
            Data::Pixels(array.clone(), compress)
        }
        Some(Tree::Table(table)) => {
            Data::Table(write::encode(table).map_err(|e| e.with("node", path))?)
        }
        Some(other) => {
            let error = misfit(path, "data that are neither array nor table");
            return Err(error.with("found", other.kind()));
        }
    })
}

/// Makes header and data fit together.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for what FITS cannot hold; as a lazy array's.
pub(crate) fn fitted(mut header: Header, mut data: Data, first: bool) -> Result<Plan> {
    let unit = match &mut data {
        Data::Nothing => {
            let bitpix = header.int("BITPIX").ok().flatten();
            Unit::Empty {
                bitpix: bitpix.filter(|b| Stored::from_bitpix(*b).is_ok()).unwrap_or(8),
            }
        }
        Data::Bytes(_) => Unit::Bytes,
        Data::Table(table) => Unit::Table {
            row: table.row as u64,
            rows: table.n_rows as u64,
            heap: table.heap.len() as u64,
            fields: table.fields(),
        },
        Data::Pixels(array, _) => {
            move_origin(&mut header, array.origin())?;
            if let Some(unit) =
                array.unit().filter(|u| header.text("BUNIT").as_deref() != Some(u))
            {
                header.set(
                    "BUNIT",
                    &Value::Text(unit.to_owned()),
                    "unit of the pixels",
                )?;
            }
            image_unit(array, &header)?
        }
    };
    let mut header = fit(header, &unit, first)?;
    if let Data::Table(table) = &data {
        header = table.declare(header)?;
    }
    Ok(Plan { header, data })
}

/// How an array is stored under a header; scaled integers take the place of its pixels.
///
/// # Errors
/// As a lazy array's.
pub(crate) fn image_unit(array: &mut Array, header: &Header) -> Result<Unit> {
    let axes = array.shape().iter().rev().map(|&n| n as u64).collect();
    if let Some((stored, whole)) = rescale(array, header)? {
        *array = whole;
        return Ok(Unit::Scaled { stored, axes });
    }
    let (stored, transform) =
        Stored::of(array.dtype()).ok_or_else(|| no_such_image(array.dtype()))?;
    let offset = match transform {
        Transform::Offset(offset) => offset,
        _ => 0,
    };
    Ok(Unit::Image { stored, offset, axes })
}

/// The empty primary HDU that a file must begin with.
pub(crate) fn added() -> Result<Plan> {
    let mut header = fit(Header::default(), &Unit::Empty { bitpix: 8 }, true)?;
    header.set(ADDED, &Value::Bool(true), "added by the writer: no part of the tree")?;
    Ok(Plan { header, data: Data::Nothing })
}

fn misfit(path: &str, message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message).with("node", path)
}
