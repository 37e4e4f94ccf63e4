"""A server with a tape, for tests: it records what a real server answers, or answers from a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..app.application import MockApp
from ..app.tape_app import TapeApp
from ..base.options import MockOptions, TapeOptions
from ..tapes.exchange import Exchange
from .server import MockServer


class TapeServer(MockServer):
    """A `MockServer` that records to a tape, or replays one: `with TapeServer("tapes/") as tape: … tape.base_url`.

    Args:
        tapes: the folder of the tape.
        replay: whether to answer from the tape. If not, each request is sent to `upstream` and recorded.
        unknown: what happens to a request that is not on the tape: `error`, `mock`, `upstream` or `record`.
        upstream: the URL of the server to pass requests on to.
        pace: multiplies the recorded waits; 0 answers at once.
        ignore: members of bodies and query parameters that may differ from the recording.

    The other settings are those of `MockServer`. Raises TapeError for a tape that can't be read, ValueError for a
    wrong setting.
    """

    def __init__(
        self,
        tapes: Path | str,
        *,
        replay: bool = True,
        unknown: str = "error",
        upstream: str | None = None,
        pace: float = 1.0,
        ignore: tuple[str, ...] = (),
        **settings: Any,
    ) -> None:
        self._tape = TapeOptions(
            tapes=tapes, replay=replay, unknown=unknown, upstream=upstream, pace=pace, ignore=tuple(ignore)
        )
        super().__init__(**settings)

    def _application(self, options: MockOptions) -> MockApp:
        return TapeApp(self._tape, options)

    def __enter__(self) -> TapeServer:
        self.start()
        return self

    @property
    def _tape_app(self) -> TapeApp:
        if not isinstance(self.app, TapeApp):
            raise RuntimeError("a server with a tape was made without one")
        return self.app

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges of the tape, in order; those that were recorded since the start included."""
        return list(self._tape_app.deck.exchanges)

    @property
    def unplayed(self) -> list[Exchange]:
        """The exchanges that have answered no request yet."""
        return self._tape_app.deck.unplayed()

    def rewind(self) -> None:
        """Play the tape from its start again."""
        self._tape_app.deck.rewind()
