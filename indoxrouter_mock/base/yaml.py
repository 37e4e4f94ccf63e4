"""YAML that holds what JSON can: no dates, and keys that are texts. What is written reads well in a review.

PyYAML takes 20 ms to import. So import this module only in functions that read or write such a file.
"""

from __future__ import annotations

from typing import Any

import yaml

from .json import is_list, is_object

WIDTH = 120
MOST_VALUES = 2_000_000
"""Values of a document, an alias counted as what it stands for: a few lines of aliases of aliases are billions."""


class YamlError(ValueError):
    """A text that is not YAML; `line` is where it breaks, as far as that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


def read_yaml(content: bytes | str) -> Any:
    """The value of a YAML document. Raises YamlError."""
    try:
        return _with_text_keys(yaml.load(content, Loader=_Loader), [MOST_VALUES])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise YamlError(reason, mark.line + 1 if mark is not None else None) from error
    except (ValueError, RecursionError) as error:
        raise YamlError(str(error)) from error


def write_yaml(value: Any) -> str:
    """A JSON value as a YAML document: members in their order, lists of numbers on one line, texts in their lines."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))


def _with_text_keys(value: Any, left: list[int]) -> Any:
    """The same document with every key a text, as in JSON: an unquoted status is a number in YAML. `left` counts down
    the values that it may still have.
    """
    if is_object(value) or is_list(value):
        left[0] -= len(value)
        if left[0] < 0:
            raise ValueError(f"more than {MOST_VALUES:,} values")
    if is_object(value):
        return {str(key): _with_text_keys(item, left) for key, item in value.items()}
    if is_list(value):
        return [_with_text_keys(item, left) for item in value]
    return value


def _loader() -> Any:
    # CSafeLoader is libyaml's; a PyYAML built without it has the slower one of the same name without the C.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # JSON has no dates: an unquoted `2026-01-01` stays the text that it is.
    resolvers = {
        first: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:timestamp"]
        for first, entries in base.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self: Any, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            # A merge key, `<<`, may be repeated, and the keys that it adds may be overridden.
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is there twice", key.start_mark
                    )
                seen.add(key.value)
        return base.construct_mapping(self, node, deep)

    return type(
        "Loader", (base,), {"yaml_implicit_resolvers": resolvers, "construct_mapping": construct_mapping}
    )


def _dumper() -> Any:
    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    found: Any = type("Dumper", (base,), {"ignore_aliases": lambda self, data: True})  # pyright: ignore[reportUnknownLambdaType]
    found.add_representer(str, _text)
    found.add_representer(list, _list)
    return found


def _text(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value.rstrip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(dumper: Any, value: list[Any]) -> Any:
    numbers = bool(value) and all(isinstance(item, (int, float)) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=numbers or None)


_Loader = _loader()
_Dumper = _dumper()
