"""Reads `paths`: every operation with its parameters; `bodies` reads what it sends and answers."""

from __future__ import annotations

from typing import cast

from ..schema.annotations import renamed_from
from ..schema.interpreter import Interpreter
from ..schema.names import NameAllocator, pascal, safe, shortened, snake
from ..schema.shapes import RefShape
from ..source.node import Node, Resolver, describe_value
from ..source.problems import pointer_text
from .bodies import QUERY_STYLES, is_json, read_answers, read_body
from .model import OperationSpec, ParameterSpec, ServerTemplate, Where
from .operation_extensions import read_extensions

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": QUERY_STYLES,
    "header": ("simple",),
    "cookie": ("form",),
}
# Headers that OpenAPI describes elsewhere; it ignores parameters of these names.
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})


def read_operations(resolver: Resolver, interpreter: Interpreter) -> list[OperationSpec]:
    """Every operation of `paths`, in the order of the description."""
    names: dict[str, NameAllocator] = {}
    ids: dict[str, Node] = {}
    tags = NameAllocator()
    tag_names: dict[str, str] = {}
    found: list[OperationSpec] = []
    given = _given_ids(resolver)
    for path, own in resolver.members(resolver.root, "paths"):
        if path.startswith("x-"):
            continue
        item, methods = own, list[tuple[str, Node]]()
        with resolver.problems.collect():
            if not path.startswith("/"):
                raise own.refuse(f"a path has to start with `/`, found {path!r}; write `/{path}`")
            item = resolver.follow(own)
            if own is not item and set(own.value) - {"$ref", "summary", "description"}:
                raise own.refuse(
                    "a path item may have `$ref` or operations of its own, not both; move one into the other"
                )
            methods = [(method, node) for method, node in item.items() if method in METHODS]
        for method, entry in methods:
            with resolver.problems.collect():
                node = resolver.follow(entry)
                list(node.items())  # refuses what is no object
                operation_id = node.text("operationId") or _id_of(method, path, given | set(ids))
                # Two paths may refer to one path item, so the place is that in `paths`.
                place = Node(node.value, own.file, (*own.pointer, method))
                if operation_id in ids:
                    raise place.refuse(
                        f"operationId {operation_id!r} is also that of "
                        f"#{pointer_text(ids[operation_id].pointer)}; give each operation an id of its own"
                    )
                tag = _tag(node)
                operation = OperationSpec(
                    id=operation_id,
                    name="",
                    tag=tag,
                    tag_name="",
                    method=method.upper(),
                    path=path.partition("#")[0],  # a fragment only tells operations of one path apart
                    node=node,
                    path_item=item,
                    summary=node.text("summary") or own.text("summary") or item.text("summary"),
                    description=node.text("description"),
                    deprecated=node.flag("deprecated"),
                )
                _read_operation(resolver, interpreter, operation)
                if _unnamed(operation, operation.parameters):
                    continue  # noted, with the parameter that it lacks
                ids[operation_id] = place
                if tag not in tag_names:
                    tag_names[tag] = tags.allocate(shortened(safe(snake(tag, "tag"))))
                operation.tag_name = tag_names[tag]
                operation.name = names.setdefault(tag, NameAllocator()).allocate(
                    # Annotations of the methods beside it name the module `uuid`.
                    shortened(safe(snake(operation_id, "operation"), {"uuid"}))
                )
                found.append(operation)
    return found


def _read_operation(resolver: Resolver, interpreter: Interpreter, operation: OperationSpec) -> None:
    """Read the parts of an operation; a part with a problem is left out, and the problem is noted."""
    problems = resolver.problems
    with problems.collect():
        operation.parameters = _parameters(resolver, interpreter, operation)
    with problems.collect():
        read_body(resolver, interpreter, operation)
    read_answers(resolver, interpreter, operation)
    with problems.collect():
        operation.servers = servers_of(operation.node) or (
            servers_of(operation.path_item) if operation.path_item is not None else ()
        )
    with problems.collect():
        operation.security = _security(resolver, operation.node)
    with problems.collect():
        read_extensions(operation, interpreter)


def _given_ids(resolver: Resolver) -> set[str]:
    """The ids in the description: no id that is made for another operation may be one of them."""
    found: set[str] = set()
    for path, item in resolver.members(resolver.root, "paths"):
        for method, node in resolver.members(item) if path.startswith("/") else ():
            given = node.get("operationId") if method in METHODS else None
            if given is not None and isinstance(given.value, str):
                found.add(given.value)
    return found


