"""Which OpenAI-compatible paths there are, and what answers a request to one of them.

The paths are described by `openai-paths.yaml`, a document of the mock's own: the spec describes the native API alone.
Each uses the security, limits and billing of the native operation that the document names. A path of OpenAI's that is
not mocked gets a 501 that says so, in place of a 404 that looks like a wrong address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.json import DecodeError, is_object, loads
from ..request.call import Call, Handler
from ..spec.contract import Contract
from ..spec.document import Operation, Spec, load_spec
from ..spec.errors import ApiError
from ..spec.routing import Router
from ..spec.validation import Validators
from ..state.models import Model
from ..state.state import State
from . import images, media, responses, text

DOCUMENT = Path(__file__).with_name("openai-paths.yaml")

NOT_MOCKED = {
    "agents": "agents",
    "assistants": "assistants",
    "audio/voice_consents": "consents to voices",
    "audio/voices": "voices of your own",
    "batches": "batches",
    "chatkit": "ChatKit",
    "containers": "containers",
    "content_provenance_checks": "checks of provenance",
    "conversations": "conversations",
    "decisions": "decisions",
    "evals": "evals",
    "files": "files",
    "fine_tuning": "fine-tuning",
    "live": "the live API",
    "organization": "the administration of an organization",
    "realtime": "the realtime API",
    "responses/compact": "the compaction of conversations",
    "responses/input_tokens": "the counting of tokens",
    "safety": "safety cases",
    "skills": "skills",
    "threads": "threads",
    "uploads": "uploads",
    "vaults": "vaults",
    "vector_stores": "vector stores",
    "videos": "OpenAI's video paths; the native ones are under /api/v1/videos",
    "webhooks": "webhooks",
}
"""First pieces of OpenAI's paths that are not mocked, and what they are."""


@dataclass(slots=True, frozen=True)
class CompatibleEndpoint:
    """A handler that uses OpenAI's shapes, what its requests and answers are held against, and the native operation
    whose security, limits and prices apply.
    """

    operation: Operation
    contract: Contract
    handler: Handler
    params: dict[str, str]


class CompatibleApi:
    """The paths under `/v1`, over a native API."""

    def __init__(self, native: Spec) -> None:
        self.native = native
        self.spec = load_spec(DOCUMENT)
        self.validators = Validators(self.spec)
        self._router = Router(self.spec)

    def find(
        self, state: State, method: str, path: str, headers: dict[str, str], content: bytes
    ) -> CompatibleEndpoint | None:
        """The endpoint at a path below `/v1`, or None when the native operation is meant: `/v1` is also documented as
        a base URL of the native API.
        """
        methods, params = self._router.find(path)
        described = methods.get(method)
        if described is None or _is_native(described, headers, content):
            return None
        operation = self.native.operations.get(described.raw["x-native"])
        if operation is None or params.get("model") in (*state.models.providers, "trending"):
            return None
        if described.raw.get("x-free"):  # no call that limits count: what has no 402 is not counted
            operation = replace(operation, id=described.id, raw={}, responses={})
        contract = Contract(self.spec, described, self.validators)
        return CompatibleEndpoint(operation, contract, _HANDLERS[described.id], params)

    @property
    def own_operations(self) -> list[str]:
        """The operationIds of what is no native operation in another shape."""
        return [name for name, operation in self.spec.operations.items() if operation.raw.get("x-free")]

    def methods_of(self, path: str) -> list[str]:
        """The methods at a path below `/v1`; empty when there is none."""
        return list(self._router.find(path)[0])


def _is_native(described: Operation, headers: dict[str, str], content: bytes) -> bool:
    """Whether a request asks for an answer of the native API, by a header or by its fields."""
    if (
        headers.get("x-mock-shape", "openai") != "openai"
        or headers.get("x-mock-events", "chunks") != "chunks"
    ):
        return True
    if described.id != "embeddings":
        return False
    try:
        fields = loads(content)
    except DecodeError:
        return False
    return is_object(fields) and "text" in fields and "input" not in fields


def refuse_what_is_not_mocked(path: str) -> None:
    """Raise ApiError 501, naming what is not mocked, for a path of OpenAI's that the mock lacks."""
    pieces = path.removeprefix("/").removesuffix("/").split("/")
    name = NOT_MOCKED.get("/".join(pieces[:2])) or NOT_MOCKED.get(pieces[0])
    stored = pieces[0] == "responses" and len(pieces) > 1
    if name is None and (stored or (pieces[:2] == ["chat", "completions"] and len(pieces) > 2)):
        name = "stored answers"
    if name is not None:
        raise ApiError(501, f"this server does not mock {name}", headers=[("x-should-retry", "false")])


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


def _retrieve_model(call: Call) -> dict[str, Any]:
    named = call.params["model"]
    model = call.state.models.find(named)
    if model is None:
        raise ApiError(404, f"the model {named!r} does not exist")
    return _describe(model, int(call.state.started))


_HANDLERS: dict[str, Handler] = {
    "chat.completions": text.chat,
    "completions": text.completion,
    "responses": responses.respond,
    "embeddings": text.embeddings,
    "moderations": media.moderate,
    "images.generations": images.generate,
    "images.edits": images.edit,
    "images.variations": images.vary,
    "audio.speech": media.speech,
    "audio.transcriptions": media.transcription,
    "audio.translations": media.transcription,
    "models.list": _list_models,
    "models.retrieve": _retrieve_model,
}
"""By the operationId in the document."""
