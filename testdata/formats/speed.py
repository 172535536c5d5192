"""What `examples/formats_speed.rs` measures, with NumPy, pickle, json and pyarrow, on its files.

Run after it: python testdata/formats/speed.py DIRECTORY
"""

import json
import pickle
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

where = Path(sys.argv[1])


def best(work, runs=5):
    found = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found * 1e3


def pickled():
    with (where / "speed.pickle").open("rb") as file:
        return pickle.load(file)


def pickling(array):
    with (where / "speed.again").open("wb") as file:
        pickle.dump(array, file, protocol=5)


array = np.load(where / "speed.npy")
assert np.array_equal(array, pickled(), equal_nan=True)
print(f"npy      put {best(lambda: np.save(where / 'speed.again.npy', array)):8.2f} ms   get {best(lambda: np.load(where / 'speed.npy')):8.2f} ms")
print(f"pickle   put {best(lambda: pickling(array)):8.2f} ms   get {best(pickled):8.2f} ms")
text = '{"visit": 101, "detector": 0, "mean": 101.25, "note": "é", "list": [1, 2, 3], "deep": {"a": null, "b": true}}'
value = json.loads(text)
render = best(lambda: [json.dumps(value, ensure_ascii=False) for _ in range(1000)])
parse = best(lambda: [json.loads(text) for _ in range(1000)])
print(f"json     render {render:6.2f} us   parse {parse:6.2f} us")
table = pq.read_table(where / "speed.parq")
put = best(lambda: pq.write_table(table, where / "speed.again.parq", row_group_size=1_000_000))
print(f"parquet  put {put:8.2f} ms   get {best(lambda: pq.read_table(where / 'speed.parq')):8.2f} ms")
print(f"parquet  theirs        get {best(lambda: pq.read_table(where / 'speed.again.parq')):8.2f} ms")
print(f"parquet  two columns   get {best(lambda: pq.read_table(where / 'speed.parq', columns=['c3', 'c17'])):8.2f} ms")
