"""Which OpenAI-compatible paths there are, and what answers a request to one of them.

They are not operations of the spec, which describes the native API. Each uses the security, limits and billing of its
native counterpart. A path of OpenAI's that is not mocked says so, in place of a 404 that looks like a wrong address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..base.json import DecodeError, is_object, loads
from ..base.reply import Reply
from ..request.call import Call
from ..spec.document import Operation, Spec
from ..spec.errors import ApiError
from ..spec.routing import decode_piece
from ..state.models import Model
from ..state.state import State
from . import media, responses, text

Handler = Callable[[Call], "Reply | Any"]

NOT_MOCKED = {
    "assistants": "assistants",
    "batches": "batches",
    "chatkit": "ChatKit",
    "containers": "containers",
    "conversations": "conversations",
    "evals": "evals",
    "files": "files",
    "fine_tuning": "fine-tuning",
    "images/edits": "edits of images",
    "images/variations": "variations of images",
    "organization": "the administration of an organization",
    "realtime": "the realtime API",
    "threads": "threads",
    "uploads": "uploads",
    "vector_stores": "vector stores",
    "videos": "OpenAI's video paths; the native ones are under /api/v1/videos",
}
"""First pieces of OpenAI's paths that are not mocked, and what they are."""


@dataclass(slots=True, frozen=True)
class CompatibleEndpoint:
    """A handler that uses OpenAI's shapes, and the native operation whose security, limits and prices apply."""

    operation: Operation
    handler: Handler


def find_endpoint(
    spec: Spec, state: State, method: str, path: str, content: bytes
) -> CompatibleEndpoint | None:
    """The endpoint at a path below `/v1`, or None when the native operation is meant: `/v1` is also documented as
    a base URL of the native API.
    """
    found = _PATHS.get((method, path))
    if found is not None:
        identifier, handler = found
        if identifier == "createEmbedding" and _is_native_embedding(content):
            return None
        operation = spec.operations.get(identifier)
        if operation is not None and handler is media.moderate:
            # Free, and no call that limits count: what has no 402 is not counted.
            operation = replace(operation, id="createModeration", raw={}, responses={})
        return None if operation is None else CompatibleEndpoint(operation, handler)
    if method == "GET" and path.startswith("/models/") and path.count("/") == 2:
        named = decode_piece(path[len("/models/") :])
        operation = spec.operations.get("getModel")
        if operation is None or named in state.models.providers or not named or named == "trending":
            return None
        return CompatibleEndpoint(operation, lambda call: _retrieve_model(call, named))
    return None


def methods_of(path: str) -> list[str]:
    """The methods of the OpenAI-compatible endpoint at a path below `/v1`; empty when there is none."""
    return [method for method, known in _PATHS if known == path]


def refuse_what_is_not_mocked(path: str) -> None:
    """Raise ApiError 501, naming what is not mocked, for a path of OpenAI's that is none here."""
    pieces = path.strip("/").split("/")
    name = NOT_MOCKED.get("/".join(pieces[:2])) or NOT_MOCKED.get(pieces[0])
    if pieces[0] in ("responses", "chat") and len(pieces) > 1:
        name = "stored answers"
    if name is not None:
        raise ApiError(501, f"this server does not mock {name}", headers=[("x-should-retry", "false")])


def _is_native_embedding(content: bytes) -> bool:
    try:
        fields = loads(content)
    except DecodeError:
        return False
    return is_object(fields) and "text" in fields and "input" not in fields


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


_PATHS: dict[tuple[str, str], tuple[str, Handler]] = {
    ("POST", "/chat/completions"): ("createChatCompletion", text.chat),
    ("POST", "/completions"): ("createCompletion", text.completion),
    ("POST", "/responses"): ("createChatCompletion", responses.respond),
    ("POST", "/embeddings"): ("createEmbedding", text.embeddings),
    ("POST", "/moderations"): ("createEmbedding", media.moderate),
    ("POST", "/images/generations"): ("createImage", media.images),
    ("POST", "/audio/speech"): ("createSpeech", media.speech),
    ("POST", "/audio/transcriptions"): ("createTranscription", media.transcription),
    ("POST", "/audio/translations"): ("createTranslation", media.transcription),
    ("GET", "/models"): ("listModelsUnslashed", _list_models),
}
