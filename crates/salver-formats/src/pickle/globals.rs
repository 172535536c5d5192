//! The functions that a pickle may name, and what calling them means.

use salver_core::{Error, ErrorKind, Op, Result};

use super::value::{ArrayNode, Blob, Dtype, Global, Id, Node, Order, Values};

const OP: Op = Op("pickle.decode");

/// The global of this name.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for all others, with their name.
pub(super) fn find(module: &str, name: &str) -> Result<Global> {
    Ok(match (module, name) {
        ("numpy._core.numeric" | "numpy.core.numeric", "_frombuffer") => {
            Global::FromBuffer
        }
        ("numpy._core.multiarray" | "numpy.core.multiarray", "_reconstruct") => {
            Global::Reconstruct
        }
        ("numpy._core.multiarray" | "numpy.core.multiarray", "scalar") => Global::Scalar,
        ("numpy", "dtype") => Global::Dtype,
        ("numpy", "ndarray") => Global::Ndarray,
        ("_codecs", "encode") => Global::Encode,
        ("builtins" | "__builtin__", "set" | "frozenset") => Global::Set,
        ("builtins" | "__builtin__", "bytes" | "bytearray") => Global::Bytes,
        ("builtins" | "__builtin__", "complex") => Global::Complex,
        _ => {
            let short = |text: &str| text.chars().take(100).collect::<String>();
            return Err(refused(&format!("{}.{}", short(module), short(name))));
        }
    })
}

/// The error for what a pickle would call.
pub(super) fn refused(name: &str) -> Error {
    let message = "the pickle calls what is not read";
    Error::new(ErrorKind::Unsupported, OP, message).with("global", name).hint(
        "only NumPy arrays and plain values are read from pickles; nothing is executed",
    )
}

fn corrupt(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, OP, message)
}

/// What calling a global with arguments gives.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for arguments that it does not take.
pub(super) fn call(values: &Values, global: Global, args: &[Id]) -> Result<Node> {
    match global {
        Global::FromBuffer => from_buffer(values, args),
        Global::Reconstruct => Ok(Node::RawArray),
        Global::Scalar => match *args {
            [dtype, data] => Ok(Node::Scalar { dtype, data }),
            _ => Err(corrupt("a NumPy scalar without a value")),
        },
        Global::Dtype => {
            let code = args.first().and_then(|&code| values.name(code));
            let code = code.ok_or_else(|| corrupt("a NumPy type without a name"))?;
            let dtype =
                Dtype { code: code.to_owned(), order: "=".to_owned(), plain: true };
            Ok(Node::Dtype(Box::new(dtype)))
        }
        Global::Ndarray => Err(refused("numpy.ndarray()")),
        Global::Encode => encode(values, args),
        Global::Bytes => match *args {
            [] => {
                let blob = Blob { place: None, bytes: Some(bytes::Bytes::new()) };
                Ok(Node::Bytes(Box::new(blob)))
            }
            [one] => match values.get(one) {
                Node::Bytes(_) | Node::Latin1(_) => Ok(Node::Same(one)),
                _ => Err(corrupt("bytes made of something else")),
            },
            _ => encode(values, args),
        },
        Global::Set => match args.first().map(|&list| (list, values.get(list))) {
            None => Ok(Node::Set(Vec::new())),
            Some((list, Node::List(_) | Node::Tuple(_) | Node::Set(_))) => {
                Ok(Node::Same(list))
            }
            Some(_) => Err(corrupt("a set made of something else")),
        },
        Global::Complex => {
            let part = |id: &Id| match values.get(*id) {
                Node::Float(number) => Some(*number),
                _ => None,
            };
            match args {
                [re, im] => part(re).zip(part(im)).map(|(re, im)| Node::Complex(re, im)),
                _ => None,
            }
            .ok_or_else(|| corrupt("a complex number without its parts"))
        }
    }
}

/// `_frombuffer(buffer, dtype, shape, order[, axes])`
fn from_buffer(values: &Values, args: &[Id]) -> Result<Node> {
    let [data, dtype, shape, order, rest @ ..] = args else {
        return Err(corrupt("an array without buffer, type, shape and order"));
    };
    let shape =
        values.numbers(*shape).ok_or_else(|| corrupt("an array without a shape"))?;
    let axes = rest.first().and_then(|&axes| values.numbers(axes));
    let order = match (values.name(*order), axes) {
        (Some("K"), Some(axes)) => Order::Axes(axes),
        (Some("C" | "A" | "K"), _) => Order::C,
        (Some("F"), _) => Order::Fortran,
        _ => return Err(corrupt("an array without an order")),
    };
    Ok(Node::Array(Box::new(ArrayNode { data: *data, dtype: *dtype, shape, order })))
}

/// `_codecs.encode(text, 'latin1')`: how old protocols spell bytes.
fn encode(values: &Values, args: &[Id]) -> Result<Node> {
    match *args {
        [text, codec] if matches!(values.get(text), Node::Str(_)) => {
            match values.name(codec) {
                Some("latin1" | "latin-1") => Ok(Node::Latin1(text)),
                _ => Err(refused("_codecs.encode, but for latin-1")),
            }
        }
        _ => Err(refused("_codecs.encode, but for latin-1")),
    }
}

/// Gives a value its state.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for values that have none here; [`ErrorKind::Corrupt`] for a state
/// that is not theirs.
pub(super) fn set_state(values: &mut Values, target: Id, state: Id) -> Result<()> {
    // no state that is known has more fields
    let state = values.tuple(state).filter(|s| s.len() <= 9).map(<[Id]>::to_vec);
    let node = match values.get(target) {
        Node::Dtype(dtype) => dtype_state(values, dtype, state.as_deref())?,
        Node::RawArray => array_state(values, state.as_deref())?,
        _ => return Err(refused("the state of an object")),
    };
    if let Some(place) = values.get_mut(target) {
        *place = node;
    }
    Ok(())
}

/// `(version, order, subtype, names, fields, size, alignment, flags[, metadata])`
fn dtype_state(values: &Values, dtype: &Dtype, state: Option<&[Id]>) -> Result<Node> {
    let Some([_, order, subtype, names, fields, rest @ ..]) = state else {
        return Err(corrupt("a NumPy type with a state that is not known"));
    };
    let order =
        values.name(*order).ok_or_else(|| corrupt("a type without byte order"))?;
    let none = |id: &Id| matches!(values.get(*id), Node::None);
    let metadata = rest.get(3).is_none_or(none);
    let plain = none(subtype) && none(names) && none(fields) && metadata;
    let (code, order) = (dtype.code.clone(), order.to_owned());
    Ok(Node::Dtype(Box::new(Dtype { code, order, plain })))
}

/// `(version, shape, dtype, fortran, bytes)`, or without the version
fn array_state(values: &Values, state: Option<&[Id]>) -> Result<Node> {
    let Some([_, shape, dtype, fortran, data] | [shape, dtype, fortran, data]) = state
    else {
        return Err(corrupt("an array with a state that is not known"));
    };
    let shape =
        values.numbers(*shape).ok_or_else(|| corrupt("an array without a shape"))?;
    let order = match values.get(*fortran) {
        Node::Bool(false) | Node::Int(0) => Order::C,
        Node::Bool(true) | Node::Int(_) => Order::Fortran,
        _ => return Err(corrupt("an array without an order")),
    };
    Ok(Node::Array(Box::new(ArrayNode { data: *data, dtype: *dtype, shape, order })))
}
