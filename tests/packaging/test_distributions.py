"""One repository, several distributions: nothing is lost in the split, they work together and alone, and a checkout is
whole.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.mock_process import running_mock
from tests.packaging import clean_environment
from tests.packaging.conftest import ADAPTERS, SIBLINGS
from tests.patience import ALL, seconds

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]  # on 3.10 alone

pytestmark = pytest.mark.xdist_group("wheel")

_CHAT = """
import sys
from indoxrouter import Client
with Client(api_key=sys.argv[1], base_url=sys.argv[2]) as client:
    print(client.chat([{"role": "user", "content": "Say hello"}])["data"])
"""
_SUITE = """
import urllib.request

def test_mock(indoxrouter_mock):
    with urllib.request.urlopen(indoxrouter_mock.url + "/") as answer:
        assert answer.status == 200

def test_client(indoxrouter_client):
    assert indoxrouter_client.models()
"""


def _files(wheel: Path) -> dict[str, int]:
    """What a wheel installs, with checksums; its metadata left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            entry.filename: entry.CRC for entry in archive.infolist() if ".dist-info/" not in entry.filename
        }


def _entry_points(wheel: Path) -> dict[str, dict[str, str]]:
    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/entry_points.txt"):
                parser.read_string(archive.read(name).decode())
    return {section: dict(parser[section]) for section in parser.sections()}


def _requirements(wheel: Path, extra: str | None = None) -> set[str]:
    """What a wheel requires, or what an extra adds to that; conditions of platform and version stay."""
    found: set[str] = set()
    for line in clean_environment.metadata_of(wheel).get_all("Requires-Dist", []):
        head, _, condition = line.partition("; ")
        of_extra = re.fullmatch(r"(?:(?P<rest>.+) and )?extra == '(?P<extra>.+)'", condition)
        if (of_extra["extra"] if of_extra else None) == extra:
            rest = of_extra["rest"] if of_extra else condition
            found.add(str(Requirement(f"{head}; {rest}" if rest else head)))
    return found


