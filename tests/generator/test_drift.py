"""`check` catches every way in which the package and what it is made from can drift apart; `generate` mends it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.cli import main
from tests.generator.support import answers, document

# One worker makes the copy of the generator.
pytestmark = pytest.mark.xdist_group("drift")
ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = document(
    "/a: {get: {operationId: readA, tags: [things], " + answers("{$ref: '#/components/schemas/A'}") + "}}",
    "A: {type: object, description: An A., properties: {a: {type: string}}}",
)


class Place:
    """A description and the package made from it, driven through the command line."""

    def __init__(self, directory: Path) -> None:
        self.spec = directory / "spec.yaml"
        self.output = directory / "out" / "sample"
        self.spec.write_text(SPEC, encoding="utf-8")

    def run(self, command: str, *more: str) -> int:
        return main(
            [command, "--spec", str(self.spec), "--output", str(self.output), "--package", "sample", *more]
        )

    def snapshot(self) -> dict[str, bytes]:
        return {
            str(p.relative_to(self.output)): p.read_bytes() for p in self.output.rglob("*") if p.is_file()
        }


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    """A package that is what it should be."""
    made = Place(tmp_path)
    assert made.run("generate") == 0
    assert made.run("check") == 0
    capsys.readouterr()
    return made


def _edit(place: Place) -> None:
    path = place.output / "models" / "things.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# a note\n", encoding="utf-8")


def _delete(place: Place) -> None:
    (place.output / "resources" / "things.py").unlink()


def _spec(place: Place) -> None:
    place.spec.write_text(SPEC.replace("An A.", "An A, once more."), encoding="utf-8")


def _comment_in_spec(place: Place) -> None:
    place.spec.write_text("# only a comment\n" + SPEC, encoding="utf-8")


def _manifest(place: Place) -> None:
    path = place.output / "MANIFEST.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"]["models/things.py"] = "0" * 64
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_edit, "edited: models/things.py: was changed by hand"),
        (_delete, "deleted: resources/things.py"),
        (_spec, "stale: spec: the description (spec.yaml) changed"),
        (_comment_in_spec, "stale: spec: the description (spec.yaml) changed"),
        (_manifest, "manifest: MANIFEST.json"),
    ],
)
def test_every_kind_of_drift_is_named_and_mended(
    place: Place, capsys: pytest.CaptureFixture[str], change: Callable[[Place], None], said: str
) -> None:
    before = place.snapshot()
    change(place)
    assert place.run("check") == 1
    output = capsys.readouterr().err
    assert said in output
    assert "remedy: make generate" in output
    assert place.run("generate") == 0
    assert place.run("check") == 0
    after = place.snapshot()
    if "spec" not in change.__name__:
        assert after == before


def test_a_file_that_was_added_is_named_and_kept(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    extra = place.output / "models" / "extra.py"
    extra.write_text("MINE = 1\n", encoding="utf-8")
    assert place.run("check") == 1
    assert "added: models/extra.py: is not part of the package" in capsys.readouterr().err
    assert place.run("generate") == 0
    assert (
        "note: left unchanged 1 file not written by the generator: models/extra.py" in capsys.readouterr().out
    )
    assert extra.read_text(encoding="utf-8") == "MINE = 1\n"


def test_a_package_without_its_manifest_is_not_ours_to_replace(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = place.snapshot()
    (place.output / "MANIFEST.json").unlink()
    assert place.run("check") == 1
    assert "manifest: MANIFEST.json: missing" in capsys.readouterr().err
    assert place.run("generate", "--force") == 2
    assert "has no MANIFEST.json of the generator" in capsys.readouterr().err
    assert place.snapshot() == {name: data for name, data in before.items() if name != "MANIFEST.json"}


def _run(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "generator", command], cwd=project, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the generator with a small description and a package that is what it should be."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("generator", "templates", "indoxrouter_ext"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "openapi.yaml").write_text(SPEC, encoding="utf-8")
    assert _run(copy, "generate").returncode == 0
    assert _run(copy, "check").returncode == 0
    return copy


@pytest.mark.parametrize(
    "changed",
    ["templates/model.py.jinja", "templates/runtime/values/unset.py", "generator/python/docstrings.py"],
)
def test_change_of_templates_or_generator_without_generating_is_named(project: Path, changed: str) -> None:
    path = project / changed
    before = path.read_text(encoding="utf-8")
    path.write_text(
        ("{# changed #}" if changed.endswith("jinja") else "# changed\n") + before, encoding="utf-8"
    )
    done = _run(project, "check")
    path.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert f"stale: {changed.split('/', maxsplit=1)[0]}" in done.stderr
    assert "remedy: make generate" in done.stderr


def test_change_of_a_file_that_the_description_refers_to_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("Thing: {type: object, properties: {a: {type: string}}}", encoding="utf-8")
    place = Place(tmp_path)
    place.spec.write_text(
        document(schemas="Box: {type: array, items: {$ref: 'outside.yaml#/Thing'}}"), encoding="utf-8"
    )
    assert place.run("generate") == 0
    assert place.run("generate") == 0
    assert "up to date" in capsys.readouterr().out
    outside.write_text("Thing: {type: object, properties: {b: {type: string}}}", encoding="utf-8")
    assert place.run("check") == 1
    assert "stale: spec: the description (outside.yaml) changed" in capsys.readouterr().err
    assert place.run("generate") == 0
    assert '"b"' in (place.output / "models" / "other.py").read_text(encoding="utf-8")


def test_generating_twice_gives_the_same_bytes(place: Place) -> None:
    before = place.snapshot()
    assert place.run("generate", "--force") == 0
    assert place.snapshot() == before


def test_output_does_not_depend_on_the_hash_seed_or_the_directory(tmp_path: Path) -> None:
    found = []
    for seed in ("0", "4242"):
        directory = tmp_path / f"seed{seed}"
        directory.mkdir()
        shutil.copy(ROOT / "tests/generator/torture.yaml", directory / "spec.yaml")
        place = Place.__new__(Place)
        place.spec, place.output = directory / "spec.yaml", directory / "sample"
        arguments = [
            "generate",
            "--spec",
            str(place.spec),
            "--output",
            str(place.output),
            "--package",
            "sample",
        ]
        subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        found.append(place.snapshot())
    assert found[0] == found[1]


def test_unchanged_files_are_not_touched(place: Place) -> None:
    path = place.output / "models" / "things.py"
    before = path.stat().st_mtime_ns
    other = place.output / "errors.py"
    other.unlink()
    assert place.run("generate") == 0
    assert path.stat().st_mtime_ns == before
    assert other.exists()


def test_nothing_heavy_is_imported_when_nothing_changed(place: Place) -> None:
    code = (
        "import sys; from generator.cli import main\n"
        "code = main(['generate', '--package', 'sample', *sys.argv[1:]])\n"
        "heavy = {'openapi_python_client', 'jinja2', 'ruamel.yaml', 'httpx', 'pydantic'} & set(sys.modules)\n"
        "assert code == 0 and not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--spec", str(place.spec), "--output", str(place.output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout


def test_explaining_names_the_changes_and_writes_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = place.snapshot()
    _spec(place)
    assert place.run("generate", "--explain") == 0
    output = capsys.readouterr().out
    assert "models/things.py" in output
    assert "nothing was written" in output
    assert place.snapshot() == before


def test_the_project_generates_in_time(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "generator", "generate", "--output", str(tmp_path / "indoxrouter")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The processor's seconds, not the clock's: a busy machine is not a slow generator. About 1 s on an idle one.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
