"""What the parts of the application share: options, spec, state, validators and the streams under way."""

from __future__ import annotations

import asyncio

from ..base.json import is_object
from ..base.options import MockOptions
from ..spec.document import Spec, load_spec
from ..spec.validation import Validators
from ..state.state import State
from ..state.verdict import Offence, offences_of

DEFAULT_LARGEST_BODY = 104_857_600


class AppContext:
    """One mock without its way in: admin endpoints, pages and response writers need no more than this.

    Raises SpecError when the spec can't be read.
    """

    def __init__(self, options: MockOptions | None = None) -> None:
        self.options = options or MockOptions()
        self.spec: Spec = load_spec(self.options.spec)
        self.validators = Validators(self.spec)
        self.state = State(self.options, self.spec.secret_names)
        self.largest_body = _documented_limit(self.spec) or DEFAULT_LARGEST_BODY
        self.admin_token = self.options.admin_token
        self.allowed_hosts = frozenset(host.lower() for host in self.options.allowed_hosts)
        self.open_streams: set[asyncio.Future[None]] = set()

    def reset(self, options: MockOptions | None = None) -> State:
        """Replace the state by a fresh one, under `options` when given. The spec stays the one that was read."""
        options = options or self.options
        # First the state, which may refuse the options: then nothing has changed.
        self.state = State(options, self.spec.secret_names)
        self.options = options
        return self.state

    async def aclose(self) -> None:
        """Release what the application holds open beside its clients' connections; of itself it holds nothing."""

    def close_streams(self) -> None:
        """End all running streams as if their clients had disconnected. Call it in the server's event loop."""
        for disconnected in self.open_streams:
            disconnected.cancel()


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
