"""An API changes: it is recorded, the change is found and proposed, the package taken over, the recording played.

Everything runs as a user runs it: the upstream, the recorder, `make` and the programs are processes of their own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml

from generator.source.settings import PROJECT
from tests.evolution.upstream import NEW_VALUE, STREAM_PATH, Upstream, upstream_of
from tests.mock_process import API_KEY, running_mock
from tests.patience import ALL

pytestmark = [
    pytest.mark.xdist_group("story"),
    pytest.mark.timeout(600),  # minutes of processes, on a machine that has other work
    pytest.mark.skipif(not ALL, reason="takes two minutes: make test-all"),
]
LEFT_OUT = (".*", "node_modules", "__pycache__", "dist", "site", "build")
# Tests that read the description and the package; the others hold what no description changes.
TESTS = (
    "-p no:cacheprovider -p no:xdist tests/spec tests/generator/test_drift.py tests/evolution/test_pages.py"
)


@dataclass
class Tree:
    """A copy of the project."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        path = f"{self.root}:{self.root / 'generated'}"
        self.environment = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # The environment exists: this interpreter is in it.
        return self.run("make", "--no-print-directory", *arguments, f"PY={sys.executable}", "READY=")

    def text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def snapshot(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and not {"__pycache__", ".git", ".pytest_cache", ".hypothesis"} & set(path.parts)
        }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("story") / "project"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (root / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n.hypothesis/\n", encoding="utf-8")
    tree = Tree(root)
    author = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    for arguments in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "before")):
        done = tree.run("git", *arguments)
        assert done.returncode == 0, done.stderr
    return tree


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return upstream_of(yaml.safe_load((PROJECT / "openapi.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def tape(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the changed upstream answered, recorded."""
    folder = tmp_path_factory.mktemp("recording")
    spec = folder / "upstream.yaml"
    spec.write_text(yaml.safe_dump(upstream.document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    tapes = folder / "tapes"
    with (
        running_mock(sys.executable, "--spec", str(spec)) as server,
        running_mock(sys.executable, "record", "--upstream", server.url, "--to", str(tapes)) as recorder,
        httpx.Client(
            base_url=f"{recorder.url}/api/v1", headers={"Authorization": f"Bearer {API_KEY}"}, trust_env=False
        ) as http,
    ):
        for place in (upstream.renamed, upstream.valued, upstream.created):
            answer = http.request(place.method, place.path, json=place.body)
            assert answer.status_code == (201 if place is upstream.created else 200), answer.text
        assert http.post(STREAM_PATH, json=upstream.streaming).text.endswith("data: [DONE]\n\n")
    return tapes


def program(upstream: Upstream) -> str:
    """What a user writes for the new client, old names included."""
    return f"""
import warnings
from indoxrouter import Client

with Client({API_KEY!r}, auth="api_key") as client, warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    usage = {upstream.renamed.call}
    print(usage.{upstream.new} == usage.{upstream.old})
    print(*{{str(each.message).partition(";")[0] for each in heard}})
    print({upstream.valued.call}.{upstream.field})
    print(client.with_raw_response(lambda: {upstream.created.call}).status)
    with client.api.fables.create_fables(topic="boats", stream=True) as stream:
        print("".join(chunk["text"] for chunk in stream))
"""


def test_from_the_first_sign_to_the_release(tree: Tree, upstream: Upstream, tape: Path) -> None:
    python = sys.executable
    # 1: the nightly job finds the four changes, and nothing else
    observed = tree.make("observe", f"TAPES={tape}", "ARGS=--propose observed.patch", "CODE=code.txt")
    assert observed.returncode == 2, observed.stderr  # as always, when a command of make fails
    assert tree.text("code.txt") == "3\n"
    assert "make observe: exit code 3" in observed.stderr
    kinds = [
        line.partition("  ")[0] for line in observed.stdout.splitlines() if "  " in line and line[0] != " "
    ]
    assert sorted(kinds) == ["enum value", "operation", "renamed", "status"]
    assert "4 exchanges: 4 findings" in observed.stdout
    assert "left to you" not in observed.stderr
    before = tree.snapshot()
    # 2: the package takes them over, and what follows from it
    upgraded = tree.make("upgrade", "SPEC=observed.patch", f"ARGS=--tests='{TESTS}'")
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    again = tree.run(python, "-m", "generator", "observe", str(tape))
    assert (again.returncode, again.stdout) == (0, "4 exchanges: nothing new\n")
    checked = tree.make("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    # 3: changelog and version say what users will notice
    changelog = tree.text("CHANGELOG.md")
    for words in (
        "- Operation createFables added: `client.create_fables`, `client.api.fables.create_fables`.",
        f"{upstream.old} → ",
        f"{NEW_VALUE!r} added",
        "201 application/json added",
    ):
        assert changelog.count(words) == 1, words
    assert "0 breaking" in upgraded.stdout
    assert "bump: minor" in upgraded.stdout
    # 4: the recording plays for the new client; the old name warns, as announced
    with running_mock(python, "--replay", str(tape)) as replay:
        tree.environment["INDOX_ROUTER_BASE_URL"] = replay.url
        told = tree.run(python, "-c", program(upstream))
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "True"
    assert lines[1].endswith(f".{upstream.old} is now called {upstream.new}")
    assert lines[2:] == [NEW_VALUE, "201", "Once more."]
    # 5: the way back restores what was there
    assert tree.run(python, "-m", "generator", "upgrade", "--back").returncode == 0
    assert tree.snapshot() == before
