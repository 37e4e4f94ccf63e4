"""Law: the programs in examples/ that need other people's packages run against the mock as their pages say."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_mock import MockServer
from tests.patience import seconds

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("default")]


@pytest.fixture
def mock(indoxrouter_mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> MockServer:
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", indoxrouter_mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", indoxrouter_mock.url)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in ("fastapi_chat", "gradio_chat", "marimo_chat"):
        monkeypatch.delitem(sys.modules, name, raising=False)  # a new client for each server
    return indoxrouter_mock


def test_fastapi_sends_events_to_the_browser(mock: MockServer) -> None:
    testclient = pytest.importorskip("fastapi.testclient", reason="FastAPI is not installed")
    import fastapi_chat  # type: ignore[import-not-found]  # a file of examples/

    with testclient.TestClient(fastapi_chat.app) as browser:
        assert "EventSource" in browser.get("/").text
        answer = browser.get("/ask", params={"q": "Hello"})
        mock.faults.add("error_mid_stream", after=2, message="overloaded")
        failed = browser.get("/ask", params={"q": "Hello"})
        refused = browser.get("/ask", params={"q": ""})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("data: ") > 3
    assert "event: done" in answer.text
    assert "event: failed" in failed.text
    assert "overloaded" in failed.text
    assert refused.status_code == 422


def test_streamlit_shows_the_conversation_its_cost_and_failures(mock: MockServer) -> None:
    testing = pytest.importorskip("streamlit.testing.v1", reason="Streamlit is not installed")
    app = testing.AppTest.from_file(str(EXAMPLES / "streamlit_chat.py"), default_timeout=60).run()
    app.chat_input[0].set_value("Hello").run()
    assert not app.exception
    assert [message.name for message in app.chat_message] == ["user", "assistant"]
    assert "Hello" in app.chat_message[1].markdown[0].value
    cost = app.metric[0].value
    assert float(cost.removeprefix("$")) > 0
    mock.credits = 0
    app.chat_input[0].set_value("Again").run()
    assert "402" in app.error[0].value
    assert len(app.session_state["messages"]) == 2
    assert app.metric[0].value == cost


async def test_gradio_yields_the_answer_as_it_grows(mock: MockServer) -> None:
    gradio = pytest.importorskip("gradio", reason="Gradio is not installed")
    import gradio_chat  # type: ignore[import-not-found]  # a file of examples/

    history: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello."},
    ]
    steps = [text async for text in gradio_chat.answer("And now?", history, "openai/gpt-4o-mini")]
    assert len(steps) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(steps))
    assert [each["content"] for each in mock.requests[-1]["body"]["messages"]] == ["Hi", "Hello.", "And now?"]
    mock.credits = 0
    with pytest.raises(gradio.Error, match="402"):
        [text async for text in gradio_chat.answer("And now?", [], "openai/gpt-4o-mini")]
    await gradio_chat.client.close()


def test_marimo_compares_models(mock: MockServer) -> None:
    pytest.importorskip("marimo", reason="marimo is not installed")
    import marimo_chat  # type: ignore[import-not-found]  # a file of examples/

    _, names = marimo_chat.app.run()
    assert [row["model"] for row in names["rows"]] == ["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku"]
    assert all("Say hello." in row["answer"] and row["cost in USD"] > 0 for row in names["rows"])
    names["client"].close()


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
def test_the_answer_from_notes_is_traced_and_within_its_budget(mock: MockServer, down: bool) -> None:
    pytest.importorskip("langchain_core", reason="LangChain is not installed")
    if down:
        mock.faults.add("error", status=502, model="openai/gpt-4o-mini")
    before = mock.credits
    mock.answers.add(text="Ada Lovelace did.", contains="for a machine that was never built")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "rag_langchain.py")],
        capture_output=True, text=True, timeout=seconds(200), check=True, env=dict(os.environ),
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[0] == "Ada Lovelace did."
    assert lines[2] == f"${before - mock.credits:.6f} of $0.01 spent in 3 calls"
    spans = [line.split(maxsplit=2)[2].split(maxsplit=1) for line in lines[3:]]
    assert [span[1] for span in spans] == [
        "embeddings openai/text-embedding-3-small",
        "embeddings openai/text-embedding-3-small",
        "chat openai/gpt-4o-mini",
        *(["chat anthropic/claude-3-5-haiku"] if down else []),
    ]
    assert [span[0] for span in spans][2:] == (["ERROR", "UNSET"] if down else ["UNSET"])
