"""Video jobs: watching and cancelling them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..fault import Original, fault


@fault("indoxrouter_ext: _has_ended", noticed_by="test_a_job_in_a_state_nobody_documented_is_waited_for")
def an_undocumented_state_ends_the_wait(original: Original, poll: Any, job: Any) -> bool:
    ended: bool = original(poll, job) or job.get(poll.status) not in poll.pending
    return ended


@fault("indoxrouter_ext: _has_ended", noticed_by="test_waiting_ends_on_documented_failures")
def a_failed_job_counts_as_done(original: Original, poll: Any, job: Any) -> bool:
    ended: bool = job.get(poll.status) in poll.failed or original(poll, job)
    return ended


@fault(
    "indoxrouter_ext: wait_flow",
    noticed_by="test_a_job_is_asked_about_at_the_interval_of_the_caller_or_of_the_spec",
)
def a_job_is_asked_about_as_often_as_the_spec_says(
    original: Original, core: Any, settings: Any, call: Any, **options: Any
) -> Generator[Any, Any, Any]:
    result = yield from original(core, settings, call, **{**options, "interval": None})
    return result


@fault(
    "indoxrouter_ext: wait_flow",
    noticed_by="test_the_last_wait_for_a_job_ends_at_the_deadline",
    within=30,
)
def a_job_is_watched_past_the_deadline(
    original: Original, core: Any, settings: Any, call: Any, **options: Any
) -> Generator[Any, Any, Any]:
    result = yield from original(core, settings, call, **{**options, "deadline": None})
    return result


@fault("indoxrouter_ext: wait_flow", noticed_by="test_a_job_is_waited_for_and_told_about")
def only_the_first_look_at_a_job_is_reported(
    original: Original, core: Any, settings: Any, call: Any, **options: Any
) -> Generator[Any, Any, Any]:
    callback, looks = options.get("callback"), []

    def once(job: Any) -> None:
        looks.append(job)
        if callback is not None and len(looks) == 1:
            callback(job)

    result = yield from original(core, settings, call, **{**options, "callback": once})
    return result


@fault("indoxrouter_ext: _Handle.status", noticed_by="test_a_job_is_waited_for_and_told_about")
def a_job_keeps_its_first_status(original: Original, self: Any) -> Any:
    return self._status


@fault(
    "indoxrouter_ext: _Handle.progress",
    noticed_by="test_a_handle_has_the_status_and_the_percentage_of_the_last_look",
)
def progress_is_a_fraction(original: Original, self: Any) -> Any:
    progress = original(self)
    return None if progress is None else progress / 100


@fault("indoxrouter_ext: VideoJobHandle.cancel", noticed_by="test_a_job_is_looked_at_listed_and_cancelled")
def cancelling_a_job_only_looks_at_it(original: Original, self: Any) -> Any:
    return self.refresh()
