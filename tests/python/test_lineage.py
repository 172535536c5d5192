"""References, handles and lineage."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pyarrow as pa
import pytest
import salver
from salver import Butler, DatasetType, Ref
from salver.lineage import difference, ref_column, refs_of_column

CAM = {"instrument": "Cam"}


def register(butler: Butler, name: str, dimensions: list[str], storage: str) -> None:
    butler.registry.registerDatasetType(
        DatasetType(name, dimensions, storage, universe=butler.dimensions)
    )


def make(root: Path) -> Butler:
    """A repository with eight detectors and a skymap's worth of types."""
    Butler.makeRepo(root)
    butler = Butler.from_config(root, run="run")
    for run in ("second", "other"):
        butler.collections.register(run)
    butler.registry.insertDimensionData("instrument", {"name": "Cam", "detector_max": 8})
    detectors = [{"instrument": "Cam", "id": i, "full_name": f"D{i}"} for i in range(8)]
    butler.registry.insertDimensionData("detector", *detectors)
    register(butler, "ccd", ["instrument", "detector"], "StructuredDataDict")
    register(butler, "coadd", ["instrument"], "StructuredDataDict")
    register(butler, "sources", ["instrument"], "ArrowTable")
    return butler


@pytest.fixture
def butler(tmp_path: Path) -> Butler:
    return make(tmp_path / "repo")


def ccds(butler: Butler) -> list:
    return [butler.put({"n": i}, "ccd", CAM, detector=i) for i in range(8)]


def test_references_come_back_as_handles(butler: Butler) -> None:
    """uc_001: references of every spelling are stored and come back in order;
    uc_002: one is followed by itself."""
    made = ccds(butler)
    handle = butler.getDeferred("ccd", CAM, detector=2)
    psf = {
        "weights": [0.5, 0.25, 0.25, 1.0],
        "inputs": [made[0], Ref(made[1]), handle, Ref("ccd", CAM, detector=3)],
    }
    coadd = butler.put({"psf": psf}, "coadd", CAM)
    read = butler.get(coadd)
    inputs = read["psf"]["inputs"]
    assert [ref.id for ref in inputs] == [ref.id for ref in made[:4]]
    assert all(isinstance(ref, Ref) for ref in inputs)
    assert inputs[3].get() == {"n": 3}
    assert inputs[3].ref == made[3]
    assert inputs[3].dataId == {"instrument": "Cam", "detector": 3}
    assert inputs[3].run == "run"
    assert butler.resolve(read["psf"])["inputs"][1] == {"n": 1}
    assert butler.resolve(inputs[0]) == {"n": 0}
    edges = list(butler.lineage(coadd))
    assert [edge.path for edge in edges] == [f"/psf/inputs/{i}" for i in range(4)]
    assert {edge.kind for edge in edges} == {"embedded"}
    again = pickle.loads(pickle.dumps(inputs[0]))
    assert again == inputs[0] and hash(again) == hash(inputs[0])
    with pytest.raises(salver.SalverError, match="outside of a repository"):
        again.get()
    assert butler.resolve(again) == {"n": 0}


def test_what_was_made_of_a_bad_dataset(butler: Butler) -> None:
    """uc_004: everything made from a bad dataset is found at any depth."""
    made = ccds(butler)
    coadd = butler.put({"inputs": [made[5], made[6]]}, "coadd", CAM)
    table = pa.table({"x": [1.0]})
    sources = butler.put(table, "sources", CAM, inputs=[coadd, ("predicted", made[7])])
    down = butler.lineage(made[5], "downstream")
    assert {edge.source.id for edge in down} == {coadd.id, sources.id}
    only = butler.lineage(made[5], "downstream", dataset_types=["sources"])
    assert [edge.source.id for edge in only] == [sources.id]
    assert [e.source.id for e in butler.lineage([made[5].id], "downstream", depth=1)] == [coadd.id]
    kinds = {edge.kind for edge in butler.lineage(sources)}
    assert kinds == {"used", "predicted", "embedded"}
    assert {e.kind for e in butler.lineage(sources, kinds="used")} == {"used"}
    graph = butler.lineage(sources).to_arrow()
    assert graph.num_rows == 4
    assert graph.schema.field("target").metadata[b"ARROW:extension:name"] == b"salver.ref"
    assert "digraph" in butler.lineage(sources).to_dot()
    assert "<svg" in butler.lineage(sources).to_html()
    with pytest.raises(ValueError, match="direction"):
        butler.lineage(sources, "sideways")
    with pytest.raises(ValueError, match="kind"):
        butler.lineage(sources, kinds=["eaten"])


