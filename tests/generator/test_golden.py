"""The golden record: what the templates make of the torture description, to be reviewed as a diff."""

from __future__ import annotations

from tests.generator.golden import record
from tests.generator.support import GOLDEN


def test_output_is_what_was_reviewed() -> None:
    now = {name: data.decode() for name, data in record(GOLDEN).files.items()}
    then = {
        path.relative_to(GOLDEN).as_posix(): path.read_text(encoding="utf-8")
        for path in GOLDEN.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(now) == sorted(then), "remedy: make golden, then read the diff"
    for name in sorted(now):
        assert now[name] == then[name], f"{name} changed; remedy: make golden, then read the diff"
