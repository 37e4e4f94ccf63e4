"""Every documented error body is read, and every code and status leads to an exception that exists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.spec.document import (
    OPERATIONS,
    SCHEMAS,
    SPEC,
    accepts,
)

EXCEPTIONS: dict[str, dict[str, Any]] = SPEC["components"]["x-exceptions"]


def test_every_documented_error_code_has_an_exception() -> None:
    codes = SCHEMAS["ErrorResponse"]["x-error-codes"]
    assert set(codes) == set(SCHEMAS["ErrorCode"]["anyOf"][0]["enum"]), "x-error-codes and ErrorCode differ"
    assert set(codes.values()) <= set(EXCEPTIONS)


def test_every_error_status_has_an_exception() -> None:
    statuses = SCHEMAS["ErrorResponse"]["x-error-statuses"]
    used = {status for operation in OPERATIONS.values() for status in operation["responses"]}
    assert set(statuses) == {status for status in used if status[0] in "45"}
    assert set(statuses.values()) <= set(EXCEPTIONS)
    for operation in OPERATIONS.values():
        own = operation.get("x-error-statuses", {})
        assert set(own) <= set(operation["responses"])
        assert set(own.values()) <= set(EXCEPTIONS)


def test_exceptions_form_a_documented_tree() -> None:
    documented = {
        "AuthenticationError", "NetworkError", "RateLimitError", "ProviderError", "ProviderNotFoundError",
        "ModelNotFoundError", "ModelNotAvailableError", "InvalidParametersError", "RequestError",
        "InsufficientCreditsError", "ValidationError", "APIError",
    }  # fmt: skip
    assert documented <= set(EXCEPTIONS)
    assert all(entry["doc"] for entry in EXCEPTIONS.values())
    assert EXCEPTIONS["IndoxRouterError"]["parent"] == "Exception"
    seen = {"Exception"}
    for (
        name,
        entry,
    ) in EXCEPTIONS.items():  # a parent stands before its children, so that code can be written in order
        assert entry["parent"] in seen, name
        seen.add(name)
    for name in ("ProviderNotFoundError", "ModelNotFoundError", "ModelNotAvailableError"):
        assert EXCEPTIONS[name]["parent"] == "ProviderError"
    attributes = set(EXCEPTIONS["IndoxRouterError"]["attributes"])
    assert {"status_code", "message", "error_type", "request_id", "retry_after"} <= attributes
    assert "reset_time" in EXCEPTIONS["RateLimitError"]["attributes"]


@pytest.mark.parametrize(
    "body",
    [
        {"error": "not_found", "message": "no", "status_code": 404, "details": {}},
        {"error": "a_code_of_tomorrow", "message": "no"},
        {"detail": "text"},
        {"detail": [{"loc": ["body", "messages", 0], "msg": "no", "type": "missing"}]},
        {
            "success": False,
            "error": "RateLimitError",
            "message": "no",
            "request_id": "r",
            "details": {"retry_after": 45},
        },
        {"error": {"message": "no", "type": "invalid_request_error", "code": None}},
    ],
)
def test_every_documented_error_body_is_accepted(body: dict[str, Any]) -> None:
    assert accepts("ErrorBody", body)


@pytest.mark.parametrize("body", [{}, {"message": "no"}, {"error": 7}, {"detail": 7}])
def test_a_body_that_is_no_error_is_refused(body: dict[str, Any]) -> None:
    assert not accepts("ErrorBody", body)
