#!/usr/bin/env python3
"""Ask lsst-daf-butler what it makes of each universe version, and write it down.

    python make_universes.py OUT_DIR

For each version: the JSON text that a repository stores, the order of its elements, the table
columns of each, and the groups of some sets of dimensions.  Needs lsst-daf-butler.
"""

import json
import random
import sqlite3
import sys
import tempfile
from pathlib import Path

import lsst.daf.butler as db

SETS = 60


def one(version: int, out: Path) -> None:
    here = Path(db.__file__).parent / "configs" / "old_dimensions"
    config = here / f"daf_butler_universe{version}.yaml"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repo"
        db.Butler.makeRepo(str(root), dimensionConfig=str(config))
        con = sqlite3.connect(root / "gen3.sqlite3")
        sql = "select value from butler_attributes where name='config:dimensions.json'"
        (text,) = con.execute(sql).fetchone()
        butler = db.Butler.from_config(str(root))
        universe = butler.dimensions
        tables = {}
        for element in universe.elements:
            columns = [row[1] for row in con.execute(f'pragma table_info("{element.name}")')]
            if columns:
                tables[element.name] = columns
        names = [d.name for d in universe.dimensions if d.name[-1] not in "0123456789"] + ["htm7"]
        rng = random.Random(version)
        sets = [[n] for n in names] + [sorted(rng.sample(names, k)) for k in (2, 3, 4) for _ in range(SETS // 3)]
        groups = []
        for chosen in sets:
            group = universe.conform(chosen)
            groups.append(
                {
                    "from": chosen,
                    "required": list(group.required),
                    "implied": list(group.implied),
                    "names": list(group.names),
                    "elements": list(group.elements),
                }
            )
        answer = {
            "version": universe.version,
            "elements": [e.name for e in universe.elements],
            "tables": tables,
            "groups": groups,
        }
        (out / f"v{version}.json").write_text(text)
        (out / f"v{version}.expected.json").write_text(json.dumps(answer, separators=(",", ":")) + "\n")


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for version in range(9):
        one(version, out)


if __name__ == "__main__":
    main()
