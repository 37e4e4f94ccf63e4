"""The limits of the checkers that the annotations of messages rest on. A checker that lifts one fails a test here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.methods.test_typing import PYRIGHT, errors_of_mypy, errors_of_pyright

SAMPLE = Path(__file__).with_name("literal_messages.py")


def lines(*ends: str) -> set[int]:
    text = SAMPLE.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(text, 1) if line.endswith(ends)}


def test_mypy_refuses_a_wrong_display_only_where_it_refuses_plain_dicts() -> None:
    assert errors_of_mypy(SAMPLE) == lines("# refused", "# refused by mypy")


@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright is not installed: `make lint` installs it with npm")
def test_pyright_refuses_a_wrong_display_only_where_it_refuses_plain_dicts() -> None:
    assert errors_of_pyright(SAMPLE) == lines("# refused", "# refused by pyright")
