"""`indoxrouter whoami`: the account that the key belongs to."""

from __future__ import annotations

import click

from ...output.formatting import format_usd
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.command("whoami")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def command(session: Session, as_json: bool) -> None:
    """Show the account that the key belongs to: name, tier, credits."""
    user = session.client.get_user_info()
    if as_json:
        print_json(user)
        return
    full = " ".join(part for part in (user.first_name, user.last_name) if part)
    lines = {
        "User": f"{user.username or user.id}{f' ({full})' if full else ''}",
        "Email": user.email,
        "Tier": user.account_tier,
        "Credits": format_usd(user.credits) if user.credits is not None else None,
        "Active": None if user.is_active is None else "yes" if user.is_active else "no",
        "Key from": session.settings.origin_of("api_key"),
        "Server": session.client.base_url,
    }
    for label, value in lines.items():
        if value:
            session.print_result(f"{label:<9} {value}")
