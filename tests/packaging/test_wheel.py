"""The published wheel of the client, as a user gets it: what it holds, and that it works with nothing around it."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts import wheels
from tests.mock_process import MockProcess
from tests.packaging import clean_environment
from tests.patience import seconds

# One worker builds the wheel and its environments once, for all of this module.
pytestmark = pytest.mark.xdist_group("wheel")

_CHAT = """
import sys
from indoxrouter import Client
with Client(api_key=sys.argv[1], base_url=sys.argv[2]) as client:
    print(client.chat([{"role": "user", "content": "Say hello"}])["data"])
"""


@pytest.fixture(scope="module")
def wheel(published: dict[str, Path]) -> Path:
    return published["indoxrouter"]


@pytest.fixture(scope="module")
def contents(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and its runtime needs."""
    return clean_environment.create(tmp_path_factory.mktemp("plain") / "env", wheel)


def _run(python: Path, code: str, *arguments: str) -> str:
    """What a program prints in that environment, with neither the checkout nor the user's settings in reach."""
    done = subprocess.run(
        [str(python), "-I", "-c", code, *arguments],
        cwd=python.parent,
        capture_output=True,
        text=True,
        timeout=seconds(50),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_wheel_holds_the_client_and_nothing_of_the_other_distributions_or_the_workshop(
    contents: list[str],
) -> None:
    tops = {name.split("/")[0] for name in contents if ".dist-info/" not in name}
    assert tops == {"indoxrouter", "indoxrouter_ext", "indoxRouter.py"}


def test_wheel_installs_no_command_and_no_plugin(contents: list[str]) -> None:
    assert [name for name in contents if name.endswith("/entry_points.txt")] == []


def test_wheel_holds_every_module_of_the_generated_package(contents: list[str], root: Path) -> None:
    generated = root / "generated"
    expected = {str(path.relative_to(generated)) for path in generated.rglob("*.py")}
    assert len(expected) > 20
    assert expected - set(contents) == set()


def test_every_package_in_the_wheel_is_marked_as_typed(contents: list[str]) -> None:
    packages = {name.split("/")[0] for name in contents if name.count("/") and ".dist-info/" not in name}
    assert [package for package in sorted(packages) if f"{package}/py.typed" not in contents] == []


def test_wheel_is_small(wheel: Path, root: Path) -> None:
    assert wheel.stat().st_size < wheels.limit(root)


def test_wheel_carries_the_licence(wheel: Path, contents: list[str], root: Path) -> None:
    assert clean_environment.metadata_of(wheel)["License-Expression"] == "MIT"
    (name,) = (name for name in contents if name.endswith("/licenses/LICENSE"))
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(name) == (root / "LICENSE").read_bytes()


def test_the_version_is_the_same_wherever_it_shows(wheel: Path, python: Path, root: Path) -> None:
    version = clean_environment.metadata_of(wheel)["Version"]
    latest = re.search(r"^## \[(\d[^\]]*)\]", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert latest is not None
    assert latest[1] == version
    assert _run(python, "import indoxrouter; print(indoxrouter.__version__)") == version
    assert _run(python, "from importlib.metadata import version; print(version('indoxrouter'))") == version


def test_wheel_alone_imports_from_its_own_environment(python: Path) -> None:
    where = Path(_run(python, "import indoxrouter; print(indoxrouter.__file__)"))
    assert where.is_relative_to(python.parent.parent)


def test_the_older_spelling_of_the_import_gives_the_same_client(python: Path) -> None:
    code = "import indoxrouter, indoxRouter; from indoxRouter import Client; "
    same = "print(Client is indoxrouter.Client and set(indoxRouter.__all__) <= set(dir(indoxRouter)))"
    assert _run(python, code + same) == "True"


def test_the_older_spelling_loads_nothing_early(python: Path) -> None:
    code = "import sys, indoxRouter; print([name for name in ('httpx', 'msgspec') if name in sys.modules])"
    assert _run(python, code) == "[]"


_WITHOUT_BULK = """
from indoxrouter import *
import indoxrouter
client = AsyncClient(api_key="indox-" + "a" * 32)
for use in (lambda: client.map(["Hello"]), lambda: indoxrouter.MapRun, lambda: indoxrouter.MaxCostReachedError):
    try:
        use()
    except ImportError as error:
        print(error)
"""


def test_wheel_alone_names_the_extra_of_bulk_work(python: Path) -> None:
    needs = "needs the extra: pip install 'indoxrouter[bulk]'"
    assert _run(python, _WITHOUT_BULK).splitlines() == [
        f"{name} {needs}" for name in ("map", "MapRun", "MaxCostReachedError")
    ]


def test_wheel_alone_chats_with_the_mock(python: Path, mock_process: MockProcess) -> None:
    assert _run(python, _CHAT, mock_process.api_key, mock_process.url) != ""
