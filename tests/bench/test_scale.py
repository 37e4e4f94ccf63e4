"""The tables of scale: what they show, and that a part measures what it says against the real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.scale import main, tables

DOCUMENT = {
    "date": "2026-01-02",
    "command": "python -m bench.scale",
    "engines": {
        "direct": {
            "many": [
                {"what": "1 at once", "µs of CPU": 90, "descriptors": 8},
                {"what": "1,000 at once", "µs of CPU": 60, "descriptors": 1007},
            ],
            "upload": [{"what": "100 MB up", "MiB more": 0.4}],
        },
        "httpx": {"many": [{"what": "1 at once", "µs of CPU": 300, "descriptors": 8}], "upload": []},
    },
}


def test_engines_stand_beside_one_another_and_what_is_missing_is_a_dash() -> None:
    lines = tables(DOCUMENT).splitlines()
    assert lines[2] == (
        "| requests at once | direct: µs of CPU | direct: descriptors | httpx: µs of CPU | httpx: descriptors |"
    )
    assert lines[4:6] == ["| 1 at once | 90 | 8 | 300 | 8 |", "| 1,000 at once | 60 | 1,007 | – | – |"]
    assert lines[7:] == ["| one transfer | direct: MiB more |", "| --- | ---: |", "| 100 MB up | 0.4 |"]


def test_too_few_requests_are_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--requests", "10"])
    assert "--requests has to be at least 1,000, not 10" in capsys.readouterr().err


def test_a_part_is_measured_in_a_process_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "scale.json"
    assert main(["--engine", "direct", "--part", "long", "--requests", "1000", "--output", str(output)]) == 0
    [row] = json.loads(output.read_text())["engines"]["direct"]["long"]
    assert row["what"] == "after 1,000 requests"
    assert row["µs of CPU"] > 0
    assert "| after 1,000 requests |" in capsys.readouterr().out
