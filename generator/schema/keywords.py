"""The keywords of JSON Schema by what the generator does with them."""

from __future__ import annotations

from ..source.json_types import is_object

# Keywords that describe a value and do not change its type.
ANNOTATIONS = frozenset([
    "title", "description", "default", "deprecated", "readOnly", "writeOnly", "example", "examples",
    "externalDocs", "xml", "nullable", "$comment", "$schema", "$id", "$anchor", "$defs", "definitions",
])  # fmt: skip
# Constraints that the server checks: nothing of the value is lost when the client does not.
SERVER_SIDE = frozenset([
    "not", "uniqueItems", "minProperties", "maxProperties", "dependentRequired", "contains", "minContains",
    "maxContains", "propertyNames", "contentEncoding", "unevaluatedProperties", "unevaluatedItems", "if",
    "then", "else",
])  # fmt: skip
# Keywords that decide the Python type.
SHAPING = frozenset([
    "$ref", "allOf", "anyOf", "oneOf", "discriminator", "type", "enum", "const", "format", "properties",
    "required", "additionalProperties", "patternProperties", "items", "prefixItems", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems",
    "maxItems", "contentMediaType", "contentSchema",
])  # fmt: skip
KNOWN = ANNOTATIONS | SERVER_SIDE | SHAPING
# Keywords that change the meaning of others in ways that a generated class cannot express.
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
# Formats of numbers; every other format belongs to text.
NUMBER_FORMATS = {"int32": "integer", "int64": "integer", "float": "number", "double": "number"}
JSON_TYPES = frozenset({"null", "boolean", "string", "number", "integer", "array", "object"})


def shaping(value: object) -> set[str]:
    """The keywords of a schema that decide its type; empty for `true`, `{}` and annotations alone."""
    return {key for key in value if key in SHAPING} if is_object(value) else set()
