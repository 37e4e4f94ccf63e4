"""Video jobs: handles, waiting that always ends, cancelling, downloading, picking a job up elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from indoxrouter import (
    AsyncVideoJobHandle,
    AsyncVideoResponse,
    ConflictError,
    InvalidParametersError,
    JobFailedError,
    NotFoundError,
    RequestError,
    RequestTimeoutError,
    VideoJobHandle,
    VideoResponse,
)
from indoxrouter import models as generated

from tests.methods.harness import Harness

pytestmark = pytest.mark.indoxrouter_mock(video_seconds=0.2)
FAST = 0.02


def test_videos_returns_at_once_with_a_job(harness: Harness) -> None:
    response = harness.videos("a lighthouse", duration=4, aspect_ratio="16:9")
    assert isinstance(response, VideoResponse)
    assert isinstance(response, AsyncVideoResponse) == (harness.kind == "async")
    assert response["data"]["job_id"] == response.data.job_id == response.job.id
    assert response.data.is_async is True
    assert isinstance(response.job, VideoJobHandle if harness.kind == "sync" else AsyncVideoJobHandle)
    assert response.job is response.job
    assert response.job.status == "queued"
    body = harness.last_request["body"]
    assert (body["duration"], body["aspect_ratio"], body["model"]) == (
        4,
        "16:9",
        "google/veo-3.0-generate-001",
    )


def test_a_job_is_waited_for_and_told_about(harness: Harness) -> None:
    job = harness.videos("a lighthouse").job
    seen: list[tuple[str, float | None]] = []
    done = harness(
        job.wait,
        deadline=20,
        poll_interval=FAST,
        on_progress=lambda now: seen.append((now.status, now.progress)),
    )
    assert isinstance(done, generated.VideoJob)
    assert done.status == job.status == "completed"
    assert done.result is not None
    assert job.last is done or job.last == done
    assert seen[-1] == ("completed", 100)
    assert [progress for _, progress in seen] == sorted(progress or 0 for _, progress in seen)


def test_the_documented_wait_does_the_same(harness: Harness) -> None:
    job_id = harness.videos("a lighthouse").job.id
    seen: list[Any] = []
    done = harness.wait_for_video_job(job_id, check_interval=FAST, max_wait_time=20, callback=seen.append)
    assert done["status"] == "completed"
    assert seen[-1] == done


def test_an_id_is_enough_to_pick_a_job_up(harness: Harness, tmp_path: Path) -> None:
    job_id = harness.videos("a lighthouse").job.id
    harness.mock.clock.advance(60)
    elsewhere = harness.another()
    job = elsewhere.client.video_job(job_id)
    assert job.status is None
    target = elsewhere(job.download, tmp_path)
    assert target.suffix == ".mp4"
    assert target.read_bytes()[4:8] == b"ftyp"
    assert elsewhere(job.read) == target.read_bytes()
    elsewhere(elsewhere.client.close)


@pytest.mark.indoxrouter_mock(video_seconds=1000)
def test_a_job_is_looked_at_listed_and_cancelled(harness: Harness) -> None:
    job = harness.videos("a lighthouse").job
    assert harness(job.refresh).status in ("queued", "processing")
    assert harness.get_video_job_status(job.id).job_id == job.id
    listed = harness.list_video_jobs(limit=5, skip=0)
    assert [item.job_id for item in listed.jobs] == [job.id]
    assert harness.last_request["query"] == "limit=5&skip=0"
    answer = harness(job.cancel)
    assert answer["status"] == job.status == "cancelled"
    with pytest.raises(JobFailedError) as caught:
        harness(job.wait, poll_interval=FAST)
    assert caught.value.job.status == "cancelled"


def test_a_job_that_has_ended_cannot_be_cancelled(harness: Harness) -> None:
    job = harness.videos("a lighthouse").job
    harness(job.wait, poll_interval=FAST)
    with pytest.raises(
        (ConflictError, InvalidParametersError), match="ended"
    ) as caught:  # by the server's code
        harness.cancel_video_job(job.id)
    assert caught.value.status_code == 409


@pytest.mark.indoxrouter_mock(video_seconds=1000)
def test_waiting_ends_at_the_deadline_and_the_job_continues(harness: Harness) -> None:
    job = harness.videos("a lighthouse").job
    with pytest.raises(RequestTimeoutError, match="continues") as caught:
        harness(job.wait, deadline=0.1, poll_interval=FAST)
    assert caught.value.partial.job_id == job.id
    with pytest.raises(TimeoutError):
        harness.wait_for_video_job(job.id, check_interval=FAST, max_wait_time=0)


def test_a_failed_job_says_why(harness: Harness) -> None:
    harness.mock.faults.add("failed_job")
    job = harness.videos("a lighthouse").job
    with pytest.raises(JobFailedError) as caught:
        harness(job.wait, poll_interval=FAST, deadline=20)
    assert caught.value.job.error
    assert caught.value.job.error in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"check_interval": 0}, "check_interval"),
        ({"check_interval": -1}, "check_interval"),
        ({"check_interval": float("nan")}, "check_interval"),
        ({"check_interval": "15"}, "check_interval"),
        ({"max_wait_time": -1}, "max_wait_time"),
        ({"max_wait_time": True}, "max_wait_time"),
        ({"callback": "tell me"}, "callback"),
    ],
)
def test_waiting_with_nonsense_is_refused_before_any_request(
    harness: Harness, arguments: Any, name: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=name):
        harness.wait_for_video_job("job_1", **arguments)
    assert len(harness.mock.requests) == before


@pytest.mark.parametrize("job_id", ["a/b", "..", "", "a\nb", None, 3])
@pytest.mark.parametrize(
    "method", ["get_video_job_status", "cancel_video_job", "wait_for_video_job", "video_job"]
)
def test_a_job_id_that_cannot_be_one_is_refused_before_any_request(
    harness: Harness, method: str, job_id: Any
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match="job_id"):
        getattr(harness, method)(job_id)
    assert len(harness.mock.requests) == before


def test_an_unknown_job_is_not_found(harness: Harness) -> None:
    with pytest.raises(NotFoundError):
        harness(harness.client.video_job("job_nowhere").wait)


def test_a_response_without_a_client_has_no_handle_and_says_how_to_get_one() -> None:
    response = VideoResponse.from_dict({"data": {"job_id": "job_1", "status": "queued"}})
    with pytest.raises(RequestError, match=r"client\.video_job\('job_1'\)"):
        _ = response.job


def test_handles_are_distinguishable_in_a_repr(harness: Harness) -> None:
    assert "job_7: not refreshed yet" in repr(harness.client.video_job("job_7"))
