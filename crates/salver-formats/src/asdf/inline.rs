//! Arrays whose items stand in the text.

use arrow_buffer::Buffer;
use salver_core::Result;
use salver_tree::{Array, DType, Tree};

use super::ndarray::{Items, corrupt, items};
use crate::buffer::filled;

/// Numbers of a list of lists, and its shape.
struct Flat<'a> {
    shape: Vec<usize>,
    leaves: Vec<&'a Tree>,
}

fn flatten<'a>(node: &'a Tree, depth: usize, flat: &mut Flat<'a>) -> Option<()> {
    match node.untagged() {
        Tree::List(list) => {
            match flat.shape.get(depth) {
                None if flat.leaves.is_empty() => flat.shape.push(list.len()),
                Some(&n) if n == list.len() => {}
                _ => return None,
            }
            list.iter().try_for_each(|item| flatten(item, depth + 1, flat))
        }
        _ if depth == flat.shape.len() => {
            flat.leaves.push(node);
            Some(())
        }
        _ => None,
    }
}

/// The array of a list of numbers, booleans or text; `None` where the items are something else or
/// of several kinds.
///
/// # Errors
/// `Corrupt` for a wrong `datatype`.
pub(super) fn array(data: &Tree, datatype: Option<&Tree>) -> Result<Option<Array>> {
    let mut flat = Flat { shape: Vec::new(), leaves: Vec::new() };
    if flatten(data, 0, &mut flat).is_none() {
        return Ok(None);
    }
    let dtype = match datatype {
        None => guess(&flat.leaves),
        Some(datatype) => match items(datatype, None)? {
            Items::One(stored) => Some(stored.dtype),
            Items::Records(..) => None,
        },
    };
    let Some(dtype) = dtype else { return Ok(None) };
    let Some(buffer) = pack(dtype, &flat.leaves)? else { return Ok(None) };
    let array = Array::new(dtype, flat.shape, buffer);
    array.map(Some).map_err(|_length| corrupt("the items do not fill their shape"))
}

fn guess(leaves: &[&Tree]) -> Option<DType> {
    let all = |is: fn(&Tree) -> bool| leaves.iter().all(|leaf| is(leaf));
    if leaves.is_empty() {
        return Some(DType::F64);
    }
    if all(|leaf| matches!(leaf, Tree::Bool(_))) {
        return Some(DType::Bool);
    }
    if all(|leaf| matches!(leaf, Tree::Int(_))) {
        let signed = leaves.iter().all(|leaf| leaf.as_int().is_some());
        return Some(if signed { DType::I64 } else { DType::U64 });
    }
    if all(|leaf| matches!(leaf, Tree::Int(_) | Tree::Float(_))) {
        return Some(DType::F64);
    }
    if all(|leaf| matches!(leaf, Tree::Str(_))) {
        let lengths =
            leaves.iter().filter_map(|leaf| Some(leaf.as_str()?.chars().count()));
        let longest = lengths.max().unwrap_or(0).max(1);
        return u32::try_from(longest).ok().map(DType::Text);
    }
    None
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "as NumPy casts"
)]
fn pack(dtype: DType, leaves: &[&Tree]) -> Result<Option<Buffer>> {
    macro_rules! whole {
        ($kind:ty) => {
            leaves
                .iter()
                .map(|leaf| match leaf {
                    Tree::Int(n) => <$kind>::try_from(*n).ok(),
                    _ => None,
                })
                .collect::<Option<Vec<$kind>>>()
                .map(Buffer::from_vec)
        };
    }
    let float = |leaf: &&Tree| match leaf {
        Tree::Int(n) => Some(*n as f64),
        Tree::Float(x) => Some(*x),
        _ => None,
    };
    let floats = || leaves.iter().map(float).collect::<Option<Vec<f64>>>();
    Ok(match dtype {
        DType::Bool => {
            let each = leaves.iter().map(|leaf| match leaf {
                Tree::Bool(b) => Some(u8::from(*b)),
                Tree::Int(n) => Some(u8::from(*n != 0)),
                _ => None,
            });
            each.collect::<Option<Vec<u8>>>().map(Buffer::from_vec)
        }
        DType::I8 => whole!(i8),
        DType::I16 => whole!(i16),
        DType::I32 => whole!(i32),
        DType::I64 => whole!(i64),
        DType::U8 => whole!(u8),
        DType::U16 => whole!(u16),
        DType::U32 => whole!(u32),
        DType::U64 => whole!(u64),
        DType::F16 => floats().map(|all| {
            let bits = all.into_iter().map(|x| half::f16::from_f64(x).to_bits());
            Buffer::from_vec(bits.collect::<Vec<u16>>())
        }),
        DType::F32 => floats().map(|all| {
            Buffer::from_vec(all.into_iter().map(|x| x as f32).collect::<Vec<f32>>())
        }),
        DType::F64 => floats().map(Buffer::from_vec),
        DType::Bytes(_) | DType::Text(_) => return texts(dtype, leaves),
        _ => None,
    })
}

