"""The response to a request for a video, with the handle of its job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from indoxrouter.errors import APIError, RequestError
from indoxrouter.models.videos import VideoResponse as _VideoResponse

from ..responses.base import ReceivedResponse

if TYPE_CHECKING:
    from ..responses.usage import Usage
    from .job_handle import AsyncVideoJobHandle, VideoJobHandle


class VideoResponse(ReceivedResponse, _VideoResponse):
    """A video that is being generated. `job` is its handle: wait for it, cancel it, download the result.

    Attributes:
        data: id and state of the job, as received.
        job: the handle.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    _other_names_: ClassVar[dict[str, str]] = {
        **{name: f"job.{name}(…)" for name in ("save", "download", "read", "wait", "cancel", "refresh")},
        **{name: f"job.{name}" for name in ("status", "progress")},
        **dict.fromkeys(("url", "video_url", "video", "result"), "job.wait().result"),
        **dict.fromkeys(("id", "job_id"), "job.id"),
    }

    if TYPE_CHECKING:
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific

    @property
    def job(self) -> VideoJobHandle:
        """The handle of the job.

        Raises:
            APIError: when the answer holds no job id.
            RequestError: for a response that was not received by a client.
        """
        handle = self.__dict__.get("_handle_")
        if handle is None:
            handle = self.__dict__["_handle_"] = self._make_handle_()
        return handle  # type: ignore[no-any-return]  # of the client's kind

    def _make_handle_(self) -> Any:
        data: Any = self.data
        job_id = getattr(data, "job_id", None)
        if not isinstance(job_id, str):
            raise APIError("The answer of the server holds no job id")
        client = self.__dict__.get("_client_")
        if client is None:
            raise RequestError(
                f"This response was not received by a client; get its handle with client.video_job({job_id!r})"
            )
        return client.video_job(job_id, data.status)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in super().__getstate__().items() if key != "_handle_"}

    def _own_parts_(self) -> Iterator[str]:
        data: Any = self.data
        yield f"job_id={getattr(data, 'job_id', None)!r}"
        yield f"status={getattr(data, 'status', None)!r}"


class AsyncVideoResponse(VideoResponse):
    """The form of `VideoResponse` in an asynchronous client: `await response.job.wait()`."""

    if TYPE_CHECKING:

        @property
        def job(self) -> AsyncVideoJobHandle:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
            """The handle of the job."""
            ...
