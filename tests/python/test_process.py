"""Processes: fork, threads, pickles, Ctrl-C."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import salver


def _open(root: Path, **more) -> salver.Butler:
    return salver.Butler.from_config(str(root), writeable=True, **more)


@pytest.fixture
def repository(tmp_path) -> Path:
    """One instrument with ten detectors, one dataset type, one run."""
    root = tmp_path / "repo"
    json = "lsst.daf.butler.formatters.json.JsonFormatter"
    salver.Butler.makeRepo(root, {"datastore": {"formatters": {"StructuredDataDict": json}}})
    butler = _open(root)
    registry = butler.registry
    registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
    registry.insertDimensionData(
        "detector",
        *[{"instrument": "Cam", "id": i, "full_name": f"D{i}"} for i in range(10)],
    )
    universe = butler.dimensions
    for name, storage_class in (("stats", "StructuredDataDict"), ("pixels", "NumpyArray")):
        registry.registerDatasetType(
            salver.DatasetType(name, ["instrument", "detector"], storage_class, universe=universe)
        )
    butler.collections.register("run")
    butler.put({"at": 0}, "stats", instrument="Cam", detector=0, run="run")
    butler.close()
    return root


def test_a_forked_child_gets_and_puts(repository) -> None:
    """workers made by fork use the butler they inherit."""
    butler = _open(repository, run="run")
    assert butler.get("stats", instrument="Cam", detector=0) == {"at": 0}
    children = []
    for detector in (1, 2, 3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert butler.get("stats", instrument="Cam", detector=0) == {"at": 0}
                ref = butler.put({"at": detector}, "stats", instrument="Cam", detector=detector)
                assert butler.get(ref) == {"at": detector}
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    for child in children:
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
    for detector in (1, 2, 3):
        assert butler.get("stats", instrument="Cam", detector=detector) == {"at": detector}
    butler.put({"at": 9}, "stats", instrument="Cam", detector=9)


def test_a_transaction_is_not_the_childs(repository) -> None:
    butler = _open(repository, run="run")
    with butler.transaction():
        butler.put({"at": 1}, "stats", instrument="Cam", detector=1)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                butler.put({"at": 2}, "stats", instrument="Cam", detector=2)
            except salver.SalverError:
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
    assert butler.get("stats", instrument="Cam", detector=1) == {"at": 1}
    assert butler.find_dataset("stats", instrument="Cam", detector=2) is None


def test_threads_share_one_butler(repository) -> None:
    butler = _open(repository, run="run")

    def work(detector: int) -> int:
        butler.put({"at": detector}, "stats", instrument="Cam", detector=detector)
        return butler.get("stats", instrument="Cam", detector=detector)["at"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(1, 10))) == list(range(1, 10))


def test_other_threads_do_not_see_an_open_transaction(repository) -> None:
    butler = _open(repository, run="run")
    seen = []
    with butler.transaction():
        butler.put({"at": 1}, "stats", instrument="Cam", detector=1)
        look = lambda: seen.append(butler.find_dataset("stats", instrument="Cam", detector=1))  # noqa: E731
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [None]
    assert butler.get("stats", instrument="Cam", detector=1) == {"at": 1}


def test_a_transaction_that_fails_leaves_nothing(repository) -> None:
    """uc_020: all or nothing, files too."""
    butler = _open(repository, run="run")
    files = sorted(f for f in repository.rglob("*") if f.is_file())
    with pytest.raises(RuntimeError, match="stop"), butler.transaction():
        for detector in (1, 2):
            butler.put({"at": detector}, "stats", instrument="Cam", detector=detector)
        raise RuntimeError("stop")
    assert butler.find_dataset("stats", instrument="Cam", detector=1) is None
    assert sorted(f for f in repository.rglob("*") if f.is_file()) == files
    butler.put({"at": 1}, "stats", instrument="Cam", detector=1)


def test_a_nested_block_is_undone_alone(repository) -> None:
    butler = _open(repository, run="run")
    with butler.transaction():
        butler.put({"at": 1}, "stats", instrument="Cam", detector=1)
        with pytest.raises(RuntimeError), butler.transaction():
            butler.put({"at": 2}, "stats", instrument="Cam", detector=2)
            raise RuntimeError
        butler.put({"at": 3}, "stats", instrument="Cam", detector=3)
    found = [butler.find_dataset("stats", instrument="Cam", detector=d) for d in (1, 2, 3)]
    assert [f is not None for f in found] == [True, False, True]


def test_a_butler_a_ref_and_a_handle_are_pickled(repository) -> None:
    """what a worker needs is sent to it."""
    butler = salver.Butler.from_config(str(repository), collections="run", instrument="Cam")
    ref = butler.find_dataset("stats", detector=0)
    handle = butler.getDeferred("stats", detector=0)
    copies = pickle.loads(pickle.dumps((butler, ref, handle)))
    assert copies[0].get("stats", detector=0) == {"at": 0}
    assert copies[0].get(copies[1]) == copies[2].get() == {"at": 0}
    assert not copies[0].isWriteable()


def test_a_closed_butler_says_so(repository) -> None:
    with salver.Butler.from_config(str(repository), collections="run") as butler:
        assert butler.get("stats", instrument="Cam", detector=0) == {"at": 0}
    with pytest.raises(salver.SalverError, match="closed"):
        butler.get("stats", instrument="Cam", detector=0)


SLOW = """
import signal, sys, time, salver
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start us with it ignored
butler = salver.Butler.from_config(sys.argv[1], collections="run")
start = time.time()
butler.get("stats", instrument="Cam", detector=5)
try:
    print(time.time() - start, flush=True)
    while True:
        butler.get("stats", instrument="Cam", detector=5)
except KeyboardInterrupt:
    print("interrupted", time.time(), flush=True)
    raise SystemExit(42)
"""


def test_ctrl_c_stops_a_slow_read(repository) -> None:
    """uc_088: a long read is stopped from the keyboard, and the repository stays whole."""
    butler = _open(repository, run="run")
    numbers = list(range(4_000_000))
    butler.put({"numbers": numbers}, "stats", instrument="Cam", detector=5)
    butler.close()
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(repository)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        whole = float(process.stdout.readline())
        # the child is inside of a read that takes seconds: asking for its state needs no sleep
        while Path(f"/proc/{process.pid}/stat").read_text().split()[2] != "R":
            pass
        sent = time.time()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 42, err
    word, when = out.split()
    assert word == "interrupted"
    # the read was broken off, not waited for: signals are looked for every 100 ms
    assert float(when) - sent < whole
    butler = _open(repository, run="run")
    assert butler.put({"at": 6}, "stats", instrument="Cam", detector=6) is not None
    assert len(butler.get("stats", instrument="Cam", detector=5)["numbers"]) == len(numbers)
