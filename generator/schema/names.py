"""Python names for what a description calls by any name: keywords, builtins, collisions, letters of every alphabet."""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from functools import cache

# The names that an attribute or an argument must not take, each because the generated code beside it means something
# else by it: types used in annotations of the same class body, and the names that every method has.
SHADOWING = frozenset(
    {"self", "cls", "bool", "bytes", "datetime", "dict", "float", "int", "list", "str", "property", "super"}
)
# What the base class of the models offers and their constructors call, which a field of the same name would hide.
MODEL_MEMBERS = frozenset([
    "to_dict", "from_dict", "to_json", "from_json", "keys", "get", "additional_properties", "additional", "locals",
])  # fmt: skip
# Class names that the generated modules use themselves.
RESERVED_CLASSES = frozenset([
    "Any", "ClassVar", "Final", "Iterable", "Literal", "Mapping", "Required", "Sequence", "TYPE_CHECKING", "TypeAlias",
    "TypedDict", "Union", "Unpack", "Never", "overload", "Model", "Field", "Schema", "Variant", "Unset",
    "UNSET", "MISSING", "JsonValue", "FileInput", "Operation", "Parameter", "Body", "Response", "ResponseSpec",
    "Encoding", "StreamSpec", "Call", "PollSpec", "FacadeEntry", "Facade", "AsyncFacade", "Api", "AsyncApi",
    "ApiClient", "AsyncApiClient", "HttpInfo", "RawResponse", "Redirect", "Stream", "AsyncStream", "SyncSend",
    "AsyncSend", "Codec", "datetime", "date", "None", "True", "False",
])  # fmt: skip


# Codecs that the tables of the models name, in the spelling that a class would have to have to hide one.
RESERVED_CONSTANTS = frozenset(
    {"ANY", "BINARY", "BOOLEAN", "BYTES", "DATE", "DATETIME", "INTEGER", "NULL", "NUMBER", "STRING", "TEXT"}
)


@cache  # the names of fields repeat
def split_words(text: str) -> tuple[str, ...]:
    """The words of a name: the same for `createChat`, `create-chat` and `Create Chat`."""
    normal = unicodedata.normalize("NFKC", text)
    spaced = re.sub(r"[\W_]+", " ", normal)
    found: list[str] = []
    for chunk in spaced.split():
        found.extend(_split_case(chunk))
    return tuple(found)


def _split_case(chunk: str) -> list[str]:
    """Split where lower case meets upper case, and before the last capital of an abbreviation (`OpenAIChat`)."""
    pieces = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", chunk)
    pieces = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", pieces)
    return pieces.split()


@cache
def snake(text: str, fallback: str = "field") -> str:
    """A snake_case identifier. Signs that a name is made of alone (`+1`, `-1`) are spelled out."""
    result = "_".join(split_words(_spelled(text))).lower()
    result = unicodedata.normalize("NFKC", result)
    if not result:
        result = fallback
    if not result.isidentifier():
        result = f"{fallback}_{result}"
    if not result.isidentifier():
        result = "".join(c if f"a{c}".isidentifier() else "_" for c in result)
    return result


def _spelled(text: str) -> str:
    """`+1` and `-1` are different names, and so are `<` and `>`."""
    if re.fullmatch(r"[+-]\d+", text):
        return ("plus_" if text[0] == "+" else "minus_") + text[1:]
    if text and not any(c.isalnum() for c in text):
        return "_".join(unicodedata.name(c, f"u{ord(c):04x}").replace("-", " ") for c in text)
    return text


def shortened(name: str, limit: int = 120) -> str:
    """A name that fits into the name of a file; a long one keeps its beginning and gets a hash of the whole."""
    if len(name.encode()) <= limit:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    kept = name.encode()[: limit - 9].decode(errors="ignore").rstrip("_")
    return f"{kept}_{mark}"


@cache
def pascal(text: str, fallback: str = "Model") -> str:
    """A PascalCase identifier; a name that is one already stays as it is."""
    fine = text.isidentifier() and text[0].isupper() and "_" not in text and not keyword.iskeyword(text)
    if fine and unicodedata.is_normalized("NFKC", text):
        return text
    result = "".join(
        word if word.isupper() and len(word) > 1 else word[:1].upper() + word[1:]
        for word in split_words(_spelled(text))
    )
    if not result.isidentifier() or keyword.iskeyword(result):
        result = f"{fallback}{result}"
    if not result.isidentifier():
        result = "".join(c if f"a{c}".isidentifier() else "_" for c in result)
    return result


def constant(text: str) -> str:
    """An UPPER_CASE identifier for an enum's value."""
    return snake(text, "value").upper()


def safe(name: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """An identifier that is not a keyword and hides nothing: a trailing underscore where it would."""
    while keyword.iskeyword(name) or name == "_" or name in SHADOWING or name in taken:
        name += "_"
    return name


class NameAllocator:
    """Allocates each name once. Names that differ only by case count as equal, as they do in some file systems.

    `reserved` names are never allocated: they get a suffix. The same holds for `exact` names, whose case matters.
    """

    def __init__(
        self, reserved: frozenset[str] = frozenset(), *, exact: frozenset[str] = frozenset()
    ) -> None:
        self._reserved = {name.casefold() for name in reserved}
        self._exact = exact
        self._taken = set(self._reserved)

    def allocate(self, name: str, *, suffix: str = "") -> str:
        """`name`, or the first free one of `name2`, `name3`, ...; with the suffix first where the name is reserved."""
        taken = name.casefold() in self._reserved or name in self._exact
        stem = name + suffix if taken else name
        candidate, number = stem, 2
        while candidate.casefold() in self._taken:
            separator = "_" if stem.islower() and stem[-1:].isdigit() else ""
            candidate, number = f"{stem}{separator}{number}", number + 1
        self._taken.add(candidate.casefold())
        return candidate


def field_names(wires: list[str], taken: frozenset[str] = MODEL_MEMBERS) -> dict[str, str]:
    """Wire name -> Python name for the fields of one object (or the arguments of one call), in order, all different.

    Names that become the same (`fooBar` and `foo_bar`) keep their order: the later one gets a number. A wire name
    that is a Python name already takes precedence over one that has to change.
    """
    register = NameAllocator()
    result: dict[str, str] = {}
    plain = {wire: safe(snake(wire), taken) for wire in wires}
    for wire in sorted(wires, key=lambda w: plain[w] != w):
        name = register.allocate(plain[wire])
        result[wire] = safe(name, taken)
    return {wire: result[wire] for wire in wires}
