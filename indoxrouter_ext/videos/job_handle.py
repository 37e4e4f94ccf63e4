"""Handles of video jobs: to wait for, cancel, download, and continue in another process.

The spec describes how a job is polled (`x-poll`): which field holds its state, which states end it, and the interval.
Polling is one flow for both drivers. It always ends: with the result, with an exception for a job that failed, was
cancelled, or at the deadline. Any other state, documented or not, is waited for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from indoxrouter._runtime.codecs.base import near_names, no_attribute, raise_invalid_argument
from indoxrouter._runtime.values.json import as_object, is_list
from indoxrouter._runtime.values.masking import mask
from indoxrouter.errors import APIError, InvalidParametersError, JobFailedError, RequestTimeoutError
from indoxrouter.facade_entries import ENTRIES

from ..calls.request_flow import Sleep, call_flow
from ..files.savable import AsyncSavable, Savable, Source, check_callback, name_of
from ..responses.decoding import decode_answer

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call, PollSpec
    from indoxrouter._runtime.values.introspection import UNCHECKED
    from indoxrouter.models import VideoJob, VideoJobCancellation
    from typing_extensions import Never

    from ..calls.client_state import ClientState
    from ..calls.request_flow import Effect
    from ..settings.values import Settings

JobCallback = Callable[["VideoJob"], object]
"""Called with the job after each request."""
_CALLBACK = "a plain function that takes the job"


def _seconds(name: str, value: Any, *, zero: bool) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= sys.float_info.max or (value == 0 and not zero):
        raise_invalid_argument(name, value, f"a {'' if zero else 'positive '}number of seconds")
    return float(value)


def job_call(job_id: str) -> Call[VideoJob]:
    """The call that reads a job; raises `InvalidParametersError` for a malformed id."""
    operation = ENTRIES["get_video_job_status"].load()
    return operation.call({operation.parameters[0].name: job_id})


def wait_flow(
    state: ClientState,
    settings: Settings,
    job_id: str,
    *,
    interval: float | None = None,
    deadline: float | None = None,
    callback: JobCallback | None = None,
    names: tuple[str, str, str] = ("poll_interval", "deadline", "on_progress"),
) -> Generator[Effect, Any, VideoJob]:
    """Poll a job until it ends, as a flow for a driver.

    Args:
        state, settings: of the client.
        job_id: id of the job.
        interval, deadline: seconds between two requests and for the whole wait; by default as in the spec.
        callback: called with the job after each request.
        names: the names of the last three arguments, for error messages.

    Raises:
        JobFailedError: when the job failed or was cancelled; `error.job` is the job.
        RequestTimeoutError: when it has not ended at the deadline. The job continues; `error.partial` is the job.
        InvalidParametersError: for a wrong interval, deadline or callback.
    """
    state.check_open()
    call = job_call(job_id)
    poll = call.operation.poll
    assert poll is not None
    interval = _seconds(names[0], poll.interval if interval is None else interval, zero=False)
    deadline = _seconds(names[1], poll.deadline if deadline is None else deadline, zero=True)
    check_callback(names[2], callback, _CALLBACK)
    ends = state.clock() + deadline
    job: VideoJob | None = None
    while True:
        late: RequestTimeoutError | None = None
        try:
            answer = yield from call_flow(state, call, settings, _first_of(ends, settings, state, deadline))
        except RequestTimeoutError as error:
            if not deadline or state.clock() < ends:
                raise
            late = error
        else:
            job = decode_answer(call, answer, state.secrets)
            if answer.observation is not None:
                answer.observation.end(job)
        if late is not None:
            missed = "The state of the job"
            if job is not None:
                missed = f"The job {job_id} was {job.get(poll.status)}. A later state"
            raise RequestTimeoutError(
                f"{missed} was not received within {names[1]}={deadline:g} s; the job continues",
                error_type=late.error_type,
                attempts=late.attempts,
                partial=job,
            )
        assert job is not None
        if callback is not None:
            callback(job)
        if _has_ended(poll, job, state, call):
            return job
        left = ends - state.clock()
        if left <= 0:
            raise RequestTimeoutError(
                f"The job {job_id} is still {job.get(poll.status)} after {deadline:g} s; the job continues",
                partial=job,
            )
        yield Sleep(min(interval, left))


def _first_of(ends: float, settings: Settings, state: ClientState, deadline: float) -> float | None:
    """The deadline of one request: the end of the wait, or the client's own if it is earlier."""
    own = None if settings.deadline is None else state.clock() + settings.deadline
    if not deadline:  # the job is asked for once
        return own
    return ends if own is None else min(own, ends)


def _has_ended(poll: PollSpec, job: VideoJob, client: ClientState, call: Call[VideoJob]) -> bool:
    state = job.get(poll.status)
    if state in poll.done:
        return True
    if state not in poll.failed:  # only a documented end ends it: servers have more states than the documents
        return False
    received = job.to_dict()
    masked = mask(received, client.secrets(call.secrets()))
    if masked != received:  # the server repeats a secret, which no exception may hold
        job = type(job).from_dict(masked)
    reason: Any = job.error
    reason = as_object(reason).get("message") or reason
    raise JobFailedError(
        f"The job {job.job_id} ended without a result: it is {state}{f' ({reason})' if reason else ''}",
        details={"job": job},
    )


