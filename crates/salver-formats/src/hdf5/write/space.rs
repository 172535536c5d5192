//! Items of text and of lists as bytes of one length.

use salver_tree::{DType, Tree};

/// Characters of 4 bytes as UTF-8, each item as long as the longest; `None` for what is no
/// character.
pub(super) fn utf8(items: &[u8], chars: u32, count: usize) -> Option<(usize, Vec<u8>)> {
    let width = usize::try_from(chars).ok()? * 4;
    if width == 0 {
        return Some((1, vec![0; count]));
    }
    let mut texts = Vec::with_capacity(count);
    for item in items.chunks_exact(width) {
        let letters = item.chunks_exact(4).map(|unit| {
            let unit = unit.first_chunk().copied().unwrap_or_default();
            char::from_u32(u32::from_ne_bytes(unit))
        });
        let text: String = letters.collect::<Option<_>>()?;
        texts.push(text.trim_end_matches('\0').to_owned());
    }
    fixed_text(texts.iter().map(String::as_str))
}

/// Texts padded to the longest; `None` where one ends with the padding.
pub(crate) fn fixed_text<'a>(
    texts: impl Iterator<Item = &'a str> + Clone,
) -> Option<(usize, Vec<u8>)> {
    let size = texts.clone().map(str::len).max().unwrap_or(0).max(1);
    let mut out = Vec::new();
    for text in texts {
        if text.ends_with('\0') {
            return None;
        }
        out.extend_from_slice(text.as_bytes());
        out.resize(out.len() + size - text.len(), 0);
    }
    Some((size, out))
}

/// A list of scalars of one kind: the type of its items, their length, and their bytes.
pub(super) fn homogeneous(items: &[Tree]) -> Option<(DType, usize, Vec<u8>)> {
    fn all<const N: usize>(
        items: &[Tree],
        each: impl Fn(&Tree) -> Option<[u8; N]>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(items.len() * N);
        for item in items {
            out.extend(each(item)?);
        }
        Some(out)
    }
    match items.first()? {
        Tree::Bool(_) => {
            let bytes = all(items, |t| match t {
                Tree::Bool(b) => Some([u8::from(*b)]),
                _ => None,
            })?;
            Some((DType::Bool, 1, bytes))
        }
        Tree::Float(_) => {
            let bytes = all(items, |t| match t {
                Tree::Float(x) => Some(x.to_ne_bytes()),
                _ => None,
            })?;
            Some((DType::F64, 8, bytes))
        }
        Tree::Int(_) => {
            let whole = |t: &Tree| match t {
                Tree::Int(i) => Some(*i),
                _ => None,
            };
            let signed =
                all(items, |t| Some(i64::try_from(whole(t)?).ok()?.to_ne_bytes()));
            let unsigned =
                || all(items, |t| Some(u64::try_from(whole(t)?).ok()?.to_ne_bytes()));
            match signed {
                Some(bytes) => Some((DType::I64, 8, bytes)),
                None => Some((DType::U64, 8, unsigned()?)),
            }
        }
        Tree::Str(_) => {
            let texts: Option<Vec<&str>> = items
                .iter()
                .map(|t| if let Tree::Str(s) = t { Some(s.as_str()) } else { None })
                .collect();
            let texts = texts?;
            let longest = texts.iter().map(|t| t.len()).max()?;
            let total: usize = texts.iter().map(|t| t.len()).sum();
            if longest.saturating_mul(texts.len()) > 4 * total + 4096 {
                return None;
            }
            let (size, bytes) = fixed_text(texts.iter().copied())?;
            Some((DType::Text(1), size, bytes))
        }
        _ => None,
    }
}
