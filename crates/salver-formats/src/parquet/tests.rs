use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, FixedSizeListArray, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, Field, Schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use salver_core::{ErrorKind, Result};
use salver_tree::{
    EncodeOptions, Filter, Format as _, MemorySource, PartIndex, Select, Source, Table,
    Tree, ranges,
};

use super::Parquet;
use crate::Json;

const FILES: &str = include_str!("../../../../testdata/formats/parquet.json");
const SAMPLE: &[u8] = include_bytes!(
    "../../../../testdata/gen3/sample-repo/CamA/runs/1/refcat/refcat_131201_CamA_runs_1.parq"
);

fn files() -> Vec<Tree> {
    let Tree::List(files) = Json::parse(FILES).unwrap() else { panic!("a list") };
    files
}

fn named(name: &str) -> Vec<u8> {
    let files = files();
    let file =
        files.iter().find(|f| f.at("/name").unwrap().as_str() == Some(name)).unwrap();
    STANDARD.decode(file.at("/file").unwrap().as_str().unwrap()).unwrap()
}

/// A source that keeps what is asked of it.
#[derive(Debug)]
struct Recording(MemorySource, Mutex<Vec<Range<u64>>>);

impl Source for Recording {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(ranges);
        self.0.read(ranges)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.1
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(offset..offset + buffer.len() as u64);
        self.0.read_into(offset, buffer)
    }
}

fn open(bytes: impl Into<Bytes>) -> (Arc<PartIndex>, Arc<Recording>) {
    let recording = Arc::new(Recording(MemorySource::new(bytes), Mutex::default()));
    let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
    let index = Arc::new(Parquet.index(&source).unwrap());
    recording.1.lock().unwrap().clear();
    (index, recording)
}

fn read(bytes: impl Into<Bytes>, select: &Select) -> Result<Table> {
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
    let index = Arc::new(Parquet.index(&source)?);
    match Parquet.decode(&index, select, &source)? {
        Tree::Table(table) => Ok(table),
        other => panic!("{other:?}"),
    }
}

fn written(table: &Table, options: &EncodeOptions) -> Vec<u8> {
    let mut out = Vec::new();
    let index = Parquet.encode(&Tree::Table(table.clone()), options, &mut out).unwrap();
    assert_eq!(*open(out.clone()).0, index);
    out
}

fn flavour(name: &str) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    options.extra.insert("gen3_flavour".into(), name.into());
    options
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Table {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    Table::new(batch.schema(), vec![batch]).unwrap()
}

/// The values of a column as text, to compare with what pyarrow said.
fn texts(table: &Table, name: &str) -> Vec<String> {
    let batches = table.batches().unwrap();
    let column = |b: &RecordBatch| Arc::clone(b.column_by_name(name).unwrap());
    let each = batches.iter().map(column).flat_map(|c| {
        (0..c.len()).map(|i| array_value_to_string(&c, i).unwrap()).collect::<Vec<_>>()
    });
    each.collect()
}

#[test]
fn files_of_pyarrow_read_as_their_values() {
    for file in files() {
        let name = file.at("/name").unwrap().as_str().unwrap();
        let table = read(named(name), &Select::all()).unwrap();
        let columns = file.at("/columns").unwrap().as_map().unwrap();
        let found: Vec<_> =
            table.schema().fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(found, columns.keys().collect::<Vec<_>>(), "{name}");
        for (column, values) in
            columns.iter().filter(|(c, _)| !matches!(*c, "y" | "t" | "x" | "l" | "v"))
        {
            let Tree::List(values) = values else { panic!("a list") };
            let expected: Vec<String> = values
                .iter()
                .map(|v| match v {
                    Tree::Null => String::new(),
                    Tree::Str(text) => text.clone(),
                    other => Json::render(other).unwrap(),
                })
                .collect();
            let found = texts(&table, column);
            let same = |(a, b): (&String, &String)| {
                a == b
                    || a.parse::<f64>()
                        .ok()
                        .zip(b.parse::<f64>().ok())
                        .is_some_and(|(a, b)| a.to_bits() == b.to_bits())
            };
            assert!(found.iter().zip(&expected).all(same), "{name} {column} {found:?}");
            assert_eq!(found.len(), expected.len(), "{name} {column}");
        }
    }
    let table = read(named("zstd"), &Select::all()).unwrap();
    assert_eq!(texts(&table, "t"), ["2024-03-01T12:00:00", "1970-01-01T00:00:00", ""]);
    assert_eq!(texts(&table, "v"), ["[1.0, 2.0]", "[3.0, 4.0]", "[5.0, 6.0]"]);
    assert_eq!(texts(&table, "l"), ["[1, 2]", "", "[]"]);
    assert_eq!(texts(&table, "x"), ["{a: 1, b: q}", "{a: , b: r}", ""]);
    assert_eq!(table.schema().metadata()["note"], "kept");
}

