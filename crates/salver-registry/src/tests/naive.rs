//! Generated sequences of changes against a naive model in memory.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use salver_model::CollectionType::{self, Calibration, Chained, Run, Tagged};
use salver_model::{DatasetRef, Timespan};
use uuid::Uuid;

use super::make::Repo;
use crate::{DatasetQuery, IfPresent};

/// A change; collections and datasets by number.
#[derive(Debug, Clone)]
enum Change {
    Register(u8, u8),
    SetChain(u8, Vec<u8>),
    Extend(u8, Vec<u8>),
    Insert(u8, u8),
    Associate(u8, u8),
    Disassociate(u8, u8),
    Certify(u8, u8, u8, u8),
    Decertify(u8, u8, u8, Option<u8>),
    Delete(u8),
    Remove(u8),
    /// Changes in a transaction that is rolled back.
    Undone(Vec<Change>),
}

const NAMES: [&str; 6] = ["n0", "n1", "n2", "n3", "n4", "n5"];
const KINDS: [CollectionType; 4] = [Run, Tagged, Chained, Calibration];
const DETECTORS: u8 = 3;

fn change() -> impl Strategy<Value = Change> {
    let name = || 0..6_u8;
    let names = || prop::collection::vec(0..6_u8, 0..4);
    let time = || 0..12_u8;
    let one = prop_oneof![
        3 => (name(), 0..4_u8).prop_map(|(n, k)| Change::Register(n, k)),
        2 => (name(), names()).prop_map(|(n, c)| Change::SetChain(n, c)),
        1 => (name(), names()).prop_map(|(n, c)| Change::Extend(n, c)),
        5 => (name(), 0..DETECTORS).prop_map(|(n, d)| Change::Insert(n, d)),
        3 => (name(), any::<u8>()).prop_map(|(n, d)| Change::Associate(n, d)),
        1 => (name(), any::<u8>()).prop_map(|(n, d)| Change::Disassociate(n, d)),
        3 => (name(), any::<u8>(), time(), time()).prop_map(|(n, d, b, e)| Change::Certify(n, d, b, e)),
        2 => (name(), time(), time(), prop::option::of(0..DETECTORS))
            .prop_map(|(n, b, e, d)| Change::Decertify(n, b, e, d)),
        1 => any::<u8>().prop_map(Change::Delete),
        1 => name().prop_map(Change::Remove),
    ];
    one.prop_recursive(1, 8, 4, |inner| {
        prop::collection::vec(inner, 1..4).prop_map(Change::Undone)
    })
}

/// What the registry should hold.
#[derive(Debug, Clone, Default)]
struct Model {
    collections: BTreeMap<u8, CollectionType>,
    chains: BTreeMap<u8, Vec<u8>>,
    datasets: Vec<DatasetRef>,
    members: BTreeSet<(u8, Uuid)>,
    ranges: Vec<(u8, Uuid, Timespan)>,
}

fn span(begin: u8, end: u8) -> Timespan {
    Timespan::new(Some(i64::from(begin) * 10), Some(i64::from(end) * 10))
}

fn name(n: u8) -> &'static str {
    NAMES[usize::from(n)]
}

impl Model {
    fn is(&self, n: u8, kind: CollectionType) -> bool {
        self.collections.get(&n) == Some(&kind)
    }

    fn flatten(&self, names: &[u8]) -> Vec<u8> {
        let (mut flat, mut seen) = (Vec::new(), BTreeSet::new());
        for n in names {
            self.visit(*n, &mut seen, &mut flat);
        }
        flat
    }

    fn visit(&self, n: u8, seen: &mut BTreeSet<u8>, flat: &mut Vec<u8>) {
        if !seen.insert(n) {
            return;
        }
        let Some(children) = self.chains.get(&n) else { return flat.push(n) };
        for child in children {
            self.visit(*child, seen, flat);
        }
    }

    fn reaches(&self, from: u8, to: u8) -> bool {
        from == to
            || self
                .chains
                .get(&from)
                .is_some_and(|c| c.iter().any(|c| self.reaches(*c, to)))
    }

    fn dataset(&self, n: u8) -> Option<&DatasetRef> {
        self.datasets.get(usize::from(n) % self.datasets.len().max(1))
    }

    fn of(&self, id: Uuid) -> &DatasetRef {
        self.datasets.iter().find(|r| r.id == id).unwrap()
    }

    fn same_data(&self, a: Uuid, b: &DatasetRef) -> bool {
        self.of(a).data_id == b.data_id
    }

    fn occupied(&self, n: u8, r: &DatasetRef) -> bool {
        self.members
            .iter()
            .any(|(c, id)| *c == n && *id != r.id && self.same_data(*id, r))
    }

