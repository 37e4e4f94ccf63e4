"""The chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser, PydanticToolsParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import Field

from indoxrouter_langchain.connection import KEY, Connection
from indoxrouter_langchain.messages import answer_of, last_chunk_of, messages_on_wire

__all__ = ["ChatIndoxRouter"]

Method = Literal["json_schema", "function_calling", "json_mode"]


class ChatIndoxRouter(Connection, BaseChatModel):
    """A chat model of the IndoxRouter API.

    Args:
        model: `provider/model`, such as `openai/gpt-4o-mini`.
        temperature: from 0 to 2; None for the default of the model.
        max_tokens: most tokens of an answer.
        top_p: share of the probability mass to sample from, from 0 to 1.
        stop: texts that end the answer.
        streaming: whether `invoke` reads the answer as a stream.
        model_kwargs: further arguments of `Client.chat`, such as `seed` or parameters of the provider.
        api_key, base_url, timeout, max_retries, client_options, client, async_client: see `Connection`.

    `response_metadata` of each message has `model_name`, `finish_reason`, `cost` in USD, and `request_id`. Failures
    raise the exceptions of `indoxrouter`.
    """

    model: str = "openai/gpt-4o-mini"
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: list[str] | str | None = None
    streaming: bool = False
    model_kwargs: dict[str, Any] = Field(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "indoxrouter-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, **self._sampling(), **self.model_kwargs}

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The fields that serialized models refer to by environment variable."""
        return {"api_key": KEY}

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Whether LangChain can serialize the model: yes, without its key and clients."""
        return True

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "indoxrouter"
        return params

    def _sampling(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "max_tokens": self.max_tokens, "top_p": self.top_p}

    def _arguments(self, stop: list[str] | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of `Client.chat`; those of a call replace those of the model."""
        own = {
            "model": self.model,
            **self._sampling(),
            "stop": stop or self.stop or None,
            **self.model_kwargs,
        }
        return {**own, **kwargs}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        response = self.blocking().chat(messages_on_wire(messages), **self._arguments(stop, kwargs))
        return _result(answer_of(response))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        client = self.asynchronous()
        response = await client.chat(messages_on_wire(messages), **self._arguments(stop, kwargs))
        return _result(answer_of(response))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        arguments = self._arguments(stop, kwargs)
        with self.blocking().chat(messages_on_wire(messages), stream=True, **arguments) as stream:
            for chunk in stream:
                if chunk.text or chunk.reasoning:
                    generation = _piece(chunk.text, chunk.reasoning)
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=generation)
                    yield generation
            yield _last(last_chunk_of(stream.response))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        arguments = self._arguments(stop, kwargs)
        stream = await self.asynchronous().chat(messages_on_wire(messages), stream=True, **arguments)
        async with stream:
            async for chunk in stream:
                if chunk.text or chunk.reasoning:
                    generation = _piece(chunk.text, chunk.reasoning)
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(chunk.text, chunk=generation)
                    yield generation
            yield _last(last_chunk_of(stream.response))

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A model that may call these tools.

        Args:
            tools: functions, tools of LangChain, Pydantic models, or definitions in OpenAI's form.
            tool_choice: "auto", "none", "any" (one of the tools has to be called), the name of a tool, or a
                `tool_choice` object; True stands for "any".
            strict: whether the provider has to hold the arguments to the schema.
            kwargs: further arguments of `Client.chat`.
        """
        definitions = [convert_to_openai_tool(each, strict=strict) for each in tools]
        if tool_choice:
            kwargs["tool_choice"] = _tool_choice(tool_choice)
        return self.bind(tools=definitions, **kwargs)  # type: ignore[return-value, unused-ignore]

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Method = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """A model whose answers are instances of a schema.

        Args:
            schema: a Pydantic model, a TypedDict, or a JSON schema; None returns any JSON, for `json_mode` alone.
            method: `json_schema` sends the schema as `response_format`, `function_calling` as a tool that has to be
                called, and `json_mode` asks for JSON of any form.
            include_raw: whether to return `{"raw", "parsed", "parsing_error"}` and raise no error of parsing.
            strict: whether the provider has to hold the answer to the schema.
            kwargs: further arguments of `Client.chat`.

        Raises:
            ValueError: for a method without the schema that it needs.
        """
        if schema is None and method != "json_mode":
            raise ValueError(f"schema: expected one for method={method!r}")
        model_class: Any = schema if isinstance(schema, type) and is_basemodel_subclass(schema) else None
        parser: Any = (
            PydanticOutputParser(pydantic_object=model_class)
            if model_class is not None
            else JsonOutputParser()
        )
        described: dict[str, Any] = {"kwargs": {"method": method, "strict": strict}, "schema": None}
        if schema is not None:
            described["schema"] = convert_to_json_schema(schema)
        if method == "function_calling":
            assert schema is not None
            name = convert_to_openai_tool(schema)["function"]["name"]
            model = self.bind_tools(
                [schema], tool_choice=name, strict=strict, ls_structured_output_format=described, **kwargs
            )
            parser = (
                PydanticToolsParser(tools=[model_class], first_tool_only=True)
                if model_class is not None
                else JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
            )
        else:
            wanted: dict[str, Any] = {"type": "json_object"}
            if method == "json_schema":
                json_schema = described["schema"]
                named = {"name": json_schema.get("title") or "answer", "schema": json_schema}
                wanted = {"type": "json_schema", "json_schema": named}
                if strict is not None:
                    named["strict"] = strict
            model = self.bind(  # type: ignore[assignment, unused-ignore]
                response_format=wanted, ls_structured_output_format=described, **kwargs
            )
        if not include_raw:
            return model | parser
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        failed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=model) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _tool_choice(choice: str | dict[str, Any] | bool) -> Any:
    if choice is True or choice == "any":
        return "required"
    if isinstance(choice, str) and choice not in ("auto", "none", "required"):
        return {"type": "function", "function": {"name": choice}}
    return choice


def _result(message: AIMessage) -> ChatResult:
    info = {"finish_reason": message.response_metadata.get("finish_reason")}
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])


def _piece(text: str, reasoning: str) -> ChatGenerationChunk:
    more = {"reasoning_content": reasoning} if reasoning else {}
    return ChatGenerationChunk(message=AIMessageChunk(content=text, additional_kwargs=more))


def _last(message: AIMessageChunk) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message)
