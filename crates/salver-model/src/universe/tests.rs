use std::sync::Arc;

use crate::Universe;

fn names(list: &[Arc<str>]) -> Vec<&str> {
    list.iter().map(|n| &**n).collect()
}

#[test]
fn universe_order_is_by_generation_then_name() {
    let universe = Universe::default_v8();
    let order: Vec<&str> = universe.elements().iter().map(|e| &**e.name()).collect();
    let tail = &order[44 + 1..];
    assert_eq!(order.first(), Some(&"band"));
    assert_eq!(order.get(1..3), Some(&["healpix1", "healpix2"][..]));
    let ends = [
        "day_obs",
        "detector",
        "group",
        "physical_filter",
        "ssp_balanced_index",
        "ssp_hypothesis_bundle",
        "subfilter",
        "tract",
        "visit_system",
        "exposure",
        "patch",
        "visit",
        "visit_definition",
        "visit_detector_region",
        "visit_system_membership",
    ];
    assert_eq!(tail, ends);
}

#[test]
fn groups_follow_the_rules_of_the_format() {
    let universe = Universe::default_v8();
    let group = universe.group(["visit", "detector"]).unwrap();
    assert_eq!(names(group.required()), ["instrument", "detector", "visit"]);
    assert_eq!(names(group.implied()), ["band", "day_obs", "physical_filter"]);
    let elements: Vec<&str> = group.elements().iter().map(|e| &**e.name()).collect();
    assert!(elements.contains(&"visit_detector_region"));
    let group = universe.group(["subfilter", "visit"]).unwrap();
    assert_eq!(names(group.required()), ["instrument", "subfilter", "visit"]);
    let group = universe.group(["band", "patch"]).unwrap();
    assert_eq!(names(group.required()), ["band", "skymap", "tract", "patch"]);
}

#[test]
fn groups_are_interned() {
    let universe = Universe::default_v8();
    let a = universe.group(["visit"]).unwrap();
    let b = universe.group(["instrument", "visit"]).unwrap();
    assert!(Arc::ptr_eq(&a.0, &b.0));
}

#[test]
fn a_slip_in_a_name_is_answered_with_the_name_meant() {
    let error = Universe::default_v8().group(["detectr"]).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `detector`?"));
}

#[test]
fn table_columns_are_in_the_order_of_the_format() {
    let universe = Universe::default_v8();
    let visit = universe.element("visit").unwrap();
    let columns: Vec<&str> = visit.table_columns().iter().map(|c| &*c.name).collect();
    assert_eq!(
        columns,
        [
            "instrument",
            "id",
            "day_obs",
            "physical_filter",
            "name",
            "seq_num",
            "exposure_time",
            "target_name",
            "observation_reason",
            "science_program",
            "azimuth",
            "zenith_angle",
            "region",
            "timespan"
        ]
    );
    assert!(!universe.element("band").unwrap().has_table());
    let htm7 = universe.element("htm7").unwrap();
    let columns: Vec<&str> = htm7.table_columns().iter().map(|c| &*c.name).collect();
    assert_eq!(columns, ["id", "region"]);
}

/// A document whose only fault is in its elements or, where given, its topology.
fn document(elements: &str, topology: &str) -> String {
    format!(
        r#"{{"version": 1, "skypix": {{"common": "htm7", "htm": {{"max_level": 7}}}}, "elements": {{{elements}}}, "topology": {{{topology}}}}}"#
    )
}

