"""Writes yaml.json: documents that PyYAML wrote and inputs that it reads.

`written`: [tree, text]; `read`: [text, tree or null where PyYAML refuses].
Trees are in this project's JSON spelling. Run: python testdata/formats/make_yaml.py
"""

import base64
import datetime
import json
import random
from pathlib import Path

import yaml

HERE = Path(__file__).parent
rng = random.Random(20240301)


class Refused(Exception):
    pass


class Loader(yaml.SafeLoader):
    """SafeLoader that keeps timestamps as their text."""


def timestamp(loader, node):
    return {"$tag": {"name": "tag:yaml.org,2002:timestamp", "version": 0, "tree": loader.construct_scalar(node)}}


Loader.add_constructor("tag:yaml.org,2002:timestamp", timestamp)


def key(value):
    if isinstance(value, dict):
        return value["$tag"]["tree"]
    if isinstance(value, (bytes, tuple)):
        raise Refused
    return value if isinstance(value, str) else json.dumps(value)


def spelled(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key(k): spelled(v) for k, v in value.items()}
    if isinstance(value, set):
        raise Refused
    if isinstance(value, (list, tuple)):
        return [spelled(v) for v in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Refused
    return value


WORDS = ["alpha", "be", "x", "é", "a:", "#no", "-", "'q'", '"d"', "1.5", "yes", "verylongwordindeed" * 3, ",", "[", "{a}", "ü日本", "%", "null", "?", "tab\t", "a\\b", ":"]
ODD = ["", " ", "  a", "a ", "\n", "a\n", "\na", "a\n\nb", "a\n b", "a \nb", "a  b", "yes", "No", "ON", "oN", "1", "-1", "+1", "0", "00", "010", "08", "0x1F", "0b101", "1_000", "1.", ".5", "-.5", "+.5",
       "1.5e3", "1.5e+3", "1e3", ".inf", "-.INF", ".nan", "12:30", "12:30:45", "1:60", "0:30", "0:30.5", "190:20:30.15", "2024-03-01", "2024-3-1", "2024-03-01 12:00:00", "2024-03-01T12:00:00Z", "2024-3-1 1:02:03.5 -7:30",
       "~", "null", "Null", "<<", "=", "!x", "&x", "*x", "@x", "`x", "%x", "|", ">", "- a", "-a", "-", "--", "---", "--- x", "...", "..", "? a", "?a", "?", ": a", ":a", ":", "a: b", "a:b", "a #b", "a#b", "#", "{", "[", "]", ",", "a,b",
       "a[b]", "'", '"', "it's", 'say "x"', "\\", "\x07", "\x00", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "\U0001f600", "é", "0_", "_0", "1__0", "0b", "0x", "0xg", "1:2:3", "+12:30", "e5", "1e", "1.e5", "1.e+5", "1_0.5_0", "._5", ".", "+", "+.", "true", "TRUE", "tRue", "y", "n", "a\tb", "\t", "http://x/y?z=1#f", "path/to-file_1.0.fits", "R00_S0", "1.2.3", "v1.0"]


def text():
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(ODD)
    if kind == 1:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 40)))
    if kind == 2:
        return "".join(rng.choice("ab :-#'\"\n\t,é?") for _ in range(rng.randrange(12)))
    return rng.choice(["instrument", "detector", "a b", "calexp", "x" * rng.randrange(100, 140)])


def scalar():
    kind = rng.randrange(8)
    if kind < 4:
        return text()
    if kind == 4:
        return rng.choice([None, True, False])
    if kind == 5:
        return rng.choice([0, -5, 2**40, 2**63, -(2**63), 42])
    if kind == 6:
        return rng.choice([0.0, -0.0, 1.5, 1e16, 1e-7, -2.5e-300, float("inf"), float("-inf"), 123456789.125, 1e15])
    return rng.randbytes(rng.choice([0, 1, 56, 57, 58, 200]))


def value(depth):
    kind = rng.randrange(6 if depth < 4 else 2)
    if kind < 2:
        return scalar()
    if kind < 4:
        return {text(): value(depth + 1) for _ in range(rng.randrange(4))}
    return [value(depth + 1) for _ in range(rng.randrange(4))]


values = [*ODD, *({word: [word, {word: word}]} for word in ODD)]
values += [{"root": "<butlerRoot>/x", "cls": "lsst.daf.butler.Butler", "n": [1, [2, [3]], {"a": {"b": {}}}], "e": []}]
values += [value(0) for _ in range(250)]
values += [[" ".join(rng.choice(WORDS) for _ in range(60)) for _ in range(2)] for _ in range(20)]
values += [{"k": {"deep": "é" * n + " " + "w " * 40}} for n in range(60, 82, 3)]
written = []
for item in values:
    out = yaml.safe_dump(item, sort_keys=False)
    written.append([spelled(item), out])

