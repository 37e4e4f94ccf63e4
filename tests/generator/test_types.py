"""The output is typed: strict checkers find nothing in it, follow what users write, and object where they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from tests.generator.support import Made, answers, document, generate

ROOT = Path(__file__).resolve().parent.parent.parent
PYRIGHT = ROOT / "node_modules/.bin/pyright"
# Each line that ends in `# error` has to be refused; each `reveal_type` has to give what stands behind it.
USE = """\
import datetime
from {package} import UNSET, ApiClient, AsyncApiClient, NotFoundError
from {package}.models import Cat, Color, Dog, Everything, NewPet, Point, Tree
from {package}.params import NewPetParam

client = ApiClient("http://localhost")
pets = client.api.pets
everything = pets.get_shared("1")
reveal_type(everything.id)  # str
reveal_type(everything.vectors)  # list[list[float]]
reveal_type(everything.when)  # datetime | None
reveal_type(everything.tree)  # Tree | None
reveal_type(pets.create_pet(name="Rex"))  # Cat | Dog | None
reveal_type(pets.list_pets())  # list[Cat | Dog] | str
reveal_type(pets.put_photo(1, "a/b", file=b""))  # bytes
reveal_type(client.api.import_.class_(from_="a"))  # ClassResponseOption1 | list[float] | None

dictionary: NewPetParam = {{"name": "Rex", "where": {{"x": 1, "y": 2}}}}
pets.create_pet(body=dictionary)
pets.create_pet(body={{"name": "Rex"}})
pets.create_pet(name="Rex", size="S", tags=("a", "b"), where=Point(1, 2))
pets.list_pets(ids=[1], x_since=datetime.datetime.now(), filter={{"tags": ["a"]}}, limit=UNSET)
pets.put_photo(1, "a", file=open("x", "rb"), extra=[b"", "path"], meta={{"x": 1, "y": 2}})
Everything("1", [[0.1]], color=Color.RED, brand_new=1)

pets.create_pet(name=1)  # error
pets.create_pet(size="XL")  # error
pets.create_pet(body={{"nam": "Rex"}})  # error
pets.create_pet(where={{"x": "one", "y": 2}})  # error
pets.get_shared()  # error
everything.colour  # error
Point(1, 2, z=3)  # error
client.api.birds  # error


async def main() -> None:
    async with AsyncApiClient("http://localhost") as other:
        try:
            reveal_type(await other.api.pets.get_shared("1"))  # Everything
        except NotFoundError as error:
            reveal_type(error.status_code)  # int | None
"""


@pytest.fixture(scope="module")
def use(torture: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that uses the package, beside it."""
    path = torture.directory.parent / "use_of_the_package.py"
    path.write_text(USE.format(package=torture.name), encoding="utf-8")
    return path


def expectations() -> tuple[set[int], dict[int, str]]:
    """Lines that have to be refused, and what each `reveal_type` has to give."""
    lines = USE.replace("{{", "{").replace("}}", "}").splitlines()
    errors = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    revealed = {
        number: line.rpartition("# ")[2] for number, line in enumerate(lines, 1) if "reveal_type" in line
    }
    return errors, revealed


def same_type(shown: str, expected: str) -> bool:
    """Whether two spellings of a type are the same: module names left out, members of unions in any order."""

    def parts(text: str) -> set[str]:
        text = re.sub(r"[\w.]+\.(\w+)", r"\1", text.replace("builtins.", "")).replace(" ", "")
        return {piece for piece in re.split(r"[|\[\],]", text) if piece}

    return parts(shown) == parts(expected)


@pytest.mark.timeout(240)  # type checkers take their time on a busy machine
def test_mypy_strict_is_content_with_the_output_and_follows_its_users(torture: Made, use: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--cache-dir", str(ROOT / ".mypy_cache"), torture.name, use.name],
        cwd=use.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    errors, revealed = expectations()
    found: set[int] = set()
    for row in done.stdout.splitlines():
        match = re.match(r"(.+?):(\d+): (error|note): (.*)", row)
        assert match is not None, row
        file, line, kind, text = match[1], int(match[2]), match[3], match[4]
        if kind == "note" and "Revealed type" in text:
            assert same_type(text.split('"')[1], revealed.pop(line)), row
        elif kind == "error":
            assert file == use.name, row
            found.add(line)
    assert found == errors
    assert not revealed


@pytest.mark.timeout(240)
@pytest.mark.skipif(
    not PYRIGHT.exists() or shutil.which("node") is None, reason="pyright comes with `npm install`"
)
def test_pyright_strict_is_content_with_the_output_and_follows_its_users(torture: Made, use: Path) -> None:
    settings = use.parent / "pyrightconfig.json"
    # `make lint` checks the same text, as strictly, where it comes from.
    folders = (ROOT / "generated/indoxrouter/_runtime", ROOT / "indoxrouter_ext")
    checked = {path.read_bytes() for folder in folders for path in folder.rglob("*.py")}
    files = [path for path in sorted(torture.directory.rglob("*.py")) if path.read_bytes() not in checked]
    assert {"models", "resources"} < {path.parent.name for path in files}
    options = {
        "include": [str(path.relative_to(use.parent)) for path in [*files, use]],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.10",
        "reportUnusedExpression": False,
        "reportUnusedImport": False,
        "reportUnnecessaryTypeIgnoreComment": False,
    }
    settings.write_text(json.dumps(options), encoding="utf-8")
    done = subprocess.run(
        [str(PYRIGHT), "--project", str(settings), "--pythonpath", sys.executable, "--outputjson"],
        cwd=use.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    errors, _ = expectations()
    found: set[int] = set()
    for entry in json.loads(done.stdout)["generalDiagnostics"]:
        if entry["severity"] == "error":
            assert Path(entry["file"]).name == use.name, entry
            found.add(entry["range"]["start"]["line"] + 1)
    assert found == errors


def test_aliases_of_aliases_can_be_inspected(tmp_path: Path) -> None:
    """OpenAI's description has unions of unions, the outer ones first, in modules that import one another."""
    every, few = (answers(f"{{$ref: '#/components/schemas/{name}'}}") for name in ("All", "Few"))
    made = generate(
        document(
            paths=f"""
            /a: {{get: {{operationId: a, tags: [one], {every}}}}}
            /b: {{get: {{operationId: b, tags: [two], {few}}}}}
            """,
            schemas="""
            All: {oneOf: [{$ref: '#/components/schemas/Few'}, {$ref: '#/components/schemas/More'}]}
            Few: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]}
            More:
              oneOf: [{$ref: '#/components/schemas/Cow'}, {type: array, items: {$ref: '#/components/schemas/All'}}]
            Cat: {type: object, properties: {purr: {type: integer}}}
            Dog: {type: object, properties: {bark: {type: integer}}}
            Cow:
              properties:
                all: {$ref: '#/components/schemas/All'}
                few: {type: array, items: {$ref: '#/components/schemas/Few'}}
            """,
        ),
        tmp_path,
    )
    models: Any = made("models")
    assert len({models.Cat.__module__, models.Dog.__module__, models.Cow.__module__}) > 1
    hints = get_type_hints(models.Cow)
    assert hints["few"] == list[models.Cat | models.Dog] | None
    assert hints["all"] == models.All | None
    assert set(get_args(models.Few)) == {models.Cat, models.Dog}
    assert {models.Cat, models.Dog, models.Cow} < set(get_args(models.All))
    assert get_type_hints(made("resources.one").OneResource.a)["return"] == models.All
    assert not [name for name in models.__all__ if isinstance(getattr(models, name), str)]
