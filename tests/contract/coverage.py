"""What a run of the contract tests made use of, and the table and thresholds that are made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract import shapes
from tests.spec.document import OPERATIONS, parameters

Item = tuple[str, str]


@dataclass(frozen=True)
class Measure:
    """One row of the table: what could be made use of, and the share of it, in percent, below which a run fails."""

    name: str
    title: str
    items: frozenset[Item]
    least: float


def measures() -> list[Measure]:
    """The rows, in the order in which they are printed."""
    operations = frozenset((identifier, "") for identifier in OPERATIONS)
    statuses = frozenset(
        (identifier, status)
        for identifier, operation in OPERATIONS.items()
        for status in operation["responses"]
    )
    given = frozenset(
        (identifier, name) for identifier, operation in OPERATIONS.items() for name in parameters(operation)
    )
    return [
        Measure("mock.operations", "operations that the mock carried out", operations, 100),
        Measure("mock.statuses", "documented statuses that the mock answered", statuses, 100),
        Measure("mock.parameters", "parameters that the mock accepted", given, 100),
        Measure("mock.request_fields", "request fields that the mock accepted", shapes.request_fields(), 100),
        Measure("mock.answer_fields", "answer fields that the mock sent", shapes.answer_fields(), 90),
        Measure("mock.error_fields", "error fields that the mock sent", shapes.error_fields(), 100),
        Measure("client.operations", "operations that the client called", operations, 100),
        Measure("client.parameters", "parameters that the client sent", given, 100),
        Measure("client.request_fields", "request fields that the client sent", shapes.request_fields(), 100),
        Measure("client.answer_fields", "answer fields that the client read", shapes.answer_fields(), 100),
        Measure("client.error_fields", "error fields that the client read", shapes.error_fields(), 100),
    ]


@dataclass
class Coverage:
    """Collects, by the name of a measure, the items that were made use of."""

    seen: dict[str, set[Item]] = field(default_factory=dict)

    def note(self, measure: str, items: Iterable[Item]) -> None:
        """Items that a test made use of."""
        self.seen.setdefault(measure, set()).update(items)

    def note_value(self, measure: str, schema: dict[str, Any], value: Any) -> None:
        """The fields of a schema that a value has."""
        self.note(measure, shapes.fields_in(schema, value))

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({name: sorted(items) for name, items in sorted(self.seen.items())}, indent=1)
        )

    def load(self, path: Path) -> None:
        """Add what another process noted. A missing file is a FileNotFoundError: its tests did not run."""
        for name, items in json.loads(path.read_text()).items():
            self.note(name, (tuple(item) for item in items))

    def rows(self, of: Iterable[Measure]) -> Iterator[tuple[Measure, set[Item]]]:
        """Each measure with what was never made use of."""
        for measure in of:
            yield measure, set(measure.items - self.seen.get(measure.name, set()))

    def table(self, of: Iterable[Measure], *, shown: int = 12) -> tuple[str, bool]:
        """The table as text, and whether every threshold was reached. A line below a row names what is missing."""
        rows = list(self.rows(of))
        width = max(len(measure.title) for measure, _ in rows)
        lines = [f"{'':{width}}   used of    all   share  least"]
        reached = True
        for measure, missing in rows:
            used, every = len(measure.items) - len(missing), len(measure.items)
            share = 100 * used / every if every else 100.0
            short = share < measure.least
            reached = reached and not short
            verdict = "  TOO FEW" if short else ""
            lines.append(
                f"{measure.title:{width}}  {used:5} of {every:6}  {share:5.1f}%  {measure.least:4g}%{verdict}"
            )
            if missing:
                names = [" ".join(part for part in item if part) for item in sorted(missing)]
                more = f" and {len(names) - shown} more" if len(names) > shown else ""
                lines.append(f"  not: {', '.join(names[:shown])}{more}")
        return "\n".join(lines), reached


COVERAGE = Coverage()
"""What the tests of this process made use of."""
