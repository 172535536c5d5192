"""Salver on Apache Spark: tasks on executors, and a data source.

Executors need this package and sight of the artifacts, never the database: what they do is in the
plan that the driver made, and the driver commits once::

    done = salver.spark.map(spark, butler, task, plan)

As a data source, after ``salver.spark.register(spark)``, datasets are rows::

    refs = spark.read.format("salver").options(
        repo="repo", datasetType="catalogue", collections="u/me/run"
    ).load()  # data ID, id, run and bytes of each dataset
    rows = spark.read.format("salver").options(..., content="rows").load()
    # the rows of tabular datasets, data ID first
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from . import Butler, Committed, DatasetRef, Plan, Receipt, Worker
from .workers import Task, run_task

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["SalverDataSource", "map", "register"]


def register(spark: SparkSession) -> None:
    """Makes ``spark.read.format("salver")`` known to a session."""
    spark.dataSource.register(SalverDataSource)


# -- tasks -----------------------------------------------------------------------------------------
def _runner(func: Task) -> Callable[[Iterable[tuple[int, str]]], Iterator[str]]:
    def run(parts: Iterable[tuple[int, str]]) -> Iterator[str]:
        for _, text in parts:
            plan = Plan.from_json(text)
            for number in range(len(plan)):
                for receipt in run_task(plan, number, func):
                    yield receipt.to_json()

    return run


def map(
    spark: SparkSession,
    butler: Butler,
    func: Task,
    plan: Plan | Iterable[DatasetRef],
    outputs: Any = None,
    *,
    group: list[str] | None = None,
    partitions: int | None = None,
) -> Committed:
    """Calls ``func(worker, data_id)`` for each task on Spark's executors and commits once.

    ``plan`` is a plan, or refs to make one of, with ``outputs`` and ``group`` as in
    ``Butler.plan``. Tasks are shared out over ``partitions`` (two for each core of the cluster)
    by the bytes that they read. Executors run a failed or lost partition again, each time under
    names of its own; of several attempts at a dataset the commit takes one and removes the others.
    Where the job fails, nothing is committed; what finished attempts wrote is not visible.
    """
    if not isinstance(plan, Plan):
        plan = butler.plan(plan, outputs, group=group)
    context = spark.sparkContext
    parts = plan.split(partitions or 2 * context.defaultParallelism)
    numbered = [(number, part.to_json()) for number, part in enumerate(parts)]
    tasks = context.parallelize(numbered, max(1, len(numbered)))
    texts = tasks.mapPartitions(_runner(func)).collect()
    return butler.commit([Receipt.from_json(text) for text in texts])


# -- data source -----------------------------------------------------------------------------------
@dataclass
class _Part(InputPartition):
    """A share of the datasets, as a plan."""

    plan: str


class SalverDataSource(DataSource):
    """Datasets as rows.

    Options: ``repo``, ``datasetType``, ``collections`` (names joined with commas), ``content``
    (``refs``, the default, or ``rows`` of tabular datasets), ``columns`` (of ``rows``; all where it
    is not given), ``partitions``. Data ID values among the options (``instrument``, ``visit``, …)
    restrict the datasets.
    """

    _OWN = {"repo", "datasettype", "collections", "content", "columns", "partitions", "path"}

    @classmethod
    def name(cls) -> str:
        return "salver"

    def _required(self, name: str) -> str:
        value = self.options.get(name)
        if not value:
            raise ValueError(f"the option {name!r} is needed: repo, datasetType, collections")
        return str(value)

    def _open(self) -> tuple[Butler, list[DatasetRef]]:
        collections = [c.strip() for c in self._required("collections").split(",")]
        butler = Butler.from_config(self._required("repo"), collections=collections)
        data_id = {k: v for k, v in self.options.items() if k.lower() not in self._OWN}
        refs = butler.query_datasets(
            self._required("datasetType"), collections, data_id=data_id, limit=None, explain=False
        )
        return butler, refs

    def schema(self) -> Any:
        from pyspark.sql.pandas.types import from_arrow_schema

        butler, refs = self._open()
        with butler:
            dataset_type = butler.get_dataset_type(self._required("datasetType"))
            schema = _key_schema(butler, dataset_type.dimensions.required)
            if self.options.get("content", "refs") == "refs":
                schema = pa.schema([*schema, *_REF_FIELDS])
            elif not refs:
                raise ValueError("no dataset tells the columns of its rows: nothing was found")
            else:
                table = butler.get(refs[0], storageClass="ArrowTable").schema
                wanted = self._columns() or table.names
                schema = pa.schema([*schema, *[table.field(c).remove_metadata() for c in wanted]])
        return from_arrow_schema(schema)

    def _columns(self) -> list[str] | None:
        named = self.options.get("columns")
        return [c.strip() for c in named.split(",")] if named else None

    def reader(self, schema: Any) -> DataSourceReader:
        from pyspark.sql.pandas.types import to_arrow_schema

        butler, refs = self._open()
        with butler:
            group = list(butler.get_dataset_type(self._required("datasetType")).dimensions.required)
            plan = butler.plan(refs, group=group)
        parts = plan.split(int(self.options.get("partitions", 8))) if refs else []
        content = self.options.get("content", "refs")
        if content not in ("refs", "rows"):
            raise ValueError(f"the option content is 'refs' or 'rows', not {content!r}")
        return _Reader(
            [p.to_json() for p in parts], to_arrow_schema(schema), group, content, self._columns()
        )


_REF_FIELDS = [
    pa.field("id", pa.string()),
    pa.field("dataset_type", pa.string()),
    pa.field("run", pa.string()),
    pa.field("bytes", pa.int64()),
]


def _key_schema(butler: Butler, names: Iterable[str]) -> pa.Schema:
    elements = json.loads(butler.dimensions.json)["elements"]
    # dimensions that are pixels have no entry; their keys are numbers
    keys = {n: elements.get(n, {}).get("keys", [{"type": "int"}])[0] for n in names}
    integer = {n for n, key in keys.items() if key["type"] == "int"}
    return pa.schema(
        [pa.field(n, pa.int64() if n in integer else pa.string(), nullable=False) for n in names]
    )


class _Reader(DataSourceReader):
    def __init__(
        self,
        plans: list[str],
        schema: pa.Schema,
        group: list[str],
        content: str,
        columns: list[str] | None,
    ) -> None:
        self.plans, self.content, self.group = plans, content, group
        self.columns = columns
        self.schema = schema

    def partitions(self) -> list[InputPartition]:
        return [_Part(plan) for plan in self.plans] or [_Part("")]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _Part)
        if not partition.plan:
            return
        plan = Plan.from_json(partition.plan)
        if self.content == "refs":
            yield self._refs(plan)
            return
        worker = Worker(plan)
        for ref in plan.inputs:
            parameters = {"columns": self.columns} if self.columns else None
            table = worker.get(ref, storageClass="ArrowTable", parameters=parameters)
            for batch in table.to_batches():
                keys = [
                    pa.array([ref.dataId[n]] * batch.num_rows, self.schema.field(n).type)
                    for n in self.group
                ]
                names = self.schema.names[len(keys) :]
                columns = [batch.column(n).cast(self.schema.field(n).type) for n in names]
                yield pa.RecordBatch.from_arrays([*keys, *columns], schema=self.schema)

    def _refs(self, plan: Plan) -> pa.RecordBatch:
        sizes = {
            entry["id"]: sum(max(f["file_size"], 0) for f in entry["files"])
            for entry in json.loads(plan.to_json())["inputs"]
        }
        rows = [
            {n: ref.dataId[n] for n in self.group}
            | {"id": str(ref.id), "dataset_type": ref.datasetType.name, "run": ref.run}
            | {"bytes": sizes[str(ref.id)]}
            for ref in plan.inputs
        ]
        return pa.RecordBatch.from_pylist(rows, schema=self.schema)
