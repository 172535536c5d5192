//! Gen3's binary encoding of regions (Gen3 format §8.1, docs/spec/gen3.md).
//!
//! A stored number keeps its bits, so `encode(decode(bytes)) == bytes` for all that Gen3 writes.
//! What Gen3 could not have meant (a length that does not fit, a vector that is not of length
//! one, a latitude beyond a pole) is an error and not repaired.

use super::{
    Circle, ConvexPolygon, Ellipse, IntersectionRegion, Region, SphericalBox, UnionRegion,
};
use crate::vector::UnitVector;
use salver_core::{Error, ErrorKind, Op, Result};
use std::f64::consts::{FRAC_PI_2, TAU};

const OP: Op = Op("region.decode");
/// How deep compound regions may nest; each level is one call.
const MAX_DEPTH: u32 = 64;
const VERTEX_BYTES: usize = 24;

impl Region {
    /// The region that bytes of Gen3's encoding stand for.
    ///
    /// A union that holds a union is flattened, and an intersection alike; everything else
    /// encodes to the same bytes again. Source: Gen3 format §8.1.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not an encoded region, [`ErrorKind::Limit`]
    /// when compound regions nest deeper than 64 levels.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode_at(bytes, 0)
    }

    /// The bytes of Gen3's encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode_into(&mut out);
        out
    }

    fn encoded_len(&self) -> usize {
        1 + match self {
            Self::Box(_) => 4 * 8,
            Self::Circle(_) => 5 * 8,
            Self::Ellipse(_) => 14 * 8,
            Self::Polygon(shape) => shape.vertices().len() * VERTEX_BYTES,
            Self::Union(shape) => operands_len(shape.operands()),
            Self::Intersection(shape) => operands_len(shape.operands()),
        }
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Box(shape) => {
                out.push(b'b');
                put(out, &shape.lon_rad());
                put(out, &shape.lat_rad());
            }
            Self::Circle(shape) => {
                out.push(b'c');
                put(out, &shape.center().to_array());
                put(out, &[shape.squared_chord(), shape.opening().radians()]);
            }
            Self::Polygon(shape) => {
                out.push(b'p');
                for vertex in shape.vertices() {
                    put(out, &vertex.to_array());
                }
            }
            Self::Ellipse(shape) => {
                out.push(b'e');
                put(out, &shape.to_parts());
            }
            Self::Union(shape) => encode_operands(b'u', shape.operands(), out),
            Self::Intersection(shape) => encode_operands(b'i', shape.operands(), out),
        }
    }
}

fn operands_len(operands: &[Region]) -> usize {
    operands.iter().map(|r| 8 + r.encoded_len()).sum()
}

fn encode_operands(code: u8, operands: &[Region], out: &mut Vec<u8>) {
    out.push(code);
    for operand in operands {
        out.extend_from_slice(&(operand.encoded_len() as u64).to_le_bytes());
        operand.encode_into(out);
    }
}

