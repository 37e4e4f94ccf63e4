"""A process that uses an operation ends without a warning although it was not closed: workers of Ray close nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from indoxrouter_mock import MockServer
from tests.conftest import ROOT
from tests.patience import seconds

pytest.importorskip("pyarrow", reason="pyarrow is not installed")

PROGRAM = """
import json, os, sys
from indoxrouter_ray import Chat
chat = Chat(job="x", client=json.loads(sys.argv[1]))
print(chat.run({"prompt": ["a", "b"]}).num_rows)
"""
FORK = """
if not (child := os.fork()):
    sys.exit()
print(os.waitpid(child, 0)[1])
"""


def run(mock: MockServer, program: str) -> subprocess.CompletedProcess[str]:
    client = json.dumps({"api_key": mock.api_key, "base_url": mock.url})
    command = [sys.executable, "-W", "ignore", "-c", program, client]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds(60), check=False, cwd=ROOT)


def test_a_process_ends_without_complaint(indoxrouter_mock: MockServer) -> None:
    done = run(indoxrouter_mock, PROGRAM)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["2"], "")


def test_a_forked_child_ends(indoxrouter_mock: MockServer) -> None:
    """The thread of the operation does not exist there: nothing can be waited for."""
    done = run(indoxrouter_mock, PROGRAM + FORK)
    assert (done.returncode, done.stdout.split()[-1]) == (0, "0")
