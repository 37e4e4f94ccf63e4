"""Maps failures to exceptions: error answers, errors inside a stream, and failures of the network.

Errors have several shapes: the documented one, two of FastAPI's, OpenAI's, the server's own, and the HTML
pages of gateways. The exception class follows the error code, then the status. The text of a message is never used
to choose it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..values import json
from ..values.masking import mask
from ..values.json import as_object, as_text, is_list, is_object
from ..values.text import number_of
from .messages import message_in, text_of_problem
from .retry_after import reset_time_of, retry_after_of

if TYPE_CHECKING:
    from ...errors import RootError
    from ..codecs.base import Codec
    from ..http.interface import TransportFailure

# What servers answer for a path that they do not know, or do not serve, and the words of the frameworks.
_PATH_STATUSES = {403: "forbidden", 404: "not found", 405: "method not allowed"}
_MAX_MESSAGE = 2000
_MAX_BODY = 64 * 1024


def error_from_body(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Iterable[str] = (),
    statuses: Mapping[int, str] | None = None,
    bodies: Mapping[str, Codec] | None = None,
    base_url: str = "",
) -> RootError:
    """The exception for an answer with an error status and any body.

    Args:
        status, headers, body: the answer.
        secrets: values to mask in everything the exception carries.
        statuses: exceptions of this operation by status. They hold for answers of the API itself: a proxy or another
            service that knows no such path says nothing about a model.
        bodies: documented bodies by status.
        base_url: of the request, for the message where the path seems to be wrong.
    """
    try:
        payload = json.loads(body) if body.strip() else None
    except json.MalformedJson:
        payload = _text_of_page(body, secrets)
    foreign = status in _PATH_STATUSES and _is_foreign(payload, status)
    error = error_from_payload(
        payload, status=status, headers=headers, secrets=secrets, statuses=None if foreign else statuses
    )
    if foreign and base_url and status != 403:
        error.message = f"{error.message.rstrip('.')}. Does the address include the API's path? It is {base_url}."
        error.args = (error.message,)
    if isinstance(payload, str):
        error.body = mask(body[:_MAX_BODY].decode("utf-8", "replace"), secrets)
    for key in (str(status), f"{status // 100}XX", "default"):
        if bodies and key in bodies and not isinstance(payload, str):
            error.body = bodies[key].decode(error.body)
            break
    return error


def _is_foreign(payload: Any, status: int) -> bool:
    """Whether the body of an error is a page, or the JSON that a framework or a proxy sends for a path it does not know.

    The API itself names a code, or says under `detail` what is missing.
    """
    from ... import errors  # cost: for errors only

    body = as_object(payload)
    fields = _ErrorFields(payload)
    error, detail = body.get("error"), body.get("detail")
    if is_object(error):
        code, kind = error.get("code"), error.get("type")
        return not (isinstance(code, str) and code) and not _says_not_found(kind)
    if isinstance(error, str):
        known = fields.code is not None and (fields.code in errors.ERROR_CODES or _is_exception(errors, fields.code))
        return not known and not ("message" in body and {"status_code", "request_id", "details"} & body.keys())
    if is_object(detail) or is_list(detail):
        return not detail
    return not isinstance(detail, str) or detail.strip(" .!").lower() in ("", _PATH_STATUSES[status])


def _without_cookies(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by lower-case name; what a cookie holds is a secret of the server's."""
    return {
        name.lower(): "***" if name.lower().startswith("set-cookie") else value for name, value in headers.items()
    }


def _says_not_found(kind: Any) -> bool:
    return isinstance(kind, str) and "not_found" in re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def error_from_payload(
    payload: Any,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
    statuses: Mapping[int, str] | None = None,
) -> RootError:
    """The exception for a parsed error: the body of an answer, or an event of a stream.

    Args:
        payload: the error in any of the known shapes, text, or None.
        status: the HTTP status of the answer. An error inside a success has the status that its body names.
        headers: of the answer, for the request id and `Retry-After`.
        secrets: values to mask in everything the exception carries.
        statuses: exceptions of this operation by status; they take precedence over the general table.
    """
    from ... import errors  # cost: for errors only

    fields = _ErrorFields(payload)
    headers = headers or {}
    if status is None or status < 400:
        status = fields.status if fields.status is not None else status
    kind = _class_for(fields.code, status, errors, statuses or {})
    limits = {**fields.body, **fields.details}
    message = fields.message or _default_message(status, headers)
    return kind(
        str(mask(message, secrets))[:_MAX_MESSAGE],
        status_code=status,
        error_type=mask(fields.code, secrets),
        details=mask(fields.details, secrets),
        body=mask(payload, secrets),
        headers=mask(_without_cookies(headers), secrets),
        request_id=mask(
            fields.request_id or headers.get("x-request-id") or headers.get("request-id"), secrets
        ),
        retry_after=retry_after_of(headers, limits),
        reset_time=reset_time_of(headers, limits),
    )


def _class_for(
    code: str | None, status: int | None, errors: Any, statuses: Mapping[int, str]
) -> type[RootError]:
    name = errors.ERROR_CODES.get(code) if code is not None else None
    if name is None and code is not None and _is_exception(errors, code):
        name = code  # the server sends the class name of its exception
    general = errors.ERROR_STATUSES.get(status) if status is not None else None
    if status is not None and (name is None or _refines(errors, general, name)):
        # If the exception of the status is the same or a subclass, it is used: `invalid_request` with a 422 is a
        # ValidationError, and an operation may map its 404 to the resource that was not found.
        name = statuses.get(status) or general
    if name is None and status is not None and 400 <= status < 500:
        name = "RequestError"
    kind: type[RootError] = getattr(errors, name or "APIError")
    return kind


