"""What LangChain's own tests leave open: what is sent, cost, reasoning, failures, options of the client."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from indoxrouter_mock import MockServer

pytest.importorskip("langchain_core", reason="LangChain is not installed; `make integrations` installs it")

from indoxrouter import AsyncClient, Budget, BudgetExceededError, Client, RateLimitError
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from indoxrouter_langchain import ChatIndoxRouter, IndoxRouterEmbeddings

pytestmark = pytest.mark.filterwarnings("default")


class City(BaseModel):
    """A city."""

    name: str
    people: int


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


def chat(mock: MockServer, **fields: Any) -> ChatIndoxRouter:
    return ChatIndoxRouter(**{"api_key": mock.api_key, "base_url": mock.url, **fields})


def sent(mock: MockServer) -> list[Any]:
    return [each["body"] for each in mock.requests if each["operation"] == "createChatCompletion"]


def test_messages_and_parameters_are_sent_in_the_documented_form(mock: MockServer) -> None:
    model = chat(mock, temperature=0.2, max_tokens=20, stop=["END"], model_kwargs={"seed": 7})
    history = [
        SystemMessage("Be brief."),
        HumanMessage("Add."),
        AIMessage("", tool_calls=[{"name": "add", "args": {"a": 1}, "id": "c1"}]),
        ToolMessage("2", tool_call_id="c1", name="add"),
    ]
    model.invoke(history)
    (body,) = sent(mock)
    assert [each["role"] for each in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a": 1}'}
    assert body["messages"][3]["tool_call_id"] == "c1"
    assert (body["temperature"], body["max_tokens"]) == (0.2, 20)
    assert body["additional_params"] == {"seed": 7, "stop": ["END"]}


def test_the_answer_has_cost_tokens_and_request_id(mock: MockServer) -> None:
    before = mock.credits
    answer = chat(mock).invoke("Hello")
    assert answer.response_metadata["cost"] == pytest.approx(before - mock.credits)
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.response_metadata["request_id"]
    full = None
    for chunk in chat(mock).stream("Hello"):
        full = chunk if full is None else full + chunk
    assert full is not None
    assert full.response_metadata["cost"] == answer.response_metadata["cost"]
    assert full.usage_metadata == answer.usage_metadata


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
async def test_a_wrong_answer_is_a_parsing_error_beside_the_raw_message(
    mock: MockServer, method: Any
) -> None:
    model = chat(mock).with_structured_output(City, method=method, include_raw=True)
    if method == "json_schema":
        mock.answers.add(text="no JSON", times=2)
    else:
        mock.answers.add(tool_calls=[{"name": "City", "arguments": {"name": 1}}], times=2)
    for result in (model.invoke("Paris"), await model.ainvoke("Paris")):
        assert isinstance(result["raw"], AIMessage)
        assert result["parsed"] is None
        assert result["parsing_error"] is not None


def test_a_schema_is_required_but_for_json_mode(mock: MockServer) -> None:
    with pytest.raises(ValueError, match="schema: expected one for method='json_schema'"):
        chat(mock).with_structured_output(None)
    mock.answers.add(parsed={"a": 1})
    assert chat(mock).with_structured_output(None, method="json_mode").invoke("JSON") == {"a": 1}


async def test_exceptions_of_the_client_come_through(mock: MockServer) -> None:
    model = chat(mock, max_retries=0)
    mock.faults.add("rate_limit", retry_after=1, times=2)
    with pytest.raises(RateLimitError):
        model.invoke("Hello")
    with pytest.raises(RateLimitError):
        await model.ainvoke("Hello")


async def test_budget_and_fallbacks_are_those_of_the_client(mock: MockServer) -> None:
    budget = Budget(tokens=150)
    options = {"budget": budget, "fallback_models": ["openai/gpt-4o"]}
    model = chat(mock, max_retries=0, client_options=options)
    mock.faults.add("error", status=502, times=1)
    assert model.invoke("Hello").response_metadata["model_name"].startswith("openai/gpt-4o")
    with pytest.raises(BudgetExceededError):
        await model.abatch(["Hello"] * 20)  # the same budget, although the client is another one
    assert budget.spend.tokens <= 150


async def test_clients_of_the_caller_are_used(mock: MockServer) -> None:
    with Client(mock.api_key, base_url=mock.url) as client:
        async with AsyncClient(mock.api_key, base_url=mock.url) as asynchronous:
            model = chat(mock, api_key="indox-wrong", client=client, async_client=asynchronous)
            assert model.invoke("Hello").text
            assert (await model.ainvoke("Hello")).text


async def test_a_model_can_be_closed_pickled_and_used_again(mock: MockServer) -> None:
    model = chat(mock)
    model.invoke("Hello")
    await model.ainvoke("Hello")
    copy = pickle.loads(pickle.dumps(model))
    model.close()
    await model.aclose()
    assert model.invoke("Hello").text
    assert copy.invoke("Hello").text
    assert mock.api_key not in repr(model)


def test_a_serialized_model_is_loaded_without_its_key(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = chat(mock, temperature=0.2)
    written = dumpd(model)
    assert mock.api_key not in str(written)
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", mock.api_key)
    again = load(
        written,
        valid_namespaces=["indoxrouter_langchain"],
        allowed_objects=[ChatIndoxRouter],
        secrets_from_env=True,
    )
    assert again.temperature == 0.2
    assert again.invoke("Hello").text


async def test_embeddings_keep_the_order_of_texts_over_batches(mock: MockServer) -> None:
    connection: dict[str, Any] = {"api_key": mock.api_key, "base_url": mock.url}
    model = IndoxRouterEmbeddings(**connection, batch_size=2)
    texts = ["one", "two", "three", "four", "five"]
    vectors = model.embed_documents(texts)
    assert mock.counters["requests"] == 4  # the exchange, and three batches
    assert vectors == await model.aembed_documents(texts)
    assert vectors[4] == pytest.approx(model.embed_query("five"))
    assert model.embed_documents([]) == []
