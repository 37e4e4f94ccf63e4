"""Each code block of the documents runs against the mock as printed, and does what the text around it says."""

from __future__ import annotations

import ast
import asyncio
import datetime
import inspect
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional, Union

import pytest
from indoxrouter import AsyncClient, ChatResponse, Client, ModelCatalog
from indoxrouter import models as generated

from indoxrouter_mock import MockServer
from tests.methods.documents import Block, blocks, run

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class Notebook:
    """Runs blocks one after the other, as a reader would, with the sync or the async client."""

    def __init__(self, kind: str) -> None:
        self.loop = asyncio.new_event_loop() if kind == "async" else None
        self.names: dict[str, Any] = {"os": os, "kwargs": {}}
        self._clients: list[Any] = []

    def run(self, block: Block) -> dict[str, Any]:
        run(block.text, self.names, self.loop)
        self._clients.append(self.names.get("client"))
        return self.names

    def close(self) -> None:
        """Close what the documents leave open."""
        for client in filter(None, self._clients):
            closing = client.close()
            if self.loop is not None:
                self.loop.run_until_complete(closing)
        if self.loop is not None:
            self.loop.close()


@pytest.fixture(params=["sync", "async"])
def notebook(
    request: pytest.FixtureRequest, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Notebook]:
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", mock.base_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.jpg").write_bytes(PNG)
    made = Notebook(request.param)
    yield made
    made.close()


def runnable(document: str) -> list[Block]:
    """Blocks of Python that are programs, not signatures."""
    return [
        b
        for b in blocks(document)
        if b.language == "python" and not re.search(r"^def ", b.text, re.MULTILINE)
    ]


@pytest.mark.parametrize("document", ["client_reference", "client_reference_typed", "chat_guide"])
def test_the_blocks_of_a_document_run_as_printed_one_after_the_other(
    document: str, notebook: Notebook
) -> None:
    found = runnable(document)
    assert found
    for block in found:
        notebook.run(block)


def titled(document: str, title: str) -> Block:
    return next(block for block in blocks(document) if block.title == title)


def test_the_basic_example_prints_the_text(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    names = notebook.run(titled("chat_guide", "Basic Usage"))
    assert capsys.readouterr().out.strip() == names["response"].text != ""


def test_the_streaming_loop_prints_the_text_piece_by_piece(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], mock: MockServer
) -> None:
    notebook.run(titled("chat_guide", "Basic Usage"))
    capsys.readouterr()
    notebook.run(titled("chat_guide", "Streaming Responses"))
    shown = capsys.readouterr().out
    assert shown.startswith("Streaming response:\nYou said: “Tell me a story about a robot in 5 sentences.”")
    assert shown.endswith("\nStreaming complete!\n")
    assert "{" not in shown
    assert mock.requests[-1]["body"]["stream"] is True
    assert mock.requests[-1]["events"] > 5


def test_a_conversation_carries_its_history(notebook: Notebook, mock: MockServer) -> None:
    notebook.run(titled("chat_guide", "Basic Usage"))
    names = notebook.run(titled("chat_guide", "Managing Conversations"))
    roles = [message["role"] for message in mock.requests[-1]["body"]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert [message["role"] for message in names["messages"]] == [*roles, "assistant"]
    assert names["messages"][2]["content"] == mock.requests[-1]["body"]["messages"][2]["content"]


def test_messages_of_the_guide_are_accepted_as_printed(notebook: Notebook, mock: MockServer) -> None:
    names = notebook.run(titled("chat_guide", "Basic Usage"))
    for title in ("Message Format", "Multimodal Messages (Text + Images)"):
        tree = ast.parse(titled("chat_guide", title).text)
        names["image_base64"] = "iVBORw0KGgo="
        messages = [
            eval(compile(ast.Expression(node.value), "<document>", "eval"), names)  # noqa: S307  # what is tested
            for node in tree.body
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Dict)
        ]
        assert messages
        call = names["client"].chat(messages=messages, model="openai/gpt-4o-mini")
        response = call if notebook.loop is None else notebook.loop.run_until_complete(call)
        assert response.text
        assert mock.requests[-1]["status"] == 200
        assert mock.requests[-1]["body"]["messages"] == messages


def test_byok_keys_travel_and_cost_nothing(notebook: Notebook, mock: MockServer) -> None:
    notebook.run(titled("chat_guide", "Basic Usage"))
    before = mock.credits
    notebook.run(titled("chat_guide", "BYOK (Bring Your Own Key) Support"))
    assert mock.credits == before
    assert mock.requests[-1]["body"]["byok_api_key"] == "***"


def test_the_printed_response_reads_as_described() -> None:
    printed = ast.literal_eval(titled("chat_guide", "Response Format").text)
    response = ChatResponse.from_dict(printed)
    assert response["data"] == response.text == "The capital of France is Paris."
    assert dict(response) == printed
    assert response.to_dict() == printed
    assert response.usage is not None
    assert response.usage.latency == 1.629077672958374
    assert response.usage.cost_breakdown is not None
    assert response.usage.cost_breakdown.output_tokens == 4.2e-06
    assert response["created_at"] == "2025-06-15T09:53:26.130868"
    assert response.created_at == datetime.datetime(2025, 6, 15, 9, 53, 26, 130868)


