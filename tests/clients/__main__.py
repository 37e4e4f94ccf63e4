"""`make clients`: the newest versions of the clients that people use, on a tour through the mock; prints a table.

Usage: python -m tests.clients [openai vercel …] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indoxrouter_mock import MockServer

from .environments import CLIENTS, ROOT, Client, Missing, command

PAGE = ROOT / "docs" / "mock-clients.md"
BEGIN, END = "<!-- table -->", "<!-- end of the table -->"
TOUR_SECONDS = 300


@dataclass
class Outcome:
    """What a tour found: the calls that passed, those that did not with their problem, and those left out."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    missing: str = ""

    @property
    def cell(self) -> str:
        """The result as the table shows it."""
        if self.missing:
            return f"skipped: {self.missing}"
        text = f"{len(self.passed)} of {len(self.passed) + len(self.failed)}"
        return text + (f", {len(self.skipped)} left out" if self.skipped else "")


def tour(client: Client) -> Outcome:
    """Run the tour of one client against a mock of its own."""
    outcome = Outcome()
    try:
        order, place = command(client)
    except Missing as error:
        outcome.missing = str(error)
        return outcome
    with MockServer() as mock:
        environment = {
            **os.environ,
            "MOCK_URL": mock.url,
            "MOCK_KEY": mock.api_key,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            found = subprocess.run(
                order,
                cwd=place,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TOUR_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            outcome.failed["the tour"] = f"not at its end after {TOUR_SECONDS} s"
            return outcome
        read(found.stdout, outcome)
        if found.returncode and not outcome.failed:
            outcome.failed["the tour"] = f"ended with {found.returncode}: {found.stderr[-400:]}"
        if not outcome.passed and not outcome.failed:
            outcome.failed["the tour"] = f"made no call: {found.stderr[-400:]}"
        for violation in mock.violations:
            outcome.failed[f"an answer that breaks the description ({len(outcome.failed)})"] = violation
        if crashes := mock.counters.get("crashes", 0):
            outcome.failed["the mock"] = f"crashed {crashes} times"
    return outcome


def read(output: str, outcome: Outcome) -> None:
    """Take the lines of JSON out of what a tour printed; other programs may have printed before them on a line."""
    for line in output.splitlines():
        _, mark, rest = line.partition('{"call":')
        if not mark:
            continue
        entry = json.loads(mark + rest)
        if entry["problem"]:
            outcome.failed[entry["call"]] = entry["problem"]
        elif entry["skipped"]:
            outcome.skipped[entry["call"]] = entry["skipped"]
        else:
            outcome.passed.append(entry["call"])


def table(rows: Sequence[tuple[Client, Outcome]]) -> str:
    """The table of the docs page."""
    lines = ["| client | versions | calls that work |", "| --- | --- | --- |"]
    lines += [f"| {client.title} | {client.versions} | {outcome.cell} |" for client, outcome in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the tours, and return 1 when a call failed."""
    parser = argparse.ArgumentParser(
        prog="make clients", description="Published clients on a tour through the mock."
    )
    parser.add_argument("clients", nargs="*", help=f"of {', '.join(client.name for client in CLIENTS)}")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    known = {client.name: client for client in CLIENTS}
    for name in options.clients:
        if name not in known:
            parser.error(f"client: expected one of {', '.join(known)}, got {name!r}")
    if options.write and options.clients:
        parser.error("--write: expected no names of clients, for the table shows all of them")
    rows: list[tuple[Client, Outcome]] = []
    for client in [known[name] for name in options.clients] or CLIENTS:
        print(f"{client.title:22} ", end="", flush=True)
        rows.append((client, tour(client)))
        print(rows[-1][1].cell)
        for call, problem in rows[-1][1].failed.items():
            print(f"  FAILED {call}: {problem}")
        for call, reason in rows[-1][1].skipped.items():
            print(f"  left out {call}: {reason}")
    if options.write:
        write(PAGE, table(rows))
    failed = sum(len(outcome.failed) for _, outcome in rows)
    print(f"{sum(len(outcome.passed) for _, outcome in rows)} calls work, {failed} do not")
    return 1 if failed else 0


def write(page: Path, text: str) -> None:
    """Put the table into its place on the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