    fn delete(&mut self, gone: &BTreeSet<Uuid>) {
        self.members.retain(|(_, id)| !gone.contains(id));
        self.ranges.retain(|(_, id, _)| !gone.contains(id));
        self.datasets.retain(|r| !gone.contains(&r.id));
    }

    /// The first hit, or an error where several ranges match.
    fn find(
        &self,
        names: &[u8],
        r: &DatasetRef,
        at: Option<Timespan>,
    ) -> Result<Option<Uuid>, ()> {
        for n in self.flatten(names) {
            let hits: BTreeSet<Uuid> = if self.is(n, Calibration) {
                let valid = |t: &Timespan| at.is_some_and(|at| t.overlaps(at));
                let ranges = self.ranges.iter().filter(|(c, _, t)| *c == n && valid(t));
                ranges.map(|(_, id, _)| *id).filter(|id| self.same_data(*id, r)).collect()
            } else {
                let members = self.members.iter().filter(|(c, _)| *c == n);
                members.map(|(_, id)| *id).filter(|id| self.same_data(*id, r)).collect()
            };
            match hits.len() {
                0 => {}
                1 => return Ok(hits.first().copied()),
                _ => return Err(()),
            }
        }
        Ok(None)
    }
}

/// Applies a change to both; they must agree on whether it is allowed.
fn apply(repo: &Repo, model: &mut Model, change: &Change) {
    let registry = &repo.registry;
    let (found, allowed) = match change {
        Change::Register(n, k) => {
            let kind = KINDS[usize::from(*k)];
            let allowed = model.collections.get(n).is_none_or(|known| *known == kind);
            if allowed && model.collections.insert(*n, kind).is_none() && kind == Chained
            {
                model.chains.insert(*n, Vec::new());
            }
            (registry.register_collection(name(*n), kind, None).map(|_| ()), allowed)
        }
        Change::SetChain(n, children) => {
            let names: Vec<&str> = children.iter().map(|c| name(*c)).collect();
            let allowed = chain_allowed(model, *n, children);
            if allowed {
                model.chains.insert(*n, distinct(children));
            }
            (registry.set_chain(name(*n), &names), allowed)
        }
        Change::Extend(n, children) => {
            let names: Vec<&str> = children.iter().map(|c| name(*c)).collect();
            let allowed = chain_allowed(model, *n, children);
            if let Some(chain) = model.chains.get_mut(n).filter(|_| allowed) {
                chain.retain(|c| !children.contains(c));
                chain.extend(distinct(children));
            }
            (registry.extend_chain(name(*n), &names), allowed)
        }
        Change::Undone(changes) => {
            let transaction = registry.transaction().unwrap();
            let mut inside = model.clone();
            for change in changes {
                apply(repo, &mut inside, change);
            }
            transaction.rollback().unwrap();
            return;
        }
        other => apply_to_datasets(repo, model, other),
    };
    assert_eq!(found.is_ok(), allowed, "{change:?} gave {found:?} in {model:?}");
}

fn distinct(children: &[u8]) -> Vec<u8> {
    let mut seen = BTreeSet::new();
    children.iter().copied().filter(|c| seen.insert(*c)).collect()
}

fn chain_allowed(model: &Model, n: u8, children: &[u8]) -> bool {
    let known = |c: &u8| model.collections.contains_key(c) && !model.reaches(*c, n);
    model.is(n, Chained) && children.iter().all(known)
}

fn apply_to_datasets(
    repo: &Repo,
    model: &mut Model,
    change: &Change,
) -> (salver_core::Result<()>, bool) {
    let registry = &repo.registry;
    let from_ref = std::slice::from_ref::<DatasetRef>;
    match change {
        Change::Insert(n, detector) => {
            let pairs =
                [("instrument", "A".into()), ("detector", i64::from(*detector).into())];
            let r = repo.dataset("bias", name(*n), &pairs);
            let allowed = model.is(*n, Run) && !model.occupied(*n, &r);
            let found = registry.insert_datasets(from_ref(&r), IfPresent::Fail);
            if allowed {
                model.members.insert((*n, r.id));
                model.datasets.push(r);
            }
            (found, allowed)
        }
        Change::Associate(n, d) => {
            let Some(r) = model.dataset(*d).cloned() else { return (Ok(()), true) };
            let allowed = model.is(*n, Tagged) && !model.occupied(*n, &r);
            if allowed {
                model.members.insert((*n, r.id));
            }
            (registry.associate(name(*n), from_ref(&r)), allowed)
        }
        Change::Disassociate(n, d) => {
            let Some(r) = model.dataset(*d).cloned() else { return (Ok(()), true) };
            let allowed = model.is(*n, Tagged);
            if allowed {
                model.members.remove(&(*n, r.id));
            }
            (registry.disassociate(name(*n), from_ref(&r)), allowed)
        }
        Change::Delete(d) => {
            let Some(id) = model.dataset(*d).map(|r| r.id) else { return (Ok(()), true) };
            model.delete(&BTreeSet::from([id]));
            (registry.delete_datasets(&[id]).map(|_| ()), true)
        }
        Change::Remove(n) => {
            let held = model.chains.values().any(|c| c.contains(n));
            let allowed = model.collections.contains_key(n) && !held;
            if allowed {
                let born = model.datasets.iter().filter(|r| &*r.run == name(*n));
                let gone = born.map(|r| r.id).collect();
                model.delete(&gone);
                model.collections.remove(n);
                model.chains.remove(n);
                model.members.retain(|(c, _)| c != n);
                model.ranges.retain(|(c, _, _)| c != n);
            }
            (registry.remove_collection(name(*n)), allowed)
        }
        other => apply_to_ranges(repo, model, other),
    }
}

