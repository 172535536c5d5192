//! Columns, compression, damage.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StringViewArray,
};
use salver_core::ErrorKind;
use salver_tree::{
    EncodeOptions, Format as _, MemorySource, PartIndex, Select, Source, Table, Tree,
    ranges,
};

use super::ArrowIpc;

fn table(view: bool) -> Table {
    let words: DictionaryArray<Int32Type> =
        (0..1000).map(|i| if i % 2 == 0 { "even" } else { "odd" }).collect();
    let texts: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
    let text: ArrayRef = if view {
        Arc::new(StringViewArray::from_iter_values(&texts))
    } else {
        Arc::new(StringArray::from(texts))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new((0..1000).map(Some).collect::<Int64Array>())),
        ("x", Arc::new(Float64Array::from(vec![0.5; 1000]))),
        ("word", Arc::new(words)),
        ("text", text),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let halves = vec![batch.slice(0, 400), batch.slice(400, 600)];
    Table::new(batch.schema(), halves).unwrap()
}

fn written(
    table: &Table,
    compression: Option<&str>,
) -> (Arc<PartIndex>, Arc<dyn Source>) {
    let compression = compression.map(str::to_owned);
    let options = EncodeOptions { compression, ..Default::default() };
    let mut out = Vec::new();
    let made = ArrowIpc.encode(&Tree::Table(table.clone()), &options, &mut out).unwrap();
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(out));
    assert_eq!(ArrowIpc.index(&source).unwrap(), made);
    (Arc::new(made), source)
}

#[test]
fn tables_come_back_in_every_compression() {
    for compression in [None, Some("none"), Some("lz4"), Some("zstd")] {
        for view in [false, true] {
            let table = table(view);
            let (index, source) = written(&table, compression);
            let found = ArrowIpc.decode(&index, &Select::all(), &source).unwrap();
            assert_eq!(found.as_table().unwrap(), &table);
        }
    }
}

#[test]
fn uc_050_a_column_moves_only_its_buffers() {
    let table = table(false);
    let (index, source) = written(&table, None);
    let select = Select { columns: Some(vec!["n".into()]), ..Select::all() };
    let moved: u64 =
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum();
    let always: u64 = index.always.iter().map(|p| p.len).sum();
    assert!(moved < always + 8000 + 600, "{moved} {always}");
    let found = ArrowIpc.decode(&index, &select, &source).unwrap();
    assert_eq!(found.as_table().unwrap(), &table.select(&select).unwrap());
}

#[test]
fn damaged_files_are_refused() {
    for compression in [None, Some("zstd"), Some("lz4")] {
        let (index, source) = written(&table(false), compression);
        let whole = source.read(&[0..index.length]).unwrap()[0].to_vec();
        for at in (0..whole.len()).step_by(53) {
            for bytes in [whole[..at].to_vec(), {
                let mut b = whole.clone();
                b[at] ^= 0x55;
                b
            }] {
                let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
                let read = ArrowIpc
                    .index(&source)
                    .and_then(|i| ArrowIpc.decode(&Arc::new(i), &Select::all(), &source));
                let Err(error) = read else { continue };
                let kinds =
                    [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Limit];
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        }
    }
}
