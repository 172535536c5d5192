#!/usr/bin/env python3
"""Ask lsst-daf-butler what it makes of each universe version, and write it down.

    python make_universes.py OUT_DIR

For each version: the JSON text that a repository stores, the order of its elements, what each
is, the table columns of each, and the groups of some sets of dimensions.  Needs lsst-daf-butler.
"""

import json
import random
import sqlite3
import sys
import tempfile
from pathlib import Path

import lsst.daf.butler as db

SETS = 60


def traits(element) -> dict:
    """What the reference says of an element."""
    spatial, temporal = element.spatial, element.temporal
    return {
        "required": list(element.required.names),
        "implied": list(element.implied.names),
        "governor": None if element.governor is None else element.governor.name,
        "is_cached": element.is_cached,
        "has_own_table": element.has_own_table,
        "union_of": element.implied_union_target and element.implied_union_target.name,
        "populated_by": element.populated_by and element.populated_by.name,
        "defines_relationships": element.defines_relationships,
        "spatial": None if spatial is None else spatial.name,
        "temporal": None if temporal is None else temporal.name,
        "alternate_keys": list(element.alternate_keys.names),
        "metadata": list(element.metadata_columns.names),
        "fields": list(element.RecordClass.fields.names),
    }


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
            rows = con.execute(f'pragma table_info("{element.name}")')
            columns = [[row[1], row[2], bool(row[3])] for row in rows]
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
            "common_skypix": universe.commonSkyPix.name,
            "elements": [e.name for e in universe.elements],
            "traits": {e.name: traits(e) for e in universe.elements if e.has_own_table or e.name in ("band", "htm7")},
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
