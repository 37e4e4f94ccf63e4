"""The account: usage that adds up, the user, transactions, API keys, analytics."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from indoxrouter import AsyncClient, Client, InvalidParametersError, NotFoundError
from indoxrouter import models as generated

from tests.generator.support import serving
from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_success_that_is_not_documented_keeps_its_body(status: int) -> None:
    """A new key is shown once: an answer of 201, where 200 is documented, must not lose it."""
    key = "indox-" + "0" * 32
    with serving() as server:
        token = '"access_token": "t", "token_type": "bearer", "expires_in": 3600'  # asked for first
        server.answer(f'{{"id": 7, "api_key": "indox-shown-once", "name": "x", {token}}}'.encode(), status)
        with Client(key, base_url=server.url, authenticate=False) as client:
            made = [client.create_api_key("x")]
        async with AsyncClient(key, base_url=server.url) as other:
            made.append(await other.create_api_key("x"))
    for answer in made:
        assert isinstance(answer, generated.ApiKeyCreatedResponse)
        assert (answer.id, answer.api_key) == (7, "indox-shown-once")


def test_usage_adds_up_with_what_was_called(harness: Harness) -> None:
    answers = [harness.chat(HELLO), harness.embeddings("x")]
    usage = harness.get_usage()
    assert isinstance(usage, generated.UsageResponse)
    assert usage["total_requests"] == usage.total_requests == 2
    assert usage.total_cost == pytest.approx(sum(answer.cost for answer in answers))
    assert usage.total_tokens is not None
    assert usage.total_tokens.total == sum(answer.usage.tokens_total for answer in answers)
    assert usage.remaining_credits is not None
    assert isinstance(usage.daily_usage, list)


def test_usage_takes_dates_as_dates_and_as_text(harness: Harness) -> None:
    harness.get_usage(start_date=datetime.date(2026, 1, 31), end_date="2026-02-28")
    assert harness.last_request["query"] == "start_date=2026-01-31&end_date=2026-02-28"
    with pytest.raises(InvalidParametersError, match="start_date"):
        harness.get_usage(start_date="yesterday")


def test_the_user_is_described(harness: Harness) -> None:
    user = harness.get_user_info()
    assert isinstance(user, generated.UserResponse)
    assert user["username"] == user.username
    assert isinstance(user.created_at, datetime.datetime)
    assert user.credits is not None


def test_transactions_are_listed(harness: Harness) -> None:
    found = harness.get_transactions(limit=2, offset=0)
    assert isinstance(found, generated.TransactionList)
    assert found.total_count >= len(found.transactions)
    assert harness.last_request["query"] == "limit=2&offset=0"


def test_api_keys_are_made_listed_revoked_enabled_and_deleted(harness: Harness) -> None:
    made = harness.create_api_key("for a test", expiration_time=30)
    assert isinstance(made, generated.ApiKeyCreatedResponse)
    assert made.api_key.startswith("indox-")
    assert made.api_key not in repr(made)
    assert harness.last_request["body"] == {"name": "for a test", "expiration_time": 30}
    listed = {key.id: key for key in harness.list_api_keys().keys_}
    assert listed[made.id].api_key != made.api_key
    assert harness.revoke_api_key(made.id).success is True
    assert {key.id: key.is_active for key in harness.list_api_keys().keys_}[made.id] is False
    assert harness.enable_api_key(made.id)["success"] is True
    assert harness.delete_api_key(made.id).success is True
    assert made.id not in {key.id for key in harness.list_api_keys().keys_}
    with pytest.raises(NotFoundError):
        harness.delete_api_key(made.id)


@pytest.mark.parametrize("method", ["revoke_api_key", "enable_api_key", "delete_api_key"])
@pytest.mark.parametrize("key_id", ["../me", None, 1.5, True])
def test_an_api_key_id_has_to_be_a_number(harness: Harness, method: str, key_id: Any) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match="api_key_id"):
        getattr(harness, method)(key_id)
    assert len(harness.mock.requests) == before


def test_analytics_are_grouped_as_asked(harness: Harness) -> None:
    harness.chat(HELLO)
    found = harness.get_analytics_usage(group_by="model", include_content=False)
    assert isinstance(found, generated.AnalyticsUsageResponse)
    assert found.data[0].requests == 1
    assert harness.last_request["query"] == "group_by=model&include_content=false"
    with pytest.raises(InvalidParametersError, match=r"group_by.*'provider'"):
        harness.get_analytics_usage(group_by="mood")


def test_sessions_and_model_performance(harness: Harness) -> None:
    harness.chat(HELLO)
    assert isinstance(harness.get_analytics_sessions(), generated.AnalyticsSessionList)
    found = harness.get_model_performance(provider="openai")
    assert isinstance(found, generated.ModelPerformanceList)
    assert found.models[0].model


def test_the_service_and_the_user_service_report_their_health(harness: Harness) -> None:
    assert harness.health().status == "ok"
    assert harness.user_health()["status"]


def test_the_account_can_be_deleted(harness: Harness) -> None:
    assert harness.delete_account().success is True
    assert (harness.last_request["method"], harness.last_request["path"]) == (
        "DELETE",
        "/api/v1/user/account",
    )
