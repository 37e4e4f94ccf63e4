"""Tables out of runs, and the comparison of two of them."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.cases import Case

__all__ = ["compare", "table"]

ORDER = ("published", "openai", "anthropic", "pyreqwest", "aiohttp", "default", "fast")


def spread(values: list[float]) -> float:
    """Half the distance between the quartiles, as a share of the median."""
    if len(values) < 4:
        return (max(values) - min(values)) / 2 / median(values)
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return (ordered[-1 - quarter] - ordered[quarter]) / 2 / median(ordered)


def _figure(values: list[float] | None, speed: bool) -> str:
    if not values:
        return "–"
    sign = "×" if speed else ""
    return f"{median(values):.2f}{sign} ±{spread(values) * 100:.0f}%"


def table(run: dict[str, Any]) -> str:
    """The table of a run in Markdown, with the goals beside our two columns."""
    subjects = [name for name in ORDER if any(name in case["ratios"] for case in run["cases"])]
    heads = [
        {"default": "**default install**", "fast": "**fast engine**"}.get(name, name) for name in subjects
    ]
    lines = [
        f"Measured on {run['date']} with `{run['command']}`: CPython {run['python']}, {run['machine']}, "
        f"{run['rounds']} rounds, machine noise {run['noise'] * 100:.1f} %. Ratios to the unit in the same run, median "
        "and half the distance between the quartiles; × is a speed (more is better), the rest are times or bytes.",
        "",
        "| case (unit) | " + " | ".join(heads) + " |",
        "| --- |" + " ---: |" * len(heads),
    ]
    for result in run["cases"]:
        cells = [_figure(result["ratios"].get(name), result["speed"]) for name in subjects]
        for name, goal in result["goals"].items():
            if name in subjects and name in result["ratios"]:
                place = subjects.index(name)
                case = Case(result["name"], "", "", result["speed"], 0, 0, 0)
                kept = case.reached(median(result["ratios"][name]), goal)
                cells[place] += f" ({'≥' if result['speed'] else '≤'} {goal:g}{'' if kept else ', missed'})"
        lines.append(f"| {result['title']} ({result['unit']} = 1) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, bool]:
    """Set two runs side by side.

    A change counts as one when the ranges between the quartiles do not touch and the medians differ by more than
    5 % and by more than the noise of either machine; anything else is called noise.

    Returns:
        The text, and whether one of our own figures got worse.
    """
    before = {(case["name"], case["kind"]): case for case in old["cases"]}
    lines = ["| case | subject | before | after | change | |", "| --- | --- | ---: | ---: | ---: | --- |"]
    worse = False
    for case in new["cases"]:
        earlier = before.get((case["name"], case["kind"]))
        if earlier is None:
            continue
        for name, values in sorted(case["ratios"].items()):
            was = earlier["ratios"].get(name)
            if name == case["unit"] or not was:
                continue
            change = median(values) / median(was) - 1
            verdict = _verdict(was, values, change, max(old["noise"] or 0, new["noise"] or 0), case["speed"])
            worse = worse or (verdict == "worse" and name in ("default", "fast"))
            figures = f"{median(was):.3f} | {median(values):.3f} | {change * 100:+.1f} %"
            lines.append(f"| {case['title']} | {name} | {figures} | {verdict} |")
    return "\n".join(lines) + "\n", worse


def _verdict(was: list[float], values: list[float], change: float, noise: float, speed: bool) -> str:
    low, high = _quartiles(was)
    new_low, new_high = _quartiles(values)
    apart = new_low > high or new_high < low
    if not apart or abs(change) <= max(0.05, noise):
        return "noise"
    return "better" if (change > 0) == speed else "worse"


def _quartiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return ordered[quarter], ordered[-1 - quarter]
