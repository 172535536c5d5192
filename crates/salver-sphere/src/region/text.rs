//! Regions as text: base64, hexadecimal digits and IVOA `POS` strings.

use super::{Circle, ConvexPolygon, Region, SphericalBox, UnionRegion};
use crate::angle::Angle;
use crate::vector::UnitVector;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use std::f64::consts::{FRAC_PI_2, TAU};
use std::fmt::Write as _;

impl Region {
    /// The encoding in standard base64 with padding, as Gen3 stores it in tables.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.encode())
    }

    /// The region of a base64 text; texts joined by `:` give their union, and an empty text the
    /// empty union. Source: Gen3 format §8.1.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when it is not base64 or not an encoded region.
    pub fn from_base64(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(UnionRegion::default().into());
        }
        let decode = |part: &str| {
            let bytes = STANDARD.decode(part).op(
                ErrorKind::Corrupt,
                Op("region.from_base64"),
                "not base64",
            )?;
            Self::decode(&bytes)
        };
        if !text.contains(':') {
            return decode(text);
        }
        let operands = text.split(':').map(decode).collect::<Result<_>>()?;
        Ok(UnionRegion::new(operands).into())
    }

    /// The encoding in lower-case hexadecimal digits, as Gen3's JSON has it.
    pub fn to_hex(&self) -> String {
        let bytes = self.encode();
        let mut out = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            // writing to a string cannot fail
            let _written = write!(out, "{byte:02x}");
        }
        out
    }

    /// The region of a text of hexadecimal digits, of either case.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when it is not pairs of digits or not an encoded region.
    pub fn from_hex(text: &str) -> Result<Self> {
        let bytes = decode_hex(text.as_bytes()).ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                Op("region.from_hex"),
                "not pairs of hex digits",
            )
            .with("len_bytes", text.len())
        })?;
        Self::decode(&bytes)
    }

    /// The region of an IVOA `POS` text, angles in degrees: `CIRCLE lon lat radius`,
    /// `RANGE lon1 lon2 lat1 lat2` (with `-Inf` and `+Inf` for open ends), or
    /// `POLYGON lon1 lat1 lon2 lat2 lon3 lat3 …`, of which the convex hull is taken.
    /// Source: IVOA SIA 2.0 §2.1.1, Gen3 format §8.7.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it is none of these, or not a shape on the sphere.
    pub fn from_ivoa_pos(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let shape = words.next().unwrap_or_default();
        let numbers =
            || words.map(|word| parse_number(word, text)).collect::<Result<Vec<_>>>();
        match shape {
            "CIRCLE" => circle(&numbers()?, text),
            "RANGE" => range(&numbers()?, text),
            "POLYGON" => polygon(&numbers()?, text),
            _ => Err(bad_pos("unknown shape", text)),
        }
    }
}

fn decode_hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

fn bad_pos(message: &'static str, text: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, Op("region.from_ivoa_pos"), message)
        .with("text", text)
        .hint("known are `CIRCLE lon lat radius`, `RANGE lon1 lon2 lat1 lat2` and `POLYGON lon1 lat1 lon2 lat2 lon3 lat3 …`, in degrees")
}

fn parse_number(word: &str, text: &str) -> Result<f64> {
    match word.parse::<f64>() {
        Ok(number) if !number.is_nan() => Ok(number),
        _ => Err(bad_pos("not a number", text).with("word", word)),
    }
}

fn circle(numbers: &[f64], text: &str) -> Result<Region> {
    let &[lon, lat, radius] = numbers else {
        return Err(bad_pos("a circle has three numbers", text));
    };
    if !(0.0..=180.0).contains(&radius) {
        return Err(bad_pos("the radius is not within 0 and 180 degrees", text));
    }
    let center = UnitVector::from_degrees(lon, lat)?;
    Ok(Circle::new(center, Angle::from_degrees(radius))?.into())
}

fn range(numbers: &[f64], text: &str) -> Result<Region> {
    let &[lon_a, lon_b, lat_a, lat_b] = numbers else {
        return Err(bad_pos("a range has four numbers", text));
    };
    let bound = |degrees: f64, low: f64, high: f64| {
        Angle::from_radians(if degrees.is_infinite() {
            if degrees > 0.0 { high } else { low }
        } else {
            degrees.to_radians()
        })
    };
    if [lat_a, lat_b].iter().any(|lat| lat.is_finite() && lat.abs() > 90.0) {
        return Err(bad_pos("a latitude is not within -90 and 90 degrees", text));
    }
    let lon = [bound(lon_a, 0.0, TAU), bound(lon_b, 0.0, TAU)];
    let lat = [lat_a, lat_b].map(|lat| bound(lat, -FRAC_PI_2, FRAC_PI_2));
    Ok(SphericalBox::new(lon, lat)?.into())
}

