"""Video jobs: queued, then processing, then done, on the mock's clock. A finished job has a video to download."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ..answers.billing import envelope, find_model, record_usage, require_credit, usage
from ..base.clock import iso
from ..base.text import decimal
from ..content import fake_text
from ..content.mp4 import LARGEST_SIDE, mp4_size, mp4_video
from ..request.call import Call, operation
from ..request.limits import MOST_VIDEOS, check_length
from ..spec.errors import ApiError, invalid_value
from ..state.files import ServedFile
from ..state.video_jobs import VideoJob

DEFAULT_SECONDS, LONGEST_SECONDS = 8.0, 60.0
DEFAULT_RATE = 12
HEIGHTS = {"480p": 480, "720p": 720, "1080p": 1080}


@operation("createVideo")
def create_video(call: Call) -> dict[str, Any]:
    """Start a video job. Its cost is charged at once."""
    model = find_model(call, "video")
    prompt = call.body["prompt"]
    seconds = _seconds(call)
    width, height = _size(call)
    count = call.whole("n", 1)
    if not 1 <= count <= MOST_VIDEOS:
        raise invalid_value("body/n", f"{count!r} is not a number of videos from 1 to {MOST_VIDEOS}")
    check_length("body/prompt", len(prompt))
    cost = model.unit * seconds * count
    used = usage(call, model, fake_text.count_tokens(prompt), 0, fixed=cost)
    require_credit(call, used["cost"])
    slow, failed = call.faults.get("slow_job"), call.faults.get("failed_job")
    job = VideoJob(
        id=f"job_{call.state.identifiers.hex(20)}",
        account_id=call.owner.id,
        model=model,
        prompt=prompt,
        created=call.started,
        takes=slow["seconds"] if slow else call.state.options.video_seconds,
        width=width,
        height=height,
        seconds=seconds,
        rate=max(1, min(60, int(call.field("fps", DEFAULT_RATE)))),
        count=count,
        cost=used["cost"],
        seed=f"{call.state.seed}/{call.field('seed', '')}",
        failure=failed["message"] if failed else None,
    )
    call.state.add_job(job)
    record_usage(call, model, used, prompt=prompt, success=not failed)
    return envelope(
        call,
        model,
        {"job_id": job.id, "status": job.status(call.started), "is_async": True},
        used,
        "Video generation started",
    )


def _seconds(call: Call) -> float:
    """The length asked for by `duration`, or by `seconds` as a number or a text; what can't be read means the
    default.
    """
    given = call.field("duration", call.field("seconds", DEFAULT_SECONDS))
    try:
        seconds = decimal(given)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_SECONDS
    return min(LONGEST_SECONDS, seconds) if seconds > 0 else DEFAULT_SECONDS


def _size(call: Call) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})\s*[xX*]\s*(\d{2,4})", str(call.field("size", "")), re.ASCII)
    if found:
        return min(LARGEST_SIDE, int(found[1])), min(LARGEST_SIDE, int(found[2]))
    height = HEIGHTS.get(str(call.field("resolution", "720p")).lower(), 720)
    ratio = re.fullmatch(r"(\d{1,2}):(\d{1,2})", str(call.field("aspect_ratio", "16:9")), re.ASCII)
    across, down = (int(ratio[1]), int(ratio[2])) if ratio else (16, 9)
    if not across or not down:
        across, down = 16, 9
    if across >= down:
        return min(LARGEST_SIDE, height * across // down), height
    return height, min(LARGEST_SIDE, height * down // across)


def _own_job(call: Call) -> VideoJob:
    job = call.state.jobs.get(call.params["job_id"])
    if job is None or job.account_id != call.owner.id:
        raise ApiError(404, f"there is no video job {call.params['job_id']!r}")
    return job


def _video_files(call: Call, job: VideoJob) -> list[ServedFile]:
    """The video files of a finished job."""
    if job.files is None:
        job.files = []
        for index in range(job.count):
            make = partial(
                mp4_video,
                job.prompt,
                f"{job.seed}/{index}",
                job.width,
                job.height,
                job.seconds,
                job.rate,
            )
            size = mp4_size(job.width, job.height, job.seconds, job.rate)
            job.files.append(call.state.add_file("video/mp4", "mp4", size, make))
    return job.files


def _described(call: Call, job: VideoJob) -> dict[str, Any]:
    now = call.started
    status = job.status(now)
    result = None
    if status == "completed":
        data = [
            {
                "url": call.url(f"/files/{item.name}"),
                "s3_key": f"videos/{job.id}/{item.name}",
                "file_size": item.size,
                "content_type": item.media_type,
                "file_name": item.name,
            }
            for item in _video_files(call, job)
        ]
        result = {
            "data": data,
            "model": job.model.id,
            "created": int(job.created + job.takes),
            "video_url": data[0]["url"],
        }
    return {
        "job_id": job.id,
        "status": status,
        "progress": int(100 * job.progress(now)),
        "created_at": iso(job.created),
        "error": job.failure if status == "failed" else None,
        "result": result,
    }


@operation("getVideoJob")
def get_video_job(call: Call) -> dict[str, Any]:
    """One job of this account."""
    return _described(call, _own_job(call))


@operation("listVideoJobs")
def list_video_jobs(call: Call) -> dict[str, Any]:
    """The account's jobs, newest first."""
    limit, skip = call.query.get("limit", 20), call.query.get("skip", 0)
    jobs = [job for job in reversed(call.state.jobs.values()) if job.account_id == call.owner.id]
    return {
        "jobs": [_described(call, job) for job in jobs[skip : skip + limit]],
        "total": len(jobs),
        "limit": limit,
        "skip": skip,
    }


@operation("cancelVideoJob")
def cancel_video_job(call: Call) -> dict[str, Any]:
    """Cancel a job that has not ended; 409 for one that has. Its cost is not refunded, because the work had begun."""
    job = _own_job(call)
    status = job.status(call.started)
    if status not in ("queued", "processing"):
        raise ApiError(call.operation.status_or(409, 400), f"the job has ended already; it is {status}")
    job.cancelled_at = call.started
    return {"job_id": job.id, "status": "cancelled", "success": True, "message": "Job cancelled"}
