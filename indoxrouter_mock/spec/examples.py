"""A valid value for any schema: the example that the spec gives, else one that is built from the schema.

Used for operations that have no behaviour of their own in the mock, for JSON mode and for the arguments of tool calls.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..base.json import is_list, is_object
from .patterns import searched, text_matching

Resolve = Callable[[Any], Any]
DEPTH = 8
"""How deep optional members are followed; a recursive schema ends there."""


def uuid_from(rng: random.Random) -> str:
    """A version 4 UUID from a random generator."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


FORMATS: dict[str, Callable[[random.Random], str]] = {
    "date-time": lambda rng: f"2026-01-{rng.randint(10, 28)}T12:34:56.789Z",
    "date": lambda rng: f"2026-01-{rng.randint(10, 28)}",
    "time": lambda rng: f"12:{rng.randint(10, 59)}:00Z",
    "duration": lambda rng: f"P{rng.randint(1, 9)}D",
    "uuid": uuid_from,
    "email": lambda rng: f"person{rng.randint(1, 999)}@example.com",
    "idn-email": lambda rng: f"person{rng.randint(1, 999)}@example.com",
    "hostname": lambda rng: f"host{rng.randint(1, 999)}.example.com",
    "uri": lambda rng: f"https://example.com/{rng.randint(1, 999)}",
    "uri-reference": lambda rng: f"/{rng.randint(1, 999)}",
    "url": lambda rng: f"https://example.com/{rng.randint(1, 999)}",
    "ipv4": lambda rng: f"192.0.2.{rng.randint(1, 254)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 9999):x}",
    "byte": lambda rng: base64.b64encode(rng.randbytes(6)).decode(),
    "json-pointer": lambda rng: f"/{rng.randint(1, 99)}",
    "regex": lambda rng: "a+",
}

WORDS = (
    "amber",
    "river",
    "lantern",
    "cedar",
    "harbour",
    "velvet",
    "orchard",
    "meadow",
    "copper",
    "winter",
    "garden",
    "signal",
)


class CannotBuild(ValueError):
    """No value could be built for a schema; the message says which part of it stood in the way."""


@dataclass(slots=True)
class Budget:
    """How much may be built: it is spent before the work is done, so that refusing takes no longer for a larger demand.

    `matches` decides whether a text matches a pattern; by default Python's `re`, which only the spec's own patterns
    should meet.
    """

    values: int = 100_000
    characters: int = 10_000_000
    matches: Callable[[str, str], bool] = searched

    def spend(self, *, values: int = 0, characters: int = 0) -> None:
        """Take from the budget. Raises CannotBuild when it is exceeded."""
        self.values -= values
        self.characters -= characters
        if self.values < 0 or self.characters < 0:
            raise CannotBuild("the schema demands a value that is too large")


def documented_example(media: dict[str, Any], resolve: Resolve) -> tuple[bool, Any]:
    """The example that the spec gives for a media type object: (True, value), or (False, None) when it gives none."""
    if "example" in media:
        return True, media["example"]
    for entry in media.get("examples", {}).values():
        found = resolve(entry)
        if is_object(found) and "value" in found:
            return True, found["value"]
    schema = resolve(media.get("schema", {}))
    if is_object(schema):
        if "example" in schema:
            return True, schema["example"]
        if schema.get("examples"):
            return True, schema["examples"][0]
    return False, None


def build(
    schema: Any,
    rng: random.Random,
    resolve: Resolve,
    *,
    use_examples: bool = True,
    depth: int = 0,
    budget: Budget | None = None,
) -> Any:
    """A value that fits the schema. The same schema and the same state of `rng` give the same value.

    Raises CannotBuild when the schema allows nothing, or asks for more than this understands.
    """
    budget = budget or Budget()
    budget.spend(values=1)
    schema = resolve(schema)
    if schema is True or schema == {}:
        return rng.choice(WORDS)
    if schema is False:
        raise CannotBuild("a schema of `false` allows no value")
    if depth > 4 * DEPTH:
        raise CannotBuild("the schema requires itself without end")
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return rng.choice(schema["enum"])
    if use_examples:
        if "example" in schema:
            return schema["example"]
        if is_list(schema.get("examples")) and schema["examples"]:
            return schema["examples"][0]

    def inner(part: Any) -> Any:
        return build(part, rng, resolve, use_examples=use_examples, depth=depth + 1, budget=budget)

    if "allOf" in schema:
        return inner(_merged(schema, resolve))
    for keyword in ("oneOf", "anyOf"):
        if schema.get(keyword):
            return _choice(schema, keyword, inner, resolve, depth)
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, rng, inner, depth, budget)
    if kind == "array":
        return _array(schema, inner, depth, budget)
    if kind == "string":
        return _string(schema, rng, budget)
    if kind in ("integer", "number"):
        return _number(schema, rng, whole=kind == "integer")
    if kind == "boolean":
        return rng.random() < 0.5
    return None


def _kind(schema: dict[str, Any]) -> str:
    kinds = schema.get("type")
    if is_list(kinds):
        kinds = next((kind for kind in kinds if kind != "null"), "null")
    if kinds is not None:
        return str(kinds)
    for kind, keywords in (
        ("object", ("properties", "required", "additionalProperties", "minProperties", "patternProperties")),
        ("array", ("items", "prefixItems", "minItems")),
        ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
    ):
        if any(keyword in schema for keyword in keywords):
            return kind
    return "string"


