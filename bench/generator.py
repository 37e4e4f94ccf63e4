"""How long the generator takes: for our description, for 36, 360 and 1,000 operations, and beside stock.

`make bench-generator`. Processor seconds, of the process and its children, are the figure: a busy machine changes
them little. Stock openapi-python-client formats with the same ruff, so both do the same kind of work.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from .foreign import DESCRIPTIONS, fetch

ROOT = Path(__file__).resolve().parent.parent
SIZES = (36, 360, 1000)
STOCK_CONFIG = """\
post_hooks:
  - "{ruff} check . --no-cache --isolated --select=I,F401 --fix-only"
  - "{ruff} format . --no-cache --isolated"
"""


def description(operations: int) -> dict[str, Any]:
    """A description with so many operations, a third of them with a body, and two schemas for each three."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for number in range(0, operations, 3):
        tag = f"group{number // 30}"
        name = f"Thing{number // 3}"
        reference = {"$ref": f"#/components/schemas/{name}"}
        answer = {"200": {"description": "Fine.", "content": {"application/json": {"schema": reference}}}}
        schemas[name] = {
            "type": "object",
            "description": f"The thing number {number // 3}.",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "description": "Names it for ever."},
                "name": {"type": "string", "minLength": 1},
                "size": {"type": "integer", "minimum": 0},
                "made": {"type": "string", "format": "date-time"},
                "kind": {"type": "string", "enum": ["a", "b", "c"]},
                "parts": {"type": "array", "items": {"$ref": f"#/components/schemas/New{name}"}},
            },
        }
        schemas[f"New{name}"] = {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        }
        sent = {"schema": {"$ref": f"#/components/schemas/New{name}"}}
        body = {"required": True, "content": {"application/json": sent}}
        at = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
        several = {"type": "array", "items": reference}
        listed = {"200": {"description": "All.", "content": {"application/json": {"schema": several}}}}
        whole, one = f"/things{number}", f"/things{number}/{{id}}"
        entries: list[tuple[str, str, dict[str, Any]]] = [
            (whole, "get", {"operationId": f"list{name}", "parameters": [limit], "responses": listed}),
            (whole, "post", {"operationId": f"make{name}", "requestBody": body, "responses": answer}),
            (one, "get", {"operationId": f"get{name}", "parameters": [at], "responses": answer}),
        ]
        for index, (path, method, entry) in enumerate(entries):
            if number + index < operations:
                paths.setdefault(path, {})[method] = {"tags": [tag], **entry}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bench", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


Times: TypeAlias = tuple[float, float, float]


def timed(command: Sequence[str], *, check: bool = True) -> tuple[float, float, float]:
    """Processor seconds of a command and its children, elapsed seconds, and its memory at most, in MB."""
    started = time.perf_counter()
    # As users have it: modules are compiled once. Where that is switched off, 600 of them would be each time.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and check:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024


def ours(spec: Path, output: Path, *, force: bool = True, lenient: bool = False) -> list[str]:
    """The command that generates with this generator."""
    command = [sys.executable, "-m", "generator", "generate", "--spec", str(spec), "--output", str(output)]
    flags = [*(["--force"] if force else []), *(["--lenient"] if lenient else [])]
    return [*command, "--package", output.name, *flags]


def stock(spec: Path, output: Path, config: Path) -> list[str]:
    """The command that generates with openapi-python-client as it comes."""
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(spec)]
    return [*command, "--output-path", str(output), "--meta", "none", "--overwrite", "--config", str(config)]


