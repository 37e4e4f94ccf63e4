"""The verdict on a client: what it did wrong when requests failed, read from the request log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .request_log import RecordedRequest

UNCLEAR = frozenset({0, 500, 502, 504})
"""Statuses after which a client can't know whether its request was handled; 0 is a connection without an answer."""
TOLERANCE = 0.05
"""Seconds by which a client may be early, for clocks differ."""
STORM_REQUESTS, STORM_SECONDS = 4, 1.0
"""So many attempts of one request within so many seconds are a storm."""
MOST_ATTEMPTS = 10


@dataclass(slots=True, frozen=True)
class Offence:
    """One thing that a client did wrong: its kind, a sentence, and the numbers of the requests in the log."""

    kind: str
    message: str
    requests: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


def offences_of(log: Iterable[RecordedRequest]) -> list[Offence]:
    """The offences of a client, in the order of its requests.

    - `repeated_without_key`: a call that costs credits failed in a way that leaves open whether it was handled, and was
      repeated without the same `Idempotency-Key`.
    - `ignored_retry_after`: a request was repeated before the time that `Retry-After` gave.
    - `retry_storm`: a failed request was repeated several times within a second, or very often.
    """
    found: list[Offence] = []
    for attempts in _attempts(log):
        found += _repeated_without_key(attempts)
        found += _ignored_retry_after(attempts)
        found += _storm(attempts)
    return sorted(found, key=lambda offence: offence.requests)


def _attempts(log: Iterable[RecordedRequest]) -> Iterator[list[RecordedRequest]]:
    """Requests that are one request and its repetitions: equal ones, each of which follows a failed one."""
    running: dict[tuple[str, str, str, str, bytes], list[RecordedRequest]] = {}
    for entry in log:
        if entry.size and not entry.content:
            continue  # too long to be kept, so it can't be compared
        key = (entry.account, entry.method, entry.path, entry.query, entry.content)
        attempts = running.setdefault(key, [])
        if attempts and not attempts[-1].failed:
            if len(attempts) > 1:
                yield attempts
            attempts = running[key] = []
        attempts.append(entry)
    yield from (attempts for attempts in running.values() if len(attempts) > 1)


def _repeated_without_key(attempts: list[RecordedRequest]) -> Iterator[Offence]:
    for first, second in pairwise(attempts):
        unclear = first.status in UNCLEAR or (first.status == 200 and not first.complete)
        key = first.headers.get("idempotency-key")
        if first.paid and unclear and (key is None or second.headers.get("idempotency-key") != key):
            yield Offence(
                "repeated_without_key",
                f"{second.method} {second.path} costs credits, may have been handled as request {first.number}, "
                f"and was repeated as request {second.number} without the same Idempotency-Key",
                (first.number, second.number),
            )


def _ignored_retry_after(attempts: list[RecordedRequest]) -> Iterator[Offence]:
    for first, second in pairwise(attempts):
        # Real time, or the mock's when a test has advanced it.
        waited = max(second.arrived - first.answered, second.moment - first.moment)
        if first.retry_after is not None and waited < first.retry_after - TOLERANCE:
            yield Offence(
                "ignored_retry_after",
                f"request {first.number} was answered {first.status} with a wait of {first.retry_after:g} s, "
                f"and repeated as request {second.number} after {waited:.2f} s",
                (first.number, second.number),
            )


def _storm(attempts: list[RecordedRequest]) -> Iterator[Offence]:
    numbers = tuple(entry.number for entry in attempts)
    for start, end in zip(attempts, attempts[STORM_REQUESTS - 1 :], strict=False):
        if end.arrived - start.arrived < STORM_SECONDS:
            yield Offence(
                "retry_storm",
                f"{start.method} {start.path} was sent {STORM_REQUESTS} times within "
                f"{end.arrived - start.arrived:.2f} s, as requests {start.number} to {end.number}",
                numbers,
            )
            return
    if len(attempts) > MOST_ATTEMPTS:
        yield Offence(
            "retry_storm", f"{attempts[0].method} {attempts[0].path} was sent {len(attempts)} times", numbers
        )
