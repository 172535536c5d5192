//! Trees that formats are tempted to lose something of: every kind of node and every item type,
//! with the values at the edges.

#![expect(clippy::expect_used, reason = "what is made here fits")]

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, LargeStringArray, ListArray, RecordBatch,
    StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_buffer::Buffer;
use arrow_schema::{Field, Schema};
use salver_tree::{
    Array, Capabilities, DType, Map, RefLeaf, Table, Tagged, Tree, filled, ref_column,
    ref_field,
};
use uuid::Uuid;

use crate::trees::DTYPES;

/// The trees, each with a name; roots are maps.
#[must_use]
pub fn corpus() -> Vec<(String, Tree)> {
    let mut out: Vec<(String, Tree)> = plain()
        .into_iter()
        .chain(shapes())
        .map(|(name, tree)| (name.to_owned(), tree))
        .collect();
    for dtype in DTYPES {
        out.push((format!("{dtype}"), Tree::Map(arrays(dtype))));
    }
    out.extend(tables().into_iter().map(|(name, tree)| (name.to_owned(), tree)));
    out
}

/// The trees of the corpus that a format says it holds: as they are, else the nodes of their map
/// that may be roots.
#[must_use]
pub fn held(able: &Capabilities) -> Vec<(String, Tree)> {
    let fits = |tree: &Tree| able.check(salver_core::Op("corpus"), tree).is_ok();
    let mut out = Vec::new();
    for (name, tree) in corpus() {
        if fits(&tree) {
            out.push((name, tree));
            continue;
        }
        let Tree::Map(map) = tree else { continue };
        let parts = map.into_iter().filter(|(_, node)| fits(node));
        out.extend(parts.map(|(key, node)| (format!("{name}/{key}"), node)));
    }
    out
}

/// Whether a format says that it holds a tree of any shape.
#[must_use]
pub fn holds_all(able: &Capabilities) -> bool {
    let all = corpus();
    all.iter().all(|(_, tree)| able.check(salver_core::Op("corpus"), tree).is_ok())
}

fn map(pairs: Vec<(&str, Tree)>) -> Tree {
    Tree::Map(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn tag(name: &str, version: u32, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name: name.to_owned(), version, tree }))
}

fn reference(resolved: bool) -> RefLeaf {
    RefLeaf {
        id: resolved.then(|| Uuid::from_u128(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd)),
        dataset_type: "calexp".into(),
        data_id: vec![
            ("instrument".into(), "Cam".into()),
            ("visit".into(), 9_007_199_254_740_993_i64.into()),
        ],
        run: resolved.then(|| "u/run".into()),
        component: resolved.then(|| "psf".into()),
        parameters: resolved
            .then(|| Map::from_iter([("bbox".to_owned(), Tree::List(vec![1.into()]))])),
        digest: resolved.then_some([7; 32]),
    }
}

fn plain() -> Vec<(&'static str, Tree)> {
    let numbers = [0.0, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::INFINITY, 0.1];
    let numbers = numbers.into_iter().chain([f64::NEG_INFINITY, f64::NAN, 1e16, 1e22]);
    let ints = [0, -1, i128::from(i64::MIN), i128::from(u64::MAX), (1 << 53) + 1];
    let texts =
        ["", " ", "a\nb\t\r", "naïve \u{1d53b}\u{301}", "\u{0}\u{1f}\u{7f}", "$ref"];
    let keys =
        ["", "/", "~", "~1", "a/b", "é", "$tag", "a b", "'", "0", "\"", "\\", "data"];
    let keys = keys.iter().enumerate().map(|(i, &k)| (k, Tree::Int(i as i128)));
    let refs =
        vec![Tree::Ref(Box::new(reference(true))), Tree::Ref(Box::new(reference(false)))];
    vec![
        ("empty", map(vec![])),
        ("null", map(vec![("x", Tree::Null)])),
        ("bools", map(vec![("t", true.into()), ("f", false.into())])),
        ("ints", map(vec![("x", Tree::List(ints.map(Tree::Int).to_vec()))])),
        ("floats", map(vec![("x", Tree::List(numbers.map(Tree::Float).collect()))])),
        ("texts", map(vec![("x", Tree::List(texts.map(Tree::from).to_vec()))])),
        ("keys", map(keys.collect())),
        ("bytes", map(vec![("x", Tree::Bytes((0..=255).collect::<Vec<u8>>().into()))])),
        ("no bytes", map(vec![("x", Tree::Bytes(Vec::new().into()))])),
        (
            "times",
            map(vec![("a", Tree::Time(0)), ("b", Tree::Time(1_700_000_000_123_456_789))]),
        ),
        ("empties", map(vec![("l", Tree::List(vec![])), ("m", map(vec![]))])),
        ("refs", map(vec![("x", Tree::List(refs))])),
        (
            "tags",
            map(vec![("x", tag("a.B", 3, map(vec![("y", tag("c", 0, 1.into()))])))]),
        ),
        ("two tags", map(vec![("x", tag("outer", 1, tag("inner", 2, "v".into())))])),
        ("like a special node", map(vec![("x", map(vec![("$array", 1.into())]))])),
        ("like a spelled node", map(vec![("x", map(vec![("$hdu", map(vec![]))]))])),
    ]
}

