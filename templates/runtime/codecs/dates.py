"""Dates and times in the forms that servers send.

Timestamps are ISO 8601 with and without a zone, with `Z` in either case, with 1 to 9 fractional digits, with a leap
second, or Unix time. Anything else is returned unchanged.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any

from .base import Codec, raise_invalid_argument

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)


def parse_datetime(raw: Any) -> datetime | None:
    """Parse a timestamp: ISO 8601 text, or Unix time as a number; None for anything else.

    Text without a zone gives a naive datetime; Unix time gives UTC.
    """
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        try:
            return datetime.fromtimestamp(raw, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None
    match = _ISO.match(raw) if isinstance(raw, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    seconds = int(second or 0)
    leap = seconds == 60  # Python has no leap seconds: 23:59:60 is the first moment of the next minute
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            59 if leap else seconds,
            int((fraction or "0")[:6].ljust(6, "0")),
            _zone(zone),
        )
        return moment + timedelta(seconds=1) if leap else moment
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


class DateTime(Codec):
    """An ISO 8601 timestamp; callers may pass a `datetime` or text."""

    __slots__ = ()

    is_identity = False

    def decode(self, raw: Any) -> Any:
        moment = parse_datetime(raw)
        return raw if moment is None else moment

    def encode(self, value: Any, path: str) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and parse_datetime(value) is not None:
            return value
        return raise_invalid_argument(path, value, "a datetime, or text in ISO 8601")


class Date(Codec):
    """A calendar date; callers may pass a `date`, a `datetime` or text such as 2026-01-31."""

    __slots__ = ()

    is_identity = False

    def decode(self, raw: Any) -> Any:
        try:
            return date.fromisoformat(raw[:10]) if isinstance(raw, str) else raw
        except ValueError:
            return raw

    def encode(self, value: Any, path: str) -> Any:
        if isinstance(value, datetime):
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str):
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                pass
        return raise_invalid_argument(path, value, "a date, or text such as 2026-01-31")