fn texts(dtype: DType, leaves: &[&Tree]) -> Result<Option<Buffer>> {
    let width = dtype.size();
    let each: Option<Vec<&str>> = leaves.iter().map(|leaf| leaf.as_str()).collect();
    let Some(each) = each else { return Ok(None) };
    // a length that no text has is not padded to
    let longest = each.iter().map(|text| text.len()).max().unwrap_or(0);
    if width > longest.saturating_mul(4).saturating_add(1 << 12) {
        return Ok(None);
    }
    let buffer = filled(dtype, each.len() * width, |out| {
        for (out, text) in out.chunks_exact_mut(width.max(1)).zip(&each) {
            if let DType::Text(_) = dtype {
                for (unit, c) in out.chunks_exact_mut(4).zip(text.chars()) {
                    unit.copy_from_slice(&u32::from(c).to_ne_bytes());
                }
            } else {
                for (byte, c) in out.iter_mut().zip(text.bytes()) {
                    *byte = c;
                }
            }
        }
        Ok(())
    })?;
    Ok(Some(buffer))
}

/// The items of an array as lists of numbers; `None` where text does not hold them exactly.
pub(super) fn lists(array: &Array) -> Result<Option<Tree>> {
    let buffer = array.buffer()?;
    macro_rules! whole {
        ($kind:ty) => {
            buffer.typed_data::<$kind>().iter().map(|&n| Tree::Int(n.into())).collect()
        };
    }
    let float = |x: f64| if x.is_nan() { None } else { Some(Tree::Float(x)) };
    let leaves: Option<Vec<Tree>> = match array.dtype() {
        DType::Bool => Some(buffer.iter().map(|&b| Tree::Bool(b != 0)).collect()),
        DType::I8 => Some(whole!(i8)),
        DType::I16 => Some(whole!(i16)),
        DType::I32 => Some(whole!(i32)),
        DType::I64 => Some(whole!(i64)),
        DType::U8 => Some(whole!(u8)),
        DType::U16 => Some(whole!(u16)),
        DType::U32 => Some(whole!(u32)),
        DType::U64 => Some(whole!(u64)),
        DType::F32 => {
            buffer.typed_data::<f32>().iter().map(|&x| float(x.into())).collect()
        }
        DType::F64 => buffer.typed_data::<f64>().iter().map(|&x| float(x)).collect(),
        _ => None,
    };
    let shape = array.shape();
    if shape.is_empty() || shape.contains(&0) {
        return Ok(None);
    }
    Ok(leaves.map(|leaves| nest(leaves, shape)))
}

fn nest(leaves: Vec<Tree>, shape: &[usize]) -> Tree {
    let mut level = leaves;
    for &n in shape.iter().skip(1).rev() {
        let mut next = Vec::with_capacity(level.len() / n.max(1));
        let mut rest = level.into_iter();
        loop {
            let row: Vec<Tree> = rest.by_ref().take(n).collect();
            if row.is_empty() {
                break;
            }
            next.push(Tree::List(row));
        }
        level = next;
    }
    Tree::List(level)
}
