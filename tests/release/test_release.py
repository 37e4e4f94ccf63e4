"""Law: a release is made from a clean main with notes and a newer version, or not at all; and nothing is uploaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "release.py"

CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something.\n\n## [1.0.0] - 2026-01-01\n\n- The first.\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "indoxrouter_ext").mkdir()
    (tmp_path / "indoxrouter_ext" / "_version.py").write_text('__version__ = "1.0.0"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "config", "user.email", "tests@example.com")
    git(tmp_path, "config", "user.name", "Tests")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Start")
    git(tmp_path, "tag", "v1.0.0")
    return tmp_path


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments, "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_release_writes_version_and_changelog_commits_and_tags(project: Path) -> None:
    done = run(project, "1.1.0")
    assert done.returncode == 0, done.stderr
    assert '"1.1.0"' in (project / "indoxrouter_ext" / "_version.py").read_text(encoding="utf-8")
    assert "## [1.1.0] - 20" in (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "v1.1.0" in git(project, "tag", "--list")
    assert git(project, "log", "-1", "--format=%s").strip() == "Release 1.1.0"
    assert git(project, "status", "--porcelain") == ""


def test_dry_run_writes_nothing(project: Path) -> None:
    assert run(project, "1.1.0", "--dry-run").returncode == 0
    assert git(project, "tag", "--list").split() == ["v1.0.0"]
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("1.0.0", "the tag v1.0.0 exists"),
        ("0.9.0", "newer than 1.0.0"),
        ("1.0.0rc1", "newer than 1.0.0"),
        ("1.1", "expected a version such as 1.2.3"),
        ("1.1.0; rm", "expected a version such as 1.2.3"),
    ],
)
def test_wrong_versions_are_refused_by_name(project: Path, version: str, reason: str) -> None:
    done = run(project, version)
    assert done.returncode == 1
    assert reason in done.stderr
    assert git(project, "tag", "--list").split() == ["v1.0.0"]


def test_uncommitted_changes_other_branches_and_missing_notes_are_refused(project: Path) -> None:
    (project / "new.txt").write_text("x", encoding="utf-8")
    assert "uncommitted" in run(project, "1.1.0").stderr
    (project / "new.txt").unlink()
    git(project, "switch", "--quiet", "--create", "side")
    assert "this is side" in run(project, "1.1.0").stderr
    git(project, "switch", "--quiet", "main")
    emptied = CHANGELOG.replace("### Added\n\n- Something.\n\n", "")
    (project / "CHANGELOG.md").write_text(emptied, encoding="utf-8")
    git(project, "commit", "--quiet", "--all", "--message", "Forget the notes")
    assert "lists nothing" in run(project, "1.1.0").stderr
    (project / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [1.0.0] - 2026-01-01\n\n- The first.\n", encoding="utf-8"
    )
    git(project, "commit", "--quiet", "--all", "--message", "Forget the section")
    assert "write what is new" in run(project, "1.1.0").stderr
