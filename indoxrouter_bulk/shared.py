"""Pace and budget of all processes of one machine, in a SQLite file.

Each process has a lease. If a process dies, its lease ends, and what the process had reserved is released. Time is
the machine's clock, which all its processes share.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indoxrouter.errors import InvalidParametersError

from indoxrouter_ext.calls.retry import RetryPolicy
from indoxrouter_ext.spending.estimate import Estimator
from indoxrouter_ext.spending.protocol import Amount, BudgetExceededError, Spend

from .rate_limiter import RateLimiter

__all__ = ["SharedBudget", "SharedPace"]

_WAIT = 30.0  # seconds for another process to finish its transaction, which takes microseconds
_FULL = 1 - 1e-9  # amounts are sums of floats


class _Database:
    def __init__(self, path: str | os.PathLike[str], lease: float, clock: Callable[[], float]) -> None:
        if not lease > 0:
            raise InvalidParametersError(f"lease: expected seconds above 0, got {lease!r}", argument="lease")
        self.path = Path(path)
        self.lease = lease
        self.clock = clock
        self.worker = secrets.token_hex(8)
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def connection(self) -> sqlite3.Connection:
        """This process's connection; a forked child opens its own."""
        if self._connection is None or self._process != os.getpid():
            if self._connection is not None:
                self.worker = secrets.token_hex(8)
            try:
                made = sqlite3.connect(
                    self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False
                )
                made.execute("PRAGMA journal_mode = WAL")
                made.execute("PRAGMA synchronous = OFF")  # a killed process loses nothing by it
                made.executescript(
                    "CREATE TABLE IF NOT EXISTS pace (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT);"
                    "CREATE TABLE IF NOT EXISTS workers (id TEXT PRIMARY KEY, calls INT, until REAL);"
                    "CREATE TABLE IF NOT EXISTS spent (id INTEGER PRIMARY KEY CHECK (id = 1),"
                    " usd REAL, tokens INT, calls INT, unreported INT);"
                    "INSERT OR IGNORE INTO spent VALUES (1, 0, 0, 0, 0);"
                    "CREATE TABLE IF NOT EXISTS reserved"
                    " (id INTEGER PRIMARY KEY, worker TEXT, usd REAL, tokens INT, until REAL);"
                )
            except sqlite3.Error as error:
                raise InvalidParametersError(
                    f"path: {self.path} cannot be used as a shared file: {error}", argument="path"
                ) from None
            self._connection = made
            self._process = os.getpid()
        return self._connection

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection, None, None]:
        """Changes that other processes see all at once, or not at all."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            for table, column in (("workers", "id"), ("reserved", "worker")):
                self._connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (self.worker,))
            self._connection.close()
        self._connection = None


class SharedPace:
    """The rate limit of all processes that name the same file: `client.map(…, pace=SharedPace("job.db"))`.

    A 429 in one process pauses all of them.

    Args:
        path: of the file; created if it does not exist.
        per_minute: calls a minute of all processes together; None for the server's limit alone.
        lease: seconds after which the calls in flight of a silent process no longer count.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        per_minute: float | None = None,
        *,
        lease: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        policy = RetryPolicy(0, float("inf"), first_wait=1.0, longest_wait=60.0, jitter=None)
        self._limiter = RateLimiter(policy, per_minute, clock=clock, wall=clock)
        self._database = _Database(path, lease, clock)
        self._calls = 0
        self._limited = per_minute is not None

    def __repr__(self) -> str:
        return f"<SharedPace {str(self._database.path)!r}: waits {self._limiter.wait():.1f} s>"

    @contextmanager
    def _state(self) -> Generator[RateLimiter, None, None]:
        now = self._database.clock()
        me = self._database.worker
        with self._database.transaction() as connection:
            row = connection.execute("SELECT state FROM pace").fetchone()
            connection.execute("DELETE FROM workers WHERE until < ?", (now,))
            others = connection.execute("SELECT sum(calls) FROM workers WHERE id != ?", (me,)).fetchone()[0]
            self._limiter.load(json.loads(row[0]) if row else None, self._calls + (others or 0))
            before = self._limiter.in_flight
            yield self._limiter
            self._calls = max(0, self._calls + self._limiter.in_flight - before)
            connection.execute(
                "INSERT OR REPLACE INTO pace VALUES (1, ?)", (json.dumps(self._limiter.state()),)
            )
            connection.execute(
                "INSERT OR REPLACE INTO workers VALUES (?, ?, ?)",
                (me, self._calls, now + self._database.lease),
            )

    def try_start(self) -> float:
        """Start a call: 0 if it may start now, else the seconds after which to ask again."""
        with self._state() as limiter:
            return limiter.try_start()

    def end(self, headers: Mapping[str, str] | None = None) -> None:
        """Record the end of a call; see `Pace`."""
        with self._state() as limiter:
            limiter.end(headers)

    def on_rate_limited(self, retry_after: float | None) -> float:
        """Record that a call was refused with 429; all processes pause. Returns the seconds of the pause."""
        with self._state() as limiter:
            return limiter.on_rate_limited(retry_after)

    def close(self) -> None:
        """Give back what this process holds."""
        self._calls = 0
        self._database.close()


