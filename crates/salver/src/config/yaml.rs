//! YAML text, trees and configuration values.

use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{EncodeOptions, Format, Map, MemorySource, Select, Source, Tree};
use serde_json::{Map as JsonMap, Number, Value};

/// YAML 1.1 as Gen3's writer and reader understand it (JSON is a part of it).
///
/// # Errors
/// [`ErrorKind::Corrupt`] for text that is not YAML.
pub(crate) fn parse(text: &str) -> Result<Tree> {
    let format = format("yaml")?;
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(text.as_bytes().to_vec()));
    let index = Arc::new(format.index(&source)?);
    format.decode(&index, &Select::all(), &source)
}

/// The text of a tree in YAML, as `PyYAML` writes it: block style, keys in their order.
pub(crate) fn dump(tree: &Tree) -> Result<String> {
    let mut bytes: Vec<u8> = Vec::new();
    format("yaml")?.encode(tree, &EncodeOptions::default(), &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn format(name: &'static str) -> Result<Arc<dyn Format>> {
    salver_formats::by_name(name).ok_or_else(|| {
        Error::new(ErrorKind::Internal, Op("config.yaml"), "the format is not built in")
            .with("format", name)
    })
}

/// A tree of plain nodes as a JSON value.
///
/// # Errors
/// [`ErrorKind::Config`] for a node that JSON has no value for.
pub fn value_of(tree: &Tree) -> Result<Value> {
    let refuse = |_: &Tree| {
        let message = "`!include` is for configuration files only";
        Err(Error::new(ErrorKind::Config, Op("config.value"), message))
    };
    value_of_with(tree, &refuse)
}

/// As [`value_of`], with what an `!include` stands for.
pub(crate) fn value_of_with(
    tree: &Tree,
    include: &dyn Fn(&Tree) -> Result<Value>,
) -> Result<Value> {
    let wrong = |what: &str| {
        let message = format!("a configuration holds plain values, not {what}");
        Error::new(ErrorKind::Config, Op("config.value"), message)
    };
    Ok(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(b) => Value::Bool(*b),
        Tree::Int(i) => {
            let number = i64::try_from(*i).map(Number::from);
            let number = number.or_else(|_| u64::try_from(*i).map(Number::from));
            Value::Number(number.map_err(|e| wrong("a number so large").caused_by(e))?)
        }
        Tree::Float(f) => {
            Value::Number(Number::from_f64(*f).ok_or_else(|| wrong("NaN or infinity"))?)
        }
        Tree::Str(s) => Value::String(s.clone()),
        Tree::List(items) => {
            let items = items.iter().map(|v| value_of_with(v, include));
            Value::Array(items.collect::<Result<_>>()?)
        }
        Tree::Map(map) => {
            let pairs =
                map.iter().map(|(k, v)| Ok((k.to_owned(), value_of_with(v, include)?)));
            Value::Object(pairs.collect::<Result<JsonMap<_, _>>>()?)
        }
        Tree::Tagged(tagged) if tagged.name == "!include" => include(&tagged.tree)?,
        Tree::Tagged(tagged) => value_of_with(&tagged.tree, include)?,
        other => return Err(wrong(&other.kind().to_string())),
    })
}

/// A JSON value as a tree.
///
/// # Errors
/// None for what [`value_of`] gives; [`ErrorKind::InvalidInput`] for a whole number out of range.
pub fn tree_of(value: &Value) -> Result<Tree> {
    Ok(match value {
        Value::Null => Tree::Null,
        Value::Bool(b) => Tree::Bool(*b),
        Value::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(i), _, _) => Tree::Int(i.into()),
            (_, Some(u), _) => Tree::Int(u.into()),
            (_, _, f) => Tree::Float(f.unwrap_or(f64::NAN)),
        },
        Value::String(s) => Tree::Str(s.clone()),
        Value::Array(items) => {
            Tree::List(items.iter().map(tree_of).collect::<Result<_>>()?)
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| Ok((k.clone(), tree_of(v)?)));
            Tree::Map(pairs.collect::<Result<Map>>()?)
        }
    })
}
