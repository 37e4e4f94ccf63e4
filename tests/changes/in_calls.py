"""Changes of how operations are called and what they answer besides bodies."""

from __future__ import annotations

import re

from .catalog import JSON, error_responses, methods, operations, schema
from .change import Change, free, pick
from .text import Place, SpecText, flow


def group_added(spec: SpecText, number: int) -> str:
    """A tag with two operations, one of which takes the id of what the other lists."""
    tags = [each["name"] for each in spec.document["tags"]]
    tag = free("webhooks", tags)
    component = free("WebhookTarget", spec.document["components"]["schemas"])
    first, second = (_errors(spec, *more) for more in ((), ("400", "404", "422")))
    spec.append(("tags",), {"name": tag, "description": "Addresses that receive events."})
    spec.add_block(
        ("paths",),
        f"""
/{tag}:
  get:
    operationId: listWebhookTargets
    tags: [{tag}]
    summary: List the addresses that receive events
    description: Returns all addresses of the account.
    security:
      - bearerAuth: []
    x-facade:
      - name: list_{tag}
        positional: []
    x-retry: safe
    x-source: own
    responses:
      '200':
        description: The addresses.
        headers:
          X-Request-ID: {{$ref: '#/components/headers/X-Request-ID'}}
        content:
          application/json:
            schema: {{type: array, items: {{$ref: '#/components/schemas/{component}'}}}}
            examples:
              one:
                summary: One address
                value: [{{target_id: target_1, url: 'https://example.com/events'}}]
{first}

/{tag}/{{target_id}}:
  delete:
    operationId: deleteWebhookTarget
    tags: [{tag}]
    summary: Remove an address
    description: No event is sent to the address any more.
    security:
      - bearerAuth: []
    x-facade:
      - name: delete_{tag}
        positional: [target_id]
    x-retry: unbilled
    x-source: own
    parameters:
      - name: target_id
        in: path
        required: true
        description: Id of the address.
        schema: {{type: string, minLength: 1}}
        example: target_1
    responses:
      '204':
        description: It is removed.
        headers:
          X-Request-ID: {{$ref: '#/components/headers/X-Request-ID'}}
{second}
""",
    )
    spec.add_block(
        ("components", "schemas"),
        f"""
{component}:
  type: object
  description: An address that receives events.
  required: [target_id, url]
  properties:
    target_id: {{type: string, description: Id of the address.}}
    url: {{type: string, description: The address.}}
""",
    )
    return f"the tag {tag} is new, with listWebhookTargets and deleteWebhookTarget"


def _errors(spec: SpecText, *more: str) -> str:
    shared = error_responses(spec, *more, "401", "403", "429", "500", "503", "504")
    return "\n".join(f"      '{status}': {flow(answer)}" for status, answer in sorted(shared.items()))


def header_parameter_added(spec: SpecText, number: int) -> str:
    """An argument that travels in a header."""
    with_parameters = [each for each in methods(spec) if each.value.get("parameters")]
    operation = pick(
        [each for each in with_parameters if not spec.is_shared((*each.place, "parameters"))], number
    )
    spec.append(
        (*operation.place, "parameters"),
        {
            "name": "X-Priority",
            "in": "header",
            "required": False,
            "description": "How urgent the request is.",
            "schema": {"type": "string", "minLength": 1},
            "example": "low",
        },
    )
    return f"{operation.value['operationId']} takes the header X-Priority"


def error_status_added(spec: SpecText, number: int) -> str:
    """An operation can fail in one more way, which has an exception."""
    owner = _error_schema(spec)
    statuses = spec.at((*schema(owner), "x-error-statuses"))
    code = next(iter(spec.at((*schema(owner), "x-error-codes"))))
    status = next(each for each in ("413", "415", "423", "451") if each not in statuses)
    exception = pick([*dict.fromkeys(statuses.values())], number)
    shared = spec.document["components"]["responses"]
    response = free("Unexpected", shared)
    body = flow(next(iter(shared.values()))["content"][JSON]["schema"])
    operation = pick(methods(spec), number)
    spec.add((*schema(owner), "x-error-statuses"), f"'{status}'", exception)
    spec.add_block(
        ("components", "responses"),
        f"""
{response}:
  description: The service cannot take this.
  headers:
    X-Request-ID: {{$ref: '#/components/headers/X-Request-ID'}}
  content:
    application/json:
      schema: {body}
      examples:
        words:
          summary: Text alone
          value: {{error: {code}, message: Cannot be taken, status_code: {status}, details: {{}}}}
""",
    )
    place: Place = (*operation.place, "responses")
    spec.add(place, f"'{status}'", {"$ref": f"#/components/responses/{response}"})
    return f"{operation.value['operationId']} can fail with {status}, which raises {exception}"


