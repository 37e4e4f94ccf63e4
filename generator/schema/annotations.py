"""The annotations of a schema: its text, its default, its flags and our extensions."""

from __future__ import annotations

from ..source.json_types import is_array, is_object
from ..source.node import Node, describe_value
from .shapes import MISSING, Annotations


def annotations_of(node: Node) -> Annotations:
    """The annotations of one schema, each checked."""
    value = node.value
    if not is_object(value):
        return Annotations()
    examples = [value["example"]] if "example" in value else value.get("examples", [])
    if not is_array(examples):
        examples = list(examples.values()) if is_object(examples) else [examples]
    return Annotations(
        title=node.text("title") or None,
        description=node.text("description") or None,
        deprecated=node.flag("deprecated"),
        read_only=node.flag("readOnly"),
        write_only=node.flag("writeOnly"),
        secret=node.flag("x-secret"),
        default=value.get("default", MISSING),
        client_default=value.get("x-client-default", MISSING),
        examples=tuple(examples),
        renamed_from=renamed_from(node),
        open_enum=node.flag("x-open-enum") if "x-open-enum" in value else True,
        media_limit=tuple((name, limit.value) for name, limit in node.items_at("x-media-limit")),
    )


def renamed_from(node: Node) -> tuple[str, ...]:
    """`x-renamed-from`: one former name, or several."""
    found = node.get("x-renamed-from")
    if found is None:
        return ()
    names = found.value if is_array(found.value) else [found.value]
    for name in names:
        if not isinstance(name, str) or not name:
            raise found.refuse(
                f"`x-renamed-from` is a former name or a list of them, found {describe_value(found.value)}"
            )
    return tuple(names)
