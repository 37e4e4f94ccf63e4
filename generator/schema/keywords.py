"""Which words of a schema mean what to the generator; a word in none of these sets is an error, not a silence."""

from __future__ import annotations

from ..source.json_types import is_object

# Words that say something about a value but do not change what it is.
ANNOTATIONS = frozenset(
    [
        "title",
        "description",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "example",
        "examples",
        "externalDocs",
        "xml",
        "nullable",
        "$comment",
        "$schema",
        "$id",
        "$anchor",
        "$defs",
        "definitions",
    ]
)
# Constraints that the server checks: nothing of the value is lost when the client does not.
SERVER_SIDE = frozenset(
    [
        "not",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "contains",
        "minContains",
        "maxContains",
        "propertyNames",
        "contentEncoding",
        "unevaluatedProperties",
        "unevaluatedItems",
        "if",
        "then",
        "else",
    ]
)
# Words that decide what the Python side looks like.
SHAPING = frozenset(
    [
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "discriminator",
        "type",
        "enum",
        "const",
        "format",
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "items",
        "prefixItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "contentMediaType",
        "contentSchema",
    ]
)
# Words that change the meaning of other words in ways that no generated class can follow.
REFUSED = {
    "$dynamicRef": "dynamic references are resolved while validating, which no generated class can do; use `$ref`",
    "$recursiveRef": "recursive references belong to an older draft; use `$ref`",
    "$dynamicAnchor": "dynamic anchors are resolved while validating; use `$ref` to a component",
    "dependentSchemas": "a schema that depends on a property's presence has no Python type; use `oneOf`",
}
OBJECT_WORDS = frozenset({"properties", "required", "additionalProperties", "patternProperties"})
ARRAY_WORDS = frozenset({"items", "prefixItems", "minItems", "maxItems"})
NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
STRING_WORDS = frozenset({"minLength", "maxLength", "pattern", "contentMediaType", "contentSchema"})
JSON_TYPES = frozenset({"null", "boolean", "string", "number", "integer", "array", "object"})


def shaping(value: object) -> set[str]:
    """The words of a schema that shape it; empty for `true`, `{}` and pure annotations."""
    return {key for key in value if key in SHAPING} if is_object(value) else set()


__all__ = [
    "ANNOTATIONS",
    "ARRAY_WORDS",
    "JSON_TYPES",
    "NUMBER_WORDS",
    "OBJECT_WORDS",
    "REFUSED",
    "SERVER_SIDE",
    "SHAPING",
    "STRING_WORDS",
    "shaping",
]
