//! The Rust half of the cross-check with lsst-daf-butler, `tests/python/test_registry_interop.py`:
//! `interop fill FOLDER` makes a registry with a bit of everything, `interop dump FOLDER` prints
//! what is in one as JSON, `interop race FOLDER RUN` tries to insert a `raw` of every data ID into
//! a run and prints how many were new, `interop create FOLDER UNIVERSE` makes an empty one with the
//! universe in a file.
#![expect(clippy::print_stdout, reason = "prints what was asked for")]

use std::path::Path;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, IdSource, Op, Result, ResultExt, SystemIds};
use salver_model::{
    CollectionType, DataId, DataValue, DatasetRef, DatasetType, FileRecord, Record,
    Timespan, Universe, Value,
};
use salver_registry::{
    CollectionQuery, CreateOptions, DatasetQuery, IfPresent, InsertMode, OpenMode,
    Registry,
};
use salver_sphere::Region;
use serde_json::{Value as Json, json};

const DATASTORE: &str = "FileDatastore@<butlerRoot>";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", folder] => fill(&Path::new(folder).join("gen3.sqlite3")),
        ["dump", folder] => dump(&Path::new(folder).join("gen3.sqlite3")),
        ["create", folder, universe] => create(Path::new(folder), universe),
        ["race", folder, run] => race(&Path::new(folder).join("gen3.sqlite3"), run),
        _ => {
            Err(Error::new(ErrorKind::InvalidInput, Op("interop"), "fill, dump or race?"))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "reads a file named on the command line")]
fn create(folder: &Path, universe: &str) -> Result<()> {
    let text =
        std::fs::read_to_string(universe).op(ErrorKind::Io, Op("interop"), "no file")?;
    let universe = Universe::from_json(&text)?;
    Registry::create(folder.join("gen3.sqlite3"), &universe, &CreateOptions::default())?;
    Ok(())
}

fn fill(path: &Path) -> Result<()> {
    let options = CreateOptions::default();
    let registry = Registry::create(path, &Universe::default_v8(), &options)?;
    instrument(&registry)?;
    visits(&registry)?;
    sky(&registry)?;
    collections(&registry)?;
    datasets(&registry)
}

type Pairs<'p> = Vec<(&'p str, Value)>;

fn insert(registry: &Registry, element: &str, rows: Vec<Pairs<'_>>) -> Result<()> {
    let element = registry.universe().require(element)?;
    let records: Result<Vec<Record>> =
        rows.into_iter().map(|row| Record::from_pairs(element, row)).collect();
    registry.insert_records(element.name(), &records?, InsertMode::Insert)?;
    Ok(())
}

fn cam(mut pairs: Pairs<'_>) -> Pairs<'_> {
    pairs.insert(0, ("instrument", "Cam".into()));
    pairs
}

fn instrument(registry: &Registry) -> Result<()> {
    let class = "lsst.obs.base.instrument_tests.DummyCam";
    let camera = vec![
        ("name", "Cam".into()),
        ("visit_system", Value::Int(0)),
        ("detector_max", Value::Int(10)),
        ("class_name", class.into()),
    ];
    insert(registry, "instrument", vec![camera])?;
    let filters = [("Cam_g", "g"), ("Cam_r", "r")];
    let filters = filters
        .map(|(name, band)| cam(vec![("name", name.into()), ("band", band.into())]));
    insert(registry, "physical_filter", filters.into())?;
    let detector = |id: i64| {
        let full_name = format!("R00_S{id}");
        cam(vec![("id", Value::Int(id)), ("full_name", full_name.as_str().into())])
    };
    insert(registry, "detector", (0..3).map(detector).collect())?;
    let system = vec![("id", Value::Int(0)), ("name", "one-to-one".into())];
    insert(registry, "visit_system", vec![cam(system)])?;
    let day = vec![
        ("id", Value::Int(20240301)),
        ("timespan", Timespan::new(Some(DAY), Some(DAY + 86_400 * SECOND)).into()),
    ];
    insert(registry, "day_obs", vec![cam(day)])
}

const SECOND: i64 = 1_000_000_000;
/// 2024-03-01T00:00:37 TAI.
const DAY: i64 = 1_709_251_237 * SECOND;

fn visits(registry: &Registry) -> Result<()> {
    for id in 1..=4 {
        let name = format!("v{id}");
        let begin = DAY + id * 100 * SECOND;
        let timespan = Timespan::new(Some(begin), Some(begin + 30 * SECOND));
        let filter = if id % 2 == 0 { "Cam_r" } else { "Cam_g" };
        insert(registry, "group", vec![cam(vec![("name", name.as_str().into())])])?;
        let common = |more: Pairs<'static>| {
            let mut pairs = cam(vec![
                ("id", Value::Int(id)),
                ("day_obs", Value::Int(20240301)),
                ("physical_filter", filter.into()),
                ("timespan", timespan.into()),
                ("exposure_time", Value::Float(30.0)),
            ]);
            pairs.extend(more);
            pairs
        };
        let mut exposure = common(vec![("can_see_sky", Value::Bool(true))]);
        exposure.push(("group", name.as_str().into()));
        exposure.push(("obs_id", name.as_str().into()));
        insert(registry, "exposure", vec![exposure])?;
        let field = format!("CIRCLE {} 10 0.4", 40 + id);
        let mut visit = common(vec![]);
        visit.push(("name", name.as_str().into()));
        visit.push(("region", Region::from_ivoa_pos(&field)?.into()));
        insert(registry, "visit", vec![visit])?;
        let both = vec![("exposure", Value::Int(id)), ("visit", Value::Int(id))];
        insert(registry, "visit_definition", vec![cam(both)])?;
        let member = vec![("visit_system", Value::Int(0)), ("visit", Value::Int(id))];
        insert(registry, "visit_system_membership", vec![cam(member)])?;
        for detector in 0..3 {
            let lon = f64::from(40 + i32::try_from(id).unwrap_or(0) + detector) * 0.999;
            let corner = format!(
                "POLYGON {lon} 9.9 {} 9.9 {} 10.1 {lon} 10.1",
                lon + 0.2,
                lon + 0.2
            );
            let pairs = vec![
                ("detector", Value::Int(detector.into())),
                ("visit", Value::Int(id)),
                ("region", Region::from_ivoa_pos(&corner)?.into()),
            ];
            insert(registry, "visit_detector_region", vec![cam(pairs)])?;
        }
    }
    Ok(())
}

