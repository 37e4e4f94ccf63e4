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

from tests.spec.document import OPERATIONS, SPEC


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
    cases: SearchStrategy[Case] = found.as_strategy(generation_mode=GenerationMode.POSITIVE)
    return cases.map(_inputs)


def _inputs(case: Case) -> Inputs:
    declared = {parameter["name"] for parameter in _declared(case)}
    return Inputs(
        # schemathesis quotes what goes into a path; a caller passes it as it is
        path={name: unquote(value) if isinstance(value, str) else value for name, value in case.path_parameters.items()},
        query=dict(case.query),
        headers={name: value for name, value in case.headers.items() if name in declared},
        media_type=case.media_type,
        body=None if case.body is NOT_SET else case.body,
    )


def _declared(case: Case) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case.operation.definition.raw.get("parameters", [])
    return [parameter for parameter in found if parameter.get("in") == "header"]


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
                        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
                        "responses": {"204": {"description": "Nothing."}},
                    }
                }
            },
            "components": {"schemas": SPEC["components"]["schemas"]},
        }
        operation = schemathesis.openapi.from_dict(copy.deepcopy(synthetic))["/value"]["POST"]
        cases: SearchStrategy[Case] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        found = _known[id(schema)] = cases.map(lambda case: case.body).filter(sayable)
    return found


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
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON, small."""
