"""Every edit works from end to end: generated, typed, called over HTTP, nothing lost."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from generator.package.files import make, write
from generator.source.settings import GeneratorSettings
from indoxrouter_mock import MockServer
from tests.evolution.editing import Edit
from tests.evolution.edits_of_names import EDITS as NAMES
from tests.evolution.edits_of_operations import EDITS as OPERATIONS
from tests.evolution.edits_of_requests import EDITS as REQUESTS
from tests.evolution.edits_of_schemas import EDITS as SCHEMAS
from tests.evolution.losses import missing, names
from tests.evolution.types import complaints

EDITS = [*OPERATIONS, *REQUESTS, *SCHEMAS, *NAMES]
# One worker makes the packages, and checks all their types at once.
pytestmark = pytest.mark.xdist_group("evolution")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory on the path with a package for each edit that was asked for so far."""
    directory = tmp_path_factory.mktemp("evolution")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


def made(edit: Edit, packages: Path) -> Path:
    """The package of an edit, made when it is first asked for, and the description beside it."""
    output = packages / edit.package
    if not output.exists():
        spec = edit.write(packages / "specs" / edit.package)
        write(make(GeneratorSettings(spec=spec, output=output, package=edit.package)), output)
        (packages / f"use_{edit.package}.py").write_text(edit.program(), encoding="utf-8")
        importlib.invalidate_caches()
    return packages / "specs" / edit.package / "openapi.yaml"


def test_edits_are_many_and_have_names_of_their_own() -> None:
    assert len({edit.package for edit in EDITS}) == len(EDITS) >= 60


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_edit_is_used_over_http(edit: Edit, packages: Path) -> None:
    spec = made(edit, packages)
    # The mock reads one file; for it, what stands in others is put into it.
    with MockServer(spec=_in_one(edit, spec)) as mock:

        def sent() -> dict[str, Any]:
            last: dict[str, Any] = mock.requests[-1]
            return {**last, "query": dict(parse_qsl(last["query"]))}

        package = importlib.import_module(edit.package)
        with package.ApiClient(mock.url, mock.api_key) as client:
            importlib.import_module(f"use_{edit.package}").use(client, sent)
        assert [request["status"] for request in mock.requests if request["status"] >= 400] == []
        assert mock.violations == []


def _in_one(edit: Edit, spec: Path) -> Path:
    if not edit.files:
        return spec
    import yaml

    document = edit.document()
    for name, text in edit.files.items():
        document["components"]["schemas"].update(yaml.safe_load(text))
        for schema in document["components"]["schemas"].values():
            for value in schema.get("properties", {}).values():
                if value.get("$ref", "").startswith(name):
                    value["$ref"] = "#/components/schemas/" + value["$ref"].rpartition("/")[2]
    path = spec.with_name("in-one.yaml")
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_edit_loses_nothing_in_silence(edit: Edit, packages: Path) -> None:
    made(edit, packages)
    output = packages / edit.package
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(output.rglob("*.py"))
        if "_runtime" not in path.parts
    )
    assert missing(edit.document(), text) == []


def test_every_package_and_every_use_is_typed(packages: Path) -> None:
    for edit in EDITS:
        made(edit, packages)
    uses = [packages / f"use_{edit.package}.py" for edit in EDITS]
    assert complaints([packages / edit.package for edit in EDITS], uses, cache="evolution") == ""


def test_wrong_use_is_noticed(packages: Path) -> None:
    made(EDITS[0], packages)
    wrong = packages / "wrong_use.py"
    wrong.write_text(EDITS[0].program().replace("names: list[str]", "names: list[int]"), encoding="utf-8")
    said = complaints([packages / EDITS[0].package], [wrong], cache="evolution")
    assert "wrong_use.py:12: error: Incompatible types in assignment" in said


def test_loss_is_noticed() -> None:
    document = EDITS[0].document()
    assert missing(document, "") != []
    text = " ".join(repr(name) for _, name in names(document))
    assert missing(document, text) == []
    assert missing(document, text.replace("'poetry'", "")) == ["value Genre poetry"]
