"""The command line: `python -m indoxrouter_mock`, and `indoxrouter mock`, which calls `main`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base.options import (
    DEMO_API_KEY,
    EMBEDDING_FORMS,
    EVENT_FAMILIES,
    SHAPES,
    TIERS,
    UNKNOWN,
    MockOptions,
    TapeOptions,
)
from .base.text import decimal, integer

if TYPE_CHECKING:
    from .app.application import MockApp

YOUNG_OBJECTS = 20_000
"""New objects after which the garbage collector runs."""

EPILOG = """\
Headers control single answers:
  X-Mock-Fault: truncate;after=3       a fault; `curl URL/__mock__/faults` lists all of them
  X-Mock-Shape: openai                 the shape of a chat answer
  X-Mock-Events: typed                 the family of a stream's events
  X-Mock-Embeddings: objects           the form of embeddings: lists, objects or flat
  X-Mock-Speech: inline                speech as base64 in place of a URL
  X-Mock-Tokens: 20000                 the length of an answer
  X-Mock-Chunk-Delay: 0.05             seconds between the events of a stream

State is kept in memory only. Open / in a browser for a status page and /docs for the API's documentation.

`record --upstream URL --to tapes/` records the answers of a real server; `--replay tapes/` replays them.
"""

RECORD_EPILOG = """\
Give your program this server's address in place of the real one. Each request is passed on with its credentials, and
written with its answer into a YAML file of its own, secrets masked. Recording adds to an existing tape.
"""


def parser(prog: str = "indoxrouter_mock") -> argparse.ArgumentParser:
    """The options. Their defaults are those of `MockOptions`: ample credits, no limits, no delay."""
    found = argparse.ArgumentParser(
        prog=prog,
        description="A mock server of the IndoxRouter API for tests. It keeps accounts and jobs, and fails on demand.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    _add_address(found)
    add(
        "--api-key",
        default=DEMO_API_KEY,
        metavar="KEY",
        help="API key of the demo account (default: a fixed one, printed at start)",
    )
    add(
        "--tier",
        choices=tuple(TIERS),
        default="unlimited",
        help="rate limits of the demo account (default: %(default)s)",
    )
    add(
        "--credits",
        type=decimal,
        default=1_000_000.0,
        metavar="USD",
        help="credits of the demo account (default: %(default)s)",
    )
    add(
        "--seed",
        type=integer,
        default=0,
        help="makes texts, vectors and identifiers repeatable (default: %(default)s)",
    )
    add(
        "--latency",
        type=decimal,
        default=0.0,
        metavar="SECONDS",
        help="wait before each answer (default: none)",
    )
    add(
        "--chunk-delay",
        type=decimal,
        default=0.0,
        metavar="SECONDS",
        help="wait between the events of a stream (default: none)",
    )
    add(
        "--reply-tokens",
        type=integer,
        default=None,
        metavar="N",
        help="length of every answer in tokens (default: it varies)",
    )
    add(
        "--shape",
        choices=SHAPES,
        default="envelope",
        help="shape of chat and completion answers (default: %(default)s)",
    )
    add(
        "--events",
        choices=EVENT_FAMILIES,
        default="chunks",
        help="family of a stream's events (default: %(default)s)",
    )
    add(
        "--embeddings",
        choices=EMBEDDING_FORMS,
        default="lists",
        help="wire form of embeddings (default: %(default)s)",
    )
    add(
        "--token-lifetime",
        type=decimal,
        default=3600.0,
        metavar="SECONDS",
        help="how long a token is valid (default: %(default)s)",
    )
    add(
        "--video-seconds",
        type=decimal,
        default=2.0,
        metavar="SECONDS",
        help="how long a video job takes (default: %(default)s)",
    )
    add(
        "--frozen-clock",
        action="store_true",
        help="stop the server's clock; it moves only when it is advanced",
    )
    add(
        "--answers",
        type=Path,
        default=None,
        metavar="FILE",
        help="YAML or JSON file with scripted answers",
    )
    add("--any-model", action="store_true", help="accept models that are not in the catalog, at no cost")
    add("--replay", type=Path, default=None, metavar="FOLDER", help="answer from a tape that `record` wrote")
    add(
        "--unknown",
        choices=UNKNOWN,
        default="error",
        help="with --replay, a request that is not on the tape is refused, answered by the mock, passed on to "
        "--upstream, or passed on and added to the tape (default: %(default)s)",
    )
    add("--upstream", default=None, metavar="URL", help="with --replay, the server to pass requests on to")
    add(
        "--pace",
        type=decimal,
        default=1.0,
        metavar="FACTOR",
        help="with --replay, multiplies the recorded waits; 0 answers at once (default: %(default)s)",
    )
    _add_common(found)
    return found


def record_parser(prog: str = "indoxrouter_mock") -> argparse.ArgumentParser:
    """The options of `record`."""
    found = argparse.ArgumentParser(
        prog=f"{prog} record",
        description="Pass requests on to a real server, and record them with its answers.",
        epilog=RECORD_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    _add_address(found)
    add(
        "--upstream",
        required=True,
        metavar="URL",
        help="the server to record, such as https://api.example.com",
    )
    add("--to", type=Path, required=True, metavar="FOLDER", help="where to write the tape")
    _add_common(found)
    return found


def _add_address(found: argparse.ArgumentParser) -> None:
    found.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    found.add_argument(
        "--port",
        type=integer,
        default=8000,
        help="port to listen on; 0 takes any free one (default: %(default)s)",
    )


def _add_common(found: argparse.ArgumentParser) -> None:
    add = found.add_argument
    add(
        "--ignore",
        action="append",
        default=[],
        metavar="NAME",
        help="a member of bodies or a query parameter that may differ from the tape; may be repeated",
    )
    add(
        "--spec",
        type=Path,
        default=None,
        metavar="FILE",
        help="OpenAPI document to serve (default: the one this package comes with)",
    )
    add(
        "--admin-token",
        default=None,
        metavar="TOKEN",
        help="token of the admin endpoints (default: none on loopback; elsewhere a new one, which is printed)",
    )
    add(
        "--allow-host",
        action="append",
        default=[],
        dest="allowed_hosts",
        metavar="NAME",
        help="a further name under which the admin endpoints may be reached, such as that of a container",
    )
    add(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="info writes a line for each request, never with bodies or secrets (default: %(default)s)",
    )


def main(argv: Sequence[str] | None = None, prog: str = "indoxrouter_mock") -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0, or 1 with a sentence on stderr when it can't start.

    Args:
        argv: the options; by default the program's own.
        prog: what the program is called in its help.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    recording = given[:1] == ["record"]
    arguments = vars(
        record_parser(prog).parse_args(given[1:]) if recording else parser(prog).parse_args(given)
    )
    host, port, level = arguments.pop("host"), arguments.pop("port"), arguments.pop("log_level")
    arguments["allowed_hosts"] = tuple(arguments["allowed_hosts"])
    try:
        tape = _tape_options(arguments, recording=recording)
        options = MockOptions(**arguments)
    except ValueError as error:
        return _refuse(f"option --{str(error).replace('_', '-', 1)}")
    with _logging(level.upper()), _sparing_collector():
        try:
            return _serve(options, tape, host, port)
        except ModuleNotFoundError as error:
            return _refuse(f"the package {error.name} is missing: pip install 'indoxrouter[mock]'")


def _tape_options(arguments: dict[str, Any], *, recording: bool) -> TapeOptions | None:
    """Take the options of a tape out of the arguments; None when no tape is asked for."""
    ignore, upstream = tuple(arguments.pop("ignore")), arguments.pop("upstream")
    if recording:
        return TapeOptions(tapes=arguments.pop("to"), replay=False, upstream=upstream, ignore=ignore)
    tapes, unknown, pace = arguments.pop("replay"), arguments.pop("unknown"), arguments.pop("pace")
    if tapes is not None:
        return TapeOptions(tapes=tapes, unknown=unknown, upstream=upstream, pace=pace, ignore=ignore)
    if upstream is not None or unknown != "error" or pace != 1.0 or ignore:
        raise ValueError("replay is missing; --unknown, --upstream, --pace and --ignore require it")
    return None


@contextlib.contextmanager
def _logging(level: str) -> Generator[None, None, None]:
    """The mock's log lines on stderr, while it serves. The root logger is left alone: `main` may be called by a
    program.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    levels = {"indoxrouter_mock": level, "uvicorn": "WARNING"}
    for name, wanted in levels.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(wanted)
    try:
        yield
    finally:
        for name in levels:
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(logging.NOTSET)