fn put(out: &mut Vec<u8>, numbers: &[f64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn corrupt(message: &'static str, bytes: &[u8]) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message).with("len_bytes", bytes.len())
}

fn decode_at(bytes: &[u8], depth: u32) -> Result<Region> {
    let Some((&code, payload)) = bytes.split_first() else {
        return Err(corrupt("no bytes", bytes));
    };
    match code {
        b'b' => decode_box(numbers(payload, "box")?).map(Region::Box),
        b'c' => decode_circle(numbers(payload, "circle")?).map(Region::Circle),
        b'p' => decode_polygon(payload).map(Region::Polygon),
        b'e' => decode_ellipse(numbers(payload, "ellipse")?).map(Region::Ellipse),
        b'u' => Ok(UnionRegion::new(decode_operands(payload, depth)?).into()),
        b'i' => Ok(IntersectionRegion::new(decode_operands(payload, depth)?).into()),
        other => Err(corrupt("unknown type code", bytes)
            .with("code", other)
            .hint("known are b, c, p, e, u and i")),
    }
}

/// Exactly `N` numbers.
fn numbers<const N: usize>(payload: &[u8], shape: &'static str) -> Result<[f64; N]> {
    let (chunks, rest) = payload.as_chunks::<8>();
    let Ok(chunks) = <&[[u8; 8]; N]>::try_from(chunks) else {
        return Err(wrong_length(payload, shape, N));
    };
    if !rest.is_empty() {
        return Err(wrong_length(payload, shape, N));
    }
    Ok(chunks.map(f64::from_le_bytes))
}

fn wrong_length(payload: &[u8], shape: &'static str, n: usize) -> Error {
    corrupt("wrong length", payload).with("shape", shape).with("expected_bytes", n * 8)
}

fn unit(parts: [f64; 3]) -> Result<UnitVector> {
    let [x, y, z] = parts;
    let v = UnitVector::raw(x, y, z);
    if v.is_unit() {
        return Ok(v);
    }
    Err(Error::new(ErrorKind::Corrupt, OP, "a vector is not of length one")
        .with("x", x)
        .with("y", y)
        .with("z", z))
}

fn decode_box([lon_a, lon_b, lat_a, lat_b]: [f64; 4]) -> Result<SphericalBox> {
    let bad = |message| {
        Error::new(ErrorKind::Corrupt, OP, message)
            .with("lon_rad", format_args!("[{lon_a}, {lon_b}]"))
            .with("lat_rad", format_args!("[{lat_a}, {lat_b}]"))
    };
    let no_lon = lon_a.is_nan() && lon_b.is_nan();
    if !no_lon && ![lon_a, lon_b].iter().all(|a| (0.0..=TAU).contains(a)) {
        return Err(bad("a longitude of a box is outside [0, 2π]"));
    }
    let no_lat = lat_a > lat_b || (lat_a.is_nan() && lat_b.is_nan());
    if !(no_lat || (-FRAC_PI_2 <= lat_a && lat_b <= FRAC_PI_2)) {
        return Err(bad("a latitude of a box is outside [-π/2, π/2]"));
    }
    Ok(SphericalBox::from_parts([lon_a, lon_b], [lat_a, lat_b]))
}

fn decode_circle([x, y, z, squared_chord, opening]: [f64; 5]) -> Result<Circle> {
    if squared_chord.is_nan() || opening.is_nan() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            OP,
            "size of a circle is not a number",
        ));
    }
    Ok(Circle::from_parts(unit([x, y, z])?, squared_chord, opening))
}

fn decode_polygon(payload: &[u8]) -> Result<ConvexPolygon> {
    let (chunks, rest) = payload.as_chunks::<VERTEX_BYTES>();
    if !rest.is_empty() {
        return Err(corrupt("wrong length", payload)
            .with("shape", "polygon")
            .with("bytes_per_vertex", VERTEX_BYTES));
    }
    if chunks.len() < 3 {
        return Err(corrupt("a polygon has fewer than three vertices", payload));
    }
    let vertices = chunks.iter().map(|chunk| unit(numbers(chunk, "vertex")?));
    Ok(ConvexPolygon::from_vertices(vertices.collect::<Result<_>>()?))
}

fn decode_ellipse(parts: [f64; 14]) -> Result<Ellipse> {
    if parts.iter().any(|p| p.is_nan()) {
        return Err(Error::new(ErrorKind::Corrupt, OP, "an ellipse holds not-a-number"));
    }
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, ..] = parts;
    for axis in [[f0, f1, f2], [f3, f4, f5], [f6, f7, f8]] {
        unit(axis)?;
    }
    Ok(Ellipse::from_parts(parts))
}