def _is_exception(errors: Any, name: str) -> bool:
    kind = getattr(errors, name, None) if name in errors.__all__ else None
    return isinstance(kind, type) and issubclass(kind, errors.RootError)


def _refines(errors: Any, general: str | None, name: str) -> bool:
    """Whether the exception of the status is that of the code, or a subclass of it."""
    return general is not None and issubclass(getattr(errors, general), getattr(errors, name))


class _ErrorFields:
    """Code, message, status, details and request id of an error in any of the known shapes."""

    def __init__(self, payload: Any) -> None:
        # Some gateways wrap the error in a list.
        inner = payload[0] if is_list(payload) and len(payload) == 1 else payload
        self.body = as_object(inner)
        self.code: str | None = None
        self.message: str = payload.strip() if isinstance(payload, str) else ""
        self.details: dict[str, Any] = {}
        error = self.body.get("error")
        detail = self.body.get("detail")
        if is_object(error):  # OpenAI's shape, and errors inside streams
            self._read_object(error)
        elif isinstance(error, str):
            is_code = bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.\-]*", error))
            self.code = error if is_code else None
            self.message = "" if is_code else error
        if isinstance(detail, str):
            self.message = detail
        elif is_object(detail):
            self._read_object(detail)
        elif is_list(detail):
            self.message = "; ".join(filter(None, map(text_of_problem, detail))) or "the request is not valid"
            self.details["errors"] = detail
        own_details = self.body.get("details")
        if is_object(own_details):
            self.details.update(own_details)
        elif own_details is not None:
            self.details["details"] = own_details
        self.message = message_in(self.body.get("message")) or self.message
        errors = self.body.get("errors")
        if errors and "errors" not in self.details:
            self.details["errors"] = errors
        rest = {key: item for key, item in self.body.items() if key != "error" or self.code != error}
        self.message = self.message or message_in(rest) or (error if isinstance(error, str) else "")
        for key in ("error_type", "code", "error_code", "errorCode"):
            if self.code is None and isinstance(self.body.get(key), str):
                self.code = self.body[key]
        if is_list(payload):
            self.details["body"] = payload
        self.status = _status_in(self.body) or _status_in(error) or _status_in(detail)
        self.request_id = as_text(self.body.get("request_id")) or as_text(self.details.get("request_id")) or None

    def _read_object(self, error: dict[str, Any]) -> None:
        code = error.get("code")
        names = [
            value
            for value in (code, error.get("error"), error.get("type"))
            if isinstance(value, str) and value
        ]
        from ...errors import ERROR_CODES  # cost: for errors only

        known = [name for name in names if name in ERROR_CODES]
        self.code = next(iter(known or names), None)
        self.message = message_in(error)
        self.details.update(as_object(error.get("details")))
        taken = {"message", "code", "type", "details", "error"}
        self.details.update(
            {key: value for key, value in error.items() if key not in taken and value is not None}
        )


def _status_in(value: Any) -> int | None:
    if not is_object(value):
        return None
    for key in ("status_code", "status", "code"):
        status = number_of(value.get(key))
        if isinstance(status, int) and 400 <= status <= 599:
            return status
    return None


def _text_of_page(body: bytes, secrets: Iterable[str]) -> str:
    """A message from a body that is not JSON: the title of an HTML page, or the first line of text.

    Secrets are masked before the text is cut, because a part of a secret would not be recognized.
    """
    text = str(mask(body[:8192].decode("utf-8", "replace"), secrets))[:4096]
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
    if title:
        return title.group(1).strip()
    if "<" in text and ">" in text:
        return ""
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else ""


def _default_message(status: int | None, headers: Mapping[str, str]) -> str:
    if status is None:
        return "The server reported an error without a message"
    if 300 <= status < 400:
        return f"The server answered {status} with a redirect, which is not followed: check base_url"
    kind = headers.get("content-type", "").partition(";")[0]
    return f"The server answered {status}" + (f" with {kind} and no message" if kind else " with no message")


def error_from_transport(failure: TransportFailure, host: str, secrets: Iterable[str] = ()) -> RootError:
    """The exception for a failure of the network, with the host and the cause.

    The cause may quote bytes that the server sent, so `secrets` are masked in it.
    """
    from ... import errors  # cost: for errors only

    reason = mask(failure.reason, secrets)
    if failure.kind == "too_large":
        return errors.APIError(f"The answer of {host} was refused: {reason}")
    if failure.timeout:
        kind = failure.option or failure.kind
        return errors.RequestTimeoutError(f"{host} did not answer in time: {reason}", error_type=kind)
    if "WRONG_VERSION_NUMBER" in reason:
        reason = "the server does not speak TLS on this port; its URL may begin with http://, not https://"
    if failure.kind in ("connect", "connect_timeout", "pool_timeout"):
        return errors.NetworkError(f"Could not connect to {host}: {reason}", error_type=failure.kind)
    return errors.NetworkError(f"The connection to {host} failed: {reason}", error_type=failure.kind)
