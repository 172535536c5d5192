//! [`SkyMap`].

use super::cards::{CardValue, Cards, OP};
use super::frame::Frame;
use super::linear::Linear;
use super::projection::{Projection, Zenithal};
use super::sip::Sip;
use crate::region::ConvexPolygon;
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};

/// Points on each side of a footprint whose sides are not great circles.
const SIDE_STEPS: u32 = 8;

/// Maps the pixels of an image to the sky and back.
///
/// ```
/// use salver_sphere::{CardValue, SkyMap};
/// # fn main() -> salver_core::Result<()> {
/// let map = SkyMap::from_cards([
///     ("CTYPE1", CardValue::Text("RA---TAN")),
///     ("CTYPE2", CardValue::Text("DEC--TAN")),
///     ("CRPIX1", CardValue::Number(150.5)),
///     ("CRPIX2", CardValue::Number(150.5)),
///     ("CRVAL1", CardValue::Number(250.4226)),
///     ("CRVAL2", CardValue::Number(36.4602)),
///     ("CDELT1", CardValue::Number(-0.0003)),
///     ("CDELT2", CardValue::Number(0.0003)),
/// ])?;
/// let (ra_deg, dec_deg) = map.pixel_to_sky(149.5, 149.5)?;
/// assert!((ra_deg - 250.4226).abs() < 1e-9 && (dec_deg - 36.4602).abs() < 1e-9);
/// assert_eq!(map.footprint(300, 300)?.vertices().len(), 4);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SkyMap {
    linear: Linear,
    sip: Option<Sip>,
    projection: Projection,
    /// Whether the first axis is the latitude.
    lat_first: bool,
    frame: Frame,
}