def measure(rounds: int, large: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One row for each description: medians of processor seconds, cold and unchanged, and of stock.

    `large`: descriptions of `bench.foreign` to measure as well.
    """
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="indoxrouter-bench-") as name:
        work = Path(name)
        config = work / "stock.yaml"
        ruff = Path(sys.executable).with_name("ruff")
        config.write_text(STOCK_CONFIG.format(ruff=ruff), encoding="utf-8")
        specs: list[tuple[str, Path]] = [("openapi.yaml", ROOT / "openapi.yaml")]
        for size in SIZES:
            path = work / f"{size}.json"
            path.write_text(json.dumps(description(size)), encoding="utf-8")
            specs.append((f"{size} operations", path))
        lenient: set[Path] = set()
        for one in DESCRIPTIONS:
            path_of = fetch(one) if one.name in large else None
            if path_of is not None:
                specs.append((one.name, path_of))
                lenient.add(path_of)  # they have faults: neither generator makes all of them
        for title, spec in specs:
            output, theirs = work / "ours", work / "theirs"
            cold, unchanged, other = list[Times](), list[Times](), list[Times]()
            timed(ours(specs[0][1], work / "warm"))
            for _ in range(rounds):
                shutil.rmtree(output, ignore_errors=True)
                shutil.rmtree(theirs, ignore_errors=True)
                cold.append(timed(ours(spec, output, lenient=spec in lenient)))
                unchanged.append(timed(ours(spec, output, force=False, lenient=spec in lenient)))
                other.append(timed(stock(spec, theirs, config), check=spec not in lenient))
            row: dict[str, Any] = {
                "description": title,
                "cold": _median(cold),
                "unchanged": _median(unchanged),
                "stock": _median(other),
            }
            row["lines"] = sum(len(path.read_bytes().splitlines()) for path in output.rglob("*.py"))
            row["stock lines"] = sum(len(path.read_bytes().splitlines()) for path in theirs.rglob("*.py"))
            rows.append(row)
            print(_line(row), flush=True)
    return rows


def _median(times: list[tuple[float, float, float]]) -> dict[str, float]:
    names = ("processor", "elapsed", "memory")
    return {
        name: round(statistics.median(figures), 3)
        for name, figures in zip(names, zip(*times, strict=True), strict=True)
    }


_TITLES = ("ours", "elapsed", "unchanged", "MB", "stock", "elapsed", "MB", "lines", "stock lines")
_WIDTHS = (8, 9, 11, 6, 8, 9, 6, 9, 13)
HEAD = f"{'description':<18}" + "".join(f"{t:>{w}}" for t, w in zip(_TITLES, _WIDTHS, strict=True))


def _line(row: dict[str, Any]) -> str:
    cold, unchanged, other = row["cold"], row["unchanged"], row["stock"]
    figures = (
        f"{cold['processor']:.2f}",
        f"{cold['elapsed']:.2f}",
        f"{unchanged['processor']:.2f}",
        f"{cold['memory']:.0f}",
        f"{other['processor']:.2f}",
        f"{other['elapsed']:.2f}",
        f"{other['memory']:.0f}",
        str(row["lines"]),
        str(row["stock lines"]),
    )
    return f"{row['description']:<18}" + "".join(f"{f:>{w}}" for f, w in zip(figures, _WIDTHS, strict=True))


def main() -> int:
    """Measure and print; 1 when the growth is not linear."""
    parser = argparse.ArgumentParser(prog="python -m bench.generator", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each command runs; medians are shown"
    )
    parser.add_argument(
        "--large",
        nargs="*",
        default=[],
        metavar="NAME",
        help="descriptions of `make foreign` to measure as well",
    )
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file too")
    arguments = parser.parse_args()
    print(HEAD)
    rows = measure(arguments.rounds, arguments.large)
    small, middle, large = (row["cold"]["processor"] for row in rows[1:4])
    first = (middle - small) / (SIZES[1] - SIZES[0]) * 1000
    second = (large - middle) / (SIZES[2] - SIZES[1]) * 1000
    print(f"one operation more: {first:.1f} ms up to {SIZES[1]}, {second:.1f} ms up to {SIZES[2]}")
    if arguments.output:
        arguments.output.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0 if second < 1.5 * first else 1


if __name__ == "__main__":
    sys.exit(main())
