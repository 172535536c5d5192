//! A reference as JSON text: the object that `$ref` of JSON holds.

use salver_core::{Error, ErrorKind, Op, Result, ResultExt as _};
use serde_json::{Map as Object, Number, Value as Json};
use uuid::Uuid;

use crate::{RefLeaf, Tree};

const OP: Op = Op("tree.ref");

/// Maps and lists inside of each other, at most.
const DEPTH: usize = 32;

impl RefLeaf {
    /// A reference to a dataset of which the identifier is known.
    #[must_use]
    pub fn new(id: Uuid, dataset_type: &str, data_id: Vec<(String, Tree)>) -> Self {
        Self { id: Some(id), ..Self::partial(dataset_type, data_id) }
    }

    /// A reference to whatever has this dataset type and data ID.
    #[must_use]
    pub fn partial(dataset_type: &str, data_id: Vec<(String, Tree)>) -> Self {
        Self {
            id: None,
            dataset_type: dataset_type.to_owned(),
            data_id,
            run: None,
            component: None,
            parameters: None,
            digest: None,
        }
    }

    /// The JSON text of the reference: keys `id`, `dataset_type`, `data_id`, and where they are set
    /// `run`, `component`, `parameters`, `digest`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for parameters that JSON does not hold.
    pub fn to_text(&self) -> Result<String> {
        self.to_json().map(|json| json.to_string())
    }

    /// The reference as a JSON value.
    ///
    /// # Errors
    /// As [`RefLeaf::to_text`].
    pub fn to_json(&self) -> Result<Json> {
        let mut out = Object::new();
        out.insert("id".into(), self.id.map_or(Json::Null, |id| id.to_string().into()));
        out.insert("dataset_type".into(), self.dataset_type.as_str().into());
        let pairs = self.data_id.iter().map(|(k, v)| Ok((k.clone(), json(v, 0)?)));
        out.insert("data_id".into(), Json::Object(pairs.collect::<Result<_>>()?));
        for (key, value) in [("run", &self.run), ("component", &self.component)] {
            if let Some(value) = value {
                out.insert(key.into(), value.as_str().into());
            }
        }
        if let Some(parameters) = &self.parameters {
            out.insert(
                "parameters".into(),
                json(&Tree::Map(parameters.clone()), 0)
                    .map_err(|e| e.with("dataset_type", &self.dataset_type))?,
            );
        }
        if let Some(digest) = &self.digest {
            let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
            let hex = digest.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]);
            out.insert("digest".into(), hex.collect::<String>().into());
        }
        Ok(Json::Object(out))
    }

    /// Reads what [`RefLeaf::to_text`] writes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for other text.
    pub fn from_text(text: &str) -> Result<Self> {
        let value = serde_json::from_str(text);
        Self::from_json(&value.op(ErrorKind::Corrupt, OP, "a reference is JSON text")?)
    }

    /// Reads what [`RefLeaf::to_json`] gives.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for another structure.
    pub fn from_json(value: &Json) -> Result<Self> {
        let fields = value.as_object().ok_or_else(|| wrong("a JSON object"))?;
        let id = match fields.get("id") {
            None | Some(Json::Null) => None,
            Some(Json::String(id)) => Some(Uuid::parse_str(id).op(
                ErrorKind::Corrupt,
                OP,
                "`id` of a reference is a UUID",
            )?),
            Some(_) => return Err(wrong("`id`: a UUID or null")),
        };
        let text = |key: &'static str| match fields.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong("text").with("key", key)),
        };
        let data_id = fields.get("data_id").and_then(Json::as_object);
        let data_id = data_id.ok_or_else(|| wrong("`data_id`: a JSON object"))?;
        let parameters = match fields.get("parameters") {
            None | Some(Json::Null) => None,
            Some(value) => match tree(value)? {
                Tree::Map(map) => Some(map),
                _ => return Err(wrong("`parameters`: a JSON object")),
            },
        };
        Ok(Self {
            id,
            dataset_type: text("dataset_type")?
                .ok_or_else(|| wrong("`dataset_type`: text"))?,
            data_id: data_id
                .iter()
                .map(|(k, v)| Ok((k.clone(), tree(v)?)))
                .collect::<Result<_>>()?,
            run: text("run")?,
            component: text("component")?,
            parameters,
            digest: text("digest")?.map(|hex| digest(&hex)).transpose()?,
        })
    }
}

fn wrong(expected: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, "not a reference").with("expected", expected)
}

fn digest(hex: &str) -> Result<[u8; 32]> {
    let expected = || wrong("`digest`: 64 hex digits");
    let mut out = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(expected());
    }
    for (byte, pair) in out.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|e| expected().caused_by(e))?;
        *byte = u8::from_str_radix(pair, 16).map_err(|e| expected().caused_by(e))?;
    }
    Ok(out)
}

fn json(value: &Tree, depth: usize) -> Result<Json> {
    let unsupported = |what: &str| {
        let message = "a reference holds plain values only";
        Error::new(ErrorKind::Unsupported, OP, message).with("found", what)
    };
    if depth > DEPTH {
        return Err(unsupported("deeper nesting than 32 levels"));
    }
    Ok(match value.untagged() {
        Tree::Null => Json::Null,
        Tree::Bool(b) => Json::Bool(*b),
        Tree::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
            (Ok(i), _) => i.into(),
            (_, Ok(u)) => u.into(),
            _ => return Err(unsupported("a whole number out of range")),
        },
        Tree::Float(x) => Number::from_f64(*x)
            .map(Json::Number)
            .ok_or_else(|| unsupported("a float that is not finite"))?,
        Tree::Str(text) => text.as_str().into(),
        Tree::List(items) => {
            items.iter().map(|item| json(item, depth + 1)).collect::<Result<_>>()?
        }
        Tree::Map(map) => {
            let pairs = map.iter().map(|(k, v)| Ok((k.to_owned(), json(v, depth + 1)?)));
            Json::Object(pairs.collect::<Result<_>>()?)
        }
        other => return Err(unsupported(&other.kind().to_string())),
    })
}

/// The nesting is bounded by the JSON reader.
fn tree(value: &Json) -> Result<Tree> {
    Ok(match value {
        Json::Null => Tree::Null,
        Json::Bool(b) => Tree::Bool(*b),
        Json::String(text) => Tree::from(text.as_str()),
        Json::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(i), _, _) => Tree::from(i),
            (_, Some(u), _) => Tree::Int(u.into()),
            (_, _, Some(x)) => Tree::Float(x),
            _ => return Err(wrong("a number of 64 bits")),
        },
        Json::Array(items) => Tree::List(items.iter().map(tree).collect::<Result<_>>()?),
        Json::Object(map) => {
            let pairs = map.iter().map(|(k, v)| Ok((k.clone(), tree(v)?)));
            Tree::Map(pairs.collect::<Result<_>>()?)
        }
    })
}
