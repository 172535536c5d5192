"""Work without a database: plans, workers, receipts, one commit."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import salver
from salver import Butler, DatasetType, Plan, Receipt, Worker
from salver.workers import TaskError

N = 6


@pytest.fixture
def repository(tmp_path) -> Path:
    root = tmp_path / "repo"
    Butler.makeRepo(str(root))
    with Butler.from_config(str(root), run="in", instrument="Cam") as butler:
        registry = butler.registry
        registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
        registry.insertDimensionData(
            "detector", *[{"instrument": "Cam", "id": i, "full_name": f"D{i}"} for i in range(N)]
        )
        for name, dimensions, storage_class in [
            ("image", ["detector"], "NumpyArray"),
            ("offsets", ["instrument"], "StructuredDataDict"),
            ("mean", ["detector"], "StructuredDataDict"),
        ]:
            registry.registerDatasetType(
                DatasetType(name, dimensions, storage_class, universe=butler.dimensions)
            )
        for i in range(N):
            butler.put(np.full((4, 5), float(i)), "image", detector=i)
        butler.put({"offset": 100.0}, "offsets")
    return root


def _plan(butler: Butler, run: str = "out") -> Plan:
    refs = butler.query_datasets("image", "in") + butler.query_datasets("offsets", "in")
    return butler.plan(refs, {"mean": run})


def measure(worker: Worker, data_id) -> None:
    offset = worker.get("offsets")["offset"]
    image = worker.get("image", data_id)
    worker.put({"mean": float(image.mean()) + offset}, "mean", data_id)


def fail_on_three(worker: Worker, data_id) -> None:
    measure(worker, data_id)
    if data_id["detector"] == 3:
        raise ValueError("detector 3")


def _means(root: Path, run: str = "out") -> dict[int, float]:
    with Butler.from_config(str(root), collections=run) as butler:
        found = butler.query_datasets("mean", run, explain=False)
        return {int(ref.dataId["detector"]): butler.get(ref)["mean"] for ref in found}


WANTED = {i: 100.0 + i for i in range(N)}


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_task_gives_the_same_wherever_it_runs(repository, executor) -> None:
    """uc_029: a task written against get and put runs by threads and by processes."""
    with Butler.from_config(str(repository), writeable=True, collections="in") as butler:
        plan = _plan(butler)
        assert len(plan) == N and len(plan.inputs) == N + 1 and len(plan.outputs) == N
        done = salver.workers.map(butler, measure, plan, executor=executor, workers=2)
        assert len(done.committed) == N
    assert _means(repository) == WANTED


def test_workers_need_no_database(repository) -> None:
    """uc_029, uc_031: the database is away while the work is done; receipts twice change nothing."""
    with Butler.from_config(str(repository), collections="in") as butler:
        sent = [part.to_json() for part in _plan(butler).split(2)]
    database = repository / "gen3.sqlite3"
    database.rename(repository / "away")
    receipts = []
    for text in sent:
        part = Plan.from_json(text)
        for number in range(len(part)):
            receipts += salver.workers.run_task(part, number, measure)
    (repository / "away").rename(database)
    assert _means(repository, "in") == {}
    with Butler.from_config(str(repository), writeable=True) as butler:
        done = butler.commit(receipts)
        assert len(done.committed) == N
        again = butler.commit(receipts)
        assert (len(again.committed), len(again.already)) == (0, N)
        assert butler.abandon(receipts) == 0
    assert _means(repository) == WANTED


def test_a_failed_task_leaves_nothing_behind(repository) -> None:
    """uc_031: on failure no dataset is visible and every artifact is removed."""
    with Butler.from_config(str(repository), writeable=True, collections="in") as butler:
        plan = _plan(butler)
        with pytest.raises(TaskError, match="detector 3") as caught:
            salver.workers.map(butler, fail_on_three, plan, attempts=2)
        assert list(caught.value.failures) == [3]
        assert not [p for p in (repository / "out").rglob("*") if p.is_file()]
        with pytest.raises(TaskError):
            salver.workers.map(butler, fail_on_three, _plan(butler), partial=True)
    assert _means(repository) == {i: m for i, m in WANTED.items() if i != 3}


def test_of_two_attempts_one_wins(repository) -> None:
    """uc_031: speculative duplicates leave one dataset each."""
    with Butler.from_config(str(repository), writeable=True, collections="in") as butler:
        plan = _plan(butler)
        one = salver.workers.run_task(plan, 0, measure)
        two = salver.workers.run_task(plan, 0, measure)
        assert one[0].id == two[0].id and one[0].session != two[0].session
        done = butler.commit([*one, *two])
        assert (len(done.committed), done.lost) == (1, [two[0].id])
    assert len([p for p in (repository / "out").rglob("*") if p.is_file()]) == 1


def test_plans_and_receipts_are_plain_data(repository) -> None:
    """uc_030: a plan round-trips through pickle and JSON and holds no credential."""
    with Butler.from_config(str(repository), collections="in") as butler:
        plan = _plan(butler)
    again = pickle.loads(pickle.dumps(plan))
    assert again.to_json() == plan.to_json()
    assert json.loads(plan.to_json())["salver_plan"] == 1
    receipt = salver.workers.run_task(plan, 1, measure)[0]
    same = pickle.loads(pickle.dumps(receipt))
    assert isinstance(same, Receipt) and same.to_json() == receipt.to_json()
    assert [t["dataId"]["detector"] for t in plan.tasks] == list(range(N))
    assert sum(t["bytes"] for t in plan.tasks) > plan.bytes > 0  # the offsets count in each
    with pytest.raises(salver.SalverError, match="version"):
        Plan.from_json('{"salver_plan": 7}')


def test_what_is_not_planned_is_refused(repository) -> None:
    """uc_036: an undeclared input stops the worker and is named."""
    with Butler.from_config(str(repository), collections="in") as butler:
        plan = _plan(butler)
    with pytest.raises(RuntimeError, match="stop"), Worker(plan, task=2) as worker:
        with pytest.raises(salver.DatasetNotFoundError, match="plan"):
            worker.get("image", instrument="Cam", detector=5)
        with pytest.raises(salver.SalverError, match="plan"):
            worker.put({}, "mean", instrument="Cam", detector=5)
        with pytest.raises(salver.MissingDatasetTypeError):
            worker.get("nonsense")
        assert worker.exists("image") and not worker.exists("mean")
        worker.put({"mean": 1.0}, "mean")
        assert worker.exists("mean") and worker.get("mean") == {"mean": 1.0}
        assert worker.used == [] and len(worker.available) == 2
        raise RuntimeError("stop")
    assert not [p for p in (repository / "out").rglob("*") if p.is_file()]


def test_lsst_reads_what_workers_wrote(repository) -> None:
    """uc_059: datasets committed from receipts are ordinary ones for lsst-daf-butler."""
    import lsst.daf.butler as lsst

    with Butler.from_config(str(repository), writeable=True, collections="in") as butler:
        with ProcessPoolExecutor(2) as pool:
            salver.workers.map(butler, measure, _plan(butler), executor=pool)
    theirs = lsst.Butler.from_config(str(repository), collections="out")
    found = theirs.query_datasets("mean")
    assert {r.dataId["detector"]: theirs.get(r)["mean"] for r in found} == WANTED
