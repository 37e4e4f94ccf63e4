"""`indoxrouter keys`: API keys of the account."""

from __future__ import annotations

from typing import Any

import click

from ...command_line.confirmation import confirm
from ...command_line.groups import CommonGroup
from ...output.json_text import print_json
from ...session.session import Session, pass_session

__all__ = ["command"]


@click.group("keys", cls=CommonGroup)
def command() -> None:
    """List, make, revoke and delete API keys."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def list_command(session: Session, as_json: bool) -> None:
    """List the keys. The server shows them masked."""
    found = session.client.list_api_keys()
    if as_json:
        print_json(found)
        return
    from ...console.tables import Column, show_table

    columns = (
        Column("Id", right=True),
        Column("Name"),
        Column("Key", optional=True),
        Column("Active"),
        Column("Created", optional=True),
        Column("Expires", optional=True),
        Column("Last used", optional=True),
    )
    rows = [
        (
            str(key.id),
            key.name or "–",
            key.api_key or "–",
            "yes" if key.is_active else "no",
            *(_day(value) for value in (key.created_at, key.expires_at, key.last_used_at)),
        )
        for key in found.keys_
    ]
    show_table(session, columns, rows, empty="No keys.")


@command.command("create")
@click.argument("name", required=False)
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="When it expires; by default never.")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def create(session: Session, name: str | None, days: int | None, as_json: bool) -> None:
    """Make a key. It is shown this one time: the standard output gets the key and nothing else."""
    made = session.client.create_api_key(name=name, expiration_time=days)
    if as_json:
        print_json(made)
        return
    session.err.print(
        f"Key {made.id}{f' ({made.name})' if made.name else ''}. Keep it: it is not shown again.", style="dim"
    )
    session.print_result(made.api_key)


@command.command("revoke")
@click.argument("key_id", type=int)
@pass_session
def revoke(session: Session, key_id: int) -> None:
    """Switch a key off. `enable` switches it on again."""
    session.client.revoke_api_key(key_id)
    session.print_result(f"Key {key_id} is revoked.")


@command.command("enable")
@click.argument("key_id", type=int)
@pass_session
def enable(session: Session, key_id: int) -> None:
    """Switch a revoked key on again."""
    session.client.enable_api_key(key_id)
    session.print_result(f"Key {key_id} is enabled.")


@command.command("delete")
@click.argument("key_id", type=int)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, key_id: int, yes: bool) -> None:
    """Delete a key for good."""
    confirm(f"Delete key {key_id} for good?", yes)
    session.client.delete_api_key(key_id)
    session.print_result(f"Key {key_id} is deleted.")


def _day(value: Any) -> str:
    return value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else "–"
