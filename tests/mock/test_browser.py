"""The pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer, TapeServer
from tests.spec.document import present_field

from .chromium import Chromium, find_chromium
from .conftest import HELLO

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
    headers = {"Authorization": f"Bearer {mock.api_key}", "X-Mock-Fault": "error;status=503"}
    httpx.post(f"{mock.base_url}/embeddings", json={"text": "x"}, headers=headers)
    rows = "[...document.querySelectorAll('#requests tr')].map((row) => row.textContent)"
    browser.wait_for(f"{rows}.some((text) => text.includes('createEmbedding') && text.includes('503'))")
    assert browser.errors == []


RUNNING = "document.readyState === 'complete' && document.getElementById('state').textContent === 'running'"
OPENED = "document.querySelector('tr.details')?.textContent"


def test_row_opens_to_the_request_and_the_answer(mock: MockServer, browser: Chromium) -> None:
    mock.answers.add("It is raining.")
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    httpx.post(f"{mock.base_url}/chat/completions", json=HELLO, headers=headers)
    httpx.post(f"{mock.base_url}/auth/api-key", headers={"X-API-Key": mock.api_key})
    browser.open(mock.url)
    browser.wait_for(RUNNING)
    rows = "[...document.querySelectorAll('tr.opens')]"
    browser.wait_for(f"{rows}.length === 2")
    browser.evaluate(f"{rows}[1].click()")
    browser.wait_for(f"{OPENED}?.includes('It is raining.')")
    shown = browser.evaluate(OPENED)
    assert '"content": "Hello there"' in shown
    assert "authorization: ***" in shown
    browser.evaluate(f"{rows}[1].click()")
    assert browser.evaluate("document.querySelector('tr.details') === null")
    browser.evaluate(f"{rows}[0].click()")
    browser.wait_for(f"{OPENED}?.includes('access_token')")
    assert '"access_token": "***"' in browser.evaluate(OPENED), "what the mock gave out is masked as well"
    assert browser.errors == []


def test_scripted_answers_are_edited_as_a_whole(mock: MockServer, browser: Chromium) -> None:
    mock.answers.add("It is raining.", contains="weather", times=None)
    mock.answers.add(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    before = mock.answers.pending
    browser.open(mock.url)
    browser.wait_for(RUNNING)
    text = "document.getElementById('script-json').value"
    browser.evaluate("document.getElementById('script-edit').open = true")
    browser.wait_for(f"{text}.includes('get_order')")
    button = "document.getElementById('script-save')"
    save = f"{button}.dataset.state = ''; {button}.click()"
    browser.evaluate(f"{text} = {text}.replace('raining', 'snowing'); {save}")
    browser.wait_for("document.getElementById('script-list').textContent.includes('snowing')")
    assert [answer["text"] for answer in mock.answers.pending] == ["It is snowing.", None]
    assert mock.answers.pending[1]["tool_calls"] == before[1]["tool_calls"]
    browser.evaluate(f"""{text} = '[{{"text": "x"}}, {{"txet": "y"}}]'; {save}""")
    browser.wait_for("document.getElementById('script-save').dataset.state === 'done'")
    assert "txet" in browser.evaluate("document.getElementById('script-error').textContent")
    assert [answer["text"] for answer in mock.answers.pending] == ["It is snowing.", None], "nothing is lost"
    assert all("status of 400" in error for error in browser.errors)


def test_exchange_of_a_tape_is_edited(mock: MockServer, browser: Chromium, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    with TapeServer(tmp_path / "tape", replay=False, upstream=mock.url) as recorder:
        httpx.post(f"{recorder.base_url}/chat/completions", json=HELLO, headers=headers)
    with TapeServer(tmp_path / "tape") as player:
        browser.open(player.url)
        browser.wait_for(RUNNING)
        browser.wait_for("!document.getElementById('tape').hidden")
        browser.evaluate("document.querySelector('#tape-list button').click()")
        text = "document.getElementById('tape-text').value"
        browser.wait_for(f"{text}.startsWith('tape: 1')")
        save = "document.getElementById('tape-save').click()"
        browser.evaluate(f"{text} = {text}.replace('status: 200', 'status: 418'); {save}")
        browser.wait_for("document.getElementById('tape-error').textContent === 'saved'")
        assert httpx.post(f"{player.base_url}/chat/completions", json=HELLO).status_code == 418
        browser.wait_for("document.getElementById('tape-list').textContent.includes('played once')")
        browser.evaluate("document.getElementById('tape-rewind').click()")
        browser.wait_for("document.getElementById('tape-list').textContent.includes('not played')")
        browser.evaluate(f"{text} = 'tape: 3'; {save}")
        browser.wait_for("document.getElementById('tape-error').textContent.includes('tape: 1')")
        assert all("status of 400" in error for error in browser.errors)


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_fit_a_phone(mock: MockServer, browser: Chromium, page: str) -> None:
    httpx.post(f"{mock.base_url}/chat/completions", json=HELLO, headers={"X-Mock-Fault": "x" * 60})
    browser.send(
        "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True
    )
    browser.open(f"{mock.url}{page}")
    if page == "/":
        browser.wait_for(RUNNING)
        browser.wait_for("document.querySelectorAll('tr.opens').length === 1")
        browser.evaluate("document.querySelector('tr.opens').click()")
        browser.wait_for("document.querySelector('tr.details') !== null")
    else:
        browser.wait_for("document.body?.dataset.state === 'ready'")
        operations = "[...document.querySelectorAll('details.op')]"
        browser.evaluate(f"{operations}.forEach((each) => {{ each.open = true; }})")
        browser.wait_for(f"{operations}.every((each) => each.dataset.built)")
        # Of schemas within schemas some are endless: their first levels, each a little further to the right.
        for _ in range(3):
            browser.evaluate(
                "document.querySelectorAll('.schema details').forEach((each) => { each.open = true; })"
            )
    assert browser.evaluate("document.documentElement.scrollWidth") <= 360
    wide = """[...document.querySelectorAll('body *')]
        .filter((each) => each.getBoundingClientRect().right > 361 && !each.closest('pre, table, .schema'))
        .map((each) => each.outerHTML)"""
    assert browser.evaluate(wide) == []


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
    done = httpx.get(f"{mock.base_url}/videos/jobs/{job}", headers=headers).json()
    url = done[present_field("VideoJob", "result")]["video_url"]
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