_WAIT_NAMES = ("deadline", "poll_interval", "on_progress")
_OTHER_WAIT_NAMES = {
    **dict.fromkeys(("timeout", "max_wait", "max_wait_time"), "deadline"),
    **dict.fromkeys(("interval", "check_interval"), "poll_interval"),
    "callback": "on_progress",
}


class _Handle:
    """The part of both kinds of handle that does not wait."""

    def __init__(self, client: Any, job_id: str, status: str | None = None) -> None:
        self.id = job_id
        self._client_ = client
        self._status = status
        self._job: VideoJob | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.status or 'not refreshed yet'}>"

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            others = dict.fromkeys(("result", "url", "video_url", "video"), "wait().result")
            raise no_attribute(self, name, {**others, "job_id": "id", "poll": "refresh()"})

    @property
    def status(self) -> str | None:
        """The state at the last request, such as queued or completed; None before the first."""
        return self._job.status if self._job is not None else self._status

    @property
    def progress(self) -> float | None:
        """Percent done at the last request, from 0 to 100; None if the server does not report it."""
        return self._job.progress if self._job is not None else None

    @property
    def last(self) -> VideoJob | None:
        """The job at the last request; None before the first."""
        return self._job

    def _wait(
        self,
        deadline: float | None,
        poll_interval: float | None,
        on_progress: JobCallback | None,
        unknown: Mapping[str, object],
    ) -> Any:
        for name in unknown:
            other, listed = _OTHER_WAIT_NAMES.get(name), f"it takes {', '.join(_WAIT_NAMES)}"
            hint = f"use {other}" if other else near_names(name, _WAIT_NAMES, listed)
            raise InvalidParametersError(f"{name}: wait() has no such argument; {hint}", argument=name)
        check_callback("on_progress", on_progress, _CALLBACK)

        def record(job: VideoJob) -> None:
            self._job = job
            if on_progress is not None:
                on_progress(job)

        return self._client_._wait_for_job(
            self.id, interval=poll_interval, deadline=deadline, callback=record
        )

    def _finished(self) -> bool:
        return self._job is not None and self._job.result is not None

    def _file_(self) -> Source:
        found = self._job.result if self._job is not None else None
        files = found.data if found is not None and is_list(found.data) else []
        url = (files[0].url if files else None) or (found.video_url if found is not None else None)
        if url is None:
            raise APIError(f"The job {self.id} is {self.status}, but its result names no file")
        return Source(url, None, (files[0].file_name if files else None) or name_of(url, f"{self.id}.mp4"))


class VideoJobHandle(_Handle, Savable):
    """A video job. Any process can get its handle by the id: `client.video_job(id)`.

    `read` and `save` wait for the job if it has not ended, and raise what `wait` raises.

    Attributes:
        id: id of the job.
        status: state at the last request: queued, processing, completed, failed, cancelled.
        progress: percent done at the last request.
        last: the job at the last request, or None.
    """

    def refresh(self) -> VideoJob:
        """Request the state of the job."""
        job: VideoJob = self._client_.get_video_job_status(self.id)
        self._job = job
        return job

    def wait(
        self,
        deadline: float | None = None,
        poll_interval: float | None = None,
        on_progress: JobCallback | None = None,
        **unknown: Annotated[Never, UNCHECKED],
    ) -> VideoJob:
        """Wait until the job has ended, and return it with its result.

        Args:
            deadline: seconds to wait at most; 600 by default.
            poll_interval: seconds between two requests; 15 by default.
            on_progress: called with the job after each request.

        Raises:
            JobFailedError: when the job failed or was cancelled; `error.job` is the job.
            RequestTimeoutError: at the deadline. The job continues.
            InvalidParametersError: for an argument with a wrong value.
        """
        job: VideoJob = self._wait(deadline, poll_interval, on_progress, unknown)
        return job

    def cancel(self) -> VideoJobCancellation:
        """Cancel the job.

        Raises:
            ConflictError: when it has ended already.
        """
        answer: VideoJobCancellation = self._client_.cancel_video_job(self.id)
        self._status, self._job = answer.status, None
        return answer

    def _source_(self) -> Source:
        if not self._finished():
            self.wait()
        return self._file_()


class AsyncVideoJobHandle(_Handle, AsyncSavable):
    """The asynchronous form of `VideoJobHandle`."""

    async def refresh(self) -> VideoJob:
        """Request the state of the job."""
        job: VideoJob = await self._client_.get_video_job_status(self.id)
        self._job = job
        return job

    async def wait(
        self,
        deadline: float | None = None,
        poll_interval: float | None = None,
        on_progress: JobCallback | None = None,
        **unknown: Annotated[Never, UNCHECKED],
    ) -> VideoJob:
        """Wait until the job has ended, and return it with its result; see `VideoJobHandle.wait`."""
        job: VideoJob = await self._wait(deadline, poll_interval, on_progress, unknown)
        return job

    async def cancel(self) -> VideoJobCancellation:
        """Cancel the job; raises `ConflictError` when it has ended already."""
        answer: VideoJobCancellation = await self._client_.cancel_video_job(self.id)
        self._status, self._job = answer.status, None
        return answer

    async def _source_(self) -> Source:
        if not self._finished():
            await self.wait()
        return self._file_()
