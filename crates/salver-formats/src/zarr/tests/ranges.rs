//! Boxes and columns, and the bytes that they need.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use salver_tree::{
    BoxSelect, Chunks, EncodeOptions, Filter, Format as _, PartKind, Select, Table, Tree,
    ranges,
};

use super::super::Zarr;
use super::{counting, map, open, written};

fn options(compression: &str, tile: Option<Vec<u64>>) -> EncodeOptions {
    EncodeOptions {
        compression: Some(compression.to_owned()),
        tile,
        ..EncodeOptions::default()
    }
}

#[test]
fn a_box_moves_the_chunks_that_it_touches() {
    let tree = map([
        ("image", Tree::Array(counting(&[100, 130]))),
        ("visit", Tree::from(101_i64)),
    ]);
    for compression in ["none", "zstd", "gzip"] {
        let (index, source) =
            open(written(&tree, &options(compression, Some(vec![16, 16])))).unwrap();
        let Some(PartKind::Array(part)) = index.parts.get("/image") else {
            panic!("no part")
        };
        let Chunks::Grid { shape, places } = &part.chunks else { panic!("no grid") };
        assert_eq!((shape.as_slice(), places.len()), (&[16, 16][..], 7 * 9));
        let region = BoxSelect(vec![30..34, 96..100]);
        let select = Select { region: Some(region.clone()), ..Select::part("/image") };
        let planned = ranges(&index, &select).unwrap();
        let moved: u64 = planned.iter().map(|r| r.end - r.start).sum();
        let touched: u64 =
            [9 + 6, 2 * 9 + 6].iter().map(|&i: &usize| places[i].len).sum();
        let always = ranges(&index, &Select::part("/visit")).unwrap();
        let always: u64 = always.iter().map(|r| r.end - r.start).sum();
        assert_eq!(moved, touched + always, "{compression}");
        let found = Zarr.decode(&index, &select, &source).unwrap();
        assert_eq!(found, Tree::Array(counting(&[100, 130]).cut(&region).unwrap()));
    }
}

#[test]
fn an_array_without_compression_is_read_by_rows() {
    let tree = Tree::Array(counting(&[50, 20]));
    let (index, source) = open(written(&tree, &options("none", None))).unwrap();
    let select = Select { region: Some(BoxSelect(vec![10..12, 5..15])), ..Select::all() };
    let planned = ranges(&index, &select).unwrap();
    assert!(planned.iter().any(|r| r.end - r.start == (20 + 10) * 4), "{planned:?}");
    let found = Zarr.decode(&index, &select, &source).unwrap();
    assert_eq!(found, tree.cut(&select).unwrap());
}

#[test]
fn many_threads_give_what_one_does() {
    for shape in [&[900, 1000][..], &[1, 3, 500, 600], &[1_000_000], &[3, 400_000]] {
        let tree = Tree::Array(counting(shape));
        let (index, source) = open(written(&tree, &EncodeOptions::default())).unwrap();
        assert_eq!(Zarr.decode(&index, &Select::all(), &source).unwrap(), tree);
    }
}

fn table() -> Table {
    let id: ArrayRef = Arc::new((0..5000).collect::<Int64Array>());
    let flux = (0..5000).map(|i| (i % 7 != 0).then(|| f64::from(i) / 3.0));
    let flux: ArrayRef = Arc::new(flux.collect::<Float64Array>());
    let name: ArrayRef =
        Arc::new((0..5000).map(|i| Some(format!("n{i}"))).collect::<StringArray>());
    let batch =
        RecordBatch::try_from_iter([("id", id), ("flux", flux), ("name", name)]).unwrap();
    Table::new(batch.schema(), vec![batch]).unwrap()
}

#[test]
fn a_column_moves_its_arrays_only() {
    let tree = map([("catalog", Tree::Table(table()))]);
    let (index, source) = open(written(&tree, &EncodeOptions::default())).unwrap();
    let columns = Some(vec!["flux".to_owned()]);
    let select = Select { columns, ..Select::part("/catalog") };
    let moved: u64 =
        ranges(&index, &select).unwrap().iter().map(|r| r.end - r.start).sum();
    assert!(moved < index.length / 2, "{moved} of {}", index.length);
    let found = Zarr.decode(&index, &select, &source).unwrap();
    assert_eq!(found, Tree::Table(table().select(&select).unwrap()));
    let filter =
        Filter { column: "id".into(), op: "<".into(), value: Tree::from(10_i64) };
    let select = Select { filters: vec![vec![filter]], ..select };
    let found = Zarr.decode(&index, &select, &source).unwrap();
    assert_eq!(found.as_table().unwrap().n_rows(), 10);
    let lazy = Zarr.decode(&index, &Select::lazy(), &source).unwrap();
    let batches = lazy.at("/catalog").unwrap().as_table().unwrap().batches().unwrap();
    assert_eq!(batches, table().batches().unwrap());
}
