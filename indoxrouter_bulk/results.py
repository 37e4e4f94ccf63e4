"""What `AsyncClient.map` accepts and yields."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Generic, Protocol, TypeAlias, TypeVar

import attrs
from indoxrouter._runtime.codecs.base import near_names, raise_invalid_argument
from indoxrouter._runtime.models.schema import schema_of
from indoxrouter._runtime.values.introspection import UNCHECKED
from indoxrouter.async_facade import AsyncFacade
from indoxrouter.errors import IndoxRouterError
from indoxrouter.facade_entries import ENTRIES

__all__ = [
    "ArgumentBinder",
    "ArrowStream",
    "MapRequest",
    "MapRequests",
    "MapResult",
    "MapTable",
    "MaxCostReachedError",
]

ValueT = TypeVar("ValueT")

MapRequest: TypeAlias = "str | Sequence[Any] | Mapping[str, Any] | tuple[Any, Any] | IndoxRouterError"
"""One request: the method's first argument (for `chat` also a question as text), or a mapping of its keyword arguments;
or a pair of the caller's own id and one of these. The result of a row that is not a request is its error."""


class ArrowStream(Protocol):
    """A frame of pandas or polars, a table of pyarrow, and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


MapTable: TypeAlias = "os.PathLike[str] | ArrowStream"
"""A file or frame of requests; see `indoxrouter_bulk.tables.read_rows`."""

MapRequests: TypeAlias = "Annotated[Iterable[MapRequest] | AsyncIterable[MapRequest] | MapTable, UNCHECKED]"
"""All requests of a run."""


class MaxCostReachedError(IndoxRouterError):
    """The run was stopped before it could cost more than `max_cost`.

    Attributes:
        cost: USD spent; calls without a reported cost count with their expected cost.
        max_cost: USD allowed.
    """

    def __init__(self, cost: float, max_cost: float) -> None:
        super().__init__(
            f"Stopped: ${cost:.6f} spent, and another call could exceed the limit of ${max_cost:.6f}"
        )
        self.cost = cost
        self.max_cost = max_cost


@attrs.frozen(kw_only=True)
class MapResult(Generic[ValueT]):
    """The result of one request.

    Attributes:
        id: the id that the caller passed, else `index`.
        index: position of the request, from 0.
        request: the request as passed.
        value: the result of the method, such as a `ChatResponse`; None if the call failed.
        error: the exception of the call, or None.
        cost: USD, or None if the server did not report it.
        attempts: how often the run sent it, 0 if the journal had its result; the client's own
            retries are in `value.http.attempts`.
        seconds: the duration, waiting included.
    """

    id: Any
    index: int
    request: Any = attrs.field(repr=False)
    value: ValueT = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # None beside an error
    error: IndoxRouterError | None = None
    cost: float | None = None
    attempts: int = 1
    seconds: float = 0.0

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report wrong names

        def __getattr__(self, name: str) -> Any:
            hint = near_names(name, dir(type(self)), "the answer of the call is its .value")
            raise AttributeError(f"MapResult has no {name!r}: {hint}")

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.error is None

    def unwrap(self) -> ValueT:
        """The result of the method.

        Raises:
            IndoxRouterError: the exception of the call.
        """
        if self.error is not None:
            raise self.error
        return self.value


class MapResults(Protocol):
    """The results of a run of `method`: a `MapRun`."""

    @property
    def method(self) -> str: ...

    def __aiter__(self) -> AsyncIterator[MapResult[Any]]: ...


class ArgumentBinder:
    """Binds a request to the keyword arguments of a method.

    Args:
        method: the name of a documented method.
        defaults: keyword arguments of every call.

    Raises:
        InvalidParametersError: for a method that does not exist, or a stream.
    """

    def __init__(self, method: Any, defaults: Mapping[str, Any]) -> None:
        entry = ENTRIES.get(method) if isinstance(method, str) else None
        if entry is None:
            near = get_close_matches(str(method), ENTRIES, n=2)
            raise_invalid_argument(
                "method", method, f"a documented method{f', such as {near[0]!r}' if near else ''}"
            )
        names = [
            name for name in inspect.signature(getattr(AsyncFacade, method)).parameters if name != "self"
        ]
        if defaults.get("stream"):
            raise_invalid_argument("stream", True, "no stream: a run yields whole answers")
        self.method: str = method
        self.secrets: frozenset[str] = frozenset(entry.load().secrets)
        self.first = names[0]
        self.names = names
        self._defaults = dict(defaults)
        self.fields: dict[str, Any] = {}
        self._texts: dict[str, bool] = {}
        if isinstance(entry.operation, tuple):
            for body in entry.load().bodies[:1]:
                schema = schema_of(body.codec)
                self.fields = schema.by_wire if schema is not None else {}

    def takes_text(self, name: str) -> bool:
        """Whether an argument may be text, as far as is known."""
        if name not in self._texts:  # asking is slow: the answer may be an exception
            self._texts[name] = name not in self.fields or self.fields[name].codec.accepts("text")
        return self._texts[name]

    def arguments(self, request: Any) -> dict[str, Any]:
        """The keyword arguments of one call."""
        if isinstance(request, Mapping):
            return {**self._defaults, **request}
        if isinstance(request, str) and not self.takes_text(self.first):
            request = [{"role": "user", "content": request}]  # a question, for a method that takes messages
        return {**self._defaults, self.first: request}