def _id_of(method: str, path: str, taken: set[str]) -> str:
    """An id for an operation without one: `GET /pets/{id}` is `get_pets_id`, or `get_pets_id_2` where that is taken."""
    stem = f"{method}_{path.strip('/').replace('{', '').replace('}', '').replace('/', '_')}".rstrip("_")
    candidate, number = stem, 2
    while candidate in taken:
        candidate, number = f"{stem}_{number}", number + 1
    return candidate


def servers_of(node: Node) -> tuple[str, ...]:
    """The URLs of a `servers` list, with the defaults of their variables."""
    return tuple(server_templates(node))


def server_templates(node: Node) -> dict[str, ServerTemplate]:
    """The URLs of a `servers` list as `servers_of` gives them, with what each is made from."""
    found: dict[str, ServerTemplate] = {}
    for server in node.elements_at("servers"):
        template = url = server.text("url")
        if url is None or template is None:
            raise server.refuse("a server needs a `url`; add it")
        used: dict[str, tuple[str, tuple[str, ...]]] = {}
        for name, variable in server.items_at("variables"):
            given = dict(variable.items())
            default = str(given["default"].value) if "default" in given else ""
            used[name] = (default, tuple(str(one.value) for one in variable.elements_at("enum")))
            url = url.replace("{" + name + "}", default)
        found[url] = (template, used)
    return found


def variables_of(resolver: Resolver, operations: list[OperationSpec]) -> dict[str, ServerTemplate]:
    """Every server of the description and of its paths and operations."""
    found: dict[str, ServerTemplate] = {}
    for node in [resolver.root, *(level for one in operations for level in (one.path_item, one.node))]:
        with resolver.problems.collect():
            for url, template in server_templates(node).items() if node is not None else ():
                found.setdefault(url, template)
    return found


def _tag(node: Node) -> str:
    for first in node.elements_at("tags"):
        if not isinstance(first.value, str) or not first.value:
            raise first.refuse(f"a tag has to be a name, found {describe_value(first.value)}; quote it")
        return first.value
    return "default"


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _parameters(
    resolver: Resolver, interpreter: Interpreter, operation: OperationSpec
) -> list[ParameterSpec]:
    found: dict[tuple[str, str], ParameterSpec] = {}
    noted = len(resolver.problems.found)
    for level in (operation.node, operation.path_item):
        here: set[tuple[str, str]] = set()
        for entry in level.elements_at("parameters") if level is not None else ():
            parameter = None
            with resolver.problems.collect():
                parameter = _parameter(resolver, interpreter, operation, resolver.follow(entry))
            if parameter is None:
                continue
            key = (parameter.wire, parameter.where)
            if key in here:
                raise entry.refuse(
                    f"the {parameter.where} parameter {parameter.wire!r} is declared twice; leave one of them out"
                )
            here.add(key)
            found.setdefault(key, parameter)  # the operation's own takes precedence over the path's
    parameters = list(found.values())
    # A parameter that was left out may be what the path names.
    _check_path(operation, parameters, complete=len(resolver.problems.found) == noted)
    _name(parameters)
    order = {"path": 0, "query": 1, "header": 2, "cookie": 3}
    template = operation.path
    return sorted(
        parameters,
        key=lambda p: (order[p.where], template.index("{" + p.wire + "}") if p.where == "path" else 0),
    )