fn sky(registry: &Registry) -> Result<()> {
    let hash: Arc<[u8]> = (0..40).collect();
    let map = vec![("name", "map".into()), ("hash", Value::Bytes(hash))];
    insert(registry, "skymap", vec![map])?;
    for tract in 0..2_i64 {
        let lon = 41 + 2 * tract;
        let text = format!("RANGE {lon} {} 9 11", lon + 2);
        let region = || Region::from_ivoa_pos(&text).map(Value::from);
        let pairs = vec![
            ("skymap", "map".into()),
            ("id", Value::Int(tract)),
            ("region", region()?),
        ];
        insert(registry, "tract", vec![pairs])?;
        let patch = vec![
            ("skymap", "map".into()),
            ("tract", Value::Int(tract)),
            ("id", Value::Int(0)),
            ("cell_x", Value::Int(0)),
            ("cell_y", Value::Int(0)),
            ("region", region()?),
        ];
        insert(registry, "patch", vec![patch])?;
    }
    Ok(())
}

fn collections(registry: &Registry) -> Result<()> {
    for (name, kind) in [
        ("Cam/raw/all", CollectionType::Run),
        ("u/é run/1", CollectionType::Run),
        ("Cam/calib/run", CollectionType::Run),
        ("good", CollectionType::Tagged),
        ("Cam/calib", CollectionType::Calibration),
        ("inner", CollectionType::Chained),
        ("Cam/defaults", CollectionType::Chained),
    ] {
        registry.register_collection(name, kind, Some(&format!("about {name}")))?;
    }
    registry.set_chain("inner", &["good", "Cam/raw/all"])?;
    registry.set_chain("Cam/defaults", &["u/é run/1", "inner", "Cam/calib"])?;
    registry.prepend_chain("Cam/defaults", &["Cam/calib/run"])
}

fn datasets(registry: &Registry) -> Result<()> {
    let types: [(&str, &[&str], bool); 7] = [
        ("raw", &["detector", "exposure"], false),
        ("stats", &["detector", "visit"], false),
        ("bias", &["detector"], true),
        ("flat", &["detector", "physical_filter"], true),
        ("coadd", &["patch", "band"], false),
        ("count", &[], false),
        ("refcat", &["htm7"], false),
    ];
    for (name, dimensions, calibration) in types {
        let group = registry.universe().group(dimensions)?;
        let made = DatasetType::new(name, group, "StructuredDataDict")?;
        registry.register_dataset_type(&made.calibration(calibration))?;
    }
    let mut refs = Vec::new();
    let cam = || ("instrument", DataValue::from("Cam"));
    for detector in 0..3 {
        let d = ("detector", DataValue::Int(detector));
        for exposure in 1..=4 {
            let id = [cam(), d.clone(), ("exposure", exposure.into())];
            refs.push(dataset(registry, "raw", "Cam/raw/all", &id)?);
        }
        let id = [cam(), d.clone(), ("visit", 1.into())];
        refs.push(dataset(registry, "stats", "u/é run/1", &id)?);
        refs.push(dataset(registry, "bias", "Cam/calib/run", &[cam(), d.clone()])?);
        refs.push(dataset(registry, "bias", "u/é run/1", &[cam(), d.clone()])?);
        let id = [cam(), d, ("physical_filter", "Cam_g".into())];
        refs.push(dataset(registry, "flat", "Cam/calib/run", &id)?);
    }
    let map = [
        ("skymap", "map".into()),
        ("tract", 0.into()),
        ("patch", 0.into()),
        ("band", "g".into()),
    ];
    refs.push(dataset(registry, "coadd", "u/é run/1", &map)?);
    refs.push(dataset(registry, "count", "u/é run/1", &[])?);
    refs.push(dataset(registry, "refcat", "u/é run/1", &[("htm7", 131_072.into())])?);
    let records: Vec<FileRecord> = refs.iter().map(record).collect();
    let transaction = registry.unit()?;
    registry.insert_datasets(&refs, IfPresent::Fail)?;
    registry.insert_file_records(DATASTORE, &records)?;
    transaction.commit()?;
    memberships(registry, &refs)
}

