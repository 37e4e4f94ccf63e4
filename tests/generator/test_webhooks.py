"""Webhooks and callbacks are read whatever they travel as: JSON, a form, or the query of a GET."""

from __future__ import annotations

import datetime
from pathlib import Path

from tests.evolution.types import complaints
from tests.generator.support import document, generate, refusals

CALL = {
    "type": "object",
    "required": ["CallSid"],
    "properties": {
        "CallSid": {"type": "string"},
        "Duration": {"type": "integer"},
        "Price": {"type": "number"},
        "Fine": {"type": "boolean"},
        "At": {"type": "string", "format": "date-time"},
        "Media": {"type": "array", "items": {"type": "string"}},
        "Digits": {"type": "string"},
    },
}


def test_forms_json_and_queries_are_read_with_their_types(tmp_path: Path) -> None:
    form = {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Call"}}}
    body = {"requestBody": {"content": form}, "responses": {"200": {"description": "ok"}}}
    query = [
        {"name": "challenge", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "count", "in": "query", "schema": {"type": "integer"}},
    ]
    both = {"requestBody": {"content": {**form, "application/json": {"schema": {"type": "object"}}}}}
    made = generate(
        document(
            components={"schemas": {"Call": CALL}},
            webhooks={
                "call-status": {"post": body},
                "verify": {"get": {"parameters": query, "responses": {"200": {"description": "ok"}}}},
                "both": {"post": {**both, "responses": {"200": {"description": "ok"}}}},
            },
        ),
        tmp_path,
    )
    webhooks = made("webhooks")
    call = webhooks.read_call_status(
        b"CallSid=1&Duration=12&Price=0.5&Fine=true&At=2024-01-02T03%3A04%3A05Z&Media=a&Media=b%20c&Digits=007&New=x"
    )
    assert call.call_sid == "1"
    assert (call.duration, call.price, call.fine, call.media) == (12, 0.5, True, ["a", "b c"])
    assert call.at == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    assert (call.digits, call["New"]) == ("007", "x")
    asked = webhooks.read_verify("challenge=12&count=3")
    assert (asked.challenge, asked.count) == ("12", 3)
    assert webhooks.read_both(b'{"a": [1]}') == {"a": [1]}


def test_a_webhook_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    upload = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    body = {"requestBody": {"content": {"multipart/form-data": {"schema": upload}}}}
    (found,) = refusals(document(webhooks={"told": {"post": body}}), tmp_path)
    assert "/requestBody/content/multipart~1form-data: the body of told comes as multipart/form-data" in found


def test_a_webhook_may_be_called_like_a_schema(tmp_path: Path) -> None:
    body = {
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/SMS"}}}}
    }
    made = generate(
        document(components={"schemas": {"SMS": CALL}}, webhooks={"sms": {"post": body}}), tmp_path
    )
    assert list(made("webhooks").WEBHOOKS) == ["sms"]
    assert isinstance(made("webhooks").read_sms_webhook(b'{"CallSid": "1"}'), made("models").SMS)
    assert complaints([made.directory], cache="webhooks") == ""