def test_a_needed_dataset_leaves_a_tombstone(butler: Butler) -> None:
    """uc_007: a referenced dataset goes only by force and then says who removed it and when."""
    made = ccds(butler)
    coadd = butler.put({"inputs": [made[0]]}, "coadd", CAM)
    with pytest.raises(salver.SalverError, match=str(coadd.id)):
        butler.pruneDatasets([made[0]], unstore=True, purge=True)
    butler.pruneDatasets([made[0]], unstore=True, purge=True, force=True)
    (ref,) = butler.get(coadd)["inputs"]
    with pytest.raises(LookupError, match="deleted_at: "):
        ref.get()
    (edge,) = butler.lineage(coadd)
    assert (edge.target_state, edge.target.data_id["detector"]) == ("deleted", 0)


def test_without_targets(butler: Butler, tmp_path: Path) -> None:
    """uc_006: references print what they are where their targets are not."""
    made = ccds(butler)
    away = make(tmp_path / "away")
    with pytest.raises(LookupError, match="/inputs/0"):
        away.put({"inputs": [made[0]]}, "coadd", CAM)
    coadd = away.put({"inputs": [made[0]]}, "coadd", CAM, allow_dangling=True)
    (ref,) = away.get(coadd)["inputs"]
    assert str(made[0].id) in repr(ref) and "detector: 0" in repr(ref)
    with pytest.raises(LookupError, match="not in this repository"):
        ref.get()
    # and from a plain file
    path = tmp_path / "plain.json"
    salver.write(path, {"inputs": [made[0]]})
    (plain,) = salver.read(path)["inputs"]
    assert plain.id == made[0].id
    with pytest.raises(salver.SalverError, match="outside of a repository"):
        plain.get()


@pytest.mark.parametrize("change", ["id", "run", "data_id", "dataset_type", "component"])
def test_forged_references_are_refused(butler: Butler, change: str) -> None:
    made = ccds(butler)
    told = json.loads(Ref(made[0]).to_json())
    told[change] = {
        "id": str(uuid4()),
        "run": "elsewhere",
        "data_id": {"instrument": "Cam", "detector": 1},
        "dataset_type": "coadd",
        "component": "psf",
    }[change]
    with pytest.raises((LookupError, ValueError), match="/a~1b/0"):
        butler.put({"a/b": [Ref.from_json(json.dumps(told))]}, "coadd", CAM)
    assert not butler.query_datasets("coadd", explain=False)


def test_unresolved_references(butler: Butler) -> None:
    ref = Ref("ccd", CAM, detector=1)
    with pytest.raises(LookupError, match="/inputs/0"):
        butler.put({"inputs": [ref]}, "coadd", CAM)
    coadd = butler.put({"inputs": [ref]}, "coadd", CAM, allow_unresolved=True)
    (edge,) = butler.lineage(coadd)
    assert (edge.target.id, edge.target_state) == (None, "unresolved")
    assert butler.resolve_links(coadd) == (0, 1)
    made = ccds(butler)
    assert butler.get(coadd)["inputs"][0].get() == {"n": 1}
    assert butler.resolve_links(coadd) == (1, 0)
    (edge,) = butler.lineage(coadd)
    assert (edge.target.id, edge.target_state) == (made[1].id, "present")


def test_a_column_of_references(butler: Butler) -> None:
    """uc_009: a table column of references survives its file, and each row is found."""
    made = ccds(butler)
    field, column = ref_column("ccd", [made[i % 8] for i in range(1000)] + [None])
    rows = pa.array(np.arange(1001.0))
    schema = pa.schema([pa.field("flux", pa.float64()), field])
    table = pa.Table.from_arrays([rows, column], schema=schema)
    sources = butler.put(table, "sources", CAM)
    assert sum(1 for _ in butler.lineage(sources)) == 1000
    read = butler.get(sources)
    refs = refs_of_column(read["ccd"], butler)
    assert refs[1000] is None and refs[9].get() == {"n": 1}
    assert refs[9] is refs[17]
    assert read.schema.field("ccd").metadata[b"ARROW:extension:name"] == b"salver.ref"


