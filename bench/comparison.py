"""Two runs side by side: what changed, and what is noise."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.plan import OURS, key_of

__all__ = ["compare"]

CHANGE = 0.05  # less than this is never called a change
ROUNDS = 3  # with fewer, nothing is known about the noise


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, bool]:
    """Set two runs side by side.

    A change counts as one when the ranges between the quartiles do not touch and the medians differ by more than
    5 % and by more than the noise of either machine; anything else is called noise.

    Returns:
        The text, and whether one of our own figures got worse.
    """
    before = {key_of(case): case for case in old["cases"]}
    lines = ["| case | subject | before | after | change | |", "| --- | --- | ---: | ---: | ---: | --- |"]
    worse = False
    for case in new["cases"]:
        earlier = before.get(key_of(case))
        if earlier is None:
            continue
        for name, values in sorted(case["ratios"].items()):
            was = earlier["ratios"].get(name)
            if name == case["unit"] or not was:
                continue
            change = median(values) / median(was) - 1
            verdict = _verdict(was, values, change, max(old["noise"] or 0, new["noise"] or 0), case["speed"])
            worse = worse or (verdict == "worse" and name in OURS)
            figures = f"{median(was):.3f} | {median(values):.3f} | {change * 100:+.1f} %"
            lines.append(f"| {case['title']} | {name} | {figures} | {verdict} |")
    return "\n".join(lines) + "\n", worse


def _verdict(was: list[float], values: list[float], change: float, noise: float, speed: bool) -> str:
    if min(len(was), len(values)) < ROUNDS:
        return "too few rounds"
    low, high = _quartiles(was)
    new_low, new_high = _quartiles(values)
    apart = new_low > high or new_high < low
    if not apart or abs(change) <= max(CHANGE, noise):
        return "noise"
    return "better" if (change > 0) == speed else "worse"


def _quartiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return ordered[quarter], ordered[-1 - quarter]