inputs = list(ODD)
inputs += [f"a: {word}" for word in ODD] + [f"[{word}]" for word in ODD] + [f"{word}: 1" for word in ODD]
inputs += [
    "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n",
    "base: &b {x: 1, y: 2}\nm:\n  y: 5\n  <<: *b\n  z: 3\n",
    "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b], z: 0}\n",
    "<<: {a: 1}\n<<: {a: 2, b: 3}\na: 9\n",
    "<<: 5\n", "? [a]\n: 1\n", "{1: a, true: b, null: c, 1.5: d, 2024-03-01: e}",
    "!!str 5", "!!int '7'", "!!float 3", "!!float 1e5", "!!bool yes", "!!null ''", "!!int x", "!!binary |\n  aGVs\n  bG8=\n", "!!binary '?'", "!!omap [a: 1, b: 2]", "!!pairs [a: 1, a: 2]", "!!omap [{a: 1, b: 2}]",
    "! 5", "! [1]", "!!seq [1]", "!!map {a: 1}", "!!set 5", "a: |\n  x\n   y\n\nb: >\n  fold\n  ed\n\n  text\n", "a: |-\n  x\nb: |+\n  y\n\n", "a: 'it''s\n  folded'\nb: \"x\\ty\\\n  z\"\n",
    "a: 1\na: 2\n", "- 1\n- - 2\n  - 3\n-\n  a: b\n", "a:\n- 1\n- 2\nb: c\n", "# comment\na: 1 # more\n", "---\na: 1\n...\n", "--- 1\n--- 2\n", "%YAML 1.1\n---\na: 1\n", "", "# only\n", "---\n", "a: *unknown", "{a", "[1, 2", "a: b: c", "a:\n b\n  c", "'abc", "\"\\q\"", "\ta: 1", "a: \t1", "@a", "`a`", "a: @b", "- a\nb: 1", "{a: 1, b}", "[a: 1, b]", "? a\n? b\n", "a: -1_000\nb: +0x_F\nc: -0b11\nd: -010\n", "x: 18446744073709551615", "x: -9223372036854775808", "é: ü", "k: \"\\x41\\u00e9\\U0001f600\\0\\e\"", "a: !!binary \"\"", "multi\n line\n plain: 1", "a: multi\n  line\n  plain\n",
]
read = []
for source in inputs:
    try:
        read.append([source, spelled(yaml.load(source, Loader))])
    except (yaml.YAMLError, ValueError, Refused, TypeError):
        read.append([source, {"refused": True}])


class Export(yaml.SafeDumper):
    """Tags as in Gen3's export files."""


class Tag:
    def __init__(self, name, item):
        self.name, self.item = name, item


def represent(dumper, tag):
    if isinstance(tag.item, str):
        return dumper.represent_scalar(tag.name, tag.item)
    if isinstance(tag.item, list):
        return dumper.represent_sequence(tag.name, tag.item)
    return dumper.represent_mapping(tag.name, tag.item)


Export.add_representer(Tag, represent)
Export.ignore_aliases = lambda self, data: True


def tagged(value):
    if isinstance(value, Tag):
        return {"$tag": {"name": value.name, "version": 0, "tree": tagged(value.item)}}
    if isinstance(value, dict):
        return {k: tagged(v) for k, v in value.items()}
    if isinstance(value, list):
        return [tagged(v) for v in value]
    return spelled(value)


when = "2024-03-01 12:00:37.000000000"
exports = [
    {"ids": [Tag("!uuid", "0190e1c4-7a3b-7def-8000-0123456789ab")], "region": Tag("lsst.sphgeom.ConvexPolygon", {"encoded": "70ab"}), "hash": b"\x00\x01"},
    Tag("lsst.utils.packages.Packages", {"a": "1.0", "b": "2"}),
    [Tag("!x", {"a": [1]}), Tag("!y", [1, {"b": 2}]), Tag("!z", []), Tag("!w", {})],
    {"a": Tag("!y", [1, Tag("!y", [2])]), "b": Tag("!x y", "é"), "c": Tag("tag:x,2024:q", {"m": {"n": 1}})},
]
tags = [[tagged(item), yaml.dump(item, Dumper=Export, sort_keys=False)] for item in exports]
tags.append([{"begin": {"$time": 1709294437000000000}}, yaml.dump({"begin": Tag("!butler_time/tai/iso", when)}, Dumper=Export, sort_keys=False)])
out = {"written": written, "read": read, "tags": tags}
(HERE / "yaml.json").write_text(json.dumps(out, indent=0))
print(len(written), "written;", len(read), "read")