@contextlib.contextmanager
def _sparing_collector() -> Generator[None, None, None]:
    """No garbage collection while a server starts: it keeps what it makes then. `_collect_seldom` turns it on again.

    A program that calls `main` has its own settings afterwards.
    """
    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        if enabled:
            gc.enable()


def _collect_seldom() -> None:
    """Leave the description and the catalog out of garbage collections, and do not collect after every 700 objects."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


def _application(options: MockOptions, tape: TapeOptions | None) -> MockApp:
    if tape is None:
        from .app.application import MockApp

        return MockApp(options)
    from .app.tape_app import TapeApp  # cost: 60 ms, as it imports httpx

    return TapeApp(tape, options)


def _serve(options: MockOptions, tape: TapeOptions | None, host: str, port: int) -> int:
    # Here, so that `--help` and a wrong option need neither uvicorn nor msgspec.
    from .serving.foreground import ForegroundServer, listen, require_token, uvicorn_config, with_duplicates
    from .spec.document import SpecError

    try:
        app = _application(options, tape)
    except (SpecError, ValueError) as error:
        return _refuse(str(error))
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as error:
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        return _refuse(
            f"{host}:{port} can't be listened on: {reason}. Choose another with --port, or --port 0 for any free one."
        )
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    require_token(app, host)
    announcement = (
        f"IndoxRouter mock at {url}  (API under {url}/api/v1, docs at {url}/docs)\n"
        f"Demo API key: {options.api_key}"
    )
    if tape is not None:
        announcement += (
            f"\nPlays the tape in {tape.tapes}"
            if tape.replay
            else f"\nRecords {tape.upstream} in {tape.tapes}"
        )
    if app.admin_token is not None:
        announcement += f"\nAdmin token: {app.admin_token}  (page at {url}/#token={app.admin_token})"
    _collect_seldom()
    try:
        ForegroundServer(uvicorn_config(app), announcement).run(sockets=with_duplicates(listener))
    finally:
        listener.close()
    return 0


def _refuse(message: str) -> int:
    print(f"indoxrouter mock: {message}", file=sys.stderr, flush=True)
    return 1
