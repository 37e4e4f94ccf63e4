"""Usage reads under all three naming schemes, whichever of them came."""

from __future__ import annotations

from typing import Any

import pytest
from indoxrouter import Usage

SCHEMES: list[dict[str, Any]] = [
    {
        "tokens_prompt": 24,
        "tokens_completion": 7,
        "tokens_total": 31,
        "cache_read_tokens": 4,
        "reasoning_tokens": 2,
    },
    {
        "prompt_tokens": 24,
        "completion_tokens": 7,
        "total_tokens": 31,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
    {
        "input_tokens": 24,
        "output_tokens": 7,
        "total_tokens": 31,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens_details": {"reasoning_tokens": 2},
    },
]


@pytest.mark.parametrize("raw", SCHEMES)
def test_counts_read_under_every_name(raw: dict[str, Any]) -> None:
    usage: Any = Usage.from_dict(raw)
    for name in ("tokens_prompt", "prompt_tokens", "input_tokens"):
        assert getattr(usage, name) == usage[name] == 24
    for name in ("tokens_completion", "completion_tokens", "output_tokens"):
        assert getattr(usage, name) == usage[name] == 7
    for name in ("tokens_total", "total_tokens"):
        assert getattr(usage, name) == usage[name] == 31
    assert usage.cache_read_tokens == 4
    assert usage.reasoning_tokens == 2
    assert usage.input_tokens_details["cached_tokens"] == 4
    assert usage["output_tokens_details"] == {"reasoning_tokens": 2}
    assert usage.to_dict() == raw


def test_details_that_no_scheme_names_are_kept() -> None:
    received = {"audio_tokens": 1, "cached_tokens": None}
    usage = Usage.from_dict({"input_tokens_details": received, "cache_read_tokens": 4})
    assert usage.input_tokens_details == {"audio_tokens": 1, "cached_tokens": 4}
    assert usage["input_tokens_details"] == received
    assert usage.prompt_tokens_details == {"cached_tokens": 4}


def test_a_missing_total_is_the_sum_of_both_counts() -> None:
    assert Usage.from_dict({"input_tokens": 3, "output_tokens": 4}).tokens_total == 7


def test_what_was_not_reported_reads_as_none_and_is_not_there() -> None:
    usage = Usage.from_dict({"cost": 0.5})
    assert usage.tokens_total is None
    assert usage.total_tokens is None
    assert "tokens_total" not in usage
    with pytest.raises(KeyError):
        _ = usage["input_tokens"]


def test_a_reported_zero_stays_zero() -> None:
    usage = Usage.from_dict({"tokens_prompt": 0, "tokens_completion": 0, "tokens_total": 0, "cost": 0.0})
    assert (usage.input_tokens, usage.completion_tokens, usage.total_tokens, usage.cost) == (0, 0, 0, 0.0)


@pytest.mark.parametrize("breakdown", [{"total_cost": 0.02}, {"prompt_cost": 0.01, "total_cost": 0.02}])
def test_the_cost_may_stand_in_the_breakdown_only(breakdown: dict[str, float]) -> None:
    usage = Usage.from_dict({"request_count": 1, "cost_breakdown": breakdown})
    assert usage.cost == 0.02


def test_unknown_attributes_are_an_error_that_names_them() -> None:
    with pytest.raises(AttributeError, match="tokens_promt"):
        _ = Usage.from_dict({}).tokens_promt  # type: ignore[attr-defined]  # what is tested


def test_the_repr_has_the_counts_and_the_cost() -> None:
    shown = repr(Usage.from_dict({"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.25}))
    assert shown == "Usage(tokens_prompt=1, tokens_completion=2, tokens_total=3, cost=0.25)"
