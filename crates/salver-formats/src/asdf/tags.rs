//! Tags with a meaning here, and how a tagged node of a caller is kept apart from them.

use salver_tree::Tree;

use super::scalar;

/// What `!` stands for in ASDF files.
pub(super) const STANDARD: &str = "tag:stsci.edu:asdf/";
const ASTROPY: &str = "tag:astropy.org:astropy/";

pub(super) const ROOT: &str = "tag:stsci.edu:asdf/core/asdf-1.1.0";
pub(super) const SOFTWARE: &str = "tag:stsci.edu:asdf/core/software-1.0.0";
pub(super) const NDARRAY: &str = "tag:stsci.edu:asdf/core/ndarray-1.1.0";
pub(super) const QUANTITY: &str = "tag:stsci.edu:asdf/unit/quantity-1.2.0";
pub(super) const UNIT: &str = "tag:stsci.edu:asdf/unit/unit-1.0.0";
pub(super) const TIME: &str = "tag:stsci.edu:asdf/time/time-1.2.0";
pub(super) const COLUMN: &str = "tag:stsci.edu:asdf/table/column-1.1.0";
pub(super) const TABLE: &str = "tag:astropy.org:astropy/table/table-1.1.0";
pub(super) const REF: &str = "asdf://salver/tags/ref-1.0.0";

/// What a tag of a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Root,
    Array,
    Complex,
    Integer,
    Quantity,
    Time,
    Unit,
    Column,
    Table,
    Ref,
}

/// The meaning of a tag, of any version.
pub(super) fn meaning(tag: &str) -> Option<Meaning> {
    let (base, _version) = tag.rsplit_once('-')?;
    if let Some(name) = base.strip_prefix(STANDARD) {
        return Some(match name {
            "core/asdf" => Meaning::Root,
            "core/ndarray" => Meaning::Array,
            "core/complex" => Meaning::Complex,
            "core/integer" => Meaning::Integer,
            "unit/quantity" => Meaning::Quantity,
            "unit/unit" => Meaning::Unit,
            "time/time" => Meaning::Time,
            "table/column" | "core/column" => Meaning::Column,
            "table/table" | "core/table" => Meaning::Table,
            _ => return None,
        });
    }
    match base.strip_prefix(ASTROPY) {
        Some("table/table") => Some(Meaning::Table),
        Some("units/unit") => Some(Meaning::Unit),
        Some(_) => None,
        None => (base == "asdf://salver/tags/ref").then_some(Meaning::Ref),
    }
}

/// Whether a tag that a caller gave would be read as something else, behind any number of `~`.
fn taken(tag: &str) -> bool {
    let plain = meaning(tag.trim_start_matches('~'));
    // a unit or a column by itself is a tagged node
    !matches!(plain, None | Some(Meaning::Unit | Meaning::Column))
}

/// The tag of a caller as it is written, above its written tree.
pub(super) fn escaped(tag: &str, tree: &Tree) -> String {
    if taken(tag) && !stays(tag, tree) { format!("~{tag}") } else { tag.to_owned() }
}

/// Whether a reader leaves a tree under its tag, whatever the tag means: a time that is not TAI, a
/// table with a column of neither arrays nor quantities.
fn stays(tag: &str, tree: &Tree) -> bool {
    let is_column = |column: &Tree| {
        let Tree::Tagged(t) = column else { return false };
        matches!(
            meaning(&t.name),
            Some(Meaning::Column | Meaning::Quantity | Meaning::Array)
        )
    };
    match meaning(tag) {
        Some(Meaning::Time) => scalar::time(tree).is_none(),
        Some(Meaning::Table) => {
            let columns = tree.as_map().and_then(|map| map.get("columns"));
            matches!(columns, Some(Tree::List(all)) if !all.iter().all(is_column))
        }
        _ => false,
    }
}

/// The tag of a caller from what was written; `None` where it is as it was.
pub(super) fn unescaped(tag: &str) -> Option<&str> {
    tag.strip_prefix('~').filter(|rest| taken(rest))
}

/// The key beside a map's own that names its tag.
pub(super) const TAG_KEY: &str = "$tag";

/// Whether a key of a larger map is the tag's, behind at least `least` more dollars.
pub(super) fn is_tag_key(key: &str, least: usize) -> bool {
    let dollars = key.len() - key.trim_start_matches('$').len();
    dollars > least && key.trim_start_matches('$') == "tag"
}
