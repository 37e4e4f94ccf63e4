"""The recorded exchange that answers a request.

A request is known by its method, path, query and body, whatever its headers say. Equal requests are answered in the
order in which they were recorded; the last of them answers from then on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from ..base.json import is_list, is_object
from .exchange import Exchange, TapeRequest

ORIGIN = "{origin}"
LONGEST_SHOWN = 60


class Deck:
    """The exchanges of a tape. `ignore` names members of bodies and query parameters that may differ."""

    def __init__(self, exchanges: Iterable[Exchange], ignore: Iterable[str] = ()) -> None:
        self._ignored = frozenset(ignore)
        self.exchanges: list[Exchange] = []
        self._by_request: dict[str, list[Exchange]] = {}
        for exchange in exchanges:
            self.add(exchange)

    def add(self, exchange: Exchange) -> None:
        """Put an exchange behind the others."""
        self.exchanges.append(exchange)
        key = self._key(exchange.request, exchange.upstream)
        self._by_request.setdefault(key, []).append(exchange)

    def replace(self, old: Exchange, new: Exchange) -> None:
        """Put an exchange in the place of another."""
        exchanges = [new if each is old else each for each in self.exchanges]
        self.exchanges, self._by_request = [], {}
        for each in exchanges:
            self.add(each)

    def find(self, request: TapeRequest, origin: str) -> Exchange | None:
        """The exchange that answers a masked request, counted as played; None when none does.

        `origin` is where the client reached this server: what it sends of its addresses stands for the upstream's.
        """
        known = self._by_request.get(self._key(request, origin))
        if not known:
            return None
        found = next((each for each in known if not each.played), known[-1])
        found.played += 1
        return found

    def unplayed(self) -> list[Exchange]:
        """The exchanges that have answered no request."""
        return [each for each in self.exchanges if not each.played]

    def rewind(self) -> None:
        """Start again: every exchange counts as unplayed."""
        for each in self.exchanges:
            each.played = 0

    def nearest(self, request: TapeRequest, origin: str) -> str:
        """What a request that is not on the tape comes nearest to, in words."""
        same_path = [
            each
            for each in self.exchanges
            if (each.request.method, each.request.path) == (request.method, request.path)
        ]
        if not same_path:
            paths = sorted({f"{each.request.method} {each.request.path}" for each in self.exchanges})
            return (
                f"the tape has {', '.join(paths[:5])}{' and others' if paths[5:] else ''}"
                if paths
                else "the tape is empty"
            )
        asked = self._compared(request, origin)
        all_differences = [
            (each, _differences(asked, self._compared(each.request, each.upstream))) for each in same_path
        ]
        nearest, differences = min(all_differences, key=lambda pair: len(pair[1]))
        shown = "; ".join(differences[:3]) + (
            f" (and {len(differences) - 3} more)" if differences[3:] else ""
        )
        return f"nearest is {nearest.name}, which differs in {shown}"

    def _key(self, request: TapeRequest, origin: str) -> str:
        compared = json.dumps([request.method, request.path, self._compared(request, origin)], sort_keys=True)
        return hashlib.sha256(compared.encode()).hexdigest()

    def _compared(self, request: TapeRequest, origin: str) -> dict[str, Any]:
        """What has to be equal, in a form in which equal things are equal."""
        query = sorted(
            pair for pair in parse_qsl(request.query, keep_blank_values=True) if pair[0] not in self._ignored
        )
        body: Any = request.body
        if is_object(body) and is_list(body.get("parts")):
            parts = [
                part for part in body["parts"] if not (is_object(part) and part.get("name") in self._ignored)
            ]
            body = {"parts": parts}
        return {
            "query": [f"{name}={value}" for name, value in query],
            "body": _without(self._ignored, origin, body),
        }


def _without(ignored: frozenset[str], origin: str, value: Any) -> Any:
    if is_object(value):
        return {name: _without(ignored, origin, each) for name, each in value.items() if name not in ignored}
    if is_list(value):
        return [_without(ignored, origin, each) for each in value]
    if isinstance(value, str) and origin:
        return value.replace(origin, ORIGIN)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)  # 1.0 and 1 are one number in JSON
    return value


def _differences(asked: Any, known: Any, where: str = "") -> list[str]:
    if is_object(asked) and is_object(known):
        found: list[str] = []
        for name in dict.fromkeys((*asked, *known)):
            place = f"{where}/{name}".lstrip("/")
            if name not in known:
                found.append(f"{place}: not recorded")
            elif name not in asked:
                found.append(f"{place}: missing")
            else:
                found += _differences(asked[name], known[name], place)
        return found
    if is_list(asked) and is_list(known) and len(asked) == len(known):
        return [
            each
            for index, (one, other) in enumerate(zip(asked, known, strict=True))
            for each in _differences(one, other, f"{where}/{index}")
        ]
    if asked == known:
        return []
    return [f"{where}: {_shown(asked)} in place of {_shown(known)}"]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
