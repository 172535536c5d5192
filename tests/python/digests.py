"""The digest of a tree as docs/spec/digests.md says it, from that text alone.

``python tests/python/digests.py`` writes the vectors in ``testdata/tree/digests.json``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa

VECTORS = Path(__file__).parents[2] / "testdata" / "tree" / "digests.json"
BLOCK = 1 << 20


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def number(n: int) -> bytes:
    return struct.pack("<Q", n)


def sized(data: bytes) -> bytes:
    return number(len(data)) + data


def optional(text: str | None) -> bytes:
    return b"\0" if text is None else b"\1" + sized(text.encode())


def digest(tree: Any) -> bytes:
    """The digest of a tree in JSON's spelling (docs/spec/formats.md, 1)."""
    return sha(canonical(tree))


def canonical(tree: Any) -> bytes:
    if isinstance(tree, dict) and len(tree) == 1:
        ((key, value),) = tree.items()
        if key in SPECIAL:
            return SPECIAL[key](value)
    match tree:
        case None:
            return b"\x00"
        case bool():
            return b"\x01" + bytes([tree])
        case int():
            return b"\x02" + tree.to_bytes(16, "little", signed=True)
        case float():
            return b"\x03" + struct.pack("<d", tree)
        case str():
            return b"\x04" + sized(tree.encode())
        case list():
            return b"\x07" + number(len(tree)) + b"".join(digest(item) for item in tree)
        case dict():
            parts = [sized(key.encode()) + digest(node) for key, node in tree.items()]
            return b"\x08" + number(len(tree)) + b"".join(parts)
    raise TypeError(type(tree))


def array(node: dict[str, Any]) -> bytes:
    shape = node["shape"]
    origin = node.get("origin", [0] * len(shape))
    data = base64.b64decode(node["data"])
    head = b"\x09" + sized(node["dtype"].encode()) + optional(node.get("unit"))
    head += number(len(shape)) + b"".join(struct.pack("<q", o) for o in origin)
    head += b"".join(number(n) for n in shape)
    return head + b"".join(sha(data[i : i + BLOCK]) for i in range(0, len(data), BLOCK))


def reference(node: dict[str, Any]) -> bytes:
    if node["id"] is not None:
        out = b"\x0b\x01" + uuid.UUID(node["id"]).bytes
    else:
        out = b"\x0b\x00" + sized(node["dataset_type"].encode())
        out += digest(node["data_id"]) + optional(node.get("run"))
    out += optional(node.get("component"))
    parameters = node.get("parameters")
    return out + (b"\0" if parameters is None else b"\1" + digest(parameters))


def tagged(node: dict[str, Any]) -> bytes:
    head = b"\x0c" + sized(node["name"].encode()) + struct.pack("<I", node["version"])
    return head + digest(node["tree"])


def table(text: str) -> bytes:
    found = pa.ipc.open_stream(base64.b64decode(text)).read_all()
    out = b"\x0a" + number(found.num_rows) + number(found.num_columns)
    for field, column in zip(found.schema, found.columns, strict=True):
        unit = (field.metadata or {}).get(b"unit")
        out += sized(field.name.encode()) + sized(type_name(field.type).encode())
        out += optional(None if unit is None else unit.decode())
        out += column_digest(field.type, column.to_pylist())
    return out


PLAIN = {
    pa.null(): "null",
    pa.bool_(): "bool",
    pa.int8(): "int8",
    pa.int16(): "int16",
    pa.int32(): "int32",
    pa.int64(): "int64",
    pa.uint8(): "uint8",
    pa.uint16(): "uint16",
    pa.uint32(): "uint32",
    pa.uint64(): "uint64",
    pa.float32(): "float32",
    pa.float64(): "float64",
}
PACK = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


