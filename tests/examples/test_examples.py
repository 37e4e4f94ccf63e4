"""Law: every program in examples/ runs against the mock as its docstring says, and stays within 60 lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.mock_process import MockProcess, running_mock
from tests.patience import seconds

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Run: TypeAlias = Callable[..., str]
"""Runs a program of that name with arguments and `stdin`, and returns what it printed."""


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with running_mock(sys.executable, "--seed", "7") as server:
        yield server


@pytest.fixture
def run(mock: MockProcess, tmp_path: Path) -> Run:
    def start(name: str, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds(50),
            check=False,
            cwd=tmp_path,
            env={**os.environ, "INDOX_ROUTER_API_KEY": mock.api_key, "INDOX_ROUTER_BASE_URL": mock.url},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_example_is_short_and_says_what_it_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len([line for line in text.splitlines() if line.strip()]) <= 60


def test_chatbot_keeps_the_conversation_and_sums_up_the_cost(run: Run) -> None:
    printed = run("chatbot.py", stdin="Hello\nAnd you?\n")
    assert "You said: “Hello”" in printed
    assert "2 answers, $0.0" in printed


def test_rag_answers_from_the_nearest_paragraphs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(
        "Ada wrote the first program.\n\nBread needs flour.\n", encoding="utf-8"
    )
    printed = run("rag.py", "Who wrote the first program?", "notes.txt")
    assert "from 2 of 2 paragraphs" in printed


def test_image_gallery_saves_pictures_and_a_page(run: Run, tmp_path: Path) -> None:
    printed = run("image_gallery.py", "gallery", "a lighthouse", "a <b>boat</b>")
    assert printed.count("✓") == 2
    assert (tmp_path / "gallery" / "01.png").read_bytes().startswith(b"\x89PNG")
    assert "&lt;b&gt;boat" in (tmp_path / "gallery" / "index.html").read_text(encoding="utf-8")


def test_video_is_made_downloaded_and_resumed_by_its_id(run: Run, tmp_path: Path) -> None:
    printed = run("video_with_progress.py", "a paper boat", "boat.mp4")
    assert "boat.mp4 is ready" in printed
    job = printed.split()[1]
    assert "again.mp4 is ready" in run("video_with_progress.py", "--resume", job, "again.mp4")
    assert (tmp_path / "boat.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()


def test_batch_embedding_keeps_the_order_of_lines(run: Run, tmp_path: Path) -> None:
    import numpy as np

    (tmp_path / "lines.txt").write_text("\n".join(f"line {n}" for n in range(230)), encoding="utf-8")
    assert "an array of 230 × 1536 numbers" in run("batch_embedding.py", "lines.txt", "vectors.npy")
    (tmp_path / "last.txt").write_text("line 229", encoding="utf-8")
    run("batch_embedding.py", "last.txt", "last.npy")
    assert np.allclose(np.load(tmp_path / "vectors.npy")[-1], np.load(tmp_path / "last.npy")[0])


def test_tool_agent_runs_what_the_model_asks_for(run: Run) -> None:
    printed = run("tool_agent.py", "How warm is it in Paris?")
    assert "→ " in printed
    assert printed.strip().splitlines()[-1]


def test_demo_holds_a_conversation_with_a_mock_of_its_own(run: Run) -> None:
    printed = run("demo.py")
    assert "authenticated as demo" in printed
    assert "mock server stopped" in printed


async def test_streaming_endpoint_streams_and_ends_with_the_cost(
    mock: MockProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    monkeypatch.setenv("INDOX_ROUTER_API_KEY", mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", mock.url)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import streaming_endpoint  # type: ignore[import-not-found]  # a file of examples/

    async with streaming_endpoint.lifespan(streaming_endpoint.app) as state:
        application = streaming_endpoint.app

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await application({**scope, "state": state}, receive, send)

        transport = httpx.ASGITransport(app=with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://example") as browser:
            answer = await browser.get("/ask", params={"q": "Hello"})
            refused = await browser.get("/ask")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("data: ") > 3
    assert "event: done" in answer.text
    assert refused.status_code == 400


def test_notebook_cells_run_in_order(mock: MockProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", mock.api_key)
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", mock.url)
    notebook = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))
    namespace: dict[str, object] = {}
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for source in sources:
        exec(compile(source, "notebook.ipynb", "exec"), namespace)  # noqa: S102  # the project's own notebook
    assert len(sources) >= 4
    assert all(not cell.get("outputs") for cell in notebook["cells"] if cell["cell_type"] == "code")
