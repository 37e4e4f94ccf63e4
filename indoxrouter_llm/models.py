"""The models: chat, blocking and asynchronous, and embeddings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any

import llm
from indoxrouter import AsyncClient, ChatResponse, Client
from llm.models import EmbeddingModel
from llm.parts import StreamEvent
from pydantic import Field

from indoxrouter_llm.messages import messages_on_wire

__all__ = ["AsyncChatModel", "ChatModel", "Embedder"]

IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


class _Keyed:
    needs_key: str | None = "indoxrouter"
    key_env_var: str | None = "INDOX_ROUTER_API_KEY"


class _Chat(_Keyed):
    """What both kinds of chat model share."""

    can_stream = True
    supports_schema = True
    supports_tools = True

    class Options(llm.Options):
        """Options of a prompt: `llm -o temperature 0.2`."""

        temperature: float | None = Field(default=None, ge=0, le=2, description="Randomness, from 0 to 2.")
        max_tokens: int | None = Field(default=None, ge=1, description="Most tokens of the answer.")
        top_p: float | None = Field(
            default=None, ge=0, le=1, description="Share of the probability mass, from 0 to 1."
        )
        seed: int | None = Field(default=None, description="Seed, for models that take one.")

    def __init__(self, name: str, tags: Iterable[str] = ("chat",)) -> None:
        self.name = name
        self.model_id = f"indoxrouter/{name}"
        self.attachment_types: Any = IMAGES if "vision" in tags else frozenset()

    def _arguments(self, prompt: llm.Prompt) -> dict[str, Any]:
        """The arguments of `Client.chat`, without `stream`."""
        options: Any = prompt.options
        found = {"model": self.name, "temperature": None, **options.model_dump(exclude_none=True)}
        if prompt.schema:
            found["response_format"] = prompt.schema
        tools = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description or "",
                    "parameters": tool.input_schema or {"type": "object", "properties": {}},
                },
            }
            for tool in prompt.tools
            if isinstance(tool, llm.Tool)
        ]
        return {**found, "tools": tools} if tools else found


class ChatModel(_Chat, llm.KeyModel):  # type: ignore[misc]  # both have Options
    """A model that chats.

    Args:
        name: `provider/model`.
        tags: what it can do; with `vision`, prompts may have images.
    """

    def execute(
        self, prompt: llm.Prompt, stream: bool, response: Any, conversation: Any, key: str | None = None
    ) -> Iterator[str | StreamEvent]:
        """Send a prompt, and yield the answer as it arrives."""
        messages, arguments = messages_on_wire(prompt), self._arguments(prompt)
        with Client(key, auth="api_key") as client:
            if not stream:
                answer: ChatResponse = client.chat(messages, **arguments)
                yield from _events(answer.reasoning, answer.text, prompt)
                _finish(response, answer)
                return
            with client.chat(messages, stream=True, **arguments) as events:
                for chunk in events:
                    yield from _events(chunk.reasoning, chunk.text, prompt)
                _finish(response, events.response)


class AsyncChatModel(_Chat, llm.AsyncKeyModel):  # type: ignore[misc]  # both have Options
    """The same for `llm.get_async_model`."""

    async def execute(
        self, prompt: llm.Prompt, stream: bool, response: Any, conversation: Any, key: str | None = None
    ) -> AsyncGenerator[str | StreamEvent, None]:
        """Send a prompt, and yield the answer as it arrives."""
        messages, arguments = messages_on_wire(prompt), self._arguments(prompt)
        async with AsyncClient(key, auth="api_key") as client:
            if not stream:
                answer: ChatResponse = await client.chat(messages, **arguments)
                for event in _events(answer.reasoning, answer.text, prompt):
                    yield event
                _finish(response, answer)
                return
            async with await client.chat(messages, stream=True, **arguments) as events:
                async for chunk in events:
                    for event in _events(chunk.reasoning, chunk.text, prompt):
                        yield event
                _finish(response, events.response)


def _events(reasoning: str | None, text: str, prompt: llm.Prompt) -> Iterator[StreamEvent]:
    if reasoning and not prompt.hide_reasoning:
        yield StreamEvent(type="reasoning", chunk=reasoning)
    if text:
        yield StreamEvent(type="text", chunk=text)


def _finish(response: Any, answer: ChatResponse) -> None:
    """Record tool calls, tokens and cost: `llm logs --json` shows them."""
    for call in answer.tool_calls:
        response.add_tool_call(llm.ToolCall(call.name, call.arguments, call.id))
    usage = answer.usage
    if usage is not None:
        details = {"cost": usage.cost, "reasoning_tokens": usage.reasoning_tokens}
        response.set_usage(
            input=usage.tokens_prompt,
            output=usage.tokens_completion,
            details={name: value for name, value in details.items() if value is not None} or None,
        )
    if answer.model:
        response.set_resolved_model(f"{answer.provider}/{answer.model}" if answer.provider else answer.model)
    response.response_json = {
        "finish_reason": answer.finish_reason,
        "cost": answer.cost,
        "request_id": answer.request_id,
    }


class Embedder(_Keyed, EmbeddingModel):
    """A model that embeds.

    Args:
        name: `provider/model`.
    """

    batch_size = 100

    def __init__(self, name: str) -> None:
        self.name = name
        self.model_id = f"indoxrouter/{name}"

    def embed_batch(self, items: Iterable[str | bytes]) -> Iterator[list[float]]:
        """The vectors of texts, in their order."""
        texts = [item if isinstance(item, str) else item.decode() for item in items]
        with Client(self.get_key(), auth="api_key") as client:
            yield from client.embeddings(texts, model=self.name).data
