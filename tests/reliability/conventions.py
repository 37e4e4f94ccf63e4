"""What the conventions for generative AI define, as two packages of OpenTelemetry list it, and checks against it.

The conventions have moved to a repository of their own, of which there is no package; `opentelemetry-util-genai` has
the names that are new there, `opentelemetry-semantic-conventions` those that moved. The latter says of each name that
was replaced or removed that it was.
"""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import pkgutil
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["BACKENDS", "attribute_names", "check_metric", "check_span", "values_of"]

OWN = "indoxrouter."
_ALL = {"gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
        "gen_ai.input.messages", "gen_ai.output.messages"}  # fmt: skip
BACKENDS: dict[str, tuple[str, set[str]]] = {
    # https://langfuse.com/integrations/native/opentelemetry
    "langfuse": ("gen_ai.usage.cost", {*_ALL, "gen_ai.response.model", "gen_ai.request.temperature"}),
    # https://arize.com/docs/phoenix/release-notes/05-2026/05-15-2026-otel-semconv-conversion
    "phoenix": ("llm.cost.total", {*_ALL, "gen_ai.operation.name", "gen_ai.provider.name"}),
    # https://pydantic.dev/docs/logfire/observe/llm-panels/
    "logfire": ("operation.cost", {*_ALL, "gen_ai.operation.name", "gen_ai.response.model"}),
}
"""The attribute of the cost, and the others that a backend reads of the span of a chat, as it documents them."""
_LISTED = "opentelemetry.semconv._incubating.attributes.gen_ai_attributes"
_OTHERS = (
    "opentelemetry.semconv.attributes.error_attributes",
    "opentelemetry.semconv.attributes.http_attributes",
    "opentelemetry.semconv.attributes.server_attributes",
)


def _constants(module: ModuleType, prefix: str = "") -> dict[str, str]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and name.lstrip("_").startswith(prefix) and isinstance(value, str)
    }


def _replaced(module: ModuleType) -> set[str]:
    """The constants below which the package says that they were replaced or removed."""
    assert module.__file__ is not None
    statements = ast.parse(Path(module.__file__).read_text("utf-8")).body
    found: set[str] = set()
    for constant, comment in itertools.pairwise(statements):
        if not (isinstance(constant, ast.AnnAssign) and isinstance(constant.target, ast.Name)):
            continue
        text = (
            comment.value.value
            if isinstance(comment, ast.Expr) and isinstance(comment.value, ast.Constant)
            else ""
        )
        if str(text).strip().startswith(("Deprecated: Replaced", "Deprecated: Removed")):
            found.add(constant.target.id)
    return found


@functools.cache
def attribute_names() -> frozenset[str]:
    """The attributes that a span, an event or a metric may have."""
    from opentelemetry.util import genai

    listed = importlib.import_module(_LISTED)
    current = _constants(listed)
    for name in _replaced(listed):
        del current[name]
    names = {*current.values()}
    for other in _OTHERS:
        names |= {*_constants(importlib.import_module(other)).values()}
    for found in pkgutil.iter_modules(genai.__path__):
        module = importlib.import_module(f"opentelemetry.util.genai.{found.name}")
        names |= {*_constants(module, "GEN_AI_").values()}
    return frozenset(names)


def values_of(enumeration: str) -> set[str]:
    """The values of an attribute that is one of a list, such as `GenAiOperationNameValues`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {each.value for each in getattr(importlib.import_module(_LISTED), enumeration)}


def _check_names(names: Iterable[str]) -> None:
    unknown = {name for name in names if not name.startswith(OWN)} - attribute_names()
    assert not unknown, f"the conventions do not define {sorted(unknown)}"


def check_span(span: Any, *allowed: str) -> None:
    """Hold the name, the attributes and the events of a span against the conventions.

    Args:
        span: as it was exported.
        allowed: attributes that a backend reads beside those of the conventions.
    """
    _check_names({*span.attributes} - {*allowed})
    operation = span.attributes["gen_ai.operation.name"]
    assert operation in values_of("GenAiOperationNameValues")
    assert span.name == f"{operation} {span.attributes['gen_ai.request.model']}"
    output = span.attributes.get("gen_ai.output.type")
    # The conventions allow a value of one's own where none of theirs applies, as none does to a video.
    assert output in {None, "video", *values_of("GenAiOutputTypeValues")}
    for event in span.events:
        assert event.name == "exception" or event.name.startswith(OWN)
        if event.name.startswith(OWN):
            _check_names(event.attributes)


def check_metric(name: str, data: Any) -> None:
    """Hold the name and the attributes of a metric against the conventions."""
    from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

    assert name in _constants(gen_ai_metrics).values()
    for point in data.data_points:
        _check_names(point.attributes)
