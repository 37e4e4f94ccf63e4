"""YAML by libyaml, ten times faster than ruamel, for what both read as the same values.

libyaml reads YAML 1.1, a description is YAML 1.2. So only the scalars that are the same in both are read here: plain
decimal numbers, `true`, `false`, null and text. Anything else is left to ruamel, which reads all of YAML 1.2 and names
the line: an error, a key that is repeated, an anchor that contains itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

_PREFIX = "tag:yaml.org,2002:"
_OTHER = "!other"
# What YAML 1.2 or 1.1 may read as a number, a merge or a default, and not simply as below.
_UNSURE = (
    r"(?=.*[0-9])[-+]?(?:[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|0[box][0-9a-fA-F_]+)"
    r"|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)|<<|="
)
_SCALARS = (
    (f"{_PREFIX}null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (f"{_PREFIX}bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (f"{_PREFIX}int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    (f"{_PREFIX}float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
    (_OTHER, _UNSURE, list("-+.0123456789_eE<=")),
)


class NotPlain(Exception):
    """A text that this reader leaves to ruamel."""


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise NotPlain
    return text.lower() == "true"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotPlain
    return number


_READERS: dict[str, Callable[[str], Any]] = {
    f"{_PREFIX}str": str,
    f"{_PREFIX}null": lambda text: None,
    f"{_PREFIX}bool": _boolean,
    f"{_PREFIX}int": int,
    f"{_PREFIX}float": _finite,
}


class _Values:
    """Makes JSON values of nodes. A node that several aliases name is read once."""

    def __init__(self) -> None:
        self._read: dict[int, Any] = {}

    def of(self, node: Any) -> Any:
        if node.id == "scalar":
            reader = _READERS.get(node.tag)
            if reader is None:
                raise NotPlain
            return reader(node.value)
        known = self._read.get(id(node))
        if known is None:
            known = self._read[id(node)] = self._container(node)
        return known

    def _container(self, node: Any) -> Any:
        if node.tag == f"{_PREFIX}seq":
            return [self.of(item) for item in node.value]
        if node.tag != f"{_PREFIX}map" or any(key.id != "scalar" for key, _ in node.value):
            raise NotPlain
        found = {self.of(key): self.of(value) for key, value in node.value}
        if len(found) < len(node.value):
            raise NotPlain
        return found


def load_plainly(text: str) -> Any:
    """The values of a YAML text.

    Raises:
        NotPlain: where ruamel has to read it: libyaml is missing or objects, or a value is not the same in YAML 1.1.
    """
    base: Any = getattr(yaml, "CBaseLoader", None)  # PyYAML may be built without libyaml
    if base is None:
        raise NotPlain

    class Loader(base):  # type: ignore[misc]  # as above
        def __init__(self) -> None:
            base.__init__(self, text)

    resolver: Any = Loader
    for tag, pattern, first in _SCALARS:
        resolver.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)
    try:
        node = resolver().get_single_node()
        return None if node is None else _Values().of(node)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NotPlain from None
