"""Changes of the operations themselves."""

from __future__ import annotations

from .catalog import error_responses, methods, operations
from .change import Change, free, pick
from .text import SpecText, flow


def _responses(spec: SpecText, *statuses: str) -> str:
    shared = error_responses(spec, *statuses)
    return "\n".join(f"      '{status}': {flow(answer)}" for status, answer in shared.items())


def _headers(spec: SpecText) -> str:
    """The headers of what costs credits and streams: those of the operations that do."""
    like = next(each for each in methods(spec) if "x-stream" in each.value)
    shared = like.value["responses"][like.success]["headers"]
    return "\n".join(f"          {name}: {flow(header)}" for name, header in shared.items())


def operation_added(spec: SpecText, number: int) -> str:
    """A new method of the client, with a schema of its own."""
    tag = pick([each["name"] for each in spec.document["tags"]], number)
    component = free("AccountLimits", spec.document["components"]["schemas"])
    path = free("/limits", spec.document["paths"])
    name = component.removeprefix("AccountLimits")
    spec.add_block(
        ("paths",),
        f"""
{path}:
  get:
    operationId: getAccountLimits{name}
    tags: [{tag}]
    summary: Get the limits of the account
    description: Returns how many requests and tokens the account may use in a minute.
    security:
      - bearerAuth: []
    x-facade:
      - name: get_account_limits{name}
        positional: []
    x-retry: safe
    x-source: own
    responses:
      '200':
        description: The limits.
        headers:
          X-Request-ID: {{$ref: '#/components/headers/X-Request-ID'}}
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/{component}'}}
            examples:
              limits:
                summary: A free account
                value: {{requests_per_minute: 10, tokens_per_hour: 10000}}
{_responses(spec, "401", "403", "429", "500", "503", "504")}
""",
    )
    spec.add_block(
        ("components", "schemas"),
        f"""
{component}:
  type: object
  description: The limits of an account.
  required: [requests_per_minute]
  properties:
    requests_per_minute: {{type: integer, description: Requests in a minute.}}
    tokens_per_hour: {{type: integer, description: Tokens in an hour.}}
""",
    )
    return f"GET {path} is new"


def stream_added(spec: SpecText, number: int) -> str:
    """A new method of the client that streams."""
    tag = pick([each["name"] for each in spec.document["tags"]], number)
    path = free("/stories", spec.document["paths"])
    suffix = path.removeprefix("/stories")
    schemas = spec.document["components"]["schemas"]
    request, line, event = (free(each, schemas) for each in ("StoryRequest", "StoryLine", "StoryEvent"))
    spec.add_block(
        ("paths",),
        f"""
{path}:
  post:
    operationId: createStory{suffix}
    tags: [{tag}]
    summary: Tell a story
    description: Tells a story about a topic, line by line.
    security:
      - bearerAuth: []
    x-facade:
      - name: story{suffix}
        positional: [topic, stream]
    x-retry: billed
    x-idempotency-key: true
    x-stream: {{parameter: stream, done: '[DONE]'}}
    x-source: own
    requestBody:
      required: true
      content:
        application/json:
          schema: {{$ref: '#/components/schemas/{request}'}}
          examples:
            boats:
              summary: A topic
              value: {{topic: boats, stream: true}}
    responses:
      '200':
        description: The story.
        headers:
{_headers(spec)}
        content:
          application/json:
            schema: {{$ref: '#/components/schemas/{line}'}}
            examples:
              whole:
                summary: All of it
                value: {{text: Once there was a boat.}}
          text/event-stream:
            schema: {{$ref: '#/components/schemas/{event}'}}
            examples:
              line:
                summary: A line
                value: {{data: '{{"text":"Once there was a boat."}}'}}
              done:
                summary: The end of every stream
                value: {{data: '[DONE]'}}
{_responses(spec, "400", "401", "402", "403", "404", "409", "422", "429", "500", "502", "503", "504")}
""",
    )
    spec.add_block(
        ("components", "schemas"),
        f"""
{request}:
  type: object
  description: A topic to tell a story about.
  required: [topic]
  properties:
    topic: {{type: string, minLength: 1, description: The topic.}}
    stream: {{type: boolean, default: false, description: 'Send the story line by line, as server-sent events.'}}

{line}:
  type: object
  description: A line of a story.
  required: [text]
  properties:
    text: {{type: string, description: The line.}}

{event}:
  type: object
  description: One server-sent event of a story.
  required: [data]
  properties:
    data:
      anyOf:
        - {{type: string, const: '[DONE]'}}
        - {{type: string, contentMediaType: application/json, contentSchema: {{$ref: '#/components/schemas/{line}'}}}}
      description: JSON, or `[DONE]` at the end.
""",
    )
    return f"POST {path} is new and streams"


