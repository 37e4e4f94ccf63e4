"""Reports what recorded exchanges show that the description does not know, and proposes the edit."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..compatibility.diff import BREAKS
from ..description.read import read_leniently
from ..observation.exchanges import UnreadableRecording, read_recordings
from ..observation.findings import Finding
from ..observation.observer import Observer
from ..observation.proposal import Proposal
from ..source.problems import plural, shown_path
from ..source.settings import GeneratorSettings


def observe(
    tapes: Sequence[Path],
    hars: Sequence[Path],
    settings: GeneratorSettings,
    *,
    form: str,
    propose: Path | None,
) -> int:
    """Print the findings; the exit code: 0 nothing new, 3 something new, 2 unreadable recordings."""
    try:
        exchanges = read_recordings(tapes, hars)
    except UnreadableRecording as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    observer = Observer(read_leniently(settings.spec).resolver)
    findings = observer.observe(exchanges)
    seen = plural(observer.exchanges, "exchange")
    if observer.ignored:
        seen += f" ({observer.ignored} outside the API ignored)"
    if form == "json":
        document = {
            "exchanges": observer.exchanges,
            "ignored": observer.ignored,
            "findings": [finding.as_dict() for finding in findings],
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif form == "markdown":
        print(as_markdown(findings, seen))
    else:
        print(as_text(findings, seen))
    if propose is not None and findings:
        proposal = Proposal(settings.spec.resolve())
        proposal.add(findings)
        propose.write_text(proposal.patch(shown_path(settings.spec)), encoding="utf-8")
        made = len(findings) - len(proposal.left)
        print(
            f"{propose}: {plural(made, 'finding')} proposed; apply with: git apply {propose}", file=sys.stderr
        )
        for finding in proposal.left:
            print(f"left to you: {finding.kind} {finding.name} at {finding.where}", file=sys.stderr)
    return BREAKS if findings else 0


def as_text(findings: list[Finding], seen: str) -> str:
    """Three lines for each finding: what, where it would be described, and an example."""
    lines = [f"{seen}: {plural(len(findings), 'finding') if findings else 'nothing new'}"]
    for finding in findings:
        lines.extend(["", f"{finding.kind}  {finding.operation}  {finding.name}: {finding.detail}"])
        lines.append(f"    {finding.where}")
        example = f", such as {finding.example}" if finding.example else ""
        lines.append(f"    {plural(finding.count, 'exchange')} ({', '.join(finding.sources)}){example}")
    return "\n".join(lines)


def as_markdown(findings: list[Finding], seen: str) -> str:
    """A table for a pull request or a nightly report."""
    lines = [f"## Observed: {seen}, {plural(len(findings), 'finding') if findings else 'nothing new'}"]
    if findings:
        lines.extend(["", "| kind | operation | name | seen | place | exchanges | example |"])
        lines.append("| --- | --- | --- | --- | --- | ---: | --- |")
    for finding in findings:
        cells = (
            finding.kind, finding.operation, f"`{finding.name}`", finding.detail, finding.where, str(finding.count),
            f"`{finding.example}`" if finding.example else "",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)
