"""The program `indoxrouter`: its options and the table of its commands."""

from __future__ import annotations

import click

from .base import exit_codes
from .command_line.groups import LazyGroup, common_options

SECTIONS = {
    "Generate": {
        "chat": ("generate.chat", "Chat with a model: one question, a pipe, or a conversation."),
        "complete": ("generate.complete", "Continue a text."),
        "embed": ("generate.embed", "Turn texts into vectors."),
        "image": ("generate.image", "Generate images from a prompt."),
        "speak": ("generate.speak", "Turn text into speech."),
        "transcribe": ("generate.transcribe", "Transcribe recordings."),
        "translate": ("generate.translate", "Translate recordings into English text."),
        "video": ("generate.video", "Generate videos: submit, wait, download, resume."),
        "batch": ("generate.batch", "Run many requests from a file; resumable."),
    },
    "Account and service": {
        "models": ("account.models", "List the models with prices and capabilities."),
        "usage": ("account.usage", "Show usage and cost."),
        "whoami": ("account.whoami", "Show the account that the key belongs to."),
        "keys": ("account.keys", "List, create, revoke and delete API keys."),
        "doctor": ("account.doctor", "Diagnose problems with the connection or the key."),
    },
    "Tools": {
        "api": ("tools.api", "Call any operation of the API."),
        "config": ("tools.config", "Show the settings and their sources; create a configuration file."),
        "completion": ("tools.completion", "Print the completion script for your shell."),
        "mock": ("tools.mock", "Run a mock server of the API."),
    },
}


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from indoxrouter_ext._version import __version__  # optional: without the client, the message names it

        click.echo(f"indoxrouter {__version__}")
        context.exit()


def _codes() -> str:
    lines = "\n".join(f"  {code:<4} {meaning}" for code, meaning in exit_codes.MEANINGS.items())
    return f"\b\nExit codes:\n{lines}"


app = LazyGroup(
    "indoxrouter",
    sections=SECTIONS,
    help="The IndoxRouter API on the command line.\n\n"
    "The API key is read from the environment variable INDOX_ROUTER_API_KEY or from the file "
    "~/.config/indoxrouter/config.toml. There is no option for it, because other users can read command lines. "
    "Results are written to the standard output, everything else to the standard error.",
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
