"""What the parts of the application share: options, spec, state, validators and the streams under way."""

from __future__ import annotations

import asyncio

from ..base.json import is_object
from ..base.options import MockOptions
from ..spec.document import Spec, load_spec
from ..spec.errors import ApiError
from ..spec.validation import Validators
from ..state.state import State
from ..state.verdict import Offence, offences_of
from .known_names import check_account, check_operation

DEFAULT_LARGEST_BODY = 104_857_600


class AppContext:
    """One mock without its way in: admin endpoints, pages and response writers need no more than this.

    Raises SpecError when the spec can't be read.
    """

    def __init__(self, options: MockOptions | None = None) -> None:
        self.options = options or MockOptions()
        self.spec: Spec = load_spec(self.options.spec)
        self.validators = Validators(self.spec)
        self.state = self._new_state(self.options)
        self.largest_body = _documented_limit(self.spec) or DEFAULT_LARGEST_BODY
        self.admin_token = self.options.admin_token
        self.allowed_hosts = frozenset(host.lower() for host in self.options.allowed_hosts)
        self.open_streams: set[asyncio.Future[None]] = set()
        self.pauses: set[asyncio.Future[None]] = set()

    def reset(self, options: MockOptions | None = None) -> State:
        """Replace the state by a fresh one, under `options` when given. The spec stays the one that was read."""
        options = options or self.options
        # First the state, which may refuse the options: then nothing has changed.
        self.state = self._new_state(options)
        self.options = options
        return self.state

    def _new_state(self, options: MockOptions) -> State:
        """A fresh state. Raises ValueError for a scripted answer of the options that waits for no known operation; its
        account may be added later.
        """
        state = State(options, self.spec.secret_names)
        for number, answer in enumerate(state.answers.pending(), 1):
            try:
                if answer["operation"] is not None:
                    check_operation(answer["operation"], self.operation_names())
            except ApiError as problem:
                raise ValueError(f"answers: answer {number}: {problem.message}") from problem
        return state

    def check_match(self, operation: str | None, account: str | None) -> None:
        """Raise ApiError 400 for what no request can match: an operation that there is not, or an account."""
        if operation is not None:
            check_operation(operation, self.operation_names())
        if account is not None:
            check_account(account, [each.username for each in self.state.accounts.all()])

    def operation_names(self) -> list[str]:
        """The operationIds of the requests that it answers."""
        return list(self.spec.operations)

    async def aclose(self) -> None:
        """Release what the application holds open beside its clients' connections; of itself it holds nothing."""

    def close_streams(self) -> None:
        """End all running streams as if their clients had disconnected, and all pauses. Call it in the server's event
        loop.
        """
        for disconnected in self.open_streams:
            disconnected.cancel()
        for pause in self.pauses:
            pause.cancel()


def client_offences(app: AppContext, account: str | None = None) -> list[Offence]:
    """The verdict on the client: what its requests show, and the streams that it neither reads nor closes."""
    log = app.state.request_log.entries()
    found = offences_of(entry for entry in log if account in (None, entry.account))
    if account is None and app.open_streams:
        count = len(app.open_streams)
        found.append(
            Offence(
                "leaked_connection",
                f"{count} stream{'s are' if count > 1 else ' is'} neither finished nor closed",
            )
        )
    return found


def _documented_limit(spec: Spec) -> int | None:
    """The largest `request_bytes` that an `x-media-limit` of the spec gives."""
    found = [
        schema["x-media-limit"]["request_bytes"]
        for schema in spec.document.get("components", {}).get("schemas", {}).values()
        if is_object(schema) and "request_bytes" in schema.get("x-media-limit", {})
    ]
    return max(found, default=None)
