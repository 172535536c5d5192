//! What a tile-compressed image holds and where its tiles are. Source: FITS 4.0 §10.1.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Place;
use serde::{Deserialize, Serialize};

use super::header::Header;
use super::image::{Image, ImageData, n_pixels, shape};
use super::pixel::{Stored, Transform, transform};
use super::scan::{Hdu, axes};
use super::table::columns::{Column, Columns, Storage};

const OP: Op = Op("fits.tiles");

/// How tiles are compressed: `ZCMPTYPE` and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Codec {
    Rice { block: usize, bytes: usize },
    Gzip1,
    Gzip2,
    Plio,
    Hcompress { smooth: bool },
    None,
}

/// In which column a tile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TileKind {
    /// `COMPRESSED_DATA`.
    Main,
    /// `GZIP_COMPRESSED_DATA`: pixels as they are, by GZIP.
    Gzip,
    /// `UNCOMPRESSED_DATA`.
    Raw,
}

/// `ZQUANTIZ`: how real numbers became integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Dither {
    None,
    One,
    Two,
}

/// The quantisation of an image of real numbers (FITS 4.0 §10.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantised {
    pub dither: Dither,
    /// `ZDITHER0`.
    pub seed: i64,
    /// Bits of `ZSCALE` and `ZZERO`: one pair for all tiles, or one per tile.
    #[serde(with = "packed")]
    pub scales: Vec<(u64, u64)>,
    /// `ZBLANK`: none, one for all tiles, or one per tile.
    pub blanks: Vec<i64>,
}

/// Pairs of numbers as base64 of their bytes: there may be as many as an image has rows.
mod packed {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        pairs: &[(u64, u64)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let bytes = pairs.iter().flat_map(|p| [p.0.to_le_bytes(), p.1.to_le_bytes()]);
        to.serialize_str(&STANDARD.encode(bytes.flatten().collect::<Vec<u8>>()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(u64, u64)>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        let numbers = bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b));
        let numbers: Vec<u64> = numbers.collect();
        Ok(numbers.as_chunks::<2>().0.iter().map(|p| (p[0], p[1])).collect())
    }
}

/// The tiles of an image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tiled {
    pub codec: Codec,
    /// Shape of a tile, slowest axis first.
    pub tile: Vec<usize>,
    /// One place per tile, in C order.
    pub places: Vec<Place>,
    /// The tiles that are not [`TileKind::Main`], by their index, ascending.
    pub kinds: Vec<(usize, TileKind)>,
    pub quantised: Option<Quantised>,
}

impl Tiled {
    /// In which column a tile is.
    pub(crate) fn kind(&self, tile: usize) -> TileKind {
        match self.kinds.binary_search_by_key(&tile, |k| k.0) {
            Ok(at) => self.kinds[at].1,
            Err(_) => TileKind::Main,
        }
    }
}

impl Codec {
    /// The spelling of `ZCMPTYPE`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rice { .. } => "RICE_1",
            Self::Gzip1 => "GZIP_1",
            Self::Gzip2 => "GZIP_2",
            Self::Plio => "PLIO_1",
            Self::Hcompress { .. } => "HCOMPRESS_1",
            Self::None => "NOCOMPRESS",
        }
    }

    fn from_header(header: &Header) -> Result<Self> {
        let name = header.text("ZCMPTYPE").unwrap_or_default();
        Ok(match name.as_str() {
            "RICE_1" | "RICE_ONE" => {
                let bytes = parameter(header, "BYTEPIX").unwrap_or(4);
                let block = parameter(header, "BLOCKSIZE").unwrap_or(32);
                let sizes = usize::try_from(block).ok().zip(usize::try_from(bytes).ok());
                let known = sizes
                    .filter(|s| (1..=65536).contains(&s.0) && [1, 2, 4].contains(&s.1));
                let Some((block, bytes)) = known else {
                    let error = unsupported("RICE_1 with these parameters");
                    return Err(error.with("blocksize", block).with("bytepix", bytes));
                };
                Self::Rice { block, bytes }
            }
            "GZIP_1" => Self::Gzip1,
            "GZIP_2" => Self::Gzip2,
            "PLIO_1" => Self::Plio,
            "HCOMPRESS_1" => {
                let smooth = parameter(header, "SMOOTH").unwrap_or(0) != 0;
                Self::Hcompress { smooth }
            }
            "NOCOMPRESS" => Self::None,
            _ => {
                return Err(unsupported("a compression that is not in the standard")
                    .with("zcmptype", &name)
                    .hint("RICE_1, GZIP_1, GZIP_2, PLIO_1, HCOMPRESS_1, NOCOMPRESS"));
            }
        })
    }
}

