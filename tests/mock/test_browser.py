"""The pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer

from .chromium import Chromium, find_chromium

EXECUTABLE = find_chromium()
pytestmark = [
    pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium is installed (Debian: apt install chromium)"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(EXECUTABLE or "", tmp_path / "profile") as found:
        yield found


def test_page_shows_the_mock_at_work_and_a_chat_from_it_is_answered(
    mock: MockServer, browser: Chromium
) -> None:
    browser.open(mock.url)
    browser.wait_for(
        "document.readyState === 'complete' && document.getElementById('state').textContent === 'running'"
    )
    assert browser.evaluate("document.getElementById('key').textContent") == mock.api_key
    assert browser.evaluate("document.querySelector('a[href=\"/docs\"]') !== null")

    browser.evaluate("document.getElementById('prompt').value = 'A question from a page'")
    browser.evaluate("document.getElementById('send').click()")
    browser.wait_for("document.getElementById('answer').dataset.state === 'done'")
    shown = browser.evaluate("document.getElementById('answer').textContent")
    assert "A question from a page" in shown
    assert len(shown) > 60
    request = next(entry for entry in mock.requests if entry["operation"] == "createChatCompletion")
    assert (request["status"], request["body"]["stream"]) == (200, True)

    # A request by somebody else appears by itself.
    httpx.post(
        f"{mock.base_url}/embeddings", json={"text": "x"}, headers={"X-Mock-Fault": "error;status=503"}
    )
    rows = "[...document.querySelectorAll('#requests tr')].map((row) => row.textContent)"
    browser.wait_for(f"{rows}.some((text) => text.includes('createEmbedding') && text.includes('503'))")
    assert browser.errors == []


def test_documentation_lists_every_operation_and_tries_a_real_chat(
    mock: MockServer, browser: Chromium
) -> None:
    browser.open(f"{mock.url}/docs#createChatCompletion")
    browser.wait_for("document.body?.dataset.state === 'ready'")
    listed = browser.evaluate("[...document.querySelectorAll('details.op')].map((entry) => entry.id)")
    assert sorted(listed) == sorted(mock.app.spec.operations)

    chat = "document.getElementById('createChatCompletion')"
    browser.wait_for(f"{chat}.querySelector('button.send') !== null")
    browser.evaluate(f"{chat}.querySelector('button.send').click()")
    browser.wait_for(f"{chat}.querySelector('.answer').dataset.state === 'done'")
    shown = browser.evaluate(f"{chat}.querySelector('.answer').textContent")
    assert shown.startswith("200\n")
    assert "Tell me a joke about programming." in shown
    assert mock.requests[-1]["operation"] == "createChatCompletion"

    # Every operation can be opened: its examples, parameters and schemas are drawn without an error.
    browser.evaluate("document.querySelectorAll('details.op').forEach((entry) => { entry.open = true; })")
    browser.wait_for(
        "document.querySelectorAll('button.send').length === document.querySelectorAll('details.op').length"
    )
    browser.evaluate(
        "document.querySelectorAll('.schema details').forEach((entry) => { entry.open = true; })"
    )
    assert browser.evaluate("document.querySelectorAll('.schema .leaf').length") > 300
    assert browser.errors == []


def test_video_of_a_finished_job_plays(mock: MockServer, browser: Chromium) -> None:
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    body = {"prompt": "a fox", "size": "320x180", "duration": 2}
    job = httpx.post(f"{mock.base_url}/videos/generations", json=body, headers=headers).json()["data"][
        "job_id"
    ]
    mock.clock.advance(10)
    url = httpx.get(f"{mock.base_url}/videos/jobs/{job}", headers=headers).json()["result"]["video_url"]
    browser.open(mock.url)
    browser.wait_for("document.readyState === 'complete'")
    script = f"""new Promise((done) => {{
        const video = document.createElement('video');
        const size = () => [video.videoWidth, video.videoHeight, Math.round(video.duration)];
        video.addEventListener('loadeddata', () => done(size()));
        video.addEventListener('error', () => done([video.error.message]));
        video.src = {url!r};
    }})"""
    assert browser.evaluate(script) == [320, 180, 2]
