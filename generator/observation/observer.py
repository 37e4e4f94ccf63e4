"""Holds each recorded exchange against the description and collects what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from ..rules.walk import operations_of, parameters_of
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
        self._now: Observed  # the exchange that is looked at, and its operation
        self._operation: str
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

    def _listed(self) -> Iterator[tuple[str, re.Pattern[str], str, Node]]:
        """Method, pattern, path and place of each operation, those with fewer parameters in their paths first."""
        every = operations_of(self._resolver)
        for path, method, node in sorted(every, key=lambda operation: operation[0].count("{")):
            slashes = {
                parameter.value.get("name")
                for parameter in parameters_of(node, self._resolver)
                if parameter.value.get("x-allow-slash") is True
            }
            pattern = "".join(
                (".+" if piece[1:-1] in slashes else "[^/]+") if piece.startswith("{") else re.escape(piece)
                for piece in re.split(r"({[^}]*})", path)
            )
            yield method.upper(), re.compile(pattern), path, node

    # ── one exchange ─────────────────────────────────────────────────────────────────────────────────────────────────

    def observe(self, exchanges: Iterable[Observed]) -> list[Finding]:
        """Look at all exchanges; the findings, in the order of the description."""
        for exchange in exchanges:
            self._seen_in_exchange = set()
            self._now = exchange
            self._exchange(exchange)
        return sorted(
            self._renamed(list(self._found.values())),
            key=lambda finding: (finding.place.line, finding.kind, finding.name),
        )

    def _exchange(self, exchange: Observed) -> None:
        base = next((b for b in self._bases if exchange.path.startswith(f"{b}/") or exchange.path == b), None)
        if base is None or exchange.method in ("OPTIONS", "HEAD"):
            self.ignored += 1
            return
        self.exchanges += 1
        path = exchange.path.removeprefix(base) or "/"
        matching = (
            (template, node)
            for method, pattern, template, node in self._operations
            if method == exchange.method and pattern.fullmatch(path)
        )
        template, node = next(matching, (path, None))
        self._operation = f"{exchange.method} {template}"
        if node is not None:
            self._request(exchange, node)
            self._response(exchange, node)
        elif exchange.status not in (404, 405):
            paths = self._resolver.root.child("paths")
            self._add("operation", self._operation, "not described", paths, (path, exchange), exchange.sent)

    def _request(self, exchange: Observed, node: Node) -> None:
        if exchange.status >= 400:
            return
        parameters = {str(p.value.get("name")): p for p in parameters_of(node, self._resolver)}
        for name, value in exchange.query:
            parameter = parameters.get(name.removesuffix("[]"))
            if parameter is None:
                self._add("parameter", f"query.{name}", "not described", node, ("query", name, value), value)
            elif "schema" in parameter.value:
                self._value(parameter.child("schema"), self._typed(parameter, value), f"query.{name}")
        body = node.get("requestBody")
        if body is None or exchange.sent is NO_BODY:
            return
        for _, media in self._resolver.follow(body).items_at("content"):
            if "schema" in media.value:
                form = "json" not in exchange.headers.get("content-type", "json")
                self._value(media.child("schema"), exchange.sent, "request", form=form)
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
        keys = (status, f"{status[0]}XX", f"{status[0]}xx", "default")
        entry = next(filter(None, map(responses.get, keys)), None)
        if entry is None:
            seen = status, exchange, self._like(responses, exchange.answer)
            self._add("status", f"response {status}", "not described", responses, seen, exchange.answer)
            failures = (found for key, found in responses.items() if key[0] in "45")
            entry = next(failures, None) if status[0] in "45" else None
            if entry is None:
                return
        response = self._resolver.follow(entry)
        described = {name.lower() for name, _ in response.items_at("headers")}
        for name, value in exchange.answer_headers.items():
            if name not in described | COMMON_HEADERS and not name.startswith(("x-indox-mock", "sec-")):
                self._add("header", f"response.{name}", "not described", response, (name, value), value)
        kinds = dict(response.items_at("content"))
        if exchange.events is not None:
            if "text/event-stream" in kinds:
                event = self._event(kinds["text/event-stream"])
                for payload in exchange.events:
                    self._value(event, payload, "event")
        elif exchange.answer is not NO_BODY:
            media = next((kind for name, kind in kinds.items() if "json" in name), None)
            if media is not None and "schema" in media.value:
                self._value(media.child("schema"), exchange.answer, "response")

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

    def _event(self, media: Node) -> Node:
        """The schema of the payload: `contentSchema` of `data`, or the media type's own schema."""
        for parts in self._variants.of(media.child("schema")):
            data = self._variants.properties(parts).get("data")
            for inner in self._variants.of(data) if data is not None else ():
                for part in inner:
                    if "contentSchema" in part.value:
                        return part.child("contentSchema")
        return media.child("schema")

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _value(self, schema: Node, value: Any, name: str, *, form: bool = False) -> None:
        every = self._variants.of(schema)
        kind = json_type(value)
        fitting = [parts for parts in every if self._variants.takes(parts, kind)]
        if not fitting:
            if form and kind == "string":
                return  # a form has texts only
            documented = " or ".join(sorted({k for parts in every for k in self._variants.types(parts)}))
            what = "null" if value is None else "type"
            place = self._resolver.follow(schema)
            self._add(what, name, f"{kind}, where {documented} is described", place, value, value, extra=kind)
            return
        if kind == "string":
            self._enum(fitting, value, name)
        best = min(fitting, key=lambda parts: self._variants.distance(parts, value))
        self._limits(best, value, name)
        if is_array(value):
            items = _first(best, "items")
            if items is not None:
                for element in value[:_ELEMENTS]:
                    self._value(items, element, f"{name}[]", form=form)
        elif is_object(value):
            self._object(best, value, name, form)

    def _enum(self, fitting: list[tuple[Node, ...]], value: str, name: str) -> None:
        listed = [part for parts in fitting for part in parts if is_array(part.value.get("enum"))]
        if listed and all(value not in part.value["enum"] for part in listed):
            place, seen = listed[0].child("enum"), (value, str(self._now.status))
            self._add("enum value", name, f"{value!r} is none of the values", place, seen, value, extra=value)

    def _object(self, parts: tuple[Node, ...], value: dict[str, Any], name: str, form: bool) -> None:
        known = self._variants.properties(parts)
        owner = next((part for part in parts if is_object(part.value.get("properties"))), None)
        other = self._variants.is_catch_all(parts)
        if owner is not None and other is not None and isinstance(value.get(other), str):
            detail, seen = f"{value[other]!r} has no schema of its own", value[other]
            self._add("event type", f"{name}.{other}", detail, owner, (other, value), seen, extra=seen)
            return
        if owner is not None:
            self._members.setdefault(owner.key, set()).update(value)
        additional = _first(parts, "additionalProperties")
        for key, item in value.items():
            place = f"{name}.{key}"
            if key in known:
                self._value(known[key], item, place, form=form)
            elif additional is not None:
                self._value(additional, item, f"{name}.*", form=form)
            elif owner is not None and not any(self._names_others(part) for part in parts):
                detail = f"{json_type(item)}, not described"
                self._add("field", place, detail, owner.child("properties"), (key, item), item)
        if name.startswith("request"):
            return
        for part in parts:
            needed: list[str] = part.value.get("required") or []
            for key in needed:
                if key not in value:
                    listed = part.child("required")
                    self._add("missing", f"{name}.{key}", "required, and absent", listed, key, None)

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
                    detail = f"{size} was accepted, {word} is {limit}"
                    self._add("limit", name, detail, part.child(word), size, size)

    # ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(
        self, kind: str, name: str, detail: str, place: Node, value: Any, example: Any, *, extra: str = ""
    ) -> None:
        unique = name if kind in ("operation", "parameter") else name.rsplit(".", 1)[-1]
        key = (kind, str(place.file.path), *place.pointer, unique, extra)
        if key not in self._found:
            text = "" if example is None or example is NO_BODY else shown(example, name)
            self._found[key] = Finding(kind, self._operation, name, detail, place, value, text)
        if key not in self._seen_in_exchange:
            self._seen_in_exchange.add(key)
            finding = self._found[key]
            finding.count += 1
            if len(finding.sources) < 3:
                finding.sources = (*finding.sources, self._now.source)

    def _renamed(self, found: list[Finding]) -> Iterator[Finding]:
        """A new field beside a documented one of the same type that no answer had is a renamed one."""
        gone: set[tuple[str, tuple[str, ...], str]] = set()
        for index, finding in enumerate(found):
            if finding.kind != "field":
                continue
            file, owner = str(finding.place.file.path), finding.place.pointer[:-1]
            new, item = finding.value
            candidates = [
                old
                for old, schema in finding.place.items()
                if old not in self._members.get((file, owner), set())
                and any(self._variants.takes(parts, json_type(item)) for parts in self._variants.of(schema))
                and _alike(old, new)
            ]
            if len(candidates) == 1:
                old = candidates[0]
                detail = f"{old} was never seen, {new} is of its type"
                place = finding.place.child(old)
                found[index] = replace(finding, kind="renamed", detail=detail, place=place, value=(old, new))
                gone.add((file, owner, old))
        for finding in found:
            member = str(finding.place.file.path), finding.place.pointer[:-1], finding.value
            if finding.kind != "missing" or member not in gone:
                yield finding


def _first(parts: tuple[Node, ...], word: str) -> Node | None:
    """The schema under a keyword of the first part that has one."""
    return next((part.child(word) for part in parts if is_object(part.value.get(word))), None)


def _alike(old: str, new: str) -> bool:
    """Whether two names share a word: `remaining_credits` and `credits_left`."""
    return bool(set(re.findall(r"[a-z]{3,}", old.lower())) & set(re.findall(r"[a-z]{3,}", new.lower())))
