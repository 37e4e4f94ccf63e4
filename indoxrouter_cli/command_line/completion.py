"""Completion of values, and the options and arguments that use it.

Values are looked up only when a shell asks for them: a command that is executed imports nothing for completion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..base.errors import CommandError
from ..session.cache import cached_jobs, cached_models
from ..session.config import config_path, load_profiles
from ..session.session import META, Session

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..session.session import Session

F = TypeVar("F", bound=Callable[..., Any])
Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem] | list[str]"]

_CAPABILITIES = {
    "chat": {"chat"},
    "complete": {"completion", "text_completions"},
    "embed": {"embedding", "embeddings"},
    "image": {"image", "image_generation"},
    "speak": {"text_to_speech"},
    "transcribe": {"speech_to_text"},
    "translate": {"speech_to_text"},
    "video": {"video", "video_generation"},
}
"""The capabilities that a command needs, by the names that servers use in their lists of models."""

_BATCH_COMMANDS = {"chat": "chat", "completion": "complete", "embeddings": "embed"}

# Shells insert completions verbatim, and some words come from a server: none may contain shell syntax.
_SAFE_WORD = re.compile(r"[\w./:@+,%-]+")


def _make_completer(find: Callable[[Session, click.Context], Iterable[str]]) -> Completer:
    """A completer that offers the found words with the typed prefix. Errors are ignored: nothing is offered then."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        try:
            found = sorted(set(find(Session.of(context), context)))
        except CommandError:  # invalid settings: the command reports them when it is run
            return []
        return [word for word in found if word.startswith(incomplete) and _SAFE_WORD.fullmatch(word)]

    return complete


def _cached_models(session: Session) -> dict[str, list[str]]:
    return cached_models(session.settings.base_url)


def _models_for(command: str) -> Completer:
    def find(session: Session, context: click.Context) -> Iterable[str]:
        commands = [command]
        if command == "batch":
            method = context.params.get("method")
            commands = [name for key, name in _BATCH_COMMANDS.items() if method in (None, key)]
        wanted = {word for name in commands for word in _CAPABILITIES[name]}
        known = _cached_models(session)
        # If no model has the capability, the server does not list capabilities or names them differently: offer all.
        return [name for name, able in known.items() if wanted.intersection(able)] or known

    return _make_completer(find)


def model_option(command: str, text: str = "The model, as provider/model.") -> Callable[[F], F]:
    """The option `--model` of a command; it completes models with the capability that the command needs."""
    return click.option("-m", "--model", metavar="MODEL", help=text, shell_complete=_models_for(command))


def _find_jobs(session: Session, context: click.Context) -> Iterable[str]:
    return cached_jobs(session.settings.base_url)


def job_argument() -> Callable[[F], F]:
    """The argument `JOB_ID`; it completes the jobs that were created or listed on this machine."""
    return click.argument("job_id", shell_complete=_make_completer(_find_jobs))


def _find_profiles(session: Session, context: click.Context) -> Iterable[str]:
    return load_profiles(config_path(context.meta.get(f"{META}config")))[1]


def codec_values(codec: Any) -> list[str]:
    """The values that the spec lists for a field, as a user types them."""
    name = type(codec).__name__
    if name == "Boolean":
        return ["true", "false"]
    if name == "Nullable":
        return codec_values(codec.inner)
    if name == "AliasRef":
        return codec_values(codec.target)
    if name == "Union":
        return [value for variant in codec.variants for value in codec_values(variant.codec)]
    if name == "Const":
        return [codec.value] if isinstance(codec.value, str) else []
    return [str(value) for value in codec.values] if name == "Enumeration" else []


def complete_values(method: str) -> Completer:
    """A completer for the values that the spec lists for the option's field, by the client's method."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from indoxrouter.facade_entries import ENTRIES  # cost: loads the client

        from .operation_arguments import list_arguments  # cost: loads the client

        for argument in list_arguments(ENTRIES[method].load()):
            if argument.name == parameter.name:
                return [value for value in codec_values(argument.codec) if value.startswith(incomplete)]
        return []

    return complete


def complete_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell complete a file name."""
    from click.shell_completion import CompletionItem  # cost: for Tab only

    return [CompletionItem(incomplete, type="file")]


complete_profiles: Completer = _make_completer(_find_profiles)
"""The profiles of the configuration file."""

complete_providers: Completer = _make_completer(
    lambda session, _: (name.partition("/")[0] for name in _cached_models(session))
)
"""The providers of models."""

complete_capabilities: Completer = _make_completer(
    lambda session, _: (word for able in _cached_models(session).values() for word in able)
)
"""The capabilities of models, by the server's names."""
