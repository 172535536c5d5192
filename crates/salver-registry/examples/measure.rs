//! Times the registry's main operations in a folder: `measure FOLDER [DATASETS]`.
#![expect(clippy::print_stdout, reason = "prints what it measured")]
#![expect(
    clippy::disallowed_methods,
    reason = "measures time, and reads the kernel's count"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use salver_core::{Error, ErrorKind, IdSource, Op, Result, SystemIds};
use salver_model::{
    CollectionType, DataId, DataValue, DatasetRef, DatasetType, FileRecord, Record,
    Universe, Value,
};
use salver_registry::{
    CreateOptions, DatasetQuery, Expand, IfPresent, InsertMode, OpenMode, Registry,
};

/// Wall time and this thread's time on a processor: on a busy machine trust the second.
struct Watch(Instant, f64);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), on_processor_s())
    }

    fn say(&self, what: &str, n: f64) {
        let wall = self.0.elapsed().as_secs_f64() * 1e6 / n;
        let processor = (on_processor_s() - self.1) * 1e6 / n;
        println!("{what:28} {wall:12.2} us, {processor:12.2} us on a processor");
    }
}

fn on_processor_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    ns.unwrap_or(f64::NAN) / 1e9
}

const DATASTORE: &str = "FileDatastore@<butlerRoot>";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, Op("measure"), "which folder?")
    })?;
    let n = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let path = Path::new(&folder).join("gen3.sqlite3");
    let registry =
        Registry::create(&path, &Universe::default_v8(), &CreateOptions::default())?;
    let dataset_type = fill(&registry, n)?;
    let refs = refs(&registry, &dataset_type, "bulk", n)?;
    bulk(&registry, &refs)?;
    puts(&registry, &dataset_type)?;
    finds(&registry, &dataset_type, &refs)?;
    drop(registry);
    let start = Watch::start();
    for _ in 0..100 {
        black_box(Registry::open(&path, OpenMode::ReadOnly)?);
    }
    start.say("open", 100.0);
    Ok(())
}

fn fill(registry: &Registry, n: i64) -> Result<Arc<DatasetType>> {
    let insert = |element: &str, rows: Vec<Vec<(&str, Value)>>| -> Result<()> {
        let element = registry.universe().require(element)?;
        let records: Result<Vec<Record>> =
            rows.into_iter().map(|row| Record::from_pairs(element, row)).collect();
        registry.insert_records(element.name(), &records?, InsertMode::Insert)?;
        Ok(())
    };
    let instrument = || ("instrument", Value::from("Cam"));
    insert("instrument", vec![vec![("name", "Cam".into())]])?;
    insert(
        "physical_filter",
        vec![vec![instrument(), ("name", "Cam_g".into()), ("band", "g".into())]],
    )?;
    let detectors =
        (0..100).map(|id| vec![instrument(), ("id", Value::Int(id))]).collect();
    insert("detector", detectors)?;
    insert("day_obs", vec![vec![instrument(), ("id", Value::Int(20240301))]])?;
    insert("group", vec![vec![instrument(), ("name", "g".into())]])?;
    let exposure = |id| {
        vec![
            instrument(),
            ("id", Value::Int(id)),
            ("day_obs", Value::Int(20240301)),
            ("group", "g".into()),
            ("physical_filter", "Cam_g".into()),
        ]
    };
    insert("exposure", (0..=(n / 100).max(100)).map(exposure).collect())?;
    for run in ["bulk", "single", "other"] {
        registry.register_collection(run, CollectionType::Run, None)?;
    }
    registry.register_collection("defaults", CollectionType::Chained, None)?;
    registry.set_chain("defaults", &["other", "single", "bulk"])?;
    let group = registry.universe().group(["detector", "exposure"])?;
    let dataset_type = DatasetType::new("raw", group, "StructuredDataDict")?;
    registry.register_dataset_type(&dataset_type)?;
    registry.dataset_type("raw")
}

