//! Headers as nodes: `header`, a map by keyword, and `cards`, the cards as they are.

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::{Map, Tree};

use super::card::{Body, Card, Value, commentary_cards};
use super::header::Header;
use super::view::is_numbered;

/// Keywords with text and no value, of which there may be many.
const COMMENTARY: [&str; 2] = ["COMMENT", "HISTORY"];

/// The values by keyword: of several with one keyword the first; `COMMENT` and `HISTORY` as lists.
pub(crate) fn header_map(header: &Header) -> Map {
    let mut map = Map::new();
    for entry in header.entries() {
        match entry.body {
            Body::Value(value, _) => {
                if map.get(&entry.keyword).is_none() {
                    map.insert(entry.keyword, value_node(value));
                }
            }
            Body::Commentary(text) if COMMENTARY.contains(&entry.keyword.as_str()) => {
                match map.get_mut(&entry.keyword) {
                    Some(Tree::List(lines)) => lines.push(Tree::Str(text)),
                    Some(_) => {}
                    None => {
                        drop(
                            map.insert(entry.keyword, Tree::List(vec![Tree::Str(text)])),
                        );
                    }
                }
            }
            Body::Commentary(_) => {}
        }
    }
    map
}

/// The cards, one text each without trailing spaces.
pub(crate) fn cards_list(header: &Header) -> Tree {
    Tree::List(header.cards().iter().map(|c| Tree::Str(c.text())).collect())
}

fn value_node(value: Value) -> Tree {
    match value {
        Value::Undefined => Tree::Null,
        Value::Bool(b) => Tree::Bool(b),
        Value::Int(i) => Tree::Int(i),
        Value::Float(x) => Tree::Float(x),
        Value::Complex(re, im) => Tree::List(vec![Tree::Float(re), Tree::Float(im)]),
        Value::Text(text) | Value::Raw(text) => Tree::Str(text),
    }
}

