"""Refresh the golden record: `make golden`. Then read the diff, which is what it is for."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from generator.package.files import Package, make
from generator.source.settings import GeneratorSettings
from tests.generator.support import GOLDEN, TORTURE


def record(output: Path) -> Package:
    """What the torture description gives today, less the runtime and the client (they are copied) and the hashes."""
    package = make(GeneratorSettings(spec=TORTURE, output=output, package="torture"))
    kept = {
        name: data
        for name, data in package.files.items()
        if not name.startswith(("_runtime/", "_client/")) and name != "MANIFEST.json"
    }
    return Package(kept, package.inputs, package.facts)


def main() -> int:
    """Write the record anew and say what changed."""
    files = record(GOLDEN).files
    before = {
        path.relative_to(GOLDEN).as_posix(): path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()
    }
    changed = sorted(name for name in {*files, *before} if files.get(name) != before.get(name))
    for name in changed:
        print(f"changed: {name}")
    shutil.rmtree(GOLDEN)
    for name, data in files.items():
        path = GOLDEN / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"{GOLDEN}: {len(changed)} files changed; read the diff before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
