"""From a request's path to an operation of the spec.

Paths are matched on their raw bytes, piece by piece, so that `%2F` inside a piece stays data. A literal path wins over
a templated one. A path parameter marked `x-allow-slash` takes all the pieces that are left, as model ids do.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from .document import Operation, Spec

MOST_PIECES = 64
"""Pieces of a path that are matched against templates."""


@dataclass(slots=True)
class Template:
    """One path of the spec, split: a literal piece is its text, a parameter is None with its name beside it."""

    path: str
    literals: list[str | None]
    names: list[str]
    greedy: bool
    methods: dict[str, Operation]
    inner: frozenset[int] = frozenset()
    """Places before the last one whose parameters take slashes too."""

    def match(self, pieces: list[str]) -> dict[str, str] | None:
        """The path parameters when the pieces of a path fit this template, else None."""
        if self.inner:
            return self._match_several(pieces)
        if len(pieces) < len(self.literals) or (len(pieces) > len(self.literals) and not self.greedy):
            return None
        values: list[str] = []
        last = len(self.literals) - 1
        for index, literal in enumerate(self.literals):
            if literal is None:
                value = "/".join(pieces[index:]) if self.greedy and index == last else pieces[index]
                if not value:
                    return None
                values.append(value)
            elif literal != pieces[index]:
                return None
        return dict(zip(self.names, values, strict=True))

    def _match_several(self, pieces: list[str], place: int = 0) -> dict[str, str] | None:
        """Where several parameters may hold slashes, each takes as little as the rest allows."""
        if place == len(self.literals):
            return None if pieces else {}
        literal = self.literals[place]
        if literal is not None:
            return self._match_several(pieces[1:], place + 1) if pieces[:1] == [literal] else None
        last = place == len(self.literals) - 1
        most = len(pieces) if place in self.inner or (last and self.greedy) else 1
        name = self.names[sum(piece is None for piece in self.literals[:place])]
        for count in range(1, min(most, len(pieces)) + 1):
            rest = self._match_several(pieces[count:], place + 1)
            if rest is not None and all(pieces[:count]):
                return {name: "/".join(pieces[:count]), **rest}
        return None


class Router:
    """Finds the operation for a method and a path below the server's prefix."""

    def __init__(self, spec: Spec) -> None:
        self._literal: dict[str, dict[str, Operation]] = {}
        templated: dict[str, Template] = {}
        for operation in spec.operations.values():
            if "{" not in operation.path:
                self._literal.setdefault(operation.path, {})[operation.method] = operation
            elif operation.path in templated:
                templated[operation.path].methods[operation.method] = operation
            else:
                templated[operation.path] = _template(operation)
        # More literal pieces first, and among equals the one that takes no slashes.
        self._templated = sorted(
            templated.values(), key=lambda t: (t.greedy, -sum(piece is not None for piece in t.literals))
        )

    def find(self, path: str) -> tuple[dict[str, Operation], dict[str, str]]:
        """The operations at a raw path, by method, with the path parameters decoded; none where the path is unknown."""
        literal = self._literal.get(path)
        if literal is not None:
            return literal, {}
        if path.count("/") > MOST_PIECES:
            return {}, {}
        pieces = [decode_piece(piece) for piece in path.split("/")[1:]]
        if any(piece in (".", "..") for piece in pieces):
            return {}, {}
        for template in self._templated:
            values = template.match(pieces)
            if values is not None:
                return template.methods, values
        return self._literal.get("/" + "/".join(pieces), {}), {}


def decode_piece(piece: str) -> str:
    """A piece of a path with its percent escapes decoded."""
    return unquote_to_bytes(piece).decode("utf-8", "replace") if "%" in piece else piece


def _template(operation: Operation) -> Template:
    literals: list[str | None] = []
    names: list[str] = []
    slashes = {
        parameter.name
        for parameter in operation.parameters
        if parameter.place == "path" and parameter.allow_slash
    }
    for piece in operation.path.split("/")[1:]:
        if piece.startswith("{") and piece.endswith("}"):
            literals.append(None)
            names.append(piece[1:-1])
        else:
            literals.append(piece)
    greedy = bool(names) and literals[-1] is None and names[-1] in slashes
    parameters = [index for index, literal in enumerate(literals) if literal is None]
    inner = frozenset(
        index
        for index, name in zip(parameters, names, strict=True)
        if name in slashes and index < len(literals) - 1
    )
    return Template(operation.path, literals, names, greedy, {operation.method: operation}, inner)