impl SkyMap {
    /// The sky map of a header's cards; other cards than those of the primary world coordinate
    /// system are ignored, and of several with one keyword the last counts.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there are no `CTYPE` cards; [`ErrorKind::Unsupported`] when
    /// the first two axes are not a longitude and a latitude on the sky, or are projected or
    /// distorted in a way not known here; [`ErrorKind::Corrupt`] when a card has a value of the
    /// wrong type or the matrix is singular.
    pub fn from_cards<'a>(
        cards: impl IntoIterator<Item = (&'a str, CardValue<'a>)>,
    ) -> Result<Self> {
        let cards = Cards::new(cards);
        let axes = Axes::new(&cards)?;
        check_distortions(&cards, &axes)?;
        let [lon_axis, lat_axis] = axes.lon_lat;
        let units = [unit_degrees(&cards, 1)?, unit_degrees(&cards, 2)?];
        let linear = Linear::new(&cards, lat_axis, units)?;
        let center = |axis: usize| -> Result<f64> {
            let unit = if axis == 1 { units[0] } else { units[1] };
            Ok(cards.number_or(&format!("CRVAL{axis}"), 0.0)? * unit)
        };
        let (lon, lat) = (center(lon_axis)?, center(lat_axis)?);
        if lat.abs() > 90.0 {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OP,
                "the reference is beyond a pole",
            )
            .with("lat_deg", lat));
        }
        // paper II §2.8: 0 where the reference is the pole itself
        let pole_lon = cards
            .number_or("LONPOLE", if lat >= 90.0 { 0.0 } else { 180.0 })?
            .to_radians();
        Ok(Self {
            linear,
            sip: if axes.sip { Some(Sip::new(&cards)?) } else { None },
            projection: Projection {
                kind: axes.kind,
                center_lon: lon.to_radians(),
                center_lat: lat.to_radians(),
                pole_lon,
            },
            lat_first: lat_axis == 1,
            frame: Frame::new(axes.name, &cards)?,
        })
    }

    /// What the longitudes and latitudes are. They may be helioprojective, and so no place among
    /// the stars.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Longitude in `[0, 360)` and latitude, in degrees, of a place in pixels: `(0, 0)` is the
    /// middle of the first pixel, `x` runs along the first axis of the header (FITS pixels
    /// less 1).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the place lies beyond the edge of the projected sky or
    /// is not finite.
    pub fn pixel_to_sky(&self, x: f64, y: f64) -> Result<(f64, f64)> {
        check_finite(Op("sky_map.pixel_to_sky"), x, y)?;
        let [x0, y0] = self.linear.reference;
        let offset = [x - x0, y - y0];
        let offset = self.sip.as_ref().map_or(offset, |sip| sip.apply(offset));
        let [x, y] = self.swapped(self.linear.to_plane(offset));
        check_finite(Op("sky_map.pixel_to_sky"), x, y)?;
        self.projection.to_sky([x, y])
    }

    /// The place in pixels, `(0, 0)` the middle of the first pixel, of a longitude and a
    /// latitude in degrees.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the position is not on the side of the sky that the
    /// projection shows, when the distortion cannot be undone there, or when a number is not
    /// finite.
    pub fn sky_to_pixel(&self, ra_deg: f64, dec_deg: f64) -> Result<(f64, f64)> {
        check_finite(Op("sky_map.sky_to_pixel"), ra_deg, dec_deg)?;
        let plane = self.swapped(self.projection.to_plane(ra_deg, dec_deg)?);
        let goal = self.linear.to_offset(plane);
        let [u, v] = match &self.sip {
            Some(sip) => sip.invert(goal)?,
            None => goal,
        };
        let [x0, y0] = self.linear.reference;
        check_finite(Op("sky_map.sky_to_pixel"), u, v)?;
        Ok((u + x0, v + y0))
    }

    /// The outline of an image of `nx` by `ny` pixels, through the outer corners of its corner
    /// pixels. Where its sides are not great circles it is the convex hull of eight points on
    /// each.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the image has no pixels, reaches beyond the edge of the
    /// projected sky, or covers a hemisphere.
    pub fn footprint(&self, nx: u32, ny: u32) -> Result<ConvexPolygon> {
        if nx == 0 || ny == 0 {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                Op("sky_map.footprint"),
                "the image has no pixels",
            )
            .with("nx", nx)
            .with("ny", ny));
        }
        let (right, top) = (f64::from(nx) - 0.5, f64::from(ny) - 0.5);
        let corners = [(-0.5, -0.5), (right, -0.5), (right, top), (-0.5, top)];
        let straight = self.projection.kind == Zenithal::Tan && self.sip.is_none();
        let steps = if straight { 1 } else { SIDE_STEPS };
        let mut points = Vec::new();
        for (side, &(x, y)) in corners.iter().enumerate() {
            let (x1, y1) = corners[(side + 1) % 4];
            for step in 0..steps {
                let t = f64::from(step) / f64::from(steps);
                let (lon, lat) = self.pixel_to_sky(x + t * (x1 - x), y + t * (y1 - y))?;
                points.push(UnitVector::from_degrees(lon, lat)?);
            }
        }
        ConvexPolygon::convex_hull(&points)
    }

    /// The outline of an image as [`SkyMap::footprint`], in ICRS.
    ///
    /// # Errors
    /// As [`SkyMap::footprint`]; [`ErrorKind::Unsupported`] for frames that
    /// [`Frame::to_icrs`] does not know.
    pub fn footprint_icrs(&self, nx: u32, ny: u32) -> Result<ConvexPolygon> {
        let footprint = self.footprint(nx, ny)?;
        let turned = footprint.vertices().iter().map(|&v| self.frame.to_icrs(v));
        ConvexPolygon::convex_hull(&turned.collect::<Result<Vec<_>>>()?)
    }

    /// The place in pixels of a direction in ICRS.
    ///
    /// # Errors
    /// As [`SkyMap::sky_to_pixel`]; [`ErrorKind::Unsupported`] for frames that
    /// [`Frame::to_icrs`] does not know.
    pub fn icrs_to_pixel(&self, v: UnitVector) -> Result<(f64, f64)> {
        let position = self.frame.from_icrs(v)?.to_lonlat();
        self.sky_to_pixel(position.lon().degrees(), position.lat().degrees())
    }

    /// Longitude before latitude, or back.
    fn swapped(&self, [a, b]: [f64; 2]) -> [f64; 2] {
        if self.lat_first { [b, a] } else { [a, b] }
    }
}

fn check_finite(op: Op, a: f64, b: f64) -> Result<()> {
    if a.is_finite() && b.is_finite() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, op, "a number is not finite")
        .with("a", a)
        .with("b", b))
}

/// What `CTYPE1` and `CTYPE2` say.
struct Axes<'a> {
    /// The letters of the longitude axis, `RA`, `GLON`, …
    name: &'a str,
    kind: Zenithal,
    sip: bool,
    /// The numbers of the longitude and the latitude axis.
    lon_lat: [usize; 2],
}

