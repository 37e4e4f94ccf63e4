"""Other models for a call whose model is unavailable: `fallback_models`. No I/O.

Another model is asked when the documented error says that the model or its provider failed, after a status from 500
upwards that retries did not overcome, and when a stream had no event before its `first_token_timeout`. It is never
asked after any part of an answer was received, nor after a failure whose cost was reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter.errors import IndoxRouterError, ProviderError

from .answer import ModelAttempt
from .observation import charged_usage, cost_of

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..settings.values import Settings
    from .client_state import ClientState
    from .request_flow import Effect

MakeCall = Callable[[dict[str, Any]], "tuple[Call[Any], Settings]"]
ResultFlow = Generator["Effect", Any, Any]


def fallback_flow(
    state: ClientState,
    arguments: Mapping[str, Any],
    make_call: MakeCall,
    send: Callable[[Call[Any], Settings], ResultFlow],
    *,
    named: bool,
) -> ResultFlow:
    """Ask one model after another until one answers, and return its result.

    Args:
        state: of the client. Its clock bounds all models together by the `deadline` of the call.
        arguments: the named arguments of the method; they are read again for each model.
        make_call: makes the request and its settings from such arguments.
        send: sends a request and returns its result; of a stream, once it has its first event.
        named: whether the call itself has the option, not only its client.

    Raises:
        InvalidParametersError: when a model is of another provider than the caller's own provider key, and for the
            option of a call that asks no model.
        IndoxRouterError: of the model that was asked last; its details name the failures of those before it.
    """
    began = state.clock()
    call, settings = make_call(dict(arguments))
    if not settings.fallback_models:
        return (yield from send(call, settings))
    if call.operation.retry != "billed":
        if named:
            expected = "none, because this method asks no model"
            raise_invalid_argument("fallback_models", settings.fallback_models, expected)
        return (yield from send(call, settings))
    first, *others = models = [str(arguments.get("model") or ""), *settings.fallback_models]
    providers = {_provider_of(model, arguments.get("provider")) for model in models}
    if arguments.get("byok_api_key") is not None and len(providers) > 1:
        raise_invalid_argument("fallback_models", others, "models of the provider that byok_api_key is for")

    deadline, key = settings.deadline, settings.idempotency_key
    failed: tuple[ModelAttempt, ...] = ()
    model = first
    while True:
        try:
            asked = (*failed, ModelAttempt(model, None, None))
            return (yield from send(call, settings._replace(models=asked)))
        except IndoxRouterError as error:
            if deadline is not None:
                settings = settings._replace(deadline=began + deadline - state.clock())
            if (
                not others
                or not _is_unavailable(error)
                or (settings.deadline is not None and settings.deadline <= 0)
                # Without a token, the exchange failed: no model was asked, and another one would not be either.
                or state.token_at_hand() is None
            ):
                if failed:
                    error.details["fallbacks"] = {each.model: str(each.error) for each in failed}
                raise
            failed = (*failed, ModelAttempt(model, cost_of(error), error.with_traceback(None)))
        model = others.pop(0)
        changed = {**arguments, "model": model}
        if "/" in model:
            changed.pop("provider", None)
        call, _ = make_call(changed)
        if key is not None:
            # The key stands for one request; with another model, it is another request.
            digest = hashlib.sha256(f"{key}\n{model}".encode()).hexdigest()
            settings = settings._replace(idempotency_key=digest)


def _is_unavailable(error: IndoxRouterError) -> bool:
    """Whether an error says that the model cannot answer now, and reports no cost."""
    if charged_usage(error) is not None:
        return False
    return (
        isinstance(error, ProviderError)
        or (error.status_code or 0) >= 500
        or error.error_type == "first_token_timeout"
    )


def _provider_of(model: str, provider: object) -> str:
    return model.partition("/")[0].strip().lower() if "/" in model else str(provider or "").strip().lower()
