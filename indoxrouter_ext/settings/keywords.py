"""Keywords that a documented method does not name: options of the call, provider parameters, and mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.type_guards import is_mapping
from indoxrouter.errors import InvalidParametersError

from .values import OPTIONS, Settings

__all__ = ["PROVIDER_PARAMETERS", "refuse_unknown", "settings_for_call", "split_keywords"]

PROVIDER_PARAMETERS = "provider_params"
"""The keyword for provider parameters of any name."""

# Names that other SDKs use, and what to use here. A tuple lists arguments, of which the method's own is meant.
_OTHER_NAMES: dict[str, str | tuple[str, ...]] = {
    "extra_headers": "headers",
    "default_headers": "headers",
    "request_timeout": "timeout",
    "num_retries": "max_retries",
    "extra_body": PROVIDER_PARAMETERS,
    "extra_query": "the documented arguments, because the API has no other query parameters",
    "default_query": "the documented arguments, because the API has no other query parameters",
    "base_url": "Client(base_url=…) or client.set_base_url(…), because it belongs to the client",
    "api_base": "Client(base_url=…), because it belongs to the client",
    "api_key": "Client(api_key=…), or byok_api_key for the key of a provider",
    "input": ("text", "prompt", "messages"),
    "prompt": ("messages", "input", "text"),
    "messages": ("prompt", "text", "input"),
}

# Parameters of providers whose names are close to a name of ours.
_OF_PROVIDERS = frozenset({"models", "top_k", "top_a", "min_tokens", "max_new_tokens", "repetition_penalty"})


def split_keywords(
    method: str, known: Iterable[str], keywords: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the call, and the parameters for the provider, among the keywords that a method does not name.

    Args:
        method: name of the method.
        known: names of its arguments.
        keywords: the keywords. `provider_params` holds provider parameters of any name.

    Raises:
        InvalidParametersError: for a name of another SDK, and for a misspelt argument or option.
    """
    options: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    names = tuple(known)
    for name, value in keywords.items():
        if name in OPTIONS:
            options[name] = value
        elif name == PROVIDER_PARAMETERS:
            continue
        else:
            meant = _meant(name, names)
            if meant is not None:
                raise InvalidParametersError(
                    f"{name}: {method}() has no such argument; use {meant}. "
                    f"A provider parameter of this name: {PROVIDER_PARAMETERS}={{{name!r}: …}}",
                    argument=name,
                )
            parameters[name] = value
    unchecked: Any = keywords.get(PROVIDER_PARAMETERS)
    if unchecked is not None:
        if not is_mapping(unchecked):
            raise_invalid_argument(PROVIDER_PARAMETERS, unchecked, "a mapping")
        for name, value in unchecked.items():
            if name in parameters:
                raise_invalid_argument(
                    name, value, f"the parameter once; it is in {PROVIDER_PARAMETERS} as well"
                )
            parameters[name] = value
    return options, parameters


@lru_cache(maxsize=256)
def _meant(name: str, known: tuple[str, ...]) -> str | None:
    """What the caller meant by a name; None if it can be a provider parameter."""
    other = _OTHER_NAMES.get(name)
    if isinstance(other, tuple):
        other = next((argument for argument in other if argument in known), None)
    if other is not None:
        return other
    if name in _OF_PROVIDERS:
        return None
    near = _like(name, [*known, *OPTIONS, PROVIDER_PARAMETERS], cutoff=0.8)
    return near[0] if near else None


def _like(name: str, words: list[str], cutoff: float = 0.6) -> list[str]:
    """The two words that are most like a name, the best first."""
    import difflib  # cost: few calls have keywords that the method does not name

    return difflib.get_close_matches(name, words, n=2, cutoff=cutoff)


def refuse_unknown(method: str, known: Iterable[str], name: str) -> None:
    """Raise `InvalidParametersError` for a keyword of a method that takes no provider parameters."""
    names = list(known)
    near = _like(name, [*names, *OPTIONS])
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?" if near else f"it takes {', '.join(names) or 'none'}"
    )
    raise InvalidParametersError(f"{name}: {method}() has no such argument; {hint}", argument=name)


def settings_for_call(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """The settings of one call.

    Raises:
        InvalidParametersError: for an option with a wrong value; names it.
    """
    if not options:
        return settings
    try:
        return settings.changed(**options)
    except ValueError as error:
        problem = str(error)
    raise InvalidParametersError(problem, argument=problem.partition(":")[0].partition(".")[0])
