"""Arguments of methods under their former names, from `x-renamed-from`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from openapi_python_client.strings import PythonCode

from ..description.model import ParameterSpec
from ..schema.annotations import renamed_from
from ..schema.names import field_names
from ..schema.shapes import FieldShape, RefShape
from ..source.json_types import is_object
from .py_source import literal
from .type_hints import or_none, unset_too
from .views import ArgumentView


def former_names(source: ParameterSpec | FieldShape) -> tuple[str, ...]:
    """The former names of a parameter or a field, in the description."""
    if isinstance(source, ParameterSpec):
        # Of a schema that is a component, the former names are those of its class.
        own = () if isinstance(source.shape, RefShape) else source.shape.annotations.renamed_from
        return tuple(dict.fromkeys([*renamed_from(source.node), *own]))
    found = (renamed_from(node) for node in source.nodes if is_object(node.value))
    return tuple(dict.fromkeys(name for names in found for name in names))


def former_arguments(
    views: Sequence[ArgumentView],
    former: Iterable[tuple[str, ...]],
    absent: Literal["UNSET", "None"],
    reserved: frozenset[str],
) -> list[ArgumentView]:
    """What a method takes under former names; `key` is the present name.

    Args:
        views: the arguments.
        former: the former names of each.
        absent: the default, as code.
        reserved: names of the method that have precedence.
    """
    taken = {view.name for view in views} | {"self", "body", "content_type"} | reserved
    found: list[ArgumentView] = []
    for view, names in zip(views, former, strict=True):
        for name in field_names(list(names)).values():
            if name in taken:
                continue
            taken.add(name)
            annotation = view.annotation.as_unembedded_code()
            optional = or_none(annotation) if absent == "None" else unset_too(annotation)
            key = PythonCode(literal(view.name))
            found.append(ArgumentView(name, PythonCode(optional), PythonCode(absent), key))
    return found


def former_entries(former: list[ArgumentView]) -> list[tuple[str, str]]:
    """Rows for the section `Args` of a docstring."""
    return [
        (view.name, f"Deprecated: the former name of `{view.key.as_unembedded_code()[1:-1]}`.")
        for view in former
    ]
