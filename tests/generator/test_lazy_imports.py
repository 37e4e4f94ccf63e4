"""Importing the package costs next to nothing; every claim is proven in a fresh interpreter."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.generator.support import Made

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def loaded(run_python: Run, made: Made, code: str) -> set[str]:
    """What a fresh interpreter has loaded after some code, that it had not loaded before."""
    script = (
        f"import sys; sys.path.insert(0, {str(made.directory.parent)!r}); before = set(sys.modules)\n"
        f"import {made.name} as package\n{code}\n"
        "print('\\n'.join(sorted(set(sys.modules) - before)))"
    )
    done = run_python(script)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture(params=["torture", "indoxrouter_copy"])
def made(request: pytest.FixtureRequest) -> Made:
    """Each of the two packages."""
    package: Made = request.getfixturevalue(request.param)
    return package


def test_importing_the_package_loads_one_module(run_python: Run, made: Made) -> None:
    assert loaded(run_python, made, "") == {made.name}


def test_listing_its_names_loads_nothing_more(run_python: Run, made: Made) -> None:
    assert loaded(run_python, made, "assert 'ApiClient' in dir(package); package.__all__") == {made.name}


def test_an_error_loads_neither_models_nor_operations_nor_http(run_python: Run, made: Made) -> None:
    found = loaded(run_python, made, "package.APIError")
    assert not {"attrs", "attr", "httpx"} & found
    assert not any(f"{made.name}.{part}" in name for name in found for part in ("models", "api", "resources"))


def test_a_model_loads_its_own_group_alone(run_python: Run, torture: Made) -> None:
    found = loaded(run_python, torture, "package.Tree")
    assert {name for name in found if name.startswith(f"{torture.name}.models.")} == {
        f"{torture.name}.models.pets"
    }
    assert "httpx" not in found


def test_a_client_loads_operations_when_they_are_called(run_python: Run, torture: Made) -> None:
    found = loaded(
        run_python, torture, "client = package.ApiClient('http://127.0.0.1:1'); client.api.pets.list_pets"
    )
    assert f"{torture.name}.resources.pets" in found
    assert f"{torture.name}.resources.import_" not in found
    assert not {name for name in found if name.startswith(f"{torture.name}.api")}
    assert "httpx" not in found


def test_unknown_name_is_an_attribute_error(torture: Made) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = torture().Nothing
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = torture("models").Nothing


def test_every_name_that_is_offered_can_be_had(torture: Made, indoxrouter_copy: Made) -> None:
    for made in (torture, indoxrouter_copy):
        for package in (made(), made("models")):
            for name in package.__all__:
                assert getattr(package, name) is not None or name == "__version__"
