"""A picture of the README's figures: how many times as fast as the unit, one bar for each of the `HEADLINES`."""

from __future__ import annotations

from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from bench.report import HEADLINES

__all__ = ["picture"]

_WIDTH = 760
_LEFT = 320  # the names of the cases stand here
_BARS = 310  # the longest bar
_ROW = 34
_TOP = 46
_STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .value { font-weight: 600; }
  .bar { fill: #2f6feb; }
  .unit { stroke: #8c959f; stroke-dasharray: 4 3; }
  .note { fill: #59636e; font-size: 12px; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .bar { fill: #58a6ff; }
    .unit { stroke: #7d8590; }
    .note { fill: #9198a1; }
  }
"""


def picture(run: dict[str, Any]) -> str:
    """The SVG of a run. A time becomes a speed: 0.5 of the unit's time is twice as fast.

    Raises:
        ValueError: the run has none of the cases.
    """
    bars = [(case, _times(case)) for case in run["cases"] if case["name"] in HEADLINES]
    if not bars:
        raise ValueError(f"the run has none of {', '.join(HEADLINES)}")
    scale = _BARS / max(1.0, *(times for _, times in bars))
    height = _TOP + _ROW * len(bars) + 28
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="speed">',
        f'<title id="speed">{escape(_summary(bars))}</title>',
        f"<style>{_STYLE}</style>",
        '<text class="title" x="0" y="20">Times as fast, in the same run</text>',
    ]
    for number, (case, times) in enumerate(bars):
        top = _TOP + _ROW * number
        end = _LEFT + times * scale
        title = case["title"].replace("`", "")
        lines += [
            f'<text x="{_LEFT - 12}" y="{top + 15}" text-anchor="end">{escape(title)}</text>',
            f'<rect class="bar" x="{_LEFT}" y="{top}" width="{times * scale:.1f}" height="21" rx="3"/>',
            f'<text class="value" x="{end + 8:.1f}" y="{top + 15}">{times:.1f}× {escape(case["unit"])}</text>',
        ]
    unit = _LEFT + scale
    bottom = _TOP + _ROW * len(bars)
    lines += [
        f'<line class="unit" x1="{unit:.1f}" x2="{unit:.1f}" y1="{_TOP - 8}" y2="{bottom}"/>',
        f'<text class="note" x="{unit:.1f}" y="{bottom + 16}" text-anchor="middle">1×: httpx or aiohttp</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _times(case: dict[str, Any]) -> float:
    ratio = float(median(case["ratios"]["default"]))
    return ratio if case["speed"] else 1 / ratio


def _summary(bars: list[tuple[dict[str, Any], float]]) -> str:
    parts = [f"{case['title'].replace('`', '')}: {times:.1f} times {case['unit']}" for case, times in bars]
    return f"Speed of indoxrouter. {'; '.join(parts)}."
