//! Rules of groups and data IDs, for any choice of dimensions, against the rules said naively.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::subsequence;
use salver_model::{ColumnType, DataId, DataValue, DimensionGroup, Universe};
use serde_json::Value as Json;

/// What a document says of each dimension, read without the model: direct requirements and
/// implications.
type Direct = BTreeMap<String, (Vec<String>, Vec<String>)>;

fn direct(text: &str) -> Direct {
    let document: Json = serde_json::from_str(text).unwrap();
    let list = |spec: &Json, key: &str| -> Vec<String> {
        let names = spec.get(key).and_then(Json::as_array).into_iter().flatten();
        names.map(|n| n.as_str().unwrap().to_owned()).collect()
    };
    let elements = document["elements"].as_object().unwrap().iter();
    let dimensions = elements.filter(|(_, spec)| spec.get("keys").is_some());
    dimensions
        .map(|(n, s)| (n.clone(), (list(s, "requires"), list(s, "implies"))))
        .collect()
}

static UNIVERSES: LazyLock<Vec<(Universe, Direct)>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../../../testdata/model/universes/v0.json"),
        include_str!("../../../../testdata/model/universes/v5.json"),
        include_str!("../../../../testdata/model/universes/v8.json"),
    ];
    texts.map(|t| (Universe::from_json(t).unwrap(), direct(t))).into()
});

/// A universe and some of its dimensions.
fn chosen() -> impl Strategy<Value = (&'static (Universe, Direct), Vec<String>)> {
    (0..UNIVERSES.len()).prop_flat_map(|at| {
        let universe = &UNIVERSES[at];
        let names: Vec<String> = universe.1.keys().cloned().collect();
        let n = names.len();
        (Just(universe), subsequence(names, 0..=n.min(6)))
    })
}

/// All that a set of dimensions requires and implies, by going on until nothing is new.
fn closure(direct: &Direct, from: &[String]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = from.iter().cloned().collect();
    loop {
        let of =
            |n: &String| direct.get(n).into_iter().flat_map(|(r, i)| r.iter().chain(i));
        let more: BTreeSet<String> = all.iter().flat_map(of).cloned().collect();
        let before = all.len();
        all.extend(more);
        if all.len() == before {
            return all;
        }
    }
}

fn values_of(group: &DimensionGroup, seed: i64) -> Vec<DataValue> {
    let value = |(i, element): (usize, &std::sync::Arc<salver_model::Element>)| {
        let n = seed.wrapping_mul(31).wrapping_add(i64::try_from(i).unwrap());
        match element.key().unwrap().kind {
            ColumnType::Int => DataValue::Int(n),
            _ => DataValue::from(format!("v'{n}\\é")),
        }
    };
    group.key_elements().iter().enumerate().map(value).collect()
}

proptest! {
    #[test]
    fn a_group_is_the_closure_and_knows_what_is_implied((universe, names) in chosen()) {
        let (universe, direct) = universe;
        let group = universe.group(&names).unwrap();
        let expected = closure(direct, &names);
        let ours: BTreeSet<String> = group.names().iter().map(ToString::to_string).collect();
        prop_assert_eq!(&ours, &expected);
        let is_implied = |n: &String| expected.iter().any(|m| direct[m].1.contains(n));
        let implied: BTreeSet<String> = expected.iter().filter(|n| is_implied(n)).cloned().collect();
        let ours: BTreeSet<String> = group.implied().iter().map(ToString::to_string).collect();
        prop_assert_eq!(&ours, &implied);
        prop_assert_eq!(group.required().len() + implied.len(), expected.len());
        for list in [group.names(), group.required(), group.implied()] {
            let order: Vec<usize> =
                list.iter().map(|n| universe.element(n).unwrap().position()).collect();
            prop_assert!(order.is_sorted());
        }
    }

    #[test]
    fn a_group_follows_from_its_required_dimensions((universe, names) in chosen()) {
        let universe = &universe.0;
        let group = universe.group(&names).unwrap();
        prop_assert_eq!(&universe.group(group.required()).unwrap(), &group);
        prop_assert_eq!(&universe.group(group.names()).unwrap(), &group);
        for name in &names {
            prop_assert!(universe.group([name]).unwrap().is_subset_of(&group));
        }
        let (a, b) = names.split_at(names.len() / 2);
        let (a, b) = (universe.group(a).unwrap(), universe.group(b).unwrap());
        prop_assert_eq!(&universe.union(&a, &b), &group);
        let both = universe.intersection(&a, &b);
        for name in group.names() {
            prop_assert_eq!(both.contains(name), a.contains(name) && b.contains(name));
        }
    }

    #[test]
    fn data_ids_go_both_ways((universe, names) in chosen(), seed in any::<i64>(), full in any::<bool>()) {
        let universe = &universe.0;
        let group = universe.group(&names).unwrap();
        let mut values = values_of(&group, seed);
        if !full {
            values.truncate(group.required().len());
        }
        let id = DataId::new(group.clone(), values).unwrap();
        let text = id.to_json().to_string();
        let json: Json = serde_json::from_str(&text).unwrap();
        let again = DataId::from_json(&json, universe, &group).unwrap();
        prop_assert_eq!(&again, &id);
        prop_assert_eq!(again.values(), id.values());
        prop_assert_eq!(again.to_json().to_string(), text);
        prop_assert_eq!(again.to_string(), id.to_string());
    }

    #[test]
    fn order_and_spelling_of_pairs_do_not_matter(
        (universe, names) in chosen(),
        seed in any::<i64>(),
        turn in any::<prop::sample::Index>(),
    ) {
        let universe = &universe.0;
        let group = universe.group(&names).unwrap();
        let id = DataId::new(group.clone(), values_of(&group, seed)).unwrap();
        let mut pairs: Vec<(String, DataValue)> =
            id.iter().map(|(n, v)| (n.to_string(), DataValue::from(v.plain()))).collect();
        if !pairs.is_empty() {
            let by = turn.index(pairs.len());
            pairs.rotate_left(by);
        }
        let again = DataId::standardise(universe, &group, pairs.clone(), None).unwrap();
        prop_assert_eq!(again.values(), id.values());
        prop_assert_eq!(DataId::infer(universe, pairs.clone(), None).unwrap(), id.clone());
        // without one required value there is none, unless a default has it
        let Some(gone) = group.required().first() else { return Ok(()) };
        pairs.retain(|(n, _)| **n != **gone);
        prop_assert!(DataId::standardise(universe, &group, pairs.clone(), None).is_err());
        let again = DataId::standardise(universe, &group, pairs, Some(&id)).unwrap();
        prop_assert_eq!(again.values(), id.values());
    }

    #[test]
    fn parts_of_a_data_id_have_its_values((universe, names) in chosen(), seed in any::<i64>()) {
        let universe = &universe.0;
        let group = universe.group(&names).unwrap();
        let id = DataId::new(group.clone(), values_of(&group, seed)).unwrap();
        let (a, b) = names.split_at(names.len() / 2);
        let (a, b) = (universe.group(a).unwrap(), universe.group(b).unwrap());
        let (a, b) = (id.subset(&a).unwrap(), id.subset(&b).unwrap());
        for (name, value) in a.iter().chain(b.iter()) {
            prop_assert_eq!(id.get(name), Some(value));
        }
        let whole = a.union(&b, universe).unwrap();
        prop_assert_eq!(whole.values(), id.values());
    }
}
