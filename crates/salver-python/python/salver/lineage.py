"""Lineage: what datasets were made from, and what was made of them.

`Butler.lineage` gives a `Lineage`: a stream of edges, which can be gathered as a graph, a table, a
picture, or a document for another tool::

    for edge in butler.lineage(coadd):
        print(edge.source, edge.kind, edge.path, edge.target)
    bad = butler.lineage(ccd, "downstream", dataset_types=["deepCoadd"])
    affected = {edge.source for edge in bad}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import Butler, DatasetRef, DeferredDatasetHandle, Ref, _salver

if TYPE_CHECKING:
    import networkx
    import pyarrow

__all__ = ["Difference", "Edge", "Lineage", "difference", "ref_column", "refs_of_column", "resolve"]

_REFERENCES = (Ref, DatasetRef, DeferredDatasetHandle)


@dataclass(frozen=True)
class Edge:
    """One step: ``source`` was made from, or refers to, ``target``."""

    kind: str
    """``embedded``, ``part``, ``predicted``, ``available`` or ``used``."""
    path: str
    """Place of the reference in the source, as a JSON Pointer; empty for the whole."""
    source: Ref
    source_state: str
    """``present``, ``deleted``, ``absent`` or ``unknown``."""
    target: Ref
    target_state: str
    """As ``source_state``, or ``unresolved``."""

    @property
    def component(self) -> str | None:
        """The component of the target that is meant."""
        return self.target.component


def _identifier(ref: Any) -> UUID:
    if isinstance(ref, UUID):
        return ref
    if isinstance(ref, str):
        return UUID(ref)
    found = getattr(ref, "id", None)
    if found is None and hasattr(ref, "ref"):
        found = ref.ref.id
    if found is None:
        raise TypeError(f"not a dataset: {ref!r}")
    return UUID(str(found))


def _names(given: str | Iterable[Any] | None) -> list[str] | None:
    if given is None:
        return None
    items = [given] if isinstance(given, str) else list(given)
    return [str(getattr(item, "name", item)) for item in items]


class Lineage:
    """The answer to a question about lineage; iterating it asks anew, page by page."""

    def __init__(
        self,
        butler: Butler,
        refs: Any,
        direction: str = "upstream",
        depth: int | None = None,
        kinds: str | Iterable[str] | None = None,
        dataset_types: str | Iterable[Any] | None = None,
    ) -> None:
        single = isinstance(refs, (str, UUID, *_REFERENCES)) or hasattr(refs, "id")
        roots = [_identifier(ref) for ref in ([refs] if single else refs)]
        self._butler = butler
        self._query = (roots, direction, depth, _names(kinds), _names(dataset_types))
        _salver._edges(butler, ([], *self._query[1:]))  # wrong words are told at once

    def __iter__(self) -> Iterator[Edge]:
        pages = _salver._edges(self._butler, self._query)
        while page := pages.next_page():
            for kind, path, source, source_state, target, target_state in page:
                yield Edge(kind, path, source, source_state, target, target_state)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """A graph whose nodes are identifiers, with edges from what was made to its inputs."""
        import networkx

        graph = networkx.MultiDiGraph()
        for edge in self:
            ends = []
            for ref, state in ((edge.source, edge.source_state), (edge.target, edge.target_state)):
                key = ref.id or (ref.dataset_type, *sorted(ref.data_id.items()))
                graph.add_node(key, ref=ref, dataset_type=ref.dataset_type, state=state)
                ends.append(key)
            graph.add_edge(*ends, kind=edge.kind, path=edge.path, component=edge.component)
        return graph

    def to_arrow(self) -> pyarrow.Table:
        """A table with a row for each edge; `source` and `target` are columns of references."""
        import pyarrow

        edges = list(self)
        text = [("kind", "kind"), ("path", "path")]
        states = [("source_state", "source_state"), ("target_state", "target_state")]
        columns: list[Any] = []
        fields: list[Any] = []
        for name, attribute in text + states:
            columns.append(pyarrow.array([getattr(e, attribute) for e in edges], pyarrow.string()))
            fields.append(pyarrow.field(name, pyarrow.string()))
        for name in ("source", "target"):
            field, column = ref_column(name, [getattr(edge, name) for edge in edges])
            fields.append(field)
            columns.append(column)
        return pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields))

    def _text(self, form: str, name: str) -> str:
        return _salver._lineage_text(self._butler, form, name, self._query)

    def to_dot(self) -> str:
        """The graph in the language of Graphviz."""
        return self._text("dot", "lineage")

    def to_svg(self) -> str:
        """The graph as a picture."""
        return self._text("svg", "lineage")

    def to_html(self, title: str = "Lineage") -> str:
        """A page with the picture, which needs nothing from elsewhere."""
        return self._text("html", title)

    def to_prov(self) -> str:
        """A W3C PROV-JSON document."""
        return self._text("prov", "lineage")

    def to_ro_crate(self, name: str = "Lineage") -> str:
        """The text of an RO-Crate's ``ro-crate-metadata.json``."""
        return self._text("ro-crate", name)

    def to_openlineage(self, namespace: str = "salver") -> str:
        """A JSON list of OpenLineage run events."""
        return self._text("openlineage", namespace)

    def _repr_html_(self) -> str:
        return self.to_svg()


