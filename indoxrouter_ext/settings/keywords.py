"""Keywords that a documented method does not name: options of the call, provider parameters, and mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.codecs.base import near_names, nearest, raise_invalid_argument
from indoxrouter._runtime.models.schema import schema_of
from indoxrouter._runtime.values.json import is_mapping
from indoxrouter.about import OPERATIONS
from indoxrouter.errors import InvalidParametersError

from .values import OF_CLIENT, OPTIONS, OTHER_NAMES, Settings

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.facade_entry import FacadeEntry
    from indoxrouter._runtime.operations.operation import Operation

PROVIDER_PARAMETERS = "provider_params"
"""The keyword for provider parameters of any name."""

# Names that other SDKs use, and what to use here. A tuple lists arguments, of which the method's own is meant.
_OTHER_NAMES: dict[str, str | tuple[str, ...]] = {
    **OTHER_NAMES,
    "extra_body": PROVIDER_PARAMETERS,
    "extra_query": "the documented arguments, because the API has no other query parameters",
    "default_query": "the documented arguments, because the API has no other query parameters",
    "api_key": "Client(api_key=…), or byok_api_key for the key of a provider",
    "response_model": "response_format",
    "response_format": PROVIDER_PARAMETERS,
    "model_name": "model",
    "temp": ("temperature",),
    "msgs": ("messages",),
    "history": ("messages",),
    **dict.fromkeys(("system", "system_prompt", "system_instruction"), "a message with the role 'system'"),
    "instructions": ("instructions", "messages"),
    **dict.fromkeys(("max_output_tokens", "max_length"), ("max_tokens",)),
    **dict.fromkeys(("num_images", "num_outputs", "number"), ("n",)),
    "speaker": ("voice",),
    "ratio": ("aspect_ratio",),
    "duration_seconds": ("duration",),
    "path": ("file",),
    **dict.fromkeys(("text_format", "output_schema"), "response_format"),
    "input": ("text", "file", "prompt", "messages"),
    "prompt": ("messages", "input", "text"),
    "messages": ("prompt", "text", "input"),
    "text": ("input", "prompt", "messages"),
    "audio": ("file",),
    "stream": "chat() or completion(), which have streams",
}

# Methods of openai's client, by their path, and ours.
_OTHER_METHODS = {
    "chat.completions": "client.chat(messages, model=…)",
    "chat.create": "client.chat(messages, model=…)",
    "chat.with_raw_response": "client.with_raw_response(client.chat, messages)",
    "with_raw_response.chat": "client.with_raw_response(client.chat, messages)",
    "completions.create": "client.completions(prompt, model=…)",
    "embeddings.create": "client.embeddings(text, model=…)",
    "images.generate": "client.images(prompt, model=…)",
    "images.create": "client.images(prompt, model=…)",
    "videos.create": "client.videos(prompt, model=…)",
    "models.list": "client.models()",
    "models.retrieve": "client.get_model_info(provider, model)",
    "responses": "client.chat(messages, model=…)",
    "messages": "client.chat(messages, model=…)",
    "beta": "client.chat(messages, response_format=…)",
    "audio": "client.text_to_speech(text), client.speech_to_text(file) or client.translate_audio(file)",
    "stream": "client.chat(messages, stream=True)",
    **dict.fromkeys(("moderations", "files", "images.edit", "images.create_variation", "fine_tuning")),
    **dict.fromkeys(
        ("chat.complete", "chat.send_message", "ask", "invoke", "generate"), "client.chat(messages, model=…)"
    ),
    "batches": "AsyncClient.map(requests)",
    "map": "AsyncClient.map(requests)",
    "copy": "client.with_options(…)",
    "chat.stream": "client.chat(messages, stream=True)",
    "stream_chat": "client.chat(messages, stream=True)",
    "tts": "client.text_to_speech(text)",
    "transcribe": "client.speech_to_text(file)",
    "get_user": "client.get_user_info()",
    **dict.fromkeys(("balance", "credits"), "client.get_user_info().credits"),
    "generate_image": "client.images(prompt, model=…)",
    "count_tokens": "response.usage of a call",
}
_GUIDE = "docs/guides/migrating.md lists what is called otherwise here"

# Parameters of providers whose names are close to a name of ours.
_OF_PROVIDERS = frozenset({"models", "top_k", "top_a", "min_tokens", "max_new_tokens", "repetition_penalty"})


def split_keywords(
    method: str, known: Iterable[str], keywords: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the call, and the parameters for the provider, among the keywords that a method does not name.

    `provider_params` among them holds provider parameters of any name.

    Raises:
        InvalidParametersError: for a name of another SDK, and for a misspelt argument or option.
    """
    options: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    names = tuple(known)
    for name, value in keywords.items():
        if name in OPTIONS:
            options[name] = value
        elif name != PROVIDER_PARAMETERS:
            meant = _meant(name, names)
            if meant is not None:
                raise InvalidParametersError(
                    f"{name}: {method}() has no such argument; use {meant}. "
                    f"A provider parameter of this name: {PROVIDER_PARAMETERS}={{{name!r}: …}}",
                    argument=name,
                )
            parameters[name] = value
    unchecked: Any = keywords.get(PROVIDER_PARAMETERS)
    if unchecked is not None and not is_mapping(unchecked):
        raise_invalid_argument(PROVIDER_PARAMETERS, unchecked, "a mapping")
    return options, joined(unchecked, parameters, PROVIDER_PARAMETERS)


