"""What `test_spark.py` runs in a process of its own: `spark_job.py FOLDER cluster|local`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import salver
from pyspark.sql import SparkSession
from salver import Butler, DatasetType

N = 8
folder, mode = Path(sys.argv[1]), sys.argv[2]
root = folder / "repo"


def fill() -> None:
    Butler.makeRepo(str(root))
    with Butler.from_config(str(root), run="in", instrument="Cam") as butler:
        registry = butler.registry
        registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 10})
        rows = [{"instrument": "Cam", "id": i, "full_name": f"D{i}"} for i in range(N)]
        registry.insertDimensionData("detector", *rows)
        for name, storage_class in [
            ("image", "NumpyArray"),
            ("mean", "StructuredDataDict"),
            ("catalogue", "ArrowTable"),
        ]:
            registry.registerDatasetType(
                DatasetType(name, ["detector"], storage_class, universe=butler.dimensions)
            )
        for i in range(N):
            butler.put(np.full((4, 5), float(i)), "image", detector=i)
            table = pa.table({"star": [1, 2, 3], "flux": [0.5, 1.5 + i, 2.5 + i]})
            butler.put(table, "catalogue", detector=i)


def session() -> SparkSession:
    master = "local-cluster[2,1,1024]" if mode == "cluster" else "local[2]"
    builder = SparkSession.builder.master(master).appName("salver")
    for key, value in {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": "2",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.pyspark.python": sys.executable,
        "spark.driver.extraJavaOptions": "-Djava.net.preferIPv4Stack=true",
    }.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


MARKS = str(folder / "marks")


def measure(worker, data_id) -> None:
    detector = data_id["detector"]
    image = worker.get("image", data_id)
    worker.put({"mean": float(image.mean())}, "mean", data_id)
    Path(MARKS, f"pid-{os.getpid()}").touch()
    killed = Path(MARKS, "killed")
    if detector == 5 and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)  # the artifact is written, the receipt is lost


def main() -> None:
    fill()
    os.makedirs(MARKS)
    spark = session()
    spark.sparkContext.setLogLevel("ERROR")
    with Butler.from_config(str(root), writeable=True, collections="in") as butler:
        plan = butler.plan(butler.query_datasets("image", "in"), {"mean": "out"})
        parts = [(n, p.to_json()) for n, p in enumerate(plan.split(4))]
    # the database is away while executors work
    database = root / "gen3.sqlite3"
    database.rename(root / "away")
    texts = (
        spark.sparkContext.parallelize(parts, 4)
        .mapPartitions(salver.spark._runner(measure))
        .collect()
    )
    (root / "away").rename(database)
    with Butler.from_config(str(root), writeable=True, collections="in") as butler:
        done = butler.commit([salver.Receipt.from_json(t) for t in texts])
        print(f"committed={len(done.committed)}")
        found = butler.query_datasets("mean", "out")
        means = {r.dataId["detector"]: butler.get(r)["mean"] for r in found}
        print(f"means_equal={means == {i: float(i) for i in range(N)}}")
        again = salver.spark.map(
            spark, butler, measure, butler.query_datasets("image", "in"), {"mean": "again"}
        )
        assert len(again.committed) == N
    pids = {int(p.name[4:]) for p in Path(MARKS).glob("pid-*")}
    print(f"executor_pids={len(pids)}")
    print(f"driver_is_executor={os.getpid() in pids}")
    print(f"killed_once={Path(MARKS, 'killed').exists()}")
    print(f"files={len([p for p in (root / 'again').rglob('*') if p.is_file()])}")
    salver.spark.register(spark)
    options = {"repo": str(root), "collections": "in", "instrument": "Cam"}
    refs = spark.read.format("salver").options(datasetType="image", **options).load()
    print(f"ref_rows={refs.count()}")
    rows = (
        spark.read.format("salver")
        .options(datasetType="catalogue", content="rows", columns="flux", **options)
        .load()
    )
    print(f"catalogue_rows={rows.count()}")
    print(f"catalogue_columns={','.join(rows.columns)}")
    print(f"bright={rows.where('flux > 1').count()}")
    spark.stop()


main()
