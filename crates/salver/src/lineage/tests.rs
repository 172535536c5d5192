//! Graphs and what is written of them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use salver_core::{IdSource as _, SeededIds};
use salver_model::{LinkKind, LinkRow, StubRow, StubState};
use salver_registry::{Direction, LineageQuery};
use salver_tree::{RefLeaf, Tree};
use uuid::Uuid;

use super::{Edge, Graph, Standing, from_prov, to_open_lineage, to_prov, to_ro_crate};
use crate::tests::fixture::new_repo;

fn leaf(id: u128, name: &str) -> RefLeaf {
    let pairs = vec![
        ("instrument".to_owned(), Tree::from("C<\"am")),
        ("visit".to_owned(), Tree::from(5)),
    ];
    RefLeaf::new(Uuid::from_u128(id), name, pairs)
}

fn edge(source: RefLeaf, target: RefLeaf) -> Edge {
    Edge {
        kind: LinkKind::Embedded,
        node: "/psf/inputs/ccd/3".into(),
        source,
        source_standing: Standing::Present,
        target,
        target_standing: Standing::Stub(StubState::Deleted),
    }
}

fn edges() -> Vec<Edge> {
    let target = RefLeaf { component: Some("psf".into()), ..leaf(3, "calexp") };
    let unresolved = RefLeaf { id: None, ..leaf(0, "flat") };
    vec![
        edge(leaf(1, "coadd"), target),
        edge(leaf(2, "coadd"), leaf(3, "calexp")),
        Edge {
            kind: LinkKind::Used,
            node: String::new(),
            source_standing: Standing::Stub(StubState::Deleted),
            target_standing: Standing::Stub(StubState::Unresolved),
            ..edge(leaf(3, "calexp"), unresolved)
        },
    ]
}

