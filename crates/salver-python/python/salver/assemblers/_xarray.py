"""xarray's labelled arrays ↔ dimensions, coordinates, arrays and attributes."""

from __future__ import annotations

from typing import Any

import numpy as np


def _variable(variable: Any) -> dict[str, Any]:
    return {
        "dims": list(variable.dims),
        "data": np.asarray(variable.values),
        "attrs": dict(variable.attrs),
    }


def _variables(mapping: Any) -> dict[str, Any]:
    for name, index in getattr(mapping, "indexes", {}).items():
        if getattr(index, "nlevels", 1) > 1:
            raise TypeError(
                f"coordinate {name}: an index of several levels; reset_index() it first"
            )
    return {name: _variable(variable.variable) for name, variable in mapping.items()}


def from_data_array(array: Any) -> dict[str, Any]:
    """The parts of a `DataArray`; data that is not loaded is loaded."""
    return {
        "name": array.name,
        **_variable(array.variable),
        "coords": _variables(array.coords),
        "indexed": sorted(str(name) for name in array.xindexes),
    }


def data_array(parts: Any) -> Any:
    """An `xarray.DataArray`; of a plain array, without labels."""
    import xarray as xr

    if isinstance(parts, np.ndarray):
        return xr.DataArray(parts)
    made = xr.DataArray(
        parts["data"],
        dims=parts["dims"],
        coords=_coords(xr, parts),
        name=parts["name"],
        attrs=parts["attrs"],
    )
    return _without_index(made, parts)


def _coords(xr: Any, parts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: xr.Variable(of["dims"], of["data"], of["attrs"])
        for name, of in parts["coords"].items()
    }


def _without_index(made: Any, parts: dict[str, Any]) -> Any:
    extra = [name for name in made.xindexes if name not in parts["indexed"]]
    return made.drop_indexes(extra) if extra else made


def from_dataset(dataset: Any) -> dict[str, Any]:
    """The parts of a `Dataset`."""
    return {
        "coords": _variables(dataset.coords),
        "data_vars": {name: _variable(of.variable) for name, of in dataset.data_vars.items()},
        "attrs": dict(dataset.attrs),
        "indexed": sorted(str(name) for name in dataset.xindexes),
    }


def dataset(parts: dict[str, Any]) -> Any:
    """An `xarray.Dataset`."""
    import xarray as xr

    variables = {
        name: xr.Variable(of["dims"], of["data"], of["attrs"])
        for name, of in parts["data_vars"].items()
    }
    made = xr.Dataset(variables, coords=_coords(xr, parts), attrs=parts["attrs"])
    return _without_index(made, parts)
