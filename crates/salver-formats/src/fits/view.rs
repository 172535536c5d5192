//! The header of a compressed image as the header of the image, and back. Source: FITS 4.0 §10.1.

use super::card::{Body, Card};
use super::header::{Entry, Header};

/// Keywords that the compression renames in their place.
const RENAMED: [(&str, &str); 3] =
    [("EXTEND", "ZEXTEND"), ("CHECKSUM", "ZHECKSUM"), ("DATASUM", "ZDATASUM")];

/// Keywords of the table alone, without number.
const TABLE: [&str; 19] = [
    "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS",
    "THEAP", "CHECKSUM", "DATASUM", "ZIMAGE", "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0",
    "ZBLANK", "ZSCALE", "ZZERO", "ZMASKCMP",
];

/// Keywords of the table alone, with a number after them.
const NUMBERED: [&str; 6] = ["TTYPE", "TFORM", "TUNIT", "ZTILE", "ZNAME", "ZVAL"];

/// Keywords that come first, renamed.
const FIRST: [&str; 6] =
    ["ZSIMPLE", "ZTENSION", "ZBITPIX", "ZNAXIS", "ZPCOUNT", "ZGCOUNT"];

/// Whether a keyword is `prefix` and a number.
pub(crate) fn is_numbered(keyword: &str, prefix: &str) -> bool {
    let number = keyword.strip_prefix(prefix).unwrap_or("");
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn of_table(keyword: &str) -> bool {
    TABLE.contains(&keyword) || NUMBERED.iter().any(|p| is_numbered(keyword, p))
}

fn comes_first(keyword: &str) -> bool {
    FIRST.contains(&keyword) || is_numbered(keyword, "ZNAXIS")
}

/// The cards of an entry.
fn cards<'a>(header: &'a Header, entry: &Entry) -> &'a [Card] {
    header.cards().get(entry.first..entry.first + entry.count).unwrap_or_default()
}

/// The image's header, of the header of the table that holds it.
///
/// `primary` is whether it may begin with `SIMPLE`: one that did and is now an extension begins
/// with `XTENSION`, as it must where it is not compressed.
pub(crate) fn image_header(table: &Header, primary: bool) -> Header {
    let mut out = Vec::new();
    let first = |key: &str, out: &mut Vec<Card>| {
        let found = table.position(key).and_then(|i| table.cards().get(i));
        let renamed = match key {
            "ZTENSION" => "XTENSION".to_owned(),
            _ => key.strip_prefix('Z').unwrap_or(key).to_owned(),
        };
        out.extend(found.map(|c| c.renamed(&renamed)));
        found.is_some()
    };
    let simple = primary && first("ZSIMPLE", &mut out);
    if !simple && !first("ZTENSION", &mut out) {
        out.push(Card::from_text("XTENSION= 'IMAGE   '           / Image extension"));
    }
    first("ZBITPIX", &mut out);
    first("ZNAXIS", &mut out);
    let axes = table.int("ZNAXIS").ok().flatten().unwrap_or(0);
    for k in 1..=axes.clamp(0, 999) {
        first(&format!("ZNAXIS{k}"), &mut out);
    }
    let pcount = first("ZPCOUNT", &mut out);
    if !pcount && !simple {
        let text = "PCOUNT  =                    0 / number of parameters";
        out.push(Card::from_text(text));
    }
    let gcount = first("ZGCOUNT", &mut out);
    if !gcount && !simple {
        let text = "GCOUNT  =                    1 / number of groups";
        out.push(Card::from_text(text));
    }
    for entry in table.entries() {
        let keyword = entry.keyword.as_str();
        let is_value = matches!(entry.body, Body::Value(..));
        if is_value && (of_table(keyword) || comes_first(keyword)) {
            continue;
        }
        let back = RENAMED.iter().find(|(_, z)| *z == keyword).map(|(name, _)| *name);
        match back {
            Some(name) if is_value => {
                out.extend(cards(table, &entry).iter().map(|c| c.renamed(name)));
            }
            _ => out.extend_from_slice(cards(table, &entry)),
        }
    }
    Header::from_cards(out)
}

/// The cards of an image's header in the header of the table that holds it: those that come first,
/// renamed, and the others.
pub(crate) fn table_cards(image: &Header) -> (Vec<Card>, Vec<Card>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for entry in image.entries() {
        let keyword = entry.keyword.as_str();
        let own = cards(image, &entry);
        let renamed = match keyword {
            "XTENSION" => Some("ZTENSION".to_owned()),
            "SIMPLE" | "BITPIX" | "NAXIS" | "PCOUNT" | "GCOUNT" => {
                Some(format!("Z{keyword}"))
            }
            _ if is_numbered(keyword, "NAXIS") => Some(format!("Z{keyword}")),
            _ => None,
        };
        if let Some(renamed) = renamed {
            first.extend(own.iter().map(|c| c.renamed(&renamed)));
        } else if let Some((_, z)) = RENAMED.iter().find(|(name, _)| *name == keyword) {
            rest.extend(own.iter().map(|c| c.renamed(z)));
        } else {
            rest.extend_from_slice(own);
        }
    }
    (first, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> Header {
        Header::from_cards(lines.iter().map(|l| Card::from_text(l)).collect())
    }

    #[test]
    fn an_image_header_survives_the_table() {
        for start in ["SIMPLE  =                    T / so", "XTENSION= 'IMAGE   ' / x"] {
            let image = header(&[
                start,
                "BITPIX  =                   16 / bits",
                "NAXIS   =                    2",
                "NAXIS1  =                    5 / fast",
                "NAXIS2  =                    6",
                "PCOUNT  =                    0 / p",
                "GCOUNT  =                    1 / g",
                "EXTEND  =                    T",
                "COMMENT BITPIX is free here",
                "",
                "TEXT    = 'a&'",
                "CONTINUE  'b'",
                "CHECKSUM= 'x       '",
            ]);
            let (first, rest) = table_cards(&image);
            let table = header(&[
                "XTENSION= 'BINTABLE'",
                "BITPIX  = 8",
                "NAXIS   = 2",
                "TFIELDS = 1",
            ]);
            let mut all = table.cards().to_vec();
            all.extend(first);
            all.push(Card::from_text("ZIMAGE  =                    T"));
            all.extend(rest);
            let table = Header::from_cards(all);
            assert_eq!(image_header(&table, true), image);
            assert!(image_header(&table, false).cards()[0].is("XTENSION"));
        }
    }
}
