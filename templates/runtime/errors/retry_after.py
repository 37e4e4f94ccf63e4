"""How long a server asks to wait: `Retry-After` and the corresponding fields of bodies.

Durations are integers and floats; times are HTTP dates, ISO 8601 and Unix time. Invalid values (negative, NaN, more
than a year away) are ignored.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ..codecs.dates import parse_datetime
from ..values.text import amount_of, number_of

_YEAR = 366 * 86400.0


def retry_after_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> float | None:
    """Seconds to wait: from the header, else `retry_after` in the body, else from the reset time."""
    header = headers.get("retry-after")
    seconds = amount_of(header, _YEAR)
    if seconds is None:
        seconds = _until(_moment(header), headers)
    if seconds is not None:
        return seconds
    if (milliseconds := amount_of(headers.get("retry-after-ms"), _YEAR)) is not None:
        return milliseconds / 1000
    seconds = amount_of(body.get("retry_after"), _YEAR)
    if seconds is None:
        seconds = amount_of(body.get("reset_time"), _YEAR)  # a duration; as Unix time it would be in 1970
    return seconds if seconds is not None else _until(_moment(body.get("reset_time")), headers)


def reset_time_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> datetime | None:
    """When a rate limit is reset, in UTC: from the body, else the current time plus the time to wait."""
    wait = amount_of(body.get("reset_time"), _YEAR)
    if wait is None:
        if (reset_time := _moment(body.get("reset_time"))) is not None:
            return reset_time
        wait = retry_after_of(headers, {key: value for key, value in body.items() if key == "retry_after"})
    if wait is not None:
        return datetime.fromtimestamp(time.time(), timezone.utc) + timedelta(seconds=wait)
    return _moment(headers.get("x-ratelimit-reset"))


def _moment(value: Any) -> datetime | None:
    number = number_of(value)
    moment = parse_datetime(value if number is None else number)
    if moment is None and number is None and isinstance(value, str):
        from email.utils import parsedate_to_datetime  # cost: HTTP dates are rare

        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if moment is None:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    return aware if abs(aware.timestamp() - time.time()) < _YEAR else None


def _until(moment: datetime | None, headers: Mapping[str, str]) -> float | None:
    """Seconds until a moment, by the clock of the server if its answer says what time it is."""
    if moment is None:
        return None
    sent = _moment(headers.get("date"))
    now = time.time() if sent is None else sent.timestamp()
    return max(0.0, moment.timestamp() - now)