fn shapes() -> Vec<(&'static str, Tree)> {
    let mut deep = Tree::Map(arrays(DType::I16));
    for level in 0..98 {
        deep = match level % 3 {
            0 => Tree::List(vec![deep]),
            _ => map(vec![("d", deep)]),
        };
    }
    let wide = (0..1000).map(|i| (format!("k{i}"), Tree::from(i)));
    let image = filled(DType::F32, 4 * 70 * 50, |bytes| {
        for (i, item) in bytes.chunks_exact_mut(4).enumerate() {
            item.copy_from_slice(&u32::try_from(i % 977).unwrap_or(0).to_ne_bytes());
        }
        Ok(())
    });
    let image = Array::new(DType::F32, vec![70, 50], image.expect("whole items"));
    let image = image.expect("the length fits").with_unit(Some("nJy".into()));
    let image = image.with_grid(Some("pixels".into())).with_origin(vec![100, -7]);
    let cards = vec![("CRVAL1", Tree::from(10.0)), ("image", Tree::Array(image.clone()))];
    vec![
        ("a hundred deep", map(vec![("x", deep)])),
        ("a thousand nodes", Tree::Map(wide.collect())),
        ("an image", map(vec![("image", Tree::Array(image))])),
        ("an image in a tag", map(vec![("x", tag("Exposure", 1, map(cards)))])),
    ]
}

/// An array of each odd shape, and of each odd value of its type.
fn arrays(dtype: DType) -> Map {
    let one = |shape: &[usize], bytes: Vec<u8>| {
        let made = filled(dtype, bytes.len(), |out| {
            out.copy_from_slice(&bytes);
            Ok(())
        });
        let made: Buffer = made.expect("whole items");
        Tree::Array(Array::new(dtype, shape.to_vec(), made).expect("the length fits"))
    };
    let odd = odd_items(dtype);
    let size = dtype.size().max(1);
    let item = odd.get(..size).unwrap_or_default().to_vec();
    let few: Vec<u8> = item.iter().copied().cycle().take(6 * size).collect();
    let many: Vec<u8> = odd.iter().copied().cycle().take(640 * size).collect();
    [
        ("odd", one(&[odd.len() / size], odd.clone())),
        ("scalar", one(&[], item)),
        ("none", one(&[0], Vec::new())),
        ("empty", one(&[0, 3], Vec::new())),
        ("cube", one(&[1, 2, 3], few)),
        ("large", one(&[20, 32], many)),
    ]
    .map(|(key, node)| (key.to_owned(), node))
    .into_iter()
    .collect()
}

