"""What every test shares: a clean environment, seeded Hypothesis, asyncio, fresh interpreters, the mock."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.mock_process import MockProcess, running_mock
from tests.patience import ALL, FACTOR, seconds

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every run, and no wall-clock deadline: a busy machine is not a failing test.
# HYPOTHESIS_PROFILE=thorough looks further, and `make test-all` at twice as many.
settings.register_profile("default", derandomize=True, deadline=None, max_examples=25, database=None)
settings.register_profile("all", settings.get_profile("default"), max_examples=50)
settings.register_profile(
    "thorough", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "all" if ALL else "default"))

# Shells start jobs in the background with SIGINT ignored, and programs inherit that: a test's Ctrl-C would do nothing.
if (
    threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests after the argument when its value is binary: compressed bytes may carry the time, and workers that
    were started a second apart would name the same test differently."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


@pytest.fixture(scope="module", autouse=True)
def _small_heap() -> None:
    """Leave what exists out of garbage collections: ten thousand tests and their imports made each take a second."""
    gc.collect()
    gc.freeze()


_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The async tests run on asyncio; anyio's plugin finds them by their `async def`."""
    return "asyncio"


# Settings of the programs and libraries that tests run, by the first part of their name.
_SETTINGS = (
    *("CLICOLOR", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PY_COLORS"),
    *("ANTHROPIC_", "OPENAI_", "OTEL_", "LLM_", "MYPY", "PIP_", "UV_", "PYTEST_ADDOPTS", "PYTHONWARNINGS"),
)
_GIT = "[safe]\n\tdirectory = *\n[user]\n\tname = Nobody\n\temail = nobody@example.com\n"


@pytest.fixture(scope="session", autouse=True)
def _the_same_on_every_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a developer has set up for git, pytest, pip or a terminal decides about no test and slows none down."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
            environment.delenv(name)
        place = tmp_path_factory.mktemp("settings")
        # A pytest that a test starts would first remove what older runs left in the folder that all runs of this user
        # share: gigabytes, for a minute or longer.
        (place / "pytest").mkdir()
        environment.setenv("PYTEST_DEBUG_TEMPROOT", str(place / "pytest"))
        (place / "gitconfig").write_text(_GIT, encoding="utf-8")
        environment.setenv("GIT_CONFIG_GLOBAL", str(place / "gitconfig"))
        environment.setenv("GIT_CONFIG_NOSYSTEM", "1")
        environment.setenv("XDG_CONFIG_HOME", str(place))  # the file of the command line, and of others
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own API key, base URL or proxy never reaches a test."""
    for name in [*os.environ]:
        if name.startswith("INDOX_ROUTER_") or name.upper() in _PROXY_VARIABLES:
            monkeypatch.delenv(name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Scale the limit of each test, its own or that of all."""
    usual = float(config.getini("timeout"))
    for item in items if FACTOR > 1 else ():
        own = item.get_closest_marker("timeout")
        limit = float(own.args[0]) if own is not None and own.args else usual
        item.add_marker(pytest.mark.timeout(seconds(limit)), append=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in a fresh interpreter, where a claim about imports can be believed."""

    def run(
        code: str, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=seconds(50),
            check=True,
            env={**os.environ, **(env or {})},
        )

    return run


@pytest.fixture(scope="session")
def mock_process() -> Iterator[MockProcess]:
    """The mock server as users start it: a process on a free port, shared by the tests of one worker."""
    with running_mock(sys.executable) as mock:
        yield mock
