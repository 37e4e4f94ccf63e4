"""The OpenAI-compatible paths under `/v1`: the unmodified `openai` package works with this server as its `base_url`.

They are not operations of the spec, which describes the native API. Each one uses the security, limits and billing of
its native counterpart, and OpenAI's shapes.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers.events import NO_USAGE, USAGE_APART
from ..answers.plan import plan_chat, plan_completion
from ..answers.reply import completion_reply
from ..base.json import DecodeError, is_list, is_object, loads
from ..base.reply import Reply
from ..operations.embeddings import embed
from ..operations.images import draw
from ..request.call import Call
from ..spec.document import Operation
from ..spec.errors import ApiError, invalid_value
from ..spec.routing import decode_piece
from ..state.models import Model

if TYPE_CHECKING:
    from .context import AppContext


@dataclass(slots=True, frozen=True)
class CompatibleEndpoint:
    """A handler that uses OpenAI's shapes, and the native operation whose security, limits and prices apply."""

    operation: Operation
    handler: Callable[[Call], Reply | Any]


def find_endpoint(app: AppContext, method: str, path: str, content: bytes) -> CompatibleEndpoint | None:
    """The endpoint at a path below `/v1`, or None when the native operation is meant: `/v1` is also documented as
    a base URL of the native API.
    """
    found = _PATHS.get((method, path))
    if found is not None:
        identifier, handler = found
        if identifier == "createEmbedding" and _is_native_embedding(content):
            return None
        operation = app.spec.operations.get(identifier)
        return None if operation is None else CompatibleEndpoint(operation, handler)
    if method == "GET" and path.startswith("/models/") and path.count("/") == 2:
        named = decode_piece(path[len("/models/") :])
        operation = app.spec.operations.get("getModel")
        if operation is None or named in app.state.models.providers or not named or named == "trending":
            return None
        return CompatibleEndpoint(operation, lambda call: _retrieve_model(call, named))
    return None


def _is_native_embedding(content: bytes) -> bool:
    try:
        fields = loads(content)
    except DecodeError:
        return False
    return is_object(fields) and "text" in fields and "input" not in fields


def _body(call: Call, *required: str) -> dict[str, Any]:
    if not is_object(call.body):
        raise invalid_value("body", "a JSON object is required")
    for name in required:
        if call.body.get(name) in (None, "", []):
            raise invalid_value(f"body/{name}", "is required and must not be empty")
    call.body["byok_api_key"] = call.body.get("byok_api_key")
    return call.body


def _chat(call: Call) -> Reply:
    messages = _body(call, "messages")["messages"]
    if not is_list(messages) or not all(
        is_object(message) and isinstance(message.get("role"), str) for message in messages
    ):
        raise invalid_value("body/messages", "a list of messages with a role each is expected")
    return completion_reply(call, plan_chat(call), chat=True, shape="openai", usage=_stream_usage(call))


def _completion(call: Call) -> Reply:
    _body(call, "prompt")
    return completion_reply(
        call, plan_completion(call), chat=False, shape="openai", usage=_stream_usage(call)
    )


def _stream_usage(call: Call) -> str:
    options = call.body.get("stream_options")
    return USAGE_APART if is_object(options) and options.get("include_usage") else NO_USAGE


def _embeddings(call: Call) -> dict[str, Any]:
    given = _body(call, "input")["input"]
    # Lists of numbers are texts that were cut into tokens by the caller.
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        given = [given]
    texts = [item if isinstance(item, str) else " ".join(map(str, item)) for item in given]
    model, vectors, used = embed(call, texts)
    encoded = call.body.get("encoding_format") == "base64"
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
                if encoded
                else vector,
            }
            for index, vector in enumerate(vectors)
        ],
        "model": model.id,
        "usage": {"prompt_tokens": used["tokens_prompt"], "total_tokens": used["tokens_total"]},
    }


def _images(call: Call) -> dict[str, Any]:
    prompt = _body(call, "prompt")["prompt"]
    if not isinstance(prompt, str):
        raise invalid_value("body/prompt", "a text is expected")
    _, images, _ = draw(call)
    return {
        "created": int(call.started),
        "data": [{name: value for name, value in image.items() if value is not None} for image in images],
    }


def _describe(model: Model, created: int) -> dict[str, Any]:
    return {
        "id": f"{model.provider}/{model.id}",
        "object": "model",
        "created": created,
        "owned_by": model.provider,
    }


def _list_models(call: Call) -> dict[str, Any]:
    created = int(call.state.started)
    return {"object": "list", "data": [_describe(model, created) for model in call.state.models.all()]}


def _retrieve_model(call: Call, named: str) -> dict[str, Any]:
    model = call.state.models.find(named)
    if model is None:
        raise ApiError(404, f"the model {named!r} does not exist")
    return _describe(model, int(call.state.started))


_PATHS: dict[tuple[str, str], tuple[str, Callable[[Call], Reply | Any]]] = {
    ("POST", "/chat/completions"): ("createChatCompletion", _chat),
    ("POST", "/completions"): ("createCompletion", _completion),
    ("POST", "/embeddings"): ("createEmbedding", _embeddings),
    ("POST", "/images/generations"): ("createImage", _images),
    ("GET", "/models"): ("listModelsUnslashed", _list_models),
}
