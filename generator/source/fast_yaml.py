"""YAML by libyaml, ten times faster than ruamel, for what both read as the same values.

libyaml reads YAML 1.1, a description is YAML 1.2. So only the scalars that are the same in both are read here: plain
decimal numbers, `true`, `false`, null and text. Anything else is left to ruamel, which reads all of YAML 1.2 and names
the line: an error, a key that is repeated, an anchor that contains itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
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


def _scalar(loader: Any, node: Any) -> Any:
    return _READERS[node.tag](loader.construct_scalar(node))


def _sequence(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _mapping(loader: Any, node: Any) -> Any:
    found = loader.construct_mapping(node, deep=True)
    if len(found) < len(node.value):
        raise NotPlain
    return found


def _other(loader: Any, node: Any) -> Any:
    raise NotPlain


@cache
def _loader() -> Any:
    base: Any = getattr(yaml, "CBaseLoader", None)  # PyYAML may be built without libyaml
    if base is None:
        raise NotPlain
    loader: Any = type("PlainLoader", (base,), {})
    for tag, pattern, first in _SCALARS:
        loader.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)
    for tag in _READERS:
        loader.add_constructor(tag, _scalar)
    loader.add_constructor(f"{_PREFIX}seq", _sequence)
    loader.add_constructor(f"{_PREFIX}map", _mapping)
    loader.add_constructor(None, _other)
    return loader


def load_plainly(text: str) -> Any:
    """The values of a YAML text.

    Raises:
        NotPlain: where ruamel has to read it: libyaml is missing or objects, or a value is not the same in YAML 1.1.
    """
    try:
        return yaml.load(text, Loader=_loader())
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NotPlain from None
