//! From elements with their direct relations to elements in universe order, closed and with
//! their table columns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salver_core::Result;

use super::parse::wrong;
use crate::{Column, ColumnType, Element};

/// Universe order: by generation, then by name; levels of a pixelisation by number.
///
/// A generation is what requires and implies only members of earlier ones.
pub(super) fn order(elements: &BTreeMap<String, Element>) -> Result<Vec<String>> {
    let mut left: BTreeSet<&str> = elements.keys().map(String::as_str).collect();
    let mut out = Vec::new();
    while !left.is_empty() {
        let ready = |name: &&&str| {
            elements.get(**name).is_some_and(|e| {
                let mut needed = e.required.iter().chain(&e.implied);
                needed.all(|n| elements.contains_key(&**n) && !left.contains(&**n))
            })
        };
        let mut generation: Vec<&str> = left.iter().filter(ready).copied().collect();
        if generation.is_empty() {
            let list: Vec<&str> = left.iter().copied().collect();
            let error = wrong("elements that require each other or something unknown");
            return Err(error.with("elements", list.join(", ")));
        }
        generation.sort_by_key(|name| {
            match elements.get(*name).and_then(Element::skypix) {
                Some((system, level)) => (system, level),
                None => (*name, 0),
            }
        });
        for name in generation {
            left.remove(name);
            out.push(name.to_owned());
        }
    }
    Ok(out)
}

/// Closes requirements, orders them and lays out the table columns.
pub(super) fn finish(
    mut elements: BTreeMap<String, Element>,
    order: &[String],
) -> Result<Vec<Arc<Element>>> {
    let positions: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let at = |name: &str| positions.get(name).copied().unwrap_or(usize::MAX);
    let mut done: BTreeMap<String, Arc<Element>> = BTreeMap::new();
    let mut out = Vec::new();
    for name in order {
        let Some(mut element) = elements.remove(name) else { continue };
        let mut required: BTreeSet<Arc<str>> = BTreeSet::new();
        for direct in &element.required {
            required.insert(Arc::clone(direct));
            required
                .extend(done.get(&**direct).into_iter().flat_map(|e| e.required.clone()));
        }
        let mut required: Vec<Arc<str>> = required.into_iter().collect();
        required.sort_by_key(|n| at(n));
        let own_governor = element.is_governor().then(|| Arc::clone(&element.name));
        let is_governor =
            |n: &&Arc<str>| done.get(&***n).is_some_and(|e| e.is_governor());
        element.governor =
            own_governor.or_else(|| required.iter().find(is_governor).cloned());
        if element.is_dimension() {
            required.push(Arc::clone(&element.name));
        }
        element.required = required;
        element.implied.sort_by_key(|n| at(n));
        element.implied.dedup();
        element.position = at(name);
        element.columns = columns(&element, &done)?;
        let element = Arc::new(element);
        done.insert(name.clone(), Arc::clone(&element));
        out.push(element);
    }
    Ok(out)
}

fn columns(
    element: &Element,
    done: &BTreeMap<String, Arc<Element>>,
) -> Result<Vec<Column>> {
    let mut out = Vec::new();
    for name in element.required.iter().chain(&element.implied) {
        if *name == element.name {
            out.extend(element.key.clone());
            continue;
        }
        let key = done.get(&**name).and_then(|e| e.key()).ok_or_else(|| {
            wrong("an element refers to what is no dimension")
                .with("element", &element.name)
                .with("name", name)
        })?;
        out.push(Column { name: Arc::clone(name), ..key.clone() });
    }
    out.extend(element.alternate_keys.iter().cloned());
    out.extend(element.metadata.iter().cloned());
    let extra = |name: &str, kind| Column {
        name: Arc::from(name),
        kind,
        nullable: true,
        dimension: None,
    };
    out.extend(element.spatial.is_some().then(|| extra("region", ColumnType::Region)));
    out.extend(
        element.temporal.is_some().then(|| extra("timespan", ColumnType::Timespan)),
    );
    let mut names = BTreeSet::new();
    match out.iter().find(|c| !names.insert(Arc::clone(&c.name))) {
        None => Ok(out),
        Some(twice) => Err(wrong("two columns have one name")
            .with("element", &element.name)
            .with("column", &twice.name)),
    }
}
