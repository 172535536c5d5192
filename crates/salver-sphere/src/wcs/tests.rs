use super::*;
use crate::vector::UnitVector;
use proptest::prelude::*;
use salver_core::ErrorKind;
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let text = include_str!("../../../../testdata/wcs/vectors.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all["cases"].as_array().unwrap().clone()
}

fn map_of(case: &Value) -> SkyMap {
    SkyMap::from_cards(case["cards"].as_array().unwrap().iter().map(|card| {
        let value = match &card[1] {
            Value::String(text) => CardValue::Text(text),
            other => CardValue::Number(other.as_f64().unwrap()),
        };
        (card[0].as_str().unwrap(), value)
    }))
    .unwrap_or_else(|e| panic!("{}: {e:?}", case["name"]))
}

fn pairs(value: &Value) -> Vec<(f64, f64)> {
    let pair = |p: &Value| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap());
    value.as_array().unwrap().iter().map(pair).collect()
}

fn base(kind: &str) -> Vec<(&'static str, CardValue<'_>)> {
    let (lon, lat) = match kind {
        "TAN" => ("RA---TAN", "DEC--TAN"),
        "SIN" => ("RA---SIN", "DEC--SIN"),
        "ARC" => ("RA---ARC", "DEC--ARC"),
        "STG" => ("RA---STG", "DEC--STG"),
        "ZEA" => ("RA---ZEA", "DEC--ZEA"),
        _ => ("RA---TPV", "DEC--TPV"),
    };
    vec![
        ("CTYPE1", lon.into()),
        ("CTYPE2", lat.into()),
        ("CRPIX1", 50.0.into()),
        ("CRPIX2", 60.0.into()),
        ("CDELT1", (-0.1).into()),
        ("CDELT2", 0.1.into()),
    ]
}

#[test]
fn positions_agree_with_astropy() {
    let cases = vectors();
    assert_eq!(cases.len(), 43);
    for case in &cases {
        let map = map_of(case);
        for ((x, y), (lon, lat)) in
            pairs(&case["xy"]).into_iter().zip(pairs(&case["sky_deg"]))
        {
            let found = map.pixel_to_sky(x, y).unwrap();
            let at = |(lon, lat): (f64, f64)| UnitVector::from_degrees(lon, lat).unwrap();
            let apart = at(found).angle_to(at((lon, lat))).degrees();
            assert!(apart < 1e-9, "{} {x} {y} {found:?} {lon} {lat}", case["name"]);
            let (x1, y1) = map.sky_to_pixel(lon, lat).unwrap();
            let miss = (x1 - x).hypot(y1 - y);
            assert!(miss < 1e-6, "{} {x} {y} {x1} {y1}", case["name"]);
        }
    }
}

#[test]
fn footprints_hold_their_pixels() {
    for case in &vectors() {
        let shape = |i: usize| u32::try_from(case["shape"][i].as_u64().unwrap()).unwrap();
        let footprint = map_of(case).footprint(shape(0), shape(1)).unwrap();
        for (lon, lat) in pairs(&case["sky_deg"]).into_iter().take(3) {
            let corner = UnitVector::from_degrees(lon, lat).unwrap();
            assert!(footprint.contains(&corner), "{}", case["name"]);
        }
    }
}

#[test]
fn frames_are_what_the_header_says() {
    let frames: Vec<String> =
        vectors().iter().map(|case| map_of(case).frame().to_string()).collect();
    assert_eq!(frames[1], "FK5 2000");
    assert_eq!(frames[2], "FK4 1950");
    assert_eq!(frames[3], "ICRS");
    assert_eq!(frames[8], "helioprojective");
    assert!(map_of(&vectors()[1]).frame().is_icrs());
    assert!(!map_of(&vectors()[2]).frame().is_icrs());
}

#[test]
fn axes_off_the_sky_are_unsupported() {
    let kind = |cards: Vec<(&'static str, CardValue<'static>)>| {
        SkyMap::from_cards(cards).unwrap_err().kind()
    };
    assert_eq!(kind(vec![]), ErrorKind::NotFound);
    for (first, second) in
        [("LAMBDA", "ANGLE"), ("RA---TAN", "FREQ"), ("RA---TAN", "GLAT-TAN")]
    {
        let cards = vec![("CTYPE1", first.into()), ("CTYPE2", second.into())];
        assert_eq!(kind(cards), ErrorKind::Unsupported, "{first} {second}");
    }
    assert_eq!(kind(base("TPV")), ErrorKind::Unsupported);
    for (keyword, value) in [
        ("PV2_1", CardValue::Number(0.5)),
        ("CPDIS1", "LOOKUP".into()),
        ("A_ORDER", 2.0.into()),
        ("CUNIT1", "m".into()),
        ("CD1_3", 1.0.into()),
    ] {
        let cards = base("TAN").into_iter().chain([(keyword, value)]).collect();
        assert_eq!(kind(cards), ErrorKind::Unsupported, "{keyword}");
    }
}

#[test]
fn broken_cards_are_corrupt() {
    for (keyword, value) in [
        ("CRPIX1", CardValue::Text("x")),
        ("CRVAL1", f64::NAN.into()),
        ("CRVAL2", 91.0.into()),
        ("CDELT1", 0.0.into()),
        ("CTYPE2", "DEC--SIN".into()),
        ("CTYPE1", 1.0.into()),
    ] {
        let cards = base("TAN").into_iter().chain([(keyword, value)]);
        let error = SkyMap::from_cards(cards).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{keyword}");
    }
}

