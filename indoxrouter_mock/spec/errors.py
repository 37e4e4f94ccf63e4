"""Errors as the API documents them: a code, a status, a message and details."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from .validation import Finding

CODES = {
    400: "invalid_request",
    401: "authentication_error",
    402: "insufficient_credits",
    403: "permission_denied",
    404: "not_found",
    405: "invalid_request",
    409: "invalid_request",
    413: "invalid_request",
    415: "invalid_request",
    422: "invalid_request",
    429: "rate_limit_exceeded",
    500: "provider_error",
    501: "not_supported",
    502: "provider_error",
    503: "provider_error",
    504: "provider_error",
}
"""The documented error code for each status."""


class ApiError(Exception):
    """Ends a request with the documented error body. `headers` go out with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or CODES.get(status, "invalid_request")
        self.message = message
        self.details = details or {}
        self.headers = list(headers)
        self.parameter: str | None = None
        """The place of the first problem as OpenAI names it."""

    def body(self) -> dict[str, Any]:
        """The documented error body."""
        if self.status == 409:  # no documented code means a conflict, so the spec's example has none either
            return {"detail": self.message}
        return {
            "error": self.code,
            "message": self.message,
            "detail": self.message,  # published clients read their message here
            "status_code": self.status,
            "details": self.details,
        }

    def openai_body(self) -> dict[str, Any]:
        """The same in the form of the OpenAI-compatible paths."""
        return {
            "error": {"message": self.message, "type": self.code, "param": self.parameter, "code": self.code}
        }


class UnknownPath(ApiError):
    """Ends a request for a path that the server does not know, with the body of its web framework."""

    def __init__(self, path: str) -> None:
        super().__init__(404, f"there is nothing at {path}")
        self.path = path

    def body(self) -> dict[str, Any]:
        """The framework's body, with the path."""
        return {"detail": "Not Found", "path": self.path}


def openai_parameter(finding: Finding) -> str | None:
    """A place such as `body/messages/0/content` as OpenAI names it, `messages[0].content`. None for a header and for
    the body as a whole, which have no name there.
    """
    place, *pieces = finding.path.split("/")
    names = finding.names
    if names is None:
        names = tuple(int(piece) if piece.isdecimal() and len(piece) < 10 else piece for piece in pieces)
    if place == "header" or not names:
        return None
    first, *others = names
    return str(first) + "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in others)


def invalid(findings: list[Finding], status: int) -> ApiError:
    """A request that breaks the spec: the message names the first problems, `details.problems` has them all."""
    shown = "; ".join(f"{finding.path}: {finding.message}" for finding in findings[:3])
    more = f" (and {len(findings) - 3} more)" if len(findings) > 3 else ""
    problem = ApiError(
        status, f"{shown}{more}", details={"problems": [finding.as_dict() for finding in findings[:100]]}
    )
    problem.parameter = openai_parameter(findings[0])
    return problem


@contextmanager
def sent_as(places: Mapping[str, str]) -> Generator[None, None, None]:
    """Problems inside name the places of a request that was put into another form: by their names there, its own."""
    try:
        yield
    except ApiError as problem:
        for old, new in places.items():
            found = moved(problem, old, new)
            if found is not problem:
                raise found from problem
        raise


def moved(problem: ApiError, old: str, new: str) -> ApiError:
    """The same problem with values that lie in another place than the one that it names, such as `query` for `body`."""
    findings = [
        Finding(f"{new}{each['path'].removeprefix(old)}", each["message"], each["type"])
        for each in problem.details.get("problems", ())
        if each["path"].startswith(old)
    ]
    return invalid(findings, problem.status) if findings else problem


def invalid_value(path: str, message: str, *, status: int = 400, keyword: str = "value") -> ApiError:
    """One problem with one value, found by the mock's own rules rather than by a schema."""
    return invalid([Finding(path, message, keyword)], status)
