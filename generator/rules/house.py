"""The conventions of this project's own description, beyond what OpenAPI and the generator need.

They apply where `[tool.indoxrouter.generator]` sets `house-rules`; a foreign description is not held to them. Each
rule names its remedy, since a maintainer meets it in the middle of another change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..source.json_types import is_array, is_object
from ..source.node import Node, Resolver
from ..source.problems import Problem
from .house_examples import check_examples
from .walk import operations_of, parameters_of

_ID = re.compile(r"[a-z]+(?:[A-Z][a-z0-9]*)+")
_REQUIRED_TEXT = {
    "summary": "a few words in the imperative",
    "description": "what a caller gets, and under which condition",
    "x-source": "the documents that describe it, by the letters at the top of the file, or `own`, or `observed`",
}
_SECRETS = frozenset({"password", "refresh_token", "access_token", "byok_api_key", "client_secret"})
_ERROR_BODY = {"$ref": "#/components/schemas/ErrorBody"}


def check_house_rules(resolver: Resolver) -> list[Problem]:
    """Every broken convention."""
    found: list[Problem] = []
    for path, method, node in operations_of(resolver):
        found.extend(_says_all(node, resolver))
        found.extend(_retry(node, method))
        found.extend(_answers(node, path, resolver))
        found.extend(_facade(node, resolver))
        found.extend(check_examples(node, resolver))
    found.extend(_links(resolver))
    found.extend(_error_tables(resolver))
    found.extend(_schemas(resolver))
    return found


def _body(node: Node, resolver: Resolver) -> Node | None:
    """The schema of the first media type of the request, which all others repeat."""
    body = node.get("requestBody")
    for _, media in resolver.follow(body).items_at("content") if body is not None else ():
        schema = media.get("schema")
        return resolver.follow(schema) if schema is not None else None
    return None


def _fields(node: Node, resolver: Resolver) -> dict[str, Node]:
    body = _body(node, resolver)
    return dict(body.items_at("properties")) if body is not None else {}


# ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _links(resolver: Resolver) -> Iterator[Problem]:
    """The links of all answers, which contract tests follow."""
    operations = {node.value.get("operationId"): node for _, _, node in operations_of(resolver)}
    for node in operations.values():
        for _, answer in _items(node.get("responses")):
            for _, entry in _items(resolver.follow(answer).get("links")):
                yield from _link(resolver.follow(entry), operations, resolver)


def _link(link: Node, operations: dict[Any, Node], resolver: Resolver) -> Iterator[Problem]:
    name = link.value.get("operationId")
    if name is None:
        return  # `operationRef`: an operation of another document
    target = operations.get(name)
    if target is None:
        yield link.problem(f"the link leads to {name!r}, which is not an operation; correct it")
        return
    known = {parameter.value.get("name") for parameter in parameters_of(target, resolver)}
    for key, place in _items(link.get("parameters")):
        if key.rpartition(".")[2] not in known:
            yield place.problem(f"{name} has no parameter {key!r}; name one of its parameters")
    fields = _fields(target, resolver)
    for key, place in _items(link.get("requestBody")):
        if key not in fields:
            yield place.problem(f"the body of {name} has no field {key!r}; name one of its fields")


def _items(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None and is_object(node.value):
        yield from node.items()


def _says_all(node: Node, resolver: Resolver) -> Iterator[Problem]:
    name = node.value.get("operationId")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        yield node.problem(
            f"`operationId` is {name!r}; write a verb and a noun in camelCase, such as `getUsage`"
        )
    for key, remedy in _REQUIRED_TEXT.items():
        text = node.value.get(key)
        if not isinstance(text, str) or not text.strip():
            yield node.problem(f"the operation has no `{key}`; add {remedy}")
    if "security" not in node.value:
        yield node.problem("the operation has no `security`; add `[bearerAuth: []]`, or `[]` if it is public")
    tags = node.value.get("tags")
    listed: list[Any] = resolver.root.value.get("tags") or []
    declared = [tag.get("name") for tag in listed if is_object(tag)]
    if not is_array(tags) or len(tags) != 1 or tags[0] not in declared:
        yield node.problem(
            f"the operation has the tags {tags!r}; give it one of the `tags` at the top of the file"
        )
    described = [*parameters_of(node, resolver), *_fields(node, resolver).values()]
    for part in described:
        if not _is_described(part, resolver):
            yield part.problem("this has no `description`; say what it is, with unit and limits")


def _is_described(node: Node, resolver: Resolver) -> bool:
    """Whether a schema has a description, of its own or by one that it refers to or is composed of."""
    own = resolver.follow(node)
    if "description" in node.value or "description" in own.value:
        return True
    parts = own.get("allOf")
    return parts is not None and any(_is_described(part, resolver) for part in parts.elements())


def _retry(node: Node, method: str) -> Iterator[Problem]:
    retry = node.value.get("x-retry")
    if retry is None:
        yield node.problem("the operation has no `x-retry`; add what a second attempt would cost")
    elif (retry == "safe") != (method == "get"):
        yield node.child("x-retry").problem(
            f"`x-retry: {retry}` on {method.upper()}; `safe` belongs to GET, and GET is always `safe`"
        )
    elif retry == "billed" and node.value.get("x-idempotency-key") is not True:
        yield node.problem(
            "a `billed` operation needs `x-idempotency-key: true`, so that a retry is paid once"
        )


def expected_failures(*, credentials: bool, input_: bool, in_path: bool) -> set[str]:
    """The statuses that an operation fails with, by whether it has credentials, input, and parameters in its path."""
    found = {"429", "500", "503", "504"}
    if credentials:
        found |= {"401", "403"}
    if input_:
        found |= {"400", "422"}
    if in_path:
        found.add("404")
    return found


def _answers(node: Node, path: str, resolver: Resolver) -> Iterator[Problem]:
    responses = node.get("responses")
    if responses is None:
        return
    parameters = parameters_of(node, resolver)
    expected = expected_failures(
        credentials=node.value.get("security") not in ([], None),
        input_=bool(parameters) or "requestBody" in node.value,
        in_path=any(parameter.value.get("in") == "path" for parameter in parameters),
    )
    if node.value.get("x-retry") == "billed":
        expected |= {"402", "404", "409", "502"}
    listed = dict(responses.items())
    missing = sorted(expected - set(listed))
    if missing:
        yield responses.problem(
            f"{path} can fail with {', '.join(missing)}, which are not listed; refer to `components/responses`"
        )
    for status, entry in listed.items():
        response = resolver.follow(entry)
        kinds = dict(response.items_at("content"))
        if status.startswith("2"):
            if "application/json" in kinds and next(iter(kinds)) != "application/json":
                yield entry.problem("`application/json` has to be the first media type of an answer")
        elif status[:1] in "45":
            schema = kinds["application/json"].value.get("schema") if "application/json" in kinds else None
            if schema != _ERROR_BODY or not str(entry.value.get("$ref", "")).startswith(
                "#/components/responses/"
            ):
                yield entry.problem(
                    f"the answer {status} has to refer to one of `components/responses` whose body is `ErrorBody`"
                )


def _facade(node: Node, resolver: Resolver) -> Iterator[Problem]:
    entries = node.get("x-facade")
    if entries is None:
        return
    fields = _fields(node, resolver)
    parameters = {str(part.value.get("name")): part for part in parameters_of(node, resolver)}
    known = {**parameters, **fields}
    body = _body(node, resolver)
    needed = list(body.value.get("required") or []) if body is not None else []
    required = [
        name
        for name in known
        if name in needed or (name in parameters and parameters[name].value.get("required") is True)
    ]
    for entry in entries.elements():
        if not is_object(entry.value):
            continue  # the form of the extension is another rule's
        tables = (entry.value.get(key) for key in ("extra", "fixed"))
        own = {name for table in tables if is_object(table) for name in table}
        listed = entry.value.get("positional")
        # Another form than a list of names is a problem of the extension, which has its own rule.
        positional = [name for name in listed if isinstance(name, str)] if is_array(listed) else []
        for name in positional:
            if name not in known and name not in own:
                yield entry.problem(f"`positional` names {name!r}, which the operation does not have")
        for key in ("rename", "defaults"):
            table = entry.value.get(key)
            for name in table if is_object(table) else ():
                if name not in known and name not in own:
                    yield entry.problem(f"`{key}` names {name!r}, which the operation does not have")
        if positional[: len(required)] != required:
            yield entry.problem(
                f"`positional` has to begin with the required arguments: {', '.join(required)}"
            )


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _error_tables(resolver: Resolver) -> Iterator[Problem]:
    known = dict(resolver.root.items_at("components", "x-exceptions"))
    before = {"Exception"}
    for name, entry in known.items():
        if not is_object(entry.value):
            continue
        if not entry.value.get("doc"):
            yield entry.problem(f"the exception {name} has no `doc`; say when it is raised")
        if entry.value.get("parent") not in before:
            yield entry.problem(
                f"the parent of {name} has to be listed before it: {entry.value.get('parent')!r}"
            )
        before.add(name)
    for _, schema in resolver.root.items_at("components", "schemas"):
        codes = schema.get("x-error-codes")
        if codes is None:
            continue
        listed = _enum_of(resolver.root.below("components", "schemas", "ErrorCode"))
        for value in listed:
            if value not in codes.value:
                yield codes.problem(f"the code {value!r} of ErrorCode has no exception; add it here")
        statuses = schema.get("x-error-statuses")
        given = set(map(str, statuses.value)) if statuses is not None else set[str]()
        used = {
            status
            for _, _, node in operations_of(resolver)
            for status in map(str, node.value.get("responses") or {})
            if status[:1] in "45"
        }
        for status in sorted(used - given):
            yield (statuses or schema).problem(
                f"the status {status} is documented and has no exception; add it to `x-error-statuses`"
            )


def _enum_of(schema: Node | None) -> list[str]:
    members = schema.value.get("anyOf") if schema is not None else None
    return list(members[0].get("enum") or []) if members else []


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _schemas(resolver: Resolver) -> Iterator[Problem]:
    for name, schema in resolver.root.items_at("components", "schemas"):
        for node, depth in _inside(schema, 0):
            if not is_object(node.value):
                continue
            if depth and is_object(node.value.get("properties")) and node.pointer[-1] != "properties":
                yield node.problem("an object inside another has to be a component with a name of its own")
            if is_array(node.value.get("enum")) and node.pointer[-1] != "not":
                yield from _enum(node, name)
            for field, child in node.items_at("properties"):
                if not is_object(child.value):
                    continue
                secret = field in _SECRETS and child.value.get("type") not in ("boolean", "object", None)
                if secret and child.value.get("x-secret") is not True:
                    yield child.problem(
                        f"{field} looks like a secret; add `x-secret: true`, so that it is masked"
                    )


def _inside(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    yield node, depth
    if is_object(node.value):
        for key, child in node.items():
            if key not in ("example", "examples", "const", "enum", "default", "x-client-default"):
                yield from _inside(child, depth + 1)
    elif is_array(node.value):
        for child in node.elements():
            yield from _inside(child, depth + 1)


def _enum(node: Node, component: str) -> Iterator[Problem]:
    values: list[Any] = node.value["enum"]
    if node.value.get("type") != "string" or not all(isinstance(value, str) for value in values):
        yield node.problem("an enum has `type: string` and lists strings")
        return
    if len({value.lower() for value in values}) != len(values):
        yield node.problem("two values of this enum differ in case only, so that their names would be equal")
    if node.value.get("x-open-enum", True) and node.pointer[-2:] != ("anyOf", "0"):
        yield node.problem(
            "an enum is open: `anyOf: [{type: string, title: Name, enum: [...]}, {type: string}]`, or closed by "
            "`x-open-enum: false`"
        )
    elif node.value.get("x-open-enum", True) and node.value.get("title") != component:
        yield node.problem(f"the `title` of an open enum is the name of its component: {component}")