def name_added(spec: SpecText, number: int) -> str:
    """One more name of a method."""
    operation = pick(
        [each for each in methods(spec) if not any("fixed" in entry for entry in each.facade)], number
    )
    first = operation.facade[0]
    taken = {entry["name"] for each in methods(spec) for entry in each.facade}
    name = free(f"{first['name']}_alias", taken)
    spec.append((*operation.place, "x-facade"), {**first, "name": name})
    return f"{first['name']}() is {name}() as well"


def operation_deprecated(spec: SpecText, number: int) -> str:
    operation = pick([each for each in methods(spec) if "deprecated" not in each.value], number)
    spec.add(operation.place, "deprecated", True)
    return f"{operation.value['operationId']} is deprecated"


def operation_renamed(spec: SpecText, number: int) -> str:
    """Another operationId; the client's method keeps its name."""
    linked = str(spec.document["paths"])
    free_of_links = [
        each
        for each in methods(spec)
        if linked.count(f"'{each.value['operationId']}'") == 1 and "x-renamed-from" not in each.value
    ]
    operation = pick(free_of_links, number)
    new = f"{operation.value['operationId']}Now"
    spec.set((*operation.place, "operationId"), new)
    return f"{operation.value['operationId']} is now called {new}"


def operation_moved(spec: SpecText, number: int) -> str:
    """Another path."""
    alone = [
        each
        for each in methods(spec)
        if "{" not in each.place[1] and len(spec.document["paths"][each.place[1]]) == 1 and each.place[1] != "/"
    ]  # fmt: skip
    operation = pick(alone, number)
    new = f"/v2{operation.place[1]}"
    spec.rename(operation.place[:2], new)
    return f"{operation.place[1]} moved to {new}"


def tag_renamed(spec: SpecText, number: int) -> str:
    """Another name of a group of operations, and so of `client.api`'s part."""
    index = number % len(spec.document["tags"])
    old = spec.document["tags"][index]["name"]
    new = f"{old}_now"
    for operation in [*operations(spec)]:
        if operation.value.get("tags") == [old]:
            spec.set((*operation.place, "tags"), [new])
    spec.set(("tags", str(index), "name"), new)
    return f"the tag {old} is now called {new}"


def operation_removed(spec: SpecText, number: int) -> str:
    linked = str(spec.document["paths"])
    alone = [
        each
        for each in methods(spec)
        if linked.count(f"'{each.value['operationId']}'") == 1
        and len(spec.document["paths"][each.place[1]]) == 1
        and not spec.has_anchors(each.place[:2])
    ]
    operation = pick(alone, number)
    spec.remove(operation.place[:2])
    return f"{operation.value['operationId']} is removed"


CHANGES = [
    Change("an operation", operation_added),
    Change("an operation that streams", stream_added),
    Change("a second name of a method", name_added),
    Change("a deprecated operation", operation_deprecated),
    Change("an operation renamed", operation_renamed, breaks=True),
    Change("an operation moved to another path", operation_moved, breaks=True),
    Change("a tag renamed", tag_renamed, breaks=True),
    Change("an operation removed", operation_removed, breaks=True),
]
__all__ = ["CHANGES"]
