"""YAML by libyaml, ten times faster than ruamel, for what both read as the same values.

libyaml reads YAML 1.1, a description is YAML 1.2. So only the scalars that are the same in both are read here: plain
decimal numbers, `true`, `false`, null and text. Anything else, an error or a key that stands twice among it, is left
to ruamel, which reads all of YAML 1.2 and names the line.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml
from yaml.constructor import SafeConstructor

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


class _Constructor(SafeConstructor):
    """Makes JSON values; a mapping with a key twice is left to the other reader."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(found) < len(node.value):
            raise NotPlain
        return found


def _other(constructor: Any, node: Any) -> Any:
    raise NotPlain


def _number(constructor: Any, node: Any) -> float:
    return float(constructor.construct_scalar(node))


_ADD: Any = _Constructor.add_constructor  # its types know the loaders of PyYAML alone
for _kind in ("null", "bool", "int", "str", "seq", "map"):
    _ADD(_PREFIX + _kind, getattr(SafeConstructor, f"construct_yaml_{_kind}"))
_ADD(f"{_PREFIX}float", _number)
_ADD(None, _other)


def load_plainly(text: str) -> Any:
    """The values of a YAML text.

    Raises:
        NotPlain: where ruamel has to read it: libyaml is missing or objects, or a value is not the same in YAML 1.1.
    """
    base: Any = getattr(yaml, "CBaseLoader", None)  # PyYAML may be built without libyaml
    if base is None:
        raise NotPlain

    class Loader(_Constructor, base):  # type: ignore[misc]  # as above
        def __init__(self) -> None:
            base.__init__(self, text)

    resolver: Any = Loader
    for tag, pattern, first in _SCALARS:
        resolver.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)
    try:
        return resolver().get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError):
        raise NotPlain from None


__all__ = ["NotPlain", "load_plainly"]
