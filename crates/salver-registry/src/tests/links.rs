//! Links, stubs and lineage.

use std::slice::from_ref;

use salver_core::{ErrorKind, IdSource as _};
use salver_model::{LinkKind, LinkRow, PendingLink, StubRow, StubState};
use uuid::Uuid;

use super::make::Repo;
use crate::{Direction, LineageQuery, OpenMode, Registry};

fn link(source: Uuid, node: &str, target: Uuid) -> LinkRow {
    let node = node.to_owned();
    LinkRow { source, kind: LinkKind::Embedded, node, target, component: None }
}

fn all(registry: &Registry, query: &LineageQuery) -> Vec<LinkRow> {
    let mut steps = registry.lineage(query).unwrap();
    let mut found = Vec::new();
    loop {
        let page = registry.lineage_page(&mut steps).unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

fn tables(repo: &Repo) -> i64 {
    let db = rusqlite::Connection::open(repo.folder.path().join("gen3.sqlite3")).unwrap();
    let sql = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'salver_%' AND type = 'table'";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn our_tables_come_with_the_first_write_that_needs_them() {
    let repo = Repo::filled();
    let [a, b] = [repo.ids.uuid7(), repo.ids.uuid7()];
    repo.registry.insert_links(&[]).unwrap();
    assert!(repo.registry.links(&[a], Direction::Upstream).unwrap().is_empty());
    repo.registry.bury(&[a], None).unwrap();
    assert_eq!(tables(&repo), 0);

    let undone = repo.registry.transaction().unwrap();
    repo.registry.insert_links(&[link(a, "/x", b)]).unwrap();
    undone.rollback().unwrap();
    assert_eq!(tables(&repo), 0);
    assert!(repo.registry.links(&[a], Direction::Upstream).unwrap().is_empty());

    repo.registry.insert_links(&[link(a, "/x", b)]).unwrap();
    repo.registry.insert_links(&[link(a, "/x", b)]).unwrap();
    assert_eq!(tables(&repo), 5);
    assert_eq!(repo.registry.attribute("salver:schema").unwrap().as_deref(), Some("1"));
    let rows = repo.registry.links(&[a], Direction::Upstream).unwrap();
    assert_eq!(rows, [link(a, "/x", b)]);
}

#[test]
fn a_later_schema_is_read_by_nobody_and_written_by_nobody() {
    let repo = Repo::filled();
    let [a, b] = [repo.ids.uuid7(), repo.ids.uuid7()];
    repo.registry.insert_links(&[link(a, "", b)]).unwrap();
    for version in ["2", "0", "x"] {
        repo.registry.set_attribute("salver:schema", version).unwrap();
        let path = repo.folder.path().join("gen3.sqlite3");
        let other = Registry::open(path, OpenMode::Writeable).unwrap();
        let error = other.links(&[a], Direction::Upstream).unwrap_err();
        assert_eq!(error.code(), "incompatible_version");
        let error = other.insert_links(&[link(a, "", b)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        // all else is read as ever
        assert_eq!(other.dataset(a).unwrap(), None);
    }
}

#[test]
fn lineage_follows_links_both_ways_to_a_depth() {
    let repo = Repo::filled();
    let ids: Vec<Uuid> = (0..6).map(|_| repo.ids.uuid7()).collect();
    // 0 ← 1 ← 2 ← 3, 1 ← 3, 4 ← 3 by use
    let used = LinkRow {
        kind: LinkKind::Used,
        component: Some("wcs".into()),
        ..link(ids[3], "", ids[4])
    };
    let rows = [
        link(ids[1], "/a", ids[0]),
        link(ids[2], "/a", ids[1]),
        link(ids[3], "/a", ids[2]),
        link(ids[3], "/b", ids[1]),
        used.clone(),
    ];
    repo.registry.insert_links(&rows).unwrap();
    let mut up = LineageQuery::new(vec![ids[3]], Direction::Upstream);
    assert_eq!(all(&repo.registry, &up).len(), 5);
    up.depth = Some(1);
    assert_eq!(all(&repo.registry, &up).len(), 3);
    up.depth = Some(2);
    let mut found = all(&repo.registry, &up);
    found.sort();
    let mut expected = rows.to_vec();
    expected.sort();
    assert_eq!(found, expected, "0 is two links away, by way of 1");
    up.kinds = vec![LinkKind::Used];
    assert_eq!(all(&repo.registry, &up), [used]);
    let down = LineageQuery::new(vec![ids[0]], Direction::Downstream);
    assert_eq!(all(&repo.registry, &down).len(), 4);
    let none = LineageQuery { depth: Some(0), ..down };
    assert!(all(&repo.registry, &none).is_empty());
}

#[test]
fn a_dataset_type_picks_far_ends_and_all_links_are_followed() {
    let repo = Repo::filled();
    let raw = repo.dataset(
        "raw",
        "r1",
        &[("instrument", "A".into()), ("detector", 0.into()), ("exposure", 0.into())],
    );
    let bias =
        repo.dataset("bias", "r1", &[("instrument", "A".into()), ("detector", 0.into())]);
    repo.put(&raw);
    repo.put(&bias);
    let [middle, gone] = [repo.ids.uuid7(), repo.ids.uuid7()];
    repo.registry
        .insert_links(&[
            link(bias.id, "/m", middle),
            link(middle, "/r", raw.id),
            link(middle, "/g", gone),
        ])
        .unwrap();
    let stub = StubRow {
        id: gone,
        state: StubState::Absent,
        dataset_type: "raw".into(),
        run: None,
        data_id: "{}".into(),
        at_ns: 5,
        by: Some("me".into()),
        pending: None,
    };
    repo.registry.insert_stubs(from_ref(&stub)).unwrap();
    assert_eq!(repo.registry.stubs(&[raw.id, gone]).unwrap(), [stub]);
    let mut query = LineageQuery::new(vec![bias.id], Direction::Upstream);
    query.types = vec!["raw".into()];
    let ends: Vec<Uuid> = all(&repo.registry, &query).iter().map(|l| l.target).collect();
    assert_eq!(ends, [gone, raw.id], "in the order of their nodes");
}

#[test]
fn a_circle_is_refused_whole() {
    let repo = Repo::filled();
    let ids: Vec<Uuid> = (0..4).map(|_| repo.ids.uuid7()).collect();
    repo.registry
        .insert_links(&[link(ids[1], "", ids[0]), link(ids[2], "", ids[1])])
        .unwrap();
    let closing = [link(ids[3], "", ids[2]), link(ids[0], "/x", ids[2])];
    let to_itself = [link(ids[3], "/y", ids[3])];
    for rows in [&closing[..], &to_itself] {
        let error = repo.registry.insert_links(rows).unwrap_err();
        assert_eq!(error.code(), "reference_cycle");
        assert!(repo.registry.links(&[ids[3]], Direction::Upstream).unwrap().is_empty());
    }
    repo.registry.insert_links(&closing[..1]).unwrap();
}

#[test]
fn what_is_referred_to_is_buried_and_the_rest_forgotten() {
    let repo = Repo::filled();
    let make = |detector: i64| {
        let pairs = [("instrument", "A".into()), ("detector", detector.into())];
        let made = repo.dataset("bias", "r1", &pairs);
        repo.put(&made);
        made
    };
    let (a, b, c) = (make(0), make(1), make(2));
    repo.registry
        .insert_links(&[link(b.id, "/a", a.id), link(c.id, "/b", b.id)])
        .unwrap();
    let needed = repo.registry.dependants(&[a.id, b.id]).unwrap();
    assert_eq!(needed, [link(c.id, "/b", b.id)], "b goes with a");
    repo.registry.bury(&[b.id, c.id], Some("me")).unwrap();
    let stubs = repo.registry.stubs(&[b.id, c.id]).unwrap();
    assert_eq!(stubs.len(), 1);
    assert_eq!(
        (stubs[0].state, stubs[0].by.as_deref()),
        (StubState::Deleted, Some("me"))
    );
    assert_eq!(stubs[0].data_id, r#"{"instrument":"A","detector":1}"#);
    let links = repo.registry.links(&[b.id, c.id], Direction::Upstream).unwrap();
    assert_eq!(links, [link(b.id, "/a", a.id)], "the grave keeps where it came from");
}

#[test]
fn an_unresolved_reference_becomes_a_link() {
    let repo = Repo::filled();
    let [from, id, target] = [repo.ids.uuid7(), repo.ids.uuid7(), repo.ids.uuid7()];
    let pending = PendingLink {
        source: from,
        kind: LinkKind::Embedded,
        node: "/x".into(),
        component: Some("psf".into()),
    };
    let stub = StubRow {
        id,
        state: StubState::Unresolved,
        dataset_type: "raw".into(),
        run: None,
        data_id: "{}".into(),
        at_ns: 0,
        by: None,
        pending: Some(pending),
    };
    repo.registry.insert_stubs(from_ref(&stub)).unwrap();
    assert_eq!(repo.registry.unresolved(&[from]).unwrap(), from_ref(&stub));
    assert!(repo.registry.links(&[from], Direction::Upstream).unwrap().is_empty());
    repo.registry.resolve_stubs(&[(stub, target)]).unwrap();
    assert!(repo.registry.unresolved(&[from]).unwrap().is_empty());
    let made = repo.registry.links(&[from], Direction::Upstream).unwrap();
    let expected = LinkRow { component: Some("psf".into()), ..link(from, "/x", target) };
    assert_eq!(made, [expected]);
}
