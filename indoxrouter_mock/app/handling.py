"""From a checked request to a reply: rate limits, the check against the spec, and idempotency keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ..base.json import is_object
from ..base.reply import Reply
from ..request import limits
from ..request.body import RequestBody
from ..request.call import Call
from ..request.extra_fields import extra_findings
from ..request.matching import model_of, prompt_of
from ..spec.errors import ApiError, invalid, invalid_value
from ..spec.evolved import former_names
from ..spec.validation import Finding, read_parameters
from ..state.scripted_answers import BY_DEFAULT


def admit(call: Call) -> list[tuple[str, str]]:
    """Count the request against the rate limits and return the headers about them. Raises ApiError 429."""
    if call.account is None or not call.operation.costs_credits or call.own_key:
        return []  # limits apply to what costs credits
    return call.state.rate_limits.admit(call.account, call.key)


def check_request(call: Call, query: str) -> None:
    """Check parameters and body against the description, and convert the parameters. Raises ApiError 422 or 400."""
    operation, validators = call.contract.operation, call.contract.validators
    findings: list[Finding] = []
    if operation.parameters:
        path = {name: [value] for name, value in call.params.items()}
        call.params, found = read_parameters(operation, validators, "path", path)
        findings += found
        given = _parsed_query(query) if query else {}
        call.query, found = read_parameters(operation, validators, "query", given)
        findings += found
        headers = {name: [value] for name, value in call.headers.items()}
        _, found = read_parameters(operation, validators, "header", headers)
        findings += found
    if operation.bodies:
        if call.body is not None:
            pointer = operation.bodies.get(call.media_type) or next(iter(operation.bodies.values()))
            findings += validators.findings(pointer, call.body, "body", sent=True)
            findings += extra_findings(call.body, validators)
        elif operation.body_required:
            findings.append(Finding("body", "is required", "required"))
        elif call.headers.get("content-length", "0") != "0":  # `null` is a body as well
            findings += validators.findings(next(iter(operation.bodies.values())), None, "body", sent=True)
    if findings:
        raise invalid(findings, operation.status_or(422, 400))
    if call.body is None or call.contract.spec.has_renames:
        _bridge(call)


def _bridge(call: Call) -> None:
    """Give the handler what it reads: an empty body where none has to be sent, and values under their former names."""
    operation, spec = call.contract.operation, call.contract.spec
    if call.body is None and any(kind.endswith("json") for kind in operation.bodies):
        call.body = {}
    if not spec.has_renames:
        return
    parameters = {parameter.name: parameter.raw for parameter in operation.parameters}
    for former, name in former_names(parameters):
        for values in (call.query, call.params):
            if name in values:
                values.setdefault(former, values[name])
    if is_object(call.body):
        for pointer in operation.bodies.values():
            schema, _ = spec.resolve(spec.at(pointer))
            for former, name in former_names(schema.get("properties", {})):
                if name in call.body:
                    call.body.setdefault(former, call.body[name])


def _parsed_query(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=limits.MOST_FORM_PARTS)
    except ValueError as error:
        raise invalid_value("query", f"more than {limits.MOST_FORM_PARTS} parameters") from error


def raise_scripted_error(call: Call) -> None:
    """Raise the error that a test has scripted for an operation which has no text of its own."""
    if call.operation.id in BY_DEFAULT:
        return  # chats and completions look for theirs once they know the prompt
    account = call.account.username if call.account else ""
    scripted = call.state.answers.find(call.operation.id, model_of(call), prompt_of(call), account)
    if scripted is not None and (problem := scripted.problem()) is not None:
        call.state.answers.use(scripted)
        raise problem


def handle(call: Call, handler: Callable[[Call], Any], body: RequestBody) -> Reply:
    """The handler's reply; a repeated idempotency key gets the first reply again. Raises ApiError 409 for another
    request under a known key.
    """
    idempotency = call.headers.get("idempotency-key")
    if not idempotency or call.account is None or not call.operation.has_idempotency_key:
        reply = _as_reply(handler(call))
        if "duplicate_delivery" in call.faults:
            discard(reply)
            reply = _as_reply(handler(call))
        return reply
    limits.check_length("header/idempotency-key", len(idempotency), limits.LONGEST_KEY)
    key = (call.account.id, call.operation.id, idempotency)
    content = body.read()
    mark = call.form_digest or hashlib.sha256(content).hexdigest()
    seen = call.state.idempotent.get(key)
    if seen is None:
        reply = _as_reply(handler(call))
        call.state.idempotent.add(key, mark, reply, len(content))
        return reply
    if seen[0] != mark:
        raise ApiError(
            call.operation.status_or(409, 400),
            "this Idempotency-Key was used for another request",
            code="invalid_request",
        )
    call.state.counters["idempotent_replays"] += 1
    first = seen[1]
    headers = [*first.headers, ("idempotent-replayed", "true")]
    return Reply(first.body, first.status, first.content, first.media_type, headers, first.stream)


def _as_reply(value: Any) -> Reply:
    return value if isinstance(value, Reply) else Reply(value)


def discard(reply: Reply) -> None:
    """Drop a reply that no client receives: a stream counts, and is billed, as if it had been delivered."""
    if reply.stream is not None:
        reply.stream.close()
