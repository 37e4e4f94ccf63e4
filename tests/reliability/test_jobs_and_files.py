"""Video jobs that end in unexpected ways, and files of the client's own server, over a socket."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import indoxrouter
import pytest
import trustme

from .harness import ENVELOPE, KEY, Clock, Mode, do
from .server import STALL, Request, ScriptedServer, answer

JOB = {"job_id": "job_1", "created_at": "2025-06-01T12:00:00Z", "progress": 40.0}


async def picture_at(client: Any, mode: Mode, path: str) -> Any:
    """An image whose file lies on a server of a path, as an answer of the client names it."""
    url = path if "://" in path else f"{mode.server.url.partition('/api/')[0]}{path}"
    mode.server.on("/images/generations", answer({**ENVELOPE, "data": [{"url": url}]}))
    return (await do(client.images("a cat"))).images[0]


def numbered_tokens(mode: Mode) -> None:
    def issue(request: Request) -> bytes:
        return answer({"access_token": f"token-{len(mode.server.sent(request.path))}", "expires_in": 3600})

    mode.server.on("/auth/token", issue)


def only(token: str) -> Callable[[Request], bytes]:
    def check(request: Request) -> bytes:
        fine = request.header("Authorization") == f"Bearer {token}"
        return answer(b"pixels", content_type="image/png") if fine else answer({"detail": "expired"}, 401)

    return check


async def test_a_token_that_the_own_server_refuses_is_replaced_for_a_file(mode: Mode) -> None:
    numbered_tokens(mode)
    mode.server.on("/files/a.png", only("token-2"))
    image = await picture_at(mode.client(), mode, "/api/v1/files/a.png")
    assert await do(image.read()) == b"pixels"
    assert [request.header("Authorization") for request in mode.server.sent("/files/a.png")] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


async def test_a_token_is_replaced_once_for_a_file(mode: Mode) -> None:
    numbered_tokens(mode)
    mode.server.on("/files/a.png", only("token-that-is-never-issued"))
    image = await picture_at(mode.client(), mode, "/api/v1/files/a.png")
    error = await mode.failure(image.read)
    assert isinstance(error, indoxrouter.AuthenticationError)
    assert len(mode.server.sent("/files/a.png")) == 2
    assert len(mode.server.sent("/auth/token")) == 2


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A server that speaks TLS, whose authority the client trusts."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    running = ScriptedServer(context)
    yield running
    running.close()


async def test_a_redirect_from_https_to_http_is_not_followed(mode: Mode, secure: ScriptedServer) -> None:
    plain = f"{mode.server.url}/files/a.png"
    secure.on("/files/a.png", answer(b"", 302, [("Location", plain)]))
    mode.server.on("/files/a.png", answer(b"pixels", content_type="image/png"))
    image = await picture_at(mode.client(auth="api_key"), mode, f"{secure.url}/files/a.png")
    error = await mode.failure(image.read)
    assert "https to http" in str(error)
    assert len(secure.sent("/files/a.png")) == 1
    assert mode.server.sent("/files/a.png") == []


@pytest.mark.parametrize("name", ["../evil.mp4", "..\\evil.mp4", "a/../../evil.mp4", "/tmp/evil.mp4"])
async def test_a_name_that_the_server_chose_stays_in_the_directory(
    mode: Mode, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    film = {"url": f"{mode.server.url}/files/1", "file_name": name}
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "completed", "result": {"data": [film]}}))
    mode.server.on("/files/1", answer(b"film", content_type="video/mp4"))
    saved = await do(mode.client(auth="api_key").video_job("job_1").save(folder))
    assert saved == folder / "evil.mp4"
    assert saved.read_bytes() == b"film"
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize(("asked", "interval"), [({}, 15), ({"check_interval": 7.5}, 7.5)])
async def test_a_job_is_asked_about_at_the_interval_of_the_caller_or_of_the_spec(
    mode: Mode, clock: Clock, asked: dict[str, float], interval: float
) -> None:
    pending = answer({**JOB, "status": "processing"})
    mode.server.on("/videos/jobs/job_1", pending, pending, pending, answer({**JOB, "status": "completed"}))
    job = await do(mode.client(auth="api_key").wait_for_video_job("job_1", **asked))
    assert job.status == "completed"
    assert clock.waits == [interval] * 3


async def test_the_last_wait_for_a_job_ends_at_the_deadline(mode: Mode, clock: Clock) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "processing"}))
    client = mode.client(clock=clock, auth="api_key")
    error = await mode.failure(
        lambda: client.wait_for_video_job("job_1", check_interval=7.5, max_wait_time=20)
    )
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert clock.waits == [7.5, 7.5, 5.0]


async def test_a_handle_has_the_status_and_the_percentage_of_the_last_look(mode: Mode) -> None:
    looks = [("queued", 0.0), ("processing", 40.0), ("processing", 99.5)]
    replies = [answer({**JOB, "status": status, "progress": progress}) for status, progress in looks]
    mode.server.on("/videos/jobs/job_1", *replies)
    job = mode.client(auth="api_key").video_job("job_1")
    assert (job.status, job.progress, job.last) == (None, None, None)
    seen = []
    for _ in looks:
        found = await do(job.refresh())
        assert job.last is found
        seen.append((job.status, job.progress))
    assert seen == looks


@pytest.mark.parametrize("state", ["pending", "in_queue", "paused-by-the-moon", "", None])
async def test_a_job_in_a_state_nobody_documented_is_waited_for(mode: Mode, state: str | None) -> None:
    done = {**JOB, "status": "completed", "result": {"data": []}}
    mode.server.on(
        "/videos/jobs/job_1", answer({**JOB, "status": state}), answer({**JOB, "status": state}), answer(done)
    )
    job = await do(
        mode.client(auth="api_key").wait_for_video_job("job_1", check_interval=0.01, max_wait_time=60)
    )
    assert job.status == "completed"
    assert len(mode.server.sent("/videos/jobs/job_1")) == 3


async def test_the_longest_wait_bounds_the_request_in_flight(mode: Mode) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "pending"}), [STALL])
    client = mode.client(auth="api_key", timeout=60)
    error = await mode.failure(
        lambda: client.wait_for_video_job("job_1", check_interval=0.01, max_wait_time=0.5)
    )
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert "The job job_1 was pending" in str(error)
    assert "max_wait_time=0.5 s" in str(error)
    assert error.partial is not None
    assert error.partial.to_dict()["status"] == "pending"


async def test_the_reason_of_a_failed_job_shows_no_secret(mode: Mode) -> None:
    mode.server.on(
        "/videos/jobs/job_1",
        answer({**JOB, "status": "failed", "error": {"message": f"no such key: {KEY}", "code": 7}}),
    )
    client = mode.client(auth="api_key")
    error = await mode.failure(lambda: client.wait_for_video_job("job_1", max_wait_time=5))
    assert isinstance(error, indoxrouter.JobFailedError)
    assert "it is failed (no such key: ***)" in str(error)
    assert error.job is not None
    assert error.job.to_dict()["error"] == {"message": "no such key: ***", "code": 7}


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_waiting_ends_on_documented_failures(mode: Mode, state: str) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": state, "error": "the reason"}))
    client = mode.client(auth="api_key")
    error = await mode.failure(
        lambda: client.wait_for_video_job("job_1", check_interval=0.01, max_wait_time=5)
    )
    assert isinstance(error, indoxrouter.JobFailedError)
    assert "the reason" in str(error)
    assert error.job is not None
    assert error.job.status == state
    assert len(mode.server.sent("/videos/jobs/job_1")) == 1


@pytest.mark.parametrize("location", ["http://[::", "http://host:port/", "http://host:99999999/"])
async def test_a_redirect_to_what_is_no_url_is_an_error_of_this_package(
    mode: Mode, location: str, tmp_path: Path
) -> None:
    if mode.engine == "httpx":
        pytest.skip("httpx refuses the header itself")
    mode.server.on("/images/generations", answer({**ENVELOPE, "data": [{"url": "/file.png"}]}))
    mode.server.on("/file.png", answer(b"", 302, [("Location", location)]))
    [image] = (await do(mode.client(auth="api_key").images("x"))).data
    error = await mode.failure(lambda: image.save(tmp_path))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert os.listdir(tmp_path) == []
