"""Configurations."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from . import _salver


class Config(dict[str, Any]):
    """A configuration: sections by name, or the file that holds them.

    A dotted key, or a tuple of keys, reaches into sections: ``config["datastore.root"]``.

    Parameters
    ----------
    other : `str`, `os.PathLike`, mapping, optional
        A YAML or JSON file, or the sections themselves.
    """

    configFile: str | None = None

    def __init__(self, other: str | PathLike[str] | dict[str, Any] | None = None) -> None:
        if other is None:
            super().__init__()
        elif isinstance(other, dict):
            super().__init__(other)
            self.configFile = getattr(other, "configFile", None)
        else:
            self.configFile = fspath(other)
            super().__init__(_salver.read_file(self.configFile, "yaml"))

    @staticmethod
    def _steps(key: str | tuple[str, ...]) -> list[str]:
        if isinstance(key, tuple):
            return list(key)
        return [step for step in key.lstrip(".").split(".") if step]

    def __getitem__(self, key: str | tuple[str, ...]) -> Any:
        if isinstance(key, str) and super().__contains__(key):
            return super().__getitem__(key)
        value: Any = self
        for step in self._steps(key):
            if not isinstance(value, dict) or not dict.__contains__(value, step):
                raise KeyError(key)
            value = dict.__getitem__(value, step)
        return value

    def __setitem__(self, key: str | tuple[str, ...], value: Any) -> None:
        *parents, last = self._steps(key)
        section: dict[str, Any] = self
        for step in parents:
            if not dict.__contains__(section, step):
                dict.__setitem__(section, step, {})
            section = dict.__getitem__(section, step)
        dict.__setitem__(section, last, value)

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index]
        except (KeyError, TypeError, AttributeError):
            return False
        return True
