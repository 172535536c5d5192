use std::sync::Arc;

use arrow_buffer::Buffer;
use salver_core::ErrorKind;
use salver_tree::{
    Array, DType, EncodeOptions, Format as _, Map, MemorySource, Select, Source, Tagged,
    Tree,
};

use super::{Content, Style, Yaml, from_tree, parse, to_tree};
use crate::Json;

const CASES: &str = include_str!("../../../../testdata/formats/yaml.json");

/// DIFFERENCE: the parser has YAML 1.2's syntax, in which these are something else or refused:
/// breaks other than a newline, a byte order mark inside, indicators as text, `&x:` as an anchor.
/// And what is no base64 is refused, where Python reads as much of it as it can.
const DIFFERENT: [&str; 9] = [
    "?",
    "?a",
    "-",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "&x: 1",
    "!!binary '?'",
    "\u{2029}",
];

fn cases(name: &str) -> Vec<(Tree, Tree)> {
    let all = Json::parse(CASES).unwrap();
    let Tree::List(pairs) = all.at(name).unwrap() else { panic!("a list") };
    let part = |pair: &Tree, path| pair.at(path).unwrap().clone();
    pairs.iter().map(|pair| (part(pair, "/0"), part(pair, "/1"))).collect()
}

/// How many of the failing cases are shown.
fn report(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
}

#[test]
fn documents_are_written_as_pyyaml_does_byte_for_byte() {
    let mut failures = Vec::new();
    for name in ["/written", "/tags"] {
        for (tree, text) in cases(name) {
            let text = text.as_str().unwrap();
            let ours = from_tree(&tree).unwrap();
            if ours != text {
                failures.push(format!("ours   {ours:?}\ntheirs {text:?}"));
            }
        }
    }
    report(&failures);
}

#[test]
fn documents_of_pyyaml_read_as_their_values() {
    let mut failures = Vec::new();
    for name in ["/written", "/tags"] {
        for (tree, text) in cases(name) {
            match to_tree(text.as_str().unwrap()) {
                Ok(found) if found == tree => {}
                found => {
                    failures.push(format!("{text:?}\nours   {found:?}\ntheirs {tree:?}"));
                }
            }
        }
    }
    report(&failures);
}

#[test]
fn scalars_and_tags_read_as_pyyaml_reads_them() {
    let refused = Tree::Map(Map::from_iter([("refused".to_owned(), Tree::Bool(true))]));
    let mut failures = Vec::new();
    for (text, tree) in cases("/read") {
        let text = text.as_str().unwrap();
        if DIFFERENT.contains(&text.trim_start_matches("a: ").trim_matches(['[', ']'])) {
            continue;
        }
        match to_tree(text) {
            Ok(found) if found == tree => {}
            // what PyYAML refuses is at times only what it has no Python type for
            _ if tree == refused => {}
            found => {
                failures.push(format!("{text:?}\nours   {found:?}\ntheirs {tree:?}"));
            }
        }
    }
    report(&failures);
}

#[test]
fn nodes_keep_tag_style_and_place() {
    let node = parse("a: !uuid 'x'\nb:\n  - 1\n").unwrap().unwrap();
    let Content::Mapping(pairs) = &node.content else { panic!("a map") };
    let (_, value) = &pairs[0];
    assert_eq!(value.tag.as_deref(), Some("!uuid"));
    assert_eq!((value.style, value.line, value.column), (Style::Quoted, 1, 4));
    let Content::Sequence(items) = &pairs[1].1.content else { panic!("a list") };
    assert_eq!((items[0].style, items[0].line, items[0].column), (Style::Plain, 3, 5));
    assert_eq!(parse("# nothing").unwrap(), None);
}

#[test]
fn errors_name_line_and_column() {
    for text in ["a: [1, 2", "a: *no", "'abc", "a: b: c", "--- 1\n--- 2\n", "- a\nb: 1"] {
        let error = to_tree(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
    }
    let error = to_tree("a:\n  b: !!int x\n").unwrap_err();
    assert!(error.to_string().contains("line: 2, column: "), "{error}");
    let error = to_tree("[{a: 1}: 2]").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn aliases_that_unfold_are_limited() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let before = format!("*a{}", i - 1);
        let items = [before.as_str(); 9].join(", ");
        text = format!("{text}a{i}: &a{i} [{items}]\n");
    }
    assert_eq!(to_tree(&text).unwrap_err().kind(), ErrorKind::Limit);
    let mut merges = "a0: &a0 {k: 1}\n".to_owned();
    for i in 1..40 {
        merges = format!("{merges}a{i}: &a{i} {{<<: [*a{0}, *a{0}]}}\n", i - 1);
    }
    assert_eq!(to_tree(&merges).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(to_tree("a: &a [*a]").unwrap_err().kind(), ErrorKind::Unsupported);
    let deep = "- ".repeat(600);
    assert_eq!(to_tree(&deep).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(to_tree(&"[".repeat(100_000)).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn nodes_that_yaml_lacks_come_back() {
    let array =
        Array::new(DType::I16, vec![2], Buffer::from_vec(vec![-1_i16, 258])).unwrap();
    let inner = Tree::Map(Map::from_iter([("$time".to_owned(), Tree::from(5))]));
    let tag = |name: &str, version, tree: &Tree| {
        Tree::Tagged(Box::new(Tagged { name: name.into(), version, tree: tree.clone() }))
    };
    let trees = [
        Tree::Array(array),
        Tree::Time(1_709_294_437_000_000_001),
        tag("astropy.nddata.CCDData", 3, &inner),
        tag("!y", 0, &inner),
        tag("!y", 0, &Tree::from(5)),
        tag("", 0, &Tree::from("x")),
        tag("!", 0, &Tree::from("x")),
        tag("!butler_time/tai/iso", 0, &Tree::from("x")),
        tag("tag:yaml.org,2002:int", 0, &Tree::from("5")),
        tag("tag:yaml.org,2002:timestamp", 0, &Tree::from("soon")),
        tag("tag:yaml.org,2002:timestamp", 0, &Tree::from("2024-03-01")),
        tag("!ü x!%", 0, &Tree::from("")),
        tag("!a", 0, &tag("!b", 0, &Tree::List(vec![]))),
    ];
    for tree in trees {
        for tree in [
            tree.clone(),
            Tree::List(vec![tree.clone()]),
            Tree::Map(Map::from_iter([("k".to_owned(), tree)])),
        ] {
            let text = from_tree(&tree).unwrap();
            assert_eq!(
                to_tree(&text).unwrap_or_else(|e| panic!("{text}: {e:?}")),
                tree,
                "{text}"
            );
        }
    }
}

#[test]
fn encode_and_decode_a_document() {
    let tree = to_tree("a: {b: [1, x]}").unwrap();
    let mut out = Vec::new();
    let index = Yaml.encode(&tree, &EncodeOptions::default(), &mut out).unwrap();
    assert_eq!(out, b"a:\n  b:\n  - 1\n  - x\n");
    let source: Arc<dyn Source> = Arc::new(MemorySource::new(out));
    assert_eq!(Yaml.index(&source).unwrap(), index);
    let part = Yaml.decode(&Arc::new(index), &Select::part("/a/b/1"), &source).unwrap();
    assert_eq!(part, Tree::from("x"));
}
