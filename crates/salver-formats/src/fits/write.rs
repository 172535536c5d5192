//! Writes HDUs one after the other, and remembers where they are.

use std::borrow::Cow;

use salver_core::{Error, ErrorKind, Op, Result, interrupt};
use salver_tree::{Array, Place, Sink};

use super::card::{Card, Value, value_cards};
use super::checksum::{Sum, set, wanted_by};
use super::encode::{Data, Plan};
use super::entile::{Compressed, big_endian, compress};
use super::header::{BLOCK, Header};
use super::layout::{Described, describe};
use super::pixel::{Stored, Transform, no_such_image, with_pixel};
use super::quantize::BLANK_VALUE;
use super::recipe::Recipe;
use super::scan::Hdu;
use super::structure::{Unit, fit};
use super::tiled::{Codec, Dither, TileKind};
use super::view::table_cards;

const OP: Op = Op("fits.encode");
/// Bytes converted at once.
const PIECE: usize = 1 << 20;

/// What follows a header.
enum Unpadded<'a> {
    Pieces(Vec<Cow<'a, [u8]>>),
    Pixels(&'a Array),
}

impl Unpadded<'_> {
    /// Calls `f` with the bytes, piece by piece.
    fn each(&self, f: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Self::Pieces(pieces) => pieces.iter().try_for_each(|p| f(p)),
            Self::Pixels(array) => {
                let (_, transform) = Stored::of(array.dtype())
                    .ok_or_else(|| no_such_image(array.dtype()))?;
                let offset = match transform {
                    Transform::Offset(offset) => offset,
                    _ => 0,
                };
                let buffer = array.buffer()?;
                with_pixel!(array.dtype(), T => {
                    let pixels = bytemuck::try_cast_slice::<u8, T>(buffer.as_slice());
                    let pixels = pixels.map_err(|_e| {
                        Error::new(ErrorKind::Internal, OP, "an array that is not aligned")
                    })?;
                    pixels.chunks(PIECE / size_of::<T>()).try_for_each(|piece| {
                        interrupt::check(OP)?;
                        f(&big_endian(piece, offset))
                    })
                })
            }
        }
    }

    fn sum(&self) -> Result<Sum> {
        let mut sum = Sum::default();
        self.each(&mut |piece| {
            sum.add(piece);
            Ok(())
        })?;
        Ok(sum)
    }
}

/// Writes HDUs.
pub(crate) struct Writer<'a> {
    sink: &'a mut dyn Sink,
    recipe: &'a Recipe,
    start: u64,
    described: Vec<Described>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(sink: &'a mut dyn Sink, recipe: &'a Recipe) -> Self {
        let start = sink.written();
        Self { sink, recipe, start, described: Vec::new() }
    }

    /// What was written, and how many bytes.
    pub(crate) fn finish(self) -> (Vec<Described>, u64) {
        (self.described, self.sink.written() - self.start)
    }

    /// Writes one HDU.
    pub(crate) fn put(&mut self, plan: Plan) -> Result<()> {
        interrupt::check(OP)?;
        let mut header = plan.header;
        let checked = self.recipe.checksum || wanted_by(&header);
        match &plan.data {
            Data::Pixels(array, true) => {
                if wanted_by(&header) {
                    set(&mut header, Unpadded::Pixels(array).sum()?)?;
                }
                self.put_tiles(&header, array, checked)
            }
            Data::Pixels(array, false) => {
                self.put_unit(header, &Unpadded::Pixels(array), Vec::new(), checked)
            }
            Data::Nothing => {
                self.put_unit(header, &Unpadded::Pieces(Vec::new()), Vec::new(), checked)
            }
            Data::Bytes(bytes) => {
                let pieces = vec![Cow::Borrowed(bytes.as_ref())];
                self.put_unit(header, &Unpadded::Pieces(pieces), Vec::new(), checked)
            }
            Data::Table(table) => {
                let pieces =
                    vec![Cow::Borrowed(&table.rows[..]), Cow::Borrowed(&table.heap[..])];
                self.put_unit(header, &Unpadded::Pieces(pieces), Vec::new(), checked)
            }
        }
    }

    fn put_tiles(&mut self, image: &Header, array: &Array, checked: bool) -> Result<()> {
        let compressed = compress(array, self.recipe)?;
        let (rows, fields) = rows(&compressed);
        let width = rows.len() / compressed.tiles.len().max(1);
        let heap: usize = compressed.tiles.iter().map(|t| t.bytes.len()).sum();
        let unit = Unit::Table {
            row: width as u64,
            rows: compressed.tiles.len() as u64,
            heap: heap as u64,
            fields: fields.len() as u64,
        };
        let header = table_header(image, &compressed, &unit, &fields, self.recipe)?;
        let heap = compressed.tiles.iter().map(|t| Cow::Borrowed(&t.bytes[..]));
        let pieces = std::iter::once(Cow::Borrowed(&rows[..])).chain(heap).collect();
        self.put_unit(header, &Unpadded::Pieces(pieces), rows.clone(), checked)
    }

    /// Writes header and data unit with their padding. `rows` are the rows of a table of tiles.
    fn put_unit(
        &mut self,
        mut header: Header,
        data: &Unpadded<'_>,
        rows: Vec<u8>,
        checked: bool,
    ) -> Result<()> {
        if checked {
            set(&mut header, data.sum()?)?;
        }
        let offset = self.sink.written() - self.start;
        let bytes = header.to_bytes();
        self.sink.write(&bytes)?;
        let header_place = Place { offset, len: bytes.len() as u64 };
        let offset = header_place.range().end;
        let sink = &mut *self.sink;
        data.each(&mut |piece| sink.write(piece))?;
        let len = self.sink.written() - self.start - offset;
        let pad = len.next_multiple_of(BLOCK as u64) - len;
        self.sink.write(&vec![0; usize::try_from(pad).unwrap_or(0)])?;
        let hdu = Hdu { header, header_place, data: Place { offset, len } };
        self.described.push(describe(hdu, |_| Ok(rows))?);
        Ok(())
    }
}