/// Items at the edges: extremes, −0, infinities, NaNs with and without a payload.
fn odd_items(dtype: DType) -> Vec<u8> {
    let f32s =
        [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7fc1_2345, 1_u32];
    let f64s: [u64; 6] = [
        0,
        1 << 63,
        0x7ff0_0000_0000_0000,
        0x7ff8_0000_0000_0000,
        0x7ff8_0000_dead_beef,
        1,
    ];
    match dtype {
        DType::Bool => vec![0, 1, 1],
        DType::F16 => [0_u16, 0x8000, 0x7c00, 0x7e00, 0x7e01, 1]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect(),
        DType::F32 => f32s.iter().flat_map(|n| n.to_ne_bytes()).collect(),
        DType::C64 => f32s.iter().take(6).flat_map(|n| n.to_ne_bytes()).collect(),
        DType::F64 | DType::C128 => f64s.iter().flat_map(|n| n.to_ne_bytes()).collect(),
        DType::Bytes(n) => (0..n)
            .map(|i| b'a' + u8::try_from(i % 26).unwrap_or(0))
            .chain((0..n).map(|_| 0))
            .collect(),
        DType::Text(n) => (0..n)
            .flat_map(|i| (if i == 0 { 0x1d53b } else { 0x61_u32 }).to_ne_bytes())
            .chain((0..n).flat_map(|_| 0_u32.to_ne_bytes()))
            .collect(),
        whole => {
            let n = whole.size();
            let mut top = vec![0xff; n];
            let last = if cfg!(target_endian = "little") { n - 1 } else { 0 };
            let mut low = vec![0; n];
            if let (Some(t), Some(l)) = (top.get_mut(last), low.get_mut(last)) {
                *t = 0x7f;
                *l = 0x80;
            }
            [vec![0; n], vec![0xff; n], top, low].concat()
        }
    }
}

fn columns() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("i8", Arc::new(Int8Array::from(vec![Some(-128), None, Some(127)]))),
        ("i64", Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX]))),
        ("u64", Arc::new(UInt64Array::from(vec![0, 1, u64::MAX]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(-0.0), None, Some(f32::NAN)]))),
        ("f64", Arc::new(Float64Array::from(vec![5e-324, f64::INFINITY, -1.5]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("text", Arc::new(StringArray::from(vec![Some("é\u{1d53b}"), None, Some("")]))),
        ("long", Arc::new(LargeStringArray::from(vec!["a", "", "ccc"]))),
        ("raw", Arc::new(BinaryArray::from(vec![Some(&b"\0\xff"[..]), None, Some(b"")]))),
        ("day", Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)]))),
        (
            "when",
            Arc::new(TimestampNanosecondArray::from(vec![
                Some(1_700_000_000_123_456_789),
                None,
                Some(-1),
            ])),
        ),
        (
            "many",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
                Some(vec![Some(1), Some(2)]),
                Some(vec![]),
                Some(vec![Some(3)]),
            ])),
        ),
        (
            "kind",
            Arc::new(
                vec![Some("a"), None, Some("a")]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
    ]
}

fn tables() -> Vec<(&'static str, Tree)> {
    let columns = columns();
    let table = |columns: Vec<(Field, ArrayRef)>, rows: usize| {
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays);
        let batch = batch.expect("fits the schema").slice(0, rows);
        Tree::Table(Table::new(schema, vec![batch]).expect("fits the schema"))
    };
    let field = |name: &str, column: &ArrayRef| {
        let nullable = column.logical_null_count() > 0;
        let field = Field::new(name, column.data_type().clone(), nullable);
        let unit = [("unit".to_owned(), "deg".to_owned())];
        if name.starts_with('f') { field.with_metadata(unit.into()) } else { field }
    };
    let mut out = Vec::new();
    for (name, column) in &columns {
        let one = table(vec![(field(name, column), Arc::clone(column))], 3);
        out.push((*name, map(vec![("t", one)])));
    }
    let all = || columns.iter().map(|(n, c)| (field(n, c), Arc::clone(c))).collect();
    out.push(("all columns", map(vec![("t", table(all(), 3))])));
    out.push(("no rows", map(vec![("t", table(all(), 0))])));
    let (one, other) = (reference(true), reference(false));
    let refs = ref_column([Some(&one), None, Some(&other)]).expect("references");
    let refs = vec![(ref_field("input", true), refs)];
    out.push(("a column of references", map(vec![("t", table(refs, 3))])));
    out
}