def test_the_typed_reference_gets_what_it_says_it_gets(notebook: Notebook) -> None:
    for block in runnable("client_reference_typed")[:-1]:
        names = notebook.run(block)
        kind = type(names.get("response")).__name__.removeprefix("Async")
        expected = {"Chat Completion": "ChatResponse", "Text Completion": "CompletionResponse"}
        expected |= {"Embeddings": "EmbeddingResponse", "Image Generation": "ImageResponse"}
        if block.title in expected:
            assert kind == expected[block.title]
    assert isinstance(names["providers"], list)
    assert {"openai", "anthropic", "google"} <= {provider["id"] for provider in names["providers"]}
    assert isinstance(names["models"], dict)
    assert isinstance(names["models"], ModelCatalog)
    assert names["models"]["openai"][0]["id"]
    assert set(names["openai_models"]) == {"openai"}
    assert isinstance(names["model_info"], generated.ModelInfo)
    assert names["model_info"].id == "gpt-4o-mini"
    assert names["usage"]["total_requests"] > 0
    assert names["user_info"]["username"]


def signatures() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for block in blocks("client_reference"):
        if re.search(r"^def ", block.text, re.MULTILINE):
            names: dict[str, Any] = {
                "List": list,
                "Dict": dict,
                "Any": Any,
                "Optional": Optional,
                "Union": Union,
                "logging": logging,
                "DEFAULT_MODEL": "openai/gpt-4o-mini",
                "DEFAULT_EMBEDDING_MODEL": "openai/text-embedding-3-small",
                "DEFAULT_IMAGE_MODEL": "openai/dall-e-3",
            }
            before = set(names)
            exec(block.text, names)  # noqa: S102  # the documents' code is what is tested
            found += [(name, names[name]) for name in names if name not in before and name != "__builtins__"]
    return found


@pytest.mark.parametrize("client", [Client, AsyncClient], ids=["Client", "AsyncClient"])
@pytest.mark.parametrize(("name", "documented"), signatures(), ids=[name for name, _ in signatures()])
def test_printed_signatures_are_ours(client: type, name: str, documented: Any) -> None:
    asynchronous = client is AsyncClient
    own = {"__enter__": "__aenter__", "__exit__": "__aexit__"}.get(name, name) if asynchronous else name
    mine = inspect.signature(getattr(client, own)).parameters
    theirs = inspect.signature(documented).parameters
    if name == "__exit__":
        assert len(mine) == len(theirs)
        return
    order = [key for key, p in mine.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    wanted = [key for key, p in theirs.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert order[: len(wanted)] == wanted
    for key in wanted:
        if not (
            name == "diagnose_request" and key == "data"
        ):  # optional with us: endpoints without a body have none
            assert mine[key].default == theirs[key].default
    if any(p.kind is p.VAR_KEYWORD for p in theirs.values()):
        assert any(p.kind is p.VAR_KEYWORD for p in mine.values())


def bodies() -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    for block in blocks("endpoint_guide"):
        text = re.sub(r"^\s*//.*$", "", block.text, flags=re.MULTILINE).replace(", ...", "")
        endpoint, _, kind = block.title.rpartition(" (")
        found.append((endpoint, kind.rstrip(")"), json.loads(text)))
    return found


REQUESTS = [(endpoint, body) for endpoint, kind, body in bodies() if kind == "Request Body"]


@pytest.mark.parametrize(("endpoint", "body"), REQUESTS, ids=[endpoint for endpoint, _ in REQUESTS])
def test_printed_request_bodies_are_valid_and_accepted(
    endpoint: str, body: dict[str, Any], mock: MockServer
) -> None:
    with Client(api_key=mock.api_key, base_url=mock.base_url) as client:
        report = client.diagnose_request(endpoint.split()[1], body)
        assert report["issues"] == []
        method = {
            "/auth/token": None,
            "/chat/completions": client.chat,
            "/completions": client.completion,
        }.get(
            endpoint.split()[1],
            {"/embeddings": client.embeddings, "/images/generations": client.images}.get(endpoint.split()[1]),
        )
        if method is not None:
            answer: Any = method(**body)
            assert answer.provider == body["provider"]
            sent = mock.requests[-1]["body"]
            assert {key: sent[key] for key in body if key in sent} == {
                key: body[key] for key in body if key in sent
            }


def test_printed_response_bodies_read_as_described() -> None:
    found = {endpoint: body for endpoint, kind, body in bodies() if kind == "Response"}
    chat = ChatResponse.from_dict(found["POST /chat/completions"])
    assert chat.text.startswith("I'm doing well")
    assert chat.finish_reason == "stop"
    assert chat.cost == 0.00045
    from indoxrouter import CompletionResponse, EmbeddingResponse, ImageResponse

    assert CompletionResponse.from_dict(found["POST /completions"]).text.startswith("in a land far, far away")
    embedding = EmbeddingResponse.from_dict(found["POST /embeddings"])
    assert embedding.data == [[0.0023064255, -0.009327292]]
    assert embedding.dimensions == 1536
    image = ImageResponse.from_dict(found["POST /images/generations"])
    assert image.data[0].url == "https://example.com/image.png" == image.images[0]["url"]
    catalog = ModelCatalog.of(generated.ProviderList.from_dict(found["GET /models"]))
    assert catalog["openai"][0].pricing is not None
    assert catalog["openai"][0].pricing.output == 0.0006
    assert catalog["providers"] == catalog.providers
    model = generated.ModelInfo.from_dict(found["GET /models/{provider}/{model}"])
    assert model.max_tokens == 128000
    health = generated.HealthResponse.from_dict(found["GET /"])
    assert (health.status, health.version) == ("ok", "0.2.0")
    assert health["timestamp"] == "2024-03-10T12:34:56.789Z"
    assert generated.TokenResponse.from_dict(found["POST /auth/token"]).expires_in == 3600
