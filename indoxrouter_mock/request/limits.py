"""Limits on the work that one request may cause, checked before the work is done."""

from __future__ import annotations

from ..spec.errors import invalid_value

MOST_CHARACTERS = 2_000_000
"""Characters of a prompt or a conversation: more than the largest context of the catalog takes."""
MOST_CHOICES = 128
MOST_STOPS = 16
MOST_TOOLS = 512
MOST_TEXTS, MOST_FLOATS = 2048, 3_200_000
"""Texts of a request for embeddings, and the numbers that all its vectors have together."""
MOST_PIXELS = 2 * 4096 * 4096
"""Pixels of all images of a request."""
LONGEST_SPEECH = 300.0
"""Seconds of speech."""
MOST_VIDEOS = 4
MOST_FORM_PARTS = 1000
MOST_JSON_VALUES = 500_000
"""Separators of a JSON body, which is at least the number of its values."""
LONGEST_KEY = 255
"""Characters of an idempotency key."""
LONGEST_NAME = 1000
"""Characters of a name that is kept, such as that of an API key."""
MOST_KEYS = 1000


def check_most(where: str, what: str, number: float, most: float, status: int = 400) -> None:
    """Raise ApiError that names the limit when `number` is above it."""
    if number > most:
        raise invalid_value(
            where, f"{number:,.10g} {what} are too many: the mock allows {most:,.10g}", status=status
        )


def check_length(where: str, length: int, most: int = MOST_CHARACTERS) -> None:
    """Raise ApiError that names the limit when a text is longer than `most` characters."""
    if length > most:
        check_most(where, "characters", length, most)
