"""Writes json_documents.txt and json_inputs.json with Python's own json module.

Run: python testdata/formats/make_json.py
"""

import json
import math
import random
import struct
from pathlib import Path

HERE = Path(__file__).parent
rng = random.Random(20240301)

CHARS = ["a", "Z", "é", "ß", "日", "😀", "\\", '"', "/", "\n", "\t", "\x00", "\x1f", "\x7f", "\u2028", " ", "$"]


def text():
    return "".join(rng.choice(CHARS) for _ in range(rng.randrange(8)))


def number():
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randrange(-10, 10)
    if kind == 1:
        return rng.randrange(-(2**63), 2**64)
    if kind == 2:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind == 3:
        return rng.uniform(-1000, 1000)
    if kind == 4:
        return round(rng.uniform(-100, 100), rng.randrange(4)) * 10.0 ** rng.randrange(-20, 25)
    return rng.choice([0.0, -0.0, math.nan, math.inf, -math.inf, 1e16, 1e15, 1e-4, 1e-5, 2**63, -(2**63), 2**64 - 1])


def value(depth):
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind in (1, 2):
        return number()
    if kind in (3, 4):
        return text()
    if kind in (5, 6):
        return {text(): value(depth + 1) for _ in range(rng.randrange(5))}
    return [value(depth + 1) for _ in range(rng.randrange(5))]


documents = [
    {"visit": 101, "detector": 0, "mean": 101.0, "note": "é"},
    42,
    [],
    {},
    [[], {}, [[]], {"a": {}}],
    {f"k{i}": i for i in range(40)},
]
documents += [value(0) for _ in range(400)]
documents += [[struct.unpack("<d", rng.randbytes(8))[0] for _ in range(10)] for _ in range(100)]
with (HERE / "json_documents.txt").open("w", encoding="utf-8", newline="") as out:
    for document in documents:
        out.write(json.dumps(document, ensure_ascii=False) + "\n")

inputs = [
    ' {"a" : 1 ,\n"b":[ ] , "a":\t2}\r\n', '"\\u00e9\\ud83d\\ude00\\/\\b\\f"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\u0041"',
    "NaN", "-Infinity", "Infinity", "-NaN", "+1", "01", "-01", "1.", ".5", "-", "1e5", "1E+5", "1e", "1e400", "-1e-400", "-0", "-0.0",
    "0.1e1", "[1,]", "[,1]", "[1 2]", "{}{}", "{1:2}", "{'a':1}", '{"a"}', '{"a":}', '{"a":1,}', "", "   ", "nul", "nullx", "tru", "True",
    '"a', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\u+123"', '"a\nb"', '"\x7f"', "[", "]", "[[]", "/*c*/1", "18446744073709551615", "-9223372036854775808",
    "123456789.123456789", "5e-324", "2.5e-324", "1.7976931348623159e308", "0.30000000000000004", "\u00a01", "\x0c1", "[1]\x00", "1\n",
]
for _ in range(300):
    whole = json.dumps(value(1), ensure_ascii=rng.random() < 0.5)
    spoiled = list(whole)
    for _ in range(rng.randrange(1, 3)):
        if spoiled:
            at = rng.randrange(len(spoiled))
            spoiled[at : at + rng.randrange(2)] = rng.choice(['"', "\\", ",", "]", "}", "1", "e", ".", "-", "", " ", "\\u"])
    inputs.append("".join(spoiled))


def outcome(source):
    """What Python makes of it; None where it refuses."""
    try:
        found = json.dumps(json.loads(source), ensure_ascii=False)
        found.encode()
        return found
    except (ValueError, UnicodeEncodeError):
        return None


pairs = [[source, outcome(source)] for source in inputs]
(HERE / "json_inputs.json").write_text(json.dumps(pairs, indent=0), encoding="utf-8")
print(len(documents), "documents;", sum(p[1] is None for p in pairs), "of", len(pairs), "inputs refused")
