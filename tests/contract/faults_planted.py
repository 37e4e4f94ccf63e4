"""Faults planted on purpose, each with the test that has to notice it.

A fault is one line of the product replaced by another. It is never made in the checkout: `planting.py` makes
it in a copy of the package, lets the named test run against the copy, and expects it to fail.
"""

from __future__ import annotations

from dataclasses import dataclass

ANSWERS = "tests/contract/test_documented_answers.py"
MOCK = "tests/contract/test_mock.py"
REQUESTS = "tests/contract/test_client_requests.py::test_what_the_client_sends_fits_the_spec"
IDS = "tests/contract/test_client_requests.py::test_an_id_arrives_as_it_was_passed_whatever_it_holds"
NAMES = "tests/contract/test_client_requests.py::test_a_form_field_of_any_name_is_that_field"
TOMORROW = "tests/contract/test_client_requests.py::test_a_value_of_tomorrow_can_be_sent_today"
READING = "tests/contract/test_client_answers.py"
LOSS = f"{READING}::test_no_answer_loses_anything_on_its_way_to_the_caller"
TYPES = f"{READING}::test_answers_come_out_of_the_plain_client_as_the_types_of_the_spec"
MODEL = f"{READING}::test_a_model_gives_back_what_it_was_made_of"
ERRORS = f"{READING}::test_a_documented_error_is_raised_as_the_documented_exception"
STREAMS = "tests/contract/test_client_streams.py::test_a_stream_comes_out_as_it_went_in_however_it_is_cut"
EVENTS = "tests/contract/test_client_streams.py::test_every_kind_of_event_is_read_as_its_type"
METHODS = "tests/contract/test_client_methods.py::test_what_a_documented_method_sends_fits_the_spec"
SCHEMATHESIS = f"{MOCK}::test_schemathesis_finds_nothing_wrong_with_the_mock"

# Pieces of the template of methods.
FIELDS = "{% for view in operation.keyword_arguments if view.field %}"
PARAMETERS = "{% for view in operation.keyword_arguments if not view.field %}"
ARGUMENT = "\n                {{ view.key | code }}: {{ view.name }},"


@dataclass(frozen=True)
class Fault:
    """`old`, which stands once in `file`, becomes `new`; `test` has to fail."""

    name: str
    file: str
    old: str
    new: str
    test: str
    sample: bool = False  # whether `make test` proves it too; `make contract` proves all


