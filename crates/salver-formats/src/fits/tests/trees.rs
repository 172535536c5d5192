//! Trees of any shape, made by hand.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Fields, Schema};
use salver_core::ErrorKind;
use salver_tree::{
    Array, BoxSelect, DType, EncodeOptions, Format as _, RefLeaf, Select, Source, Table,
    Tagged, Tree, ranges,
};

use super::{Planned, assert_same, compressed, read, write};
use crate::fits::Fits;

fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Map(entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn ramp(shape: &[usize]) -> Array {
    let n = i16::try_from(shape.iter().product::<usize>()).unwrap();
    let pixels: Vec<i16> = (0..n).map(|i| i.wrapping_mul(7) % 1000).collect();
    Array::new(DType::I16, shape.to_vec(), Buffer::from_vec(pixels)).unwrap()
}

fn table(fields: Vec<Field>, columns: Vec<ArrayRef>) -> Tree {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    Tree::Table(Table::new(schema, vec![batch]).unwrap())
}

fn catalogue() -> Tree {
    let unit = [("unit".to_owned(), "deg".to_owned())].into();
    table(
        vec![
            Field::new("id", DataType::Int32, false),
            Field::new("ra", DataType::Float64, true).with_metadata(unit),
            Field::new("name", DataType::Utf8, false),
        ],
        vec![
            Arc::new(Int32Array::from(vec![1, 2, 3])),
            Arc::new(Float64Array::from(vec![1.5, 2.5, f64::NAN])),
            Arc::new(StringArray::from(vec!["a", "", "longer"])),
        ],
    )
}

/// A table that a binary table cannot hold.
fn nested() -> Tree {
    let inner = Fields::from(vec![Field::new("x", DataType::Int32, false)]);
    let x: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let column = StructArray::new(inner.clone(), vec![x], None);
    table(vec![Field::new("s", DataType::Struct(inner), false)], vec![Arc::new(column)])
}

fn everything() -> Tree {
    let exposure = map([
        (
            "image",
            Tree::Array(
                ramp(&[60, 80]).with_origin(vec![100, 200]).with_unit(Some("adu".into())),
            ),
        ),
        (
            "mask",
            Tree::Array(
                Array::new(
                    DType::Bool,
                    vec![2, 2],
                    Buffer::from_vec(vec![1_u8, 0, 0, 1]),
                )
                .unwrap(),
            ),
        ),
        ("small", Tree::Array(ramp(&[5]))),
        ("line", Tree::Array(ramp(&[400]))),
        ("point", Tree::Array(ramp(&[]))),
        ("none", Tree::Array(ramp(&[0, 3]))),
    ]);
    let tagged = Tagged { name: "x.Exposure".into(), version: 2, tree: exposure };
    let leaf = RefLeaf {
        id: None,
        dataset_type: "raw".into(),
        data_id: vec![("visit".into(), Tree::from(7))],
        run: None,
        component: None,
        parameters: None,
        digest: None,
    };
    map([
        ("exposure", Tree::Tagged(Box::new(tagged))),
        (
            "a/b~é",
            Tree::List(vec![Tree::Null, Tree::Array(ramp(&[2, 3])), Tree::from(1.5)]),
        ),
        ("$hdu", map([("$hdu", map([("name", Tree::from("mine"))]))])),
        ("word", map([("$$hdu", Tree::Array(ramp(&[3, 2])))])),
        ("ref", Tree::Ref(Box::new(leaf))),
        ("catalogue", catalogue()),
        ("nested", nested()),
        ("bytes", Tree::Bytes(vec![0_u8, 255].into())),
        ("nan", Tree::Float(f64::NAN)),
    ])
}

#[test]
fn a_tree_of_any_shape_survives() {
    let roots = [
        everything(),
        Tree::Null,
        Tree::from("text"),
        Tree::Array(ramp(&[30, 40])),
        catalogue(),
        map([]),
        map([("SCI", map([("data", Tree::Array(ramp(&[4, 4])))]))]),
    ];
    for tree in roots {
        for compression in ["none", "rice", "gzip"] {
            let (written, index) = write(&tree, &compressed(compression)).unwrap();
            assert_eq!(index, Fits.index(&written).unwrap());
            assert_same(&read(&written, &Select::all()).unwrap(), &tree, compression);
        }
    }
}

#[test]
fn parts_of_such_a_tree_need_only_their_bytes() {
    let (written, index) = write(&everything(), &compressed("rice")).unwrap();
    let index = Arc::new(index);
    for part in
        ["/exposure/image", "/a~1b~0é/1", "/word/$$hdu", "/catalogue", "/nan", "/ref"]
    {
        let select = Select::part(part);
        let ranges = ranges(&index, &select).unwrap();
        let planned: Arc<dyn Source> =
            Arc::new(Planned { inner: Arc::clone(&written), ranges });
        let node = Fits.decode(&index, &select, &planned).unwrap();
        assert_same(&node, everything().at(part).unwrap(), part);
    }
    let region = Some(BoxSelect(vec![110..120, 0..205]));
    let select = Select { region, ..Select::part("/exposure/image") };
    let cut = Fits.decode(&index, &select, &written).unwrap();
    assert_same(
        &cut,
        &everything().at("/exposure/image").unwrap().clone().cut(&select).unwrap(),
        "cut",
    );
    let lazy = read(&written, &Select::lazy()).unwrap();
    let lazy = lazy.at("/catalogue").unwrap().as_table().unwrap();
    let loaded = Table::new(Arc::clone(lazy.schema()), lazy.batches().unwrap()).unwrap();
    assert_same(&Tree::Table(loaded), &catalogue(), "lazy");
    let error = read(&written, &Select::part("/exposure/none/x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_header_from_nothing_gets_what_it_needs() {
    let hdu = |data: Tree| {
        map([("header", map([("OBJECT", Tree::from("M 13"))])), ("data", data)])
    };
    let tree = map([
        ("PRIMARY", hdu(Tree::Array(ramp(&[6, 5])))),
        ("SCI", hdu(Tree::Array(ramp(&[6, 5]).with_unit(Some("adu".into()))))),
        ("CAT", hdu(catalogue())),
    ]);
    for compression in ["none", "rice"] {
        let (written, _) = write(&tree, &compressed(compression)).unwrap();
        let back = read(&written, &Select::all()).unwrap();
        assert_eq!(
            back.as_map().unwrap().keys().collect::<Vec<_>>(),
            ["PRIMARY", "SCI", "CAT"]
        );
        assert_eq!(back.at("/SCI/header/OBJECT").unwrap(), &Tree::from("M 13"));
        assert_eq!(back.at("/SCI/header/BUNIT").unwrap(), &Tree::from("adu"));
        assert_eq!(back.at("/PRIMARY/header/NAXIS1").unwrap(), &Tree::from(5));
        assert_same(back.at("/SCI/data").unwrap(), tree.at("/SCI/data").unwrap(), "SCI");
        let (again, _) = write(&back, &compressed(compression)).unwrap();
        let bytes = |s: &Arc<dyn Source>| s.read(&[0..s.len()]).unwrap();
        assert!(bytes(&again) == bytes(&written), "{compression}");
    }
}

#[test]
fn a_stamp_has_its_sky_where_it_was() {
    let header = map([
        ("CRPIX1", Tree::from(40.5)),
        ("CRPIX2", Tree::from(30)),
        ("CRPIX1A", Tree::from(1.0)),
        ("CTYPE1", Tree::from("RA---TAN")),
    ]);
    let cut = ramp(&[60, 80]).cut(&BoxSelect(vec![10..20, 3..9])).unwrap();
    let tree = map([("PRIMARY", map([("header", header), ("data", Tree::Array(cut))]))]);
    let (written, _) = write(&tree, &EncodeOptions::default()).unwrap();
    let back = read(&written, &Select::part("/PRIMARY/header")).unwrap();
    assert_eq!(back.at("/CRPIX1").unwrap(), &Tree::from(37.5));
    assert_eq!(back.at("/CRPIX2").unwrap(), &Tree::from(20.0));
    assert_eq!(back.at("/CRPIX1A").unwrap(), &Tree::from(-2.0));
}

#[test]
fn what_does_not_fit_is_refused_before_the_first_byte() {
    let hdu = |data: Tree| map([("header", map([])), ("data", data)]);
    let wrong =
        Array::new(DType::Bool, vec![1, 1], Buffer::from_vec(vec![1_u8])).unwrap();
    for bad in [
        hdu(Tree::Array(wrong)),
        hdu(nested()),
        hdu(Tree::from(1)),
        map([("header", map([("é", Tree::Null)]))]),
    ] {
        let tree = map([("PRIMARY", hdu(Tree::Array(ramp(&[2, 2])))), ("SCI", bad)]);
        let mut bytes = Vec::new();
        let error =
            Fits.encode(&tree, &EncodeOptions::default(), &mut bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("/SCI"), "{error}");
        assert!(bytes.is_empty());
    }
}