def _choice(
    schema: dict[str, Any], keyword: str, inner: Callable[[Any], Any], resolve: Resolve, depth: int
) -> Any:
    """The first alternative that can be built, with what stands beside the keyword applied to it as well."""
    beside = {
        key: value
        for key, value in schema.items()
        if key not in ("oneOf", "anyOf", "title", "description", "default", "discriminator")
    }
    problem: CannotBuild | None = None
    options = schema[keyword]
    if depth > DEPTH:  # deep down, the alternative that ends soonest
        options = sorted(
            options,
            key=lambda option: resolve(option).get("type") != "null" if is_object(resolve(option)) else True,
        )
    for option in options:
        try:
            return inner(_merged({"allOf": [beside, option]}, resolve) if beside else option)
        except CannotBuild as error:
            problem = error
    raise problem or CannotBuild(f"none of the alternatives of `{keyword}` can be built")


def _merged(schema: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
    """`allOf` as one schema: members joined, required ones gathered, of other keywords the last one holds."""
    result = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        part = resolve(part)
        if part is False:
            raise CannotBuild("a schema of `false` allows no value")
        if part is True:
            continue
        if "allOf" in part:
            part = _merged(part, resolve)
        for key, value in part.items():
            if key == "properties":
                result["properties"] = {**result.get("properties", {}), **value}
            elif key == "required":
                result["required"] = [*result.get("required", []), *value]
            else:
                result[key] = value
    return result


def _object(
    schema: dict[str, Any], rng: random.Random, inner: Callable[[Any], Any], depth: int, budget: Budget
) -> dict[str, Any]:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    value: dict[str, Any] = {}
    for name, declared in properties.items():
        if name in required:
            value[name] = inner(declared)
        elif depth < DEPTH and declared is not False:
            try:
                value[name] = inner(declared)
            except CannotBuild:
                continue  # an optional member that allows nothing is left out
    free = schema.get("additionalProperties", True)
    for name in required:
        if name not in value:
            value[name] = inner(free if is_object(free) else True)
    most = schema.get("maxProperties")
    for name in [name for name in value if name not in required] if most is not None else []:
        if most is not None and len(value) > most:
            del value[name]
    least = int(schema.get("minProperties", 0))
    budget.spend(values=max(0, least - len(value)))
    for index in range(least):
        if len(value) < schema["minProperties"]:
            value[f"{rng.choice(WORDS)}_{index}"] = inner(free if is_object(free) else True)
    return value


MOST_UNIQUE = 500
"""Items of an array with `uniqueItems`: each is compared with all the others."""


def _array(schema: dict[str, Any], inner: Callable[[Any], Any], depth: int, budget: Budget) -> list[Any]:
    least = int(schema.get("minItems", 0))
    most = schema.get("maxItems")
    value = [inner(part) for part in schema.get("prefixItems", [])]
    items = schema.get("items", True)
    wanted = max(least, 1 if depth < DEPTH else 0)
    if most is not None:
        wanted = min(wanted, int(most))
    budget.spend(values=max(0, wanted - len(value)))
    if schema.get("uniqueItems") and wanted > MOST_UNIQUE:
        raise CannotBuild(f"more than {MOST_UNIQUE} items that differ from one another are not made")
    attempts = 0
    while len(value) < wanted:
        if items is False:
            break
        item = inner(items)
        attempts += 1
        if schema.get("uniqueItems") and item in value:
            if attempts > 200:
                raise CannotBuild(f"`uniqueItems` with `minItems` {least}: not enough different values")
            continue
        value.append(item)
    return value


def _string(schema: dict[str, Any], rng: random.Random, budget: Budget) -> str:
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    budget.spend(characters=least)
    if "pattern" in schema:
        return text_matching(
            schema["pattern"],
            rng,
            least,
            most,
            matches=budget.matches,
            spend=lambda characters: budget.spend(characters=characters),
        )
    if schema.get("contentEncoding") == "base64":
        return base64.b64encode(rng.randbytes(9)).decode()
    build_format = FORMATS.get(schema.get("format", ""))
    text = build_format(rng) if build_format else rng.choice(WORDS)
    if len(text) < least:
        words = [rng.choice(WORDS) for _ in range((least - len(text)) // 6 + 1)]
        text = " ".join([text, *words])
    return text if most is None else text[: int(most)]


def _number(schema: dict[str, Any], rng: random.Random, *, whole: bool) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf")
    if (above := schema.get("exclusiveMinimum")) is not None:
        low = max(above + (1 if whole else 1e-6), low if low is not None else above)
    if (below := schema.get("exclusiveMaximum")) is not None:
        high = min(below - (1 if whole else 1e-6), high if high is not None else below)
    if low is None:
        low = 0 if high is None or high >= 0 else high - 10
    if high is None:
        high = low + 10
    if low > high:
        raise CannotBuild(f"no number lies between {low} and {high}")
    if step:
        first = -(-low // step)
        return _plain(first * step if first * step <= high else low, whole)
    if whole:
        return rng.randint(int(-(-low // 1)), int(high // 1))
    return round(rng.uniform(low, high), 4) if high - low > 0.001 else float(low)


def _plain(value: float, whole: bool) -> int | float:
    return int(value) if whole else value
