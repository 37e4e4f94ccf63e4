"""The steps of a call that do not wait: from arguments to a request, and from an answer to a result or a stream."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from functools import lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from indoxrouter._runtime.codecs.base import nearest, raise_invalid_argument
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values.json import is_items, is_mapping, is_sequence
from indoxrouter._runtime.values.unset import UNSET
from indoxrouter.about import load_operation

from .calls.answer import log_call
from .calls.request_flow import Do, Effect, call_flow
from .responses.decoding import bind_client, cut_off, decode_answer, not_a_stream
from .settings.keywords import (
    joined,
    only_options,
    refuse_missing,
    settings_for_call,
    settings_of_operation,
    split_keywords,
)

if TYPE_CHECKING:
    from types import ModuleType

    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Call, Operation
    from indoxrouter._runtime.values.unset import Unset

    from .calls.answer import EventWatch, HttpAnswer
    from .calls.client_state import ClientState
    from .files.destinations import Destination
    from .files.downloads import Progress
    from .settings.values import Settings

ResultT = TypeVar("ResultT")
ResultFlow = Generator[Effect, Any, Any]
"""What a driver runs; its value is the result of a call."""

_SIZE_CHECK_THRESHOLD = 1024 * 1024

ADDITIONAL = "additional_params"
"""The documented field for provider parameters that the spec does not name."""


class CallSteps:
    """The steps of a call, which `Client` and `AsyncClient` have in common.

    Their order is decided by flows, generators that the driver of the client runs. Its `result_of` returns the result
    in the blocking client, and something to await in the asynchronous one.
    """

    _asynchronous = False
    _state: ClientState
    _settings: Settings
    _driver: Any  # a `BlockingDriver` or an `AsyncDriver`

    def _call_facade(
        self, entry: FacadeEntry, arguments: dict[str, Any], additional: Mapping[str, Any], **typed: Any
    ) -> Any:
        """Call a documented method.

        Args:
            entry: the method.
            arguments: its named arguments.
            additional: the keywords that it does not name.
            typed: arguments that take Python types (`response_format`, `tools`).
        """
        flow = self._facade_flow(entry, arguments, additional, typed)
        del arguments  # a traceback keeps local variables
        return self._driver.result_of(flow)

    def _facade_flow(
        self,
        entry: FacadeEntry,
        arguments: dict[str, Any],
        additional: Mapping[str, Any],
        typed: Mapping[str, Any],
    ) -> ResultFlow:
        response_format = typed.get("response_format")
        if not (self._settings.fallback_models or "fallback_models" in additional):
            call, settings = self._make_call(entry, arguments, additional, typed)
            return (yield from self._result_flow(call, settings, response_format))
        from .calls.fallbacks import fallback_flow  # cost: few programs have fallbacks

        def send(call: Call[Any], settings: Settings) -> ResultFlow:
            result = yield from self._result_flow(call, settings, response_format)
            if call.streaming:
                yield Do(result._advance)  # to its first event
            return result

        make = partial(self._make_call, entry, additional=additional, typed=typed)
        named = "fallback_models" in additional
        return (yield from fallback_flow(self._state, present(arguments), make, send, named=named))

    def _make_call(
        self,
        entry: FacadeEntry,
        arguments: dict[str, Any],
        additional: Mapping[str, Any],
        typed: Mapping[str, Any],
    ) -> tuple[Call[Any], Settings]:
        """The request of a documented method, and the settings of the call; see `_call_facade`."""
        settings = self._settings
        if additional:
            names = [entry.rename.get(key, key) for key in (*arguments, *typed)]
            if entry.accepts_additional:
                options, additional = split_keywords(entry.name, names, additional)
            else:
                options, additional = only_options(entry.name, names, additional), {}
            settings = settings_for_call(settings, options)
        for name, value in arguments.items():
            if value is UNSET:
                refuse_missing(entry, name)
        if typed and (sent := typed_on_wire(typed)):
            for name in entry.typed_fields & sent.keys():
                arguments[name] = sent.pop(name)
            additional = {**additional, **sent}
        choice = arguments.pop(entry.dispatch, None) if entry.dispatch is not None else None
        operation = entry.load(choice)
        make = partial(entry.call, operation) if entry.rename else operation.call
        return make(*bind_arguments(operation, arguments, additional)), settings

    def _send_operation(self, call: Call[Any], options: Mapping[str, Any]) -> Any:
        """Make a call of `api`, with the options of the call."""
        return self._driver.result_of(self._operation_flow(call, options))

    def _operation_flow(self, call: Call[Any], options: Mapping[str, Any]) -> ResultFlow:
        check_messages(call.payload)
        settings = settings_of_operation(self._settings, call.operation, options)
        return (yield from self._result_flow(call, settings))

    def _stop(self, call: Call[Any], stream_id: str) -> Any:
        """Ask the server to stop a stream, if the spec names an operation for it."""
        return self._driver.result_of(self._stop_flow(call, stream_id))

    def _stop_flow(self, call: Call[Any], stream_id: str) -> ResultFlow:
        stream = call.operation.stream
        if stream is None or stream.stop is None:
            return None
        operation = load_operation(stream.stop)
        stop = operation.call({operation.parameters[0].name: stream_id})
        return (yield from self._result_flow(stop, self._settings))

    def _result_flow(self, call: Call[Any], settings: Settings, response_format: Any = None) -> ResultFlow:
        """Make a call and return its decoded answer or its stream."""
        if call.content is not None and len(call.content) > _SIZE_CHECK_THRESHOLD:
            from .files.image_input import check_request_size  # cost: large requests only

            check_request_size(call)
        self._state.check_open()
        began = time.monotonic()
        try:
            answer = yield from call_flow(self._state, call, settings)
        except Exception as error:  # logged and raised again
            log_call(call, None, error, time.monotonic() - began)
            raise
        log_call(call, answer, None, answer.elapsed)
        if not call.streaming and answer.stream is None:
            return self._bind(self._decode(call, answer), response_format)
        stream = self._make_stream(call, answer, settings, response_format)
        if call.streaming:
            return stream
        return (yield Do(stream.until_done))  # events were sent in place of JSON

    @staticmethod
    def _watch_events(limit: int) -> EventWatch:
        """Watches an event stream that is read as one body, with events of a limited size."""
        watch: EventWatch = _received().DocumentReader(limit)
        return watch

    def _decode(self, call: Call[Any], answer: HttpAnswer) -> Any:
        """The typed result of an answer; raises the documented exception for a failure in its body."""
        if answer.observation is None:
            return self._decode_any(call, answer)
        with answer.observation as observation:
            result = self._decode_any(call, answer)
            observation.end(result)
            return result

    def _decode_any(self, call: Call[Any], answer: HttpAnswer) -> Any:
        """The result of a body that was read to its end, or of the events that a cut one holds."""
        if answer.failure is None:
            return decode_answer(call, answer, self._state.secrets, partial(self._read_events, call, answer))
        found = self._read_events(call, answer)
        if not isinstance(found, Model):
            secrets = self._state.secrets(call.secrets())
            raise cut_off(answer, answer.failure, self._settings.host, secrets)
        return found

    def _read_events(self, call: Call[Any], answer: HttpAnswer) -> Any:
        """The response that the events of a body add up to, or the only JSON document in them; or None."""
        stream = call.operation.stream
        if stream is None or not stream.assembled:
            return _received().only_document(bytes(answer.body))
        secrets = self._state.secrets(call.secrets())
        return _received().read_events(call, answer, self._settings, secrets, self._state.clock)

    def _bind(self, result: ResultT, response_format: Any = None) -> ResultT:
        """Give a response this client, and the format that `parsed` reads."""
        if isinstance(result, Model):
            return bind_client(result, self, response_format, asynchronous=self._asynchronous)
        return result

    def _make_stream(
        self, call: Call[Any], answer: HttpAnswer, settings: Settings, response_format: Any
    ) -> Any:
        """The stream of an answer that is open, or of the events in its body. Closing this client aborts it."""
        secrets = self._state.secrets(call.secrets())
        if answer.stream is None and not _received().holds_events(bytes(answer.body)):
            with answer.observation or nullcontext():
                raise not_a_stream(call, answer, self._settings.host, secrets)
        spec = call.operation.stream
        kind = self._stream_class(assembled=spec is not None and spec.assembled)
        bind = partial(self._bind, response_format=response_format)
        state = kind._state_class()(call, answer, settings, secrets, self._state.clock, bind)
        if answer.stream is None:
            state.take_body()
        return self._state.track_stream(kind(state, partial(self._stop, call)))

    def _stream_class(self, *, assembled: bool) -> Any:
        """The class of a stream; whether its events are `assembled` to a response decides."""
        if self._asynchronous:
            from .streaming.async_stream import (  # cost: not needed without streams
                AsyncEventStream,
                AsyncStream,
            )

            return AsyncStream if assembled else AsyncEventStream
        from .streaming.stream import EventStream, Stream  # cost: as above

        return Stream if assembled else EventStream

    def _fetch(self, url: str, destination: Destination, on_progress: Progress | None) -> Any:
        """Fetch a file that an answer refers to."""
        return self._driver.result_of(self._fetch_flow(url, destination, on_progress))

    def _fetch_flow(self, url: str, destination: Destination, on_progress: Progress | None) -> ResultFlow:
        from .files.downloads import download_flow  # cost: few programs download files

        self._state.check_open()
        yield from download_flow(self._state, self._settings, url, destination, on_progress)


def _received() -> ModuleType:
    """The reader of bodies that have been read already."""
    from .streaming import received  # cost: for servers that answer in another framing

    return received


def bind_arguments(
    operation: Operation[Any], values: Mapping[str, Any], extra: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | Unset]:
    """Split the arguments of a method into the parameters and the body of its operation.

    Args:
        operation: the operation.
        values: the named arguments: parameters by Python name, fields of the body by wire name. None means absent.
        extra: sent in `additional_params`.
    """
    given = present(values)
    unknown = present(extra) if extra else extra
    parameters: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.name in given:
            parameters[parameter.name] = given.pop(parameter.name)
    if unknown or ADDITIONAL in given:
        own = given.get(ADDITIONAL)
        if own is None or is_mapping(own):  # else its codec raises the error
            given[ADDITIONAL] = joined(own, unknown, ADDITIONAL)
    if operation.provider_rules is not None:
        given = apply_provider_rules(operation.provider_rules, given)
    check_messages(given)
    # An empty body that is required is passed on, so that its codec names the missing field.
    return parameters, given if given or operation.body_required else UNSET


def check_messages(fields: Any) -> None:
    """Check what the spec does not say about the messages in the fields of a request; their codec refuses the rest.

    Raises:
        InvalidParametersError: for a misspelt role, a question without content, and media over the documented limit.
    """
    messages: Any = fields.get("messages") if is_mapping(fields) else None
    for index, message in enumerate(messages if is_sequence(messages) else ()):
        read: Any = getattr(message, "get", None)
        role: Any = read("role") if callable(read) else None
        if type(role) is not str:
            continue
        content = read("content", UNSET)
        if (meant := _role_meant(role)) is not None and is_mapping(message):
            expected = f"{meant!r}, or chat([ChatMessage({role!r:.20}, …)]) if there is such a role"
            raise_invalid_argument(f"messages[{index}].role", role, expected)
        if content is None and role in ("system", "user", "developer"):
            raise_invalid_argument(f"messages[{index}].content", None, f"text or a list for a {role} message")
        if is_items(content):
            from .files.image_input import check_images  # cost: most conversations have no images

            check_images(content, f"messages[{index}].content")


# What other SDKs call the documented roles.
_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant", "model": "assistant"}


@lru_cache(maxsize=64)
def _role_meant(role: str) -> str | None:
    """What a wrong role may mean; None for a documented role, and for one that resembles none."""
    # A chat has loaded the model of messages; the module of `ChatRole` would be one more.
    message: Any = import_module("indoxrouter").ChatMessage
    known: tuple[str, ...] = message._schema_.by_wire["role"].codec.values
    plain = role.strip().lower()
    if role in known or plain in _ROLES:
        return None if role in known else _ROLES[plain]
    return next(iter(nearest(plain, known, cutoff=0.8)), None)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are not absent, with generators read into lists."""
    return {
        # A generator is read here, once. A file is not read, nor is a stream of answers.
        name: list(value)
        if hasattr(value, "__next__") and not (hasattr(value, "read") or hasattr(value, "stream_id"))
        else value
        for name, value in values.items()
        if value is not None and value is not UNSET
    }


