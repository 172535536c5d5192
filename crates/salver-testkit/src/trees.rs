//! Random trees that fit what a format can hold.

#![expect(clippy::expect_used, reason = "what is made here fits")]

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Int64Array,
    RecordBatch, StringArray,
};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema};
use proptest::collection::vec;
use proptest::prelude::*;
use salver_tree::{
    Array, Capabilities, DType, Kind, Map, RefLeaf, Table, Tagged, Tree, filled,
};
use uuid::Uuid;

/// All item types, with two lengths of text and bytes.
pub const DTYPES: [DType; 18] = [
    DType::Bool,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
    DType::F16,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
    DType::Bytes(1),
    DType::Bytes(5),
    DType::Text(1),
    DType::Text(3),
];

/// Trees whose root and nodes fit.
///
/// # Panics
/// Where no root fits.
pub fn fitting(able: &Capabilities) -> BoxedStrategy<Tree> {
    let able = able.clone();
    let any = if able.nesting { nested(&able) } else { leaf(&able) };
    let roots = able.roots;
    // a root of each kind as often
    let each = roots.iter().filter_map(|&root| match root {
        Kind::List if able.nesting => {
            Some(vec(any.clone(), 0..6).prop_map(Tree::List).boxed())
        }
        Kind::Map if able.nesting => Some(maps(any.clone())),
        Kind::Tagged => Some(tags(any.clone())),
        Kind::Map => Some(maps(leaf(&able))),
        Kind::List => None,
        kind => Some(of_kind(kind, &able)),
    });
    let each: Vec<_> = each.collect();
    assert!(!each.is_empty(), "no root fits");
    proptest::strategy::Union::new(each).boxed()
}

fn nested(able: &Capabilities) -> BoxedStrategy<Tree> {
    let has = |kind| able.kinds.contains(&kind);
    let (list, map, tag) = (has(Kind::List), has(Kind::Map), has(Kind::Tagged));
    leaf(able)
        .prop_recursive(4, 32, 6, move |inner| {
            let mut each = Vec::new();
            if list {
                each.push(vec(inner.clone(), 0..6).prop_map(Tree::List).boxed());
            }
            if map {
                each.push(maps(inner.clone()));
            }
            if tag {
                each.push(tags(inner.clone()));
            }
            each.push(inner.boxed());
            proptest::strategy::Union::new(each)
        })
        .boxed()
}

fn leaf(able: &Capabilities) -> BoxedStrategy<Tree> {
    let leaves = able
        .kinds
        .iter()
        .filter(|kind| !matches!(kind, Kind::List | Kind::Map | Kind::Tagged));
    let each: Vec<_> = leaves.map(|&kind| of_kind(kind, able)).collect();
    proptest::strategy::Union::new(each).boxed()
}

/// One node of a kind without nodes below.
pub fn of_kind(kind: Kind, able: &Capabilities) -> BoxedStrategy<Tree> {
    match kind {
        Kind::Bool => any::<bool>().prop_map(Tree::Bool).boxed(),
        Kind::Int => {
            (i128::from(i64::MIN)..=i128::from(u64::MAX)).prop_map(Tree::Int).boxed()
        }
        Kind::Float => prop_oneof![any::<u64>().prop_map(f64::from_bits), -1e6..1e6]
            .prop_map(Tree::Float)
            .boxed(),
        Kind::Str => text().prop_map(Tree::Str).boxed(),
        Kind::Bytes => {
            vec(any::<u8>(), 0..40).prop_map(|bytes| Tree::Bytes(bytes.into())).boxed()
        }
        Kind::Time => any::<i64>().prop_map(Tree::Time).boxed(),
        Kind::Array => arrays(able.dtypes),
        Kind::Table => tables(),
        Kind::Ref => refs(),
        _ => Just(Tree::Null).boxed(),
    }
}

/// Text of all planes, and words that formats are tempted to read as something else.
pub fn text() -> BoxedStrategy<String> {
    let odd = vec![
        "",
        "yes",
        "null",
        "1.0",
        "- a",
        "a: b",
        "#",
        "'",
        "\"",
        "<<",
        "$ref",
        "$$tag",
        "2024-03-01",
        "\u{0}",
        "\u{feff}",
        "a\n b",
        " ",
    ];
    prop_oneof![
        "\\PC{0,20}",
        ".{0,8}",
        "[ a-c:\n#'\"-]{0,30}",
        "([a-z]{1,9} ){0,30}",
        proptest::sample::select(odd).prop_map(str::to_owned),
    ]
    .boxed()
}

fn maps(inner: BoxedStrategy<Tree>) -> BoxedStrategy<Tree> {
    let map = |pairs: Vec<(String, Tree)>| Tree::Map(pairs.into_iter().collect());
    vec((text(), inner), 0..6).prop_map(map).boxed()
}

