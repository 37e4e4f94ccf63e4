"""openapi.yaml as the mock reads it: one `Operation` for each method and path, with references followed.

No endpoint is named here: an operation added to the spec is served, validated and documented without new code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.json import DecodeError, is_list, is_object, loads

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class SpecError(Exception):
    """The spec can't be read or doesn't hold together; the message names the file and the place."""


@dataclass(slots=True)
class Parameter:
    """One path, query, header or cookie parameter; `pointer` is where its schema is in the document."""

    name: str
    place: str
    required: bool
    schema: dict[str, Any]
    pointer: str
    allow_slash: bool = False
    json: bool = False
    raw: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Operation:
    """One operation of the spec. `bodies` and `responses` hold JSON pointers to schemas, by media type and by
    status.

    What every request asks of it is read from `raw` once: its `x-stream` extension if it can answer with server-sent
    events, whether it takes an idempotency key, whether it costs credits (which is what can answer 402), and its first
    tag in the singular, which is what usage and analytics call an endpoint: `chat`, `embedding`.
    """

    id: str
    method: str
    path: str
    raw: dict[str, Any]
    pointer: str
    parameters: list[Parameter]
    bodies: dict[str, str] = field(default_factory=dict[str, str])
    body_required: bool = False
    responses: dict[str, dict[str, str | None]] = field(default_factory=dict[str, dict[str, str | None]])
    security: list[dict[str, list[str]]] = field(default_factory=list[dict[str, list[str]]])
    stream: dict[str, Any] | None = field(init=False)
    has_idempotency_key: bool = field(init=False)
    costs_credits: bool = field(init=False)
    endpoint: str = field(init=False)

    def __post_init__(self) -> None:
        extension = self.raw.get("x-stream")
        self.stream = extension if is_object(extension) else None
        self.has_idempotency_key = bool(self.raw.get("x-idempotency-key"))
        self.costs_credits = "402" in self.responses
        tags = self.raw.get("tags") or [self.path.strip("/")]
        self.endpoint = str(tags[0]).removesuffix("s")

    def status_or(self, *preferred: int) -> int:
        """The first of these statuses that the operation documents, else the last."""
        for status in preferred:
            if str(status) in self.responses:
                return status
        return preferred[-1]


class Spec:
    """A parsed document and its operations. `document` stays as written; `resolve` follows references in it."""

    def __init__(self, document: dict[str, Any], source: str) -> None:
        self.document = document
        self.source = source
        self.operations: dict[str, Operation] = {}
        paths = document.get("paths")
        if not is_object(paths):
            raise SpecError(f"{source}: no `paths` object")
        for path, item in paths.items():
            self._read_path(path, item)
        self.key_headers = self._read_key_headers()
        self.secret_names = frozenset(_secret_names(document))
        self.has_read_only = _has_read_only(document)
        self.has_renames = _has_renames(document)

    def _read_key_headers(self) -> dict[str, str]:
        """By security scheme, the header that holds an API key; other schemes take `Authorization: Bearer`."""
        found: dict[str, str] = {}
        for name, scheme in self.document.get("components", {}).get("securitySchemes", {}).items():
            scheme, _ = self.resolve(scheme)
            if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
                found[name] = str(scheme.get("name", ""))
        return found

    def _read_path(self, path: str, item: Any) -> None:
        pointer = f"/paths/{escape(path)}"
        item, pointer = self.resolve(item, pointer)
        if not is_object(item):
            raise SpecError(f"{self.source}: {pointer} is not an object")
        for method in METHODS:
            if method in item:
                operation = self._read_operation(path, method, item, pointer)
                if operation.id in self.operations:
                    raise SpecError(f"{self.source}: two operations are called {operation.id!r}")
                self.operations[operation.id] = operation

    def _read_operation(self, path: str, method: str, item: dict[str, Any], item_pointer: str) -> Operation:
        raw = item[method]
        pointer = f"{item_pointer}/{method}"
        if not is_object(raw):
            raise SpecError(f"{self.source}: {pointer} is not an object")
        bodies, required = self._read_bodies(raw, pointer)
        # An operation with no id is still served: its method and path name it.
        return Operation(
            id=raw.get("operationId") or f"{method} {path}",
            method=method.upper(),
            path=path,
            raw=raw,
            pointer=pointer,
            parameters=self._read_parameters(item, item_pointer, raw, pointer),
            bodies=bodies,
            body_required=required,
            responses=self._read_responses(raw, pointer),
            security=raw.get("security", self.document.get("security", [])),
        )

    def _read_bodies(self, raw: dict[str, Any], pointer: str) -> tuple[dict[str, str], bool]:
        if "requestBody" not in raw:
            return {}, False
        body, at = self.resolve(raw["requestBody"], f"{pointer}/requestBody")
        bodies = {
            media.lower(): f"{at}/content/{escape(media)}/schema"
            for media, content in body.get("content", {}).items()
            if "schema" in content
        }
        return bodies, bool(body.get("required"))

    def _read_responses(self, raw: dict[str, Any], pointer: str) -> dict[str, dict[str, str | None]]:
        responses: dict[str, dict[str, str | None]] = {}
        for status, response in raw.get("responses", {}).items():
            found, at = self.resolve(response, f"{pointer}/responses/{escape(str(status))}")
            responses[str(status)] = {
                media.lower(): f"{at}/content/{escape(media)}/schema" if "schema" in content else None
                for media, content in found.get("content", {}).items()
            }
        return responses

    def _read_parameters(
        self, item: dict[str, Any], item_pointer: str, raw: dict[str, Any], pointer: str
    ) -> list[Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for owner, where in ((item, item_pointer), (raw, pointer)):
            for index, entry in enumerate(owner.get("parameters", [])):
                value, at = self.resolve(entry, f"{where}/parameters/{index}")
                inside, holder = f"{at}/schema", value
                content = value.get("content")
                if is_object(content) and content:  # the value travels as text of a media type
                    media_type, holder = next(iter(content.items()))
                    inside = f"{at}/content/{escape(media_type)}/schema"
                schema, schema_at = self.resolve(holder.get("schema", {}), inside)
                found[value["name"], value["in"]] = Parameter(
                    name=value["name"],
                    place=value["in"],
                    required=bool(value.get("required")) or value["in"] == "path",
                    schema=schema if is_object(schema) else {},
                    pointer=schema_at,
                    allow_slash=bool(value.get("x-allow-slash")),
                    json=is_object(content) and any(name.endswith("json") for name in content),
                    raw=value,
                )
        return list(found.values())

    def resolve(self, value: Any, pointer: str = "") -> tuple[Any, str]:
        """Follow `$ref` to its end. Returns the value there, and its pointer."""
        seen = 0
        while is_object(value) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if not reference.startswith("#/") or seen > 50:
                raise SpecError(f"{self.source}: {pointer}: the reference {reference!r} can't be followed")
            pointer, seen = reference[1:], seen + 1
            value = self.at(pointer)
        return value, pointer

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer such as `/components/schemas/Usage`."""
        value: Any = self.document
        for part in pointer.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            try:
                value = value[int(part)] if is_list(value) else value[part]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise SpecError(f"{self.source}: there is nothing at {pointer!r}") from error
        return value

    def schema(self, name: str) -> dict[str, Any] | None:
        """A schema of `components/schemas` by name, or None."""
        found = self.document.get("components", {}).get("schemas", {}).get(name)
        return found if is_object(found) else None


