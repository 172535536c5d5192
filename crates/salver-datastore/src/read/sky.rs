//! Sky positions become pixel boxes, before any byte of a pixel is read.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_sphere::{CardValue, SkyMap, UnitVector};
use salver_tree::{ArrayPart, BoxSelect, PartIndex, PartKind};

const OP: Op = Op("datastore.sky");

/// Points of a circle that are mapped to pixels.
const STEPS: u32 = 64;

/// A part of an image around a position on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyBox {
    /// Right ascension of the middle, ICRS, degrees.
    pub ra_deg: f64,
    /// Declination of the middle, ICRS, degrees.
    pub dec_deg: f64,
    /// How much of it.
    pub size: SkySize,
}

/// How much of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SkySize {
    /// This many pixels along x and y; the pixel with the position is the middle one, or the one
    /// after the middle of an even number.
    Pixels {
        /// Along the first axis of the header.
        x: u32,
        /// Along the second axis.
        y: u32,
    },
    /// The smallest box with the circle of this radius, in degrees.
    Radius(f64),
}

impl SkyBox {
    /// The box, in grid coordinates, of the first image that has the position, at or below `part`.
    ///
    /// The cards of a grid are those of its grid coordinates.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where no image has the position, [`ErrorKind::Unsupported`] where
    /// none has a sky map; as the sky map's.
    pub(super) fn region(
        &self,
        index: &PartIndex,
        part: Option<&str>,
    ) -> Result<BoxSelect> {
        let middle = UnitVector::from_degrees(self.ra_deg, self.dec_deg)?;
        let mut reason = None;
        let mut maps = 0;
        for (array, cards) in images(index, part.unwrap_or("")) {
            let map = match SkyMap::from_cards(cards.iter().map(card)) {
                Ok(map) => map,
                Err(e) => {
                    reason = reason.or(Some(e));
                    continue;
                }
            };
            maps += 1;
            match map.icrs_to_pixel(middle) {
                Ok(place) if has(array, place) => {
                    return self.around(&map, middle, place);
                }
                Ok(_) => {}
                Err(e) => reason = reason.or(Some(e)),
            }
        }
        let error = if maps == 0 {
            let message = "no image here has a map of the sky";
            Error::new(ErrorKind::Unsupported, OP, message)
        } else {
            let message = "the position is not on the image";
            Error::new(ErrorKind::NotFound, OP, message)
        };
        let error = error.with("ra_deg", self.ra_deg).with("dec_deg", self.dec_deg);
        Err(match reason {
            Some(reason) => error.caused_by(reason),
            None => error,
        })
    }

    fn around(
        &self,
        map: &SkyMap,
        middle: UnitVector,
        (x, y): (f64, f64),
    ) -> Result<BoxSelect> {
        match self.size {
            SkySize::Pixels { x: nx, y: ny } => {
                if nx == 0 || ny == 0 {
                    let error =
                        Error::new(ErrorKind::InvalidInput, OP, "an empty cutout");
                    return Err(error.with("x", nx).with("y", ny));
                }
                let range = |at: f64, n: u32| {
                    let first = pixel(at) - i64::from(n / 2);
                    first..first + i64::from(n)
                };
                Ok(BoxSelect(vec![range(y, ny), range(x, nx)]))
            }
            SkySize::Radius(radius_deg) => circle(map, middle, radius_deg, (x, y)),
        }
    }
}

/// The smallest box of pixels that has a circle on the sky, as far as it can be mapped.
fn circle(
    map: &SkyMap,
    middle: UnitVector,
    radius_deg: f64,
    (x, y): (f64, f64),
) -> Result<BoxSelect> {
    if !(radius_deg > 0.0 && radius_deg < 90.0) {
        let error =
            Error::new(ErrorKind::InvalidInput, OP, "a radius is between 0° and 90°");
        return Err(error.with("radius_deg", radius_deg));
    }
    let (sin, cos) = radius_deg.to_radians().sin_cos();
    let m = [middle.x(), middle.y(), middle.z()];
    // any direction that is not the middle's own gives two axes at right angles to it
    let other = if m[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let a = unit(cross(m, other));
    let b = cross(m, a);
    let (mut low, mut high) = ([x, y], [x, y]);
    for step in 0..STEPS {
        let angle = f64::from(step) / f64::from(STEPS) * std::f64::consts::TAU;
        let (s, c) = angle.sin_cos();
        let at = |k: usize| cos * m[k] + sin * (c * a[k] + s * b[k]);
        let Ok((x, y)) = map.icrs_to_pixel(UnitVector::new(at(0), at(1), at(2))?) else {
            continue;
        };
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x), high[1].max(y)];
    }
    let range = |k: usize| pixel(low[k])..pixel(high[k]) + 1;
    Ok(BoxSelect(vec![range(1), range(0)]))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: [f64; 3]) -> [f64; 3] {
    let length = (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt();
    a.map(|x| x / length)
}

/// The pixel that a place is in: pixel `i` is from `i − ½` to `i + ½`.
fn pixel(at: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "limited to ±2^53 before")]
    let index = (at + 0.5).floor().clamp(-9.0e15, 9.0e15) as i64;
    index
}

