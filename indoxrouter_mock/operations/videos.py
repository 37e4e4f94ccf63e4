"""Video jobs: queued, then processing, then done, on the mock's clock, with a film to fetch at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..answers.billing import enter, envelope, find_model, must_afford, simulated_latency, usage
from ..base.clock import iso
from ..content import fake_text as prose
from ..content.mp4 import LARGEST_SIDE, film
from ..request.call import Call, operation
from ..spec.errors import Problem
from ..state.models import Model
from ..state.state import ServedFile

QUEUED_SHARE = 0.2
"""The part of a job's time that it waits before it is worked on."""
FAILED_AT = 0.5
DEFAULT_SECONDS, LONGEST_SECONDS = 8.0, 60.0
DEFAULT_RATE = 12
HEIGHTS = {"480p": 480, "720p": 720, "1080p": 1080}


@dataclass(slots=True)
class Job:
    """One video job. Its state is not stored but follows from the clock, so that advancing the clock is enough."""

    id: str
    account_id: int
    model: Model
    prompt: str
    created: float
    takes: float
    width: int
    height: int
    seconds: float
    rate: int
    count: int
    cost: float
    seed: str
    failure: str | None = None
    cancelled_at: float | None = None
    files: list[ServedFile] | None = None

    def progress(self, now: float) -> float:
        """From 0 to 1, standing still where the job was cancelled or failed."""
        until = now if self.cancelled_at is None else self.cancelled_at
        done = 1.0 if not self.takes else min(1.0, max(0.0, until - self.created) / self.takes)
        return min(done, FAILED_AT) if self.failure else done

    def status(self, now: float) -> str:
        if self.cancelled_at is not None:
            return "cancelled"
        done = self.progress(now)
        if self.failure and done >= FAILED_AT:
            return "failed"
        if done >= 1.0:
            return "completed"
        return "queued" if done < QUEUED_SHARE else "processing"


@operation("createVideo")
def create_video(call: Call) -> dict[str, Any]:
    model = find_model(call, "video")
    prompt = call.body["prompt"]
    seconds = _seconds(call)
    width, height = _size(call)
    count = int(call.field("n", 1))
    cost = model.unit * seconds * count
    used = usage(call, model, prose.count(prompt), 0, fixed=cost)
    must_afford(call, used["cost"])
    slow, failed = call.faults.get("slow_job"), call.faults.get("failed_job")
    job = Job(
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
    call.state.jobs[job.id] = job
    enter(
        call,
        model,
        tokens_in=used["tokens_prompt"],
        tokens_out=0,
        cost=used["cost"],
        latency=simulated_latency(0),
        prompt=prompt,
        success=not failed,
    )
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
        seconds = float(given)
    except (TypeError, ValueError):
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


def _own_job(call: Call) -> Job:
    job = call.state.jobs.get(call.params["job_id"])
    if job is None or job.account_id != call.owner.id:
        raise Problem(404, f"there is no video job {call.params['job_id']!r}")
    return job


def _films(call: Call, job: Job) -> list[ServedFile]:
    """The films of a finished job, made when somebody first looks at it."""
    if job.files is None:
        job.files = []
        for index in range(job.count):
            content = film(job.prompt, f"{job.seed}/{index}", job.width, job.height, job.seconds, job.rate)
            name = call.state.serve(content, "video/mp4", "mp4").rpartition("/")[2]
            job.files.append(call.state.files[name])
    return job.files


def _described(call: Call, job: Job) -> dict[str, Any]:
    now = call.started
    status = job.status(now)
    result = None
    if status == "completed":
        data = [
            {
                "url": call.url(f"/files/{item.name}"),
                "s3_key": f"videos/{job.id}/{item.name}",
                "file_size": len(item.content),
                "content_type": item.media_type,
                "file_name": item.name,
            }
            for item in _films(call, job)
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
    return _described(call, _own_job(call))


@operation("listVideoJobs")
def list_video_jobs(call: Call) -> dict[str, Any]:
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
    """Ends a job that is still under way; 409 for one that has ended. What it cost stays spent: the work had begun."""
    job = _own_job(call)
    status = job.status(call.started)
    if status not in ("queued", "processing"):
        raise Problem(call.operation.status_or(409, 400), f"the job has ended already; it is {status}")
    job.cancelled_at = call.started
    return {"job_id": job.id, "status": "cancelled", "success": True, "message": "Job cancelled"}
