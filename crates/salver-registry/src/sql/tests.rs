use std::collections::BTreeSet;

use salver_model::Universe;

use super::fixed::IngestDate;
use super::{elements, fixed, group, render};
use crate::schema::Plans;

const SCHEMA: &str = include_str!("../../../../testdata/gen3/schema-sqlite.sql");

fn normal(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stored() -> BTreeSet<String> {
    let text: String = SCHEMA
        .lines()
        .filter(|line| !line.starts_with("--"))
        .map(|l| format!("{l}\n"))
        .collect();
    text.split(';').map(normal).filter(|s| !s.is_empty()).collect()
}

fn universe() -> Universe {
    Universe::default_v8()
}

#[test]
fn fixed_and_element_tables_are_gen3s_letter_for_letter() {
    let plans = Plans::new(&universe());
    let mut tables =
        vec![fixed::butler_attributes(), fixed::file_records("file_datastore_records")];
    tables.extend(fixed::tables(IngestDate::Nanoseconds));
    tables.extend(elements::tables(&plans));
    let ours: BTreeSet<String> =
        tables.iter().flat_map(render::create).map(|s| normal(&s)).collect();
    let theirs: BTreeSet<String> = stored()
        .into_iter()
        .filter(|s| !s.contains(" dataset_tags_0") && !s.contains(" dataset_calibs_0"))
        .collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    let extra: Vec<_> = ours.difference(&theirs).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing {missing:#?}\nextra {extra:#?}"
    );
}
