"""Runs as the benchmark saves them, made up."""

from __future__ import annotations

from typing import Any


def case(name: str = "chat", *, speed: bool = False, **ratios: list[float]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "loop",
        "title": f"the case {name}",
        "unit": "httpx",
        "speed": speed,
        "goals": {"default": 1.1 if speed else 0.95, "over_httpx": 0.87 if speed else 1.15},
        "ratios": {"httpx": [1.0], **ratios},
        "absolute": {subject: values[0] / 1000 for subject, values in ratios.items()},
        "seconds": dict.fromkeys(ratios, 2.0),
    }


def run(*cases: dict[str, Any], noise: float = 0.02) -> dict[str, Any]:
    return {
        "date": "2026-01-02",
        "command": "make bench",
        "python": "3.11.7",
        "machine": "Linux x86_64, 2 cores",
        "noise": noise,
        "rounds": 9,
        "seconds": 330,
        "disturbed": {"measured": 1200, "redone": 7, "kept": 1},
        "cases": list(cases),
    }
