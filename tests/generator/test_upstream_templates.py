"""Our templates replace upstream's of the same name; the base of each is kept, and noticed when upstream moves."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import openapi_python_client
import pytest

from generator.source.settings import TEMPLATES

UPSTREAM = TEMPLATES / "upstream"
INSTALLED = Path(openapi_python_client.__file__).parent / "templates"
OVERRIDDEN = sorted(path.name for path in TEMPLATES.glob("*.jinja") if (INSTALLED / path.name).exists())


def test_every_overridden_template_has_its_base() -> None:
    assert sorted(path.name for path in UPSTREAM.glob("*.jinja")) == OVERRIDDEN
    assert {"model.py.jinja", "endpoint_module.py.jinja", "package_init.py.jinja"} <= set(OVERRIDDEN)


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_base_is_the_installed_template(name: str) -> None:
    installed = (INSTALLED / name).read_text(encoding="utf-8")
    remedy = f"upstream changed {name}: carry the change over to templates/{name}, then copy it to templates/upstream/"
    assert (UPSTREAM / name).read_text(encoding="utf-8") == installed, remedy


def test_version_of_the_bases_is_the_installed_one() -> None:
    kept = (UPSTREAM / "VERSION").read_text(encoding="utf-8").strip()
    assert kept == f"openapi-python-client {version('openapi-python-client')}"
