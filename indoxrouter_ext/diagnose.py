"""All problems of a request, without sending it.

The checks are those of a call, applied to every field instead of stopping at the first problem. Endpoints and fields
come from the operations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import unquote, urlsplit

from indoxrouter._runtime.codecs.base import describe, endless, near_names, raise_invalid_argument
from indoxrouter._runtime.codecs.composites import Array, ModelRef
from indoxrouter._runtime.operations.parameters import encode_parameters
from indoxrouter._runtime.values.json import is_items, is_mapping
from indoxrouter.about import OPERATIONS, load_operation
from indoxrouter.errors import InvalidParametersError
from indoxrouter.facade_entries import ENTRIES

from .call_steps import ADDITIONAL, apply_provider_rules, check_messages
from .files.image_input import check_request_size
from .settings.keywords import joined

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.models.schema import Schema
    from indoxrouter._runtime.operations.operation import Operation


class Diagnosis(TypedDict):
    """The result of `diagnose_request`.

    Attributes:
        endpoint: as passed.
        method, path: of the matching operation; empty if there is none.
        issues: problems that would make the request fail, each with the name of the argument.
        warnings: what would be sent, though perhaps not as intended.
        is_valid: whether there are no issues.
        data: the request data with secrets masked.
    """

    endpoint: str
    method: str
    path: str
    issues: list[str]
    warnings: list[str]
    is_valid: bool
    data: Any


def diagnose(endpoint: Any, data: Any, base_url: str) -> Diagnosis:
    """Check a request against the operation at its endpoint. Never raises."""
    found: Diagnosis = {
        "endpoint": endpoint if isinstance(endpoint, str) else describe(endpoint),
        "method": "",
        "path": "",
        "issues": [],
        "warnings": [],
        "is_valid": False,
        "data": data,
    }
    try:
        _examine(endpoint, data, base_url, found)
    except Exception as error:  # noqa: BLE001  # documented: never raises
        found["issues"].append(f"the data cannot be examined: {type(error).__name__}")
    found["is_valid"] = not found["issues"]
    return found


def _examine(endpoint: Any, data: Any, base_url: str, found: Diagnosis) -> None:
    issues = found["issues"]
    if not isinstance(endpoint, str) or not endpoint.strip():
        issues.append(f"endpoint: expected a path such as 'chat/completions', got {describe(endpoint)}")
        return
    if data is not None and not is_mapping(data):
        issues.append(f"data: expected a mapping of the request's fields, got {describe(data)}")
        return
    values: dict[str, Any] = dict(data or {})
    operations = [load_operation(operation_id) for operation_id in OPERATIONS]
    path = _path_of(endpoint, base_url)
    matches = [(op, named) for op in operations if (named := _match(op, path)) is not None]
    matches = matches or [(op, {}) for op in _of_method(endpoint.strip())]
    if not matches:
        known = sorted({op.path.strip("/") for op in operations})
        hint = near_names(endpoint.strip("/"), known, "the documentation lists them", count=3)
        issues.append(f"endpoint: there is no {endpoint!r} in this API; {hint}")
        return
    # A literal path takes precedence over a template; data is for the operation that has a body.
    operation, in_path = min(
        matches, key=lambda match: (len(match[1]), bool(match[0].bodies) != bool(values))
    )
    found["method"], found["path"] = operation.method, operation.path
    found["data"] = _masked(data, operation)
    rest = _check_parameters(operation, in_path, values, found)
    if operation.bodies:
        _check_body(operation, rest, found)
    else:
        issues.extend(f"{name}: {operation.method} {operation.path} takes no such argument" for name in rest)


def _of_method(name: str) -> Iterator[Operation[Any]]:
    """The operation of a documented method, so that `images` is accepted for `images/generations`."""
    entry = ENTRIES.get(name)
    if entry is not None and entry.dispatch is None:
        yield entry.load()


def _path_of(endpoint: str, base_url: str) -> str:
    path = urlsplit(endpoint.strip()).path.strip("/")
    prefix = urlsplit(base_url).path.strip("/")
    return path[len(prefix) :].strip("/") if prefix and path.startswith(f"{prefix}/") else path


def _match(operation: Operation[Any], path: str) -> dict[str, str] | None:
    """The values of the path parameters if the path is the operation's, else None."""
    slashes = {parameter.wire for parameter in operation.parameters if parameter.allow_slash}
    pattern = re.sub(
        r"\\\{(.+?)\\\}",
        lambda found: f"(?P<{found[1]}>{'.+' if found[1] in slashes else '[^/]+'})",
        re.escape(operation.path.strip("/")),
    )
    match = re.fullmatch(pattern, path)
    return None if match is None else {name: unquote(value) for name, value in match.groupdict().items()}