/// The value of `ZVALi` whose `ZNAMEi` is this.
fn parameter(header: &Header, name: &str) -> Option<i64> {
    let found = (1..).map_while(|i| Some((i, header.text(&format!("ZNAME{i}"))?)));
    let (i, _) = found.into_iter().find(|(_, n)| n == name)?;
    header.int(&format!("ZVAL{i}")).ok().flatten()
}

/// Whether the HDU is a binary table that holds a compressed image.
pub(crate) fn is_tiled(header: &Header) -> bool {
    header.is_true("ZIMAGE")
}

/// Reads what a compressed image's header and rows say. `rows` are the rows of the table.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where header, rows and heap do not fit together, [`ErrorKind::Unsupported`]
/// for a compression that is not in the standard.
pub(crate) fn image(hdu: &Hdu, rows: &[u8]) -> Result<Image> {
    let header = &hdu.header;
    let columns = Columns::from_header(header, hdu.data.len)?;
    let stored = Stored::from_bitpix(header.need_int("ZBITPIX")?)?;
    let axes = axes(header, "Z")?;
    if axes.is_empty() {
        return Err(corrupt("a compressed image of no axis"));
    }
    let shape = shape(&axes)?;
    let tile = tile_shape(header, &axes)?;
    let pixels = n_pixels(&shape, stored.size())?;
    let counts = shape.iter().zip(&tile).map(|(n, t)| n.div_ceil(*t));
    let n_tiles = counts.product::<usize>();
    if n_tiles as u64 > columns.n_rows {
        return Err(corrupt("fewer rows than tiles")
            .with("rows", columns.n_rows)
            .with("tiles", n_tiles));
    }
    let (dtype, mut transform) = transform(header, stored)?;
    if let Transform::Scale { blank: blank @ None, .. } = &mut transform
        && !stored.is_float()
    {
        *blank = header.int("ZBLANK")?;
    }
    let codec = Codec::from_header(header)?;
    let quantised = quantised(header, &columns, stored, rows, n_tiles)?;
    let (places, kinds) = places(&columns, hdu, rows, n_tiles)?;
    let bytes = places.iter().map(|p| p.len).fold(0, u64::saturating_add);
    let bytes = bytes.min(hdu.data.len);
    // a run of PLIO_1 gives 4095 pixels for two bytes, an even tile of HCOMPRESS_1 any number
    if pixels as u64 > bytes.saturating_mul(4096).saturating_add(1 << 24) {
        return Err(corrupt("an image far larger than its tiles can hold")
            .with("pixels", pixels)
            .with("compressed_bytes", bytes));
    }
    let tiled = Tiled { codec, tile, places, kinds, quantised };
    Ok(Image { dtype, stored, transform, shape, data: ImageData::Tiled(tiled) })
}

/// Bytes of the rows that [`image`] needs.
pub(crate) fn rows_place(hdu: &Hdu) -> Result<Place> {
    let columns = Columns::from_header(&hdu.header, hdu.data.len)?;
    Ok(Place { offset: hdu.data.offset, len: columns.row * columns.n_rows })
}