/// Images below a part, with the cards of their grid.
fn images<'i>(
    index: &'i PartIndex,
    part: &'i str,
) -> impl Iterator<Item = (&'i ArrayPart, &'i [(String, String)])> {
    index.below(part).filter_map(|(_, kind)| {
        let PartKind::Array(array) = kind else { return None };
        let cards = index.wcs.get(array.grid.as_ref()?)?;
        (array.shape.len() >= 2).then_some((array, cards.as_slice()))
    })
}

fn card((keyword, value): &(String, String)) -> (&str, CardValue<'_>) {
    let value = match value.parse() {
        Ok(number) => CardValue::Number(number),
        Err(_) => CardValue::Text(value),
    };
    (keyword, value)
}

/// Whether a place is on an array's last two axes.
fn has(array: &ArrayPart, (x, y): (f64, f64)) -> bool {
    let n = array.shape.len();
    let inside = |axis: usize, at: f64| {
        let first = array.origin.get(axis).copied().unwrap_or(0);
        let length = array.shape.get(axis).copied().unwrap_or(0);
        let offset = pixel(at).saturating_sub(first);
        u64::try_from(offset).is_ok_and(|offset| offset < length)
    };
    n >= 2 && inside(n - 1, x) && inside(n - 2, y)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use salver_tree::{Chunks, Place};

    use super::*;

    /// An image of 200 × 100 pixels, 1″ each, with (10°, 20°) at the middle of its pixel (99, 49).
    fn index() -> PartIndex {
        let mut index = PartIndex::new("fits", 1);
        let array = ArrayPart {
            dtype: "float32".into(),
            stored: None,
            shape: vec![100, 200],
            codec: BTreeMap::new(),
            grid: Some("sci".into()),
            origin: vec![],
            chunks: Chunks::Whole(Place { offset: 0, len: 1 }),
        };
        index.parts.insert("/image".into(), PartKind::Array(array));
        let cards = [
            ("CTYPE1", "RA---TAN"),
            ("CTYPE2", "DEC--TAN"),
            ("CRPIX1", "100"),
            ("CRPIX2", "50"),
            ("CRVAL1", "10"),
            ("CRVAL2", "20"),
            ("CDELT1", "-2.777777777777778E-4"),
            ("CDELT2", "2.777777777777778E-4"),
        ];
        let cards = cards.map(|(k, v)| (k.to_owned(), v.to_owned()));
        index.wcs.insert("sci".into(), cards.to_vec());
        index
    }

    fn at(ra_deg: f64, dec_deg: f64, size: SkySize) -> SkyBox {
        SkyBox { ra_deg, dec_deg, size }
    }

    #[test]
    fn pixels_are_counted_around_the_one_with_the_position() {
        let size = SkySize::Pixels { x: 4, y: 3 };
        let found = at(10.0, 20.0, size).region(&index(), None).unwrap();
        assert_eq!(found, BoxSelect(vec![48..51, 97..101]));
    }

    #[test]
    fn a_circle_is_inside_of_its_box() {
        let size = SkySize::Radius(10.0 / 3600.0);
        let found = at(10.0, 20.0, size).region(&index(), Some("/image")).unwrap();
        assert_eq!(found, BoxSelect(vec![39..60, 89..110]));
        let wrong = at(10.0, 20.0, SkySize::Radius(0.0)).region(&index(), None);
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_position_elsewhere_is_not_found() {
        let size = SkySize::Pixels { x: 1, y: 1 };
        for (ra, dec) in [(10.0, 20.1), (190.0, -20.0), (9.9, 20.0)] {
            let error = at(ra, dec, size).region(&index(), None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{ra} {dec}");
        }
        let error = at(10.0, 20.0, size).region(&index(), Some("/mask")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
