"""How parameters are encoded: in the path, the query, headers and cookies, and as form fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from ..codecs.base import Codec, raise_invalid_argument
from ..values.json import dumps, is_list, is_object
from ..values.unset import UNSET

if TYPE_CHECKING:
    from ..codecs.multipart import MultipartBody

# Reserved characters that a parameter with `allowReserved` keeps; those that structure a query are quoted all the same.
_RESERVED = ":/?[]@!$'()*,;"

# What precedes a path parameter of these styles, and separates its items when they are exploded.
_PATH_LEADS = {"label": ".", "matrix": ";"}


class _Reserved(str):
    """A value of a query parameter with `allowReserved`."""

    __slots__ = ()


class Encoding(NamedTuple):
    """How one field of a form, or one part of a multipart body, is encoded.

    Attributes:
        style, explode: how lists and objects are encoded, as OpenAPI defines them; None is the usual way.
        content_type: the media type of a part, or of JSON in a field.
    """

    style: str | None = None
    explode: bool = True
    content_type: str | None = None


class Parameter(NamedTuple):
    """One parameter of an operation.

    Attributes:
        name: its Python name.
        wire: its name in the spec.
        where: path, query, header or cookie.
        codec: checks the value.
        allow_slash: whether a path parameter may contain `/`; its pieces are then quoted separately.
        secret: whether error messages mask the value.
        style, explode: how lists and objects are encoded, as OpenAPI defines them.
        allow_reserved: whether reserved characters stay as they are in the query.
        former: the names that it had in the spec before.
    """

    name: str
    wire: str
    where: str
    codec: Codec
    required: bool = False
    allow_slash: bool = False
    secret: bool = False
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    former: tuple[str, ...] = ()


def encode_parameters(
    path: str, parameters: tuple[Parameter, ...], values: Mapping[str, Any]
) -> tuple[str, list[tuple[str, str]], dict[str, str]]:
    """Check parameters, and encode them. Returns the path, the query, and the headers, cookies included.

    Raises:
        InvalidParametersError: for a missing or wrong value, including dot segments and control characters.
    """
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for parameter in parameters:
        value = values.get(parameter.name, UNSET)
        if value is UNSET or (value is None and not parameter.required):
            if parameter.required:
                raise_invalid_argument(parameter.name, None, "a value: it is required")
            continue
        encoded = parameter.codec.encode(value, parameter.name)
        if parameter.where == "path":
            path = path.replace("{" + parameter.wire + "}", _path_piece(parameter, encoded))
        elif parameter.where == "query":
            pairs = _query_pairs(parameter, encoded)
            query.extend(
                [(name, _Reserved(text)) for name, text in pairs] if parameter.allow_reserved else pairs
            )
        elif parameter.where == "header":
            headers[parameter.wire] = _header_text(parameter, encoded)
        else:
            cookies.append(f"{parameter.wire}={quote(_header_text(parameter, encoded), safe='')}")
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return path, query, headers


def scalar_text(value: Any) -> str:
    """A scalar as the text of a URL or a form: true and false in lower case, empty for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return dumps(value).decode()
    return str(value)


def _path_piece(parameter: Parameter, value: Any) -> str:
    """A path parameter as RFC 6570 writes it: `a` in `simple` style, `.a` as a `label`, `;name=a` in `matrix` style."""
    lead = _PATH_LEADS.get(parameter.style, "")
    name = quote(parameter.wire, safe="") if parameter.style == "matrix" else ""
    if not (is_object(value) or is_list(value)):
        text = scalar_text(value)
        if name and not text:
            return lead + name
        return f"{lead}{name}{'=' if name else ''}{_quoted(parameter, text)}"
    if not value:
        raise_invalid_argument(parameter.name, value, "at least one item")
    separator = lead if lead and parameter.explode else ","
    # Each value is checked and quoted on its own; the separators are added afterwards.
    pieces = [_quoted(parameter, text) for text in _path_texts(parameter, value, separator)]
    if is_object(value):
        mark = "=" if parameter.explode else separator
        pieces = [f"{key}{mark}{text}" for key, text in zip(pieces[::2], pieces[1::2], strict=True)]
    elif name and parameter.explode:
        pieces = [f"{name}={text}" for text in pieces]
    head = f"{name}=" if name and not parameter.explode else ""
    return lead + head + separator.join(pieces)


def _path_texts(parameter: Parameter, value: Any, separator: str) -> list[str]:
    """The items of a list, or the keys and values of an object, by turns. Quoting changes any separator but a dot."""
    items = [part for pair in value.items() for part in pair] if is_object(value) else value
    return (
        _without(separator, parameter, items) if separator == "." else [scalar_text(item) for item in items]
    )


