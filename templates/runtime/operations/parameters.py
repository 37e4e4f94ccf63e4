"""How parameters travel: in the path, the query, headers and cookies, and as form fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from ..codecs.base import Codec, refuse
from ..values.type_guards import is_list, is_object
from ..values.unset import MISSING, UNSET

if TYPE_CHECKING:
    from ..codecs.multipart import MultipartBody

__all__ = ["EncodedParameters", "Parameter", "encode_form", "encode_parameters", "encode_parts"]


class Parameter:
    """One parameter of an operation.

    Args:
        name: its Python name.
        wire: its name in the spec.
        where: path, query, header or cookie.
        codec: checks the value.
        allow_slash: whether a path parameter may hold `/`, each piece then being quoted on its own.
        style, explode: how lists and objects are written, as OpenAPI defines them.
        client_default: what the friendly client sends when the caller says nothing.
    """

    __slots__ = (
        "allow_slash",
        "client_default",
        "codec",
        "explode",
        "name",
        "required",
        "secret",
        "style",
        "where",
        "wire",
    )

    def __init__(
        self,
        name: str,
        wire: str,
        where: str,
        codec: Codec,
        *,
        required: bool = False,
        allow_slash: bool = False,
        secret: bool = False,
        style: str = "form",
        explode: bool = True,
        client_default: Any = MISSING,
    ) -> None:
        self.name = name
        self.wire = wire
        self.where = where
        self.codec = codec
        self.required = required
        self.allow_slash = allow_slash
        self.secret = secret
        self.style = style
        self.explode = explode
        self.client_default = client_default


class EncodedParameters:
    """Where each parameter went."""

    __slots__ = ("headers", "path", "query")

    def __init__(self, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> None:
        self.path = path
        self.query = query
        self.headers = headers


def encode_parameters(path: str, parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> EncodedParameters:
    """Check parameters and put them into the path, the query and the headers.

    Raises:
        InvalidParametersError: for a missing or wrong value, dot segments and control characters among them.
    """
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for parameter in parameters:
        value = values.get(parameter.name, UNSET)
        if value is UNSET or (value is None and not parameter.required):
            if parameter.required:
                refuse(parameter.name, None, "a value: it is required")
            continue
        encoded = parameter.codec.encode(value, parameter.name)
        if parameter.where == "path":
            path = path.replace("{" + parameter.wire + "}", _path_piece(parameter, encoded))
        elif parameter.where == "query":
            query.extend(_query_pairs(parameter, encoded))
        elif parameter.where == "header":
            headers[parameter.wire] = _header_text(parameter, encoded)
        else:
            cookies.append(f"{parameter.wire}={quote(_header_text(parameter, encoded), safe='')}")
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return EncodedParameters(path, query, headers)


def text_of(value: Any) -> str:
    """A scalar as it is written in a URL or a form: true and false in lower case, nothing for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        from ..values.json import dumps

        return dumps(value).decode()
    return str(value)


def _path_piece(parameter: Parameter, value: Any) -> str:
    text = ",".join(map(text_of, value)) if is_list(value) else text_of(value)
    pieces = text.split("/") if parameter.allow_slash else [text]
    for piece in pieces:
        # A server or proxy may decode more than once, so the check looks through repeated percent-encoding.
        bare = piece
        while "%" in bare and unquote(bare) != bare:
            bare = unquote(bare)
        if not piece:
            refuse(parameter.name, value, "text that is not empty, with no empty part")
        if bare.strip(".") == "" and len(bare) <= 2:
            refuse(parameter.name, value, "no '.' or '..' as a part of a path")
        if "/" in bare or "\\" in bare:
            if "/" in piece:
                refuse(parameter.name, value, "text without '/'")
            refuse(parameter.name, value, "text without slashes in disguise")
        if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in bare):
            refuse(parameter.name, value, "text without control characters")
    try:
        return "/".join(quote(piece, safe=":@") for piece in pieces)
    except UnicodeEncodeError:
        pass
    return refuse(parameter.name, value, "text that UTF-8 can carry (no lone surrogates)")


def _query_pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    name = parameter.wire
    if is_list(value):
        if parameter.explode:
            return [(name, text_of(item)) for item in value]
        separator = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(parameter.style, ",")
        return [(name, separator.join(map(text_of, value)))] if value else []
    if is_object(value):
        if parameter.style == "deepObject":
            return _deep_pairs(name, value)
        if parameter.explode:
            return [(key, text_of(item)) for key, item in value.items()]
        return [(name, ",".join(f"{key},{text_of(item)}" for key, item in value.items()))]
    return [(name, text_of(value))]


def _deep_pairs(prefix: str, value: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{prefix}[{key}]"
        if is_object(item):
            pairs.extend(_deep_pairs(name, item))
        elif is_list(item):
            pairs.extend((name, text_of(element)) for element in item)
        else:
            pairs.append((name, text_of(item)))
    return pairs


def _header_text(parameter: Parameter, value: Any) -> str:
    text = ",".join(map(text_of, value)) if is_list(value) else text_of(value)
    if any(not " " <= character <= "~" for character in text):
        refuse(parameter.name, value, "visible ASCII characters", secret=parameter.secret)
    return text


def encode_form(payload: Mapping[str, Any]) -> bytes:
    """Write an object as `application/x-www-form-urlencoded`; lists repeat their name."""
    pairs: list[tuple[str, str]] = []
    for name, value in payload.items():
        values = value if is_list(value) else [value]
        pairs.extend((name, text_of(item)) for item in values)
    return urlencode(pairs).encode("ascii")


def encode_parts(payload: Mapping[str, Any]) -> MultipartBody:
    """Write an object as `multipart/form-data`: uploads become files, lists repeat their name, null is left out."""
    from ..codecs.multipart import MultipartBody, Upload

    parts: list[tuple[str, str | Upload]] = []
    for name, value in payload.items():
        for item in value if is_list(value) else [value]:
            if item is not None:
                parts.append((name, item if isinstance(item, Upload) else text_of(item)))
    return MultipartBody(parts)