#[test]
fn damaged_documents_are_errors_that_say_where() {
    let key = r#""keys": [{"name": "id", "type": "int"}]"#;
    let long = format!(r#""{}": {{{key}}}"#, "a".repeat(3));
    assert!(Universe::from_json(&document(&long, "")).is_ok());
    for (elements, topology, expected) in [
        (format!(r#""a": {{{key}, "requires": ["a"]}}"#), "", "elements: a"),
        (format!(r#""a": {{{key}, "requires": ["b"]}}"#), "", "elements: a"),
        (r#""a": {"keys": [{"name": "id", "type": "odd"}]}"#.into(), "", "type: odd"),
        (format!(r#""a\"; drop": {{{key}}}"#), "", "not a name"),
        (r#""a": {"keys": [{"name": "a b", "type": "int"}]}"#.into(), "", "name: a b"),
        (
            format!(r#""a": {{{key}, "metadata": [{{"name": "id", "type": "int"}}]}}"#),
            "",
            "element: a, column: id",
        ),
        (format!(r#""j": {{}}, "a": {{{key}, "requires": ["j"]}}"#), "", "name: j"),
        (String::new(), r#""spatial": {"f": ["b"]}"#, "family: f, member: b"),
    ] {
        let error = Universe::from_json(&document(&elements, topology)).unwrap_err();
        assert_eq!(error.kind(), salver_core::ErrorKind::Corrupt);
        assert!(error.to_string().contains(expected), "{error} should say {expected}");
    }
    for text in [
        "",
        "{",
        "[]",
        r#"{"version": "x", "skypix": {}, "elements": {}}"#,
        r#"{"version": 1, "skypix": {"htm": {"max_level": 4000000000}}, "elements": {}}"#,
        r#"{"version": 1, "skypix": {"common": "htm9", "htm": {"max_level": 7}}, "elements": {}}"#,
    ] {
        assert!(Universe::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn the_newer_keys_mean_what_the_class_names_meant() {
    let name = r#""keys": [{"name": "name", "type": "string"}]"#;
    let text = document(
        &format!(
            r#""instrument": {{{name}, "governor": true}},
            "band": {{{name}, "implied_union_target": "physical_filter", "is_cached": true}},
            "physical_filter": {{{name}, "requires": ["instrument"], "implies": ["band"]}}"#
        ),
        "",
    );
    let universe = Universe::from_json(&text).unwrap();
    assert_eq!((universe.namespace(), universe.version()), ("daf_butler", 1));
    let band = universe.element("band").unwrap();
    assert!(!band.has_table() && band.is_cached());
    let filter = universe.element("physical_filter").unwrap();
    assert!(filter.defines_relationships());
    assert_eq!(filter.governor(), Some("instrument"));
}

#[test]
fn families_are_listed_and_a_group_knows_its_preferred_members() {
    let universe = Universe::default_v8();
    let named: Vec<&str> = universe.spatial_families().iter().map(|f| &*f.name).collect();
    assert_eq!(named, ["observation_regions", "skymap_regions", "healpix", "htm"]);
    let temporal = universe.temporal_families();
    assert_eq!(names(&temporal[0].members), ["exposure", "visit", "day_obs"]);
    let preferred = |from: &[&str]| {
        let group = universe.group(from).unwrap();
        let name = |e: &Arc<crate::Element>| e.name().to_string();
        let spatial: Vec<_> = group.spatial().iter().map(name).collect();
        let temporal: Vec<_> = group.temporal().iter().map(name).collect();
        (spatial.join(" "), temporal.join(" "))
    };
    assert_eq!(
        preferred(&["visit", "detector", "patch"]),
        ("patch visit_detector_region".into(), "visit".into())
    );
    assert_eq!(
        preferred(&["visit", "exposure", "tract"]),
        ("tract visit".into(), "exposure".into())
    );
    assert_eq!(
        preferred(&["day_obs", "htm7", "htm9"]),
        ("htm9".into(), "day_obs".into())
    );
    let systems = universe.skypix_systems();
    assert_eq!(
        systems.iter().map(|(s, l)| (*s, l.len())).collect::<Vec<_>>(),
        [("healpix", 17), ("htm", 24)]
    );
}

#[test]
fn unions_and_intersections_are_groups() {
    let universe = Universe::default_v8();
    let group = |names: &[&str]| universe.group(names).unwrap();
    let (a, b) = (group(&["visit"]), group(&["exposure", "detector"]));
    assert_eq!(universe.union(&a, &b), group(&["visit", "exposure", "detector"]));
    assert_eq!(universe.intersection(&a, &b), group(&["physical_filter", "day_obs"]));
    assert!(universe.empty_group().is_empty());
}