def joined(first: Mapping[str, Any] | None, more: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Two mappings as one; raises `InvalidParametersError` for a name in both. `place` is the argument `first`."""
    for name, value in more.items():
        if first is not None and name in first:
            raise_invalid_argument(name, value, f"the parameter once; it is in {place} as well")
    return {**more, **(first or {})}


class _Elsewhere:
    """Stands for a name of another SDK: whatever is done with it raises the hint."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, *_: object, **__: object) -> Any:
        raise AttributeError(_hint(self._path))

    __call__ = __getattr__


def _hint(path: str) -> str:
    ours = _OTHER_METHODS[path]
    return f"client.{path} is not here; " + (
        f"use {ours}. {_GUIDE}" if ours else "this API has nothing of the kind"
    )


def mark_methods(facade: type[Any]) -> None:
    """Let `client.chat.completions.create(…)` and the like say what to call instead."""
    for path in _OTHER_METHODS:
        method, dot, name = path.partition(".")
        if dot:
            setattr(getattr(facade, method), name, _Elsewhere(path))


def missing_attribute(client: object, name: str) -> AttributeError:
    """The error for an attribute that a client does not have, with the name that was meant."""
    kind = type(client).__name__
    if name in _OTHER_METHODS:
        return AttributeError(_hint(name))
    public = [each for each in dir(type(client)) if not each.startswith("_")]
    given = name in (*OPTIONS, *OF_CLIENT)
    hint = f"it is an argument of {kind}(), and not shown" if given else near_names(name, public, _GUIDE)
    return AttributeError(f"{kind} has no {name!r}; {hint}")


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
    names = (*known, *OPTIONS, PROVIDER_PARAMETERS)
    letters = _letters(name)  # the same in another case, without underscores, or with two of them exchanged
    near = [each for each in names if _letters(each) == letters] or nearest(name, names, cutoff=0.8)
    return near[0] if near else None


def _letters(name: str) -> list[str]:
    return sorted(name.replace("_", "").lower())


def only_options(method: str, known: Iterable[str], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that a method does not name, where it takes no provider parameters: all are options of the call.

    Raises:
        InvalidParametersError: for any other name.
    """
    for name in keywords:
        if name not in OPTIONS:
            names = tuple(known)
            meant = _meant(name, names)
            if meant == PROVIDER_PARAMETERS:
                meant = "additional_params" if "additional_params" in names else None
            hint = near_names(name, (*names, *OPTIONS), f"it takes {', '.join(names) or 'none'}", count=2)
            if meant is not None and repr(meant) not in hint:
                hint = f"use {meant}"
            raise InvalidParametersError(f"{name}: {method}() has no such argument; {hint}", argument=name)
    return dict(keywords)


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


def settings_of_operation(
    settings: Settings, operation: Operation[Any], options: Mapping[str, Any]
) -> Settings:
    """The settings of one call of `client.api`.

    Raises:
        InvalidParametersError: for a name that is not an option of a call, for an option with a wrong value, and for
            other models than that of the call: only the methods of the client ask them.
    """
    if not options and not (settings.fallback_models and operation.retry == "billed"):
        return settings
    method = OPERATIONS[operation.id][1]
    if options.get("fallback_models", operation.retry == "billed" and settings.fallback_models):
        raise InvalidParametersError(
            f"fallback_models: api.{method}() asks one model; the methods of the client ask others as well. "
            "To ask one, pass fallback_models=[]",
            argument="fallback_models",
        )
    names = [parameter.name for parameter in operation.parameters]
    for body in operation.bodies[:1]:
        schema = schema_of(body.codec)
        names += [] if schema is None else schema.by_name
    return settings_for_call(settings, only_options(method, names, options))


def refuse_missing(entry: FacadeEntry, name: str) -> None:
    """Raise `InvalidParametersError` for a required argument that is missing; see `required_inside`."""
    name = entry.rename.get(name, name)
    raise InvalidParametersError(f"{name}: required by {entry.name}(), but missing", argument=name)


def refuse_setting(name: str) -> None:
    """Raise `AttributeError` for an option that is set as an attribute of a client, where no call would read it."""
    if name in OPTIONS or name in ("api_key", "base_url", "auto_refresh"):
        raise AttributeError(
            f"{name}: a client does not change; make another one, as with_options({name}=…) does"
        )
