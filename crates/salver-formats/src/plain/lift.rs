//! From plain nodes back to special ones.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, SchemaRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use salver_tree::{Array, DType, Map, RefLeaf, Table, Tagged, Tree};
use uuid::Uuid;

use super::is_word;
use crate::buffer::{copied, no_panic, swap};

const OP: Op = Op("plain.lift");

/// Gives the node that a map of one key stands for; any other map comes back as it is.
///
/// # Errors
/// [`ErrorKind::Corrupt`] where a special node has the right form and wrong content.
pub(crate) fn lift(map: Map) -> Result<Tree> {
    let key = map.keys().next().filter(|key| map.len() == 1 && is_word(key, 1));
    let Some(key) = key.map(str::to_owned) else {
        return Ok(Tree::Map(map));
    };
    if let Some(inner) = key.strip_prefix('$').filter(|inner| is_word(inner, 1)) {
        let entries = map.into_iter().map(|(_, value)| (inner.to_owned(), value));
        return Ok(Tree::Map(entries.collect()));
    }
    let lifted = match (key.as_str(), map.get(&key)) {
        ("$bytes", Some(Tree::Str(text))) => Tree::Bytes(decode_base64(text)?.into()),
        ("$time", Some(Tree::Int(ns))) => Tree::Time(i64::try_from(*ns).op(
            ErrorKind::Corrupt,
            OP,
            "a `$time` out of range",
        )?),
        ("$table", Some(Tree::Str(text))) => lift_table(text)?,
        ("$array", Some(Tree::Map(fields))) => match lift_array(fields)? {
            Some(array) => array,
            None => return Ok(Tree::Map(map)),
        },
        ("$ref", Some(Tree::Map(fields))) => match lift_ref(fields)? {
            Some(leaf) => leaf,
            None => return Ok(Tree::Map(map)),
        },
        ("$tag", Some(Tree::Map(_))) => return lift_tag(map),
        _ => return Ok(Tree::Map(map)),
    };
    Ok(lifted)
}

fn decode_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).op(ErrorKind::Corrupt, OP, "not base64")
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// Whole numbers of a list.
fn numbers<T: TryFrom<i128>>(list: &Tree) -> Result<Vec<T>> {
    let Tree::List(items) = list else {
        return Err(corrupt("`shape` and `origin` of `$array` are lists"));
    };
    let number = |item: &Tree| match item {
        Tree::Int(n) => T::try_from(*n).ok(),
        _ => None,
    };
    items
        .iter()
        .map(number)
        .collect::<Option<_>>()
        .ok_or_else(|| corrupt("`shape` and `origin` of `$array` hold whole numbers"))
}

fn lift_array(fields: &Map) -> Result<Option<Tree>> {
    let field = |name| fields.get(name);
    let (Some(Tree::Str(dtype)), Some(shape), Some(Tree::Str(data))) =
        (field("dtype"), field("shape"), field("data"))
    else {
        return Ok(None);
    };
    let dtype: DType = dtype.parse().op(ErrorKind::Corrupt, OP, "`$array` of no type")?;
    let shape: Vec<usize> = numbers(shape)?;
    let mut bytes = decode_base64(data)?;
    if cfg!(target_endian = "big") {
        swap(&mut bytes, dtype.swap_size());
    }
    let axes = shape.len();
    let buffer = copied(dtype, &bytes)?;
    let array = Array::new(dtype, shape, buffer).op(
        ErrorKind::Corrupt,
        OP,
        "`$array` of another length than its shape",
    )?;
    let text = |name| field(name).and_then(Tree::as_str).map(str::to_owned);
    let mut array = array.with_unit(text("unit")).with_grid(text("grid"));
    if let Some(origin) = field("origin") {
        let origin: Vec<i64> = numbers(origin)?;
        if origin.len() != axes {
            return Err(corrupt("`origin` of `$array` has one number per axis"));
        }
        array = array.with_origin(origin);
    }
    Ok(Some(Tree::Array(array)))
}

fn lift_table(text: &str) -> Result<Tree> {
    let bytes = decode_base64(text)?;
    let message = "`$table` is not an Arrow IPC stream";
    let (schema, batches) =
        no_panic(OP, || read_stream(bytes))?.op(ErrorKind::Corrupt, OP, message)?;
    let table = Table::new(schema, batches).op(ErrorKind::Corrupt, OP, message)?;
    Ok(Tree::Table(table))
}

/// Pushes the bytes through Arrow's decoder, which allocates no more than it is given.
pub(crate) fn read_stream(
    bytes: Vec<u8>,
) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    let mut decoder = StreamDecoder::new();
    let mut rest = Buffer::from_vec(bytes);
    let mut batches = Vec::new();
    while !rest.is_empty() {
        if let Some(batch) = decoder.decode(&mut rest)? {
            batches.push(batch);
        }
    }
    decoder.finish()?;
    let schema = decoder.schema();
    let schema = schema.ok_or_else(|| ArrowError::IpcError("no schema".to_owned()))?;
    Ok((schema, batches))
}

/// The reference that a map spells; `None` where it has another form.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for an id or a digest that is none.
pub(crate) fn lift_ref(fields: &Map) -> Result<Option<Tree>> {
    let (Some(id), Some(Tree::Str(dataset_type)), Some(Tree::Map(data_id))) =
        (fields.get("id"), fields.get("dataset_type"), fields.get("data_id"))
    else {
        return Ok(None);
    };
    let id = match id {
        Tree::Null => None,
        Tree::Str(id) => Some(Uuid::parse_str(id).op(
            ErrorKind::Corrupt,
            OP,
            "`$ref` without a UUID",
        )?),
        _ => return Ok(None),
    };
    let text = |name| fields.get(name).and_then(Tree::as_str).map(str::to_owned);
    let digest = match text("digest") {
        None => None,
        Some(hex) => Some(
            hex_digest(&hex)
                .ok_or_else(|| corrupt("`digest` of `$ref` is 64 hex digits"))?,
        ),
    };
    Ok(Some(Tree::Ref(Box::new(RefLeaf {
        id,
        dataset_type: dataset_type.clone(),
        data_id: data_id.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect(),
        run: text("run"),
        component: text("component"),
        parameters: fields.get("parameters").and_then(Tree::as_map).cloned(),
        digest,
    }))))
}

fn hex_digest(hex: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

fn lift_tag(mut map: Map) -> Result<Tree> {
    let Some(Tree::Map(fields)) = map.get_mut("$tag") else {
        return Ok(Tree::Map(map));
    };
    let (Some(Tree::Str(name)), Some(Tree::Int(version)), Some(_)) =
        (fields.get("name"), fields.get("version"), fields.get("tree"))
    else {
        return Ok(Tree::Map(map));
    };
    let (name, version) = (name.clone(), *version);
    let version = u32::try_from(version).op(ErrorKind::Corrupt, OP, "`$tag` version")?;
    let tree = fields.remove("tree").unwrap_or(Tree::Null);
    Ok(Tree::Tagged(Box::new(Tagged { name, version, tree })))
}