/// `ZTILEn` in C order; the default is whole rows (FITS 4.0 §10.1.1).
fn tile_shape(header: &Header, axes: &[u64]) -> Result<Vec<usize>> {
    let mut tile = Vec::new();
    for (k, &axis) in axes.iter().enumerate() {
        let key = format!("ZTILE{}", k + 1);
        let default = if k == 0 { axis } else { 1 };
        let n = header.int(&key)?.map_or(Ok(default), u64::try_from);
        let n = n.ok().filter(|&n| n > 0 || axis == 0);
        let n =
            n.ok_or_else(|| corrupt("a tile without pixels").with("keyword", &key))?;
        tile.push(n.min(axis).max(1));
    }
    shape(&tile)
}

fn quantised(
    header: &Header,
    columns: &Columns,
    stored: Stored,
    rows: &[u8],
    n_tiles: usize,
) -> Result<Option<Quantised>> {
    let pick = |name: &str| {
        columns.named(name).map_or(Pick::Nowhere, |c| Pick::Column(columns.row, c))
    };
    let scale = pick("ZSCALE").or(header.float("ZSCALE")?);
    let zero = pick("ZZERO").or(header.float("ZZERO")?);
    if !stored.is_float() || matches!(scale, Pick::Nowhere) {
        return Ok(None);
    }
    let dither = match header.text("ZQUANTIZ").as_deref() {
        None | Some("NO_DITHER" | "NONE") => Dither::None,
        Some("SUBTRACTIVE_DITHER_1") => Dither::One,
        Some("SUBTRACTIVE_DITHER_2") => Dither::Two,
        Some(other) => {
            let error = unsupported("a quantisation that is not in the standard");
            return Err(error.with("zquantiz", other));
        }
    };
    let one = matches!((&scale, &zero), (Pick::Fixed(_), Pick::Fixed(_) | Pick::Nowhere));
    let scales = (0..if one { 1 } else { n_tiles }).map(|row| {
        let scale = scale.float(rows, row)?;
        let zero = zero.float(rows, row)?;
        Ok((scale.to_bits(), zero.to_bits()))
    });
    let scales = scales.collect::<Result<_>>()?;
    let blanks = match pick("ZBLANK") {
        Pick::Nowhere => header.int("ZBLANK")?.into_iter().collect(),
        column => (0..n_tiles).map(|row| column.int(rows, row)).collect::<Result<_>>()?,
    };
    let seed = header.int("ZDITHER0")?.unwrap_or(1);
    Ok(Some(Quantised { dither, seed, scales, blanks }))
}

/// Where a number per tile comes from.
enum Pick<'a> {
    Nowhere,
    Fixed(f64),
    /// Bytes of a row, and the column.
    Column(u64, &'a Column),
}

impl Pick<'_> {
    fn or(self, fixed: Option<f64>) -> Self {
        match (self, fixed) {
            (Self::Nowhere, Some(v)) => Self::Fixed(v),
            (found, _) => found,
        }
    }

    fn field<'a>(&self, rows: &'a [u8], row: usize) -> Option<(&'a [u8], &Column)> {
        let Self::Column(width, column) = self else { return None };
        let at = usize::try_from(*width).ok()?.checked_mul(row)?;
        let at = at.checked_add(usize::try_from(column.offset).ok()?)?;
        Some((rows.get(at..)?, column))
    }

    fn float(&self, rows: &[u8], row: usize) -> Result<f64> {
        use super::table::columns::Code;
        match self {
            Self::Nowhere => return Ok(0.0),
            Self::Fixed(v) => return Ok(*v),
            Self::Column(..) => {}
        }
        let value =
            self.field(rows, row).and_then(|(bytes, column)| match column.form.code {
                Code::Double => Some(f64::from_be_bytes(*bytes.first_chunk()?)),
                Code::Float => Some(f64::from(f32::from_be_bytes(*bytes.first_chunk()?))),
                _ => None,
            });
        value.ok_or_else(|| corrupt("ZSCALE or ZZERO is no column of real numbers"))
    }

    fn int(&self, rows: &[u8], row: usize) -> Result<i64> {
        use super::table::columns::Code;
        let value =
            self.field(rows, row).and_then(|(bytes, column)| match column.form.code {
                Code::Byte => Some(i64::from(*bytes.first()?)),
                Code::Short => Some(i64::from(i16::from_be_bytes(*bytes.first_chunk()?))),
                Code::Int => Some(i64::from(i32::from_be_bytes(*bytes.first_chunk()?))),
                Code::Long => Some(i64::from_be_bytes(*bytes.first_chunk()?)),
                _ => None,
            });
        value.ok_or_else(|| corrupt("ZBLANK is no column of whole numbers"))
    }
}