fn refs(
    registry: &Registry,
    dataset_type: &Arc<DatasetType>,
    run: &str,
    n: i64,
) -> Result<Vec<DatasetRef>> {
    let group = registry.universe().group(["detector", "exposure"])?;
    let run: Arc<str> = Arc::from(run);
    (0..n)
        .map(|i| {
            let values = vec![
                DataValue::from("Cam"),
                DataValue::Int(i % 100),
                DataValue::Int(i / 100),
            ];
            let data_id = DataId::new(group.clone(), values)?;
            DatasetRef::new(
                SystemIds.uuid7(),
                Arc::clone(dataset_type),
                data_id,
                Arc::clone(&run),
            )
        })
        .collect()
}

fn record(r: &DatasetRef) -> FileRecord {
    FileRecord {
        dataset_id: r.id,
        path: format!("{}/raw/20240301/raw_Cam_Cam_g_{}_Cam.json", r.run, r.id),
        formatter: "lsst.daf.butler.formatters.json.JsonFormatter".to_owned(),
        storage_class: "StructuredDataDict".to_owned(),
        component: None,
        checksum: None,
        file_size: 100,
    }
}

fn bulk(registry: &Registry, refs: &[DatasetRef]) -> Result<()> {
    let records: Vec<FileRecord> = refs.iter().map(record).collect();
    let start = Watch::start();
    let transaction = registry.unit()?;
    registry.insert_datasets(refs, IfPresent::Fail)?;
    start.say("bulk insert, datasets, all", 1.0);
    registry.insert_file_records(DATASTORE, &records)?;
    transaction.commit()?;
    start.say("bulk insert, records too", 1.0);
    Ok(())
}

fn puts(registry: &Registry, dataset_type: &Arc<DatasetType>) -> Result<()> {
    for (what, run, together) in
        [("put, own commit", "single", false), ("put, one transaction", "other", true)]
    {
        let refs = refs(registry, dataset_type, run, 1000)?;
        let outer = together.then(|| registry.transaction()).transpose()?;
        let start = Watch::start();
        for r in &refs {
            let held = registry.find_conflict(dataset_type, &r.data_id, run)?;
            black_box(held);
            let transaction = registry.unit()?;
            registry.insert_datasets(std::slice::from_ref(r), IfPresent::Fail)?;
            registry.insert_file_records(DATASTORE, &[record(r)])?;
            transaction.commit()?;
        }
        start.say(what, 1000.0);
        outer.map(salver_registry::Transaction::commit).transpose()?;
    }
    Ok(())
}

fn finds(
    registry: &Registry,
    dataset_type: &Arc<DatasetType>,
    refs: &[DatasetRef],
) -> Result<()> {
    for (what, collections) in
        [("find, one run", &["bulk"][..]), ("find, chain of 3", &["defaults"][..])]
    {
        let start = Watch::start();
        for i in 0..20_000 {
            let Some(r) = refs.get(i * 7919 % refs.len()) else { continue };
            let found = registry.find_with_records(
                dataset_type,
                &r.data_id,
                collections,
                None,
            )?;
            black_box(found);
        }
        start.say(what, 20_000.0);
    }
    let start = Watch::start();
    for i in 0..20_000 {
        let Some(r) = refs.get(i * 7919 % refs.len()) else { continue };
        black_box(registry.file_records(&[r.id])?);
    }
    start.say("records by id", 20_000.0);
    let start = Watch::start();
    let all = registry.datasets(&DatasetQuery::default())?;
    start.say(
        "list, each dataset",
        f64::from(u32::try_from(all.len()).unwrap_or(u32::MAX)),
    );
    let ids: Vec<_> = all.iter().map(|r| r.id).collect();
    let start = Watch::start();
    black_box(registry.datasets_by_id(&ids)?);
    start.say(
        "datasets by id, each",
        f64::from(u32::try_from(all.len()).unwrap_or(u32::MAX)),
    );
    let start = Watch::start();
    let data_ids: Vec<DataId> = refs.iter().map(|r| r.data_id.clone()).collect();
    black_box(registry.expand_all(&data_ids, Expand::Values)?);
    start.say(
        "expand values, each",
        f64::from(u32::try_from(refs.len()).unwrap_or(u32::MAX)),
    );
    let start = Watch::start();
    black_box(registry.expand_all(&data_ids, Expand::Records)?);
    start.say(
        "expand records, each",
        f64::from(u32::try_from(refs.len()).unwrap_or(u32::MAX)),
    );
    Ok(())
}
