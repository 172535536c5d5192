//! Derived assemblers: shapes, errors, versions.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use salver_core::{ErrorKind, Result};
use salver_tree::assemble::{
    Assemble, Assembled, Assemblers, Context, FromTree, IntoTree, from_tree,
};
use salver_tree::{Map, Tagged, Tree};

#[derive(Assemble, Debug, Clone, PartialEq)]
struct Point(f64, f64);

#[derive(Assemble, Debug, Clone, PartialEq)]
struct Name(String);

#[derive(Assemble, Debug, Clone, PartialEq)]
enum Shape {
    Empty,
    #[salver(rename = "disc")]
    Circle {
        center: Point,
        radius: f64,
    },
    Polygon(Vec<Point>),
    Segment(Point, Point),
}

#[derive(Assemble, Debug, Clone, PartialEq)]
#[salver(tag = "test.Source", version = 3, upgrade(1 = named, 2 = in_a_list))]
struct Source {
    #[salver(rename = "source name")]
    name: Name,
    shapes: Vec<Shape>,
    flux: Option<f32>,
    #[salver(default)]
    r#type: u8,
    counts: BTreeMap<String, (u16, i64)>,
}

#[expect(clippy::unnecessary_wraps, reason = "upgrades may fail")]
/// Version 1 had its name under another key.
fn named(mut old: Tree) -> Result<Tree> {
    if let Tree::Map(map) = &mut old
        && let Some(name) = map.remove("name")
    {
        map.insert("source name", name);
    }
    Ok(old)
}

#[expect(clippy::unnecessary_wraps, reason = "upgrades may fail")]
/// Version 2 had one shape.
fn in_a_list(mut old: Tree) -> Result<Tree> {
    if let Tree::Map(map) = &mut old
        && let Some(shape) = map.remove("shape")
    {
        map.insert("shapes", Tree::List(vec![shape]));
    }
    Ok(old)
}

fn source() -> Source {
    let disc = Shape::Circle { center: Point(1.0, -2.0), radius: 0.5 };
    let polygon = Shape::Polygon(vec![Point(0.0, 0.0), Point(1.0, 0.0)]);
    Source {
        name: Name("a".into()),
        shapes: vec![
            Shape::Empty,
            disc,
            polygon,
            Shape::Segment(Point(0.0, 1.0), Point(2.0, 3.0)),
        ],
        flux: Some(1.5),
        r#type: 7,
        counts: [("g".to_owned(), (1, -2))].into(),
    }
}

fn read<T: FromTree>(tree: &Tree) -> Result<T> {
    from_tree(tree, &Context::default())
}

fn comes_back<T: IntoTree + FromTree + Clone + PartialEq + Debug>(value: &T) {
    let tree = value.clone().into_tree().unwrap();
    assert_eq!(&read::<T>(&tree).unwrap(), value);
}

fn map(pairs: &[(&str, Tree)]) -> Tree {
    Tree::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

fn tag(version: u32, tree: Tree) -> Tree {
    Tree::Tagged(Box::new(Tagged { name: "test.Source".into(), version, tree }))
}

#[test]
fn values_come_back() {
    comes_back(&source());
    comes_back(&Source { flux: None, shapes: vec![], ..source() });
    comes_back(&(true, u64::MAX, i64::MIN));
    comes_back(&vec![Some([1.5_f64, -0.0]), None]);
}

#[test]
fn a_tree_has_the_shape_that_the_attributes_say() {
    let tree = source().into_tree().unwrap();
    let Tree::Tagged(tagged) = &tree else { panic!("{tree:?}") };
    assert_eq!((tagged.name.as_str(), tagged.version), ("test.Source", 3));
    assert_eq!(tree.at("/source name").unwrap(), &Tree::from("a"));
    assert_eq!(tree.at("/shapes/0").unwrap(), &Tree::from("Empty"));
    assert_eq!(tree.at("/shapes/1/disc/radius").unwrap(), &Tree::from(0.5));
    assert_eq!(tree.at("/shapes/3/Segment/1/0").unwrap(), &Tree::from(2.0));
    assert_eq!(tree.at("/type").unwrap(), &Tree::from(7));
}

#[test]
fn an_error_names_the_node() {
    let mut tree = source().into_tree().unwrap();
    if let Tree::Tagged(tagged) = &mut tree
        && let Tree::Map(map) = &mut tagged.tree
    {
        map.insert("shapes", Tree::List(vec![Tree::from("Empty"), Tree::from("Square")]));
    }
    let error = read::<Source>(&tree).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(text.contains("node: /shapes/1, found: str"), "{text}");
    assert!(text.contains("one of Empty, disc, Polygon, Segment"), "{text}");
    let error = read::<Point>(&Tree::List(vec![1.0.into()])).unwrap_err();
    assert!(error.to_string().contains("list of 2"), "{error}");
    let error = read::<u8>(&Tree::from(256)).unwrap_err();
    assert!(error.to_string().contains("int of u8"), "{error}");
    let error = read::<Source>(&map(&[("source name", "a".into())])).unwrap_err();
    assert!(error.to_string().contains("key: shapes, there: source name"), "{error}");
}

#[test]
fn uc_056_old_data_is_read_with_new_code() {
    let empty = || Tree::Map(Map::new());
    let first = [("name", "old".into()), ("shape", "Empty".into()), ("counts", empty())];
    let found: Source = read(&tag(1, map(&first))).unwrap();
    let want = Source {
        name: Name("old".into()),
        shapes: vec![Shape::Empty],
        flux: None,
        r#type: 0,
        counts: BTreeMap::new(),
    };
    assert_eq!(found, want);
    let second =
        [("source name", "old".into()), ("shape", "Empty".into()), ("counts", empty())];
    assert_eq!(read::<Source>(&tag(2, map(&second))).unwrap(), want);
    let error = read::<Source>(&tag(0, map(&first))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("missing: 0 to 1"), "{error}");
}

#[test]
fn uc_056_a_newer_version_reads_as_a_plain_tree_with_the_reason() {
    let mut all = Assemblers::new();
    all.register::<Source>().unwrap();
    assert_eq!(all.register::<Source>().unwrap_err().kind(), ErrorKind::Conflict);
    let context = Context::default();
    let tree = source().into_tree().unwrap();
    let Assembled::Object(object) = all.assemble(tree, &context).unwrap() else {
        panic!("an object")
    };
    assert_eq!(*object.downcast::<Source>().unwrap(), source());
    let newer = tag(4, map(&[("x", 1.into())]));
    let Assembled::Plain(plain, reason) = all.assemble(newer.clone(), &context).unwrap()
    else {
        panic!("a plain tree")
    };
    assert_eq!(plain, newer);
    let reason = reason.unwrap();
    assert!(reason.to_string().contains("version: 4, known: 3"), "{reason}");
    assert!(reason.hint_text().unwrap().contains("plain tree"));
    let other =
        Tree::Tagged(Box::new(Tagged { name: "x".into(), version: 1, tree: 1.into() }));
    let found = all.assemble(other, &context).unwrap();
    assert!(matches!(found, Assembled::Plain(_, Some(_))), "{found:?}");
}
