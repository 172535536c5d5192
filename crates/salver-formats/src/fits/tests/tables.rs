//! Tables: every kind of column that astropy wrote, and what Arrow has that FITS has not.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, DictionaryArray, Float32Array, Int16Array,
    ListArray, RecordBatch, StringArray, UInt8Array, UInt64Array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema};
use salver_core::ErrorKind;
use salver_tree::{EncodeOptions, Filter, Select, Table, Tree};
use serde_json::Value;

use super::{assert_same, open, read, write};

/// Whether an element is the value that JSON says.
fn is(array: &ArrayRef, i: usize, value: &Value) -> bool {
    if array.is_null(i) {
        return value.is_null();
    }
    match (array.data_type(), value) {
        (DataType::FixedSizeList(..), Value::Array(items)) => {
            let list = array.as_fixed_size_list().value(i);
            list.len() == items.len() && (0..items.len()).all(|k| is(&list, k, &items[k]))
        }
        (DataType::List(_), Value::Array(items)) => {
            let list = array.as_list::<i32>().value(i);
            list.len() == items.len() && (0..items.len()).all(|k| is(&list, k, &items[k]))
        }
        (DataType::LargeList(_), Value::Array(items)) => {
            let list = array.as_list::<i64>().value(i);
            list.len() == items.len() && (0..items.len()).all(|k| is(&list, k, &items[k]))
        }
        (DataType::Boolean, Value::Bool(b)) => array.as_boolean().value(i) == *b,
        (DataType::Utf8, Value::String(text)) => {
            array.as_string::<i32>().value(i) == text
        }
        (DataType::UInt64, Value::Number(n)) => {
            array.as_primitive::<arrow_array::types::UInt64Type>().value(i)
                == n.as_u64().unwrap()
        }
        (_, value) => {
            let real = cast(array, &DataType::Float64).unwrap();
            let real = real.as_primitive::<Float64Type>().value(i);
            match value {
                Value::Number(n) => {
                    n.as_f64().unwrap().to_bits() == real.to_bits()
                        || n.as_i64().is_some_and(|n| n.to_string() == real.to_string())
                }
                Value::String(text) => {
                    text.parse::<f64>().unwrap().to_string() == real.to_string()
                }
                _ => false,
            }
        }
    }
}

fn expected() -> Value {
    let text = open("testdata/fits/tables.json");
    serde_json::from_slice(&text.read(&[0..text.len()]).unwrap()[0]).unwrap()
}

#[test]
fn every_kind_of_column_has_astropys_values() {
    let tree = read(&open("testdata/fits/tables.fits"), &Select::all()).unwrap();
    let expected = expected();
    for (name, columns) in expected.as_object().unwrap() {
        let table = tree.at(&format!("/{name}/data")).unwrap().as_table().unwrap();
        let batch = &table.batches().unwrap()[0];
        assert_eq!(batch.num_columns(), columns.as_object().unwrap().len());
        for (column, values) in columns.as_object().unwrap() {
            let array = batch.column_by_name(column).unwrap();
            for (i, value) in values.as_array().unwrap().iter().enumerate() {
                assert!(
                    is(array, i, value),
                    "{name} {column}[{i}]: {value} in {array:?}"
                );
            }
        }
    }
    let table = tree.at("/BINARY/data").unwrap().as_table().unwrap();
    let types = [
        ("byte", DataType::UInt8),
        ("sbyte", DataType::Int8),
        ("ushort", DataType::UInt16),
        ("uint", DataType::UInt32),
        ("ulong", DataType::UInt64),
        ("long", DataType::Int64),
        ("float", DataType::Float32),
        ("scaled", DataType::Float64),
    ];
    for (name, kind) in types {
        assert_eq!(table.schema().field_with_name(name).unwrap().data_type(), &kind);
    }
    assert_eq!(
        table.schema().field_with_name("float").unwrap().metadata()["unit"],
        "mag"
    );
}

#[test]
fn a_binary_table_is_written_as_it_was() {
    let source = open("testdata/fits/tables.fits");
    let tree = read(&source, &Select::part("/BINARY")).unwrap();
    let tree = Tree::Map([("BINARY".to_owned(), tree)].into_iter().collect());
    let (written, _) = write(&tree, &EncodeOptions::default()).unwrap();
    assert_same(&read(&written, &Select::all()).unwrap(), &tree, "tables");
}

