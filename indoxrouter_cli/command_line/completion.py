"""Values that the shell completes, and the options and arguments that have them.

All are found when they are asked for: a command that is run for its own sake imports nothing for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..session.session import Session

__all__ = [
    "Completer",
    "capabilities",
    "files",
    "job_argument",
    "model_option",
    "profiles",
    "providers",
    "values_of",
    "values_of_codec",
]

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
"""What a model has to be able to do for a command, in the words of catalogues and of the paths that list models."""

_BATCH = {"chat": "chat", "completion": "complete", "embeddings": "embed"}

# Shells put a completion on the line as it is, and some words come from a server: none may hold what a shell obeys.
_HARMLESS = re.compile(r"[\w./:@+,%-]+")


def _completer(find: Callable[[Session, click.Context], Iterable[str]]) -> Completer:
    """Offer the words found that begin with what is typed. What cannot be found out is not offered, without a word."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from ..base.errors import CommandError
        from ..session.session import Session

        try:
            found = sorted(set(find(Session.of(context), context)))
        except CommandError:  # settings that are wrong: the command will say so, a key press is not the place
            return []
        return [word for word in found if word.startswith(incomplete) and _HARMLESS.fullmatch(word)]

    return complete


def _known(session: Session) -> dict[str, list[str]]:
    from ..session.cache import known_models

    return known_models(session.settings.base_url)


def _models_for(command: str) -> Completer:
    def find(session: Session, context: click.Context) -> Iterable[str]:
        commands = [command]
        if command == "batch":
            method = context.params.get("method")
            commands = [name for key, name in _BATCH.items() if method in (None, key)]
        wanted = {word for name in commands for word in _CAPABILITIES[name]}
        known = _known(session)
        # A catalogue that says nothing of it, or says it in other words, is offered as a whole.
        return [name for name, able in known.items() if wanted.intersection(able)] or known

    return _completer(find)


def model_option(command: str, text: str = "The model, as provider/model.") -> Callable[[F], F]:
    """The option `--model` of a command, with the models that can do what the command does."""
    return click.option("-m", "--model", metavar="MODEL", help=text, shell_complete=_models_for(command))


def _find_jobs(session: Session, context: click.Context) -> Iterable[str]:
    from ..session.cache import known_jobs

    return known_jobs(session.settings.base_url)


def job_argument() -> Callable[[F], F]:
    """The argument `JOB_ID`, with the jobs that were made or listed here."""
    return click.argument("job_id", shell_complete=_completer(_find_jobs))


def _find_profiles(session: Session, context: click.Context) -> Iterable[str]:
    from ..session.config import config_path, load_profiles
    from ..session.session import META

    return load_profiles(config_path(context.meta.get(f"{META}config")))[1]


def values_of_codec(codec: Any) -> list[str]:
    """The values that the spec names for a field, as they are typed."""
    name = type(codec).__name__
    if name == "Boolean":
        return ["true", "false"]
    if name == "Nullable":
        return values_of_codec(codec.inner)
    if name == "AliasRef":
        return values_of_codec(codec.target)
    if name == "Union":
        return [value for variant in codec.variants for value in values_of_codec(variant.codec)]
    if name == "Const":
        return [codec.value] if isinstance(codec.value, str) else []
    return [str(value) for value in codec.values] if name == "Enumeration" else []


def values_of(method: str) -> Completer:
    """The values that the spec names for the field behind an option, by the client's method."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from indoxrouter.facade_entries import ENTRIES

        from .operation_arguments import arguments_of

        for argument in arguments_of(ENTRIES[method].load()):
            if argument.name == parameter.name:
                return [value for value in values_of_codec(argument.codec) if value.startswith(incomplete)]
        return []

    return complete


def files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to complete a file; after an `@` there is none to complete."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


profiles: Completer = _completer(_find_profiles)
"""The profiles of the configuration file."""

providers: Completer = _completer(lambda session, _: (name.partition("/")[0] for name in _known(session)))
"""Who offers models."""

capabilities: Completer = _completer(
    lambda session, _: (word for able in _known(session).values() for word in able)
)
"""What models can do, in the words of the server."""
