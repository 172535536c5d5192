//! Images without a tree: one call to read, one to write.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, BoxSelect, Source};

use super::image::Image;
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
    Ok(image.read(source, section)?.with_unit(hdu.header.text("BUNIT")))
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
