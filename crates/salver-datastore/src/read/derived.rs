//! Components that are computed at reading.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Array, Table, Tree};

const OP: Op = Op("datastore.component");

/// A derived component of a whole object that was decoded lazily: what it needs is in the index,
/// no pixel and no row is read.
pub(super) fn derive(component: &str, whole: &Tree) -> Result<Tree> {
    match component {
        "columns" => {
            let names = table(component, whole)?.schema().fields().iter();
            // pandas keeps its index in columns that begin with two underscores
            let shown = names.map(|f| f.name()).filter(|n| !n.starts_with("__"));
            Ok(Tree::List(shown.map(|n| Tree::from(n.as_str())).collect()))
        }
        "rowcount" => Tree::int(table(component, whole)?.n_rows() as i128),
        "schema" => {
            let schema = Arc::clone(table(component, whole)?.schema());
            Ok(Tree::Table(Table::new(schema, Vec::new())?))
        }
        "bbox" | "dimensions" | "xy0" => image_shape(component, whole),
        _ => {
            let message =
                "this derived component needs the program that owns the storage class";
            Err(Error::new(ErrorKind::Unsupported, OP, message)
                .with("component", component))
        }
    }
}

fn table<'t>(component: &str, whole: &'t Tree) -> Result<&'t Table> {
    whole.as_table().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, OP, "this component is one of tables")
            .with("component", component)
            .with("kind", whole.kind())
    })
}

/// The first array with two axes at least, depth first.
fn first_image(tree: &Tree) -> Option<&Array> {
    match tree.untagged() {
        Tree::Array(array) if array.shape().len() >= 2 => Some(array),
        Tree::Map(map) => map.iter().find_map(|(_, node)| first_image(node)),
        Tree::List(items) => items.iter().find_map(first_image),
        _ => None,
    }
}

/// Gen3's `bbox` (both ends inside), `dimensions` and `xy0` of an image.
fn image_shape(component: &str, whole: &Tree) -> Result<Tree> {
    let array = first_image(whole).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, OP, "this component is one of images")
            .with("component", component)
    })?;
    let n = array.shape().len();
    let axis = |k: usize| -> (i64, i64) {
        let length = array.shape().get(k).copied().unwrap_or(0);
        let first = array.origin().get(k).copied().unwrap_or(0);
        (first, i64::try_from(length).unwrap_or(i64::MAX))
    };
    let ((x0, width), (y0, height)) = (axis(n - 1), axis(n - 2));
    let pairs: Vec<(&str, i64)> = match component {
        "dimensions" => vec![("x", width), ("y", height)],
        "xy0" => vec![("x", x0), ("y", y0)],
        _ => {
            vec![("x0", x0), ("y0", y0), ("x1", x0 + width - 1), ("y1", y0 + height - 1)]
        }
    };
    let pairs = pairs.into_iter().map(|(k, v)| (k.to_owned(), Tree::from(v)));
    Ok(Tree::Map(pairs.collect()))
}
