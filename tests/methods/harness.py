"""One harness for both clients: a test says what it calls, and the harness waits where there is something to."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from indoxrouter import AsyncClient, Client

from indoxrouter_mock import MockServer
from tests.spec.document import OPERATIONS, former_names


class Harness:
    """A client of either kind and the mock it talks to.

    `harness.chat(…)` calls the method and gives its result, awaited if need be; so does
    `harness(some.bound_method, …)`.
    """

    def __init__(self, kind: str, mock: MockServer, **options: Any) -> None:
        self.kind = kind
        self.mock = mock
        self._loop = asyncio.new_event_loop() if kind == "async" else None
        self.client: Any = self._make(**options)

    def _make(self, **options: Any) -> Any:
        make: Any = Client if self.kind == "sync" else AsyncClient
        return make(**{"api_key": self.mock.api_key, "base_url": self.mock.base_url, **options})

    def another(self, **options: Any) -> Harness:
        """The same harness around a client with other constructor arguments."""
        twin = object.__new__(Harness)
        twin.__dict__.update(self.__dict__)
        twin.client = self._make(**options)
        return twin

    def with_headers(self, **headers: str) -> Harness:
        """The same harness around a client that steers the mock with headers: `X-Mock-Shape` and the like."""
        twin = object.__new__(Harness)
        twin.__dict__.update(self.__dict__)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        twin.client = self.client.with_options(headers=named)
        return twin

    def __call__(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.wait(method, *args, **kwargs)

    def wait(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call, and await what can be awaited."""
        if self._loop is None:
            return method(*args, **kwargs)

        async def call() -> Any:
            result = method(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return self._loop.run_until_complete(call())

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self.wait(getattr(self.client, name), *args, **kwargs)

        return call

    def collect(self, stream: Any) -> list[Any]:
        """Everything that an iterator or an asynchronous iterator gives."""
        if self._loop is None:
            return list(stream)

        async def gather() -> list[Any]:
            return [item async for item in stream]

        return self._loop.run_until_complete(gather())

    @property
    def parameters_sent(self) -> dict[str, Any]:
        """The parameters for the model's provider in the last request, whether the API knows them as fields or not."""
        body: dict[str, Any] = self.last_request["body"]
        return {**body, **body.get("additional_params", {})}

    @property
    def last_request(self) -> dict[str, Any]:
        """The last request that the mock recorded, secrets masked.

        Arguments that the description renamed have their former names, so that a test goes on stating its rule: the
        names sent are the present ones, as `tests/generator/test_facade.py` holds.
        """
        request = self.mock.requests[-1]
        names = former_names(OPERATIONS.get(request["operation"], {}))
        if not names:
            return request
        query = [(names.get(name, name), value) for name, value in parse_qsl(request["query"])]
        body = request["body"]
        if isinstance(body, dict):
            body = {names.get(name, name): value for name, value in body.items()}
        return {**request, "query": urlencode(query), "body": body}

    def close(self) -> None:
        """Close the client, and the loop with it."""
        self.wait(self.client.close)
        if self._loop is not None:
            self._loop.close()
