"""JSON that a tape can hold as a value: writing it again must give what the original said."""

from __future__ import annotations

import json
from typing import Any

from ..base.json import dumps


class _Differs(ValueError):
    """The text is JSON, but its value does not say everything that the text says."""


def strict_json(content: bytes) -> Any:
    """The value of a JSON document, or None for text that is not JSON, or could not be written again from its value:
    members of the same name, lone surrogates, numbers beyond 64 bits. (The document `null` is None as well.)
    """
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse)
        dumps(value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Differs
    return found


def _refuse(constant: str) -> Any:
    raise _Differs(constant)
