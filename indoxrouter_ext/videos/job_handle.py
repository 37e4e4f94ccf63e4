"""Video jobs: handles that can be waited for, cancelled, picked up in another process and downloaded.

How a job is watched, the spec says (`x-poll`): which field holds its state, which states end it, how often to
ask. The watching is one flow, driven by either shell. It always ends: with the result, with an exception for
a job that failed, was cancelled or reached a state that nobody documented, or at the deadline.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import refuse
from indoxrouter._runtime.values.type_guards import is_list

from ..calls.request_flow import Effect, Sleep, call_flow
from ..files.savable import AsyncSavable, Savable, Source, name_of

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call, PollSpec
    from indoxrouter.models import VideoJob, VideoJobCancellation

    from ..async_client import AsyncClient
    from ..calls.client_state import Core
    from ..client import Client
    from ..settings.values import Settings

__all__ = ["AsyncVideoJobHandle", "JobCallback", "VideoJobHandle", "watch"]

JobCallback = Callable[["VideoJob"], object]
"""Called with the job each time it was looked at."""


def _seconds(name: str, value: Any, *, zero: bool) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or value < 0
    ):
        refuse(name, value, "a number of seconds")
    if value == 0 and not zero:
        refuse(name, value, "a positive number of seconds")
    return float(value)


def watch(
    core: Core,
    settings: Settings,
    call: Call[VideoJob],
    *,
    interval: float | None = None,
    deadline: float | None = None,
    callback: JobCallback | None = None,
    names: tuple[str, str, str] = ("poll_interval", "deadline", "on_progress"),
) -> Generator[Effect, Any, VideoJob]:
    """Look at a job until it ends, as a flow for a shell.

    Args:
        call: that looks at the job.
        interval, deadline: seconds between looks, and for the whole wait; by default as the spec says.
        callback: told of every look.
        names: of the last three arguments, as the caller knows them.

    Raises:
        JobFailedError: when the job failed, was cancelled, or is in a state nobody documented; `error.job` is
            the job.
        RequestTimeoutError: when it has not ended at the deadline. The job goes on; `error.partial` is the
            job.
        InvalidParametersError: for an interval or a deadline that is no number of seconds.
    """
    poll = call.operation.poll
    assert poll is not None
    interval = _seconds(names[0], poll.interval if interval is None else interval, zero=False)
    deadline = _seconds(names[1], poll.deadline if deadline is None else deadline, zero=True)
    if callback is not None and (not callable(callback) or inspect.iscoroutinefunction(callback)):
        refuse(names[2], callback, "a plain function that takes the job")
    ends = core.clock() + deadline
    while True:
        answer = yield from call_flow(core, call, settings)
        job = core.decode(call, answer)
        if callback is not None:
            callback(job)
        if _has_ended(poll, job):
            return job
        left = ends - core.clock()
        if left <= 0:
            from indoxrouter.errors import RequestTimeoutError

            raise RequestTimeoutError(
                f"The job {job.job_id} is still {job.get(poll.status)} after {deadline:g} s; it goes on",
                partial=job,
            )
        yield Sleep(min(interval, left))


def _has_ended(poll: PollSpec, job: VideoJob) -> bool:
    state = job.get(poll.status)
    if state in poll.done:
        return True
    if state in poll.pending:
        return False
    from indoxrouter.errors import JobFailedError

    reason = job.error
    known = f"it is {state}" if state in poll.failed else f"its state is {state!r}, which is not documented"
    raise JobFailedError(
        f"The job {job.job_id} ended without a result: {known}{f' ({reason})' if reason else ''}",
        details={"job": job},
    )


class _Handle:
    """What both kinds of handle know without waiting."""

    def __init__(self, client: Any, job_id: str, status: str | None = None) -> None:
        self.id = job_id
        self._client_ = client
        self._status = status
        self._job: VideoJob | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.status or 'not looked at yet'}>"

    @property
    def status(self) -> str | None:
        """The state when it was last looked at; None for a handle that has not looked yet."""
        return self._job.status if self._job is not None else self._status

    @property
    def progress(self) -> float | None:
        """Percent done when it was last looked at, from 0 to 100, where the server says."""
        return self._job.progress if self._job is not None else None

    @property
    def last(self) -> VideoJob | None:
        """The job as it was last seen, or None before the first look."""
        return self._job

    def _keep(self, job: VideoJob) -> VideoJob:
        self._job = job
        return job

    def _told(self, on_progress: JobCallback | None) -> JobCallback:
        if on_progress is not None and not (
            callable(on_progress) and not inspect.iscoroutinefunction(on_progress)
        ):
            refuse("on_progress", on_progress, "a plain function that takes the job")

        def tell(job: VideoJob) -> None:
            self._job = job
            if on_progress is not None:
                on_progress(job)

        return tell

    def _finished(self) -> bool:
        return self._job is not None and self._job.result is not None

    def _source_(self) -> Source:
        found = self._job.result if self._job is not None else None
        files = found.data if found is not None and is_list(found.data) else []
        url = (files[0].url if files else None) or (found.video_url if found is not None else None)
        if url is None:
            from indoxrouter.errors import APIError

            raise APIError(f"The job {self.id} is {self.status}, but its result names no file")
        return Source(url, None, (files[0].file_name if files else None) or name_of(url, f"{self.id}.mp4"))


class VideoJobHandle(_Handle, Savable):
    """A video job. Its `id` is all that is needed to pick it up again: `client.video_job(id)`, in any
    process.

    Attributes:
        id: of the job.
        status: when it was last looked at: queued, processing, completed, failed, cancelled.
        progress: percent done, when it was last looked at.
        last: the job as it was last seen, or None.
    """

    if TYPE_CHECKING:
        _client_: Client

    def refresh(self) -> VideoJob:
        """Look at the job now."""
        return self._keep(self._client_.get_video_job_status(self.id))

    def wait(
        self,
        deadline: float | None = None,
        poll_interval: float | None = None,
        on_progress: JobCallback | None = None,
    ) -> VideoJob:
        """Wait until the job has ended, and return it with its result.

        Args:
            deadline: seconds to wait at most; by default what the spec says, 600.
            poll_interval: seconds between two looks; by default what the spec says, 15.
            on_progress: called with the job after each look.

        Raises:
            JobFailedError: when it failed, was cancelled, or reached an undocumented state; `error.job` is
                the job.
            RequestTimeoutError: at the deadline. The job goes on.
        """
        return self._client_._watch(  # pyright: ignore[reportPrivateUsage]  # its half of this
            self.id, poll_interval, deadline, self._told(on_progress)
        )

    def cancel(self) -> VideoJobCancellation:
        """Cancel the job.

        Raises:
            ConflictError: when it has ended already.
        """
        answer = self._client_.cancel_video_job(self.id)
        self._status, self._job = answer.status, None
        return answer

    def read(self) -> bytes:
        """The bytes of the video; waits for the job if it has not ended."""
        if not self._finished():
            self.wait()
        return super().read()

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
        resume: bool = True,
    ) -> Path:
        """Write the video to disk; waits for the job if it has not ended. Errors as for images and `wait`."""
        if not self._finished():
            self.wait()
        return super().save(path, on_progress=on_progress, resume=resume)


class AsyncVideoJobHandle(_Handle, AsyncSavable):
    """The asynchronous form of `VideoJobHandle`."""

    if TYPE_CHECKING:
        _client_: AsyncClient

    async def refresh(self) -> VideoJob:
        """Look at the job now."""
        return self._keep(await self._client_.get_video_job_status(self.id))

    async def wait(
        self,
        deadline: float | None = None,
        poll_interval: float | None = None,
        on_progress: JobCallback | None = None,
    ) -> VideoJob:
        """Wait until the job has ended, and return it with its result; see `VideoJobHandle.wait`."""
        return await self._client_._watch(  # pyright: ignore[reportPrivateUsage]  # its half of this
            self.id, poll_interval, deadline, self._told(on_progress)
        )

    async def cancel(self) -> VideoJobCancellation:
        """Cancel the job; raises `ConflictError` when it has ended already."""
        answer = await self._client_.cancel_video_job(self.id)
        self._status, self._job = answer.status, None
        return answer

    async def read(self) -> bytes:
        """The bytes of the video; waits for the job if it has not ended."""
        if not self._finished():
            await self.wait()
        return await super().read()

    async def save(
        self,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
        resume: bool = True,
    ) -> Path:
        """Write the video to disk; waits for the job if it has not ended."""
        if not self._finished():
            await self.wait()
        return await super().save(path, on_progress=on_progress, resume=resume)
