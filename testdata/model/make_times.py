#!/usr/bin/env python3
"""Ask lsst-daf-butler for the nanoseconds of times, and write them down.

    python make_times.py times.json

A list of [value, format, scale, TAI nanoseconds as stored].  Needs lsst-daf-butler and astropy.
"""

import json
import random
import sys
import warnings
from pathlib import Path

from astropy.time import Time
from lsst.daf.butler import Timespan

warnings.simplefilter("ignore")

FIXED = [
    ("2024-03-01T00:00:00.9999999999", "isot", "tai"),
    ("2024-03-01T00:00:00.12345678949", "isot", "tai"),
    ("2024-03-01T00:00:00.123456789", "isot", "utc"),
    ("2016-12-31T23:59:60", "isot", "utc"),
    ("2016-12-31T23:59:60.5", "isot", "utc"),
    ("2016-12-31T23:59:59.999999999", "isot", "utc"),
    ("2017-01-01T00:00:00", "isot", "utc"),
    ("1970-01-01T00:00:00", "isot", "utc"),
    ("1970-01-01T00:00:10", "isot", "utc"),
    ("1971-06-01T00:00:00", "isot", "utc"),
    ("1972-01-01", "isot", "utc"),
    ("2024-3-1", "iso", "utc"),
    ("2024-03-01 1:2", "iso", "utc"),
    ("2024-03-01T00:00:37", "isot", "tt"),
    ("2024:061:12:00:00.5", "yday", "utc"),
    ("2024:366", "yday", "tai"),
    ("2023:001:00:01", "yday", "utc"),
    ("+02024-03-01T12:00:00", "fits", "utc"),
    ("2024-03-01", "fits", "tai"),
    ("1969-12-31T23:59:59", "isot", "tai"),
    ("2100-01-01T00:00:00", "isot", "tai"),
    ("2150-06-01T00:00:00", "isot", "utc"),
    (60371.0, "mjd", "tai"),
    (60371.0, "mjd", "utc"),
    (60371.123456, "mjd", "tai"),
    (60370.5, "mjd", "tt"),
    (57753.75, "mjd", "utc"),
    (2460370.75, "jd", "tai"),
    (2460370.75, "jd", "utc"),
    (1709294400.25, "unix", "utc"),
    (1709294400.25, "unix_tai", "tai"),
    (800000000.5, "cxcsec", "tt"),
    (1400000000.5, "gps", "tai"),
]


def drawn() -> list:
    rng = random.Random(11)
    out = []
    for _ in range(120):
        year, month, day = rng.randint(1972, 2099), rng.randint(1, 12), rng.randint(1, 28)
        clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        fraction = rng.choice(["", ".5", f".{rng.randint(0, 999999999):09}"])
        scale = rng.choice(["tai", "utc", "tt"])
        out.append((f"{year}-{month:02}-{day:02}T{clock}{fraction}", "isot", scale))
    for _ in range(60):
        out.append((rng.uniform(41400, 88000), "mjd", rng.choice(["tai", "utc", "tt"])))
        out.append((rng.uniform(0.0, 4.0e9), rng.choice(["unix_tai", "unix"]), "utc"))
    return out


def main() -> None:
    answer = []
    for value, form, scale in FIXED + drawn():
        if form == "unix_tai":
            scale = "tai"
        nsec = Timespan.fromInstant(Time(value, format=form, scale=scale)).nsec[0]
        answer.append([value, form, scale, nsec])
    text = ",\n".join(json.dumps(row) for row in answer)
    Path(sys.argv[1]).write_text(f"[{text}]\n")


if __name__ == "__main__":
    main()
