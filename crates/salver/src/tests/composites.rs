//! Datasets in several artifacts, and artifacts in several datasets.

#![expect(
    clippy::disallowed_methods,
    reason = "tests change a repository's configuration"
)]

use salver_core::ErrorKind;
use salver_model::DatasetRef;
use salver_tree::{Array, BoxSelect, DType, Map, Tree};
use serde_json::{Value, json};

use super::fixture::{Repo, data_id, files_below, new_repo_with, reopen};
use crate::{Butler, GetOptions, Prune};

/// Storage classes for images in parts.
pub(super) fn classes() -> Value {
    json!({
        "Plane": {"pytype": "numpy.ndarray", "parameters": ["bbox"]},
        "Picture": {"pytype": "dict", "parameters": ["bbox"], "components": {
            "image": "Plane", "mask": "Plane", "psf": "StructuredDataDict"}},
        "Coadd": {"pytype": "dict", "inheritsFrom": "Picture"},
    })
}

pub(super) fn layout(artifacts: &[Value]) -> Value {
    let layouts = json!({"layouts": {"picture": {"artifacts": artifacts}}});
    json!({"storageClasses": classes(), "salver": layouts})
}

pub(super) fn part(names: &[&str], format: &str) -> Value {
    json!({"parts": names, "format": format})
}

/// A repository with the types `picture`, `other` and `coadd`, of detectors.
pub(super) fn repo(seed: &Value) -> Repo {
    let mut all = json!({"datastore": {"formatters": {
        "Picture": "salver.gen3.FitsFormatter"}}});
    crate::config::merge(&mut all, seed);
    let repo = new_repo_with(&all);
    let group = repo.butler.universe().group(["detector"]).unwrap();
    for (name, class) in
        [("picture", "Picture"), ("other", "Picture"), ("coadd", "Coadd")]
    {
        let made = salver_model::DatasetType::new(name, group.clone(), class).unwrap();
        repo.butler.registry().register_dataset_type(&made).unwrap();
    }
    repo
}

pub(super) fn plane(first: i32) -> Tree {
    let bytes: Vec<u8> = (first..first + 12).flat_map(i32::to_ne_bytes).collect();
    Tree::Array(Array::new(DType::I32, vec![3, 4], bytes.into()).unwrap())
}

pub(super) fn psf(width: f64) -> Tree {
    Tree::Map(Map::from_iter([("width".to_owned(), Tree::from(width))]))
}

pub(super) fn map(pairs: &[(&str, Tree)]) -> Tree {
    Tree::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<Map>())
}

pub(super) fn picture(first: i32) -> Tree {
    map(&[("image", plane(first)), ("mask", plane(first + 100)), ("psf", psf(1.5))])
}

pub(super) fn detector(n: i64) -> Vec<(String, salver_model::DataValue)> {
    let mut pairs = data_id(&[("instrument", "Cam")]);
    pairs.push(("detector".to_owned(), n.into()));
    pairs
}

pub(super) fn whole(butler: &Butler, dataset: &DatasetRef) -> Tree {
    butler.get_ref(dataset, None, &GetOptions::default()).unwrap()
}

fn component(butler: &Butler, dataset: &DatasetRef, name: &str) -> DatasetRef {
    dataset.component_ref(name, butler.storage_classes()).unwrap()
}

fn files(repo: &Repo) -> usize {
    files_below(repo.folder.path()).len()
}