def exception_added(spec: SpecText, number: int) -> str:
    """A class of exceptions, and the code that raises it."""
    classes = spec.document["components"]["x-exceptions"]
    parent = pick([name for name, each in classes.items() if each.get("parent")], number)
    name = free("RegionError", classes)
    spec.add(
        ("components", "x-exceptions"), name, {"parent": parent, "doc": "The region does not serve this."}
    )
    owner = _error_schema(spec)
    code = free("region_closed", spec.at((*schema(owner), "x-error-codes")))
    enum, index = next(
        (name, str(at))
        for name, value in spec.document["components"]["schemas"].items()
        for at, member in enumerate(value.get("anyOf", ()))
        if {*member.get("enum", ())} & {*spec.at((*schema(owner), "x-error-codes"))}
    )
    spec.append((*schema(enum), "anyOf", index, "enum"), code)
    spec.add((*schema(owner), "x-error-codes"), code, name)
    return f"the code {code} raises {name}, which is new"


def _error_schema(spec: SpecText) -> str:
    return next(
        name for name, value in spec.document["components"]["schemas"].items() if "x-error-codes" in value
    )


def path_parameter_renamed(spec: SpecText, number: int) -> str:
    """Another name for what stands in paths, with the old one declared."""
    shared = spec.document["components"]["parameters"]
    name = pick([each for each, value in shared.items() if value["in"] == "path"], number)
    old = shared[name]["name"]
    new = f"{old}_now"
    for operation in methods(spec):
        for index, entry in enumerate(operation.facade if f"{{{old}}}" in operation.place[1] else ()):
            if old in entry.get("rename", {}):
                spec.rename((*operation.place, "x-facade", str(index), "rename", old), new)
            if old in entry.get("positional", ()):
                at = str(entry["positional"].index(old))
                spec.set((*operation.place, "x-facade", str(index), "positional", at), new)
    spec.set(("components", "parameters", name, "name"), new)
    spec.add(("components", "parameters", name), "x-renamed-from", old)
    # Links name the parameters that they give.
    spec.replace(re.compile(rf"(parameters: {{){old}(: )"), rf"\g<1>{new}\g<2>")
    for path in [*spec.document["paths"]]:
        if f"{{{old}}}" in path:
            spec.rename(("paths", path), path.replace(f"{{{old}}}", f"{{{new}}}"))
    return f"{old} in paths is now called {new}"


def media_type_added(spec: SpecText, number: int) -> str:
    """An answer may be a table as well."""
    plain = [
        each
        for each in operations(spec)
        if each.answer and each.place[-1] == "get" and each.facade
        and not spec.is_shared((*each.place, "responses", each.success, "content"))
        and not spec.is_anchor((*each.place, "responses", each.success, "content", JSON))
    ]  # fmt: skip
    operation = pick(plain, number)
    spec.add_block(
        (*operation.place, "responses", operation.success, "content"),
        """
text/csv:
  schema: {type: string}
  examples:
    table:
      summary: A table
      value: a,b
""",
    )
    return f"{operation.value['operationId']} answers with text/csv as well"


def method_renamed(spec: SpecText, number: int) -> str:
    """A method of the client has another name."""
    operation = pick(methods(spec), number)
    old = operation.facade[0]["name"]
    new = f"{old}_now"
    spec.set((*operation.place, "x-facade", "0", "name"), new)
    return f"{old}() is now called {new}()"


CHANGES = [
    Change("a group of operations", group_added),
    Change("a parameter in a header", header_parameter_added),
    Change("an error status", error_status_added),
    Change("an exception", exception_added),
    Change("a parameter of a path renamed", path_parameter_renamed),
    Change("a media type of an answer", media_type_added, breaks=True),
    Change("a method renamed", method_renamed, breaks=True),
]
__all__ = ["CHANGES"]