fn tags(inner: BoxedStrategy<Tree>) -> BoxedStrategy<Tree> {
    ("[a-zA-Z!:.]{0,9}", 0..4_u32, inner)
        .prop_map(|(name, version, tree)| {
            Tree::Tagged(Box::new(Tagged { name, version, tree }))
        })
        .boxed()
}

fn arrays(dtypes: Option<&'static [DType]>) -> BoxedStrategy<Tree> {
    let held = dtypes.filter(|held| !held.is_empty());
    let dtypes: Vec<DType> = held.map_or(DTYPES.to_vec(), <[DType]>::to_vec);
    let shape = vec(0..5_usize, 0..4);
    let unit = proptest::option::of("[a-z]{1,3}");
    (proptest::sample::select(dtypes), shape, any::<u64>(), unit, any::<bool>())
        .prop_map(|(dtype, shape, seed, unit, moved)| {
            let origin =
                shape.iter().map(|&n| i64::try_from(n).unwrap_or(0) * i64::from(moved));
            let origin = origin.collect();
            let array = Array::new(dtype, shape.clone(), items(dtype, &shape, seed));
            Tree::Array(
                array.expect("the length fits").with_unit(unit).with_origin(origin),
            )
        })
        .boxed()
}

/// Random items: booleans of 0 and 1, text of letters.
fn items(dtype: DType, shape: &[usize], seed: u64) -> Buffer {
    let mut state = seed;
    let count = shape.iter().product::<usize>() * dtype.size();
    let made = filled(dtype, count, |bytes| {
        for byte in bytes.iter_mut() {
            state =
                state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let [top, ..] = state.to_be_bytes();
            *byte = if dtype == DType::Bool { top & 1 } else { top };
        }
        if matches!(dtype, DType::Text(_)) {
            for unit in bytes.chunks_exact_mut(4) {
                let letter =
                    u32::from(b'a') + u32::from(unit.first().copied().unwrap_or(0) % 26);
                unit.copy_from_slice(&letter.to_ne_bytes());
            }
        }
        Ok(())
    });
    made.expect("whole items")
}

fn tables() -> BoxedStrategy<Tree> {
    let row = (
        any::<Option<i64>>(),
        any::<Option<bool>>(),
        proptest::option::of(text()),
        any::<[f32; 2]>(),
    );
    (vec(row, 0..12), "[a-z]{0,5}", any::<bool>())
        .prop_map(|(rows, note, split)| {
            let item = Arc::new(Field::new("item", DataType::Float32, false));
            let floats: Vec<f32> = rows.iter().flat_map(|row| row.3).collect();
            let list = FixedSizeListArray::new(
                Arc::clone(&item),
                2,
                Arc::new(Float32Array::from(floats)),
                None,
            );
            let texts: Vec<Option<&str>> =
                rows.iter().map(|row| row.2.as_deref()).collect();
            let columns: Vec<ArrayRef> = vec![
                Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| row.1).collect::<BooleanArray>()),
                Arc::new(texts.iter().collect::<StringArray>()),
                Arc::new(
                    texts.iter().map(|t| t.map(str::as_bytes)).collect::<BinaryArray>(),
                ),
                Arc::new(list),
            ];
            let unit = [("unit".to_owned(), "deg".to_owned())];
            let schema = Schema::new_with_metadata(
                vec![
                    Field::new("id", DataType::Int64, true).with_metadata(unit.into()),
                    Field::new("flag", DataType::Boolean, true),
                    Field::new("näme", DataType::Utf8, true),
                    Field::new("raw", DataType::Binary, true),
                    Field::new("xy", DataType::FixedSizeList(item, 2), false),
                ],
                [("note".to_owned(), note)].into(),
            );
            let schema = Arc::new(schema);
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
                .expect("fits the schema");
            let half = batch.num_rows() / 2;
            let batches = if split {
                vec![batch.slice(0, half), batch.slice(half, batch.num_rows() - half)]
            } else {
                vec![batch]
            };
            Tree::Table(Table::new(schema, batches).expect("fits the schema"))
        })
        .boxed()
}

fn refs() -> BoxedStrategy<Tree> {
    let value =
        prop_oneof![any::<i64>().prop_map(Tree::from), "[a-z]{0,4}".prop_map(Tree::Str)];
    let data_id = vec(("[a-z]{1,6}", value), 0..3);
    let optional = || proptest::option::of("[a-z/]{0,6}");
    (
        any::<Option<u128>>(),
        "[a-z]{1,6}",
        data_id,
        optional(),
        optional(),
        any::<Option<[u8; 32]>>(),
    )
        .prop_map(|(id, dataset_type, data_id, run, component, digest)| {
            let data_id: Map = data_id.into_iter().collect();
            let parameters = run.is_some().then(|| data_id.clone());
            Tree::Ref(Box::new(RefLeaf {
                id: id.map(Uuid::from_u128),
                dataset_type,
                data_id: data_id.into_iter().collect(),
                run,
                component,
                parameters,
                digest,
            }))
        })
        .boxed()
}
