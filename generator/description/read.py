"""Reads a file into a `Description`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..schema.components import Components
from ..schema.interpreter import Interpreter
from ..schema.names import RESERVED_CLASSES, NameAllocator, pascal, safe, snake
from ..source.files import Sources, UnreadableSource
from ..source.json_types import is_object
from ..source.node import Node, Resolver, describe_value
from ..source.problems import Problem, ProblemLog, SpecRefused
from .bodies import is_json, media_name
from .exceptions import DEFAULT_STATUSES, default_exceptions, read_error_tables, read_exceptions
from .model import Description, OperationSpec, WebhookSpec
from .model_modules import assign_modules
from .operations import METHODS, read_operations, servers_of, variables_of

_VERSION = re.compile(r"3\.[01](\.\d+)?(-.*)?")


@dataclass
class Reading:
    """A description, its components and the files it was read from."""

    description: Description
    components: Components
    sources: Sources
    resolver: Resolver
    module_docs: dict[str, str]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the description; the parts that have a problem were left out."""
        return self.resolver.problems.found


def read(path: Path, *, strict: bool = False, package: str = "api") -> Reading:
    """Read a description that has no problem.

    Raises:
        SpecRefused: with file, pointer and line of everything that is wrong.
    """
    reading = read_leniently(path, strict=strict, package=package)
    if reading.problems:
        raise SpecRefused(reading.problems)
    return reading


def read_leniently(path: Path, *, strict: bool = False, package: str = "api") -> Reading:
    """Read a description as far as possible; `problems` of the result are those of the parts that were left out.

    Raises:
        SpecRefused: when the file is not a description of a version that is read.
    """
    try:
        return _read(Sources(path), ProblemLog(strict=strict), package)
    except UnreadableSource as error:
        raise SpecRefused([Problem(error.path, (), error.line, error.message)]) from error
    except RecursionError as error:
        text = "is nested too deeply to be read; move parts into components, and use `$ref`"
        raise SpecRefused([Problem(path, (), 0, text)]) from error


def _read(sources: Sources, problems: ProblemLog, package: str) -> Reading:
    resolver = Resolver(sources, problems)
    root = resolver.root
    if not is_object(root.value):
        raise root.refuse(
            f"an OpenAPI description is an object, found {describe_value(root.value)}; is it the right file?"
        )
    _check_version(root)
    info = root.get("info")
    if info is None or not is_object(info.value):
        problems.found.append(
            root.problem("`info`, an object with a title and a version, is missing; add it")
        )
        info = Node({}, root.file, ("info",))
    exceptions = default_exceptions(package)
    with problems.collect():
        exceptions = read_exceptions(root) or exceptions
    components = Components(RESERVED_CLASSES | {exception.name for exception in exceptions})
    components.load(resolver)
    interpreter = Interpreter(resolver, components)
    interpreter.finish()
    operations = read_operations(resolver, interpreter)
    webhooks = _webhooks(resolver, interpreter)
    interpreter.finish()
    codes, statuses = dict[str, str](), dict[int, str]()
    with problems.collect():
        codes, statuses = read_error_tables(root, {exception.name for exception in exceptions})
    title, servers = None, tuple[str, ...]()
    with problems.collect():
        title = info.text("title")
    with problems.collect():
        servers = servers_of(root) or _servers_of_all(operations)
    description = Description(
        title=title or "API",
        version=str(info.value.get("version", "0")),
        servers=servers,
        server_variables=variables_of(resolver, operations),
        node=root,
        operations=operations,
        tags=_tags(root, problems),
        security_schemes=_security_schemes(resolver),
        exceptions=exceptions,
        error_codes=codes,
        error_statuses=statuses or DEFAULT_STATUSES,
        webhooks=webhooks,
    )
    return Reading(description, components, sources, resolver, assign_modules(description, components))


def _servers_of_all(operations: list[OperationSpec]) -> tuple[str, ...]:
    """The servers of the operations, where each has one of its own: the client needs no other."""
    listed = [operation.servers for operation in operations]
    return tuple(dict.fromkeys(url for urls in listed for url in urls)) if all(listed) else ()


def _check_version(root: Node) -> None:
    if "swagger" in root.value:
        raise root.child("swagger").refuse(
            "Swagger 2.0 is not supported; convert the description to OpenAPI 3.1 first"
        )
    version = root.value.get("openapi")
    if version is None:
        raise root.refuse("`openapi` with the version is missing; add it, such as `openapi: 3.1.0`")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise root.child("openapi").refuse(
            f"OpenAPI 3.0 and 3.1 are read, found {describe_value(version)}; convert the description"
        )
    dialect = root.get("jsonSchemaDialect")
    if dialect is not None and dialect.value not in (
        "https://spec.openapis.org/oas/3.1/dialect/base",
        "https://json-schema.org/draft/2020-12/schema",
    ):
        raise dialect.refuse(
            f"schemas in the dialect {dialect.value!r} are not read; leave `jsonSchemaDialect` out"
        )


