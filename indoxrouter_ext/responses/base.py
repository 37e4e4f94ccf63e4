"""The base class of all responses.

A response class is the generated model of the same name with behaviour that a spec cannot describe: the other two
shapes of a text response, plain lists of numbers, files that can be saved. The package `indoxrouter` exports it in
place of the generated class, and its table of exports is the only registry: `decoding.response_class_for` reads it.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, ValuesView
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.models.model import Model, short
from indoxrouter._runtime.values.json import is_object
from indoxrouter._runtime.values.text import amount_of
from indoxrouter._runtime.values.unset import UNSET
from indoxrouter.errors import RequestError

if TYPE_CHECKING:
    from ..calls.answer import CallInfo, ModelAttempt
    from .usage import Usage


class ReceivedResponse(Model):
    """What all answers of generating operations share. A mixin, placed before the generated class."""

    if TYPE_CHECKING:
        usage: Usage | None
        request_id: str | None

    @property
    def http(self) -> CallInfo:
        """Status, headers, elapsed seconds, request id and attempts of the call.

        Raises:
            RequestError: for a response that was constructed, not received.
        """
        info: CallInfo | None = self.__dict__.get("_http_")
        if info is None:
            raise RequestError(f"This {type(self).__name__} was not received from a server: it has no .http")
        return info

    @property
    def cost(self) -> float | None:
        """The cost of the call in USD; None when the server did not report it."""
        found = _cost_of(self.usage)
        if found is None and (own := self.get("cost")) is not None:
            found = _cost_of(
                self._convert_field_("usage", {"cost": own})
            )  # some servers report it beside the usage
        return found

    @property
    def model_attempts(self) -> tuple[ModelAttempt, ...]:
        """With `fallback_models`, the models that were asked, in order, with their costs; the last one answered."""
        models = self.http.models
        return (*models[:-1], models[-1]._replace(cost=self.cost)) if models else ()

    @classmethod
    def _check_wire_(cls, raw: dict[str, Any]) -> None:
        """Everything is accepted: a response may have another shape than the documented one."""

    def _wire_(self) -> dict[str, Any]:
        raw: dict[str, Any] = self.__dict__["_raw_"]
        return raw

    def _derive_field_(self, wire: str) -> Any:
        """The value of a field that is absent, derived from other data; `UNSET` if it cannot be derived."""
        if wire == "request_id":
            info = self.__dict__.get("_http_")
            if info is not None and info.request_id is not None:
                return info.request_id
        return UNSET

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            state = self.__dict__
            raw = state.get("_raw_")
            field = self._schema_.by_name.get(name)
            if raw is None or field is None:
                return super().__getattr__(name)
            value = raw.get(field.wire)
            received = value is not None
            if not received:
                value = self._derive_field_(field.wire)
                if value is UNSET:
                    return super().__getattr__(name)
            converted = self._convert_field_(name, value)
            if converted is UNSET:
                if received:
                    return super().__getattr__(name)
                converted = field.codec.decode(value)
            if received:
                # A derived value is not stored: `to_dict()` returns what was received and what was set.
                state[name] = converted
            return converted

    def _convert_field_(self, name: str, value: Any) -> Any:
        """The value of a field in this layer; `UNSET` to use that of the generated model."""
        if name == "usage" and is_object(value):
            from .usage import Usage  # cost: many programs never read the usage

            return Usage._from_wire_(value)
        return UNSET

    def _item_(self, key: str) -> Any:
        value = super()._item_(key)
        return self._derive_field_(key) if value is UNSET else value

    def items(self) -> ItemsView[str, Any]:
        """The items of `dict(response)`."""
        return {key: self[key] for key in self.keys()}.items()

    def values(self) -> ValuesView[Any]:
        """The values of `dict(response)`."""
        return {key: self[key] for key in self.keys()}.values()

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles carry the data, not the client with its sockets and credentials.
        return {key: value for key, value in self.__dict__.items() if key != "_client_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _repr_to_(self, depth: int) -> str:
        return f"{type(self).__name__}({', '.join(self._parts_(depth))})"

    def _parts_(self, depth: int) -> Iterator[str]:
        for name in ("provider", "model"):
            value = getattr(self, name, None)
            if value is not None:
                yield f"{name}={short(value)}"
        yield from self._own_parts_()
        if self.usage is not None and depth:
            yield f"usage={self.usage!r}"
        if self.request_id is not None:
            yield f"request_id={short(self.request_id)}"

    def _own_parts_(self) -> Iterator[str]:
        data: Any = self.get("data")
        yield f"data={short(data)}"


def _cost_of(usage: Any) -> float | None:
    cost: float | None = getattr(usage, "cost", None)
    return cost if amount_of(cost) is not None else None
