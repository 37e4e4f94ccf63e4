"""Tokens and cost of a call, readable under three naming schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from indoxrouter._runtime.values.json import as_object, is_object
from indoxrouter._runtime.values.text import number_of
from indoxrouter._runtime.values.unset import UNSET
from indoxrouter.models.shared import Usage as _Usage

# The names of a number in the envelope, in OpenAI's chat shape, in the output shape, and in answers of Cohere and
# Bedrock. A dot leads into details.
_SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("tokens_prompt", "prompt_tokens", "input_tokens", "tokens.input_tokens", "inputTokens"),
    ("tokens_completion", "completion_tokens", "output_tokens", "tokens.output_tokens", "outputTokens"),
    ("tokens_total", "total_tokens", "totalTokens"),
    ("cache_read_tokens", "input_tokens_details.cached_tokens", "prompt_tokens_details.cached_tokens"),
    (
        "reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
        "completion_tokens_details.reasoning_tokens",
    ),
    ("cost", "total_cost", "cost_breakdown.total_cost"),
    ("latency", "duration_seconds"),
)
_GROUPS = {name: group for group in _SYNONYMS for name in group}
_PARENTS = {name.partition(".")[0] for name in _GROUPS if "." in name}


class Usage(_Usage):
    """Tokens, cost (USD) and latency (seconds) of one call.

    Every count has three names, as attribute and as key: `tokens_prompt`, `prompt_tokens` or `input_tokens`;
    `tokens_completion`, `completion_tokens` or `output_tokens`; `tokens_total` or `total_tokens`. A number that the
    server did not report is None; a missing total is the sum of both counts. A number that is sent as text, as decimals
    often are, is a number here. The items (`usage["cost"]`) and `to_dict()` are what was received.
    """

    _other_names_: ClassVar[dict[str, str]] = {"total": "tokens_total", "tokens": "tokens_total"}

    if TYPE_CHECKING:
        prompt_tokens: int | None
        completion_tokens: int | None
        total_tokens: int | None
        input_tokens: int | None
        output_tokens: int | None
        input_tokens_details: dict[str, Any] | None
        output_tokens_details: dict[str, Any] | None
        prompt_tokens_details: dict[str, Any] | None
        completion_tokens_details: dict[str, Any] | None

    else:

        def __getattr__(self, name: str) -> Any:
            field = self._schema_.by_name.get(name)
            raw = self.__dict__.get("_raw_")
            if raw is not None and name in _GROUPS and type(raw.get(name)) not in (int, float):
                value = self._derive_field_(name)
                return None if value is UNSET else _number(value)
            if field is None and name in _PARENTS and raw is not None:
                value = self._details_(name)
                return None if value is UNSET else value
            return super().__getattr__(name)

    def _item_(self, key: str) -> Any:
        value = super()._item_(key)
        if value is not UNSET:
            return value
        return (
            self._derive_field_(key) if key in _GROUPS else self._details_(key) if key in _PARENTS else UNSET
        )

    def _derive_field_(self, name: str) -> Any:
        """The same under the name of another scheme: a number, else whatever was received, else `UNSET`."""
        state, group = self.__dict__, _GROUPS[name]
        found = [state[other] if other in state else _at(state["_raw_"], other) for other in group]
        numbers = [value for value in found if type(_number(value)) in (int, float)]
        for value in (*numbers, *found):
            if value is not None:
                return value
        if "tokens_total" in group:
            parts = [_number(self._derive_field_(part)) for part in ("tokens_prompt", "tokens_completion")]
            known = [part for part in parts if isinstance(part, int)]
            if known:
                return sum(known)
        return UNSET

    def _details_(self, name: str) -> Any:
        """The details object of a scheme: what was received, and what is derived from the other schemes."""
        derived = {
            path.partition(".")[2]: value
            for path in _GROUPS
            if path.startswith(f"{name}.") and (value := self._derive_field_(path)) is not UNSET
        }
        return {**as_object(self.__dict__["_raw_"].get(name)), **derived} or UNSET

    def _repr_to_(self, depth: int) -> str:
        shown = (f"{name}={value!r}" for name in _REPR if (value := getattr(self, name)) is not None)
        return f"Usage({', '.join(shown)})"


_REPR = ("tokens_prompt", "tokens_completion", "tokens_total", "cost", "latency")


def _number(value: Any) -> Any:
    """The number that a text is; any other value as it is."""
    number = number_of(value)
    return value if number is None else number


def _at(raw: Any, path: str) -> Any:
    for part in path.split("."):
        raw = raw.get(part) if is_object(raw) else None
    return raw
