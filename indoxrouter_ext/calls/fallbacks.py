"""Other models for a call whose model is unavailable: `fallback_models`. No I/O; the clients send what is chosen here.

Another model is asked when the documented error says that the model or its provider failed, after a status from 500
upwards that retries did not overcome, and when a stream had no event before its `first_token_timeout`. It is never
asked after any part of an answer was received, nor after a failure whose cost was reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter.errors import ProviderError

from .answer import ModelAttempt
from .observation import charged_usage

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..settings.values import Settings
    from .client_state import ClientState

MakeCall = Callable[[dict[str, Any]], "tuple[Call[Any], Settings]"]


class ModelFallbacks:
    """The requests of one call, for one model after another.

    Attributes:
        current: the request for the present model, and its settings.

    Args:
        state: of the client. Its clock bounds all models together by the `deadline` of the call.
        arguments: the named arguments of the method; they are read again for each model.
        make_call: makes the request and its settings from such arguments.
        named: whether the call itself has the option, not only its client.

    Raises:
        InvalidParametersError: when a model is of another provider than the caller's own provider key, and for the
            option of a call that asks no model.
    """

    def __init__(
        self, state: ClientState, arguments: Mapping[str, Any], make_call: MakeCall, *, named: bool
    ) -> None:
        self._state = state
        self._arguments = arguments
        self._make_call = make_call
        self._began = state.clock()
        self._failed: tuple[ModelAttempt, ...] = ()
        call, settings = make_call(dict(arguments))
        self._models: list[str] = []
        if named and settings.fallback_models and call.operation.retry != "billed":
            expected = "none, because this method asks no model"
            raise_invalid_argument("fallback_models", settings.fallback_models, expected)
        if call.operation.retry == "billed" and settings.fallback_models:
            self._models = [str(arguments.get("model") or ""), *settings.fallback_models]
            settings = settings._replace(models=(ModelAttempt(self._models[0], None, None),))
            provider = arguments.get("provider")
            if (
                arguments.get("byok_api_key") is not None
                and len({_provider_of(model, provider) for model in self._models}) > 1
            ):
                raise_invalid_argument(
                    "fallback_models", self._models[1:], "models of the provider that byok_api_key is for"
                )
        self._settings = settings
        self.current = (call, settings)

    def go_on_after(self, error: IndoxRouterError) -> bool:
        """Go on to the next model. Returns False if the error is to be raised; its details name the models before it.

        Args:
            error: what the present model failed with.
        """
        number = len(self._failed) + 1
        settings = self._settings
        if settings.deadline is not None:
            settings = settings._replace(deadline=self._began + settings.deadline - self._state.clock())
        if (
            number >= len(self._models)
            or not _is_unavailable(error)
            or (settings.deadline is not None and settings.deadline <= 0)
            # Without a token, the exchange failed: no model was asked, and another one would not be either.
            or self._state.token_at_hand() is None
        ):
            if self._failed:
                error.details["fallbacks"] = {each.model: str(each.error) for each in self._failed}
            return False
        failed = ModelAttempt(self._models[number - 1], _cost_of(error), error.with_traceback(None))
        self._failed = (*self._failed, failed)
        model = self._models[number]
        arguments = {**self._arguments, "model": model}
        if "/" in model:
            arguments.pop("provider", None)
        call, _ = self._make_call(arguments)
        if settings.idempotency_key is not None:
            # The key stands for one request; with another model, it is another request.
            key = hashlib.sha256(f"{settings.idempotency_key}\n{model}".encode()).hexdigest()
            settings = settings._replace(idempotency_key=key)
        self.current = (call, settings._replace(models=(*self._failed, ModelAttempt(model, None, None))))
        return True


def _is_unavailable(error: IndoxRouterError) -> bool:
    """Whether an error says that the model cannot answer now, and reports no cost."""
    if charged_usage(error) is not None:
        return False
    return (
        isinstance(error, ProviderError)
        or (error.status_code or 0) >= 500
        or error.error_type == "first_token_timeout"
    )


def _cost_of(error: IndoxRouterError) -> float | None:
    """0.0 if the server refused each request; None if it may have been charged, which the server did not report."""
    refused = [(attempt.status or 0) // 100 == 4 or attempt.status == 503 for attempt in error.attempts]
    return 0.0 if refused and all(refused) else None


def _provider_of(model: str, provider: object) -> str:
    return model.partition("/")[0].strip().lower() if "/" in model else str(provider or "").strip().lower()
