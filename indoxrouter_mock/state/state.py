"""All state of a mock server. A reset replaces it as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ..base.clock import Clock
from ..base.identifiers import Identifiers
from ..base.options import MockOptions
from ..base.reply import Stream
from .accounts import Account, Accounts
from .billing_log import BillingLog, CreditAdjustment
from .fault_queue import FaultQueue
from .files import Files, ServedFile
from .idempotency import IdempotentReplies
from .models import ModelCatalog, model_catalog
from .rate_limits import RateLimits
from .request_log import RequestLog
from .scripted_answers import AnswerScript, read_script
from .sessions import Sessions
from .video_jobs import VideoJob

MOST_JOBS = 10_000
"""Video jobs that are kept; the oldest are removed first."""


class State:
    """Accounts, tokens, limits, the billing log, jobs, files, running streams, faults and recorded requests of one
    server.
    """

    def __init__(self, options: MockOptions, secret_names: frozenset[str]) -> None:
        self.options = options
        self.clock = Clock(frozen=options.frozen_clock)
        self.seed = options.seed
        self.identifiers = Identifiers(options.seed)
        self.models: ModelCatalog = model_catalog().extended()
        self.accounts = Accounts(options, self.clock, self.identifiers)
        self.sessions = Sessions(self.clock, self.identifiers, self.accounts, options.token_lifetime)
        self.rate_limits = RateLimits(self.clock)
        self.billing_log = BillingLog()
        self.request_log = RequestLog(options.journal_size, secret_names)
        self.faults = FaultQueue(options.seed)
        self.answers = AnswerScript()
        for fields in read_script(options.answers):
            self.answers.add(fields)
        self.counters: Counter[str] = Counter()
        self.violations: list[str] = []
        self.streams: dict[str, tuple[int, Stream]] = {}
        self.ended_streams: dict[str, int] = {}
        self.jobs: dict[str, VideoJob] = {}
        self.files = Files()
        self.speech_texts: dict[str, str] = {}
        self.idempotent = IdempotentReplies()
        self.started = self.clock.now()
        self._begin(self.accounts.demo)

    def _begin(self, account: Account) -> None:
        if account.starting_credits:
            self.move(account.starting_credits, "Starting credit", account)

    def move(self, amount: float, description: str, account: Account) -> None:
        """Record a change of an account's credits outside of a call."""
        self.billing_log.adjust(
            CreditAdjustment(
                self.clock.now(),
                f"txn_{self.identifiers.hex(16)}",
                account.id,
                amount,
                description,
            )
        )

    def set_credits(self, amount: float, account: Account | None = None) -> None:
        """Put an account, by default the demo account, at exactly `amount`, with a transaction for the difference."""
        account = account or self.accounts.demo
        difference = round(amount - account.credits, 10)
        if difference:
            self.move(difference, "Adjustment", account)
        account.credits = amount

    def add_account(self, name: str, credits: float, tier: str) -> Account:
        """Add an account with a key of its own. Raises ApiError 400."""
        account = self.accounts.add(name, credits, tier)
        self._begin(account)
        return account

    def reset_account(self, account: Account) -> None:
        """Put an account back to its start; others are not affected."""
        self._forget(account)
        self.accounts.restore(account)
        self._begin(account)

    def remove_account(self, account: Account) -> None:
        """Remove an account and all that belongs to it."""
        self._forget(account)
        self.accounts.remove(account)

    def _forget(self, account: Account) -> None:
        self.billing_log.forget(account.id)
        self.sessions.forget(account)
        self.rate_limits.forget(account)
        self.request_log.forget(account.username)
        self.answers.clear(account.username)
        self.faults.clear(account.username)
        self.jobs = {key: job for key, job in self.jobs.items() if job.account_id != account.id}
        self.idempotent.forget(account.id)

    def reseed(self, seed: int) -> None:
        """Restart identifiers and texts from a seed; nothing else changes."""
        self.seed = seed
        self.identifiers.reseed(seed)

    def store_file(self, content: bytes, media_type: str, extension: str) -> str:
        """Keep bytes to be fetched; returns the path under which this server gives them out."""
        name = f"{self.identifiers.hex(24)}.{extension}"
        self.files.add(ServedFile(name, media_type, len(content), lambda: content, len(content)))
        return f"/files/{name}"

    def add_file(self, media_type: str, extension: str, size: int, make: Callable[[], bytes]) -> ServedFile:
        """Offer a file of a known size that is made whenever it is fetched."""
        file = ServedFile(f"{self.identifiers.hex(24)}.{extension}", media_type, size, make)
        self.files.add(file)
        return file

    def add_job(self, job: VideoJob) -> None:
        """Keep a video job, at the expense of the oldest one when there are too many."""
        self.jobs[job.id] = job
        while len(self.jobs) > MOST_JOBS:
            del self.jobs[next(iter(self.jobs))]