fn decode_operands(mut rest: &[u8], depth: u32) -> Result<Vec<Region>> {
    if depth >= MAX_DEPTH {
        return Err(Error::new(ErrorKind::Limit, OP, "compound regions nest too deep")
            .with("max_depth", MAX_DEPTH));
    }
    let mut operands = Vec::new();
    while !rest.is_empty() {
        let Some((length, tail)) = rest.split_first_chunk::<8>() else {
            return Err(corrupt("cut short inside an operand's length", rest));
        };
        let length = u64::from_le_bytes(*length);
        let split = usize::try_from(length).ok().and_then(|n| tail.split_at_checked(n));
        let Some((operand, tail)) = split else {
            return Err(corrupt("an operand is longer than what is left", tail)
                .with("operand_bytes", length));
        };
        operands.push(decode_at(operand, depth + 1)?);
        rest = tail;
    }
    Ok(operands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn circle() -> Vec<u8> {
        Region::from(Circle::new(UnitVector::X, crate::Angle::from_radians(0.5)).unwrap())
            .encode()
    }

    fn compound(code: u8, operands: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![code];
        for operand in operands {
            out.extend((operand.len() as u64).to_le_bytes());
            out.extend(operand);
        }
        out
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            code in prop::sample::select(b"bcpeuix".to_vec()),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [vec![code], rest].concat();
            if let Ok(region) = Region::decode(&bytes) {
                prop_assert_eq!(Region::decode(&region.encode()).unwrap(), region);
            }
        }

        #[test]
        fn flipped_bits_never_panic(
            at in any::<prop::sample::Index>(), bit in 0..8_u32, cut in any::<prop::sample::Index>(),
        ) {
            let whole = compound(b'u', &[circle(), compound(b'i', &[circle(), circle()])]);
            let mut bytes = whole.clone();
            bytes[at.index(whole.len())] ^= 1 << bit;
            bytes.truncate(cut.index(whole.len() + 1));
            if let Ok(region) = Region::decode(&bytes) {
                prop_assert_eq!(Region::decode(&region.encode()).unwrap(), region);
            }
        }

        #[test]
        fn polygons_that_are_none_never_panic(
            picks in prop::collection::vec(0..8_usize, 3..9),
        ) {
            // any order, repeated, opposite: nothing that a constructor would make
            let some = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.6, 0.8, 0.0],
                [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.6, 0.0, -0.8], [0.6, 0.0, 0.8]];
            let mut bytes = vec![b'p'];
            for &i in &picks {
                put(&mut bytes, &some[i]);
            }
            let region = Region::decode(&bytes).unwrap();
            prop_assert_eq!(region.encode(), bytes);
            let other = Region::decode(&circle()).unwrap();
            prop_assert_eq!(region.relate(&other), other.relate(&region).inverse());
            prop_assert!(!region.bounding_circle().is_empty());
            prop_assert!(!region.bounding_box().is_empty());
            for name in ["htm5", "healpix3"] {
                let pixels = crate::Pixelization::parse(name).unwrap();
                let universe = pixels.universe();
                prop_assert!(pixels.envelope(&region).iter().all(|id| universe.contains(&id)));
            }
        }
    }

    #[test]
    fn nested_unions_are_flattened() {
        let nested = compound(b'u', &[circle(), compound(b'u', &[circle(), circle()])]);
        let flat = compound(b'u', &[circle(), circle(), circle()]);
        assert_eq!(Region::decode(&nested).unwrap().encode(), flat);
        let mixed = compound(b'u', &[circle(), compound(b'i', &[circle()])]);
        assert_eq!(Region::decode(&mixed).unwrap().encode(), mixed);
    }

    #[test]
    fn deep_nesting_is_a_limit() {
        let mut bytes = circle();
        for level in 0..2000 {
            bytes = compound(if level % 2 == 0 { b'u' } else { b'i' }, &[bytes]);
        }
        assert_eq!(Region::decode(&bytes).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn what_is_no_region_is_corrupt() {
        let mut huge = vec![b'u'];
        huge.extend([0xff; 8]);
        let two = [b"p".to_vec(), vec![0; 48]].concat();
        let long = [circle(), vec![0]].concat();
        for bytes in [vec![], b"x".to_vec(), b"b".to_vec(), huge, two, long] {
            assert_eq!(Region::decode(&bytes).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }

    #[test]
    fn empty_shapes_and_signed_zeros_keep_their_bits() {
        let mut polygon = vec![b'p'];
        put(&mut polygon, &[1.0, -0.0, 0.0, -0.0, 1.0, 0.0, 0.0, -0.0, 1.0]);
        let empty_box = Region::from(SphericalBox::empty()).encode();
        let empty_circle = Region::from(Circle::empty()).encode();
        for bytes in [polygon, empty_box, empty_circle, b"u".to_vec(), b"i".to_vec()] {
            assert_eq!(Region::decode(&bytes).unwrap().encode(), bytes);
        }
    }
}