#[test]
fn uc_038_one_object_under_six_layouts_reads_equal_each_time() {
    let layouts: [Vec<Value>; 6] = [
        vec![part(&["*"], "fits")],
        vec![part(&["*"], "pickle")],
        vec![part(&["image", "mask"], "fits"), part(&["psf"], "json")],
        vec![part(&["image"], "npy"), part(&["*"], "fits")],
        vec![part(&["image"], "npy"), part(&["mask"], "npy"), part(&["psf"], "yaml")],
        vec![
            json!({"parts": ["image", "mask"], "format": "fits", "compression": "rice",
                   "tile": [2, 2]}),
            part(&["*"], "json"),
        ],
    ];
    let repo = repo(&json!({"storageClasses": classes()}));
    let place = repo.folder.path().join("butler.yaml");
    let plain = std::fs::read_to_string(&place).unwrap();
    let mut stored = Vec::new();
    for (i, artifacts) in layouts.iter().enumerate() {
        let more = json!({"layouts": {"picture": {"artifacts": artifacts}}});
        std::fs::write(&place, format!("{plain}\nsalver: {more}\n")).unwrap();
        let butler = reopen(repo.folder.path());
        let run = format!("run{i}");
        let kind = salver_model::CollectionType::Run;
        butler.registry().register_collection(&run, kind, None).unwrap();
        let put = butler.put(&picture(7), "picture", &detector(1), Some(&run)).unwrap();
        let records = butler.file_records(&put).unwrap();
        assert_eq!(records.len(), if artifacts.len() == 1 { 1 } else { 3 });
        assert_eq!(whole(&butler, &put), picture(7), "{artifacts:?}");
        stored.push(put);
    }
    // the configuration is gone: what is stored reads as ever
    std::fs::write(&place, plain).unwrap();
    let butler = reopen(repo.folder.path());
    for put in &stored {
        assert_eq!(whole(&butler, put), picture(7));
        let psf_only = butler.get_ref(put, Some("psf"), &GetOptions::default()).unwrap();
        assert_eq!(psf_only, psf(1.5));
    }
}

#[test]
fn uc_037_several_parts_come_in_one_read() {
    let layout = layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]);
    let repo = repo(&layout);
    let put = repo.butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let moved = std::sync::Arc::new(salver_datastore::Moved::default());
    let options = GetOptions {
        components: Some(vec!["mask".into(), "image".into()]),
        moved: Some(std::sync::Arc::clone(&moved)),
        ..GetOptions::default()
    };
    let two = repo.butler.get_ref(&put, None, &options).unwrap();
    assert_eq!(two, map(&[("mask", plane(101)), ("image", plane(1))]));
    let fits = repo.butler.file_records(&put).unwrap()[0].file_size;
    assert_eq!(moved.total(), u64::try_from(fits).unwrap(), "opened once");
    let absent =
        GetOptions { components: Some(vec!["psf".into(), "wcs".into()]), ..options };
    let error = repo.butler.get_ref(&put, None, &absent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("stored: image, mask, psf"), "{error}");
}

#[test]
fn uc_044_a_box_cuts_the_images_of_a_composite_and_leaves_the_rest() {
    let layout = layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]);
    let repo = repo(&layout);
    let put = repo.butler.put(&picture(0), "picture", &detector(1), None).unwrap();
    let options =
        GetOptions { region: Some(BoxSelect(vec![1..3, 1..2])), ..GetOptions::default() };
    let cut = repo.butler.get_ref(&put, None, &options).unwrap();
    let whole = picture(0);
    for name in ["/image", "/mask"] {
        let expected = whole.at(name).unwrap().as_array().unwrap();
        let expected = expected.cut(&BoxSelect(vec![1..3, 1..2])).unwrap();
        assert_eq!(cut.at(name).unwrap().as_array().unwrap(), &expected);
    }
    assert_eq!(cut.at("/psf").unwrap(), &psf(1.5));
}

#[test]
fn uc_042_parts_of_several_datasets_are_one_by_links() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let a = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    // not ours: templated names, a record for the whole
    let b = butler.put(&picture(50), "other", &detector(1), None).unwrap();
    let before = files(&repo);
    let parts = [
        ("image".to_owned(), component(butler, &a, "mask")),
        ("mask".to_owned(), component(butler, &b, "mask")),
        ("psf".to_owned(), component(butler, &a, "psf")),
    ];
    let linked = butler.link("coadd", &detector(2), &parts, None).unwrap();
    let expected = map(&[("image", plane(101)), ("mask", plane(150)), ("psf", psf(1.5))]);
    assert_eq!(whole(butler, &linked), expected);
    assert_eq!(files(&repo), before + 1, "the file at a templated name has a second one");
    let mask = butler.get("coadd.mask", &detector(2), &GetOptions::default());
    assert_eq!(mask.unwrap(), plane(150));

    // links to links
    let again: Vec<_> = ["image", "mask", "psf"]
        .map(|name| (name.to_owned(), component(butler, &linked, name)))
        .into();
    let second = butler.link("picture", &detector(2), &again, None).unwrap();
    assert_eq!(whole(butler, &second), expected);
    assert_eq!(files(&repo), before + 1);
}