def _tags(root: Node, problems: ProblemLog) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    with problems.collect():
        for tag in root.elements_at("tags"):
            with problems.collect():
                name = tag.text("name")
                if name:
                    found[name] = tag.text("description")
    return found


def _security_schemes(resolver: Resolver) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, entry in resolver.members(resolver.root, "components", "securitySchemes"):
        with resolver.problems.collect():
            found[name] = _security_scheme(resolver.follow(entry))
    return found


def _security_scheme(node: Node) -> dict[str, Any]:
    kind = node.text("type")
    match kind:
        case "http":
            return {"type": "http", "scheme": (node.text("scheme") or "bearer").lower()}
        case "apiKey":
            where, key = node.text("in"), node.text("name")
            if where not in ("header", "query", "cookie") or not key:
                raise node.refuse(
                    "an apiKey scheme needs `name`, and `in` as header, query or cookie; add what is missing"
                )
            return {"type": "apiKey", "in": where, "name": key}
        case "oauth2" | "openIdConnect":  # however the token is obtained, a bearer token is sent
            return {"type": kind, "scheme": "bearer"}
        case "mutualTLS":
            return {"type": "mutualTLS"}
        case _:
            raise node.refuse(
                "a security scheme is http, apiKey, oauth2, openIdConnect or mutualTLS,"
                f" found {describe_value(kind)}; write one of these"
            )


def _webhooks(resolver: Resolver, interpreter: Interpreter) -> list[WebhookSpec]:
    """Requests that the service sends: `webhooks`, and the `callbacks` of operations."""
    found: list[WebhookSpec] = []
    names = NameAllocator()
    for name, item in _webhook_items(resolver):
        for method, operation in resolver.members(item):
            with resolver.problems.collect():
                if method not in METHODS:
                    continue
                sent = _webhook_schema(resolver, resolver.follow(operation), name)
                if sent is not None:
                    schema, holder, form = sent
                    shape = interpreter.shape(schema, f"{pascal(name)}Webhook")
                    text = operation.text("description") or operation.text("summary")
                    python = names.allocate(safe(snake(name, "webhook")))
                    found.append(WebhookSpec(name, python, text, shape, holder, form))
    return found


def _webhook_schema(resolver: Resolver, operation: Node, name: str) -> tuple[Node, Node, bool] | None:
    """The schema of what a request brings, its place, and whether that travels as a form.

    JSON is read where there is a choice. A request without a body brings its query, which is read like a form.
    """
    body = operation.get("requestBody")
    content = list(resolver.follow(body).items_at("content")) if body is not None else []
    described = [(media_type, holder) for media_type, holder in content if holder.get("schema") is not None]
    for accepts, form in ((is_json, False), (_is_form, True)):
        for media_type, holder in described:
            if accepts(media_type):
                return holder.child("schema"), holder, form
    for media_type, holder in described:
        raise holder.refuse(
            f"the body of {name} comes as {media_type}, for which there are no readers; describe it as JSON or a form"
        )
    query: dict[str, Any] = {}
    required: list[str] = []
    for entry in operation.elements_at("parameters") if not content else ():
        parameter = resolver.follow(entry)
        wire = parameter.text("name")
        if parameter.text("in") == "query" and wire and "schema" in parameter.value:
            query[wire] = parameter.value["schema"]
            required.extend([wire] if parameter.flag("required") else [])
    if not query:
        return None
    schema = Node(
        {"type": "object", "properties": query, "required": required}, operation.file, operation.pointer
    )
    return schema, operation, True


def _is_form(media_type: str) -> bool:
    return media_name(media_type) == "application/x-www-form-urlencoded"


def _webhook_items(resolver: Resolver) -> Iterator[tuple[str, Node]]:
    """Path items with requests that the service sends, by the name of the webhook or callback."""
    for name, item in resolver.members(resolver.root, "webhooks"):
        if not name.startswith("x-"):
            yield name, item
    for path, path_item in resolver.members(resolver.root, "paths"):
        for method, operation in resolver.members(path_item) if path.startswith("/") else ():
            for name, callback in resolver.members(operation, "callbacks") if method in METHODS else ():
                for expression, item in resolver.members(callback):
                    if not expression.startswith("x-"):
                        yield name, item
