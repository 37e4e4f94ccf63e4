"""Video jobs that end in unexpected ways, and files of the client's own server, over a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import indoxrouter
import pytest

from .harness import ENVELOPE, Mode, do
from .server import Request, answer

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


@pytest.mark.parametrize("state", ["failed", "paused-by-the-moon", ""])
async def test_waiting_ends_on_failures_and_on_states_nobody_documented(mode: Mode, state: str) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": state, "error": "the reason"}))
    client = mode.client(auth="api_key")
    error = await mode.failure(
        lambda: client.wait_for_video_job("job_1", check_interval=0.01, max_wait_time=5)
    )
    assert isinstance(error, indoxrouter.JobFailedError)
    assert "the reason" in str(error)
    assert error.job["status"] == state
    assert len(mode.server.sent("/videos/jobs/job_1")) == 1
