"""Writes testdata/formats/npz.json: archives of numpy.savez and savez_compressed, and their arrays.

python testdata/formats/make_npz.py
"""

import base64
import io
import json
from pathlib import Path

import numpy as np


def spell(array):
    """An array as Salver's JSON spells it."""
    kind = array.dtype.kind
    width = array.dtype.itemsize // (4 if kind == "U" else 1)
    name = array.dtype.name if kind not in "SU" else f"{kind}{width}"
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return {
        "$array": {
            "dtype": name,
            "shape": list(array.shape),
            "data": base64.b64encode(little.tobytes()).decode(),
        }
    }


def main():
    arrays = {
        "f8": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype="i2").reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
        "text": np.array(["ab", "c"]),
        "empty": np.zeros((0, 2), "f4"),
        "name with/slash": np.array([True, False]),
    }
    rows = np.array([(1.5, 2), (2.5, 3)], dtype=[("x", "f4"), ("y", "i2")])
    out = []
    for save in [np.savez, np.savez_compressed]:
        file = io.BytesIO()
        save(file, **arrays, rows=rows)
        out.append(
            {
                "file": base64.b64encode(file.getvalue()).decode(),
                "arrays": {k: spell(v) for k, v in arrays.items()},
            }
        )
    path = Path(__file__).with_name("npz.json")
    path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
