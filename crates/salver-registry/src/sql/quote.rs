//! Identifiers in statements. They come from the universe and from validated names only.

/// Words that SQLite reserves, or may reserve (<https://sqlite.org/lang_keywords.html>).
const RESERVED: &[&str] = &[
    "add",
    "after",
    "all",
    "alter",
    "analyze",
    "and",
    "as",
    "asc",
    "attach",
    "autoincrement",
    "before",
    "begin",
    "between",
    "by",
    "cascade",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "commit",
    "conflict",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "database",
    "default",
    "deferrable",
    "deferred",
    "delete",
    "desc",
    "detach",
    "distinct",
    "drop",
    "each",
    "else",
    "end",
    "escape",
    "except",
    "exclusive",
    "exists",
    "explain",
    "fail",
    "false",
    "for",
    "foreign",
    "from",
    "full",
    "glob",
    "group",
    "having",
    "if",
    "ignore",
    "immediate",
    "in",
    "index",
    "indexed",
    "initially",
    "inner",
    "insert",
    "instead",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "key",
    "left",
    "like",
    "limit",
    "match",
    "natural",
    "not",
    "notnull",
    "null",
    "of",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "plan",
    "pragma",
    "primary",
    "query",
    "raise",
    "references",
    "reindex",
    "rename",
    "replace",
    "restrict",
    "right",
    "rollback",
    "row",
    "select",
    "set",
    "table",
    "temp",
    "temporary",
    "then",
    "to",
    "transaction",
    "trigger",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "vacuum",
    "values",
    "view",
    "virtual",
    "when",
    "where",
];

/// An identifier in double quotes, quotes inside doubled.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An identifier as Gen3's DDL writes it: quoted only where it must be.
pub(crate) fn ddl_name(name: &str) -> String {
    let plain =
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty();
    if plain && !RESERVED.contains(&name) { name.to_owned() } else { quoted(name) }
}

/// Identifiers, each prefixed and quoted, joined with commas: `t."a", t."b"`.
pub(crate) fn list<S: AsRef<str>>(
    prefix: &str,
    names: impl IntoIterator<Item = S>,
) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(prefix);
        text.push_str(&quoted(name.as_ref()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_and_odd_names_are_quoted() {
        assert_eq!(ddl_name("visit"), "visit");
        assert_eq!(ddl_name("group"), "\"group\"");
        assert_eq!(ddl_name("Visit"), "\"Visit\"");
        assert_eq!(ddl_name("a\"b"), "\"a\"\"b\"");
        assert_eq!(list("t.", ["a", "group"]), "t.\"a\", t.\"group\"");
    }
}
