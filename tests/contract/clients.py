"""The client, synchronous and asynchronous, called by operationId; and Hypothesis, called with a strategy."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import indoxrouter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from indoxrouter.about import OPERATIONS as METHODS

from tests.contract.engines import Answer, AsyncScriptedEngine, ScriptedEngine, json_answer
from tests.patience import ALL
from tests.spec.document import OPERATIONS, success

BASE_URL = "https://contract.test/api/v1"
API_KEY = "indox-" + "c" * 32

SCALE = int(os.environ.get("CONTRACT_EXAMPLES", "0"))
"""Examples of each generated test; 0 takes half of the numbers that the tests name, `make test-all` takes them all."""


def explore(strategy: SearchStrategy[Any], check: Callable[[Any], None], examples: int) -> None:
    """Run a check on generated values, the same ones each time; it fails with the smallest that it fails on."""

    # Without the phase that explains failures, which takes half a minute to do so.
    @settings(
        max_examples=SCALE or max(1, examples // (1 if ALL else 2)),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
    )
    @given(strategy)
    def run(value: Any) -> None:
        check(value)

    run()


class SyncCaller:
    """Calls operations of a synchronous client whose server always gives the same answer."""

    kind = "sync"

    def __init__(self) -> None:
        self.engine = ScriptedEngine(Answer())
        self.client = indoxrouter.Client(
            API_KEY, base_url=BASE_URL, authenticate=False, auth="api_key", engine=self.engine, max_retries=0
        )

    def __call__(self, operation_id: str, answer: Answer, **arguments: Any) -> Any:
        """The decoded answer; of a stream, the list of its chunks."""
        return self.into([], operation_id, answer, **arguments)

    def into(self, chunks: list[Any], operation_id: str, answer: Answer, **arguments: Any) -> Any:
        """The same, with the chunks of a stream in this list also when the stream fails."""
        self.engine.answer = answer
        result = method_of(self.client.api, operation_id)(**arguments)
        if isinstance(result, indoxrouter.Stream | indoxrouter.EventStream):
            for chunk in result:
                chunks.append(chunk)
            return chunks
        return result

    def close(self) -> None:
        """Close the client."""
        self.client.close()


class AsyncCaller:
    """The same with an asynchronous client, on an event loop of its own."""

    kind = "async"

    def __init__(self) -> None:
        self.engine = AsyncScriptedEngine(Answer())
        self.client = indoxrouter.AsyncClient(
            API_KEY, base_url=BASE_URL, auth="api_key", engine=self.engine, max_retries=0
        )
        self._runner = asyncio.Runner()  # type: ignore[attr-defined]  # since 3.11, which the tests need

    def __call__(self, operation_id: str, answer: Answer, **arguments: Any) -> Any:
        """The decoded answer; of a stream, the list of its chunks."""
        return self.into([], operation_id, answer, **arguments)

    def into(self, chunks: list[Any], operation_id: str, answer: Answer, **arguments: Any) -> Any:
        """The same, with the chunks of a stream in this list also when the stream fails."""
        self.engine.answer = answer
        return self._runner.run(self._call(chunks, operation_id, arguments))

    async def _call(self, chunks: list[Any], operation_id: str, arguments: dict[str, Any]) -> Any:
        result = await method_of(self.client.api, operation_id)(**arguments)
        if isinstance(result, indoxrouter.AsyncStream | indoxrouter.AsyncEventStream):
            async for chunk in result:
                chunks.append(chunk)
            return chunks
        return result

    def close(self) -> None:
        """Close the client and its loop."""
        self._runner.run(self.client.close())
        self._runner.close()


Caller = SyncCaller | AsyncCaller


@contextmanager
def caller_of(kind: str) -> Iterator[Caller]:
    """A caller of this kind, closed at the end."""
    caller: Caller = SyncCaller() if kind == "sync" else AsyncCaller()
    try:
        yield caller
    finally:
        caller.close()


def method_of(api: Any, operation_id: str) -> Callable[..., Any]:
    """The method of `client.api` that carries out an operation."""
    tag, name = METHODS[operation_id]
    method: Callable[..., Any] = getattr(getattr(api, tag), name)
    return method


@functools.cache
def usual_answer(operation_id: str) -> Answer:
    """The first example that the spec gives of a whole answer."""
    answer = success(OPERATIONS[operation_id])
    if "content" not in answer:
        return Answer(204)
    content = answer["content"]["application/json"]
    return json_answer(next(iter(content["examples"].values()))["value"])


STREAM_OF_NOTHING = Answer(200, {"Content-Type": "text/event-stream"}, [b"data: [DONE]\n\n"])
