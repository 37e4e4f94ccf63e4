"""One request on its way through the mock, and the reply that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base.json import is_object
from ..spec.errors import bad

if TYPE_CHECKING:
    from ..spec.document import Operation, Spec
    from ..state.accounts import Account, ApiKey
    from ..state.fault_queue import Fault
    from ..state.sessions import Session
    from ..state.state import State


@dataclass(slots=True)
class Upload:
    """One file of a multipart form."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Call:
    """A request, read and checked: what a handler works with. `headers` has lower-case names, one value each."""

    state: State
    spec: Spec
    operation: Operation
    method: str
    path: str
    prefix: str
    headers: dict[str, str]
    request_id: str
    client_ip: str
    started: float
    origin: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    files: dict[str, Upload] = field(default_factory=dict[str, Upload])
    account: Account | None = None
    key: ApiKey | None = None
    session: Session | None = None
    faults: dict[str, Fault] = field(default_factory=lambda: {})  # noqa: PIE807  # keeps its type for checkers
    replaying: bool = False

    @property
    def owner(self) -> Account:
        """The account that calls. Only for operations whose security asks for one."""
        if self.account is None:
            raise RuntimeError(
                f"{self.operation.id} has no security in the spec, yet its handler asks who calls"
            )
        return self.account

    def field(self, name: str, default: Any = None) -> Any:
        """A member of the body, or of its free-form `additional_params`; null counts as absent."""
        body = self.body
        value = body.get(name)
        if value is None:
            extra = body.get("additional_params")
            value = extra.get(name) if is_object(extra) else None
        return default if value is None else value

    def chosen(self, header: str, default: str, allowed: tuple[str, ...]) -> str:
        """What a steering header such as `X-Mock-Shape` asks for, else the server's own setting."""
        value = self.headers.get(header)
        if value is None:
            return default
        if value not in allowed:
            raise bad(f"header/{header}", f"{value!r} is not one of {', '.join(allowed)}")
        return value

    def url(self, path: str) -> str:
        """An absolute URL on this server, as the client reached it."""
        return f"{self.origin}{path}"


@dataclass(slots=True)
class Stream:
    """A reply of server-sent events. `events` may be iterated again: a replayed request gets the same stream.

    `close` is called once with nothing, when the last event was sent, the client left, or the stream was stopped.
    """

    id: str
    events: Callable[[], Iterator[Any]]
    close: Callable[[], None]
    stop: Callable[[], None]
    delay: float = 0.0
    done: str = "[DONE]"


@dataclass(slots=True)
class Reply:
    """What goes back: a JSON value in `body`, or ready bytes in `content`, or a stream."""

    body: Any = None
    status: int = 200
    content: bytes | None = None
    media_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    stream: Stream | None = None


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
