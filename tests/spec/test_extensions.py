"""Every extension that openapi.yaml uses is described in it, and names things that exist."""

from __future__ import annotations

import json
import re

from tests.spec.document import (
    OPERATIONS,
    SCHEMAS,
    SPEC,
    TEXT,
    complaints,
    fields,
    parameters,
    resolve,
    success,
    walk,
)

# The public client methods of the documents. What no operation makes (test_connection, diagnose_request,
# wait_for_video_job, providers ...) is written by hand and not listed.
DOCUMENTED_METHODS = {
    "chat", "completion", "completions", "embeddings", "images", "image", "models",
    "get_model_info", "model_info", "get_usage", "get_user_info", "videos", "get_video_job_status",
    "list_video_jobs", "cancel_video_job", "text_to_speech", "speech_to_text", "translate_audio",
    "stop_chat_stream", "stop_completion_stream", "trending_models", "models_by_capability", "get_provider",
    "get_transactions", "list_api_keys", "create_api_key", "revoke_api_key", "enable_api_key",
    "delete_api_key", "delete_account", "get_analytics_usage", "get_analytics_sessions",
    "get_model_performance", "health", "user_health",
}  # fmt: skip


def described_extensions() -> dict[str, str]:
    """The extensions of the comment block at the top: name -> text."""
    head = TEXT[: TEXT.index("\nopenapi:")]
    block = head[head.index("# ## Extensions") :]
    entries = re.findall(r"^# - `(x-[a-z-]+)`: (.+(?:\n#   .+)*)", block, re.MULTILINE)
    return {name: re.sub(r"\n#\s+", " ", text) for name, text in entries}


def test_extensions_used_and_extensions_described_are_the_same() -> None:
    described = described_extensions()
    used: set[str] = set()
    for path, node in walk(SPEC):
        outer = next((part for part in path.split("/") if part.startswith("x-")), None)
        names = {key for key in node if key.startswith("x-")}
        if outer is None:
            used |= names
        else:  # `x-type` inside `x-facade`: a key of that extension, described there
            assert all(f"`{name}`" in described[outer] for name in names), path
    optional = {name for name, text in described.items() if "(Not used yet.)" in text}
    assert set(described) - optional <= used <= set(described)


def test_facade_offers_every_documented_method() -> None:
    offered = {entry["name"] for operation in OPERATIONS.values() for entry in operation.get("x-facade", [])}
    assert offered >= DOCUMENTED_METHODS


def test_methods_with_one_name_differ_in_what_they_fix() -> None:
    fixed: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        for entry in operation.get("x-facade", []):
            fixed.setdefault(entry["name"], []).append(json.dumps(entry.get("fixed")))
    assert [name for name, values in fixed.items() if len(values) != len(set(values))] == []


def test_streams_name_what_exists() -> None:
    streaming = {name: operation for name, operation in OPERATIONS.items() if "x-stream" in operation}
    assert streaming
    for operation in streaming.values():
        stream = operation["x-stream"]
        assert fields(operation)[stream["parameter"]]["type"] == "boolean"
        assert "stop" not in stream or stream["stop"] in OPERATIONS
        data = resolve(success(operation)["content"]["text/event-stream"]["schema"])["properties"]["data"]
        assert data["anyOf"][0]["const"] == stream["done"]
        event = resolve(data["anyOf"][1]["contentSchema"])
        if "anyOf" not in event:
            continue  # one form of event
        types = {resolve(member)["properties"].get("type", {}).get("const") for member in event["anyOf"]}
        # Any type that ends a stream is one of the union: a schema of its own, or the catch-all, which comes last.
        assert set(stream["terminal"]) & types
        # The catch-all comes last and takes exactly the types that no other member takes.
        assert event["anyOf"][-1] == {"$ref": "#/components/schemas/OtherStreamEvent"}
        known = SCHEMAS["OtherStreamEvent"]["properties"]["type"]["not"]["enum"]
        assert set(known) == types - {None}


def test_polling_covers_every_known_state() -> None:
    polled = [operation for operation in OPERATIONS.values() if "x-poll" in operation]
    assert polled
    for operation in polled:
        poll = operation["x-poll"]
        answer = resolve(success(operation)["content"]["application/json"]["schema"])
        states = resolve(resolve(answer["properties"][poll["status"]]))
        groups = [*poll["done"], *poll["failed"], *poll["pending"]]
        assert len(groups) == len(set(groups))
        assert set(groups) == set(states["anyOf"][0]["enum"])


def test_provider_rules_touch_fields_that_exist() -> None:
    ruled = [operation for operation in OPERATIONS.values() if "x-provider-rules" in operation]
    assert ruled
    for operation in ruled:
        known = set(fields(operation))
        defaults = [entry.get("defaults", {}) for entry in operation.get("x-facade", [])]
        for rule in operation["x-provider-rules"].values():
            assert set(rule) <= {"replace", "drop", "x-source"}
            assert set(rule.get("drop", [])) <= known
            for field, replacement in rule.get("replace", {}).items():
                assert {field, replacement["field"]} <= known
                # Each value that a documented method sends by itself has a replacement.
                assert {given[field] for given in defaults if field in given} <= set(replacement["values"])


def test_defaults_fit_their_schemas() -> None:
    for place, node in walk(SPEC["components"]):
        for key in ("default", "x-client-default"):
            if key in node and "type" in node:
                assert complaints(node, node[key]) == [], place


def test_each_billed_operation_with_a_model_has_a_default_model() -> None:
    for name, operation in OPERATIONS.items():
        if operation["x-retry"] == "billed" and "model" in fields(operation):
            assert fields(operation)["model"]["x-client-default"], name


def test_secrets_are_marked() -> None:
    secret = {"password", "refresh_token", "access_token"}
    for place, node in walk(SCHEMAS):
        for name, schema in node.get("properties", {}).items() if "properties" in node else ():
            # `byok_api_key` in an answer only says whether one was used.
            key = name == "byok_api_key" and schema.get("type") != "boolean"
            if isinstance(schema, dict) and (name in secret or key):
                assert schema.get("x-secret") is True, (place, name)
    assert SCHEMAS["ApiKeyCreatedResponse"]["properties"]["api_key"]["x-secret"] is True
    assert all(scheme["x-secret"] for scheme in SPEC["components"]["securitySchemes"].values())
    assert parameters(OPERATIONS["exchangeApiKey"])["X-API-Key"]["x-secret"] is True


def test_tokens_are_exchanged_without_a_token() -> None:
    exchanging = {name for name, operation in OPERATIONS.items() if operation.get("x-token-exchange")}
    assert exchanging
    assert all({"bearerAuth": []} not in OPERATIONS[name]["security"] for name in exchanging)
