"""Everything that a mock server remembers. A reset makes a new one, so nothing can be forgotten in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base.clock import Clock
from ..base.identifiers import Identifiers
from ..base.options import MockOptions
from .accounts import Accounts
from .billing_log import Ledger, Movement
from .fault_queue import FaultQueue
from .models import Catalogue, catalogue
from .rate_limits import Limits
from .request_log import Journal
from .sessions import Tokens

if TYPE_CHECKING:
    from ..operations.videos import Job
    from ..request.call import Stream

IDEMPOTENCY_KEPT = 10_000
FILES_KEPT = 500


@dataclass(slots=True)
class ServedFile:
    """Bytes at a URL of this server: an image, a sound, a film."""

    content: bytes = field(repr=False)
    media_type: str
    name: str


class State:
    """Accounts, tokens, limits, the ledger, jobs, files, running streams, faults and recorded requests of one
    server.
    """

    def __init__(self, options: MockOptions, secret_names: frozenset[str]) -> None:
        self.options = options
        self.clock = Clock(frozen=options.frozen_clock)
        self.seed = options.seed
        self.identifiers = Identifiers(options.seed)
        self.catalogue: Catalogue = catalogue()
        self.accounts = Accounts(options, self.clock, self.identifiers)
        self.tokens = Tokens(self.clock, self.identifiers, self.accounts, options.token_lifetime)
        self.limits = Limits(self.clock)
        self.ledger = Ledger()
        self.journal = Journal(options.journal_size, secret_names)
        self.faults = FaultQueue()
        self.counters: Counter[str] = Counter()
        self.violations: list[str] = []
        self.streams: dict[str, tuple[int, Stream]] = {}
        self.ended_streams: dict[str, int] = {}
        self.jobs: dict[str, Job] = {}
        self.files: dict[str, ServedFile] = {}
        self.spoken: dict[str, str] = {}
        self.idempotent: dict[tuple[int, str, str], tuple[str, Any]] = {}
        self.started = self.clock.now()
        if options.credits:
            self.move(options.credits, "Starting credit")

    def move(self, amount: float, description: str) -> None:
        """Note credits that came to the demo account, or went, outside of a call."""
        self.ledger.movements.append(
            Movement(
                self.clock.now(),
                f"txn_{self.identifiers.hex(16)}",
                self.accounts.demo.id,
                amount,
                description,
            )
        )

    def set_credits(self, amount: float) -> None:
        """Put the demo account at exactly `amount`, with a transaction for the difference."""
        demo = self.accounts.demo
        difference = round(amount - demo.credits, 10)
        if difference:
            self.move(difference, "Adjustment")
        demo.credits = amount

    def reseed(self, seed: int) -> None:
        """Start the identifiers and the texts anew from a seed, and leave everything else as it is."""
        self.seed = seed
        self.identifiers.reseed(seed)

    def serve(self, content: bytes, media_type: str, extension: str) -> str:
        """Keep bytes to be fetched; returns the path under which this server gives them out."""
        name = f"{self.identifiers.hex(24)}.{extension}"
        while len(self.files) >= FILES_KEPT:
            del self.files[next(iter(self.files))]
        self.files[name] = ServedFile(content, media_type, name)
        return f"/files/{name}"

    def remember_answer(self, key: tuple[int, str, str], fingerprint: str, reply: Any) -> None:
        """Keep the answer to a request with an idempotency key, to be given again to the same request."""
        while len(self.idempotent) >= IDEMPOTENCY_KEPT:
            del self.idempotent[next(iter(self.idempotent))]
        self.idempotent[key] = (fingerprint, reply)
