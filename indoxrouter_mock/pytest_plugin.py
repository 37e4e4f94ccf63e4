"""pytest fixtures: a mock server with a fresh state for each test that requests one.

The server starts once per run; its state is replaced for each test. The marker sets options:

    @pytest.mark.indoxrouter_mock(tier="free", credits=1)
    def test_shows_when_the_limit_is_reached(indoxrouter_mock, indoxrouter_client): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .serving.server import MockServer

MARKER = "indoxrouter_mock"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**settings): settings of the mock server for this test, as in MockOptions"
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

    During the test, `INDOX_ROUTER_BASE_URL` and `INDOX_ROUTER_API_KEY` lead the code under test to it.
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