def _masked(data: Any, operation: Operation[Any]) -> Any:
    if not is_mapping(data) or not any(data.get(name) for name in operation.secrets):
        return data
    return {name: "***" if name in operation.secrets else value for name, value in data.items()}


def _check_parameters(
    operation: Operation[Any], in_path: dict[str, str], values: dict[str, Any], found: Diagnosis
) -> dict[str, Any]:
    rest = dict(values)
    for parameter in operation.parameters:
        names = (parameter.wire, parameter.name, *parameter.former)
        given = {key: rest.pop(key) for key in names if key in rest}
        found["warnings"].extend(
            f"{key}: is now called {parameter.wire}" for key in parameter.former if key in given
        )
        value = in_path.get(parameter.wire, next(iter(given.values()), None))
        given = {} if value is None else {parameter.name: value}
        found["issues"].extend(_problem(encode_parameters, operation.path, (parameter,), given))
    return rest


def _check_body(operation: Operation[Any], values: dict[str, Any], found: Diagnosis) -> None:
    body = operation.bodies[0]
    if not isinstance(body.codec, ModelRef):
        found["issues"].extend(_problems(body.codec, values, "body"))
        return
    schema: Schema = body.codec.target._schema_
    # Former names are accepted by the methods as well; a present one beside it takes precedence.
    former = {name: schema.by_name[new].wire for name, new in schema.renamed.items() if name in values}
    given = {**{former[name]: values[name] for name in former}, **values}
    for name, new in former.items():
        found["warnings"].append(f"{name}: is now called {new}")
        del given[name]
    unknown: dict[str, Any] = {}
    for name in [name for name in given if name not in schema.by_wire]:
        hint = f"; {near_names(name, schema.by_wire, '')}".removesuffix("; ")
        if ADDITIONAL in schema.by_wire:
            found["warnings"].append(
                f"{name}: not a field of {operation.path}, so it is sent to the provider in {ADDITIONAL}{hint}"
            )
        else:
            found["issues"].append(f"{name}: {operation.path} has no such field{hint}")
        unknown[name] = given.pop(name)
    own = given.get(ADDITIONAL)
    if unknown and ADDITIONAL in schema.by_wire and (own is None or is_mapping(own)):
        found["issues"].extend(_problem(joined, own, unknown, ADDITIONAL))
        given[ADDITIONAL] = {**unknown, **(own or {})}
    found["issues"].extend(_problems(body.codec, given, ""))
    found["issues"].extend(_problem(check_messages, given))
    if operation.provider_rules is not None:
        changed = apply_provider_rules(operation.provider_rules, given)
        removed = [name for name in given if name not in changed]
        added = [f"{name}={changed[name]!r}" for name in changed if name not in given]
        if removed:
            instead = f"; {', '.join(added)} is sent instead" if added else ""
            found["warnings"].append(f"{', '.join(removed)}: this provider has no such field{instead}")
    if not found["issues"]:
        parameters = {each.name: "x" for each in operation.parameters if each.required}
        found["issues"].extend(_problem(lambda: check_request_size(operation.call(parameters, given))))


def _problem(check: Callable[..., Any], *arguments: Any) -> Iterator[str]:
    """The message of the error that a check raises, if it raises one."""
    try:
        check(*arguments)
    except InvalidParametersError as error:
        yield error.message


def _problems(codec: Codec, value: Any, path: str) -> Iterator[str]:
    """Every problem of a value: those of its fields and items, or if these have none, its own."""
    inner: list[str] = []
    if isinstance(codec, ModelRef) and is_mapping(value):
        schema = codec.target._schema_
        for field in schema.fields:
            place = f"{path}.{field.wire}" if path else field.wire
            item = value.get(field.wire)
            if item is not None or (field.nullable and field.wire in value):
                inner.extend(_problems(field.codec, item, place))
            elif field.required:
                inner.append(f"{place}: required by {schema.name}, and missing")
    elif isinstance(codec, Array) and is_items(value):
        for index, item in enumerate(value):
            inner.extend(_problems(codec.item, item, f"{path}[{index}]"))
    if inner:
        yield from inner
        return
    try:
        yield from _problem(codec.encode, value, path)
    except RecursionError:
        yield from _problem(raise_invalid_argument, *endless(value, path))
