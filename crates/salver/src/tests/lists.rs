//! Datasets by place and time.

use salver_model::Timespan;
use salver_model::time::{Scale, parse_iso};
use salver_sphere::Region;
use salver_tree::{Map, Tree};

use super::fixture::{Repo, data_id, new_repo};
use crate::DatasetQuery;

fn filled() -> Repo {
    let repo = new_repo();
    for (detector, exposure) in [("1", "11"), ("2", "11"), ("1", "12"), ("2", "12")] {
        let pairs =
            [("instrument", "Cam"), ("detector", detector), ("exposure", exposure)];
        repo.butler.put(&Tree::Map(Map::new()), "stats", &data_id(&pairs), None).unwrap();
    }
    repo
}

/// Detector and exposure of each dataset.
fn found(repo: &Repo, query: DatasetQuery) -> Vec<(i64, i64)> {
    let query = DatasetQuery { types: vec!["stats".into()], ..query };
    let datasets = repo.butler.query_datasets(&query).unwrap();
    let value =
        |d: &salver_model::DatasetRef, k| d.data_id.get(k).unwrap().as_int().unwrap();
    datasets.iter().map(|d| (value(d, "detector"), value(d, "exposure"))).collect()
}

#[test]
fn uc_images_are_found_by_position_and_date() {
    let repo = filled();
    let at = |text: &str| Some(Region::from_ivoa_pos(text).unwrap());
    let query = |region| DatasetQuery { region, ..DatasetQuery::default() };
    // only detector 1 of exposure 11 covers the lower triangle
    assert_eq!(found(&repo, query(at("CIRCLE 10.9 0.1 0.01"))), [(1, 11)]);
    assert_eq!(found(&repo, query(at("CIRCLE 10.1 0.9 0.01"))), [(2, 11)]);
    // detector 2 of exposure 12 has no region: it overlaps nothing
    assert_eq!(found(&repo, query(at("CIRCLE 20.5 0.5 2"))), [(1, 12)]);
    assert_eq!(found(&repo, query(at("CIRCLE 200 50 1"))), []);

    let instant = |text| Some(parse_iso(text, Scale::Utc).unwrap());
    let timespan = Some(Timespan::new(instant("2024-03-01T20:30:00"), None));
    let late = DatasetQuery { timespan, ..DatasetQuery::default() };
    assert_eq!(found(&repo, late.clone()), [(1, 12), (2, 12)]);
    let both = DatasetQuery { region: at("CIRCLE 10.9 0.1 0.01"), ..late };
    assert_eq!(found(&repo, both), []);
}

#[test]
fn a_limit_counts_what_passes() {
    let repo = filled();
    let limited = DatasetQuery { limit: Some(3), ..DatasetQuery::default() };
    assert_eq!(found(&repo, limited).len(), 3);
    let region = Some(Region::from_ivoa_pos("CIRCLE 10.5 0.5 3").unwrap());
    let limited = DatasetQuery { limit: Some(1), region, ..DatasetQuery::default() };
    assert_eq!(found(&repo, limited).len(), 1);
}

#[test]
fn listed_data_ids_are_complete() {
    let repo = filled();
    let datasets = repo.butler.query_datasets(&DatasetQuery::default()).unwrap();
    assert!(datasets.iter().all(|d| d.data_id.is_full()));
    let first = DatasetQuery { find_first: true, ..DatasetQuery::default() };
    assert_eq!(repo.butler.query_datasets(&first).unwrap().len(), 4);
    let pattern = DatasetQuery {
        find_first: true,
        collections: vec!["*".into()],
        ..DatasetQuery::default()
    };
    assert!(repo.butler.query_datasets(&pattern).is_err());
}
