"""The program `indoxrouter`: its options and the table of its commands."""

from __future__ import annotations

import click

from .base import exit_codes
from .command_line.groups import LazyGroup, common_options

__all__ = ["app"]

SECTIONS = {
    "Generate": {
        "chat": ("generate.chat", "Talk with a model: one question, a pipe, or a conversation."),
        "complete": ("generate.complete", "Continue a text."),
        "embed": ("generate.embed", "Turn texts into vectors."),
        "image": ("generate.image", "Make images from a prompt."),
        "speak": ("generate.speak", "Turn text into speech."),
        "transcribe": ("generate.transcribe", "Write down what recordings say."),
        "translate": ("generate.translate", "Write down in English what recordings say."),
        "video": ("generate.video", "Make videos: submit, wait, download, resume."),
        "batch": ("generate.batch", "Run thousands of requests from a file, resumably."),
    },
    "Look around": {
        "models": ("account.models", "List the models with prices and capabilities."),
        "usage": ("account.usage", "Show what was used and what it cost."),
        "whoami": ("account.whoami", "Show the account behind the key."),
        "keys": ("account.keys", "List, make, revoke and delete API keys."),
        "doctor": ("account.doctor", "Find out why it does not work."),
    },
    "Tools": {
        "api": ("tools.api", "Call any operation of the API."),
        "config": ("tools.config", "Show where settings come from; begin a configuration file."),
        "completion": ("tools.completion", "Print the script that completes commands in your shell."),
        "mock": ("tools.mock", "Run a mock of the service to try things on."),
    },
}


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from indoxrouter_ext._version import __version__

        click.echo(f"indoxrouter {__version__}")
        context.exit()


def _codes() -> str:
    lines = "\n".join(f"  {code:<4} {meaning}" for code, meaning in exit_codes.MEANINGS.items())
    return f"\b\nExit codes:\n{lines}"


app = LazyGroup(
    "indoxrouter",
    sections=SECTIONS,
    help="The IndoxRouter API on the command line.\n\n"
    "The API key comes from the environment variable INDOX_ROUTER_API_KEY or from the file "
    "~/.config/indoxrouter/config.toml; there is no option for it, because a command line can be read by others. "
    "Results go to the standard output, all else to the standard error.",
    epilog=_codes(),
    params=[
        *common_options(hidden=False),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Show the version and exit.",
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