class SharedBudget:
    """A limit for what all processes that name the same file may spend; a `BudgetProtocol`.

    What is spent stays in the file when the processes end: a job that is resumed has what is left.

    Args:
        path: of the file; created if it does not exist.
        usd: limit in US dollars.
        tokens: limit in tokens; None for no limit.
        expected_usd: estimate of a call in US dollars before this process has an answer to learn from.
        lease: seconds after which the reservations of a silent process are given back. A process renews its leases with
            each call that it starts.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        usd: float | None = None,
        tokens: int | None = None,
        *,
        expected_usd: float = 0.0,
        lease: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        for name, limit in (("usd", usd), ("tokens", tokens)):
            if limit is not None and not limit > 0:
                raise InvalidParametersError(
                    f"{name}: expected a positive number, got {limit!r}", argument=name
                )
        self.usd = usd
        self.tokens = tokens
        self.estimator = Estimator(Amount(expected_usd))
        self._database = _Database(path, lease, clock)

    def __repr__(self) -> str:
        limit = "no limit" if self.usd is None else f"${self.usd:.6f}"
        return f"<SharedBudget {str(self._database.path)!r}: ${self.spend.usd:.6f} of {limit}>"

    @property
    def spend(self) -> Spend:
        """What all processes have spent, and what their calls in flight may add."""
        with self._database.transaction() as connection:
            return self._spend(connection)

    def _spend(self, connection: sqlite3.Connection) -> Spend:
        connection.execute("DELETE FROM reserved WHERE until < ?", (self._database.clock(),))
        usd, tokens, calls, unreported = connection.execute(
            "SELECT usd, tokens, calls, unreported FROM spent"
        ).fetchone()
        held = connection.execute("SELECT total(usd), coalesce(sum(tokens), 0) FROM reserved").fetchone()
        return Spend(usd, tokens, calls, unreported, Amount(*held))

    def reserve(self, estimate: Amount) -> int:
        """Reserve an estimate. Returns the reservation, for `settle` or `release`.

        Raises:
            BudgetExceededError: when the estimate would pass a limit.
        """
        with self._database.transaction() as connection:
            spend = self._spend(connection)
            for limit, used, more in (
                (self.usd, spend.usd + spend.reserved.usd, estimate.usd),
                (self.tokens, spend.tokens + spend.reserved.tokens, estimate.tokens),
            ):
                if limit is not None and (used + more > limit / _FULL or used >= limit * _FULL):
                    raise BudgetExceededError(spend, estimate, usd=self.usd, tokens=self.tokens)
            until = self._database.clock() + self._database.lease
            me = self._database.worker
            connection.execute("UPDATE reserved SET until = ? WHERE worker = ?", (until, me))
            made = connection.execute(
                "INSERT INTO reserved (worker, usd, tokens, until) VALUES (?, ?, ?, ?)",
                (me, estimate.usd, estimate.tokens, until),
            )
            return int(made.lastrowid or 0)

    def settle(self, reservation: Any, actual: Amount | None) -> None:
        """Replace a reservation with what the call has cost; None if it may have been charged but reports nothing."""
        with self._database.transaction() as connection:
            held = connection.execute(
                "DELETE FROM reserved WHERE id = ? AND worker = ? RETURNING usd, tokens",
                (reservation, self._database.worker),
            ).fetchone()
            usd, tokens = held or (0.0, 0)
            cost = actual if actual is not None else Amount(float(usd), int(tokens), reported=False)
            connection.execute(
                "UPDATE spent SET usd = usd + ?, tokens = tokens + ?, calls = calls + 1, unreported = unreported + ?",
                (cost.usd, cost.tokens, not cost.reported),
            )

    def release(self, reservation: Any) -> None:
        """Give a reservation back."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM reserved WHERE id = ? AND worker = ?", (reservation, self._database.worker)
            )

    def close(self) -> None:
        """Give back what this process holds."""
        self._database.close()
