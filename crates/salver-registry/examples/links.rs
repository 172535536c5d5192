//! Times of links and lineage on a million edges: `cargo run --release -p salver-registry --example links`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers that reports by printing and panicking"
)]

use std::time::Instant;

use salver_core::{IdSource as _, SeededIds};
use salver_model::{LinkKind, LinkRow, Universe};
use salver_registry::{CreateOptions, Direction, LineageQuery, Registry};
use uuid::Uuid;

fn link(source: Uuid, node: usize, target: Uuid) -> LinkRow {
    let node = format!("/psf/inputs/{node}");
    LinkRow { source, kind: LinkKind::Embedded, node, target, component: None }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gen3.sqlite3");
    let registry =
        Registry::create(&path, &Universe::default_v8(), &CreateOptions::default())
            .unwrap();
    let ids = SeededIds::new(1);
    // layers of 1000 datasets, each made of ten of the layer below: 100 layers, a million links
    let layers: Vec<Vec<Uuid>> =
        (0..101).map(|_| (0..1000).map(|_| ids.uuid7()).collect()).collect();
    let begin = Instant::now();
    for pair in layers.windows(2) {
        let mut rows = Vec::with_capacity(10_000);
        for (i, source) in pair[1].iter().enumerate() {
            rows.extend(
                (0..10).map(|k| link(*source, k, pair[0][(i * 7 + k * 13) % 1000])),
            );
        }
        registry.insert_links(&rows).unwrap();
    }
    println!(
        "1,000,000 links in transactions of 10,000: {:.1} s",
        begin.elapsed().as_secs_f64()
    );

    let one: Vec<Uuid> = (0..10_000).map(|_| ids.uuid7()).collect();
    let source = ids.uuid7();
    let rows: Vec<LinkRow> =
        one.iter().enumerate().map(|(i, target)| link(source, i, *target)).collect();
    let begin = Instant::now();
    registry.insert_links(&rows).unwrap();
    println!("10,000 links of one object: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    println!("the same rows by bare SQL: {:.1} ms", bare(&path, &rows));

    for (name, direction) in
        [("upstream", Direction::Upstream), ("downstream", Direction::Downstream)]
    {
        let begin = Instant::now();
        for id in &layers[50] {
            let ids = [*id];
            assert!(!registry.links(&ids, direction).unwrap().is_empty());
        }
        println!("one step {name}: {:.3} ms", begin.elapsed().as_secs_f64());
        closures(&registry, layers[50][3], name, direction);
    }
}

fn closures(registry: &Registry, id: Uuid, name: &str, direction: Direction) {
    let query =
        LineageQuery { depth: Some(11), ..LineageQuery::new(vec![id], direction) };
    let begin = Instant::now();
    let steps = registry.lineage(&query).unwrap();
    println!(
        "closure of 10 steps {name}: {} datasets in {:.1} ms",
        steps.datasets().len(),
        begin.elapsed().as_secs_f64() * 1e3
    );
    let query = LineageQuery::new(vec![id], direction);
    let begin = Instant::now();
    let mut steps = registry.lineage(&query).unwrap();
    let mut links = 0;
    loop {
        let page = registry.lineage_page(&mut steps).unwrap();
        if page.is_empty() {
            break;
        }
        links += page.len();
    }
    println!(
        "everything {name}: {links} links in {:.2} s",
        begin.elapsed().as_secs_f64()
    );
}

/// The same insert by the database's own library, in milliseconds.
fn bare(path: &std::path::Path, rows: &[LinkRow]) -> f64 {
    let mut db = rusqlite::Connection::open(path).unwrap();
    let begin = Instant::now();
    let transaction = db.transaction().unwrap();
    {
        let sql = "INSERT INTO salver_link VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = transaction.prepare(sql).unwrap();
        let source = Uuid::from_u128(1).simple().to_string();
        for row in rows {
            let target = row.target.simple().to_string();
            statement.execute((&source, "embedded", &row.node, &target, "")).unwrap();
        }
    }
    transaction.commit().unwrap();
    begin.elapsed().as_secs_f64() * 1e3
}