def _parameter(
    resolver: Resolver, interpreter: Interpreter, operation: OperationSpec, node: Node
) -> ParameterSpec | None:
    wire, where = node.text("name"), node.text("in")
    if not wire or where not in _STYLES:
        raise node.refuse(
            "a parameter needs `name`, and `in` as path, query, header or cookie; add what is missing"
        )
    if where == "header" and wire.lower() in IGNORED_HEADERS:
        return None
    hint = pascal(operation.id) + pascal(wire, "Parameter")
    schema, json = node.get("schema"), False
    content = node.get("content")
    if schema is None and content is not None:
        media = list(content.items())
        if len(media) != 1:
            raise content.refuse(
                f"`content` of a parameter has exactly one media type, found {len(media)}; leave the others out"
            )
        media_type, holder = media[0]
        schema, json = holder.get("schema"), is_json(media_type)
        if not json and not media_type.startswith("text/"):
            raise holder.refuse(f"a parameter written as {media_type} is not supported; JSON and text are")
    if schema is None:
        raise node.refuse(f"the parameter {wire!r} has neither `schema` nor `content`; add one")
    shape = interpreter.shape(schema, hint)
    style = node.text("style") or _STYLES[where][0]
    if style not in _STYLES[where]:
        raise node.refuse(
            f"style {style!r} is not supported for {where} parameters; use {' or '.join(_STYLES[where])}"
        )
    explode = node.flag("explode") if "explode" in node.value else style in ("form", "deepObject")
    required = node.flag("required")
    if where == "path" and not required:
        raise node.refuse(f"the path parameter {wire!r} has to be `required: true`; add that")
    default = node.value.get("x-client-default", shape.annotations.client_default)
    # Of a schema that is a component, the former names are those of its class.
    own = () if isinstance(shape, RefShape) else shape.annotations.renamed_from
    return ParameterSpec(
        wire=wire,
        name="",
        where=cast("Where", where),
        shape=shape,
        required=required,
        node=node,
        description=node.text("description") or shape.annotations.description,
        deprecated=node.flag("deprecated"),
        allow_slash=node.flag("x-allow-slash"),
        secret=node.flag("x-secret") or shape.annotations.secret,
        style=style,
        explode=explode,
        allow_reserved=node.flag("allowReserved") and where == "query",
        json=json,
        client_default=default,
        former=tuple(dict.fromkeys([*renamed_from(node), *own])),
    )


def _unnamed(operation: OperationSpec, parameters: list[ParameterSpec]) -> list[str]:
    """The names in the braces of the path that have no parameter."""
    declared = {parameter.wire for parameter in parameters if parameter.where == "path"}
    return [wire for wire in _templated(operation) if wire not in declared]


def _templated(operation: OperationSpec) -> list[str]:
    return [piece.partition("}")[0] for piece in operation.path.split("{")[1:]]


def _check_path(operation: OperationSpec, parameters: list[ParameterSpec], *, complete: bool) -> None:
    """The braces of the path and the path parameters, if these are `complete`, have to be the same names."""
    templated, missing = _templated(operation), _unnamed(operation, parameters)
    declared = {parameter.wire for parameter in parameters if parameter.where == "path"}
    if missing and complete:
        raise operation.node.refuse(
            f"{operation.path} names {missing[0]!r}, for which there is no path parameter; declare one"
        )
    unused = sorted(declared - set(templated))
    if unused:
        raise operation.node.refuse(
            f"the path parameter {unused[0]!r} is not in {operation.path}; add `{{{unused[0]}}}` to the path, "
            "or leave the parameter out"
        )
    if len(set(templated)) < len(templated):
        raise operation.node.refuse(f"{operation.path} names a parameter twice; give each place a name")


def _name(parameters: list[ParameterSpec]) -> None:
    """Set unique Python names: parameters that share a name are distinguished by their location."""
    plain = [safe(snake(p.wire, "parameter"), {"body", "content_type"}) for p in parameters]
    register = NameAllocator()
    for parameter, name in zip(parameters, plain, strict=True):
        shared = sum(other == name for other in plain) > 1
        wanted = f"{name.rstrip('_')}_{parameter.where}" if shared and parameter.where != "path" else name
        parameter.name = register.allocate(wanted)


def _security(resolver: Resolver, node: Node) -> tuple[tuple[str, ...], ...]:
    """The alternatives that open an operation, each with the schemes that it needs together.

    They are the operation's own, or those of the whole description. `{}` is an alternative without schemes: it makes
    credentials optional. An operation that needs none has no alternatives.
    """
    level = node if node.get("security") is not None else resolver.root
    schemes = dict(resolver.members(resolver.root, "components", "securitySchemes"))
    found: dict[tuple[str, ...], None] = {}
    for requirement in level.elements_at("security"):
        for name, entry in requirement.items():
            if name not in schemes:
                known = ", ".join(schemes) or "none"
                raise entry.refuse(
                    f"no security scheme {name!r} in components/securitySchemes; declare it, or use one of: {known}"
                )
        found[tuple(name for name, _ in requirement.items())] = None
    return tuple(found) if any(found) else ()
