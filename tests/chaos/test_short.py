"""A few seconds of chaos. `make chaos` runs ten minutes."""

from __future__ import annotations

import pytest

from .__main__ import Run, serving


@pytest.mark.parametrize("number", [0, 1], ids=["asyncio", "uvloop"])
def test_each_answer_reaches_its_asker_and_nothing_is_left(number: int) -> None:
    with serving(11) as url:
        run = Run(url, "direct", 20, 11)
        run.part(number, 2.5)
    assert run.tally.wrong == []
    ends = run.tally.ends
    for kind in ("sync chat", "async chat", "sync stream", "async stream"):
        assert ends[f"{kind} right"] > 0
    assert ends["async cancelled CancelledError"] > 0
    assert ends["sync chat NetworkError"] + ends["sync stream StreamTruncatedError"] > 0
