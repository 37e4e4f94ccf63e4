"""Descriptions that are not ours give a package that imports and is typed, or a list of named refusals."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.cli import main
from tests.evolution.types import complaints

FOREIGN = Path(__file__).parent / "foreign"
FINE = [
    "petstore",
    "uspto",
    "callback-example",
    "tictactoe",
    "specific_3.1",
    "enums_3.1",
    "docstrings_on_attributes",
]
BASELINES = ["baseline_openapi_3.0.json", "baseline_openapi_3.1.yaml"]
# Both baselines give the number 1 as the default of a string, to see it turned into text. Here that is refused.
WRONG = "#/paths/~1defaults/post/parameters/1: the default of string with num does not fit its schema: the number 1"
pytestmark = pytest.mark.xdist_group("foreign")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("foreign")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


def name_of(spec: Path) -> str:
    return "foreign_" + "".join(c if c.isalnum() else "_" for c in spec.stem)


def generated(spec: Path, packages: Path) -> Path:
    output = packages / name_of(spec)
    if not output.exists():
        arguments = ["--spec", str(spec), "--output", str(output), "--package", output.name]
        assert main(["generate", *arguments]) == 0
        importlib.invalidate_caches()
    return output


def mended(name: str, packages: Path) -> Path:
    """A baseline without its wrong default."""
    text = (FOREIGN / name).read_text(encoding="utf-8")
    wrong = r'("title": "String with num default",\s+"type": "string",\s+"default": )1'
    spec = packages / name
    spec.write_text(re.sub(wrong, r'\1"1"', text), encoding="utf-8")
    return spec


def specs(packages: Path) -> list[Path]:
    fine = [FOREIGN / f"{name}.yaml" for name in FINE]
    return [*fine, *(mended(name, packages) for name in BASELINES)]


@pytest.mark.parametrize("name", FINE)
def test_package_can_be_imported(name: str, packages: Path) -> None:
    output = generated(FOREIGN / f"{name}.yaml", packages)
    package = importlib.import_module(output.name)
    for public in package.__all__:
        assert hasattr(package, public)
    for module in sorted(output.rglob("*.py")):
        if module.name != "__init__.py":
            importlib.import_module(".".join(module.relative_to(packages).with_suffix("").parts))


@pytest.mark.parametrize("name", BASELINES)
def test_wrong_default_is_refused_by_name_and_place(
    name: str, packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--spec", str(FOREIGN / name), "--output", str(packages / "never"), "--package", "never"]
    assert main(["generate", *arguments]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert WRONG in said[0]
    assert not (packages / "never").exists()


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_without_it_can_be_imported(name: str, packages: Path) -> None:
    output = generated(mended(name, packages), packages)
    package = importlib.import_module(output.name)
    assert len(package.__all__) > 80
    with package.ApiClient("http://127.0.0.1:9", "token") as client:
        assert callable(client.api.tests.get_user_list)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bad-status-code", "/responses/abcdef: 'abcdef' is not a status"),
        ("circular-body-ref", "references form a cycle"),
        ("invalid-uuid-defaults", "the default of another_id does not fit"),
        ("missing-body-ref", "`$ref: #/components/requestBodies/body` has no target"),
        ("optional-path-param", "the path parameter 'optional' has to be `required: true`"),
    ],
)
def test_what_openapi_python_client_refuses_is_refused_here(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = FOREIGN / "refused" / f"{name}.yaml"
    assert main(["generate", "--spec", str(spec), "--output", str(tmp_path / "x"), "--package", "x"]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.timeout(180)
def test_packages_are_typed(packages: Path) -> None:
    assert complaints([generated(spec, packages) for spec in specs(packages)], cache="foreign") == ""
