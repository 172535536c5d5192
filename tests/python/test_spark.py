"""Spark: executors in other processes work from plans, and datasets are rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("spark_job.py")


def _run(work: Path, mode: str) -> str:
    env = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(work), mode],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=400)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert process.returncode == 0, f"{out}\n{err[-4000:]}"
    return out


@pytest.mark.parametrize("mode", ["cluster"])
def test_executors_work_without_the_database(tmp_path, mode) -> None:
    """uc_029, uc_032: a task runs on executors with the database away, and datasets are rows."""
    out = _run(tmp_path, mode).splitlines()
    said = dict(line.split("=", 1) for line in out if "=" in line)
    assert said["committed"] == "8"
    assert said["means_equal"] == "True"
    assert int(said["executor_pids"]) >= 2 and said["driver_is_executor"] == "False"
    # a worker process was killed once, and Spark ran its tasks again
    assert said["killed_once"] == "True"
    assert said["files"] == "8"
    assert said["ref_rows"] == "8" and said["catalogue_rows"] == "24"
    assert said["catalogue_columns"] == "instrument,detector,flux"
    assert said["bright"] == "16"