#[test]
fn an_ascii_table_becomes_a_binary_one() {
    let source = open("testdata/fits/tables.fits");
    let tree = read(&source, &Select::all()).unwrap();
    let (written, _) = write(&tree, &EncodeOptions::default()).unwrap();
    let back = read(&written, &Select::all()).unwrap();
    assert_eq!(back.at("/TEXT/header/XTENSION").unwrap(), &Tree::from("BINTABLE"));
    let rows = |tree: &Tree| {
        tree.at("/TEXT/data").unwrap().as_table().unwrap().batches().unwrap()
    };
    let (old, new) = (rows(&tree), rows(&back));
    assert_eq!(old[0].columns(), new[0].columns());
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Tree {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    );
    let batch = batch.unwrap();
    let data = Tree::Table(Table::new(batch.schema(), vec![batch]).unwrap());
    let header =
        Tree::Map([("OBJECT".to_owned(), Tree::from("x"))].into_iter().collect());
    let hdu =
        [("header".to_owned(), header), ("data".to_owned(), data)].into_iter().collect();
    Tree::Map([("T".to_owned(), Tree::Map(hdu))].into_iter().collect())
}

fn written(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let (written, _) = write(&table(columns), &EncodeOptions::default()).unwrap();
    let tree = read(&written, &Select::part("/T/data")).unwrap();
    tree.as_table().unwrap().batches().unwrap()[0].clone()
}

#[test]
fn columns_from_elsewhere_keep_values_and_nulls() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let words: DictionaryArray<Int32Type> = vec!["b", "a", "b"].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(7)]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)]))),
        ("u8", Arc::new(UInt8Array::from(vec![Some(255), None, Some(254)]))),
    ];
    let back = written(columns.clone());
    for (name, column) in columns {
        assert_eq!(back.column_by_name(name).unwrap(), &column, "{name}");
    }
    let back = written(vec![
        ("list", Arc::new(lists)),
        ("word", Arc::new(words)),
        ("real", Arc::new(Float32Array::from(vec![Some(1.5), None, Some(-0.0)]))),
        ("text", Arc::new(StringArray::from(vec![Some("é"), None, Some("")]))),
    ]);
    let list = back.column(0).as_list::<i32>();
    assert_eq!(
        (list.value(0).len(), list.value(0).null_count(), list.value(1).len()),
        (2, 1, 0)
    );
    assert_eq!(back.column(1).as_string::<i32>().value(2), "b");
    assert!(
        back.column(2)
            .as_primitive::<arrow_array::types::Float32Type>()
            .value(1)
            .is_nan()
    );
    let texts: Vec<_> = back.column(3).as_string::<i32>().iter().collect();
    assert_eq!(texts, [Some("é"), Some(""), Some("")]);
}

#[test]
fn rows_and_columns_are_selected() {
    let source = open("testdata/fits/tables.fits");
    let filter =
        Filter { column: "byte".into(), op: ">=".into(), value: Tree::from(100) };
    let select = Select {
        columns: Some(vec!["rag*".into(), "int".into()]),
        filters: vec![vec![filter]],
        ..Select::part("/BINARY/data")
    };
    let tree = read(&source, &select).unwrap();
    let table = tree.as_table().unwrap();
    let names: Vec<_> =
        table.schema().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["rag16", "ragf", "ragtext", "int"]);
    assert_eq!(table.n_rows(), 3);
    let missing =
        Select { columns: Some(vec!["x".into()]), ..Select::part("/BINARY/data") };
    assert_eq!(read(&source, &missing).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_table_without_rows_or_columns_survives() {
    let schema = Arc::new(Schema::empty());
    let empty = Tree::Table(Table::new(schema, vec![]).unwrap());
    let hdu = [
        ("header".to_owned(), Tree::Map(salver_tree::Map::new())),
        ("data".to_owned(), empty),
    ];
    let tree = Tree::Map(
        [("T".to_owned(), Tree::Map(hdu.into_iter().collect()))].into_iter().collect(),
    );
    let (written, _) = write(&tree, &EncodeOptions::default()).unwrap();
    let back = read(&written, &Select::part("/T/data")).unwrap();
    assert_eq!(back.as_table().unwrap().n_rows(), 0);
    let none = RecordBatch::try_from_iter([(
        "t",
        Arc::new(StringArray::from(Vec::<&str>::new())) as ArrayRef,
    )]);
    let none = none.unwrap();
    assert_eq!(self::written(vec![("t", Arc::clone(none.column(0)))]).num_rows(), 0);
}
