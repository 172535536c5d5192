use std::collections::BTreeSet;

use salver_model::Universe;

use super::fixed::IngestDate;
use super::{elements, fixed, group, render};
use crate::schema::{GroupPlan, Plans, RecordTable};

const SCHEMA: &str = include_str!("../../../../testdata/gen3/schema-sqlite.sql");

fn normal(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stored() -> BTreeSet<String> {
    let lines: Vec<&str> =
        SCHEMA.lines().filter(|line| !line.starts_with("--")).collect();
    let text = lines.join(
        "
",
    );
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

#[test]
fn tables_of_groups_are_gen3s_letter_for_letter() {
    let universe = universe();
    let plans = Plans::new(&universe);
    let groups: [(i64, &[&str], bool); 6] = [
        (0, &[], false),
        (1, &["detector", "exposure"], false),
        (5, &["detector"], true),
        (8, &["band", "patch"], false),
        (10, &["band", "healpix5"], false),
        (12, &["patch", "visit"], false),
    ];
    let theirs = stored();
    for (key, names, calibration) in groups {
        let group = universe.group(names).unwrap();
        let plan = GroupPlan::new(key, &group, &records());
        let mut tables = vec![group::tags(&plans, key, &plan.columns)];
        if calibration {
            tables.push(group::calibs(&plans, key, &plan.columns));
        }
        for statement in tables.iter().flat_map(render::create) {
            assert!(theirs.contains(&normal(&statement)), "{statement}");
        }
        let n = theirs
            .iter()
            .filter(|s| s.contains(&format!(" dataset_tags_{key:08} (")))
            .count();
        assert_eq!(n, render::create(&tables[0]).len());
    }
}

fn records() -> RecordTable {
    RecordTable { datastore: "d".to_owned(), table: "file_datastore_records".to_owned() }
}