#[test]
fn the_far_side_of_the_sky_is_invalid_input() {
    for kind in ["TAN", "SIN"] {
        let map = SkyMap::from_cards(base(kind)).unwrap();
        assert_eq!(
            map.sky_to_pixel(180.0, 0.0).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }
    let sin = SkyMap::from_cards(base("SIN")).unwrap();
    assert_eq!(
        sin.pixel_to_sky(5000.0, 0.0).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert!(sin.footprint(0, 10).is_err());
    assert!(sin.pixel_to_sky(f64::NAN, 0.0).is_err());
}

fn frame_of(name: &str) -> Frame {
    if name == "galactic" {
        return Frame::Galactic;
    }
    let (system, equinox) = name.split_once(' ').unwrap_or((name, "2000"));
    Frame::Equatorial { system: system.to_owned(), equinox: equinox.parse().ok() }
}

#[test]
fn icrs_positions_agree_with_astropy() {
    let text = include_str!("../../../../testdata/wcs/vectors.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let frames = all["frames"].as_object().unwrap();
    assert_eq!(frames.len(), 5);
    for (name, rows) in frames {
        let frame = frame_of(name);
        for row in rows.as_array().unwrap() {
            let n = |i: usize| row[i].as_f64().unwrap();
            let here = UnitVector::from_degrees(n(0), n(1)).unwrap();
            let icrs = UnitVector::from_degrees(n(2), n(3)).unwrap();
            let arcsec = |a: UnitVector, b: UnitVector| a.angle_to(b).degrees() * 3600.0;
            let limit = if name.starts_with("FK4") { 0.5 } else { 0.15 };
            assert!(arcsec(frame.to_icrs(here).unwrap(), icrs) < limit, "{name} {row}");
            let again = frame.to_icrs(frame.from_icrs(icrs).unwrap()).unwrap();
            assert!(arcsec(again, icrs) < 1e-3, "{name} {row}");
        }
    }
    let sun = Frame::Helioprojective.to_icrs(UnitVector::X).unwrap_err();
    assert_eq!(sun.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_old_header_overlaps_where_the_object_is_in_icrs() {
    // NGC 1316 in ICRS; the header is of equinox 1950
    let map = map_of(&vectors()[2]);
    let galaxy = UnitVector::from_degrees(50.673825, -37.208227).unwrap();
    assert!(map.footprint_icrs(440, 300).unwrap().contains(&galaxy));
    let (x, y) = map.icrs_to_pixel(galaxy).unwrap();
    let (lon, lat) = map.pixel_to_sky(x, y).unwrap();
    assert!((lon - 50.2).abs() < 0.1 && (lat + 37.38).abs() < 0.1, "{lon} {lat}");
}

proptest! {
    #[test]
    fn pixels_round_trip(
        kind in prop::sample::select(vec!["TAN", "SIN", "ARC", "STG", "ZEA"]),
        lon in 0.0..360.0_f64, lat in -90.0..=90.0_f64, turn in 0.0..360.0_f64,
        x in -100.0..200.0_f64, y in -100.0..200.0_f64,
    ) {
        let more = [("CRVAL1", lon.into()), ("CRVAL2", lat.into()), ("CROTA2", turn.into())];
        let map = SkyMap::from_cards(base(kind).into_iter().chain(more)).unwrap();
        let (lon, lat) = map.pixel_to_sky(x, y).unwrap();
        let (x1, y1) = map.sky_to_pixel(lon, lat).unwrap();
        prop_assert!((x1 - x).hypot(y1 - y) < 1e-9, "{} {} {} {}", x, y, x1, y1);
    }

    #[test]
    fn no_cards_panic(
        cards in prop::collection::vec(
            (prop::sample::select(vec![
                "CTYPE1", "CTYPE2", "CRPIX1", "CRVAL1", "CRVAL2", "CDELT1", "CD1_1", "CD2_2", "PC1_2",
                "CROTA2", "LONPOLE", "PV2_1", "A_ORDER", "A_1_1", "B_ORDER", "CUNIT1", "EQUINOX",
            ]), prop_oneof![
                any::<f64>().prop_map(Ok),
                "(RA-?---?TAN(-SIP)?|DEC-?--?TAN(-SIP)?|[A-Z-]{0,12}|deg)".prop_map(Err),
            ]), 0..20),
        x in any::<f64>(), y in any::<f64>(),
    ) {
        let cards = cards.iter().map(|(keyword, value)| match value {
            Ok(number) => (*keyword, CardValue::Number(*number)),
            Err(text) => (*keyword, CardValue::Text(text)),
        });
        if let Ok(map) = SkyMap::from_cards(cards) {
            if let Ok((lon, lat)) = map.pixel_to_sky(x, y) {
                prop_assert!((0.0..360.0).contains(&lon));
                prop_assert!(lat.abs() <= 90.0);
            }
            if let Ok((x, y)) = map.sky_to_pixel(x, y) {
                prop_assert!(x.is_finite() && y.is_finite());
            }
            if let Ok(footprint) = map.footprint(10, 10) {
                prop_assert!(footprint.vertices().len() >= 3);
            }
        }
    }
}