fn apply_to_ranges(
    repo: &Repo,
    model: &mut Model,
    change: &Change,
) -> (salver_core::Result<()>, bool) {
    match change {
        Change::Certify(n, d, begin, end) => {
            let Some(r) = model.dataset(*d).cloned() else { return (Ok(()), true) };
            let t = span(*begin, *end);
            let free = model.ranges.iter().all(|(c, id, held)| {
                c != n || !held.overlaps(t) || !model.same_data(*id, &r)
            });
            let allowed = model.is(*n, Calibration) && free;
            if allowed {
                model.ranges.push((*n, r.id, t));
            }
            (repo.registry.certify(name(*n), std::slice::from_ref(&r), t), allowed)
        }
        Change::Decertify(n, begin, end, detector) => {
            let t = span(*begin, *end);
            let data_id = detector.map(|d| {
                let pairs =
                    [("instrument", "A".into()), ("detector", i64::from(d).into())];
                repo.data_id("bias", &pairs)
            });
            let allowed = model.is(*n, Calibration);
            if allowed {
                let meant = |c: u8, id: Uuid| {
                    c == *n && data_id.as_ref().is_none_or(|d| model.of(id).data_id == *d)
                };
                let cut = |&(c, id, held): &(u8, Uuid, Timespan)| {
                    let rest = if meant(c, id) && held.overlaps(t) {
                        held.difference(t)
                    } else {
                        vec![held]
                    };
                    rest.into_iter().map(|held| (c, id, held)).collect::<Vec<_>>()
                };
                model.ranges = model.ranges.iter().flat_map(cut).collect();
            }
            let data_ids = data_id.as_ref().map(std::slice::from_ref);
            (repo.registry.decertify(name(*n), "bias", t, data_ids), allowed)
        }
        _ => (Ok(()), true),
    }
}

/// Compares every lookup and listing.
fn compare(repo: &Repo, model: &Model) {
    let present: Vec<u8> = model.collections.keys().copied().collect();
    let mut searches: Vec<Vec<u8>> = present.iter().map(|n| vec![*n]).collect();
    searches.push(present.clone());
    searches.push(present.iter().rev().copied().collect());
    for detector in 0..DETECTORS {
        let pairs =
            [("instrument", "A".into()), ("detector", i64::from(detector).into())];
        let probe = repo.dataset("bias", "r1", &pairs);
        for search in &searches {
            let names: Vec<&str> = search.iter().map(|n| name(*n)).collect();
            for at in
                [None, Some(span(3, 4)), Some(span(2, 9)), Some(Timespan::UNBOUNDED)]
            {
                let (t, d) = (&probe.dataset_type, &probe.data_id);
                let found = repo.registry.find_dataset(t, d, &names, at);
                let found = found.map(|r| r.map(|r| r.id)).map_err(|e| {
                    assert_eq!(e.code(), "calibration_lookup");
                });
                assert_eq!(
                    found,
                    model.find(search, &probe, at),
                    "{search:?} {at:?} {model:?}"
                );
            }
        }
    }
    let listed = repo.registry.associations(&DatasetQuery::default()).unwrap();
    let mut listed: Vec<_> = listed
        .into_iter()
        .map(|a| (a.collection.to_string(), a.dataset.id, a.timespan))
        .collect();
    let members = model.members.iter().map(|(c, id)| (name(*c).to_owned(), *id, None));
    let ranges =
        model.ranges.iter().map(|(c, id, t)| (name(*c).to_owned(), *id, Some(*t)));
    let mut expected: Vec<_> = members.chain(ranges).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn uc_061_find_first_equals_a_naive_evaluator() {
    let repo = Repo::filled();
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
    let changes = prop::collection::vec(change(), 1..40);
    runner
        .run(&changes, |changes| {
            // nothing is committed: every case begins with the same repository
            let case = repo.registry.transaction().unwrap();
            let mut model = Model::default();
            for change in &changes {
                apply(&repo, &mut model, change);
            }
            compare(&repo, &model);
            case.rollback().unwrap();
            Ok(())
        })
        .unwrap();
}
