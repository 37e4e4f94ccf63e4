"""`AsyncClient.map`: its signature and documentation. `indoxrouter_bulk`, imported when it is called, does the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import os

    from indoxrouter_bulk.journal import Journal
    from indoxrouter_bulk.rate_limiter import Pace
    from indoxrouter_bulk.results import MapRequests
    from indoxrouter_bulk.run import MapRun

    from .responses.embeddings import EmbeddingResponse
    from .responses.text import ChatResponse
    from .spending.protocol import BudgetProtocol


class MapMethod:
    """The part of `AsyncClient` that makes many calls."""

    @overload
    def map(
        self,
        requests: MapRequests,
        method: Literal["chat"] = "chat",
        *,
        concurrency: int = 16,
        ordered: bool = False,
        max_cost: float | None = None,
        expected_cost: Callable[[Any], float] | None = None,
        per_minute: float | None = None,
        retries: int = 5,
        idempotency: str | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        pace: Pace | None = None,
        budget: BudgetProtocol | None = None,
        **defaults: Any,
    ) -> MapRun[ChatResponse]: ...

    @overload
    def map(
        self,
        requests: MapRequests,
        method: Literal["embeddings"],
        *,
        concurrency: int = 16,
        ordered: bool = False,
        max_cost: float | None = None,
        expected_cost: Callable[[Any], float] | None = None,
        per_minute: float | None = None,
        retries: int = 5,
        idempotency: str | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        pace: Pace | None = None,
        budget: BudgetProtocol | None = None,
        **defaults: Any,
    ) -> MapRun[EmbeddingResponse]: ...

    @overload
    def map(
        self,
        requests: MapRequests,
        method: str,
        *,
        concurrency: int = 16,
        ordered: bool = False,
        max_cost: float | None = None,
        expected_cost: Callable[[Any], float] | None = None,
        per_minute: float | None = None,
        retries: int = 5,
        idempotency: str | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        pace: Pace | None = None,
        budget: BudgetProtocol | None = None,
        **defaults: Any,
    ) -> MapRun[Any]: ...

    def map(
        self,
        requests: MapRequests,
        method: str = "chat",
        *,
        concurrency: int = 16,
        ordered: bool = False,
        max_cost: float | None = None,
        expected_cost: Callable[[Any], float] | None = None,
        per_minute: float | None = None,
        retries: int = 5,
        idempotency: str | None = None,
        journal: Journal | str | os.PathLike[str] | None = None,
        pace: Pace | None = None,
        budget: BudgetProtocol | None = None,
        **defaults: Any,
    ) -> MapRun[Any]:
        """Make many calls at once, within the server's rate limit, and yield the results as they arrive.

        `async for result in client.map(["one", "two"], model="openai/gpt-4o-mini"): print(result.id,
        result.value.text)`

        Args:
            requests: for each call its first argument (for `chat` also a question as text), or a mapping of
                its keyword arguments; or a pair of a unique id and one of these. Requests are taken one by
                one, as calls complete. A `Path` of JSON lines, CSV or Parquet, or a frame, has a request in
                each row; see `indoxrouter_bulk.tables.read_rows`.
            method: a documented method: `chat`, `embeddings`, `completion`, `images`, …
            concurrency: largest number of calls in flight.
            ordered: yield results in the order of the requests instead of as they arrive.
            max_cost: USD; the run stops before a call could exceed it. A call that does not report its
                cost counts by `expected_cost`, also one that failed after it may have been charged. If no
                answer reports one, the default of `expected_cost` is 0 and never stops the run; a warning is
                logged at the first such call.
            expected_cost: returns the expected cost of a request in USD, for `max_cost`; by default the
                average so far.
            per_minute: largest number of calls a minute, in addition to the server's rate limit.
            retries: how often a rate-limited request is repeated. Other failures are retried by the client,
                according to its `max_retries`.
            idempotency: name of the job, from which the idempotency keys of the calls are derived, with the
                id of each row and its request; by default that of the journal, else random. A second run of the same
                job and the same requests is not billed again by a server that honours the keys.
            journal: directory that records the results, or a URI such as `s3://bucket/jobs/night` (extra
                `parquet`). A run with the same journal yields the recorded results and sends the other
                requests; failed requests are sent again.
            pace: rate limit that other processes share, such as `indoxrouter_bulk.shared.SharedPace`.
            budget: limit that other processes share, such as `indoxrouter_bulk.shared.SharedBudget`.
            defaults: keyword arguments of every call.

        Returns:
            The run, to iterate over. A failed request does not stop it; its result has the `error`.

        Raises:
            InvalidParametersError: for an argument with a wrong value.
            ImportError: when the extra `bulk` is not installed.
        """
        try:
            from indoxrouter_bulk.run import MapOptions, start_map  # optional: indoxrouter-bulk
        except ModuleNotFoundError as error:
            if error.name != "indoxrouter_bulk":
                raise
            raise ImportError("map needs the extra: pip install 'indoxrouter[bulk]'") from None

        client: Any = self  # the asynchronous client, which has the methods of `MapClient`
        options = MapOptions(
            concurrency,
            ordered,
            max_cost,
            expected_cost,
            per_minute,
            retries,
            idempotency,
            journal,
            pace,
            budget,
        )
        return start_map(client, requests, method, defaults, options)
