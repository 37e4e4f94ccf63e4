"""The clients that are published on PyPI (`indoxrouter` 0.1.39 and `indoxhub` 0.2.2) against the mock.

They share their package's name with this project, so they live in an environment of their own, which `make test` builds
from `published_clients.txt`; PUBLISHED_CLIENTS_PYTHON names another interpreter that has them. What they rely on is
tested by raw requests below, whether they are there or not.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer

from .reading import events_of

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".published-clients"
PYTHON = os.environ.get("PUBLISHED_CLIENTS_PYTHON") or str(ENVIRONMENT / "bin" / "python")

SCRIPT = """
import importlib, sys, urllib.request

module, url, key = importlib.import_module(sys.argv[1]), sys.argv[2], sys.argv[3]
client = module.Client(api_key=key, base_url=url)
assert "access_token" in client.session.cookies
messages = [{"role": "user", "content": "Hi"}]
whole = client.chat(messages)["data"]
assert "".join(chunk.get("data") or "" for chunk in client.chat(messages, stream=True)) == whole
assert client.completion("Once")["data"]
assert len(client.embeddings("x")["data"][0]) == 1536
assert client.images("fox", size="64x64")["data"][0]["url"].startswith(url)
assert client.images("fox", model="google/imagen-3.0-generate-002", size="1792x1024")["success"]
assert client.videos("fox", duration=2)["data"]["is_async"] is True
if hasattr(client, "wait_for_video_job"):
    job = client.videos("fox", duration=2)["data"]["job_id"]
    assert client.wait_for_video_job(job, check_interval=1)["result"]["video_url"].startswith(url)
    assert client.list_video_jobs()["total"] == 2
sound = urllib.request.urlopen(client.text_to_speech("good morning", voice="alloy")["data"]["url"]).read()
assert client.speech_to_text(sound)["text"] == "good morning"
assert client.translate_audio(sound)["text"] == "good morning"
assert len(client.models()["providers"]) >= 12
assert client.models("openai")["id"] == "openai"
assert client.get_model_info("openrouter", "meta-llama/llama-3-70b")["id"] == "meta-llama/llama-3-70b"
assert client.get_usage()["total_requests"] >= 9
assert client.test_connection()["status"] == "connected"
client.access_token = "a.b.c"
assert client.chat(messages)["success"] is True
for call, error in ((lambda: client.chat([]), module.ValidationError), (lambda: client.chat(messages,
model="openai/none"), module.ModelNotFoundError)):
    try:
        call()
    except error:
        continue
    raise AssertionError(f"{error} was expected")
try:
    module.Client(api_key="indox-wrong", base_url=url)
except module.AuthenticationError:
    print("all good")
"""


@pytest.mark.skipif(
    not Path(PYTHON).exists(),
    reason="the published clients are not installed: `make test` does that where the package index can be reached",
)
@pytest.mark.parametrize("package", ["indoxrouter", "indoxhub"])
def test_published_client_works(mock: MockServer, package: str, tmp_path: Path) -> None:
    found = subprocess.run(
        [PYTHON, "-c", SCRIPT, package, mock.url, mock.api_key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert found.stdout.strip() == "all good", found.stderr


def test_fields_that_are_null_count_as_absent(http: httpx.Client) -> None:
    """Published clients write every field that was not given as null."""
    body = {
        "messages": [{"role": "user", "content": "Hi"}],
        "model": "openai/gpt-4o-mini",
        "temperature": 0.7,
        "max_tokens": None,
        "stream": False,
        "byok_api_key": None,
        "additional_params": {},
    }
    answer = http.post("/chat/completions", json=body)
    assert answer.status_code == 200
    assert answer.json()["byok_api_key"] is False
    assert events_of(http.post("/chat/completions", json={**body, "stream": True}))


def test_get_may_announce_json_and_send_nothing(http: httpx.Client) -> None:
    assert http.get("/user/usage", headers={"Content-Type": "application/json"}).status_code == 200
    assert http.get("/models/openai", headers={"Content-Type": "application/json"}).json()["name"] == "OpenAI"


def test_key_that_fails_at_the_first_endpoint_fails_at_the_fallbacks_too(mock: MockServer) -> None:
    wrong = "indox-" + "w" * 32
    assert httpx.post(f"{mock.base_url}/auth/api-key", headers={"X-API-Key": wrong}).status_code == 401
    for username in (wrong, "pip_client"):
        assert (
            httpx.post(
                f"{mock.base_url}/auth/token", data={"username": username, "password": wrong}
            ).status_code
            == 401
        )


@pytest.mark.parametrize("path", ["/chat/completions", "/completions"])
def test_chunks_hold_a_choice_each_as_published_clients_take_the_first(http: httpx.Client, path: str) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], "prompt": "Hi", "stream": True}
    assert all(event["choices"] for event in events_of(http.post(path, json=body)))