fn node_value(node: &Tree) -> Option<Value> {
    Some(match node.untagged() {
        Tree::Null => Value::Undefined,
        Tree::Bool(b) => Value::Bool(*b),
        Tree::Int(i) => Value::Int(*i),
        Tree::Float(x) => Value::Float(*x),
        Tree::Str(text) => Value::Text(text.clone()),
        Tree::List(pair) => match pair.as_slice() {
            [Tree::Float(re), Tree::Float(im)] => Value::Complex(*re, *im),
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether the data, and not the tree, say what a keyword is.
pub(crate) fn is_structural(keyword: &str) -> bool {
    const PLAIN: [&str; 8] =
        ["SIMPLE", "XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "END"];
    PLAIN.contains(&keyword) || is_numbered(keyword, "NAXIS")
}

/// The header of an HDU's node: the cards, changed where the map differs from them. A keyword that
/// the map lacks goes, one that the cards lack is added at the end.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for what a header cannot hold, naming the node.
pub(crate) fn header_of(hdu: &Map, path: &str) -> Result<Header> {
    let mut header = Header::default();
    let given = match hdu.get("cards").map(Tree::untagged) {
        None | Some(Tree::Null) => false,
        Some(Tree::List(cards)) => {
            for card in cards {
                let text = card.as_str().filter(|t| t.chars().count() <= 80);
                let text = text.ok_or_else(|| {
                    unsupported(
                        "a card that is not a text of 80 characters",
                        path,
                        "cards",
                    )
                })?;
                header.append([Card::from_text(text)]);
            }
            true
        }
        Some(_) => return Err(unsupported("cards that are no list", path, "cards")),
    };
    match hdu.get("header").map(Tree::untagged) {
        None | Some(Tree::Null) => {}
        Some(Tree::Map(map)) => apply(&mut header, map, given, path)?,
        Some(_) => return Err(unsupported("a header that is no map", path, "header")),
    }
    Ok(header)
}

fn apply(header: &mut Header, map: &Map, given: bool, path: &str) -> Result<()> {
    let now = header_map(header);
    for (keyword, _) in now.iter().filter(|(k, _)| given && map.get(k).is_none()) {
        if !is_structural(keyword) {
            header.remove(keyword);
        }
    }
    for (keyword, node) in map.iter() {
        if is_structural(keyword) || now.get(keyword) == Some(node) {
            continue;
        }
        let named = |e: Error| e.with("node", format!("{path}/header/{keyword}"));
        if COMMENTARY.contains(&keyword) {
            commentary(header, keyword, now.get(keyword), node).map_err(named)?;
        } else {
            let value = node_value(node)
                .ok_or_else(|| unsupported("not a value of a header", path, keyword))?;
            header.set(keyword, &value, "").map_err(named)?;
        }
    }
    Ok(())
}

/// Sets all lines of `COMMENT` or `HISTORY`: appended where the list only grew, else anew.
fn commentary(
    header: &mut Header,
    keyword: &str,
    now: Option<&Tree>,
    node: &Tree,
) -> Result<()> {
    let lines = |node: Option<&Tree>| match node.map(Tree::untagged) {
        None => Some(Vec::new()),
        Some(Tree::Str(line)) => Some(vec![line.clone()]),
        Some(Tree::List(lines)) => {
            lines.iter().map(|l| l.as_str().map(str::to_owned)).collect()
        }
        Some(_) => None,
    };
    let old = lines(now).unwrap_or_default();
    let new =
        lines(Some(node)).ok_or_else(|| unsupported("not lines of text", "", keyword))?;
    let mut fresh = new.as_slice();
    match new.get(..old.len()) {
        Some(same) if *same == old => fresh = &new[old.len()..],
        _ => header.remove(keyword),
    }
    for line in fresh {
        header.append(commentary_cards(keyword, line)?);
    }
    Ok(())
}

fn unsupported(message: &str, path: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, Op("fits.header"), message)
        .with("node", format!("{path}/{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(lines: &[&str]) -> Map {
        let header =
            Header::from_cards(lines.iter().map(|l| Card::from_text(l)).collect());
        let mut hdu = Map::new();
        hdu.insert("header", Tree::Map(header_map(&header)));
        hdu.insert("cards", cards_list(&header));
        hdu
    }

    fn edited(lines: &[&str], edit: impl FnOnce(&mut Map)) -> Vec<String> {
        let mut hdu = node(lines);
        if let Some(Tree::Map(map)) = hdu.get_mut("header") {
            edit(map);
        }
        let header = header_of(&hdu, "/X").unwrap();
        header.cards().iter().map(Card::text).collect()
    }

    const LINES: [&str; 6] = [
        "A       = 1.50 / first",
        "COMMENT one",
        "",
        "HIERARCH ESO X = 'y' / deep",
        "A       = 2",
        "BAD     = nan",
    ];

    #[test]
    fn an_unchanged_header_keeps_its_cards() {
        assert_eq!(edited(&LINES, |_| {}), LINES);
    }

    #[test]
    fn changes_of_the_map_reach_the_cards() {
        let changed = edited(&LINES, |map| {
            map.insert("A", Tree::from(2.5));
            map.remove("ESO X");
            map.insert("COMMENT", Tree::List(vec![Tree::from("one"), Tree::from("two")]));
            map.insert("new key", Tree::from(3));
        });
        assert_eq!(
            changed,
            [
                "A       =                  2.5 / first",
                "COMMENT one",
                "",
                "A       = 2",
                "BAD     = nan",
                "COMMENT two",
                "HIERARCH new key = 3",
            ]
        );
    }

    #[test]
    fn what_a_header_cannot_hold_names_its_node() {
        let mut hdu = node(&LINES);
        if let Some(Tree::Map(map)) = hdu.get_mut("header") {
            map.insert("MAP", Tree::Map(Map::new()));
        }
        let error = header_of(&hdu, "/X").unwrap_err();
        assert!(error.to_string().contains("/X/MAP"), "{error}");
    }
}