def escape(part: str) -> str:
    """One piece of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def find_spec(explicit: Path | str | None = None) -> Path:
    """Where the spec is: the file asked for, else beside the package in a checkout, else inside the installed
    package.
    """
    if explicit is not None:
        return Path(explicit)
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "openapi.yaml"
    return checkout if checkout.is_file() else package / "openapi.yaml"


_parsed: dict[tuple[str, int, int], Spec] = {}


def load_spec(explicit: Path | str | None = None) -> Spec:
    """Read and parse the spec. An unchanged file is parsed once in a process, however many servers start.

    Raises SpecError naming the file, and the line where the YAML breaks.
    """
    path = find_spec(explicit)
    try:
        status = path.stat()
        key = (str(path.resolve()), status.st_mtime_ns, status.st_size)
        if key not in _parsed:
            _parsed[key] = Spec(_parse(path.read_bytes(), path), str(path))
    except OSError as error:
        raise SpecError(f"the spec {path} can't be read: {error.strerror or error}") from error
    return _parsed[key]


def _parse(content: bytes, path: Path) -> dict[str, Any]:
    if path.suffix == ".json":
        try:
            document = loads(content)
        except DecodeError as error:
            raise SpecError(f"{path}: not JSON: {error}") from error
    else:
        document = _parse_yaml(content, path)
    if not is_object(document) or "openapi" not in document:
        raise SpecError(f"{path}: not an OpenAPI document (no `openapi` member)")
    return document


def _parse_yaml(content: bytes, path: Path) -> Any:
    from ..base.yaml import YamlError, read_yaml  # costs 20 ms, which a spec in JSON does not pay

    try:
        return read_yaml(content)
    except YamlError as error:
        line = "" if error.line is None else f", line {error.line}"
        raise SpecError(f"{path}{line}: not YAML: {error.reason}") from error


def _has_renames(value: Any) -> bool:
    if is_list(value):
        return any(map(_has_renames, value))
    return is_object(value) and ("x-renamed-from" in value or any(map(_has_renames, value.values())))


def _has_read_only(value: Any) -> bool:
    if is_object(value):
        return value.get("readOnly") is True or any(map(_has_read_only, value.values()))
    return is_list(value) and any(map(_has_read_only, value))


def _secret_names(value: Any, name: str = "") -> list[str]:
    found: list[str] = []
    if is_object(value):
        if value.get("x-secret") is True and name:
            found.append(str(value.get("name", name)) if "in" in value else name)
        for key, item in value.items():
            found += _secret_names(item, str(key))
    elif is_list(value):
        for item in value:
            secret = is_object(item) and item.get("x-secret") is True and "name" in item
            found += _secret_names(item, str(item["name"]) if secret else "")
    return found