#[test]
fn what_is_written_comes_back_in_every_compression() {
    let table = read(named("snappy"), &Select::all()).unwrap();
    for name in super::write::COMPRESSIONS {
        let options = EncodeOptions {
            compression: Some((*name).to_owned()),
            ..EncodeOptions::default()
        };
        let back = read(written(&table, &options), &Select::all()).unwrap();
        assert_eq!(back, table, "{name}");
    }
    let options =
        EncodeOptions { compression: Some("zip".into()), ..EncodeOptions::default() };
    let error =
        Parquet.encode(&Tree::Table(table), &options, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_large_table_is_written_and_read_on_several_threads() {
    let ids: ArrayRef = Arc::new((0..300_000).map(Some).collect::<Int64Array>());
    let halves = |f: f64| -> ArrayRef {
        Arc::new((0..300_000).map(|i| Some(f64::from(i) * f)).collect::<Float64Array>())
    };
    let table = table(vec![("id", ids), ("a", halves(0.5)), ("b", halves(0.25))]);
    let back = read(written(&table, &EncodeOptions::default()), &Select::all()).unwrap();
    assert_eq!(back, table);
    assert_eq!(back.batches().unwrap().len(), 1);
}

#[test]
fn columns_read_only_their_chunks() {
    let (index, recording) = open(named("groups"));
    let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
    let columns = Some(vec!["m*".to_owned(), "id".to_owned()]);
    let select = Select { columns, ..Select::all() };
    let Tree::Table(table) = Parquet.decode(&index, &select, &source).unwrap() else {
        panic!("a table")
    };
    assert_eq!(
        table.schema().fields().iter().map(|f| f.name()).collect::<Vec<_>>(),
        ["mag", "id"]
    );
    assert_eq!(table.n_rows(), 100);
    let allowed = ranges(&index, &select).unwrap();
    for range in recording.1.lock().unwrap().iter() {
        let inside = |a: &Range<u64>| a.start <= range.start && range.end <= a.end;
        assert!(allowed.iter().any(inside), "{range:?} of {allowed:?}");
    }
    let error = Parquet
        .decode(
            &index,
            &Select { columns: Some(vec!["MAG".into()]), ..Select::all() },
            &source,
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("there: id, mag, band"), "{error}");
}

#[test]
fn uc_058_a_few_columns_of_a_wide_table_need_few_bytes() {
    let columns = (0..100_u32).map(|c| {
        let mixed = |i: u32| f64::from((i + c).wrapping_mul(2_654_435_761)) * 1e-3;
        let values: ArrayRef =
            Arc::new((0..20_000).map(|i| Some(mixed(i))).collect::<Float64Array>());
        (format!("column_{c}"), values)
    });
    let mut columns: Vec<(String, ArrayRef)> = columns.collect();
    columns[0].1 = Arc::new((0..20_000).map(Some).collect::<Int64Array>());
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let table = Table::new(batch.schema(), vec![batch]).unwrap();
    let options = EncodeOptions { tile: Some(vec![2_000]), ..EncodeOptions::default() };
    let bytes = written(&table, &options);
    let whole = bytes.len();
    let (index, recording) = open(bytes);
    let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
    let filter =
        Filter { column: "column_0".into(), op: ">=".into(), value: Tree::from(19_000) };
    let columns = Some(vec!["column_0".to_owned(), "column_9?".to_owned()]);
    let select = Select { columns, filters: vec![vec![filter]], ..Select::all() };
    let Tree::Table(found) = Parquet.decode(&index, &select, &source).unwrap() else {
        panic!("a table")
    };
    assert_eq!((found.n_rows(), found.schema().fields().len()), (1_000, 11));
    let reads = recording.1.lock().unwrap_or_else(PoisonError::into_inner);
    let moved: u64 = reads.iter().map(|r| r.end - r.start).sum();
    assert!(moved * 40 < whole as u64, "{moved} of {whole}");
}

#[test]
fn filters_skip_row_groups_that_cannot_pass() {
    let filter = |column: &str, op: &str, value: Tree| Filter {
        column: column.into(),
        op: op.into(),
        value,
    };
    let count = |filters: Vec<Vec<Filter>>| {
        let (index, recording) = open(named("groups"));
        let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
        let select =
            Select { filters, columns: Some(vec!["id".into()]), ..Select::all() };
        let Tree::Table(table) = Parquet.decode(&index, &select, &source).unwrap() else {
            panic!("a table")
        };
        let reads = recording.1.lock().unwrap().len() - 1;
        let ids: Vec<String> = texts(&table, "id");
        (ids.len(), reads)
    };
    assert_eq!(count(vec![vec![filter("id", "<", Tree::from(5))]]), (5, 1));
    assert_eq!(count(vec![vec![filter("band", "==", Tree::from("i"))]]), (20, 2));
    assert_eq!(count(vec![vec![filter("id", ">", Tree::from(100))]]), (0, 0));
    let either = vec![
        vec![filter("id", "==", Tree::from(3))],
        vec![
            filter("band", "in", Tree::List(vec![Tree::from("y")])),
            filter("mag", ">=", Tree::from(9)),
        ],
    ];
    assert_eq!(count(either), (3, 6));
    // the statistics allow it, no row passes: only the filter's column is read
    assert_eq!(count(vec![vec![filter("mag", "==", Tree::from(0.5))]]), (0, 5));
    assert_eq!(count(vec![vec![filter("band", "not in", Tree::List(vec![]))]]).0, 100);
}

#[test]
fn schema_and_row_count_come_from_the_footer() {
    let (index, recording) = open(named("groups"));
    let source: Arc<dyn Source> = Arc::<Recording>::clone(&recording);
    let Tree::Table(lazy) = Parquet.decode(&index, &Select::lazy(), &source).unwrap()
    else {
        panic!("a table")
    };
    assert_eq!((lazy.n_rows(), lazy.schema().fields().len()), (100, 3));
    assert_eq!(recording.1.lock().unwrap().len(), 1);
    let batches = lazy.batches().unwrap();
    assert_eq!(batches.len(), 5);
    assert_eq!(batches[4]["id"].as_primitive::<Int64Type>().value(19), 99);
}

#[test]
fn files_of_gen3_keep_their_metadata() {
    let table = read(SAMPLE, &Select::all()).unwrap();
    let metadata = table.schema().metadata();
    assert_eq!(metadata["lsst::arrow::rowcount"], "2");
    assert_eq!(metadata["lsst::arrow::len::name"], "8");
    assert!(metadata["table_meta_yaml"].starts_with("datatype:"));
    let ra = table.schema().field_with_name("ra").unwrap();
    assert_eq!(
        (ra.metadata()["unit"].as_str(), ra.metadata()["description"].as_str()),
        ("deg", "right ascension")
    );
    let back = read(written(&table, &flavour("ArrowAstropy")), &Select::all()).unwrap();
    assert_eq!(back, table);
}

#[test]
fn flavours_add_what_gen3_adds() {
    let list = |values: ArrayRef, size| -> ArrayRef {
        let item = Arc::new(Field::new("item", values.data_type().clone(), true));
        Arc::new(FixedSizeListArray::new(item, size, values, None))
    };
    let cube = list(list(Arc::new(Float64Array::from(vec![1.0; 12])), 3), 2);
    let names: ArrayRef = Arc::new(StringArray::from(vec![Some("é日"), None]));
    let plain = table(vec![("name", names), ("cube", cube)]);
    let keys = |options: &EncodeOptions| {
        let table = read(written(&plain, options), &Select::all()).unwrap();
        let mut pairs: Vec<_> = table.schema().metadata().clone().into_iter().collect();
        pairs.sort();
        (table, pairs)
    };
    let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    let (back, numpy) = keys(&flavour("ArrowNumpy"));
    assert_eq!(
        numpy,
        [
            pair("lsst::arrow::len::name", "2"),
            pair("lsst::arrow::rowcount", "2"),
            pair("lsst::arrow::shape::cube", "(2, 3)"),
            pair("table::len::name", "2"),
        ]
    );
    let cube = back.schema().field_with_name("cube").unwrap();
    assert!(matches!(cube.data_type(), DataType::FixedSizeList(_, 6)), "{cube}");
    let values = back.batches().unwrap()[0]["cube"].as_fixed_size_list().value(1);
    assert_eq!(values.as_primitive::<Float64Type>().len(), 6);
    let (_, pandas) = keys(&flavour("DataFrame"));
    assert_eq!(
        pandas,
        [pair("lsst::arrow::len::name", "2"), pair("lsst::arrow::rowcount", "2")]
    );
    let (back, none) = keys(&flavour("ArrowTable"));
    assert!(none.is_empty());
    assert_eq!(back, plain);
}

#[test]
fn an_empty_table_is_a_footer() {
    let schema = Schema::new_with_metadata(
        vec![Field::new("x", DataType::Int32, false)],
        [("k".to_owned(), "v".to_owned())].into(),
    );
    let table = Table::new(Arc::new(schema), vec![]).unwrap();
    let out = written(&table, &flavour("ArrowSchema"));
    let back = read(out, &Select::all()).unwrap();
    assert_eq!((back.n_rows(), back.schema()), (0, table.schema()));
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    let bytes = named("groups");
    for n in 0..bytes.len() {
        let error = read(bytes[..n].to_vec(), &Select::all()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{n}: {error}");
    }
}

#[test]
fn flipped_bits_give_a_value_or_an_error() {
    let bytes = named("zstd");
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        if let Err(error) = read(bent, &Select::all()) {
            assert!(
                matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported),
                "{error}"
            );
        }
    }
}
