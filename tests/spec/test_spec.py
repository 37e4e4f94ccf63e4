"""openapi.yaml loads everywhere, says all that an operation has to say, and means the extensions it uses."""

from __future__ import annotations

import re
from typing import Any

import openapi_spec_validator
import pytest
import ruamel.yaml

from tests.spec.document import (
    OPERATIONS,
    PATH,
    SCHEMAS,
    SPEC,
    TEXT,
    accepts,
    complaints,
    fields,
    parameters,
    resolve,
    success,
    walk,
)

EXCEPTIONS: dict[str, dict[str, Any]] = SPEC["components"]["x-exceptions"]

# The public client methods of the documents, by source. What no operation makes (providers' shape, test_connection,
# diagnose_request, wait_for_video_job ...) is written by hand and not listed.
DOCUMENTED_METHODS = {
    "chat", "completion", "completions", "embeddings", "images", "image", "models", "providers",
    "get_model_info", "model_info", "get_usage", "get_user_info", "videos", "get_video_job_status",
    "list_video_jobs", "cancel_video_job", "text_to_speech", "speech_to_text", "translate_audio",
    "stop_chat_stream", "stop_completion_stream", "trending_models", "models_by_capability", "get_provider",
    "get_transactions", "list_api_keys", "create_api_key", "revoke_api_key", "enable_api_key",
    "delete_api_key", "delete_account", "get_analytics_usage", "get_analytics_sessions",
    "get_model_performance", "health", "user_health",
}  # fmt: skip

each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


def test_both_yaml_libraries_read_the_same_document() -> None:
    with PATH.open(encoding="utf-8") as stream:
        assert ruamel.yaml.YAML(typ="safe", pure=True).load(stream) == SPEC


def test_the_document_is_valid_openapi() -> None:
    openapi_spec_validator.validate(SPEC)
    assert SPEC["openapi"].startswith("3.1.")
    # It would switch body validation off in some tools without a word.
    assert "jsonSchemaDialect" not in SPEC


def test_no_sentence_was_cut_at_a_comma() -> None:
    # In a YAML flow mapping, `{description: one, two}` is a description and a key `two`.
    cut = [
        f"{place}: {key!r}"
        for place, node in walk(SPEC)
        for key in node
        if " " in str(key) or node[key] is None
    ]
    assert [entry for entry in cut if not entry.endswith("'default'")] == []


@each_operation
def test_operation_says_all_it_has_to(name: str) -> None:
    operation = OPERATIONS[name]
    assert re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)+", name)
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in [tag["name"] for tag in SPEC["tags"]]
    assert operation["summary"]
    assert operation["description"]
    assert "security" in operation
    assert operation["x-source"]
    described = [*parameters(operation).values(), *fields(operation).values()]
    assert all("description" in resolve(thing) for thing in described)
    assert set(re.findall(r"{(\w+)}", operation["path"])) == {
        parameter for parameter, schema in parameters(operation).items() if schema["in"] == "path"
    }
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in [*bodies, *map(resolve, operation["responses"].values())]:
        assert all(media_type["examples"] for media_type in body["content"].values())


def test_operation_ids_are_unique() -> None:
    ids = [node["operationId"] for place, node in walk(SPEC["paths"]) if "responses" in node]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


@each_operation
def test_operation_lists_the_errors_it_can_give(name: str) -> None:
    operation = OPERATIONS[name]
    expected = {"429", "500", "503", "504"}
    if operation["security"] == [{"bearerAuth": []}]:
        expected |= {"401", "403"}
    if parameters(operation) or "requestBody" in operation:
        expected |= {"400", "422"}
    if any(parameter["in"] == "path" for parameter in parameters(operation).values()):
        expected |= {"404"}
    if operation["x-retry"] == "billed":
        expected |= {"402", "404", "409", "502"}
    assert expected <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if status != "200":
            assert response["$ref"].startswith("#/components/responses/")
            schema = resolve(response)["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}


def test_public_operations_are_the_documented_ones() -> None:
    public = {name for name, operation in OPERATIONS.items() if operation["security"] == []}
    models = {name for name, operation in OPERATIONS.items() if operation["tags"] == ["models"]}
    assert public == models | {"getHealth", "createToken", "refreshToken", "getUserHealth"}


def test_json_is_the_first_media_type() -> None:
    for operation in OPERATIONS.values():
        assert next(iter(success(operation)["content"])) == "application/json"


def test_nested_objects_are_components() -> None:
    inline = [
        place
        for place, node in walk(SCHEMAS)
        if "properties" in node and place.count("/") > 1 and not place.endswith("/properties")
    ]
    assert inline == []


def test_enums_hold_strings_and_follow_a_convention() -> None:
    for place, node in walk(SPEC["components"]):
        if "enum" not in node or place.endswith("/not"):
            continue
        assert node["type"] == "string", place
        assert all(isinstance(value, str) for value in node["enum"]), place
        assert len({value.lower() for value in node["enum"]}) == len(node["enum"]), place
        # Closed and said so, or the first of two members of an open enum, under the name of its component.
        if node.get("x-open-enum", True):
            assert re.search(rf"/{node['title']}/anyOf/0$", place)
        else:
            assert re.fullmatch(r"#/schemas/\w+", place)


# ── extensions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def described_extensions() -> dict[str, str]:
    """The extensions of the comment block at the top: name -> text."""
    head = TEXT[: TEXT.index("\nopenapi:")]
    block = head[head.index("# ## Extensions") :]
    entries = re.findall(r"^# - `(x-[a-z-]+)`: (.+(?:\n#   .+)*)", block, re.MULTILINE)
    return {name: re.sub(r"\n#\s+", " ", text) for name, text in entries}


def test_extensions_used_and_extensions_described_are_the_same() -> None:
    used = {key for _, node in walk(SPEC) for key in node if key.startswith("x-")}
    described = described_extensions()
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


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_documented_error_code_has_an_exception() -> None:
    codes = SCHEMAS["ErrorResponse"]["x-error-codes"]
    assert set(codes) == set(SCHEMAS["ErrorCode"]["anyOf"][0]["enum"])
    assert set(codes.values()) <= set(EXCEPTIONS)


def test_every_error_status_has_an_exception() -> None:
    statuses = SCHEMAS["ErrorResponse"]["x-error-statuses"]
    used = {status for operation in OPERATIONS.values() for status in operation["responses"]} - {"200"}
    assert set(statuses) == used
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
