"""Fixtures for the tests of the command line: the command as a user runs it, and a mock server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_mock import MockServer
from tests.cli.terminal import Terminal
from tests.patience import seconds

COMMAND = [sys.executable, "-m", "indoxrouter_cli"]


@dataclass(frozen=True)
class Result:
    """The result of a run of the command."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Cli:
    """Runs the command in its own directory, with its own home directory."""

    directory: Path
    env: dict[str, str]

    def __call__(
        self, *arguments: str | Path, stdin: str | bytes = b"", env: dict[str, str | None] | None = None
    ) -> Result:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=self.directory,
            env=self.environment(env),
            timeout=seconds(50),
            check=False,
        )
        return Result(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode(), done.stdout
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start the command and leave it running."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.directory,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def terminal(
        self, *arguments: str | Path, columns: int = 100, env: dict[str, str | None] | None = None
    ) -> Terminal:
        """The command in a terminal."""
        return Terminal([*COMMAND, *map(str, arguments)], self.environment(env), self.directory, columns)

    def environment(self, changes: dict[str, str | None] | None = None) -> dict[str, str]:
        merged = {**self.env, **(changes or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def file(self, name: str, content: str | bytes) -> Path:
        """A file in the command's directory."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


_LEFT_OUT = ("INDOX", "XDG_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "TMUX", "_INDOXROUTER")


@pytest.fixture
def bare_cli(tmp_path: Path) -> Cli:
    """The command without a key and without a server."""
    home = tmp_path / "home"
    work = tmp_path / "work"
    home.mkdir()
    work.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return Cli(work, {**env, "HOME": str(home), "PYTHONWARNINGS": "error::ResourceWarning"})


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> Iterator[MockServer]:
    """The mock of this test; the teardown checks that it did not violate its spec."""
    yield indoxrouter_mock
    assert indoxrouter_mock.violations == []


@pytest.fixture
def cli(bare_cli: Cli, mock: MockServer) -> Cli:
    """The command with the mock's address and key in its environment."""
    env = {"INDOX_ROUTER_API_KEY": mock.api_key, "INDOX_ROUTER_BASE_URL": mock.url}
    return Cli(bare_cli.directory, {**bare_cli.env, **env})


@pytest.fixture
def sent(mock: MockServer) -> Callable[[str], list[dict[str, Any]]]:
    """The bodies of the requests of one operation."""

    def bodies(operation: str) -> list[dict[str, Any]]:
        return [request["body"] for request in mock.requests if request["operation"] == operation]

    return bodies