def _run(python: Path, *arguments: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program of that environment prints, with neither the checkout nor the user's settings in reach."""
    done = subprocess.run(
        [str(python), "-I", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _without_adapters(published: dict[str, Path]) -> dict[str, Path]:
    adapters = {f"indoxrouter-{name}" for name in ADAPTERS}
    return {name: wheel for name, wheel in published.items() if name not in adapters}


# ── what is in them ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_parts_hold_every_file_of_the_whole_and_no_file_twice(
    whole: Path, published: dict[str, Path]
) -> None:
    # The adapters stand beside the whole: an installation from a checkout does not need them.
    parts = [_files(wheel) for wheel in _without_adapters(published).values()]
    assert {name: crc for part in parts for name, crc in part.items()} == _files(whole)
    assert sum(map(len, parts)) == len(_files(whole))


def test_the_parts_have_the_commands_and_plugins_of_the_whole(
    whole: Path, published: dict[str, Path]
) -> None:
    assert _entry_points(published["indoxrouter-cli"]) == {
        "console_scripts": {"indoxrouter": "indoxrouter_cli:main"}
    }
    assert _entry_points(published["indoxrouter-mock"]) == {
        "pytest11": {"indoxrouter_mock.pytest_plugin": "indoxrouter_mock.pytest_plugin"}
    }
    assert _entry_points(published["indoxrouter"]) == {}
    parts = [_entry_points(wheel) for wheel in _without_adapters(published).values()]
    assert _entry_points(whole) == {group: names for part in parts for group, names in part.items()}


def test_each_sibling_holds_its_own_package(published: dict[str, Path], root: Path) -> None:
    for extra in SIBLINGS:
        tops = {name.split("/")[0] for name in _files(published[f"indoxrouter-{extra}"])}
        assert tops == {f"indoxrouter_{extra}"}
        assert f"indoxrouter_{extra}/py.typed" in _files(published[f"indoxrouter-{extra}"])
    with zipfile.ZipFile(published["indoxrouter-mock"]) as archive:
        assert archive.read("indoxrouter_mock/openapi.yaml") == (root / "openapi.yaml").read_bytes()


def test_each_adapter_holds_its_own_package_and_requires_the_client(published: dict[str, Path]) -> None:
    version = clean_environment.metadata_of(published["indoxrouter"])["Version"]
    for name in ADAPTERS:
        wheel = published[f"indoxrouter-{name}"]
        assert {path.split("/")[0] for path in _files(wheel)} == {f"indoxrouter_{name}"}
        assert f"indoxrouter_{name}/py.typed" in _files(wheel)
        assert f"indoxrouter=={version}" in _requirements(wheel)
    assert _entry_points(published["indoxrouter-llm"]) == {"llm": {"indoxrouter": "indoxrouter_llm"}}


def test_all_have_the_version_the_licence_and_the_description_of_one_project(
    published: dict[str, Path], root: Path
) -> None:
    abouts = {name: clean_environment.metadata_of(wheel) for name, wheel in published.items()}
    for field in ("Version", "License-Expression", "Author", "Requires-Python"):
        assert len({about[field] for about in abouts.values()}) == 1, field
    for name, wheel in published.items():
        assert abouts[name]["Name"] == name
        assert set(abouts["indoxrouter"].get_all("Classifier", [])) <= set(
            abouts[name].get_all("Classifier", [])
        )
        with zipfile.ZipFile(wheel) as archive:
            (licence,) = (entry for entry in archive.namelist() if entry.endswith("/licenses/LICENSE"))
            assert archive.read(licence) == (root / "LICENSE").read_bytes()


# ── what they require ────────────────────────────────────────────────────────────────────────────────────────────────


def test_published_extras_require_the_other_distributions_in_the_same_version(
    published: dict[str, Path],
) -> None:
    client = published["indoxrouter"]
    version = clean_environment.metadata_of(client)["Version"]
    extras = clean_environment.metadata_of(client).get_all("Provides-Extra", [])
    assert set(extras) == {*SIBLINGS, "parquet", "otel", "partial", "mcp"}
    for extra in SIBLINGS:
        assert _requirements(client, extra) == {f"indoxrouter-{extra}=={version}"}


def test_a_checkout_requires_nothing_of_ours(whole: Path) -> None:
    about = clean_environment.metadata_of(whole)
    assert set(about.get_all("Provides-Extra", [])) == {
        *SIBLINGS,
        "parquet",
        "otel",
        "partial",
        "mcp",
        "dev",
    }
    ours = [line for line in about.get_all("Requires-Dist", []) if line.startswith("indoxrouter")]
    assert ours == []
    everything = [_requirements(whole, extra) for extra in ("mock", "cli", "parquet")]
    assert set().union(*everything) < _requirements(whole, "dev")


def test_requirements_are_the_same_in_every_form(whole: Path, published: dict[str, Path], root: Path) -> None:
    version = clean_environment.metadata_of(whole)["Version"]
    client, mock, cli, bulk, *_ = published.values()
    assert _requirements(whole, "mock") == _requirements(mock) != set()
    ours = {f"indoxrouter=={version}", f"indoxrouter-bulk=={version}"}
    assert _requirements(whole, "cli") | ours == _requirements(cli)
    assert _requirements(bulk) == {f"indoxrouter=={version}"}
    assert _requirements(whole) == _requirements(client) != set()
    for extra in ("parquet", "otel", "partial", "mcp"):
        assert _requirements(whole, extra) == _requirements(client, extra) != set()
    table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["indoxrouter"]["extras"]
    written = {(Requirement(line).name.lower(), str(Requirement(line).specifier)) for line in table["mock"]}
    built = {
        (Requirement(line).name.lower(), str(Requirement(line).specifier)) for line in _requirements(mock)
    }
    assert built == written


# ── that they work ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def everything(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made like `pip install --find-links dist 'indoxrouter[mock,cli]'`; its interpreter."""
    client, mock, cli, bulk, *_ = published.values()
    place = tmp_path_factory.mktemp("everything") / "env"
    return clean_environment.create(
        place, client, "mock", "cli", offered=[mock, cli, bulk], beside=["pytest"]
    )


def test_client_and_mock_work_together(everything: Path, tmp_path: Path) -> None:
    with running_mock(everything, cwd=tmp_path) as mock:
        assert _run(everything, "-c", _CHAT, mock.api_key, mock.url, cwd=tmp_path).strip()


def test_the_command_is_installed_and_works_against_the_mock(everything: Path, tmp_path: Path) -> None:
    command = str(everything.with_name("indoxrouter"))
    assert "chat" in _run(everything, command, "--help", cwd=tmp_path)
    assert "--port" in _run(everything, command, "mock", "--help", cwd=tmp_path)
    with running_mock(everything, cwd=tmp_path) as mock:
        env = {
            "HOME": str(tmp_path),
            "INDOX_ROUTER_BASE_URL": mock.url,
            "INDOX_ROUTER_API_KEY": mock.api_key,
        }
        listed = _run(everything, command, "models", "gpt-4o-mini", cwd=tmp_path, env=env)
    assert "gpt-4o-mini" in listed


_MAP = """
import asyncio, sys
from indoxrouter import AsyncClient, MapResult, MapRun
async def main():
    async with AsyncClient(api_key=sys.argv[1], base_url=sys.argv[2]) as client:
        run = client.map(["one", "two"], journal="job")
        assert isinstance(run, MapRun)
        print(sorted([result.id async for result in run if isinstance(result, MapResult) and result.ok]))
asyncio.run(main())
"""


def test_bulk_work_comes_with_its_extra_alone(published: dict[str, Path], tmp_path: Path) -> None:
    client, mock, _, bulk, *_ = published.values()
    python = clean_environment.create(tmp_path / "env", client, "bulk", "mock", offered=[mock, bulk])
    with running_mock(python, cwd=tmp_path) as server:
        assert _run(python, "-c", _MAP, server.api_key, server.url, cwd=tmp_path) == "[0, 1]\n"


def test_the_pytest_plugin_is_found_with_both(everything: Path, tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(_SUITE, encoding="utf-8")
    assert "2 passed" in _run(everything, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)


def test_the_mock_works_without_the_client(published: dict[str, Path], tmp_path: Path) -> None:
    alone = clean_environment.create(tmp_path / "env", published["indoxrouter-mock"], beside=["pytest"])
    with pytest.raises(AssertionError, match="No module named 'indoxrouter'"):
        _run(alone, "-c", "import indoxrouter", cwd=tmp_path)
    (tmp_path / "test_suite.py").write_text(_SUITE, encoding="utf-8")
    with pytest.raises(AssertionError) as failed:
        _run(alone, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed, 1 error" in str(failed.value)
    assert "needs the client, which is missing: pip install indoxrouter" in str(failed.value)
    with running_mock(alone, cwd=tmp_path) as mock:
        assert mock.url


def test_the_command_line_alone_brings_the_client_and_asks_for_the_mock(
    published: dict[str, Path], tmp_path: Path
) -> None:
    client, mock, cli, bulk, *_ = published.values()
    python = clean_environment.create(tmp_path / "env", cli, offered=[client, mock, bulk])
    assert _run(python, "-m", "indoxrouter_cli", "--version", cwd=tmp_path).startswith("indoxrouter ")
    with pytest.raises(AssertionError, match=r"pip install 'indoxrouter\[mock\]'"):
        _run(python, "-m", "indoxrouter_cli", "mock", cwd=tmp_path)


@pytest.mark.skipif(not ALL, reason="installs all of them again: make test-all")
def test_removing_one_leaves_the_others_whole(published: dict[str, Path], tmp_path: Path) -> None:
    client, mock, cli, bulk, *_ = published.values()
    for name, left in (
        ("indoxrouter-cli", ["indoxrouter", "indoxrouter_ext.client", "indoxrouter_mock"]),
        ("indoxrouter-mock", ["indoxrouter", "indoxrouter_ext.client", "indoxrouter_cli"]),
        ("indoxrouter-bulk", ["indoxrouter", "indoxrouter_ext.client", "indoxrouter_cli.run"]),
        ("indoxrouter", ["indoxrouter_mock.serving.server", "indoxrouter_cli.run"]),
    ):
        python = clean_environment.create(
            tmp_path / name / "env", client, "mock", "cli", offered=[mock, cli, bulk]
        )
        clean_environment.uninstall(python, name)
        (packages,) = python.parent.parent.glob("lib/python*/site-packages")
        others = _without_adapters(published).keys() - {name}
        kept = {path for part in others for path in _files(published[part])}
        assert [path for path in sorted(kept) if not (packages / path).is_file()] == []
        assert [path for path in sorted(_files(published[name])) if (packages / path).exists()] == []
        assert python.with_name("indoxrouter").exists() == (name != "indoxrouter-cli")
        _run(python, "-c", "".join(f"import {module}\n" for module in left), cwd=tmp_path)


def test_the_wheel_of_a_checkout_serves_and_commands_with_extras_alone(whole: Path, tmp_path: Path) -> None:
    python = clean_environment.create(tmp_path / "env", whole, "mock", "cli", beside=["pytest"])
    with running_mock(python, cwd=tmp_path) as mock:
        assert _run(python, "-c", _CHAT, mock.api_key, mock.url, cwd=tmp_path).strip()
    assert "chat" in _run(python, str(python.with_name("indoxrouter")), "--help", cwd=tmp_path)
    assert "indoxrouter_client" in _run(python, "-m", "pytest", "--fixtures", "-q", cwd=tmp_path)
