"""`indoxrouter doctor`: a diagnosis of the connection and the key."""

from __future__ import annotations

import click

from ...base.errors import CommandError
from ...diagnosis.doctor_checks import Check, run_checks
from ...output.formatting import pluralize
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.command("doctor", epilog="The exit code is that of the first failed check; 0 if none failed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_session
def command(session: Session, as_json: bool) -> None:
    """Diagnose problems: check versions, proxy, DNS, TLS, clock and key.

    Prints one line per check, with a remedy for each failure.
    """
    found: list[Check] = []
    for check in run_checks(session):
        found.append(check)
        if not as_json:
            mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}[check.ok]
            session.out.print(mark, style=style, end=" ")
            session.out.print(f"{check.name:<11} {check.fact}", soft_wrap=True)
            if check.remedy:
                session.out.print(f"  → {check.remedy}", style="dim", soft_wrap=True)
    if as_json:
        print_json([{**check._asdict(), "code": check.code if check.ok is False else 0} for check in found])
    wrong = [check for check in found if check.ok is False]
    if wrong:
        names = ", ".join(check.name for check in wrong)
        failed = f"{len(wrong)} of {pluralize(len(found), 'check')} failed"
        raise CommandError(f"{failed}: {names}.", None, wrong[0].code)
