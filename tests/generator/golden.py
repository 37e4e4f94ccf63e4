"""Refresh the golden record: `make golden`. Then read the diff, which is what it is for."""

from __future__ import annotations

import sys
from pathlib import Path

from generator.package.files import Package, make, write
from generator.source.settings import Settings
from tests.generator.support import GOLDEN, TORTURE


def record(output: Path) -> Package:
    """What the torture description gives today, less the runtime (it is copied) and the hashes."""
    package = make(Settings(spec=TORTURE, output=output, package="torture"))
    kept = {
        name: data
        for name, data in package.files.items()
        if not name.startswith("_runtime/") and name != "MANIFEST.json"
    }
    return Package(kept, package.inputs, package.facts)


def main() -> int:
    """Write the record anew and say what changed."""
    changed = write(record(GOLDEN), GOLDEN)
    for name in changed:
        print(f"changed: {name}")
    print(f"{GOLDEN}: {len(changed)} files changed; read the diff before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
