"""The admin endpoints for a tape: what is on it, an exchange to read and edit, and its start again."""

from __future__ import annotations

from typing import Any

from ..base.json import is_list
from ..spec.errors import ApiError, invalid_value
from ..tapes.deck import Deck
from ..tapes.exchange import Exchange, TapeError, TapeWriter, folder_of, read_exchange, text_of
from .admin_registry import Fields, endpoint, text
from .context import AppContext

LONGEST_TAPE_TEXT = 2_000_000


def _deck(app: AppContext) -> Deck:
    deck = getattr(app, "deck", None)
    if not isinstance(deck, Deck):
        raise ApiError(404, "this server has no tape: start it with --replay, or as `record`")
    return deck


def _exchange(app: AppContext, fields: Fields) -> Exchange:
    name = text(fields, "name")
    found = next((each for each in _deck(app).exchanges if each.name == name), None)
    if found is None:
        raise invalid_value("body/name", f"there is no exchange {str(name)[:100]!r} on the tape", status=404)
    return found


@endpoint("GET", "/tape", name="one exchange, as the text of its file")
def read_tape_list(app: AppContext, fields: Fields) -> Any:
    """The exchanges of the tape, in order, and how often each has answered; none without a tape."""
    if fields.get("name") is not None:
        return {"name": text(fields, "name"), "text": text_of(_exchange(app, fields))}
    deck = getattr(app, "deck", None)
    return {
        "exchanges": [
            {
                "name": each.name,
                "method": each.request.method,
                "path": each.request.path,
                "status": each.response.status,
                "events": len(each.response.events) if is_list(each.response.events) else None,
                "played": each.played,
            }
            for each in (deck.exchanges if isinstance(deck, Deck) else ())
        ]
    }


@endpoint(
    "POST",
    "/tape",
    name="the name of its file (required)",
    text="the new text of the file (required)",
)
def change_one(app: AppContext, fields: Fields) -> Any:
    """Change an exchange, on the disk as well; a text that is not an exchange changes nothing."""
    old, given = _exchange(app, fields), fields.get("text")
    if not isinstance(given, str) or len(given) > LONGEST_TAPE_TEXT:
        raise invalid_value("body/text", f"a text of at most {LONGEST_TAPE_TEXT} characters is expected")
    try:
        new = read_exchange(given, old.name)
        TapeWriter(folder_of(getattr(app, "tape").tapes)).write(new)  # noqa: B009  # only an application with a tape has it
    except TapeError as error:
        raise invalid_value("body/text", str(error)) from error
    _deck(app).replace(old, new)
    return {"name": new.name, "text": text_of(new)}


@endpoint("POST", "/tape/rewind")
def rewind(app: AppContext, fields: Fields) -> Any:
    """Play the tape from its start again."""
    _deck(app).rewind()
    return {"rewound": True}
