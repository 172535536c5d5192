"""Writes npy.json and pickle.json: files made by NumPy and pickle, and what they mean.

`$array` and `$bytes` are this project's JSON spelling of arrays and bytes.
Run: python testdata/formats/make_numpy.py
"""

import base64
import collections
import datetime
import io
import json
import pickle
import pickletools
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def b64(data):
    return base64.b64encode(data).decode()


def spelled(value):
    """The tree that a value reads as."""
    if isinstance(value, np.ndarray):
        name = value.dtype.name
        if value.dtype.kind == "S":
            name = f"S{value.dtype.itemsize}"
        elif value.dtype.kind == "U":
            name = f"U{value.dtype.itemsize // 4}"
        data = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<")).tobytes()
        return {"$array": {"dtype": name, "shape": list(value.shape), "data": b64(data)}}
    if isinstance(value, np.generic):
        return spelled(value.item())
    if isinstance(value, complex):
        return spelled(np.array(value))
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": b64(bytes(value))}
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [spelled(item) for item in value]
    return value


def npy(array, version=None):
    out = io.BytesIO()
    if version is None:
        np.save(out, array, allow_pickle=True)
    else:
        np.lib.format.write_array(out, array, version)
    return out.getvalue()


rng = np.random.default_rng(20240301)
TYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16", "S3", "U4"]


def sample(code, shape):
    raw = rng.integers(-100, 100, shape) if shape != () else np.array(7)
    return raw.astype(code)


cases = []
for code in TYPES:
    cases.append((f"{code}", sample(code, (2, 3)), None))
for code in ["i2", "u4", "f8", "c16", "U4"]:
    cases.append((f"big {code}", sample(code, (4,)).astype(np.dtype(code).newbyteorder(">")), None))
cases += [
    ("scalar", sample("f4", ()), None),
    ("empty", np.zeros((0, 3), "f8"), None),
    ("fortran", np.asfortranarray(sample("i2", (2, 3))), None),
    ("fortran cube", np.asfortranarray(sample(">i4", (2, 3, 4))), None),
    ("fortran column", np.asfortranarray(sample("i2", (4, 1))), None),
    ("five axes", sample("u1", (1, 2, 1, 2, 2)), None),
    ("version 2", sample("f4", (3,)), (2, 0)),
    ("version 3", sample("f4", (3,)), (3, 0)),
    ("no length", np.array(["", ""], dtype="U1"), None),
]
files = [
    {
        "name": name,
        "same": version is None and array.flags.c_contiguous and array.dtype.isnative,
        "file": b64(npy(array, version)),
        "tree": spelled(array),
    }
    for name, array, version in cases
]
refused = [
    ("objects", np.array([1, None], dtype=object)),
    ("dates", np.array(["2024-03-01"], dtype="M8[D]")),
    ("long doubles", np.zeros(1, "g")),
    ("records in records", np.zeros(1, [("a", [("b", "i4")])])),
    ("record image", np.zeros((2, 2), [("a", "i4")])),
]
files += [{"name": name, "file": b64(npy(array)), "error": "unsupported"} for name, array in refused]
records = np.zeros(3, np.dtype([("id", "i8"), ("xy", ">f4", (2,)), ("name", "U5"), ("key", "S2"), ("ok", "?")], align=True))
records["id"] = [1, -2, 3]
records["xy"] = [[0.5, 1.5], [2.5, 3.5], [4.5, np.nan]]
records["name"] = ["é", "", "abcde"]
records["key"] = [b"ab", b"c", b""]
records["ok"] = [True, False, True]
files.append(
    {
        "name": "records",
        "file": b64(npy(records)),
        "columns": {
            "id": records["id"].tolist(),
            "xy": records["xy"].astype("f4").tolist(),
            "name": records["name"].tolist(),
            "key": [{"$bytes": b64(k)} for k in records["key"].tolist()],
            "ok": records["ok"].tolist(),
        },
    }
)
(HERE / "npy.json").write_text(json.dumps(files, indent=0))


class Other:
    pass


