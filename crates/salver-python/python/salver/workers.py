"""Tasks on many workers, none of which needs the database.

:func:`map` runs a function for each task of a plan, by threads, by processes or by any executor of
``concurrent.futures``, and registers all that was written in one commit::

    plan = butler.plan(refs, {"stats": "u/me/stats"})

    def task(worker, data_id):
        image = worker.get("image", data_id)
        worker.put({"mean": float(image.mean())}, "stats", data_id)

    salver.workers.map(butler, task, plan, executor="processes")
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable
from typing import Any

from . import Butler, Committed, DataCoordinate, Plan, Receipt, Worker

__all__ = ["TaskError", "map", "run_task"]

Task = Callable[[Worker, DataCoordinate], object]


class TaskError(RuntimeError):
    """Tasks failed for good.

    ``failures`` has the exception of each failed task, by the task's number.
    """

    def __init__(self, failures: dict[int, BaseException], tasks: int) -> None:
        first = min(failures)
        super().__init__(
            f"{len(failures)} of {tasks} tasks failed; task {first}: {failures[first]!r}"
        )
        self.failures = failures


def run_task(plan: Plan, number: int, func: Task, attempts: int = 1) -> list[Receipt]:
    """Runs one task of a plan and gives its receipts.

    What a failed attempt wrote is removed, and the task is tried again up to ``attempts`` times.
    """
    part = plan.task(number)
    for attempt in range(1, attempts + 1):
        worker = Worker(part)
        try:
            assert worker.dataId is not None, "a plan of one task has its data ID"
            func(worker, worker.dataId)
        except Exception:
            worker.discard()
            if attempt == attempts:
                raise
        else:
            return worker.receipts()
    raise ValueError(f"a task needs at least one attempt, not {attempts}")


def _run_text(text: str, func: Task, attempts: int) -> list[Receipt]:
    return run_task(Plan.from_json(text), 0, func, attempts)


def _submit(
    executor: concurrent.futures.Executor, plan: Plan, func: Task, attempts: int
) -> dict[concurrent.futures.Future[list[Receipt]], int]:
    return {
        executor.submit(_run_text, plan.task(number).to_json(), func, attempts): number
        for number in range(len(plan))
    }


def _executor(
    executor: str | concurrent.futures.Executor, workers: int | None
) -> tuple[concurrent.futures.Executor, bool]:
    if not isinstance(executor, str):
        return executor, False
    if executor == "threads":
        return concurrent.futures.ThreadPoolExecutor(workers), True
    if executor == "processes":
        return concurrent.futures.ProcessPoolExecutor(workers), True
    raise ValueError(
        f"unknown executor {executor!r}: 'threads', 'processes', or an object with `submit`"
    )


def map(
    butler: Butler,
    func: Task,
    plan: Plan | Iterable[Any],
    outputs: Any = None,
    *,
    group: list[str] | None = None,
    executor: str | concurrent.futures.Executor = "threads",
    workers: int | None = None,
    attempts: int = 1,
    partial: bool = False,
) -> Committed:
    """Calls ``func(worker, data_id)`` for each task and commits what they put, once.

    ``plan`` is a plan, or refs to make one of (then ``outputs`` and ``group`` are those of
    ``Butler.plan``). ``executor`` is ``"threads"``, ``"processes"`` (then ``func`` must be
    picklable), or an object with ``submit`` such as a Dask client's executor. A task that fails is
    tried ``attempts`` times. Where one fails for good, what the others wrote is removed and
    :class:`TaskError` raised; with ``partial`` what the others wrote is committed before.
    """
    if not isinstance(plan, Plan):
        plan = butler.plan(plan, outputs, group=group)
    pool, ours = _executor(executor, workers)
    receipts: list[Receipt] = []
    failures: dict[int, BaseException] = {}
    try:
        futures = _submit(pool, plan, func, attempts)
        for future in concurrent.futures.as_completed(futures):
            error = future.exception()
            if error is None:
                receipts.extend(future.result())
            else:
                failures[futures[future]] = error
    except BaseException:
        butler.abandon(receipts)
        raise
    finally:
        if ours:
            pool.shutdown(cancel_futures=True)
    if failures and not partial:
        butler.abandon(receipts)
        raise TaskError(failures, len(plan))
    done = butler.commit(receipts)
    if failures:
        raise TaskError(failures, len(plan))
    return done