def test_differences_of_inputs(tmp_path: Path) -> None:
    """uc_008: the inputs of one coadd in two releases are compared by data ID."""
    butler = make(tmp_path / "repo")
    old = ccds(butler)
    again = butler.put({"n": 20}, "ccd", CAM, detector=2, run="second")
    first = butler.put({"inputs": old[:4]}, "coadd", CAM)
    second = butler.put({"inputs": [old[1], again, old[3], old[7]]}, "coadd", CAM, run="second")
    found = difference(butler, first, second)
    assert [ref.id for ref in found.added] == [old[7].id]
    assert [ref.id for ref in found.removed] == [old[0].id]
    assert [(a.id, b.id) for a, b in found.remade] == [(old[2].id, again.id)]


def test_gen3_goes_on_beside_it(butler: Butler, gen3, tmp_path: Path) -> None:
    """lsst.daf.butler reads, writes and deletes in a repository with our tables, and what it
    deletes is still known by the references to it."""
    made = ccds(butler)
    coadd = butler.put({"psf": {"inputs": made[:2]}}, "coadd", CAM)
    theirs = gen3.Butler.from_config(str(tmp_path / "repo"), run="run")
    ref = theirs.find_dataset("ccd", CAM, detector=0)
    assert theirs.get(ref) == {"n": 0}
    theirs.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    put = theirs.put({"n": 80}, "ccd", CAM, detector=0, run="other")
    read = butler.get(coadd)["psf"]["inputs"]
    with pytest.raises(LookupError, match="not in this repository"):
        read[0].get()
    states = [edge.target_state for edge in butler.lineage(coadd)]
    assert states == ["unknown", "present"]
    # their refs and handles are references too
    handle = theirs.getDeferred(put)
    mixed = butler.put({"inputs": [put, handle]}, "coadd", CAM, run="other")
    assert [r.id for r in butler.get(mixed)["inputs"]] == [UUID(str(put.id))] * 2


def test_the_command_line(butler: Butler, tmp_path: Path) -> None:
    made = ccds(butler)
    coadd = butler.put({"inputs": made[:3]}, "coadd", CAM)
    repo = str(tmp_path / "repo")

    def run(*arguments: str) -> str:
        command = ["salver", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    down = ["lineage", repo, "ccd", "-d", "instrument=Cam,detector=1", "--downstream", "--json"]
    (edge,) = json.loads(run(*down))
    assert edge["source"]["id"] == str(coadd.id) and edge["path"] == "/inputs/1"
    up = run("lineage", repo, "--id", str(coadd.id))
    assert up.count("embedded") == 3 and "detector: 2" in up
    assert run("lineage", repo, "--id", str(coadd.id), "--dot").count("->") == 3


# -- other tools ----------------------------------------------------------------------------------
@pytest.fixture
def chain(butler: Butler):
    made = ccds(butler)
    coadd = butler.put({"inputs": made}, "coadd", CAM)
    return butler.lineage(butler.put(pa.table({"x": [1]}), "sources", CAM, inputs=[coadd]))


def test_prov_is_read_by_prov(chain) -> None:
    """uc_013: the W3C PROV-JSON document is valid for a third party's reader."""
    prov = pytest.importorskip("prov.model")
    document = prov.ProvDocument.deserialize(content=chain.to_prov(), format="json")
    assert len(list(document.get_records(prov.ProvEntity))) == 10
    assert len(list(document.get_records(prov.ProvDerivation))) == 9


def test_ro_crate_is_read_by_rocrate(chain, tmp_path: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    (tmp_path / "ro-crate-metadata.json").write_text(chain.to_ro_crate("made here"))
    crate = rocrate.ROCrate(tmp_path)
    assert crate.name == "made here"
    kinds = [entity.type for entity in crate.contextual_entities]
    assert kinds.count("CreateAction") == 2 and kinds.count("CreativeWork") == 10


def test_openlineage_events_are_made_again_by_its_client(chain) -> None:
    event = pytest.importorskip("openlineage.client.event_v2")
    events = json.loads(chain.to_openlineage("repo"))
    assert len(events) == 2
    for told in events:
        made = event.RunEvent(
            eventTime=told["eventTime"],
            producer=told["producer"],
            eventType=event.RunState[told["eventType"]],
            run=event.Run(runId=told["run"]["runId"]),
            job=event.Job(**told["job"]),
            inputs=[event.InputDataset(d["namespace"], d["name"]) for d in told["inputs"]],
            outputs=[event.OutputDataset(d["namespace"], d["name"]) for d in told["outputs"]],
        )
        assert len(made.inputs) in (1, 8)


def test_networkx(chain) -> None:
    networkx = pytest.importorskip("networkx")
    graph = chain.to_networkx()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (10, 9)
    assert networkx.is_directed_acyclic_graph(graph)
