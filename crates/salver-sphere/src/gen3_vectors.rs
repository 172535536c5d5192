//! What the reference implementation of Gen3 gave for points, regions and pixels.
//!
//! `testdata/gen3/make_sphgeom_vectors.py` made the numbers.

use crate::{Pixelization, Region, UnitVector};
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