# -- many references at once ----------------------------------------------------------------------
def resolve(butler: Butler, value: Any, component: str | None = None) -> Any:
    """See `Butler.resolve`."""
    found: list[Any] = []
    _gather(value, found)
    wanted = found if component is None else [Ref(ref, component=component) for ref in found]
    objects = iter(_salver._resolve(butler, wanted))
    return _placed(value, objects)


def _gather(value: Any, found: list[Any]) -> None:
    if isinstance(value, _REFERENCES):
        found.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _gather(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _gather(item, found)


def _placed(value: Any, objects: Iterator[Any]) -> Any:
    if isinstance(value, _REFERENCES):
        return next(objects)
    if isinstance(value, dict):
        return {key: _placed(item, objects) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_placed(item, objects) for item in value])
    return value


# -- columns of references ------------------------------------------------------------------------
def ref_column(
    name: str, refs: Sequence[Ref | DatasetRef | None]
) -> tuple[pyarrow.Field, pyarrow.Array]:
    """A field and a dictionary-encoded Arrow column of references, for a table to be put."""
    import pyarrow

    known: dict[Any, str] = {}
    texts: list[str | None] = []
    for ref in refs:
        if ref is None:
            texts.append(None)
            continue
        key: tuple[Any, ...] = (
            ref.id,
            getattr(ref, "component", None),
            id(ref) if ref.id is None else 0,
        )
        if isinstance(ref, Ref) and ref.parameters:
            key = (*key, repr(ref.parameters))
        if key not in known:
            known[key] = (ref if isinstance(ref, Ref) else Ref(ref)).to_json()
        texts.append(known[key])
    column = pyarrow.array(texts, pyarrow.string()).dictionary_encode()
    metadata = {b"ARROW:extension:name": b"salver.ref", b"ARROW:extension:metadata": b""}
    return pyarrow.field(name, column.type, metadata=metadata), column


def refs_of_column(column: Any, butler: Butler | None = None) -> list[Ref | None]:
    """The references of a column, each distinct one read once; with a butler they are handles."""
    made: dict[str, Ref] = {}
    out: list[Ref | None] = []
    values = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    for text in values:
        if not isinstance(text, str) or not text:
            out.append(None)
            continue
        if text not in made:
            ref = Ref.from_json(text)
            made[text] = ref if butler is None else _salver._follow(butler, ref)
        out.append(made[text])
    return out


# -- differences ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Difference:
    """The inputs of two datasets compared by dataset type and data ID."""

    added: list[Ref]
    """Inputs of the second that the first has not."""
    removed: list[Ref]
    """Inputs of the first that the second has not."""
    remade: list[tuple[Ref, Ref]]
    """Inputs of both that are other datasets of the same type and data ID."""


def difference(
    butler: Butler, first: Any, second: Any, *, depth: int | None = 1, **only: Any
) -> Difference:
    """Compare the inputs of one dataset with those of another."""

    def inputs(ref: Any) -> dict[tuple[Any, ...], Ref]:
        edges = Lineage(butler, ref, "upstream", depth, **only)
        refs = (edge.target for edge in edges)
        return {(r.dataset_type, *sorted(r.data_id.items())): r for r in refs}

    old, new = inputs(first), inputs(second)
    return Difference(
        added=[new[key] for key in new if key not in old],
        removed=[old[key] for key in old if key not in new],
        remade=[(old[k], new[k]) for k in old if k in new and old[k].id != new[k].id],
    )