fn memberships(registry: &Registry, refs: &[DatasetRef]) -> Result<()> {
    let of = |name: &str, run: &str| -> Vec<DatasetRef> {
        let wanted = |r: &&DatasetRef| r.dataset_type.name() == name && &*r.run == run;
        refs.iter().filter(wanted).cloned().collect()
    };
    registry.associate("good", of("raw", "Cam/raw/all").get(..5).unwrap_or_default())?;
    let noon = DAY + 43_200 * SECOND;
    let (early, late) =
        (Timespan::new(None, Some(noon)), Timespan::new(Some(noon), None));
    registry.certify("Cam/calib", &of("bias", "Cam/calib/run"), early)?;
    registry.certify("Cam/calib", &of("bias", "u/é run/1"), late)?;
    registry.certify("Cam/calib", &of("flat", "Cam/calib/run"), Timespan::UNBOUNDED)?;
    let hole = Timespan::new(Some(noon - 10 * SECOND), Some(noon + 10 * SECOND));
    registry.decertify("Cam/calib", "flat", hole, None)
}

fn dataset(
    registry: &Registry,
    name: &str,
    run: &str,
    pairs: &[(&str, DataValue)],
) -> Result<DatasetRef> {
    let dataset_type = registry.dataset_type(name)?;
    let group = dataset_type.dimensions().clone();
    let data_id =
        DataId::standardise(registry.universe(), &group, pairs.iter().cloned(), None)?;
    DatasetRef::new(SystemIds.uuid7(), dataset_type, data_id, run)
}

fn record(r: &DatasetRef) -> FileRecord {
    FileRecord {
        dataset_id: r.id,
        path: format!("files/{}.json", r.id),
        formatter: "lsst.daf.butler.formatters.json.JsonFormatter".to_owned(),
        storage_class: "StructuredDataDict".to_owned(),
        component: None,
        checksum: None,
        file_size: -1,
    }
}

fn race(path: &Path, run: &str) -> Result<()> {
    let registry = Registry::open(path, OpenMode::Writeable)?;
    registry.register_collection(run, CollectionType::Run, None)?;
    let mut won = 0;
    for n in 0..12_i64 {
        let pairs = [
            ("instrument", DataValue::from("Cam")),
            ("detector", DataValue::Int(n % 3)),
            ("exposure", DataValue::Int(1 + n / 3)),
        ];
        let r = dataset(&registry, "raw", run, &pairs)?;
        let unit = registry.unit()?;
        let inserted =
            registry.insert_datasets(std::slice::from_ref(&r), IfPresent::Fail);
        match inserted {
            Ok(()) => {
                registry.insert_file_records(DATASTORE, &[record(&r)])?;
                unit.commit()?;
                won += 1;
            }
            Err(e) if e.code() == "conflicting_definition" => unit.rollback()?,
            Err(e) => return Err(e),
        }
    }
    println!("{won}");
    Ok(())
}

fn dump(path: &Path) -> Result<()> {
    let registry = Registry::open(path, OpenMode::ReadOnly)?;
    let mut collections = Vec::new();
    for c in registry.query_collections(&CollectionQuery::default())? {
        let summary = registry.collection_summary(&c.name)?;
        collections.push(json!({
            "name": c.name, "type": c.kind.as_str(), "doc": c.doc, "children": c.children,
            "dataset_types": summary.dataset_types, "governors": summary.governors,
        }));
    }
    let types: Vec<Json> =
        registry.dataset_types(&["*"])?.iter().map(|t| t.to_json()).collect();
    let mut datasets = Vec::new();
    for r in registry.datasets(&DatasetQuery { full: true, ..Default::default() })? {
        let records = registry.file_records(&[r.id])?;
        let records: Vec<Json> = records
            .iter()
            .map(|f| {
                json!([f.path, f.component, f.storage_class, f.formatter, f.file_size])
            })
            .collect();
        datasets.push(json!({"ref": r.to_json(), "records": records}));
    }
    let mut associations = Vec::new();
    for a in registry.associations(&DatasetQuery::default())? {
        let timespan = a.timespan.map(|t| json!([t.begin_ns(), t.end_ns()]));
        associations.push(json!([a.dataset.id, &*a.collection, timespan]));
    }
    let mut records = serde_json::Map::new();
    for element in registry.universe().elements() {
        if element.skypix().is_none() {
            let found = registry.records(element.name(), &Default::default())?;
            let found = found.iter().map(Record::to_json).collect();
            records.insert(element.name().to_string(), found);
        }
    }
    let all = json!({
        "collections": collections, "dataset_types": types, "datasets": datasets,
        "associations": associations, "records": records,
    });
    println!("{all}");
    Ok(())
}
