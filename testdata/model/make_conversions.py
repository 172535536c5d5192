#!/usr/bin/env python3
"""Ask lsst-daf-butler what storage classes inherit and which it reads as which, and write it down.

    python make_conversions.py ../gen3/sample-repo ../../crates/salver-model/data/storage-classes.json conversions.json resolved.json

Conversions are asked only of classes whose Python types can be imported.  Needs lsst-daf-butler, pyarrow,
pandas, matplotlib.
"""

import json
import sys
import warnings
from pathlib import Path

from lsst.daf.butler import Butler

warnings.simplefilter("ignore")


def main() -> None:
    classes = Butler.from_config(sys.argv[1]).storageClasses
    known, resolved = {}, {}
    for name in json.loads(Path(sys.argv[2]).read_text())["storage_classes"]:
        storage_class = classes.getStorageClass(name)
        resolved[name] = {
            "components": {n: c.name for n, c in sorted(storage_class.components.items())},
            "derived": {n: c.name for n, c in sorted(storage_class.derivedComponents.items())},
            "parameters": sorted(storage_class.parameters),
        }
        try:
            storage_class.pytype
        except Exception:
            continue
        known[name] = storage_class
    answer = {
        to: [name for name, stored in known.items() if target.can_convert(stored)]
        for to, target in known.items()
    }
    Path(sys.argv[3]).write_text(json.dumps(answer, indent=0) + "\n")
    text = ",\n".join(f"{json.dumps(n)}: {json.dumps(r)}" for n, r in resolved.items())
    Path(sys.argv[4]).write_text(f"{{{text}}}\n")


if __name__ == "__main__":
    main()