#[test]
fn uc_013_prov_gives_the_same_graph_again() {
    let edges = edges();
    let graph = Graph::new(&edges).unwrap();
    assert_eq!((graph.nodes().len(), graph.lines().len()), (4, 3));
    let text = to_prov(&graph).unwrap().to_string();
    let again = from_prov(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(again, edges);
    assert_eq!(Graph::new(&again).unwrap(), graph);
    let error = from_prov(&serde_json::json!({"wasDerivedFrom": {"a": {}}})).unwrap_err();
    assert!(error.to_string().contains("prov:generatedEntity"), "{error}");
}

#[test]
fn pictures_and_documents_name_every_dataset() {
    let graph = Graph::new(&edges()).unwrap();
    assert_eq!(graph.layers(), [2, 1, 2, 0]);
    let dot = graph.to_dot();
    assert!(dot.contains("instrument=C<\\\"am"), "{dot}");
    assert_eq!(dot.matches(" -> ").count(), 3);
    let page = graph.to_html("a < b");
    assert_eq!(page.matches("<rect").count(), 4);
    assert!(page.contains("a &lt; b") && !page.contains("C<"), "{page}");
    let events = to_open_lineage(&graph, "repo", "2026-01-01T00:00:00Z").unwrap();
    assert_eq!(events.len(), 3);
    let crated = to_ro_crate(&graph, "x", "2026-01-01").unwrap();
    assert_eq!(crated["@graph"].as_array().unwrap().len(), 2 + 4 + 3);
}

/// Walks a graph of rows one link after the other.
fn naive(rows: &[LinkRow], root: Uuid, query: &LineageQuery) -> BTreeSet<LinkRow> {
    let up = query.direction == Direction::Upstream;
    let near = |row: &LinkRow| if up { row.source } else { row.target };
    let far = |row: &LinkRow| if up { row.target } else { row.source };
    let mut depths = HashMap::from([(root, 0)]);
    let mut next = vec![root];
    let mut found = BTreeSet::new();
    for depth in 0..query.depth.unwrap_or(u32::MAX) {
        let from: Vec<Uuid> = std::mem::take(&mut next);
        if from.is_empty() {
            break;
        }
        for row in rows.iter().filter(|row| from.contains(&near(row))) {
            if !query.kinds.is_empty() && !query.kinds.contains(&row.kind) {
                continue;
            }
            found.insert(row.clone());
            if let Entry::Vacant(entry) = depths.entry(far(row)) {
                entry.insert(depth + 1);
                next.push(far(row));
            }
        }
    }
    found
}

#[test]
fn uc_004_lineage_equals_a_walk_of_the_graph() {
    for seed in 0..20 {
        let repo = new_repo();
        let ids = SeededIds::new(seed);
        let datasets: Vec<Uuid> = (0..30).map(|_| ids.uuid7()).collect();
        let pick = |n: usize| usize::try_from(ids.random() % 1_000_000).unwrap() % n;
        let mut rows = BTreeSet::new();
        for source in 1..datasets.len() {
            for _ in 0..pick(4) {
                rows.insert(LinkRow {
                    source: datasets[source],
                    kind: LinkKind::ALL[pick(5)],
                    node: format!("/{}", pick(3)),
                    target: datasets[pick(source)],
                    component: None,
                });
            }
        }
        let rows: Vec<LinkRow> = rows.into_iter().collect();
        repo.butler.registry().insert_links(&rows).unwrap();
        for query in questions(&[0, 7, 15, 29].map(|root| datasets[root])) {
            let edges = repo.butler.lineage(&query).unwrap().collect().unwrap();
            let found: BTreeSet<LinkRow> = edges.iter().map(row_of).collect();
            assert_eq!(found.len(), edges.len(), "each edge once");
            let expected = naive(&rows, query.roots[0], &query);
            assert_eq!(found, expected, "seed {seed}, {query:?}");
        }
    }
}

/// Each root in both directions, to several depths, with all and with some kinds.
fn questions(roots: &[Uuid]) -> Vec<LineageQuery> {
    let mut queries = Vec::new();
    for root in roots {
        for direction in [Direction::Upstream, Direction::Downstream] {
            for depth in [None, Some(1), Some(2), Some(3)] {
                let all =
                    LineageQuery { depth, ..LineageQuery::new(vec![*root], direction) };
                let kinds = vec![LinkKind::Embedded, LinkKind::Used];
                queries.extend([all.clone(), LineageQuery { kinds, ..all }]);
            }
        }
    }
    queries
}

fn row_of(edge: &Edge) -> LinkRow {
    LinkRow {
        source: edge.source.id.unwrap(),
        kind: edge.kind,
        node: edge.node.clone(),
        target: edge.target.id.unwrap(),
        component: edge.target.component.clone(),
    }
}

#[test]
fn stubs_give_identities_to_edges() {
    let repo = new_repo();
    let ids = SeededIds::new(3);
    let [source, target] = [ids.uuid7(), ids.uuid7()];
    let row = LinkRow {
        source,
        kind: LinkKind::Used,
        node: String::new(),
        target,
        component: None,
    };
    let stub = StubRow {
        id: target,
        state: StubState::Deleted,
        dataset_type: "raw".into(),
        run: Some("r".into()),
        data_id: r#"{"instrument":"Cam","exposure":3}"#.into(),
        at_ns: 0,
        by: None,
        pending: None,
    };
    repo.butler.registry().insert_links(&[row]).unwrap();
    repo.butler.registry().insert_stubs(&[stub]).unwrap();
    let query = LineageQuery::new(vec![source], Direction::Upstream);
    let edges = repo.butler.lineage(&query).unwrap().collect().unwrap();
    assert_eq!(edges[0].source_standing, Standing::Unknown);
    assert_eq!(edges[0].target_standing, Standing::Stub(StubState::Deleted));
    let text = edges[0].target.to_string();
    assert!(
        text.starts_with("raw@{instrument: 'Cam', exposure: 3} (run=r id="),
        "{text}"
    );
}
