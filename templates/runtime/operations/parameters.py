"""How parameters are encoded: in the path, the query, headers and cookies, and as form fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from ..codecs.base import Codec, raise_invalid_argument
from ..values.json import dumps
from ..values.type_guards import is_list, is_object
from ..values.unset import UNSET

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
        allow_slash: whether a path parameter may contain `/`; its pieces are then quoted separately.
        secret: whether error messages mask the value.
        style, explode: how lists and objects are encoded, as OpenAPI defines them.
    """

    __slots__ = (
        "allow_slash",
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


class EncodedParameters:
    """The parts of a request that hold its parameters."""

    __slots__ = ("headers", "path", "query")

    def __init__(self, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> None:
        self.path = path
        self.query = query
        self.headers = headers


def encode_parameters(path: str, parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> EncodedParameters:
    """Check parameters, and encode them in the path, the query and the headers.

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
            query.extend(_query_pairs(parameter, encoded))
        elif parameter.where == "header":
            headers[parameter.wire] = _header_text(parameter, encoded)
        else:
            cookies.append(f"{parameter.wire}={quote(_header_text(parameter, encoded), safe='')}")
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return EncodedParameters(path, query, headers)


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
    text = ",".join(map(scalar_text, value)) if is_list(value) else scalar_text(value)
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
        return [(name, separator.join(map(scalar_text, value)))] if value else []
    if is_object(value):
        if parameter.style == "deepObject":
            return _deep_pairs(name, value)
        if parameter.explode:
            return [(key, scalar_text(item)) for key, item in value.items()]
        return [(name, ",".join(f"{key},{scalar_text(item)}" for key, item in value.items()))]
    return [(name, scalar_text(value))]


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
    text = ",".join(map(scalar_text, value)) if is_list(value) else scalar_text(value)
    if any(not " " <= character <= "~" for character in text):
        raise_invalid_argument(parameter.name, value, "visible ASCII characters", secret=parameter.secret)
    return text


def encode_form(payload: Mapping[str, Any]) -> bytes:
    """Encode an object as `application/x-www-form-urlencoded`; lists repeat their name."""
    pairs: list[tuple[str, str]] = []
    for name, value in payload.items():
        values = value if is_list(value) else [value]
        pairs.extend((name, scalar_text(item)) for item in values)
    return urlencode(pairs).encode("ascii")


def encode_parts(payload: Mapping[str, Any]) -> MultipartBody:
    """Encode an object as `multipart/form-data`: uploads become files, lists repeat their name, null is omitted."""
    from ..codecs.multipart import MultipartBody, Upload  # cost: few operations have uploads

    parts: list[tuple[str, str | Upload]] = []
    for name, value in payload.items():
        for item in value if is_list(value) else [value]:
            if item is not None:
                parts.append((name, item if isinstance(item, Upload) else scalar_text(item)))
    return MultipartBody(parts)
