"""Options for the fields of an operation, derived from the generated tables: names, types and texts are the spec's."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from indoxrouter._runtime.models.schema import schema_of

from ..base.errors import CommandError

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter._runtime.operations.operation import Operation


class Argument(NamedTuple):
    """One argument of an operation.

    Attributes:
        name: the keyword of the generated method.
        codec: of the value.
        required: whether the operation requires it.
        secret: whether its value must not be shown.
    """

    name: str
    codec: Codec
    required: bool
    secret: bool

    @property
    def option(self) -> str:
        """The option for this argument."""
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def placeholder(self) -> str:
        """The placeholder for the value in the help."""
        return _kind(self.codec)[1]


def list_arguments(operation: Operation[Any]) -> list[Argument]:
    """Parameters, then fields of the first body, by the names of the generated method's keywords."""
    found = [Argument(p.name, p.codec, p.required, p.secret) for p in operation.parameters]
    taken = {argument.name for argument in found}
    for body in operation.bodies[:1]:
        schema = schema_of(body.codec)
        if schema is None:
            found.append(Argument("body", body.codec, operation.body_required, False))
            continue
        for field in schema.fields:
            if not field.read_only:
                name = f"{field.name}_" if field.name in taken else field.name
                found.append(Argument(name, field.codec, field.required, field.secret))
    return found


def _kind(codec: Any) -> tuple[str, str]:
    """How a value is parsed from text, and its placeholder in the help."""
    name = type(codec).__name__
    if name == "Nullable":
        kind, shown = _kind(codec.inner)
        return f"{kind}?", shown
    if name == "Number":
        return "number", "NUMBER"
    if name == "Boolean":
        return "boolean", "true|false"
    if name in ("String", "Enumeration", "Date", "DateTime", "Const"):
        return "text", {"Date": "DATE", "DateTime": "TIME"}.get(name, "TEXT")
    if name == "UploadCodec":
        return "upload", "FILE"
    if name in ("Array", "MappingCodec", "ModelRef"):
        return "json", "JSON"
    return "any", "VALUE"


def parse_value(argument: Argument, given: str) -> Any:
    """Parse the text of an option.

    `@FILE` reads the text from a file, `@-` from the standard input. Lists and objects are JSON; a value of several
    possible types is parsed as JSON if it is valid JSON, and is text otherwise. `null` means null where the spec
    allows it.

    Raises:
        CommandError: for a file that cannot be read, and for text of the wrong type.
    """
    kind, shown = _kind(argument.codec)
    if kind == "upload":
        path = Path(given.removeprefix("@"))
        if not path.is_file():
            raise CommandError(f"{argument.option}: {path}: no such file")
        return path
    text = _from_file(argument, given) if given.startswith("@") else given
    nullable = kind.endswith("?")
    kind = kind.rstrip("?")
    if nullable and text == "null":
        return None
    if kind == "text":
        return text
    if kind == "boolean" and text.lower() in ("true", "false", "yes", "no", "1", "0"):
        return text.lower() in ("true", "yes", "1")
    try:
        value = json.loads(text)
    except ValueError:
        if kind == "any":
            return text
        found = "" if argument.secret else f", got {text[:60]!r}"
        raise CommandError(f"{argument.option}: expected {shown}{found}") from None
    if (
        kind == "any"
        and not isinstance(value, str)
        and not argument.codec.accepts(value)
        and argument.codec.accepts(text)
    ):
        return text  # for example `--seconds 8` where the spec allows only text
    return value


def _from_file(argument: Argument, given: str) -> str:
    name = given[1:]
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{argument.option}: {name}: {getattr(error, 'strerror', None) or 'not text in UTF-8'}"
        ) from None
    return text.rstrip("\n") if argument.secret else text


def argument_descriptions(method: Any) -> dict[str, str]:
    """The description of each argument, from the docstring of the generated method, in one line each."""
    text: str = getattr(method, "__doc__", None) or ""
    _, _, rest = text.partition("Args:\n")
    found: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        entry = re.match(r"^ {12}(\w+): (.*)", line)
        if entry:
            name = entry.group(1)
            found[name] = entry.group(2).strip()
        elif line.startswith(" " * 13) and name:
            found[name] += " " + line.strip()
        elif line.strip():
            break
    return found
