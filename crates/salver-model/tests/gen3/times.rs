//! Times are the nanoseconds that lsst-daf-butler stores for them.

use salver_model::{Timespan, time};
use serde_json::Value as Json;

#[test]
fn times_of_every_spelling_are_those_of_the_reference() {
    let cases = include_str!("../../../../testdata/model/times.json");
    let cases: Vec<(Json, String, String, i64)> = serde_json::from_str(cases).unwrap();
    assert!(cases.len() > 200);
    for (value, format, scale, expected) in cases {
        let (value, tolerance) = match &value {
            Json::String(text) => (text.clone(), 0),
            number => (format!("{:?}", number.as_f64().unwrap()), 1),
        };
        let text = format!("{format}/{value}/{scale}");
        let ours = time::parse(&text).unwrap();
        let stored = ours.clamp(Timespan::MIN_NS, Timespan::MAX_NS);
        assert!(
            (stored - expected).abs() <= tolerance,
            "{text}: {stored} {expected}, ns"
        );
    }
}
