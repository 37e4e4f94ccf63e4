"""What a model can take and give, by the catalog: a request beyond that is refused, as the service does."""

from __future__ import annotations

from typing import Any

from ..base.text import plural
from ..request.call import Call
from ..spec.errors import invalid_value
from ..state.models import Model

PARTS = {"image": "vision", "image_url": "vision", "input_audio": "audio"}
"""By the type of a part of a message, the ability that a model needs to take it."""
WORDS = {"vision": "images", "audio": "sound"}
LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
"""Fields that limit the tokens of an answer."""


def check_parts(model: Model, parts: list[dict[str, Any]]) -> None:
    """Raise ApiError 400 for a part of a message that the model cannot take."""
    for part in parts:
        needed = PARTS.get(str(part.get("type")))
        if needed is not None and needed not in model.abilities:
            raise invalid_value("body/model", f"{model.provider}/{model.id} does not take {WORDS[needed]}")


def answer_limits(call: Call) -> dict[str, int]:
    """The fields that limit the tokens of the answer, with their values."""
    return {name: call.whole(name, 0) for name in LIMITS if call.fields.get(name)}


def check_lengths(call: Call, model: Model, tokens_in: int, where: str) -> int:
    """The most tokens that the request allows for its answer: the lowest of its limits, or 0 where it sets none.

    Raises ApiError 400 when a request does not fit the context of the model, or asks for a longer answer than it can
    give.
    """
    if model.context and tokens_in > model.context:
        raise invalid_value(
            where,
            f"{tokens_in} tokens are too many: "
            f"this model's maximum context length is {plural(model.context, 'token')}",
        )
    limits = answer_limits(call)
    if not limits:
        return 0
    longest = model.longest_answer or model.context
    for field, limit in limits.items():
        if longest and limit > longest:
            raise invalid_value(
                f"body/{field}",
                f"{limit} is too large: {model.provider}/{model.id} answers with at most {plural(longest, 'token')}",
            )
        if model.context and tokens_in + limit > model.context:
            raise invalid_value(
                f"body/{field}",
                f"{limit} is too large beside {plural(tokens_in, 'token')} of input: "
                f"this model's maximum context length is {plural(model.context, 'token')}",
            )
    return min(limits.values())