def type_name(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return type_name(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "bytes"
    if pa.types.is_fixed_size_list(kind):
        return f"list[{kind.list_size}]<{type_name(kind.value_type)}>"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{type_name(kind.value_type)}>"
    if pa.types.is_struct(kind):
        parts = [f"{f.name}:{type_name(f.type)}" for f in kind]
        return f"struct<{','.join(parts)}>"
    return PLAIN[kind]


def column_digest(kind: pa.DataType, rows: list[Any]) -> bytes:
    if pa.types.is_dictionary(kind):
        return column_digest(kind.value_type, rows)
    name = type_name(kind)
    validity = sha(bytes(row is not None for row in rows))
    values, children = b"", b""
    if name == "bool":
        values = bytes(bool(row) for row in rows)
    elif name in ("text", "bytes"):
        for row in rows:
            raw = row.encode() if isinstance(row, str) else row or b""
            values += sized(raw)
    elif name.startswith("list"):
        values = b"".join(number(len(row or [])) for row in rows)
        items = [item for row in rows if row is not None for item in row]
        children = column_digest(kind.value_type, items)
    elif name.startswith("struct"):
        for field in kind:
            part = [None if row is None else row[field.name] for row in rows]
            children += column_digest(field.type, part)
    elif name != "null":
        values = b"".join(struct.pack("<" + PACK[name], 0 if r is None else r) for r in rows)
    return sha(validity + sha(values) + children)


SPECIAL = {
    "$bytes": lambda v: b"\x05" + sized(base64.b64decode(v)),
    "$time": lambda v: b"\x06" + struct.pack("<q", v),
    "$array": array,
    "$table": table,
    "$ref": reference,
    "$tag": tagged,
}


def ipc(found: pa.Table) -> dict[str, str]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, found.schema) as writer:
        writer.write_table(found)
    return {"$table": base64.b64encode(sink.getvalue().to_pybytes()).decode()}


def an_array(dtype: str, shape: list[int], data: bytes, **more: Any) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {"$array": {"dtype": dtype, "shape": shape, **more, "data": text}}


def trees() -> dict[str, Any]:
    ident = "01234567-89ab-4cde-8f01-23456789abcd"
    ref = {"id": None, "dataset_type": "raw", "data_id": {"instrument": "A", "visit": 7}}
    rows = pa.table(
        {
            "id": pa.array([1, None, 3], pa.int64()),
            "flag": pa.array([True, None, False]),
            "name": pa.array(["a", None, "bb"]).dictionary_encode(),
            "raw": pa.array([b"\0", b"", None]),
            "xy": pa.array([[1.5, -0.0], [0.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "many": pa.array([[1, None], None, []], pa.list_(pa.uint16())),
            "both": pa.array(
                [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
                pa.struct([("a", pa.int32()), ("b", pa.string())]),
            ),
            "none": pa.nulls(3),
        }
    )
    unit = pa.field("ra", pa.float64(), metadata={b"unit": b"deg"})
    with_unit = pa.table([pa.array([10.5, -1e300])], pa.schema([unit]))
    return {
        "null": None,
        "true": True,
        "false": False,
        "zero": 0,
        "negative": -(2**63),
        "largest": 2**64 - 1,
        "float": 0.1,
        "minus zero": -0.0,
        "infinity": float("inf"),
        "nan": float("nan"),
        "no text": "",
        "text": "naïve \U0001d53b",
        "bytes": {"$bytes": "AP8="},
        "time": {"$time": -1},
        "empty list": [],
        "list": [1, [2, "three"], None],
        "empty map": {},
        "map": {"b": 1, "a": {"~/": 2.0}},
        "array": an_array("int16", [2, 3], bytes(range(12))),
        "array with all": an_array(
            "float32", [2], bytes(range(8)), unit="adu", grid="pixels", origin=[-5]
        ),
        "no items": an_array("float64", [0, 3], b""),
        "one item": an_array("complex128", [], bytes(range(16))),
        "booleans": an_array("bool", [3], b"\1\0\1"),
        "texts": an_array("U2", [1], "é\0".encode("utf-32-le")),
        "table": ipc(rows),
        "table of two batches": ipc(pa.concat_tables([rows.slice(0, 1), rows.slice(1)])),
        "table with unit": ipc(with_unit),
        "no rows": ipc(rows.slice(0, 0)),
        "unresolved reference": {"$ref": ref},
        "reference": {
            "$ref": {**ref, "id": ident, "run": "r", "component": "c", "parameters": {"k": 1}}
        },
        "tagged": {"$tag": {"name": "a.B", "version": 3, "tree": {"x": [1]}}},
    }


def three_blocks() -> dict[str, Any]:
    """Too large for the file of vectors: 2100003 items, item i is i mod 251."""
    n = 2_100_003
    return an_array("uint8", [n], (bytes(range(251)) * (n // 251 + 1))[:n])


def main() -> None:
    cases = [
        {"name": name, "tree": tree, "digest": digest(tree).hex()} for name, tree in trees().items()
    ]
    VECTORS.parent.mkdir(exist_ok=True)
    text = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    VECTORS.write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
