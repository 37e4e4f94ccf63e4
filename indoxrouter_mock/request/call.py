"""One request on its way through the mock, and the handlers that answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ..base.json import is_object
from ..base.reply import Reply, Upload
from ..spec.errors import invalid_value

if TYPE_CHECKING:
    from ..base.asgi import Scope
    from ..spec.contract import Contract
    from ..spec.document import Operation, Spec
    from ..state.accounts import Account, ApiKey
    from ..state.fault_queue import Fault
    from ..state.sessions import Session
    from ..state.state import State


STEERING = "x-mock-"
STEERING_HEADERS = (
    "x-mock-admin-token",
    "x-mock-chunk-delay",
    "x-mock-embeddings",
    "x-mock-events",
    "x-mock-fault",
    "x-mock-shape",
    "x-mock-speech",
    "x-mock-tokens",
)
"""The headers that control an answer, and the one for the admin endpoints."""


def check_steering(headers: dict[str, str]) -> None:
    """Raise ApiError 400 for an unknown header with the prefix of the mock's own: it would do nothing."""
    for name in headers:
        if name.startswith(STEERING) and name not in STEERING_HEADERS:
            raise invalid_value(
                f"header/{name}", f"is not known; known ones are {', '.join(STEERING_HEADERS)}"
            )


class Call(msgspec.Struct):
    """A request, read and checked: what a handler works with. `headers` has lower-case names, one value each.

    `operation` is the native one: its security, limits and prices apply. `contract` describes the request and its
    answer, which are those of another path under `/v1`.
    """

    state: State
    spec: Spec
    operation: Operation
    contract: Contract
    method: str
    path: str
    prefix: str
    headers: dict[str, str]
    request_id: str
    started: float
    scope: Scope
    """What ASGI says of the request."""
    params: dict[str, Any] = {}
    query: dict[str, Any] = {}
    body: Any = None
    media_type: str = ""
    """Of the body, without parameters."""
    fields: dict[str, Any] = {}
    """The members of the body, and of its free-form `additional_params` those that the body does not have."""
    wants_stream: bool = False
    """Whether the body asks for a stream."""
    own_key: bool = False
    """Whether the request brings a provider key: then neither limits nor credits count."""
    files: dict[str, Upload] = {}
    account: Account | None = None
    key: ApiKey | None = None
    session: Session | None = None
    faults: dict[str, Fault] = {}
    replaying: bool = False
    form_digest: str = ""
    """Of a form: what its fields and files are, whatever boundary separates them."""

    @property
    def owner(self) -> Account:
        """The account that calls. Only for operations whose security asks for one."""
        if self.account is None:
            raise RuntimeError(
                f"{self.operation.id} has no security in the spec, yet its handler asks who calls"
            )
        return self.account

    @property
    def client_ip(self) -> str:
        """The address that the request was sent from."""
        client = self.scope.get("client")
        return client[0] if client else "127.0.0.1"

    def take_body(self, body: Any) -> None:
        """Set the body, and what is read from it more than once."""
        self.body = body
        self.fields = fields = body if is_object(body) else {}
        stream = self.contract.operation.stream
        self.wants_stream = stream is not None and fields.get(stream.get("parameter", "")) is True
        self.own_key = bool(fields.get("byok_api_key"))
        extra = fields.get("additional_params")
        if extra and is_object(extra):
            given = {name: value for name, value in fields.items() if value is not None}
            self.fields = {**extra, **given}

    def change(self, name: str, value: Any) -> None:
        """Replace a member of the body."""
        self.body[name] = value
        self.fields[name] = value

    def field(self, name: str, default: Any = None) -> Any:
        """A member of the body, or of its free-form `additional_params`; null counts as absent."""
        value = self.fields.get(name)
        return default if value is None else value

    def text(self, name: str, default: str = "") -> str:
        """A text among the fields; empty counts as absent. Raises ApiError 400 for anything else."""
        value = self.field(name, default)
        if not isinstance(value, str):
            raise invalid_value(f"body/{name}", f"{str(value)[:100]} is not a text")
        return value or default

    def whole(self, name: str, default: int) -> int:
        """A whole number among the fields; 2.0 is one to JSON Schema. Raises ApiError 400 for anything else."""
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid_value(f"body/{name}", f"{value!r} is not a whole number")
        return value

    def header_choice(self, header: str, default: str, allowed: tuple[str, ...]) -> str:
        """What a steering header such as `X-Mock-Shape` asks for, else the server's own setting."""
        value = self.headers.get(header)
        if value is None:
            return default
        if value not in allowed:
            raise invalid_value(f"header/{header}", f"{value!r} is not one of {', '.join(allowed)}")
        return value

    def url(self, path: str) -> str:
        """An absolute URL on this server, as the client reached it."""
        scheme, host = self.scope.get("scheme", "http"), self.headers.get("host")
        if not host:
            host = "{}:{}".format(*(self.scope.get("server") or ("127.0.0.1", 80)))
        return f"{scheme}://{host}{path}"


Handler = Callable[[Call], "Reply | Any"]
"""A handler returns a Reply, or just the JSON value of a 200."""

HANDLERS: dict[str, Handler] = {}
"""Handlers by operationId. The spec decides where they are reached and what they may take and give."""


def operation(*identifiers: str) -> Callable[[Handler], Handler]:
    """Register a handler for operations of the spec, by operationId."""

    def register(handler: Handler) -> Handler:
        for identifier in identifiers:
            HANDLERS[identifier] = handler
        return handler

    return register
