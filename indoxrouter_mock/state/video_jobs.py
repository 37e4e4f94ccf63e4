"""Video jobs, whose state follows from the clock."""

from __future__ import annotations

from dataclasses import dataclass

from .files import ServedFile
from .models import Model

QUEUED_SHARE = 0.2
"""The part of a job's time during which it is queued."""
FAILED_AT = 0.5
"""The progress at which a job that a fault lets fail ends, as a share of 1."""


@dataclass(slots=True)
class VideoJob:
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
        """`queued`, `processing`, `completed`, `failed` or `cancelled` at a moment."""
        if self.cancelled_at is not None:
            return "cancelled"
        done = self.progress(now)
        if self.failure and done >= FAILED_AT:
            return "failed"
        if done >= 1.0:
            return "completed"
        return "queued" if done < QUEUED_SHARE else "processing"