#[test]
fn a_link_that_cannot_be_is_refused_with_the_reason() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let a = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let of = |names: [&str; 3]| {
        let pairs = ["image", "mask", "psf"].into_iter().zip(names);
        let pairs = pairs.map(|(n, s)| (n.to_owned(), component(butler, &a, s)));
        pairs.collect::<Vec<_>>()
    };
    let refused = |parts: &[(String, DatasetRef)]| {
        butler.link("coadd", &detector(2), parts, None).unwrap_err()
    };
    let error = refused(&of(["image", "mask", "psf"])[..2]);
    assert_eq!(error.code(), "missing_component");
    let error = refused(&of(["image", "psf", "psf"]));
    assert_eq!(error.code(), "storage_class", "{error}");
    let mut parts = of(["image", "mask", "psf"]);
    parts.push(("wcs".into(), component(butler, &a, "psf")));
    assert!(refused(&parts).to_string().contains("wcs"));
    let mut parts = of(["image", "mask", "psf"]);
    parts[0].1 = a.clone();
    assert_eq!(refused(&parts).code(), "storage_class");
    butler
        .prune_datasets(
            std::slice::from_ref(&a),
            &Prune { unstore: true, ..Prune::default() },
        )
        .unwrap();
    let error = refused(&of(["image", "mask", "psf"]));
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(files(&repo), 0);
}

#[test]
fn uc_040_one_part_is_overridden_and_only_it_is_written() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let raw = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let before = files(&repo);
    let mut better = whole(butler, &raw);
    if let Tree::Map(map) = &mut better {
        map.insert("psf", psf(0.7));
    }
    let expected = better.clone();
    let new = butler.put(&picture(3), "coadd", &detector(2), None).unwrap();
    butler
        .prune_datasets(
            std::slice::from_ref(&new),
            &Prune { purge: true, ..Prune::default() },
        )
        .unwrap();
    let over = butler.put_over(&better, &new, (&raw, &[])).unwrap();
    assert_eq!(whole(butler, &over), expected);
    assert_eq!(whole(butler, &raw), picture(1), "the original is as it was");
    assert_eq!(files(&repo), before + 1, "the new part alone");
    let records = butler.file_records(&over).unwrap();
    let raws = butler.file_records(&raw).unwrap();
    assert_eq!(records[0].path, raws[0].path);
    assert_ne!(records[2].path, raws[2].path);
}

#[test]
fn uc_041_an_artifact_goes_with_its_last_user() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let a = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let mut changed = whole(butler, &a);
    if let Tree::Map(map) = &mut changed {
        map.insert("psf", psf(9.0));
    }
    let target = butler.new_ref("picture", &detector(2), None, None).unwrap();
    let purge = Prune { purge: true, ..Prune::default() };
    let over = butler.put_over(&changed, &target, (&a, &[])).unwrap();
    assert_eq!(files(&repo), 3);
    // as another program prunes: no question is asked
    butler.registry().trash(butler.datastore().name(), &[a.id]).unwrap();
    butler.registry().delete_datasets(&[a.id]).unwrap();
    butler.empty_trash().unwrap();
    assert_eq!(files(&repo), 2, "the source's own part went, what is shared stayed");
    assert_eq!(whole(butler, &over), changed);
    butler.prune_datasets(&[over], &purge).unwrap();
    assert_eq!(files(&repo), 0);
}

#[test]
fn uc_041_a_source_of_links_goes_only_on_request() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let a = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let parts =
        ["image", "mask", "psf"].map(|n| (n.to_owned(), component(butler, &a, n)));
    let linked = butler.link("coadd", &detector(1), &parts, None).unwrap();
    let list = [a];
    let purge = Prune { purge: true, ..Prune::default() };
    let error = butler.prune_datasets(&list, &purge).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    assert!(error.to_string().contains("coadd"), "{error}");
    let keep = Prune { keep_parts: true, ..purge };
    butler.prune_datasets(&list, &keep).unwrap();
    assert_eq!(butler.get_dataset(list[0].id).unwrap(), None);
    assert_eq!(whole(butler, &linked), picture(1));
    assert_eq!(files(&repo), 2);
    butler.prune_datasets(&[linked], &keep).unwrap();
    assert_eq!(files(&repo), 0);
}

