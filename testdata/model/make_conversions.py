#!/usr/bin/env python3
"""Ask lsst-daf-butler which storage classes it reads as which, and write it down.

    python make_conversions.py ../gen3/sample-repo ../../crates/salver-model/data/storage-classes.json conversions.json

Only classes whose Python types can be imported are asked about.  Needs lsst-daf-butler, pyarrow,
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
    known = {}
    for name in json.loads(Path(sys.argv[2]).read_text())["storage_classes"]:
        storage_class = classes.getStorageClass(name)
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


if __name__ == "__main__":
    main()
