//! Images without a tree: one call to read, one to write.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, BoxSelect, EncodeOptions, PartIndex, Sink, Source};

use super::encode::{Data, added, fitted, put_all};
use super::header::Header;
use super::image::Image;
use super::recipe::{Compression, Recipe};
use super::scan::{Hdu, Scanner};
use super::tiled;

/// Which HDU is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HduName<'a> {
    /// By number; the primary HDU is 0.
    Number(usize),
    /// By `EXTNAME`, the first of that name.
    Name(&'a str),
}

/// Reads the image of one HDU, or a box of it, compressed or not.
///
/// `section` is 0-based, half-open, slowest axis first, and clipped to the image. What comes back
/// owns its memory; its origin is the section's.
///
/// # Errors
/// [`ErrorKind::NotFound`] where there is no such HDU, [`ErrorKind::InvalidInput`] where it has no
/// image or the section misses it, [`ErrorKind::Corrupt`] for damaged bytes; as the source's.
pub fn read_image(
    source: &dyn Source,
    hdu: HduName<'_>,
    section: Option<&BoxSelect>,
) -> Result<Array> {
    let op = Op("fits.read_image");
    let hdu = find(source, hdu)?;
    let image = open(source, &hdu)?;
    let image = image.ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, op, "the HDU has no image")
            .with("source", source.name())
    })?;
    Ok(image.read(source, section, &[])?.with_unit(hdu.header.text("BUNIT")))
}

/// Writes one image as a FITS file: plain in the primary HDU, compressed in HDU 1 after an empty
/// primary one. Options are those of [`Fits`](super::Fits) (`docs/spec/fits.md`).
///
/// `header` are further cards; what the pixels say (`BITPIX`, `NAXISn`, `BZERO` …) is set.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for an item type that FITS has no images of, an image of no axis, or
/// a compression that is not written; [`ErrorKind::InvalidInput`] for a wrong setting; as the
/// sink's.
pub fn write_image(
    sink: &mut dyn Sink,
    array: &Array,
    header: &Header,
    options: &EncodeOptions,
) -> Result<PartIndex> {
    let recipe = Recipe::new(options)?;
    if array.shape().is_empty() || array.shape().len() > 99 {
        let op = Op("fits.write_image");
        return Err(Error::new(
            ErrorKind::Unsupported,
            op,
            "an image of no axis, or over 99",
        ));
    }
    let compress = recipe.compression != Compression::None && !array.is_empty();
    let plan = fitted(header.clone(), Data::Pixels(array.clone(), compress), !compress)?;
    let before = if compress { vec![added()?] } else { Vec::new() };
    put_all(before.into_iter().chain([plan]).collect(), None, &recipe, sink)
}

/// The image of an HDU; `None` where it has none.
pub(crate) fn open(source: &dyn Source, hdu: &Hdu) -> Result<Option<Image>> {
    let header = &hdu.header;
    if tiled::is_tiled(header) {
        let place = tiled::rows_place(hdu)?;
        let mut rows = vec![0; usize::try_from(place.len).unwrap_or(0)];
        source.read_into(place.offset, &mut rows)?;
        return tiled::image(hdu, &rows).map(Some);
    }
    let is_image = header.position("SIMPLE") == Some(0)
        || header.text("XTENSION").as_deref() == Some("IMAGE");
    if is_image && !header.is_true("GROUPS") { Image::plain(hdu) } else { Ok(None) }
}

fn find(source: &dyn Source, wanted: HduName<'_>) -> Result<Hdu> {
    let mut scanner = Scanner::new(source);
    let mut number = 0;
    while let Some(hdu) = scanner.next_hdu()? {
        let found = match wanted {
            HduName::Number(n) => n == number,
            HduName::Name(name) => hdu.header.text("EXTNAME").as_deref() == Some(name),
        };
        if found {
            return Ok(hdu);
        }
        number += 1;
    }
    let error = Error::new(ErrorKind::NotFound, Op("fits.read_image"), "no such HDU");
    let error = error.with("source", source.name()).with("hdus", number);
    Err(match wanted {
        HduName::Number(n) => error.with("hdu", n),
        HduName::Name(name) => error.with("extname", name),
    })
}
