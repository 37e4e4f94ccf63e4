"""Tables out of runs: ours beside the best of the others, and each of the others."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.cases import CASES, Case
from bench.plan import OURS, clock

__all__ = ["first_table", "headlines", "into_readme", "report", "spread"]

SDKS = ("openai", "anthropic", "litellm", "mistralai", "openrouter")
LIBRARIES = ("httpx", "aiohttp", "pyreqwest", "urllib3", "httpx-aiohttp", "httpx-pyreqwest", "socket")
HEADLINES = ("chat", "chat_async", "first_event", "events", "requests_at_once")
"""The cases that most programs consist of. The README shows these."""
TITLES = {
    "default": "**indoxrouter**",
    "over_httpx": "**over httpx**",
    "httpx-aiohttp": "httpx over aiohttp",
    "httpx-pyreqwest": "httpx over pyreqwest",
    "socket": "socket + orjson",
}
FORMS = (
    "Each package reads answers in the form of its own API, with the same text in as many events; where it lists "
    "models, they are its API's. litellm has functions and no client; the published client does many things at once "
    "with threads. A socket with orjson is the floor: it knows nothing of HTTP but where this server's answers end."
)


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
    around = f" ±{spread(values) * 100:.0f}%" if len(values) > 1 else ""
    digits = 2 if median(values) >= 0.1 else 3
    return f"{median(values):.{digits}f}{'×' if speed else ''}{around}"


def _ours(result: dict[str, Any], name: str) -> str:
    """A figure of ours with its goal, and whether it is missed."""
    values = result["ratios"].get(name)
    if not values:
        return "–"
    goal, speed = result["goals"][name], result["speed"]
    if goal is None:
        return _figure(values, speed)
    reached = Case(result["name"], "", "", speed, 0, None, 0).reached(median(values), goal)
    return f"{_figure(values, speed)} ({'≥' if speed else '≤'} {goal:g}{'' if reached else ', missed'})"


def _best(result: dict[str, Any]) -> str:
    """The best of the other SDKs, and which one it is."""
    found = {name: values for name in SDKS if (values := result["ratios"].get(name))}
    if not found:
        return "–"
    choose = max if result["speed"] else min
    name = choose(found, key=lambda one: median(found[one]))
    return f"{_figure(found[name], result['speed'])} {name}"


def _rows(run: dict[str, Any], heads: list[str], cells: Any) -> list[str]:
    lines = ["| case (unit) | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for result in run["cases"]:
        lines.append(f"| {result['title']} ({result['unit']} = 1) | " + " | ".join(cells(result)) + " |")
    return lines


def _measured(run: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if any(name in case["ratios"] for case in run["cases"])]


def _peer(result: dict[str, Any], name: str) -> str:
    return "1" if name == result["unit"] else _figure(result["ratios"].get(name), result["speed"])


def _peers(run: dict[str, Any], title: str, names: tuple[str, ...]) -> list[str]:
    found = _measured(run, names)
    if not found:
        return []
    heads = [TITLES.get(name, name) for name in found]
    rows = _rows(run, heads, lambda result: [_peer(result, name) for name in found])
    return ["", f"## {title}", "", *rows]


def report(run: dict[str, Any]) -> str:
    """A run in Markdown: the first line says when and how, the first table is the one that the README shows."""
    found = _measured(run, ("published", *SDKS, *OURS))
    columns: dict[str, Any] = {}
    if "published" in found:
        columns["published"] = lambda result: _figure(result["ratios"].get("published"), result["speed"])
    if any(name in SDKS for name in found):
        columns["best other SDK"] = _best
    for name in OURS:
        if name in found:
            columns[TITLES[name]] = lambda result, name=name: _ours(result, name)
    disturbed = run["disturbed"]
    lines = [
        f"Measured on {run['date']} with `{run['command']}` in {clock(run['seconds'])} minutes: "
        f"CPython {run['python']}, {run['machine']}, {run['rounds']} rounds, machine noise {run['noise'] * 100:.1f} %.",
        "",
        "Ratios to the unit in the same run, median and half the distance between the quartiles; × is a speed (more is "
        "better), the rest are times or bytes. A figure without ± was measured once, because it takes long. Of "
        f"{disturbed['measured']:,} measurements {disturbed['redone']} were disturbed by other processes and taken "
        f"again, {disturbed['kept']} stayed disturbed.",
        "",
        *_rows(run, list(columns), lambda result: [cell(result) for cell in columns.values()]),
        *_peers(run, "Other SDKs", SDKS),
        *_peers(run, "HTTP libraries", LIBRARIES),
    ]
    if len(found) > len(OURS):
        lines += ["", FORMS]
    return "\n".join(lines) + "\n"


def into_readme(readme: str, results: str) -> str:
    """The README with the line that says when, and the `HEADLINES` of the first table, of a report.

    Raises:
        ValueError: the README has no such line or no such table to be replaced.
    """
    lines, new = readme.splitlines(), results.splitlines()
    said = next((place for place, line in enumerate(lines) if line.startswith("Measured on ")), None)
    start = next((place for place, line in enumerate(lines) if line.startswith("| case (unit) |")), None)
    if said is None or start is None or said > start:
        raise ValueError("the README has no line 'Measured on …' with a table '| case (unit) | …' below it")
    end = next((place for place in range(start, len(lines)) if not lines[place].startswith("|")), len(lines))
    return "\n".join([*lines[:said], new[0], *lines[said + 1 : start], *headlines(new), *lines[end:]]) + "\n"


def headlines(lines: list[str]) -> list[str]:
    """The head of the first table among some lines, and the rows that the README shows."""
    head, rule, *rows = first_table(lines)
    titles = tuple(f"| {case.title} (" for case in CASES if case.name in HEADLINES)
    return [head, rule, *(row for row in rows if row.startswith(titles))]


def first_table(lines: list[str]) -> list[str]:
    """The first table among some lines."""
    start = next(place for place, line in enumerate(lines) if line.startswith("|"))
    end = next((place for place in range(start, len(lines)) if not lines[place].startswith("|")), len(lines))
    return lines[start:end]
