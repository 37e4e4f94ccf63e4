"""`make contract`: the whole contract run. Prints what it did, writes reports, fails when anything is amiss.

1. schemathesis, through its command line, against the mock on a socket: all phases, all checks; then the same on the
   OpenAI-compatible paths under `/v1`.
2. The contract tests of `make test`, with more examples.
3. The faults that contract tests have to notice, planted one by one (see `tests/planted`).
4. The table of what the first two made use of, against its thresholds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemathesis.cli import schemathesis as command_line

from indoxrouter_mock import MockServer
from indoxrouter_mock.compatible.endpoints import DOCUMENT
from tests.contract import hooks
from tests.contract.coverage import COVERAGE, measures
from tests.contract.excuses import EXCUSES
from tests.contract.probe import CONFIG, OPTIONS
from tests.planted import __main__ as planted

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit code: 0 when everything held."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.contract", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--examples", type=int, default=100, help="cases of schemathesis for each operation (100)"
    )
    parser.add_argument(
        "--generated", type=int, default=40, help="examples of each generated client test (40)"
    )
    parser.add_argument("--seed", type=int, help="another seed than that of schemathesis.toml")
    parser.add_argument(
        "--reports", type=Path, default=ROOT / "reports" / "contract", help="where reports are written"
    )
    parser.add_argument("--no-faults", action="store_true", help="leave the planted faults out")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    options.reports.mkdir(parents=True, exist_ok=True)
    for old in options.reports.glob("coverage*.json"):
        old.unlink()
    held = {
        "schemathesis over HTTP": _over_http(options, ROOT / "openapi.yaml", "schemathesis", "/api/v1"),
        "schemathesis under /v1": _over_http(options, DOCUMENT, "schemathesis-v1", "/v1"),
        "contract tests": _by_pytest(options),
        "planted faults": options.no_faults or _by_faults(),
        "coverage": _table(options),
    }
    seconds = time.monotonic() - started
    print()
    for name, fine in held.items():
        print(f"{name:24} {'ok' if fine else 'FAILED'}")
    print(f"{seconds:.0f} s, reports in {os.path.relpath(options.reports)}")
    return 0 if all(held.values()) else 1


def _over_http(options: Any, document: Path, name: str, base: str) -> bool:
    _title(f"schemathesis against the mock, over HTTP, under {base}")
    with MockServer(OPTIONS) as server, hooks.steering(server.app) as steered:
        order = ["--config-file", str(CONFIG), "run", str(document), "--url", f"{server.url}{base}"]
        order += ["--max-examples", str(options.examples), "--report", "junit,html"]
        order += ["--report-junit-path", str(options.reports / f"{name}.xml")]
        order += ["--report-html-path", str(options.reports / ("html" if base == "/api/v1" else "html-v1"))]
        order += ["--seed", str(options.seed)] if options.seed is not None else []
        # The warnings that fail a run are about the native API: that a link leads to each id, that each scheme is used.
        order += [] if base == "/api/v1" else ["--warnings", "off"]
        code = _exit_code(order)
        violations = server.app.state.violations
    print(f"{len(steered.requests)} requests went through the checks")
    for excuse in EXCUSES:
        print(
            f"excused {steered.excused.get(excuse.name, 0)} times: {excuse.name} ({excuse.path}). {excuse.reason}"
        )
    for violation in violations:
        print(f"the mock's own check: {violation}")
    return code == 0 and not violations


def _exit_code(order: list[str]) -> object:
    try:
        return command_line.main(order, standalone_mode=False)
    except SystemExit as end:
        return end.code


def _by_pytest(options: Any) -> bool:
    _title("the contract tests")
    environment = {
        **os.environ,
        "CONTRACT_COVERAGE": str(options.reports / "coverage.json"),
        "CONTRACT_EXAMPLES": str(options.generated),
    }
    command = [sys.executable, "-m", "pytest", "tests/contract", "-q", "-n", "2", "--timeout", "400"]
    command += [f"--junitxml={options.reports / 'tests.xml'}", "--durations", "5"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _by_faults() -> bool:
    _title("faults that the contract tests have to notice")
    return planted.main(["--tests", "tests/contract"]) == 0


def _table(options: Any) -> bool:
    _title("what the run made use of")
    for path in options.reports.glob("coverage*.json"):
        COVERAGE.load(path)
    table, reached = COVERAGE.table(measures())
    print(table)
    (options.reports / "coverage.txt").write_text(table + "\n", encoding="utf-8")
    return reached


def _title(text: str) -> None:
    print(f"\n── {text} " + "─" * (100 - len(text)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
