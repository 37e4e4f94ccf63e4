"""pytest fixtures: a mock server with a fresh state for each test that requests one.

The server starts once per run; its state is replaced for each test. The marker sets options:

    @pytest.mark.indoxrouter_mock(tier="free", credits=1)
    def test_shows_when_the_limit_is_reached(indoxrouter_mock, indoxrouter_client): ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from .serving.server import MockServer
    from .serving.tape_server import TapeServer

MARKER = "indoxrouter_mock"
TAPE_MARKER = "indoxrouter_tape"
RECORD_MODES = ("none", "new", "all")
REPLAY_KEY = "indox-" + "tape" * 8
"""What stands in for an API key while a tape is played: the tape has none."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for recording."""
    group = parser.getgroup("indoxrouter")
    group.addoption(
        "--indoxrouter-record",
        choices=RECORD_MODES,
        default="none",
        help="record the tapes of tests with the fixture indoxrouter_tape: none replays only, new records the tests "
        "that have no tape, all records every one again (default: none)",
    )
    group.addoption(
        "--indoxrouter-upstream",
        metavar="URL",
        default=None,
        help="the server to record (default: that of the markers, else https://api.indoxrouter.com)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**settings): settings of the mock server for this test, as in MockOptions"
    )
    config.addinivalue_line(
        "markers",
        f"{TAPE_MARKER}(folder=, upstream=, unknown=, pace=, ignore=): where this test's tape lies and how it is used",
    )


@pytest.fixture(scope="session")
def indoxrouter_mock_server() -> Iterator[MockServer]:
    """The one server of the run. Tests ask for `indoxrouter_mock`, which gives each of them a fresh state."""
    try:
        from .serving.server import MockServer
    except ModuleNotFoundError as error:
        # The package contains the plugin; the extra installs what the server needs.
        pytest.fail(f"the package {error.name} is missing: pip install 'indoxrouter[mock]'", pytrace=False)

    with MockServer() as server:
        yield server


@pytest.fixture
def indoxrouter_mock(
    request: pytest.FixtureRequest,
    indoxrouter_mock_server: MockServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MockServer]:
    """A mock server with a fresh state for this test: `.url`, `.base_url`, `.api_key`, `.answers`, `.faults`,
    `.requests`, `.clock`.

    During the test, `INDOX_ROUTER_BASE_URL` and `INDOX_ROUTER_API_KEY` hold its address and its key.
    """
    from .base.options import MockOptions

    settings: dict[str, Any] = {}
    test: Any = request  # its `node` has no type before pytest 9.2
    node: pytest.Item = test.node
    for marker in reversed(list(node.iter_markers(MARKER))):
        settings.update(marker.kwargs)
    indoxrouter_mock_server.reset_to(MockOptions().changed(**settings))
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", indoxrouter_mock_server.base_url)
    monkeypatch.setenv("INDOX_ROUTER_API_KEY", indoxrouter_mock_server.api_key)
    yield indoxrouter_mock_server
    indoxrouter_mock_server.reset_to(MockOptions())


@pytest.fixture
def indoxrouter_tape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TapeServer]:
    """A server that plays this test's tape, or records it with `--indoxrouter-record`.

    The tape is in `tapes/<module>/<test>/` beside the test. During the test, `INDOX_ROUTER_BASE_URL` is the address of
    the server; while a tape is played, `INDOX_ROUTER_API_KEY` is a placeholder.
    """
    try:
        from .serving.tape_server import TapeServer
    except ModuleNotFoundError as error:
        pytest.fail(f"the package {error.name} is missing: pip install 'indoxrouter[mock]'", pytrace=False)

    test: Any = request  # as above
    node: pytest.Item = test.node
    settings: dict[str, Any] = {"pace": 0.0, "api_key": REPLAY_KEY}
    for marker in reversed(list(node.iter_markers(TAPE_MARKER))):
        settings.update(marker.kwargs)
    folder = Path(node.path.parent, settings.pop("folder", "") or _tape_folder(node))
    upstream = settings.pop("upstream", None)
    mode = node.config.getoption("--indoxrouter-record")
    recorded = any(folder.rglob("*.yaml"))
    recording = mode == "all" or (mode == "new" and not recorded)
    if recording:
        for old in folder.rglob("*.yaml"):
            old.unlink()
    elif not recorded:
        pytest.fail(
            f"there is no tape in {folder}: record it with `pytest --indoxrouter-record=new`, with the API key of the "
            "service in INDOX_ROUTER_API_KEY",
            pytrace=False,
        )
    if recording or settings.get("unknown") in ("upstream", "record"):
        settings["upstream"] = node.config.getoption("--indoxrouter-upstream") or upstream or _production()
    with TapeServer(folder, replay=not recording, **settings) as server:
        monkeypatch.setenv("INDOX_ROUTER_BASE_URL", server.base_url)
        if not recording:
            monkeypatch.setenv("INDOX_ROUTER_API_KEY", REPLAY_KEY)
        yield server


def _production() -> str:
    """The origin of the first server of the spec."""
    from .spec.document import load_spec  # needs PyYAML, which only recording tests pay

    server = urlsplit(str(load_spec().document["servers"][0]["url"]))
    return f"{server.scheme}://{server.netloc}"


def _tape_folder(node: pytest.Item) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", node.nodeid.partition("::")[2]).strip("-")
    return f"tapes/{node.path.stem}/{name}"


@pytest.fixture
def indoxrouter_client(indoxrouter_mock: MockServer) -> Iterator[Any]:
    """An `indoxrouter.Client` that talks to this test's mock. The only fixtures here that need the SDK import it
    when asked for.
    """
    with _of_the_client("Client")(
        api_key=indoxrouter_mock.api_key, base_url=indoxrouter_mock.base_url
    ) as client:
        yield client


@pytest.fixture
def indoxrouter_async_client(indoxrouter_mock: MockServer) -> Any:
    """An `indoxrouter.AsyncClient` that talks to this test's mock.

    It is made outside of any event loop, so the test closes it: `async with indoxrouter_async_client as client: …`.
    """
    return _of_the_client("AsyncClient")(api_key=indoxrouter_mock.api_key, base_url=indoxrouter_mock.base_url)


def _of_the_client(name: str) -> Any:
    try:
        return getattr(import_module("indoxrouter"), name)
    except ModuleNotFoundError as error:
        if error.name != "indoxrouter":
            raise
        # The mock is a separate distribution, which programs with another client use as well.
        pytest.fail("this fixture needs the client, which is missing: pip install indoxrouter", pytrace=False)
