"""Holds each recorded exchange against the description and collects what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from ..description.operations import METHODS
from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver
from .common_headers import COMMON_HEADERS
from .exchanges import NO_BODY, Observed
from .findings import Finding, shown
from .variants import Variants, json_type

_ELEMENTS = 200  # of an array are looked at


class Observer:
    """Collects findings; `findings` lists them, `ignored` counts exchanges outside the API's base paths."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._variants = Variants(resolver)
        self._found: dict[tuple[str, ...], Finding] = {}
        self._seen_in_exchange: set[tuple[str, ...]] = set()
        self._members: dict[tuple[str, tuple[str, ...]], set[str]] = {}  # schema -> members that were seen
        self._now: Observed | None = None
        self._operation = ""
        self.exchanges = 0
        self.ignored = 0
        root = resolver.root
        servers: list[Any] = root.value.get("servers") or []
        self._bases = sorted(
            {urlsplit(str(server.get("url"))).path.rstrip("/") for server in servers if is_object(server)},
            key=len,
            reverse=True,
        ) or [""]
        self._operations = list(self._listed())

    def _listed(self) -> Iterator[tuple[str, re.Pattern[str], int, str, Node]]:
        for path, item in self._resolver.root.items_at("paths"):
            for method, node in self._resolver.follow(item).items():
                if method not in METHODS or not is_object(node.value):
                    continue
                slashes = {
                    parameter.value.get("name")
                    for parameter in self._parameters(node)
                    if parameter.value.get("x-allow-slash") is True
                }
                pattern = "".join(
                    (".+" if piece[1:-1] in slashes else "[^/]+")
                    if piece.startswith("{")
                    else re.escape(piece)
                    for piece in re.split(r"({[^}]*})", path)
                )
                yield method.upper(), re.compile(pattern), path.count("{"), path, node

    # ── one exchange ─────────────────────────────────────────────────────────────────────────────────────────────────

    def observe(self, exchanges: Iterable[Observed]) -> list[Finding]:
        """Look at all exchanges; the findings, in the order of the description."""
        for exchange in exchanges:
            self._seen_in_exchange = set()
            self._now = exchange
            self._exchange(exchange)
        found = [*self._renamed(list(self._found.values()))]
        return sorted(found, key=lambda finding: (finding.place.line, finding.kind, finding.name))

    def _exchange(self, exchange: Observed) -> None:
        base = next((b for b in self._bases if exchange.path.startswith(f"{b}/") or exchange.path == b), None)
        if base is None or exchange.method in ("OPTIONS", "HEAD"):
            self.ignored += 1
            return
        self.exchanges += 1
        path = exchange.path.removeprefix(base) or "/"
        self._operation = f"{exchange.method} {path}"
        matching = [
            (slots, template, node)
            for method, pattern, slots, template, node in self._operations
            if method == exchange.method and pattern.fullmatch(path)
        ]
        if not matching:
            if exchange.status not in (404, 405):
                paths = self._resolver.root.child("paths")
                self._add(
                    "operation", self._operation, "not described", paths, (path, exchange), exchange.sent
                )
            return
        _, template, node = min(matching, key=lambda match: match[0])
        self._operation = f"{exchange.method} {template}"
        self._request(exchange, node)
        self._response(exchange, node)

    def _request(self, exchange: Observed, node: Node) -> None:
        parameters = {str(p.value.get("name")): p for p in self._parameters(node)}
        accepted = exchange.status < 400
        for name, value in exchange.query:
            parameter = parameters.get(name.removesuffix("[]"))
            if parameter is None and accepted:
                self._add("parameter", f"query.{name}", "not described", node, ("query", name, value), value)
            elif parameter is not None and accepted and "schema" in parameter.value:
                self._value(
                    parameter.child("schema"), self._typed(parameter, value), f"query.{name}", accepted
                )
        body = node.get("requestBody")
        if body is None or exchange.sent is NO_BODY or not accepted:
            return
        for _, media in self._resolver.follow(body).items_at("content"):
            if "schema" in media.value:
                form = "json" not in exchange.headers.get("content-type", "json")
                self._value(media.child("schema"), exchange.sent, "request", accepted, form=form)
            return

    def _typed(self, parameter: Node, value: str) -> Any:
        kinds = {
            kind
            for parts in self._variants.of(parameter.child("schema"))
            for kind in self._variants.types(parts)
        }
        text = unquote(value)
        if kinds & {"integer", "number"} and re.fullmatch(r"-?\d+(?:\.\d+)?", text):
            return float(text) if "." in text else int(text)
        return text == "true" if "boolean" in kinds and text in ("true", "false") else text

    def _response(self, exchange: Observed, node: Node) -> None:
        responses = node.child("responses")
        status = str(exchange.status)
        entry = next(
            (
                found
                for key in (status, f"{status[0]}XX", f"{status[0]}xx", "default")
                if (found := responses.get(key))
            ),
            None,
        )
        if entry is None:
            self._add(
                "status",
                f"response {status}",
                "not described",
                responses,
                (status, exchange, self._like(responses, exchange.answer)),
                exchange.answer,
            )
            entry = next(
                (found for key, found in responses.items() if key[0] in "45" and status[0] in "45"), None
            )
            if entry is None:
                return
        response = self._resolver.follow(entry)
        described = {name.lower() for name, _ in response.items_at("headers")}
        for name, value in exchange.answer_headers.items():
            if (
                name not in described
                and name not in COMMON_HEADERS
                and not name.startswith(("x-indox-mock", "sec-"))
            ):
                self._add("header", f"response.{name}", "not described", response, (name, value), value)
        kinds = dict(response.items_at("content"))
        if exchange.events is not None:
            event = self._event(kinds["text/event-stream"]) if "text/event-stream" in kinds else None
            for payload in exchange.events if event is not None else ():
                assert event is not None
                self._value(event, payload, "event", True)
        elif exchange.answer is not NO_BODY:
            media = next((kind for name, kind in kinds.items() if "json" in name), None)
            if media is not None and "schema" in media.value:
                self._value(media.child("schema"), exchange.answer, "response", True)

    def _like(self, responses: Node, answer: Any) -> str | None:
        """The documented success whose schema describes an answer that came with another status."""
        for status, response in responses.items():
            content = self._resolver.follow(response).get("content") if status[0] == "2" else None
            media = content.get("application/json") if content is not None else None
            if media is not None and "schema" in media.value and is_object(answer):
                every = self._variants.of(media.child("schema"))
                if any(self._variants.distance(parts, answer) == 0 for parts in every):
                    return status
        return None

    def _event(self, media: Node) -> Node | None:
        """The schema of the payload: `contentSchema` of `data`, or the media type's own schema."""
        for parts in self._variants.of(media.child("schema")):
            data = self._variants.properties(parts).get("data")
            for inner in self._variants.of(data) if data is not None else ():
                for part in inner:
                    if "contentSchema" in part.value:
                        return part.child("contentSchema")
        return media.child("schema")

    def _parameters(self, node: Node) -> Iterator[Node]:
        for entry in node.elements_at("parameters"):
            yield self._resolver.follow(entry)

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _value(self, schema: Node, value: Any, name: str, accepted: bool, *, form: bool = False) -> None:
        every = self._variants.of(schema)
        kind = json_type(value)
        fitting = [parts for parts in every if self._variants.takes(parts, kind)]
        if not fitting:
            if form and kind == "string":
                return  # a form has texts only
            documented = " or ".join(sorted({k for parts in every for k in self._variants.types(parts)}))
            detail = (
                f"null, where {documented} is described"
                if value is None
                else f"{kind}, where {documented} is described"
            )
            self._add(
                "null" if value is None else "type",
                name,
                detail,
                self._resolver.follow(schema),
                schema,
                value,
                extra=kind,
            )
            return
        if kind == "string":
            self._enum(fitting, value, name)
        best = min(fitting, key=lambda parts: self._variants.distance(parts, value))
        self._limits(best, value, name)
        if is_array(value):
            items = next((part.child("items") for part in best if is_object(part.value.get("items"))), None)
            for element in value[:_ELEMENTS] if items is not None else ():
                assert items is not None
                self._value(items, element, f"{name}[]", accepted, form=form)
        elif is_object(value):
            self._object(best, value, name, accepted, form)

    def _enum(self, fitting: list[tuple[Node, ...]], value: str, name: str) -> None:
        listed = [part for parts in fitting for part in parts if is_array(part.value.get("enum"))]
        if listed and all(value not in part.value["enum"] for part in listed):
            self._add(
                "enum value",
                name,
                f"{value!r} is none of the values",
                listed[0].child("enum"),
                (value, str(self._now.status) if self._now is not None else ""),
                value,
                extra=value,
            )

    def _object(
        self, parts: tuple[Node, ...], value: dict[str, Any], name: str, accepted: bool, form: bool
    ) -> None:
        known = self._variants.properties(parts)
        owner = next((part for part in parts if is_object(part.value.get("properties"))), None)
        other = self._variants.is_catch_all(parts)
        if other is not None and isinstance(value.get(other), str):
            self._add(
                "event type", f"{name}.{other}", f"{value[other]!r} has no schema of its own",
                next(part for part in parts if is_object(part.value.get("properties"))),
                (other, value), value, extra=value[other],
            )  # fmt: skip
            return
        if owner is not None:
            self._members.setdefault(owner.key, set()).update(value)
        additional = next(
            (
                p.child("additionalProperties")
                for p in parts
                if is_object(p.value.get("additionalProperties"))
            ),
            None,
        )
        for key, item in value.items():
            place = f"{name}.{key}"
            if key in known:
                self._value(known[key], item, place, accepted, form=form)
            elif additional is not None:
                self._value(additional, item, f"{name}.*", accepted, form=form)
            elif owner is not None and not any(self._names_others(part) for part in parts):
                self._add(
                    "field",
                    place,
                    f"{json_type(item)}, not described",
                    owner.child("properties"),
                    (key, item),
                    item,
                )
        if not name.startswith("request"):
            for part in parts:
                needed: list[str] = part.value.get("required") or []
                for key in needed:
                    if key not in value:
                        self._add(
                            "missing",
                            f"{name}.{key}",
                            "required, and absent",
                            part.child("required"),
                            key,
                            None,
                        )

    @staticmethod
    def _names_others(part: Node) -> bool:
        """Whether a schema says that there are members which it does not list."""
        return "patternProperties" in part.value or part.value.get("additionalProperties") is True

    def _limits(self, parts: tuple[Node, ...], value: Any, name: str) -> None:
        size = len(value) if isinstance(value, str) or is_array(value) else value
        words = {
            "string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"),
            "integer": ("minimum", "maximum"), "number": ("minimum", "maximum"),
        }.get(json_type(value), ("", ""))  # fmt: skip
        for part in parts:
            for word, below in zip(words, (True, False), strict=True):
                limit = part.value.get(word)
                if isinstance(limit, (int, float)) and (size < limit if below else size > limit):
                    self._add(
                        "limit", name, f"{size} was accepted, {word} is {limit}", part.child(word), size, size
                    )

    # ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(
        self, kind: str, name: str, detail: str, place: Node, value: Any, example: Any, *, extra: str = ""
    ) -> None:
        unique = name if kind in ("operation", "parameter") else name.rsplit(".", 1)[-1]
        key = (kind, str(place.file.path), *place.pointer, unique, extra)
        assert self._now is not None
        if key not in self._found:
            self._found[key] = Finding(
                kind, self._operation, name, detail, place, value, shown_of(example, name)
            )
        if key not in self._seen_in_exchange:
            self._seen_in_exchange.add(key)
            finding = self._found[key]
            finding.count += 1
            if len(finding.sources) < 3:
                finding.sources = (*finding.sources, self._now.source)

    def _renamed(self, found: list[Finding]) -> Iterator[Finding]:
        """A new field beside a documented one of the same type that no answer had is a renamed one."""
        gone: set[tuple[str, tuple[str, ...], str]] = set()
        renamed: dict[int, Finding] = {}
        for finding in found:
            if finding.kind != "field":
                continue
            owner = Node(None, finding.place.file, finding.place.pointer[:-1])
            new, item = finding.value
            candidates = [
                old
                for old, schema in finding.place.items()
                if old not in self._members.get(owner.key, set())
                and any(self._variants.takes(parts, json_type(item)) for parts in self._variants.of(schema))
                and _alike(old, new)
            ]
            if len(candidates) == 1:
                old = candidates[0]
                renamed[id(finding)] = Finding(
                    "renamed", finding.operation, finding.name, f"{old} was never seen, {new} is of its type",
                    finding.place.child(old), (old, new), finding.example, finding.count, finding.sources,
                )  # fmt: skip
                gone.add((str(finding.place.file.path), owner.pointer, old))
        for finding in found:
            absent = finding.kind == "missing" and (
                str(finding.place.file.path), finding.place.pointer[:-1], finding.value
            ) in gone  # fmt: skip
            if not absent:
                yield renamed.get(id(finding), finding)


def shown_of(example: Any, name: str) -> str:
    """The example of a finding; nothing where there is no value."""
    return "" if example is None or example is NO_BODY else shown(example, name)


def _alike(old: str, new: str) -> bool:
    """Whether two names share a word: `remaining_credits` and `credits_left`."""
    return bool(set(re.findall(r"[a-z]{3,}", old.lower())) & set(re.findall(r"[a-z]{3,}", new.lower())))
