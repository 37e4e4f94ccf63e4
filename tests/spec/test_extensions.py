"""Every extension that openapi.yaml uses is described in it, and names things that exist."""

from __future__ import annotations

import re

import pytest

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

each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


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
    unused = {name for name, text in described.items() if "(Not used yet.)" in text}
    assert used == set(described) - unused


def test_facade_offers_every_documented_method() -> None:
    assert {
        entry["name"] for operation in OPERATIONS.values() for entry in operation.get("x-facade", [])
    } == (DOCUMENTED_METHODS)


@each_operation
def test_facade_names_what_the_operation_has(name: str) -> None:
    operation = OPERATIONS[name]
    known = {**parameters(operation), **fields(operation)}
    for entry in operation.get("x-facade", []):
        assert set(entry) <= {"name", "positional", "defaults", "rename", "extra", "fixed"}
        extra, fixed = entry.get("extra", {}), entry.get("fixed", {})
        assert set(entry["positional"]) <= {*known, *extra, *fixed}
        assert set(entry.get("rename", {})) <= set(known)
        for field, value in entry.get("defaults", {}).items():
            assert complaints(known[field].get("schema", known[field]), value) == []
        # What is required comes first, or nothing could be left out by position.
        body = (
            resolve(next(iter(operation["requestBody"]["content"].values()))["schema"])
            if fields(operation)
            else {}
        )
        required = [
            field
            for field in known
            if field in body.get("required", []) or known[field].get("required") is True
        ]
        assert entry["positional"][: len(required)] == required


def test_methods_with_one_name_differ_in_what_they_fix() -> None:
    fixed = [
        entry["fixed"]["capability"]
        for operation in OPERATIONS.values()
        for entry in operation.get("x-facade", [])
        if entry["name"] == "models_by_capability"
    ]
    paths = [operation["path"].rsplit("/", 1)[1] for operation in OPERATIONS.values()]
    assert len(fixed) == len(set(fixed)) == 6
    assert set(fixed) <= set(paths)


@each_operation
def test_retry_class_fits_the_method(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["x-retry"] in {"safe", "billed", "unbilled", "never"}
    assert (operation["x-retry"] == "safe") == (operation["method"] == "get")
    if operation["x-retry"] == "billed":
        assert operation["x-idempotency-key"] is True


def test_streams_name_what_exists() -> None:
    streaming = {name: operation for name, operation in OPERATIONS.items() if "x-stream" in operation}
    assert set(streaming) == {"createChatCompletion", "createCompletion"}
    for operation in streaming.values():
        stream = operation["x-stream"]
        assert fields(operation)[stream["parameter"]]["type"] == "boolean"
        assert stream["stop"] in OPERATIONS
        data = resolve(success(operation)["content"]["text/event-stream"]["schema"])["properties"]["data"]
        assert data["anyOf"][0]["const"] == stream["done"]
        event = resolve(data["anyOf"][1]["contentSchema"])
        types = {resolve(member)["properties"].get("type", {}).get("const") for member in event["anyOf"]}
        assert set(stream["terminal"]) <= types
        # The catch-all comes last and takes exactly the types that no other member takes.
        assert event["anyOf"][-1] == {"$ref": "#/components/schemas/OtherStreamEvent"}
        known = SCHEMAS["OtherStreamEvent"]["properties"]["type"]["not"]["enum"]
        assert set(known) == types - {None}


def test_polling_covers_every_known_state() -> None:
    operation = OPERATIONS["getVideoJob"]
    poll = operation["x-poll"]
    states = resolve(
        resolve(success(operation)["content"]["application/json"]["schema"])["properties"][poll["status"]]
    )
    known = set(states["anyOf"][0]["enum"])
    groups = [*poll["done"], *poll["failed"], *poll["pending"]]
    assert len(groups) == len(set(groups))
    assert set(groups) == known


def test_provider_rules_touch_fields_that_exist() -> None:
    operation = OPERATIONS["createImage"]
    known = set(fields(operation))
    for rule in operation["x-provider-rules"].values():
        assert set(rule) == {"replace", "drop"}
        assert set(rule["drop"]) <= known
        for field, replacement in rule["replace"].items():
            assert {field, replacement["field"]} <= known
    # Each size that a documented method sends by itself has a ratio.
    sizes = {entry["defaults"]["size"] for entry in operation["x-facade"]}
    assert sizes <= set(operation["x-provider-rules"]["google"]["replace"]["size"]["values"])


def test_client_defaults_are_the_published_ones_and_fit_their_schemas() -> None:
    models = {
        name: fields(operation)["model"]["x-client-default"]
        for name, operation in OPERATIONS.items()
        if "model" in fields(operation)
    }
    assert models == {
        "createChatCompletion": "openai/gpt-4o-mini",
        "createCompletion": "openai/gpt-4o-mini",
        "createEmbedding": "openai/text-embedding-3-small",
        "createImage": "openai/dall-e-3",
        "createVideo": "google/veo-3.0-generate-001",
        "createSpeech": "openai/tts-1",
        "createTranscription": "openai/whisper-1",
        "createTranslation": "openai/whisper-1",
    }
    for place, node in walk(SPEC["components"]):
        for key in ("default", "x-client-default"):
            if key in node and "type" in node:
                assert complaints(node, node[key]) == [], place


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
    assert exchanging == {"createToken", "exchangeApiKey", "refreshToken"}
    assert all({"bearerAuth": []} not in OPERATIONS[name]["security"] for name in exchanging)


def test_model_ids_may_hold_slashes() -> None:
    slashed = [
        (name, parameter["name"])
        for name, operation in OPERATIONS.items()
        for parameter in parameters(operation).values()
        if parameter.get("x-allow-slash")
    ]
    assert slashed == [("getModel", "model_id")]
