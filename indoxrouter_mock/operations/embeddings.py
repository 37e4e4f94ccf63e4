"""Embeddings, in both documented wire forms."""

from __future__ import annotations

from typing import Any

from ..answers.billing import envelope, find_model, record_usage, require_credit, usage
from ..base.options import EMBEDDING_FORMS
from ..base.text import plural
from ..content import fake_text
from ..content.vectors import unit_vector
from ..request.call import Call, operation
from ..request.limits import MOST_FLOATS, MOST_TEXTS, check_length, check_most
from ..spec.errors import invalid_value
from ..state.models import Model

DEFAULT_DIMENSIONS = 1536


@operation("createEmbedding")
def create_embedding(call: Call) -> dict[str, Any]:
    """A vector for each text, in the form that the server or a header chooses."""
    texts = call.body["text"]
    texts = [texts] if isinstance(texts, str) else texts
    model, vectors, used = embed(call, texts)
    form = call.header_choice("x-mock-embeddings", call.state.options.embeddings, EMBEDDING_FORMS)
    data: list[Any] = list(vectors)
    if form == "objects":
        data = [{"embedding": vector, "index": index} for index, vector in enumerate(vectors)]
    elif form == "flat" and len(vectors) == 1:
        data = list(vectors[0])
    body = envelope(call, model, data, used, "Successfully generated embeddings")
    body["dimensions"] = len(vectors[0])
    return body


def embed(call: Call, texts: list[str]) -> tuple[Model, list[tuple[float, ...]], dict[str, Any]]:
    """The model, a vector for each text, and the usage, billed. Raises ApiError 404, 400 or 402."""
    model = find_model(call, "embedding")
    dimensions = call.whole("dimensions", model.dimensions or DEFAULT_DIMENSIONS)
    if not 1 <= dimensions <= (model.dimensions or DEFAULT_DIMENSIONS):
        raise invalid_value(
            "body/dimensions",
            f"{dimensions!r} is not a length from 1 to {model.dimensions or DEFAULT_DIMENSIONS}",
        )
    check_most("body/text", "texts", len(texts), MOST_TEXTS)
    check_most("body/text", "numbers in all vectors", len(texts) * dimensions, MOST_FLOATS)
    check_length("body/text", sum(map(len, texts)))
    lengths = [fake_text.count_tokens(text) for text in texts]
    if model.context and max(lengths) > model.context:
        raise invalid_value(
            "body/text",
            f"{max(lengths)} tokens are too many: "
            f"this model's maximum context length is {plural(model.context, 'token')}",
        )
    tokens = sum(lengths)
    used = usage(call, model, tokens, 0)
    require_credit(call, used["cost"])
    vectors = [unit_vector(text, model.id, dimensions, call.state.seed) for text in texts]
    record_usage(call, model, used, prompt=texts[0])
    return model, vectors, used