FAULTS: tuple[Fault, ...] = (
    # ── the mock ──
    Fault(
        "the mock lets everybody in",
        "indoxrouter_mock/app/application.py",
        "authenticate(call)\n",
        "call.account = call.account or call.state.accounts.demo\n",
        f"{ANSWERS}::test_an_operation_with_security_refuses_whoever_says_nothing",
    ),
    Fault(
        "the mock ignores credentials that are wrong",
        "indoxrouter_mock/app/application.py",
        "authenticate(call)\n",
        "call.account = call.state.accounts.demo if 'authorization' in call.headers else authenticate(call)\n",
        SCHEMATHESIS,
    ),
    Fault(
        "the mock checks no request",
        "indoxrouter_mock/app/handling.py",
        "if findings:\n        raise invalid(findings, operation",
        "if not findings and operation.id == '':\n        raise invalid(findings, operation",
        f"{ANSWERS}::test_a_body_of_the_wrong_form_gets_422_and_the_place_is_named",
        sample=True,
    ),
    Fault(
        "the mock accepts query parameters that are wrong",
        "indoxrouter_mock/app/handling.py",
        'read_parameters(operation, validators, "query", given)\n        findings += found',
        'read_parameters(operation, validators, "query", given)',
        SCHEMATHESIS,
    ),
    Fault(
        "the mock answers another method with 404",
        "indoxrouter_mock/app/application.py",
        "raise ApiError(405,",
        "raise ApiError(404,",
        SCHEMATHESIS,
    ),
    Fault(
        "the mock forgets which methods it allows",
        "indoxrouter_mock/app/application.py",
        'headers=[("allow", allowed)]',
        "headers=[]",
        SCHEMATHESIS,
    ),
    Fault(
        "the mock crashes on a key without a name",
        "indoxrouter_mock/operations/user.py",
        'call.body.get("name") or UNNAMED',
        'call.body["name"] or UNNAMED',
        SCHEMATHESIS,
    ),
    Fault(
        "a deleted API key lives on",
        "indoxrouter_mock/state/accounts.py",
        "del account.keys[key.id]",
        "account.keys[key.id] = key",
        f"{ANSWERS}::test_a_deleted_key_is_gone",
    ),
    Fault(
        "an answer of the mock lacks a required field",
        "indoxrouter_mock/operations/user.py",
        '"total_requests": total["requests"],\n',
        "",
        f"{ANSWERS}::test_an_operation_answers_200_to_its_example",
    ),
    Fault(
        "the mock sends events that no schema knows",
        "indoxrouter_mock/answers/events.py",
        '"choices": [{"index": index, "delta": delta, "finish_reason": finish}]',
        '"choices": {"index": index, "delta": delta}',
        SCHEMATHESIS,
    ),
    Fault(
        "the mock names streams as plain text",
        "indoxrouter_mock/app/response_writer.py",
        '"text/event-stream; charset=utf-8"',
        '"text/plain; charset=utf-8"',
        f"{ANSWERS}::test_every_feature_of_chat_fits_the_spec_in_every_shape",
    ),
    Fault(
        "the mock's ids are not seeded",
        "indoxrouter_mock/base/identifiers.py",
        'self._random.seed(f"identifiers:{seed}")',
        "self._random.seed()",
        f"{MOCK}::test_a_seed_repeats_every_request_and_every_answer",
    ),
    Fault(
        "the mock counts one request too few",
        "indoxrouter_mock/state/rate_limits.py",
        "requests.used >= tier.requests_per_minute",
        "requests.used > tier.requests_per_minute",
        f"{ANSWERS}::test_a_free_account_that_asks_too_often_gets_429_and_is_told_when_to_come_back",
    ),
    Fault(
        "the mock serves two requests under one idempotency key",
        "indoxrouter_mock/app/handling.py",
        "if seen[0] != mark:",
        "if seen[0] is mark:",
        f"{ANSWERS}::test_an_idempotency_key_serves_one_request_only",
    ),
    Fault(
        "a spent refresh token works again",
        "indoxrouter_mock/state/sessions.py",
        "if session.refresh != refresh_token:",
        "if session.refresh == '':",
        f"{ANSWERS}::test_credentials_are_traded_for_a_token_and_the_token_for_the_next",
    ),
    Fault(
        "nobody can stop a stream",
        "indoxrouter_mock/answers/reply.py",
        'return {"success": True}',
        'return {"success": False}',
        f"{ANSWERS}::test_a_running_stream_can_be_stopped_by_its_id",
    ),
    # ── what the client sends ──
    Fault(
        "what goes into a path is not quoted",
        "templates/runtime/parameters.py",
        'quote(piece, safe=":@")',
        "piece",
        f"{REQUESTS}[getModel-sync]",
        sample=True,
    ),
    Fault(
        "slashes in ids are quoted",
        "templates/runtime/parameters.py",
        'text.split("/") if parameter.allow_slash else [text]',
        "[text]",
        f"{IDS}[getModel]",
    ),
    Fault(
        "booleans are written as Python writes them",
        "templates/runtime/parameters.py",
        'return "true" if value else "false"',
        "return str(value)",
        f"{REQUESTS}[getAnalyticsUsage-sync]",
    ),
    Fault(
        "a required parameter may be left out of a query",
        "templates/runtime/parameters.py",
        "query.extend(_query_pairs(parameter, encoded))",
        "query.extend(_query_pairs(parameter, encoded)[1:])",
        f"{REQUESTS}[listVideoJobs-sync]",
    ),
    Fault(
        "the boundary of forms is always the same",
        "templates/runtime/multipart.py",
        "secrets.token_hex(16)",
        '"boundary"',
        f"{REQUESTS}[createTranscription-sync]",
    ),
    Fault(
        "names of form fields are not escaped",
        "templates/runtime/multipart.py",
        'name="{_escape(name)}"',
        'name="{name}"',
        f"{NAMES}[createTranscription]",
    ),
    Fault(
        "the announced length of a form is wrong",
        "templates/runtime/multipart.py",
        "total = len(self.boundary) + 6",
        "total = len(self.boundary) + 4",
        f"{REQUESTS}[createTranslation-sync]",
    ),
    Fault(
        "fields that no schema knows are not sent",
        "templates/runtime/schema.py",
        'encoded[key] = self.additional.encode(item, f"{prefix}{key}")',
        "continue",
        f"{REQUESTS}[createEmbedding-sync]",
    ),
    Fault(
        "an explicit null is not sent",
        "templates/runtime/schema.py",
        "if field.nullable:\n",
        "if field.required:\n",
        f"{REQUESTS}[createChatCompletion-sync]",
    ),
    Fault(
        "whole numbers written as 2.0 are refused",
        "templates/runtime/scalars.py",
        "if not value.is_integer():",
        "if True:",
        f"{REQUESTS}[createImage-sync]",
    ),
    Fault(
        "open enums are closed to the caller",
        "templates/runtime/codec.py",
        "closed: bool = False",
        "closed: bool = True",
        f"{TOMORROW}[createSpeech]",
    ),
    Fault(
        "calls go out without a token",
        "indoxrouter_ext/headers.py",
        "if token is not None:\n        headers.append",
        "if token == '':\n        headers.append",
        f"{REQUESTS}[getCurrentUser-sync]",
    ),
    Fault(
        "paid calls go out without an idempotency key",
        "indoxrouter_ext/flow.py",
        "return os.urandom(16).hex() if call.operation.idempotency_key else None",
        "return None",
        f"{REQUESTS}[createVideo-async]",
    ),
    # ── what the client reads ──
    Fault(
        "fields that no schema knows are lost",
        "templates/runtime/model.py",
        "out = dict(raw)\n",
        "out = {key: value for key, value in raw.items() if key in self._schema_.by_wire}\n",
        f"{LOSS}[getCurrentUser-sync]",
    ),
    Fault(
        "nulls are lost",
        "templates/runtime/model.py",
        "out = dict(raw)\n",
        "out = {key: value for key, value in raw.items() if value is not None}\n",
        f"{LOSS}[listApiKeys-async]",
    ),
    Fault(
        "a timestamp that was read is written anew",
        "templates/runtime/model.py",
        "if dated and raw is not MISSING and field.codec.decode(raw) == value:",
        "if dated and raw is MISSING:",
        f"{LOSS}[listTransactions-sync]",
    ),
    Fault(
        "a null in place of an object cannot be read",
        "templates/runtime/composites.py",
        "return None if raw is None else self.inner.decode(raw)",
        "return self.inner.decode(raw or {})",
        f"{MODEL}[VideoJob]",
    ),
    Fault(
        "objects inside answers stay dicts",
        "templates/runtime/composites.py",
        "return [decode(item) for item in raw]",
        "return list(raw)",
        f"{TYPES}[listVideoJobs]",
        sample=True,
    ),
    Fault(
        "the first member of a union is always taken",
        "templates/runtime/composites.py",
        "if variant.fits(raw):\n                return variant.codec.decode(raw)",
        "if True:\n                return variant.codec.decode(raw)",
        f"{TYPES}[createChatCompletion]",
    ),
    Fault(
        "lists of objects pass for lists of lists",
        "templates/runtime/composites.py",
        "return _may_hold(self.codec.item, raw[0])",
        "return True",
        f"{MODEL}[EmbeddingResponse]",
    ),
    Fault(
        "lower-case zones of timestamps are not read",
        "templates/runtime/dates.py",
        "([Zz]|[+-]",
        "([Y]|[+-]",
        f"{TYPES}[getCurrentUser]",
    ),
    Fault(
        "the end of a compressed body is lost",
        "templates/runtime/transport.py",
        "if out:\n                yield out",
        "if out and not self._inflate.eof:\n                yield out",
        f"{LOSS}[getHealth-sync]",
    ),
    Fault(
        "an error's status is forgotten",
        "templates/runtime/failure.py",
        "status_code=status",
        "status_code=None",
        f"{ERRORS}[createEmbedding-sync]",
    ),
    # ── streams ──
    Fault(
        "the halves of CRLF end two lines",
        "indoxrouter_ext/sse.py",
        'self._after_cr = piece.endswith(b"\\r")',
        "self._after_cr = False",
        f"{STREAMS}[createChatCompletion-sync]",
        sample=True,
    ),
    Fault(
        "a line that arrives in two pieces loses the first",
        "indoxrouter_ext/sse.py",
        "self._partial.append(rest)",
        "self._partial[:] = [rest]",
        f"{STREAMS}[createCompletion-async]",
    ),
    Fault(
        "an error inside a stream passes for an event",
        "indoxrouter_ext/stream_state.py",
        "self._fail_with_payload(event)\n                return",
        "pass",
        f"{EVENTS}[createChatCompletion-StreamErrorChunk]",
    ),
    Fault(
        "an event that ends a stream does not end it",
        "indoxrouter_ext/stream_state.py",
        "if total.closed:",
        "if total.closed is None:",
        f"{STREAMS}[createChatCompletion-async]",
    ),
    Fault(
        "a stream that broke off passes for a complete one",
        "indoxrouter_ext/stream_state.py",
        "def _fail_truncated(self, reason: str) -> None:\n",
        "def _fail_truncated(self, reason: str) -> None:\n        self.finished = True\n        return\n",
        f"{STREAMS}[createCompletion-sync]",
    ),
    # ── templates ──
    Fault(
        "methods send fields under their Python names in capitals",
        "templates/macros/operation_method.jinja",
        FIELDS + ARGUMENT,
        FIELDS + ARGUMENT.replace("code }}", "code }}.upper()"),
        f"{REQUESTS}[createSpeech-async]",
    ),
    Fault(
        "methods forget query parameters",
        "templates/macros/operation_method.jinja",
        PARAMETERS + ARGUMENT,
        PARAMETERS,
        f"{REQUESTS}[listVideoJobs-async]",
    ),
    Fault(
        "every model is closed",
        "templates/model.py.jinja",
        "{% if model.closed %}\n            closed=True,\n{% endif %}",
        "            closed=True,",
        f"{REQUESTS}[createEmbedding-async]",
    ),
    Fault(
        "documented methods forget their last argument",
        "templates/macros/facade_method.jinja",
        "{% for view in method.values %}",
        "{% for view in method.values[:-1] %}",
        f"{METHODS}[embeddings-createEmbedding]",
    ),
)