fn polygon(numbers: &[f64], text: &str) -> Result<Region> {
    let (pairs, rest) = numbers.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() < 3 {
        return Err(bad_pos("a polygon has three pairs of numbers or more", text));
    }
    let points = pairs.iter().map(|&[lon, lat]| UnitVector::from_degrees(lon, lat));
    Ok(ConvexPolygon::convex_hull(&points.collect::<Result<Vec<_>>>()?)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn circle_at(lon_deg: f64) -> Region {
        let center = UnitVector::from_degrees(lon_deg, 3.0).unwrap();
        Circle::new(center, Angle::from_degrees(1.0)).unwrap().into()
    }

    #[test]
    fn base64_and_hex_round_trip() {
        let region = circle_at(20.0);
        assert_eq!(Region::from_base64(&region.to_base64()).unwrap(), region);
        assert_eq!(Region::from_hex(&region.to_hex()).unwrap(), region);
        assert_eq!(Region::from_hex(&region.to_hex().to_uppercase()).unwrap(), region);
    }

    #[test]
    fn joined_base64_is_a_union() {
        let (a, b) = (circle_at(20.0), circle_at(30.0));
        let joined = format!("{}:{}", a.to_base64(), b.to_base64());
        let union = Region::from(UnionRegion::new(vec![a, b]));
        assert_eq!(Region::from_base64(&joined).unwrap(), union);
        assert_eq!(Region::from_base64("").unwrap(), UnionRegion::default().into());
        for bad in [":", "AAAA:", "!", "Yw"] {
            assert_eq!(Region::from_base64(bad).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }

    #[test]
    fn pos_texts_give_the_shapes_of_gen3() {
        let text = |s: &str| Region::from_ivoa_pos(s).unwrap();
        let Region::Box(wrapped) = text("RANGE 350 10 -5 5") else { panic!("no box") };
        let bits = |lon: [f64; 2]| lon.map(f64::to_bits);
        assert_eq!(
            bits(wrapped.lon_rad()),
            bits([6.1086523819801535, 0.17453292519943295])
        );
        let full =
            SphericalBox::from_parts([0.0, TAU], [-FRAC_PI_2, 0.17453292519943295]);
        assert_eq!(text("RANGE -inf +inf -Inf 10"), full.into());
        let half = SphericalBox::from_parts([10_f64.to_radians(), TAU], [0.0, 0.1]);
        let Region::Box(open) = text("RANGE 10 +inf 0 5") else { panic!("no box") };
        assert_eq!(bits(open.lon_rad()), bits(half.lon_rad()));
        let Region::Circle(circle) = text("CIRCLE  370 20 1 ") else {
            panic!("no circle")
        };
        assert_eq!(circle.opening(), Angle::from_radians(0.017453292519943295));
        let Region::Polygon(hull) = text("POLYGON 0 0 2 0 2 2 0 2 1 1") else {
            panic!("no polygon")
        };
        assert_eq!(hull.vertices().len(), 4);
    }

    #[test]
    fn other_pos_texts_are_invalid() {
        for bad in [
            "",
            "circle 1 2 3",
            "CIRCLE 1 2",
            "CIRCLE 1,2,3",
            "CIRCLE 0 95 1",
            "CIRCLE 0 0 -1",
            "CIRCLE 0 0 nan",
            "CIRCLE inf 0 1",
            "RANGE 0 1 10 5",
            "RANGE 0 1 2",
            "RANGE nan 1 2 3",
            "RANGE 0 1 0 91",
            "POLYGON 0 0 1 0",
            "POLYGON 0 0 1 0 2 2 3",
            "POLYGON 0 0 1 0 2 0",
            "BOX 1 2 3 4",
        ] {
            let error = Region::from_ivoa_pos(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(CIRCLE|RANGE|POLYGON|)( -?[0-9.einf]{1,6}){0,8}", any in ".*") {
            for text in [&text, &any] {
                for read in [Region::from_ivoa_pos, Region::from_base64, Region::from_hex] {
                    if let Ok(region) = read(text) {
                        prop_assert!(Region::decode(&region.encode()).is_ok(), "{}", text);
                    }
                }
            }
        }
    }
}