def _quoted(parameter: Parameter, text: str) -> str:
    value = text
    pieces = text.split("/") if parameter.allow_slash else [text]
    for piece in pieces:
        # A server or proxy may decode more than once, so repeated percent-encoding is decoded for the check.
        bare = piece
        while "%" in bare and unquote(bare) != bare:
            bare = unquote(bare)
        if not piece:
            raise_invalid_argument(parameter.name, value, "text that is not empty, with no empty part")
        if bare.strip(".") == "" and len(bare) <= 2:
            raise_invalid_argument(parameter.name, value, "no '.' or '..' as a part of a path")
        if "/" in bare or "\\" in bare:
            if "/" in piece:
                raise_invalid_argument(parameter.name, value, "text without '/'")
            raise_invalid_argument(parameter.name, value, "text without encoded slashes")
        if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in bare):
            raise_invalid_argument(parameter.name, value, "text without control characters")
    try:
        return "/".join(quote(piece, safe=":@") for piece in pieces)
    except UnicodeEncodeError:
        pass
    return raise_invalid_argument(parameter.name, value, "text that UTF-8 can carry (no lone surrogates)")


def _query_pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    name = parameter.wire
    if is_list(value):
        if parameter.explode:
            return [(name, scalar_text(item)) for item in value]
        separator = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(parameter.style, ",")
        return [(name, separator.join(_without(separator, parameter, value)))] if value else []
    if is_object(value):
        if parameter.style == "deepObject":
            return _deep_pairs(name, value)
        if parameter.explode:
            return [(key, scalar_text(item)) for key, item in value.items()]
        return [(name, ",".join(_without(",", parameter, [text for pair in value.items() for text in pair])))]
    return [(name, scalar_text(value))]


def _without(separator: str, parameter: Parameter, values: list[Any]) -> list[str]:
    """The texts of values that share one field, which the separator must not divide any further."""
    texts = [scalar_text(value) for value in values]
    for text in texts:
        if separator in text:
            raise_invalid_argument(
                parameter.name, text, f"values without {separator!r}, which separates them"
            )
    return texts


def _deep_pairs(prefix: str, value: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{prefix}[{key}]"
        if is_object(item):
            pairs.extend(_deep_pairs(name, item))
        elif is_list(item):
            pairs.extend((name, scalar_text(element)) for element in item)
        else:
            pairs.append((name, scalar_text(item)))
    return pairs


def _header_text(parameter: Parameter, value: Any) -> str:
    if is_list(value):
        text = ",".join(_without(",", parameter, value))
    elif is_object(value):
        mark = "=" if parameter.explode else ","
        _without(",", parameter, [text for pair in value.items() for text in pair])
        text = ",".join(f"{key}{mark}{scalar_text(item)}" for key, item in value.items())
    else:
        text = scalar_text(value)
    if any(not " " <= character <= "~" for character in text):
        raise_invalid_argument(parameter.name, value, "visible ASCII characters", secret=parameter.secret)
    return text


def encode_query(pairs: list[tuple[str, str]]) -> str:
    """Encode the pairs of a query."""
    if not any(isinstance(text, _Reserved) for _, text in pairs):
        return urlencode(pairs)
    return "&".join(
        f"{quote(name, safe='')}={quote(text, safe=_RESERVED if isinstance(text, _Reserved) else '')}"
        for name, text in pairs
    )


def encode_form(payload: Mapping[str, Any], encoding: Mapping[str, Encoding]) -> bytes:
    """Encode an object as `application/x-www-form-urlencoded`; lists repeat their name, objects are JSON."""
    pairs: list[tuple[str, str]] = []
    for name, value in payload.items():
        special = encoding.get(name)
        if special is not None and special.style is not None:
            field = Parameter(name, name, "query", Codec(), style=special.style, explode=special.explode)
            pairs.extend(_query_pairs(field, value))
            continue
        whole = special is not None and special.content_type is not None
        values = value if is_list(value) and not whole else [value]
        pairs.extend((name, scalar_text(item)) for item in values)
    return urlencode(pairs).encode("ascii")


def encode_text(text: str, media_type: str) -> tuple[bytes, str]:
    """Text in the charset of its media type, UTF-8 where it names none, and the value of `Content-Type`."""
    media_type = media_type.replace("text/*", "text/plain")
    if charset := charset_of(media_type):
        return text.encode(charset), media_type
    return text.encode("utf-8"), f"{media_type}; charset=utf-8"


def charset_of(media_type: str) -> str:
    """The charset that a media type names, in lower case; empty if it names none."""
    found = re.search(r';\s*charset\s*=\s*"?([^\s";]+)', media_type.lower())
    return found[1] if found else ""


def encode_parts(payload: Mapping[str, Any], encoding: Mapping[str, Encoding]) -> MultipartBody:
    """Encode an object as `multipart/form-data`.

    Uploads become files, lists repeat their name, objects are parts of JSON, null is omitted.
    """
    from ..codecs.multipart import MultipartBody, Upload  # cost: few operations have uploads

    parts: list[tuple[str, str | Upload, str | None]] = []
    for name, value in payload.items():
        special = encoding.get(name)
        media_type = special.content_type if special is not None else None
        whole = media_type is not None and media_type.endswith("json")
        for item in value if is_list(value) and not whole else [value]:
            if isinstance(item, Upload):
                parts.append((name, item, media_type))
            elif item is not None:
                nested = isinstance(item, (dict, list))
                parts.append(
                    (name, scalar_text(item), media_type or ("application/json" if nested else None))
                )
    return MultipartBody(parts)
