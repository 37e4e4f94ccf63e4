"""The plugin for `llm`, as its command line and its library use it, against the mock."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_mock import MockServer

llm = pytest.importorskip("llm", reason="llm is not installed; `make integrations` installs it")

import indoxrouter_llm  # noqa: E402
from indoxrouter_llm.models import ChatModel  # noqa: E402
from tests.patience import seconds  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CHAT, VECTORS = "indoxrouter/openai/gpt-4o-mini", "indoxrouter/openai/text-embedding-3-small"


@pytest.fixture(autouse=True)
def mock(indoxrouter_mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MockServer:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", indoxrouter_mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", indoxrouter_mock.url)
    if llm.plugins.pm.get_plugin("indoxrouter") is None:  # an installed distribution has an entry point
        llm.plugins.load_plugins()
        llm.plugins.pm.register(indoxrouter_llm, name="indoxrouter")
    return indoxrouter_mock


def test_the_entry_point_of_the_distribution_is_the_plugin() -> None:
    text = (Path(__file__).parents[2] / "distributions/llm/pyproject.toml").read_text("utf-8")
    assert '[project.entry-points.llm]\nindoxrouter = "indoxrouter_llm"\n' in text
    assert EntryPoint(name="indoxrouter", value="indoxrouter_llm", group="llm").load() is indoxrouter_llm


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_answers_with_tokens_and_cost(stream: bool) -> None:
    response = llm.get_model(CHAT).prompt("Say hello.", system="Be brief.", stream=stream, temperature=0.1)
    assert "Say hello." in response.text()
    usage = response.usage()
    assert usage.input > 0
    assert usage.output > 0
    assert usage.details["cost"] == response.response_json["cost"] > 0
    assert response.resolved_model == "openai/gpt-4o-mini"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_asynchronous_model_answers(stream: bool) -> None:
    response = llm.get_async_model(CHAT).prompt("Say hello.", stream=stream)
    assert "Say hello." in await response.text()
    assert (await response.usage()).output > 0


def test_options_and_the_conversation_are_sent(mock: MockServer) -> None:
    conversation = llm.get_model(CHAT).conversation()
    first = conversation.prompt("My name is Ada.", max_tokens=50, seed=7).text()
    conversation.prompt("What is my name?").text()
    bodies = [each["body"] for each in mock.requests if each["operation"] == "createChatCompletion"]
    assert bodies[0]["max_tokens"] == 50
    assert bodies[0]["additional_params"]["seed"] == 7
    assert "temperature" not in bodies[0]
    assert [(each["role"], each["content"]) for each in bodies[1]["messages"]] == [
        ("user", "My name is Ada."),
        ("assistant", first),
        ("user", "What is my name?"),
    ]


def test_a_schema_shapes_the_answer(mock: MockServer) -> None:
    schema = llm.schema_dsl("name, age int")
    answer = json.loads(llm.get_model(CHAT).prompt("Invent a dog.", schema=schema).text())
    assert isinstance(answer["name"], str)
    assert isinstance(answer["age"], int)


async def test_tools_are_called_and_their_results_are_sent(mock: MockServer) -> None:
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"22 degrees in {city}"

    def script() -> None:
        mock.answers.add(tool_calls=[{"name": "weather", "arguments": {"city": "Paris"}}])
        mock.answers.add(text="It is warm.", contains="22 degrees in Paris")

    script()
    assert llm.get_model(CHAT).chain("How is Paris?", tools=[weather]).text() == "It is warm."
    script()
    assert await llm.get_async_model(CHAT).chain("How is Paris?", tools=[weather]).text() == "It is warm."
    sent = [each["body"] for each in mock.requests if each["operation"] == "createChatCompletion"][1][
        "messages"
    ]
    assert [each["role"] for each in sent] == ["user", "assistant", "tool"]
    assert sent[2]["tool_call_id"] == sent[1]["tool_calls"][0]["id"]


def test_a_tool_that_fails_is_reported_to_the_model(mock: MockServer) -> None:
    def broken() -> str:
        """Fail."""
        raise RuntimeError("no network")

    mock.answers.add(tool_calls=[{"name": "broken", "arguments": {}}])
    mock.answers.add(text="It failed.", contains="no network")
    assert llm.get_model(CHAT).chain("Try.", tools=[broken]).text() == "It failed."


def test_images_are_attached_for_models_that_see(mock: MockServer, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PIXEL)
    attachments = [
        llm.Attachment(path=str(tmp_path / "photo.png")),
        llm.Attachment(content=PIXEL, type="image/png"),
        llm.Attachment(url="https://example.com/a.png", type="image/png"),
    ]
    assert llm.get_model(CHAT).prompt("What is this?", attachments=attachments).text()
    (message,) = mock.requests[-1]["body"]["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image", "image", "image_url"]
    blind = ChatModel("openai/gpt-3.5-turbo", ["chat"])
    with pytest.raises(ValueError, match="does not support attachments"):
        blind.prompt("What is this?", attachments=attachments)


def test_embeddings_come_in_the_order_of_the_texts(mock: MockServer) -> None:
    model = llm.get_embedding_model(VECTORS)
    vectors = list(model.embed_multi([f"text {number}" for number in range(150)]))
    assert len(vectors) == 150
    assert vectors[149] == pytest.approx(model.embed("text 149"))
    assert mock.counters["requests"] == 3


def test_a_key_of_the_caller_or_of_the_key_store_is_used(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INDOX_ROUTER_API_KEY")
    with pytest.raises(llm.NeedsKeyException, match="llm keys set indoxrouter"):
        llm.get_model(CHAT).prompt("Hi").text()
    assert llm.get_model(CHAT).prompt("Hi", key=mock.api_key).text()
    store = Path(llm.user_dir()) / "keys.json"
    store.write_text(json.dumps({"indoxrouter": mock.api_key}))
    assert llm.get_model(CHAT).prompt("Hi").text()
    store.write_text(json.dumps({"indoxrouter": "indox-wrong"}))
    with pytest.raises(Exception, match="401"):
        llm.get_model(CHAT).prompt("Hi").text()


def run(*arguments: str) -> Any:
    registered = "import llm.plugins, indoxrouter_llm; llm.plugins.pm.register(indoxrouter_llm)"
    code = f"{registered}; from llm.cli import cli; cli()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
    )


def test_the_command_line_lists_refreshes_and_prompts(tmp_path: Path) -> None:
    assert CHAT in run("models", "list").stdout
    refreshed = run("indoxrouter", "refresh")
    assert refreshed.returncode == 0, refreshed.stderr
    assert " models in " in refreshed.stdout
    listed = run("indoxrouter", "models").stdout
    assert "indoxrouter/anthropic/claude-3-haiku: chat, vision" in listed
    assert "Say hi." in run("-m", "indoxrouter/anthropic/claude-3-haiku", "Say hi.").stdout
    vectors = run("embed", "-m", "indoxrouter/openai/text-embedding-3-large", "-c", "text")
    assert len(json.loads(vectors.stdout)) == 3072