values = {
    "plain": {
        "a": [1, 2.5, None, True, False, "é" * 300, b"xy" * 200, (1, (2,), ()), -1, 255, 256, 65535, 65536, -(2**31), 2**31],
        "b": {"c": {}, "d": []},
        "big": [2**64 - 1, -(2**63), 2**63, -128, -129],
        "bytearray": bytearray(b"z"),
        "set": {5},
        "frozen": frozenset([2]),
        "complex": 1.5 - 2j,
        "empty": ["", b"", ()],
        "control": "a\n\\\x00\ud7ff\U0001f600",
    },
    "number": 42,
    "text": "plain",
    "contiguous": sample("f4", (2, 3)),
    "fortran": np.asfortranarray(sample("i2", (2, 3))),
    "big": sample(">f8", (3,)),
    "strided": sample("f8", (4, 4))[::2, ::2],
    "axes": sample("i2", (2, 3, 4)).transpose(1, 0, 2),
    "scalar array": sample("i8", ()),
    "empty array": np.zeros((0, 2), "f4"),
    "scalars": [np.float32(1.5), np.int8(-3), np.bool_(True), np.uint64(2**64 - 1), np.str_("é"), np.bytes_(b"ab"), np.complex64(1j)],
    "arrays": {"x": sample("u2", (3,)), "y": [sample("u2", (3,)), np.asfortranarray(sample("f4", (2, 2)))], "t": sample("U4", (2,)), "s": sample("S3", (2,)), "b": sample("?", (2,))},
}
shared = sample("i4", (2,))
values["shared"] = [shared, shared, "again", "again"]
out = []
for name, value in values.items():
    for protocol in range(6):
        data = pickle.dumps(value, protocol=protocol)
        entry = {"name": f"{name} {protocol}", "file": b64(data), "tree": spelled(value)}
        if protocol == 5 and isinstance(value, np.ndarray) and value.flags.c_contiguous and value.dtype.isnative:
            entry["same"] = True
        out.append(entry)
        old = data.replace(b"numpy._core", b"numpy.core")
        if old != data and protocol < 4:
            out.append({**entry, "name": f"{name} {protocol} old", "file": b64(old), "same": False})
ours = {
    "plain": {"a": [1, 2.5, None, True, False, "é" * 300, b"xy" * 200, -1, 255, 256, 65535, 65536, -(2**31), 2**31], "b": {"c": {}, "d": []}, "e": [0]},
    "big": [2**64 - 1, -(2**63), 2**63, 2**63 - 1, -(2**31) - 1, -129, 2**39, -(2**39)],
    "long": list(range(1001)),
    "number": -7,
}
for name, value in ours.items():
    # without memos, which nothing refers to
    data = pickletools.optimize(pickle.dumps(value, protocol=5))
    assert pickle.loads(data) == value
    out.append({"name": f"{name} optimized", "file": b64(data), "tree": spelled(value), "same": True})
refused = {
    "class": Other(),
    "function": len,
    "date": datetime.date(2024, 3, 1),
    "ordered": collections.OrderedDict(a=1),
    "objects": np.array([1, None], dtype=object),
    "dates": np.array(["2024-03-01"], dtype="M8[D]"),
    "records": np.zeros(2, [("a", "i4")]),
    "keys": {1: 2},
    "huge": 2**64,
}
for name, value in refused.items():
    for protocol in (0, 2, 5):
        out.append({"name": f"{name} {protocol}", "file": b64(pickle.dumps(value, protocol=protocol)), "error": "unsupported"})
evil = {
    "system": b"cos\nsystem\n(S'true'\ntR.",
    "inst": b"(S'true'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'true'\no.",
    "eval": b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
    "newobj": b"\x80\x02cdatetime\ndate\n)\x81.",
    "persistent": b"P1\n.",
    "extension": b"\x80\x02\x82\x01.",
    "getattr": b"c__builtin__\ngetattr\n(cnumpy\ndtype\nS'mro'\ntR.",
}
out += [{"name": name, "file": b64(data), "error": "unsupported"} for name, data in evil.items()]
(HERE / "pickle.json").write_text(json.dumps(out, indent=0))
print(len(files), "npy files;", len(out), "pickles")
