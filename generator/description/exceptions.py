"""The exceptions of the package: from `x-exceptions`, or a plain tree where the description has none."""

from __future__ import annotations

import builtins
import keyword

from ..schema.names import pascal
from ..source.forms import check_keys
from ..source.json_types import is_object
from ..source.node import Node, describe_value
from .model import ExceptionSpec

# What the runtime raises by name; a tree without these could not report a wrong argument or a broken line.
NEEDED = ("APIError", "InvalidParametersError", "NetworkError", "RequestTimeoutError")
# What every exception carries already (`_runtime/errors/base_error.py`); other attributes come from the details.
CARRIED = frozenset([
    "message", "status_code", "error_type", "details", "body", "headers", "request_id", "retry_after",
    "reset_time", "attempts", "argument", "partial",
])  # fmt: skip

_BASE = "Base"  # in the next table: the base is named after the package
_DEFAULTS = (
    (_BASE, "Exception", None, "The base of every error of this client."),
    ("AuthenticationError", _BASE, None, "The credentials were refused, or none were sent."),
    ("NetworkError", _BASE, None, "The server could not be reached, or the connection broke."),
    ("RequestTimeoutError", "NetworkError", "TimeoutError", "A time limit ran out."),
    ("RateLimitError", _BASE, None, "Too many requests."),
    ("InvalidParametersError", _BASE, "ValueError", "An argument or a field does not fit."),
    ("ValidationError", "InvalidParametersError", None, "A field of the request did not validate."),
    ("RequestError", _BASE, None, "The request could not be sent, or its answer could not be read."),
    ("PaymentRequiredError", _BASE, None, "Payment is required."),
    (
        "APIError",
        _BASE,
        None,
        "The server failed, or answered with an error that has no class of its own.",
    ),
    ("PermissionDeniedError", "APIError", None, "The credentials are good, but they do not allow this."),
    ("NotFoundError", "APIError", None, "There is no such thing."),
    ("ConflictError", "APIError", None, "The state of the resource forbids this."),
)


def default_exceptions(package: str) -> list[ExceptionSpec]:
    """The tree for a description without one. Its base has the package's name: `petstore` has a `PetstoreError`."""
    base = f"{pascal(package)}Error"
    while base in {name for name, *_ in _DEFAULTS}:
        base = f"{base.removesuffix('Error')}ClientError"
    names = {_BASE: base}
    return [
        ExceptionSpec(names.get(name, name), names.get(parent, parent), text, also=also)
        for name, parent, also, text in _DEFAULTS
    ]


DEFAULT_STATUSES = {
    400: "InvalidParametersError",
    401: "AuthenticationError",
    402: "PaymentRequiredError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "ValidationError",
    429: "RateLimitError",
}


def read_exceptions(root: Node) -> list[ExceptionSpec]:
    """The tree of `components/x-exceptions`, parents before children; empty where there is none."""
    tree = root.below("components", "x-exceptions")
    if tree is None:
        return []
    found: dict[str, ExceptionSpec] = {}
    for name, node in tree.items():
        check_keys(
            node,
            frozenset({"parent", "also", "doc", "description", "attributes"}),
            required=frozenset({"parent"}),
        )
        if not name.isidentifier() or keyword.iskeyword(name):
            raise node.refuse(f"{name!r} cannot be the name of a Python class")
        parent = node.text("parent") or ""
        if parent != "Exception" and parent not in tree.value:
            raise node.child("parent").refuse(f"the parent {parent!r} is not in `x-exceptions`")
        pairs = {
            key: (_attribute_type(entry), _attribute_text(entry))
            for key, entry in node.items_at("attributes")
        }
        for key in pairs:
            if not key.isidentifier() or keyword.iskeyword(key) or key.startswith("_"):
                raise node.child("attributes").refuse(f"{key!r} cannot be the name of an attribute")
        also = node.text("also")
        builtin = getattr(builtins, also, None) if also is not None else Exception
        if not (isinstance(builtin, type) and issubclass(builtin, Exception)):
            raise node.child("also").refuse(f"{also!r} is not a built-in exception")
        doc = node.text("doc") or node.text("description") or name
        found[name] = ExceptionSpec(name, parent, doc, pairs, node, also)
    for name in NEEDED:
        if name not in found:
            raise tree.refuse(f"the runtime raises {name}, which is missing here; add it")
    return _parents_first(tree, found)


_TYPES = {"string": "str", "integer": "int", "number": "float"}


def _attribute_type(node: Node) -> str:
    """The Python type of an attribute: of `type`, or the names of `x-type`, joined by `|`."""
    if not is_object(node.value):
        return "Any"
    check_keys(node, frozenset({"description", "type", "x-type"}))
    kind, named = node.text("type"), node.text("x-type")
    if kind is not None and kind not in _TYPES:
        raise node.child("type").refuse(f"one of {', '.join(_TYPES)}, found {kind!r}")
    code = named or (_TYPES[kind] if kind is not None else "Any")
    return code if code == "Any" else f"{code} | None"


def _attribute_text(node: Node) -> str:
    if isinstance(node.value, str):
        return node.value
    if is_object(node.value):
        return node.text("description") or ""
    raise node.refuse(f"an attribute is described by a sentence, found {describe_value(node.value)}")


def _parents_first(tree: Node, found: dict[str, ExceptionSpec]) -> list[ExceptionSpec]:
    ordered: dict[str, ExceptionSpec] = {}
    while len(ordered) < len(found):
        ready = [
            e
            for e in found.values()
            if e.name not in ordered and (e.parent in ordered or e.parent == "Exception")
        ]
        if not ready:
            rest = ", ".join(name for name in found if name not in ordered)
            raise tree.refuse(f"these exceptions are each other's parents: {rest}")
        ordered.update((exception.name, exception) for exception in ready)
    return list(ordered.values())


def read_error_tables(root: Node, names: set[str]) -> tuple[dict[str, str], dict[int, str]]:
    """`x-error-codes` and `x-error-statuses`, wherever among the schemas they stand."""
    codes: dict[str, str] = {}
    statuses: dict[int, str] = {}
    for _, schema in root.items_at("components", "schemas"):
        if (table := schema.get("x-error-codes")) is not None:
            codes.update(read_codes(table, names))
        if (table := schema.get("x-error-statuses")) is not None:
            statuses.update(read_statuses(table, names))
    return codes, statuses


def read_codes(table: Node, names: set[str] | None = None) -> dict[str, str]:
    """One table of error code -> exception. `names`: those that there are; None takes any."""
    return {code: _exception(entry, names) for code, entry in table.items()}


def read_statuses(table: Node, names: set[str] | None = None) -> dict[int, str]:
    """One table of status -> exception."""
    found: dict[int, str] = {}
    for status, entry in table.items():
        if not (status.isdecimal() and 100 <= int(status) <= 599):
            raise entry.refuse(f"{status!r} is not an HTTP status")
        found[int(status)] = _exception(entry, names)
    return found


def _exception(entry: Node, names: set[str] | None) -> str:
    if not isinstance(entry.value, str) or (names is not None and entry.value not in names):
        raise entry.refuse(f"{entry.value!r} is not in `x-exceptions`; add it there, or use one of its names")
    return entry.value
