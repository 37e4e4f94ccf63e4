"""`indoxrouter keys`: API keys of the account."""

from __future__ import annotations

from typing import Any

import click

from ...command_line.confirmation import confirm
from ...command_line.groups import CommonGroup
from ...console.tables import Column, show_table
from ...output.json_text import print_json
from ...session.session import Session, pass_session


@click.group("keys", cls=CommonGroup)
def command() -> None:
    """List, create, revoke and delete API keys."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def list_command(session: Session, as_json: bool) -> None:
    """List the keys. The server masks them."""
    found = session.client.list_api_keys()
    if as_json:
        print_json(found)
        return
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
@click.option(
    "--days",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of days until it expires; by default it never does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON.")
@pass_session
def create(session: Session, name: str | None, days: int | None, as_json: bool) -> None:
    """Create a key and print it. It is shown only once; the standard output contains only the key."""
    made = session.client.create_api_key(name=name, expiration_time=days)
    if as_json:
        print_json(made)
        return
    session.err.print(
        f"Key {made.id}{f' ({made.name})' if made.name else ''}. Store it now: it is not shown again.",
        style="dim",
    )
    session.print_result(made.api_key)


@command.command("revoke")
@click.argument("key_id", type=int)
@pass_session
def revoke(session: Session, key_id: int) -> None:
    """Revoke a key. `enable` reverses it."""
    session.client.revoke_api_key(key_id)
    session.print_result(f"Key {key_id} is revoked.")


@command.command("enable")
@click.argument("key_id", type=int)
@pass_session
def enable(session: Session, key_id: int) -> None:
    """Enable a revoked key."""
    session.client.enable_api_key(key_id)
    session.print_result(f"Key {key_id} is enabled.")


@command.command("delete")
@click.argument("key_id", type=int)
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_session
def delete(session: Session, key_id: int, yes: bool) -> None:
    """Delete a key permanently."""
    confirm(f"Delete key {key_id} permanently?", yes)
    session.client.delete_api_key(key_id)
    session.print_result(f"Key {key_id} is deleted.")


def _day(value: Any) -> str:
    return value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else "–"
