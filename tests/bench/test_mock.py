"""The measurement of the mock: its table, and that its load counts whole answers of a real server."""

from __future__ import annotations

import asyncio

from bench.mock import ANSWER, MOCK, Figures, load, measure, table
from indoxrouter_mock import MockServer


def test_servers_are_compared_with_the_first_one() -> None:
    lines = table(
        {
            "bare": Figures(31_215.4, 25e-6, 0.006, 0.013, 0.2, 31_000_000),
            "mock": Figures(8_000.0, 100e-6, 0.0249, 0.1, 0.25, 40_400_000),
        }
    ).splitlines()
    assert lines[2:] == [
        "| bare | 31,215 | 25 | 6 ms | 13 ms | 100% | 200 ms | 31 MB |",
        "| mock | 8,000 | 100 | 25 ms | 100 ms | 25% | 250 ms | 40 MB |",
    ]


def test_load_counts_the_answers_that_the_mock_gave() -> None:
    with MockServer(api_key=MOCK[-1]) as mock:
        times, lasted = asyncio.run(load(int(mock.url.rpartition(":")[2]), 5, 0.3))
        counters = mock.counters
    assert lasted >= 0.3
    assert 0 < len(times) <= counters["status_200"] == counters["requests"]


def test_bare_server_is_measured_in_the_same_way() -> None:
    figures = measure(["-m", "bench.mock", "--bare"], 0.3, 5, 1)
    assert figures.rate > 0
    assert 0 < figures.median <= figures.late
    assert figures.ready > 0
    assert figures.idle > len(ANSWER)
