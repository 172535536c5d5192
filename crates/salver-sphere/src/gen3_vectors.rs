//! What the reference implementation of Gen3 gave for points, regions and pixels.
//!
//! `testdata/gen3/make_sphgeom_vectors.py` made the numbers.

use crate::{Pixelization, RangeSet, Region, SphericalBox, UnitVector};
use serde_json::Value;

fn vectors() -> Value {
    let text = include_str!("../../../testdata/gen3/sphgeom-vectors.json");
    // Python writes not-a-number by a word that JSON does not have
    serde_json::from_str(&text.replace("NaN", "null")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn vector(value: &Value) -> UnitVector {
    let v = numbers(value);
    UnitVector::from_normalized(v[0], v[1], v[2]).unwrap()
}

fn regions(vectors: &Value) -> Vec<Region> {
    list(&vectors["regions"])
        .iter()
        .map(|r| Region::from_hex(r["hex"].as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn point_indexes_are_those_of_gen3() {
    let vectors = vectors();
    let mut n_checked = 0;
    for point in list(&vectors["points"]) {
        let v = vector(&point["xyz"]);
        for (key, expected) in point.as_object().unwrap() {
            if !key.starts_with("htm") && !key.starts_with("healpix") {
                continue;
            }
            let pixels = Pixelization::parse(key).unwrap();
            assert_eq!(pixels.index(&v), expected.as_u64().unwrap(), "{key} {point}");
            n_checked += 1;
        }
    }
    assert_eq!(n_checked, 200 * 11);
}

#[test]
fn encodings_keep_every_byte() {
    let vectors = vectors();
    for item in list(&vectors["regions"]) {
        let hex = item["hex"].as_str().unwrap();
        let region = Region::from_hex(hex).unwrap();
        assert_eq!(region.to_hex(), hex);
        assert_eq!(region.type_name(), item["type"].as_str().unwrap());
        assert_eq!(Region::from_base64(&region.to_base64()).unwrap(), region);
    }
}

#[test]
fn contains_agrees_with_gen3() {
    let vectors = vectors();
    let points: Vec<_> =
        list(&vectors["points"]).iter().map(|p| vector(&p["xyz"])).collect();
    for (item, region) in list(&vectors["regions"]).iter().zip(regions(&vectors)) {
        let expected: Vec<_> =
            list(&item["contains_points"]).iter().map(|i| i.as_u64().unwrap()).collect();
        let found: Vec<_> = (0..)
            .zip(&points)
            .filter(|(_, p)| region.contains(p))
            .map(|(i, _)| i)
            .collect();
        assert_eq!(found, expected, "{item}");
    }
}

#[test]
fn pixels_are_those_of_gen3() {
    let vectors = vectors();
    for item in list(&vectors["pixels"]) {
        let system = item["system"].as_str().unwrap();
        let id = item["index"].as_u64().unwrap();
        let pixels = Pixelization::parse(&format!("{system}{}", item["level"])).unwrap();
        let outline = pixels.pixel(id).unwrap();
        if let Pixelization::Htm(htm) = pixels {
            let vertices: Vec<_> = list(&item["vertices"]).iter().map(vector).collect();
            assert_eq!(outline.vertices(), vertices);
            assert_eq!(htm.name(id).unwrap(), item["string"].as_str().unwrap());
            continue;
        }
        let Region::Polygon(expected) =
            Region::from_hex(item["region_hex"].as_str().unwrap()).unwrap()
        else {
            panic!("a pixel is a polygon")
        };
        assert_eq!(outline.vertices().len(), expected.vertices().len());
        for (a, b) in outline.vertices().iter().zip(expected.vertices()) {
            assert!(a.angle_to(*b).radians() < 1e-15, "{id} {outline:?} {expected:?}");
        }
    }
}

#[test]
fn relations_are_those_of_gen3() {
    let vectors = vectors();
    let regions = regions(&vectors);
    let mut wrong = Vec::new();
    for (i, a) in regions.iter().enumerate() {
        for (j, b) in regions.iter().enumerate() {
            let expected = vectors["relate"][i][j].as_u64().unwrap();
            if u64::from(a.relate(b).bits()) != expected {
                wrong.push((i, j, a.relate(b).bits(), expected));
            }
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn overlaps_are_those_of_gen3() {
    let vectors = vectors();
    let regions = regions(&vectors);
    for (i, a) in regions.iter().enumerate() {
        let row: String = regions
            .iter()
            .map(|b| match a.overlaps(b) {
                Some(true) => 'T',
                Some(false) => 'F',
                None => 'N',
            })
            .collect();
        assert_eq!(row, vectors["overlaps"][i].as_str().unwrap(), "region {i}");
    }
}

#[test]
fn bounding_circles_are_those_of_gen3() {
    let vectors = vectors();
    for (item, region) in list(&vectors["regions"]).iter().zip(regions(&vectors)) {
        let expected = numbers(&item["bounding_circle"]);
        let circle = region.bounding_circle();
        let center = vector(&Value::from(&expected[..3]));
        // the centroid of a small polygon loses that much to cancellation
        assert!(circle.center().angle_to(center).radians() < 1e-12, "{expected:?}");
        assert!((circle.squared_chord() - expected[3]).abs() < 1e-12, "{expected:?}");
    }
}

#[test]
fn bounding_boxes_are_those_of_gen3() {
    let vectors = vectors();
    for (item, region) in list(&vectors["regions"]).iter().zip(regions(&vectors)) {
        let expected = numbers(&item["bounding_box_rad"]);
        let found = region.bounding_box();
        if expected[0].is_nan() {
            assert!(found.is_empty());
            continue;
        }
        for (a, b) in [found.lon_rad(), found.lat_rad()].concat().iter().zip(&expected) {
            assert!((a - b).abs() < 1e-14, "{item} {found:?} {expected:?}");
        }
    }
}

fn check_ranges(item: &Value, key: &str, found: &RangeSet) -> bool {
    let expected = &item[key];
    let range = |v: &Value| v[0].as_u64().unwrap()..v[1].as_u64().unwrap();
    let ranges = |v: &Value| list(v).iter().map(range).collect::<Vec<_>>();
    if expected.is_array() {
        assert_eq!(found.ranges(), ranges(expected), "{key} {item}");
    } else if expected.get("error").is_some() {
        return false;
    } else {
        let n_ranges = found.ranges().len();
        assert_eq!(
            n_ranges as u64,
            expected["n_ranges"].as_u64().unwrap(),
            "{key} {item}"
        );
        assert_eq!(found.len(), expected["n_pixels"].as_u64().unwrap());
        assert_eq!(found.ranges()[..5], ranges(&expected["first"]));
        assert_eq!(found.ranges()[n_ranges - 5..], ranges(&expected["last"]));
    }
    true
}

#[test]
fn htm_ranges_are_those_of_gen3() {
    let vectors = vectors();
    let pixels = Pixelization::parse("htm7").unwrap();
    let mut n_checked = 0;
    for (item, region) in list(&vectors["regions"]).iter().zip(regions(&vectors)) {
        let (envelope, interior) = (pixels.envelope(&region), pixels.interior(&region));
        n_checked += u32::from(check_ranges(item, "htm7_envelope", &envelope));
        n_checked += u32::from(check_ranges(item, "htm7_interior", &interior));
    }
    // the rest hold ellipses, on which the reference crashes
    assert_eq!(n_checked, 183);
}

#[test]
fn healpix_ranges_are_those_of_gen3() {
    let vectors = vectors();
    let pixels = Pixelization::parse("healpix5").unwrap();
    let mut n_checked = 0;
    for (item, region) in list(&vectors["regions"]).iter().zip(regions(&vectors)) {
        if region == Region::from(SphericalBox::full()) {
            continue; // the reference gives no pixels
        }
        let (envelope, interior) = (pixels.envelope(&region), pixels.interior(&region));
        n_checked += u32::from(check_ranges(item, "healpix5_envelope", &envelope));
        n_checked += u32::from(check_ranges(item, "healpix5_interior", &interior));
    }
    // the reference refuses compound regions
    assert_eq!(n_checked, 172);
}
