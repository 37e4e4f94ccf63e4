"""The answer to an operation that the mock has no behaviour for: the spec's example, or a valid value made from the
schema.
"""

from __future__ import annotations

from typing import Any

from ..base.json import is_object, loads
from ..base.reply import Reply, Stream
from ..content import fake_text
from ..request.call import Call
from ..spec.examples import CannotBuild, build, documented_example


def example_reply(call: Call) -> Reply:
    """A valid answer with the operation's first success status. The same request gets the same answer.

    Raises CannotBuild when the spec describes something that no value can be made for.
    """
    status = next((status for status in sorted(call.operation.responses) if status.startswith("2")), None)
    if status is None:
        raise CannotBuild("the spec gives no success status")
    number = 200 if status == "2XX" else int(status)
    contents = _contents(call, status)
    if not contents:
        return Reply(status=number, content=b"", media_type="")
    streaming = (
        call.operation.stream is not None
        and is_object(call.body)
        and call.body.get(call.operation.stream.get("parameter", "stream"))
    )
    if "text/event-stream" in contents and (streaming or len(contents) == 1):
        return Reply(stream=_stream(call, contents["text/event-stream"]))
    media_type, content = next(
        (item for item in contents.items() if item[0].endswith("json")), next(iter(contents.items()))
    )
    value = _value(call, content)
    if media_type.endswith("json"):
        return Reply(value, number, media_type=media_type)
    if media_type.startswith("text/"):
        return Reply(status=number, content=str(value).encode(), media_type=media_type)
    return Reply(
        status=number, content=value.encode() if isinstance(value, str) else b"mock", media_type=media_type
    )


def _contents(call: Call, status: str) -> dict[str, Any]:
    response, _ = call.spec.resolve(call.operation.raw["responses"].get(status, {}))
    return dict(response.get("content", {}))


def _value(call: Call, content: dict[str, Any]) -> Any:
    def resolve(part: Any) -> Any:
        return call.spec.resolve(part)[0]

    given, value = documented_example(content, resolve)
    if given:
        return value
    return build(
        content.get("schema", True),
        fake_text.seeded_random("example", call.operation.id, call.path, call.state.seed),
        resolve,
    )


def _stream(call: Call, content: dict[str, Any]) -> Stream:
    """The stream examples of the spec, one event each, or a few events made from the schema."""
    events: list[Any] = []
    for entry in content.get("examples", {}).values():
        found, _ = call.spec.resolve(entry)
        value = found.get("value") if is_object(found) else None
        data = value.get("data") if is_object(value) else None
        if isinstance(data, str) and data.startswith("{"):
            value = loads(data.encode())
        if is_object(value) and "error" not in value and "data" not in value:
            events.append(value)
    if not events:
        events = [_value(call, content) for _ in range(3)]
    return Stream(call.request_id, lambda: iter(events), close=lambda: None, stop=lambda: None)
