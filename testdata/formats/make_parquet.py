"""Writes parquet.json: files that pyarrow wrote, and their columns.

Run: python testdata/formats/make_parquet.py
"""

import base64
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent


def file(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return base64.b64encode(out.getvalue()).decode()


def plain(table):
    """Columns as Python values; times and bytes as text of their storage."""
    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        values = column.to_pylist()
        columns[name] = [{"$bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for v in values]
    return columns


kinds = pa.table(
    {
        "i8": pa.array([1, -2, None], pa.int8()),
        "u64": pa.array([0, 2**64 - 1, 5], pa.uint64()),
        "f4": pa.array([0.5, None, -1.5], pa.float32()),
        "f8": pa.array([1e300, 2.5, 0.25], pa.float64()),
        "b": pa.array([True, None, False]),
        "s": pa.array(["é", "", None]),
        "y": pa.array([b"ab", None, b""]),
        "t": pa.array([1709294400000000000, 0, None], pa.timestamp("ns")),
        "l": pa.array([[1, 2], None, []], pa.list_(pa.int32())),
        "v": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float32(), 2)),
        "d": pa.array(["g", "r", "g"]).dictionary_encode(),
        "x": pa.array([{"a": 1, "b": "q"}, {"a": None, "b": "r"}, None]),
    },
).replace_schema_metadata({"note": "kept"})
rows = pa.table({"id": pa.array(range(100)), "mag": pa.array([float(i % 10) for i in range(100)]), "band": pa.array(["grizy"[i // 20] for i in range(100)])})
files = []
for compression in ["snappy", "zstd", "gzip", "none", "lz4"]:
    files.append({"name": compression, "file": file(kinds, compression=compression), "columns": plain(kinds)})
files.append({"name": "version 2 pages", "file": file(kinds, data_page_version="2.0"), "columns": plain(kinds)})
files.append({"name": "no dictionary", "file": file(kinds, use_dictionary=False), "columns": plain(kinds)})
files.append({"name": "groups", "file": file(rows, row_group_size=20), "columns": plain(rows)})
files.append({"name": "empty", "file": file(rows.slice(0, 0)), "columns": {name: [] for name in rows.column_names}})
(HERE / "parquet.json").write_text(json.dumps(files, indent=0))
print(len(files), "files")
