"""Values generated from the spec by schemathesis: inputs of operations, and values of single schemas."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET

from tests.spec.document import OPERATIONS, SPEC, parameters


@dataclass
class Inputs:
    """Valid arguments of one operation, by their names in the spec. `body` is None when there is none."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    media_type: str | None = None
    body: Any = None


@functools.cache
def _schema() -> Any:
    return schemathesis.openapi.from_dict(copy.deepcopy(SPEC))


@functools.cache
def inputs_of(operation_id: str) -> SearchStrategy[Inputs]:
    """Valid inputs of an operation: its parameters and its body in one of its media types."""
    operation = OPERATIONS[operation_id]
    found = _schema()[operation["path"]][operation["method"].upper()]
    cases: SearchStrategy[Case[Any]] = found.as_strategy(generation_mode=GenerationMode.POSITIVE)
    known = parameters(operation)
    return st.builds(lambda case, file, names: _inputs(case, known, file, names), cases, FILES, NAMES)


FILES = st.binary(max_size=40) | st.sampled_from(
    [b"\r\n--", b"\r\n--boundary--\r\n", b"--\r\n\r\n", b"\x00\xff" * 300, b'"; name="file"\r\n']
)
"""Contents of uploads. schemathesis makes empty ones, mostly, which no client sends."""


NAMES = st.none() | st.sampled_from(
    ["gpt-4o-mini", "meta-llama/llama-3-70b", "nova:0", "ü b+c", "100%", "%2e%2e", "a?b#c;d=e&f"]
)
"""What stands in the text parameters of a path, if not what schemathesis makes, which is mostly no path at all."""


def _inputs(case: Case[Any], known: dict[str, dict[str, Any]], file: bytes, name: str | None) -> Inputs:
    body = None if case.body is NOT_SET else case.body
    if case.media_type == "multipart/form-data" and isinstance(body, dict) and "file" in body:
        body = {**body, "file": file}  # type: ignore[dict-item]  # the content of the file
    return Inputs(
        path={
            key: name if name is not None and isinstance(value, str) else _as_passed(value, quoted=True)
            for key, value in case.path_parameters.items()
        },
        query={key: _as_passed(value, known[key]["schema"]) for key, value in case.query.items()},
        headers={key: value for key, value in case.headers.items() if key in known},
        media_type=case.media_type,
        body=body,
    )


def _as_passed(value: Any, schema: dict[str, Any] | None = None, *, quoted: bool = False) -> Any:
    """schemathesis quotes what goes into a path, and writes booleans as text; a caller does neither."""
    if isinstance(value, str) and quoted:
        return unquote(value)
    if schema is not None and schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


_known: dict[int, SearchStrategy[Any]] = {}


def values_of(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Valid values of a schema of the document, which may refer to components: the body of a spec with one POST."""
    found = _known.get(id(schema))
    if found is None:
        synthetic = {
            "openapi": "3.1.0",
            "info": {"title": "one schema", "version": "1"},
            "paths": {
                "/value": {
                    "post": {
                        "requestBody": {
                            "required": True,
                            "content": {"application/json": {"schema": schema}},
                        },
                        "responses": {"204": {"description": "Nothing."}},
                    }
                }
            },
            "components": {"schemas": SPEC["components"]["schemas"]},
        }
        operation = schemathesis.openapi.from_dict(copy.deepcopy(synthetic))["/value"]["POST"]
        cases: SearchStrategy[Case[Any]] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)  # type: ignore[arg-type]  # an enum of strings
        found = _known[id(schema)] = cases.map(lambda case: _as_json(case.body)).filter(sayable)
    return found


def _as_json(value: Any) -> Any:
    """The value with text in place of the bytes that schemathesis makes for uploads."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value if value is None or type(value) in (str, bool, int, float) else "bytes"


def sayable(value: Any) -> bool:
    """Whether JSON in UTF-8 can carry the value: no lone surrogates, finite numbers."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    if isinstance(value, dict):
        return all(sayable(key) and sayable(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(sayable, value))


JSON_VALUES: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON, small."""
