"""Values at the bounds of their schema, and moments with every part that a server may write."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from indoxrouter import InvalidParametersError
from indoxrouter._runtime.codecs.base import Codec
from indoxrouter._runtime.codecs.dates import parse_datetime
from indoxrouter._runtime.codecs.factory import STRING, array, integer, number, string


@pytest.mark.parametrize(
    ("codec", "accepted", "refused"),
    [
        (string(2, 3), ["ab", "abc"], ["a", "abcd"]),
        (array(STRING, 2, 3), [["a"] * 2, ["a"] * 3], [["a"], ["a"] * 4]),
        (integer(1, 3), [1, 3], [0, 4]),
        (number(exclusive_minimum=0), [5e-324, 1], [0, 0.0, -1]),
        (number(exclusive_maximum=1), [0.999, -1], [1, 1.0, 2]),
        (number(0.5, exclusive_maximum=1), [0.5, 0.75], [0.49, 1]),
    ],
    ids=["text", "list", "integer", "above", "below", "between"],
)
def test_bounds_are_as_described_to_the_last_value(
    codec: Codec, accepted: list[Any], refused: list[Any]
) -> None:
    assert [codec.encode(value, "x") for value in accepted] == accepted
    for value in refused:
        with pytest.raises(InvalidParametersError, match=r"^x: "):
            codec.encode(value, "x")


NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31T14:00:00+02:00", NOON),
        ("2026-01-31T08:30:00-03:30", NOON),
        ("2026-01-31T07:00:00-05", NOON),
        ("2026-01-31T12:00:00.5Z", NOON + timedelta(microseconds=500_000)),
        ("2026-01-31T12:00:00,025Z", NOON + timedelta(microseconds=25_000)),
        ("2026-01-31T12:00:00.000001Z", NOON + timedelta(microseconds=1)),
        ("2026-01-31T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
        ("2026-01-31T11:59:60Z", NOON),
    ],
)
def test_zones_and_fractions_of_a_second_are_read_for_what_they_are(text: str, moment: datetime) -> None:
    assert parse_datetime(text) == moment
