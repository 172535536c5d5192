use std::sync::Arc;

use salver_core::Result;

use super::{DataId, Records};
use crate::{DataValue, Record, Universe};

fn made(pairs: &[(&str, DataValue)]) -> Result<DataId> {
    let universe = Universe::default_v8();
    let group = universe.group(["visit", "detector"])?;
    DataId::standardise(&universe, &group, pairs.iter().cloned(), None)
}

#[test]
fn a_missing_key_is_named_with_what_was_given() {
    let error = made(&[("instrument", "CamA".into()), ("visit", 1.into())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data_id: a required dimension has no value (missing: detector, given: instrument, visit)"
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    let error = made(&[("vist", 1.into())]).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `visit`?"));
}

#[test]
fn a_mistyped_value_says_what_was_expected() {
    let error = made(&[("visit", "first".into())]).unwrap_err();
    assert!(
        error.to_string().contains("value: 'first', expected: an integer"),
        "{error}"
    );
    let error = made(&[("instrument", 5.into())]).unwrap_err();
    assert!(error.to_string().contains("expected: a string"), "{error}");
}

#[test]
fn two_values_for_one_dimension_are_refused() {
    let error = made(&[("visit", 1.into()), ("visit", 2.into())]).unwrap_err();
    assert_eq!(error.code(), "inconsistent_data_id");
}

#[test]
fn defaults_fill_what_is_open_and_json_goes_both_ways() {
    let universe = Universe::default_v8();
    let defaults = universe.group(["instrument"]).unwrap();
    let defaults = DataId::new(defaults, vec!["CamA".into()]).unwrap();
    let group = universe.group(["detector", "exposure"]).unwrap();
    let pairs = [("detector", 3.into()), ("exposure", "7".into()), ("tract", 9.into())];
    let id = DataId::standardise(&universe, &group, pairs, Some(&defaults)).unwrap();
    let json = id.to_json();
    assert_eq!(
        json.to_string(),
        r#"{"dataId":{"instrument":"CamA","detector":3,"exposure":7}}"#
    );
    assert_eq!(DataId::from_json(&json, &universe, &group).unwrap(), id);
    let small = id.subset(&universe.group(["detector"]).unwrap()).unwrap();
    assert_eq!(small.to_string(), "{instrument: 'CamA', detector: 3}");
}

#[test]
fn records_tell_the_implied_values_and_may_not_contradict() {
    let universe = Universe::default_v8();
    let group = universe.group(["physical_filter"]).unwrap();
    let filter = universe.element("physical_filter").unwrap();
    let pairs =
        [("instrument", "CamA".into()), ("name", "A_g".into()), ("band", "g".into())];
    let record = Arc::new(Record::from_pairs(filter, pairs).unwrap());
    let records = Records::from_iter([(Arc::clone(filter.name()), Some(record))]);
    let id = DataId::new(group.clone(), vec!["CamA".into(), "A_g".into()]).unwrap();
    let full = id.with_records(records.clone()).unwrap();
    assert_eq!(full.get("band"), Some(&"g".into()));
    let other =
        DataId::new(group, vec!["CamA".into(), "A_g".into(), "r".into()]).unwrap();
    assert_eq!(other.with_records(records).unwrap_err().code(), "inconsistent_data_id");
}
