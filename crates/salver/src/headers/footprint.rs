//! What an image covers on the sky.

use salver_core::{ErrorKind, Result};
use salver_sphere::{Region, SkyMap};

use super::cards::Cards;

/// The polygon of an image's corners through its WCS, in ICRS; `None` without a celestial WCS.
///
/// # Errors
/// `ErrorKind::Corrupt` for cards with values of the wrong type; `ErrorKind::InvalidInput` for an
/// image that reaches beyond the edge of its projection.
pub(crate) fn footprint(cards: &Cards) -> Result<Option<Region>> {
    let map = match SkyMap::from_cards(cards.for_sky_map()) {
        Ok(map) => map,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => {
            return Ok(None);
        }
        Err(e) => return Err(e),
    };
    let Some((nx, ny)) = size(cards) else { return Ok(None) };
    map.footprint_icrs(nx, ny).map(|polygon| Some(polygon.into()))
}

/// Pixels along the first two axes. A file of headers has images of one pixel: there the size of
/// the subarray counts, where the header tells it (JWST's `SUBSIZE1`, `SUBSIZE2`).
fn size(cards: &Cards) -> Option<(u32, u32)> {
    let pair = |a: &str, b: &str| {
        let whole = |key| cards.whole(key).and_then(|n| u32::try_from(n).ok());
        whole(a).zip(whole(b)).filter(|(a, b)| *a > 0 && *b > 0)
    };
    let image = pair("ZNAXIS1", "ZNAXIS2").or_else(|| pair("NAXIS1", "NAXIS2"));
    match image {
        Some((1, 1)) => pair("SUBSIZE1", "SUBSIZE2").or(image),
        other => other,
    }
}

/// The region that the header itself states: `S_REGION`, `POLYGON ICRS` and degrees.
///
/// # Errors
/// As [`Region::from_ivoa_pos`].
pub(crate) fn header_region(cards: &Cards) -> Result<Option<Region>> {
    let Some(text) = cards.text("S_REGION") else { return Ok(None) };
    let Some(numbers) = text.strip_prefix("POLYGON ICRS") else { return Ok(None) };
    Region::from_ivoa_pos(&format!("POLYGON {}", numbers.trim())).map(Some)
}
