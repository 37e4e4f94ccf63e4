"""From a failed answer to an exception."""

from __future__ import annotations

import re
from typing import Any

from ..fault import Original, fault


@fault("indoxrouter: _class_for", rule=18, noticed_by="test_the_code_is_stronger_than_the_status")
def the_status_is_stronger_than_the_code(original: Original, code: Any, *arguments: Any) -> Any:
    return original(None, *arguments)


@fault("indoxrouter_ext: decode_answer", rule=18, noticed_by="test_success_false_with_a_status_of_200_raises")
def success_false_is_ignored(original: Original, call: Any, answer: Any, *more: Any) -> Any:
    answer.body = re.sub(rb'"success":\s*false', b'"success": true', bytes(answer.body))
    return original(call, answer, *more)


@fault("indoxrouter: _ErrorFields.__init__", rule=18, noticed_by="test_every_kind_of_error_body_is_read")
def details_in_a_list_are_lost(original: Original, self: Any, payload: Any) -> None:
    if isinstance(payload, dict) and isinstance(payload.get("detail"), list):
        payload = {name: value for name, value in payload.items() if name != "detail"}
    original(self, payload)


@fault("indoxrouter: loads", rule=20, noticed_by="test_no_foreign_exception_escapes_from_a_broken_answer")
def deep_json_raises_a_recursion_error(original: Original, data: Any) -> Any:
    start = data[:2000]
    if start.count("[" if isinstance(start, str) else b"[") > 1000:
        raise RecursionError
    return original(data)


@fault(
    "indoxrouter: error_from_payload",
    noticed_by="test_a_documented_error_is_raised_as_the_documented_exception[createEmbedding-sync]",
)
def an_error_forgets_its_status(original: Original, *arguments: Any, **options: Any) -> Any:
    error = original(*arguments, **options)
    error.status_code = None
    return error
