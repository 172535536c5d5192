#![expect(clippy::format_push_string, reason = "interim")]
//! INTERIM until salver-formats has YAML: block mappings of plain scalars only.
use salver_core::Result;
use salver_tree::{Map, Tree};

pub(crate) fn parse(text: &str) -> Result<Tree> {
    if text.trim_start().starts_with(['{', '[']) {
        let v: serde_json::Value = serde_json::from_str(text).map_err(|e| {
            salver_core::Error::new(
                salver_core::ErrorKind::Corrupt,
                salver_core::Op("yaml"),
                "bad",
            )
            .caused_by(e)
        })?;
        return super::yaml::tree_of(&v);
    }
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'))
        .map(|l| (l.len() - l.trim_start().len(), l.trim()))
        .collect();
    let mut at = 0;
    Ok(Tree::Map(block(&lines, &mut at, 0)))
}

fn block(lines: &[(usize, &str)], at: &mut usize, indent: usize) -> Map {
    let mut map = Map::new();
    while let Some((i, line)) = lines.get(*at).copied() {
        if i < indent {
            break;
        }
        *at += 1;
        let (k, v) = line.split_once(':').unwrap_or((line, ""));
        let v = v.trim();
        let value = if v.is_empty() {
            match lines.get(*at) {
                Some((n, _)) if *n > i => Tree::Map(block(lines, at, *n)),
                _ => Tree::Null,
            }
        } else if v == "true" || v == "false" {
            Tree::Bool(v == "true")
        } else if let Ok(n) = v.parse::<i64>() {
            Tree::from(n)
        } else if v.starts_with(['{', '[']) {
            parse(v).unwrap_or(Tree::Null)
        } else {
            Tree::from(v.trim_matches('\''))
        };
        map.insert(k, value);
    }
    map
}

pub(crate) fn dump(tree: &Tree, indent: usize, out: &mut String) {
    if let Tree::Map(map) = tree {
        for (k, v) in map.iter() {
            out.push_str(&" ".repeat(indent));
            out.push_str(k);
            match v {
                Tree::Map(_) => {
                    out.push_str(":\n");
                    dump(v, indent + 2, out);
                }
                Tree::Str(s) if s.starts_with('{') => out.push_str(&format!(": '{s}'\n")),
                Tree::Str(s) => out.push_str(&format!(": {s}\n")),
                Tree::Bool(b) => out.push_str(&format!(": {b}\n")),
                _ => out.push_str(": null\n"),
            }
        }
    }
}
