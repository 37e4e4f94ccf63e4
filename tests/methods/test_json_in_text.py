"""Structured output round which a model wrote other text."""

from __future__ import annotations

from typing import Any

import pytest
from indoxrouter import ChatResponse, ResponseFormatError

VALUE = {"name": "Ada", "age": 36}
JSON = '{"name": "Ada", "age": 36}'
TEXTS = {
    "alone": JSON,
    "a byte order mark": "\ufeff" + JSON,
    "a code fence": f"```json\n{JSON}\n```",
    "text round a code fence": f"Here it is:\n```json\n{JSON}\n```\nAnything else?",
    "text round it": f"Sure! {JSON} I hope this helps.",
    "a think block": f'<think>Perhaps {{"name": "a longer name than Ada", "age": 1}}?</think>\n{JSON}',
    "brackets in the text": f"I use [1] and {{that}}: {JSON}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_json_is_found_in_the_text_round_it(name: str) -> None:
    response: Any = ChatResponse.from_dict({"data": TEXTS[name], "success": True})
    assert response.parsed == VALUE


@pytest.mark.parametrize(
    "text", ["", "no JSON", '{"name": "Ada"', "<think>{}</think>", 'So: {"a": {"b": 1}, "c']
)
def test_text_without_json_is_a_mismatch(text: str) -> None:
    response: Any = ChatResponse.from_dict({"data": text, "success": True})
    with pytest.raises(ResponseFormatError) as caught:
        _ = response.parsed
    assert caught.value.text == text
