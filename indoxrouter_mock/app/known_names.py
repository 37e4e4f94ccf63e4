"""Names that a fault or a scripted answer waits for: one that nothing has would wait for ever, so it is refused."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ..spec.errors import invalid_value

MOST_SHOWN = 60


def check_operation(pattern: str, known: list[str]) -> None:
    """Raise ApiError 400 for a pattern that no operationId matches."""
    _check_text("body/operation", pattern)
    if not any(fnmatchcase(name, pattern) for name in known):
        raise invalid_value(
            "body/operation", f"no operation matches {pattern[:100]!r}{_meant(pattern, known)}"
        )


def check_account(name: str, known: list[str]) -> None:
    """Raise ApiError 400 for a name that no account has."""
    _check_text("body/account", name)
    if name not in known:
        raise invalid_value("body/account", f"there is no account {name[:100]!r}{_meant(name, known)}")


def _check_text(where: str, given: object) -> None:
    if not isinstance(given, str):
        raise invalid_value(where, f"{given!r} is not a text")


def _meant(name: str, known: Iterable[str]) -> str:
    """What may have been meant, and the names that there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ";"
    more = f", and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"{meant} known ones are {', '.join(names[:MOST_SHOWN])}{more}"