impl<'a> Axes<'a> {
    /// Source: FITS 4.0 §8.3 and table 24.
    fn new(cards: &Cards<'a>) -> Result<Self> {
        let (Some(first), Some(second)) = (cards.text("CTYPE1")?, cards.text("CTYPE2")?)
        else {
            return Err(Error::new(
                ErrorKind::NotFound,
                OP,
                "the header has no world coordinate system",
            )
            .hint("a sky map needs the cards CTYPE1 and CTYPE2"));
        };
        let not_celestial = || {
            Error::new(
                ErrorKind::Unsupported,
                OP,
                "the first two axes are not longitude and latitude on the sky",
            )
            .with("ctype1", first)
            .with("ctype2", second)
        };
        let (name1, code1) = parts(first).ok_or_else(not_celestial)?;
        let (name2, code2) = parts(second).ok_or_else(not_celestial)?;
        let (name, lon_lat) = if is_pair(name1, name2) {
            (name1, [1, 2])
        } else if is_pair(name2, name1) {
            (name2, [2, 1])
        } else {
            return Err(not_celestial());
        };
        if code1 != code2 {
            return Err(Error::new(
                ErrorKind::Corrupt,
                OP,
                "the axes differ in projection",
            )
            .with("ctype1", first)
            .with("ctype2", second));
        }
        let (code, sip) =
            code1.strip_suffix("-SIP").map_or((code1, false), |code| (code, true));
        Ok(Self { name, kind: Zenithal::parse(code)?, sip, lon_lat })
    }
}

/// `RA---TAN-SIP` as `RA` and `TAN-SIP`.
fn parts(ctype: &str) -> Option<(&str, &str)> {
    let (name, code) = ctype.split_once('-')?;
    let code = code.trim_start_matches('-');
    (!name.is_empty() && !code.is_empty()).then_some((name, code))
}

/// Whether two axis names are a longitude and its latitude: `RA` and `DEC`, `xLON` and `xLAT`,
/// `xyLN` and `xyLT`.
fn is_pair(lon: &str, lat: &str) -> bool {
    let same = |a: &str, b: &str| matches!((lon.strip_suffix(a), lat.strip_suffix(b)), (Some(x), Some(y)) if x == y);
    (lon == "RA" && lat == "DEC") || same("LON", "LAT") || same("LN", "LT")
}

/// The size of an axis' unit in degrees.
fn unit_degrees(cards: &Cards<'_>, axis: usize) -> Result<f64> {
    let keyword = format!("CUNIT{axis}");
    let unit = cards.text(&keyword)?.unwrap_or_default();
    Ok(match unit {
        "" | "deg" | "degree" | "degrees" => 1.0,
        "arcmin" => 1.0 / 60.0,
        "arcsec" => 1.0 / 3600.0,
        "mas" => 1.0 / 3_600_000.0,
        "rad" => 1_f64.to_degrees(),
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                OP,
                "unknown unit of an angle",
            )
            .with("keyword", keyword)
            .with("unit", unit)
            .hint("known are deg, arcmin, arcsec, mas and rad"));
        }
    })
}

/// An error for corrections that would be lost: tables of distortion, and parameters of a
/// projection that these do not have.
fn check_distortions(cards: &Cards<'_>, axes: &Axes<'_>) -> Result<()> {
    let unsupported = |message: &'static str, keyword: &str| {
        Err(Error::new(ErrorKind::Unsupported, OP, message).with("keyword", keyword))
    };
    for prefix in ["CPDIS", "CQDIS", "D2IMDIS"] {
        if let Some(keyword) = cards.starting(prefix).next() {
            return unsupported("distortion by tables", keyword);
        }
    }
    // PVi_m of the latitude axis are the projection's own; of the longitude axis, m up to 4 are
    // about the reference point
    for keyword in cards.starting("PV") {
        let known = axes.lon_lat.map(|axis| format!("PV{axis}_"));
        let index = known.iter().find_map(|prefix| keyword.strip_prefix(prefix.as_str()));
        let primary = index.is_some_and(|m| m.bytes().all(|b| b.is_ascii_digit()));
        if primary && cards.number_or(keyword, 0.0)? != 0.0 {
            return unsupported("parameters of a projection", keyword);
        }
    }
    if !axes.sip && cards.has("A_ORDER") && cards.number_or("A_ORDER", 0.0)? > 0.0 {
        return unsupported("SIP polynomials without -SIP in the axis types", "A_ORDER");
    }
    Ok(())
}
