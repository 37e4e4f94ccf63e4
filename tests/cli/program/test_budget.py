"""`--budget` stops a run before the call that would pass it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from indoxrouter_cli.base import exit_codes
from tests.cli.conftest import Cli


def test_a_run_stops_at_its_budget(cli: Cli, sent: Callable[[str], list[dict[str, Any]]]) -> None:
    result = cli(
        *("embed", "--lines", "--batch-size", "1", "--concurrency", "1", "--budget", "0.00000003"),
        stdin="a\nb\nc\nd\ne\nf\n",
    )
    assert result.code == exit_codes.TOO_EXPENSIVE
    assert "The budget refuses the call" in result.err
    assert "--budget USD" in result.err
    assert 1 <= len(sent("createEmbedding")) < 6


def test_a_run_within_its_budget_is_not_stopped(cli: Cli) -> None:
    assert cli("embed", "--lines", "--batch-size", "1", "--budget", "1", stdin="a\nb\n").code == 0


@pytest.mark.parametrize("value", ["0", "-1", "much"])
def test_a_budget_is_a_positive_number(cli: Cli, value: str) -> None:
    result = cli("embed", "a", "--budget", value)
    assert result.code == exit_codes.USAGE
    assert "--budget" in result.err