#[test]
fn uc_039_a_repacked_dataset_is_the_same_in_other_artifacts() {
    let repo = repo(&json!({"storageClasses": classes()}));
    let butler = &repo.butler;
    let a = butler.put(&picture(1), "other", &detector(1), None).unwrap();
    let put = butler.put(&picture(5), "picture", &detector(1), None).unwrap();
    let linked = butler
        .link(
            "coadd",
            &detector(1),
            &["image", "mask", "psf"].map(|n| (n.to_owned(), component(butler, &put, n))),
            None,
        )
        .unwrap();
    let place = repo.folder.path().join("butler.yaml");
    let plain = std::fs::read_to_string(&place).unwrap();
    let more = json!({"layouts": {"Picture": {"artifacts": [
        part(&["image"], "npy"), part(&["*"], "fits")]}}});
    std::fs::write(&place, format!("{plain}\nsalver: {more}\n")).unwrap();
    let butler = reopen(repo.folder.path());
    let old = butler.file_records(&put).unwrap();
    assert_eq!(butler.repack(&put).unwrap(), 1, "nothing else uses the templated name");
    let new = butler.file_records(&put).unwrap();
    assert_eq!((old.len(), new.len()), (1, 3));
    for (dataset, first) in [(&put, 5), (&a, 1), (&linked, 5)] {
        assert_eq!(whole(&butler, dataset), picture(first));
    }
    assert_eq!(butler.repack(&linked).unwrap(), 0, "links are not copied");
    assert_eq!(whole(&butler, &linked), picture(5));
}

#[test]
fn uc_041_equal_parts_put_many_times_are_stored_once_where_the_layout_says_so() {
    let shared = |names: &[&str], format: &str| json!({"parts": names, "format": format, "share": true});
    let repo =
        repo(&layout(&[shared(&["image", "mask"], "fits"), shared(&["psf"], "json")]));
    let butler = &repo.butler;
    let one = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    assert_eq!(files(&repo), 2);
    let two = butler.put(&picture(1), "picture", &detector(2), None).unwrap();
    assert_eq!(files(&repo), 2, "both artifacts are there already");
    let kind = salver_model::CollectionType::Run;
    butler.registry().register_collection("s", kind, None).unwrap();
    let mut other = picture(1);
    if let Tree::Map(map) = &mut other {
        map.insert("mask", plane(0));
    }
    let three = butler.put(&other, "picture", &detector(1), Some("s")).unwrap();
    assert_eq!(files(&repo), 3, "an artifact is shared as a whole");
    let purge = Prune { purge: true, ..Prune::default() };
    butler.prune_datasets(&[one], &purge).unwrap();
    assert_eq!((whole(butler, &two), whole(butler, &three)), (picture(1), other));
    butler.prune_datasets(&[two, three], &purge).unwrap();
    assert_eq!(files(&repo), 0);
}

#[test]
fn many_come_in_the_order_asked() {
    let repo = repo(&layout(&[part(&["image", "mask"], "fits"), part(&["psf"], "json")]));
    let butler = &repo.butler;
    let one = butler.put(&picture(1), "picture", &detector(1), None).unwrap();
    let two = butler.put(&picture(2), "other", &detector(1), None).unwrap();
    let image = component(butler, &one, "image");
    let refs: Vec<DatasetRef> =
        [&two, &image, &one].into_iter().cycle().take(100).cloned().collect();
    let found = butler.get_many(&refs, &GetOptions::default()).unwrap();
    assert_eq!(found.len(), 100);
    for (i, tree) in found.iter().enumerate() {
        let expected = [picture(2), plane(1), picture(1)];
        assert_eq!(tree, &expected[i % 3], "{i}");
    }
    butler.prune_datasets(&[two], &Prune { purge: true, ..Prune::default() }).unwrap();
    let error = butler.get_many(&refs, &GetOptions::default()).unwrap_err();
    assert_eq!(error.code(), "file_not_found");
}