type Places = (Vec<Place>, Vec<(usize, TileKind)>);

/// Finds each tile: the first of the three columns whose descriptor is not empty.
fn places(columns: &Columns, hdu: &Hdu, rows: &[u8], n_tiles: usize) -> Result<Places> {
    let named = [
        ("COMPRESSED_DATA", TileKind::Main),
        ("GZIP_COMPRESSED_DATA", TileKind::Gzip),
        ("UNCOMPRESSED_DATA", TileKind::Raw),
    ];
    let used: Vec<_> =
        named.iter().filter_map(|(n, k)| Some((columns.named(n)?, *k))).collect();
    if let Some((column, _)) = used.iter().find(|(c, _)| c.form.storage == Storage::Fixed)
    {
        let error = corrupt("tiles in a column that is not of variable length");
        return Err(error.with("column", &column.name).with("tform", &column.tform));
    }
    if columns.named("NULL_PIXEL_MASK").is_some() {
        return Err(unsupported("null pixel masks of compressed images"));
    }
    let row = usize::try_from(columns.row).unwrap_or(usize::MAX);
    let mut places = Vec::with_capacity(n_tiles);
    let mut kinds = Vec::new();
    for (tile, bytes) in rows.chunks_exact(row.max(1)).take(n_tiles).enumerate() {
        let mut found = None;
        for (column, kind) in &used {
            let (n, at) = descriptor(bytes, column)
                .ok_or_else(|| corrupt("a damaged descriptor").with("tile", tile))?;
            if n > 0 {
                found = Some((heap_place(columns, hdu, column, n, at)?, *kind));
                break;
            }
        }
        let (place, kind) = found
            .ok_or_else(|| corrupt("a tile that is not stored").with("tile", tile))?;
        places.push(place);
        if kind != TileKind::Main {
            kinds.push((tile, kind));
        }
    }
    if places.len() < n_tiles {
        return Err(corrupt("fewer rows than tiles"));
    }
    Ok((places, kinds))
}

/// Number of elements and heap offset of a field's descriptor; negative ones are none.
pub(crate) fn descriptor(row: &[u8], column: &Column) -> Option<(u64, u64)> {
    let field = row.get(usize::try_from(column.offset).ok()?..)?;
    if column.form.repeat == 0 {
        return Some((0, 0));
    }
    if column.form.storage == Storage::Heap32 {
        let n = i32::from_be_bytes(*field.first_chunk()?);
        let at = i32::from_be_bytes(*field.get(4..)?.first_chunk()?);
        return Some((u64::try_from(n).ok()?, u64::try_from(at).ok()?));
    }
    let n = i64::from_be_bytes(*field.first_chunk()?);
    let at = i64::from_be_bytes(*field.get(8..)?.first_chunk()?);
    Some((u64::try_from(n).ok()?, u64::try_from(at).ok()?))
}

/// The bytes of `n` elements in the heap.
fn heap_place(
    columns: &Columns,
    hdu: &Hdu,
    column: &Column,
    n: u64,
    at: u64,
) -> Result<Place> {
    let len = column.form.code.bytes(n);
    let end = len.and_then(|len| columns.heap.checked_add(at)?.checked_add(len));
    match (len, end) {
        (Some(len), Some(end)) if end <= columns.len => {
            Ok(Place { offset: hdu.data.offset + columns.heap + at, len })
        }
        _ => Err(corrupt("a tile outside of the heap").with("bytes", len.unwrap_or(n))),
    }
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, OP, message)
}