def typed_on_wire(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that take Python types, as they are sent."""
    sent: dict[str, Any] = {}
    if typed.get("response_format") is not None:
        from .tools.response_format import format_on_wire  # cost: few calls have it

        sent["response_format"] = format_on_wire(typed["response_format"])
    if typed.get("tools") is not None:
        from .tools.functions import tools_on_wire  # cost: few calls have them

        sent["tools"] = tools_on_wire(typed["tools"])
    return sent


def apply_provider_rules(rules: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request after the spec's rules for its provider.

    Args:
        rules: provider to `{"replace": {field: {"field": other, "values": {old: new}}}, "drop": [field, …]}`.
        fields: fields by wire name. A value that `values` does not list is kept; a field that is present is
            not overwritten.
    """
    changed = dict(fields)
    rule = rules.get(_provider_of(fields))
    if rule is None:
        return changed
    for name, target in rule.get("replace", {}).items():
        if name in changed:
            value = changed.pop(name)
            if isinstance(value, str):
                value = target["values"].get(value, value)
            changed.setdefault(target["field"], value)
    for name in rule.get("drop", ()):
        changed.pop(name, None)
    return changed


def _provider_of(fields: Mapping[str, Any]) -> str:
    provider = fields.get("provider")
    if isinstance(provider, str):
        return provider.strip().lower()
    model = fields.get("model")
    return model.partition("/")[0].strip().lower() if isinstance(model, str) and "/" in model else ""