/// The rows of the table of tiles, and the columns: name and form.
fn rows(compressed: &Compressed) -> (Vec<u8>, Vec<(&'static str, String)>) {
    let tiles = &compressed.tiles;
    let heap: usize = tiles.iter().map(|t| t.bytes.len()).sum();
    let wide = i32::try_from(heap).is_err();
    let letter = if wide { 'Q' } else { 'P' };
    let longest = |kind: TileKind| {
        let of_kind = tiles.iter().filter(|t| t.kind == kind).map(|t| t.bytes.len());
        of_kind.max().unwrap_or(0)
    };
    let fallen = tiles.iter().any(|t| t.kind == TileKind::Gzip);
    let form = |kind| format!("1{letter}B({})", longest(kind));
    let mut fields = vec![("COMPRESSED_DATA", form(TileKind::Main))];
    if fallen {
        fields.push(("GZIP_COMPRESSED_DATA", form(TileKind::Gzip)));
    }
    if compressed.quantised {
        fields.push(("ZSCALE", "1D".to_owned()));
        fields.push(("ZZERO", "1D".to_owned()));
    }
    let mut out = Vec::new();
    let mut at = 0;
    for tile in tiles {
        let here = (tile.bytes.len(), at);
        let (main, gzip) =
            if tile.kind == TileKind::Gzip { ((0, 0), here) } else { (here, (0, 0)) };
        for (n, at) in [main, gzip].into_iter().take(if fallen { 2 } else { 1 }) {
            for v in [n, at] {
                match i32::try_from(v) {
                    Ok(v) if !wide => out.extend(v.to_be_bytes()),
                    _ => out.extend((v as u64).to_be_bytes()),
                }
            }
        }
        if compressed.quantised {
            let (scale, zero) = tile.scale.unwrap_or((0.0, 0.0));
            out.extend([scale, zero].iter().flat_map(|v| v.to_be_bytes()));
        }
        at += tile.bytes.len();
    }
    (out, fields)
}

fn table_header(
    image: &Header,
    compressed: &Compressed,
    unit: &Unit,
    fields: &[(&str, String)],
    recipe: &Recipe,
) -> Result<Header> {
    let mut cards: Vec<Card> = fit(Header::default(), unit, false)?.cards().to_vec();
    let text = |t: &str| Value::Text(t.to_owned());
    let int = |n: usize| Value::Int(i128::try_from(n).unwrap_or(0));
    let mut push = |key: &str, value: Value, comment: &str| -> Result<()> {
        cards.extend(value_cards(key, &value, comment)?);
        Ok(())
    };
    for (n, (name, form)) in fields.iter().enumerate() {
        push(&format!("TTYPE{}", n + 1), text(name), "")?;
        push(&format!("TFORM{}", n + 1), text(form), "")?;
    }
    push("ZIMAGE", Value::Bool(true), "this table holds a compressed image")?;
    let (first, rest) = table_cards(image);
    for (k, n) in compressed.tile.iter().rev().enumerate() {
        push(&format!("ZTILE{}", k + 1), int(*n), "length of a tile")?;
    }
    push("ZCMPTYPE", text(compressed.codec.name()), "compression of the tiles")?;
    if let Codec::Rice { block, bytes } = compressed.codec {
        push("ZNAME1", text("BLOCKSIZE"), "")?;
        push("ZVAL1", int(block), "pixels of a block")?;
        push("ZNAME2", text("BYTEPIX"), "")?;
        push("ZVAL2", int(bytes), "bytes of a pixel")?;
    }
    if compressed.quantised {
        let dither = match recipe.dither {
            Dither::None => "NO_DITHER",
            Dither::One => "SUBTRACTIVE_DITHER_1",
            Dither::Two => "SUBTRACTIVE_DITHER_2",
        };
        push("ZQUANTIZ", text(dither), "how pixels became integers")?;
        if recipe.dither != Dither::None {
            push(
                "ZDITHER0",
                Value::Int(recipe.seed.into()),
                "where the random numbers begin",
            )?;
        }
        push("ZBLANK", Value::Int(BLANK_VALUE.into()), "the integer of NaN")?;
    }
    let at = cards.iter().position(|c| c.is("ZIMAGE")).map_or(0, |i| i + 1);
    cards.splice(at..at, first);
    cards.extend(rest);
    Ok(Header::from_cards(cards))
}
