"""Many calls at once: what `AsyncClient.map` takes and hands out. `batch_run` does the work.

A run keeps so many calls under way, no faster than the server allows, and hands out results as they come. It ends early
in three cases, in which going on would only waste time or money: the key or the credits are refused, the server
cannot be reached, the cost reaches its limit. Then what was under way is still handed out, and the reason is raised.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from indoxrouter._runtime.codecs.base import refuse
from indoxrouter.errors import IndoxRouterError

from .rate_limiter import Pace

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from .run import MapRun

__all__ = ["MapRequest", "MapResult", "MaxCostReachedError", "Shape", "map_requests"]

MapRequest: TypeAlias = "str | Sequence[Any] | Mapping[str, Any] | tuple[Any, Any]"
"""What one call is made of: its first argument (for `chat` also a question as text), or a mapping of its keyword
arguments; or a pair of an id of yours and one of these."""


class MaxCostReachedError(IndoxRouterError):
    """The run was stopped before it cost more than allowed.

    Attributes:
        cost: USD spent.
        max_cost: USD allowed.
    """

    def __init__(self, cost: float, max_cost: float) -> None:
        super().__init__(
            f"Stopped: ${cost:.6f} are spent, and another call could exceed the ${max_cost:.6f} allowed"
        )
        self.cost = cost
        self.max_cost = max_cost


@attrs.frozen(kw_only=True)
class MapResult:
    """What came of one request.

    Attributes:
        id: the request's: yours, if you gave one, else its index.
        index: of the request among all, from 0.
        request: as it was given.
        value: what the method returned; None when it failed.
        error: why it failed, or None.
        cost: USD, where the server said.
        attempts: how often it was sent by the run; the client's own repetitions are in `value.http.attempts`.
        seconds: that it took, waiting included.
    """

    id: Any
    index: int
    request: Any = attrs.field(repr=False)
    value: Any = None
    error: IndoxRouterError | None = None
    cost: float | None = None
    attempts: int = 1
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.error is None

    def unwrap(self) -> Any:
        """What the method returned.

        Raises:
            IndoxRouterError: what the call raised.
        """
        if self.error is not None:
            raise self.error
        return self.value


def map_requests(
    client: AsyncClient,
    requests: Iterable[MapRequest] | AsyncIterable[MapRequest],
    method: str,
    *,
    concurrency: int,
    ordered: bool,
    max_cost: float | None,
    expected_cost: Callable[[Any], float] | None,
    per_minute: float | None,
    retries: int,
    idempotency: str | None,
    defaults: Mapping[str, Any],
) -> MapRun:
    """Check the arguments and make the run; `AsyncClient.map` documents them.

    Raises:
        InvalidParametersError: for an argument that is wrong.
    """
    checked: list[tuple[str, Any, int]] = [("concurrency", concurrency, 1), ("retries", retries, 0)]
    for name, value, lowest in checked:
        if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
            refuse(name, value, f"a whole number, {lowest} or more")
    amounts: list[tuple[str, Any]] = [("max_cost", max_cost), ("per_minute", per_minute)]
    for name, number in amounts:
        if number is not None and (
            isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0
        ):
            refuse(name, number, "a positive number")
    kind: type[Any] = type(requests)
    if issubclass(kind, (str, bytes, Mapping)) or not issubclass(kind, (Iterable, AsyncIterable)):
        refuse("requests", requests, "requests to iterate over, such as a list or an asynchronous generator")
    from .run import MapRun, RunState

    shape = Shape(method, defaults)
    state = RunState(client.with_options(max_retry_wait=0), shape, requests)
    state.concurrency = concurrency
    state.ordered = ordered
    state.max_cost = max_cost
    state.expected_cost = expected_cost
    state.retries = retries
    state.pace = Pace(per_minute)
    state.prefix = secrets.token_hex(8) if idempotency is None else idempotency
    return MapRun(state)


class Shape:
    """How a request becomes keyword arguments of the method."""

    def __init__(self, method: Any, defaults: Mapping[str, Any]) -> None:
        import inspect

        from indoxrouter.async_facade import AsyncFacade
        from indoxrouter.facade_entries import ENTRIES

        entry = ENTRIES.get(method) if isinstance(method, str) else None
        if entry is None:
            from difflib import get_close_matches

            near = get_close_matches(str(method), ENTRIES, n=2)
            refuse("method", method, f"a documented method{f', such as {near[0]!r}' if near else ''}")
        names = [
            name for name in inspect.signature(getattr(AsyncFacade, method)).parameters if name != "self"
        ]
        if defaults.get("stream"):
            refuse("stream", True, "no stream: a run hands out whole answers")
        self.method: str = method
        self.first = names[0]
        self._defaults = dict(defaults)
        self._takes_text = True
        if isinstance(entry.operation, tuple):
            for body in entry.load().bodies[:1]:
                schema = getattr(getattr(body.codec, "model", None), "_schema_", None)
                field = schema.by_wire.get(self.first) if schema is not None else None
                self._takes_text = field is None or field.codec.accepts("text")

    def arguments(self, request: Any) -> dict[str, Any]:
        """Keyword arguments of one call."""
        if isinstance(request, Mapping):
            return {**self._defaults, **request}
        if isinstance(request, str) and not self._takes_text:
            request = [{"role": "user", "content": request}]  # a question, where messages are wanted
        return {**self._defaults, self.first: request}
