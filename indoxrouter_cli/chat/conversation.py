"""A conversation at a terminal: history, slash commands, and Ctrl-C to stop a single answer."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indoxrouter.errors import IndoxRouterError

from ..base.errors import CommandError, suggest
from ..diagnosis.explanation import explain
from ..files.attachments import build_content
from ..output.files import check_writable
from ..output.formatting import format_usd, pluralize
from ..output.json_text import dump_json
from .stream_view import stream_chat, view_for

if TYPE_CHECKING:
    from ..session.session import Session

_HISTORY_LINES = 1000

_HELP = """\
/model [NAME]    show or change the model
/system [TEXT]   show or set the system message
/file PATH       attach a text or an image to the next question
/save FILE       save the conversation: Markdown, or JSON for FILE.json
/load FILE       continue a conversation saved as JSON
/undo            remove the last question and its answer
/clear           remove all questions and answers
/cost            show the cost so far
/quit            leave (or press Ctrl-D)
A line that ends with \\ continues on the next line. Ctrl-C stops an answer and keeps the part received."""


class Conversation:
    """The loop of questions and answers.

    Args:
        session: of the run.
        messages: the first messages of the conversation.
        options: arguments for each call.
        markdown: whether answers are rendered.
    """

    def __init__(
        self, session: Session, messages: list[Any], options: dict[str, Any], *, markdown: bool
    ) -> None:
        self._session = session
        self._messages = messages
        self._options = options
        self._markdown = markdown
        self._attached: list[Path] = []
        self._cost = 0.0
        self._answers = 0

    def run(self, first: str = "", files: tuple[Path, ...] = ()) -> None:
        """Read questions and show answers until the user leaves.

        Args:
            first: a question that was given on the command line.
            files: attachments of the first question.
        """
        self._attached.extend(files)
        history = _open_history()
        model = self._options.get("model", "the default model")
        self._print_note(f"Chatting with {model}. /help lists the commands, Ctrl-D leaves.")
        try:
            while True:
                line = first or self._read_question()
                first = ""
                if line is None:
                    return
                try:
                    if line.startswith("/"):
                        if not self._run_command(line):
                            return
                    elif line.strip():
                        self._ask(line)
                except KeyboardInterrupt:  # before the answer began: the conversation is unchanged
                    self._print_note("Stopped.")
        finally:
            _save_history(history)
            if self._answers:
                self._print_note(f"{pluralize(self._answers, 'answer')}, {format_usd(self._cost)}.")

    def _print_note(self, text: str) -> None:
        self._session.err.print(text, style="dim")

    def _print_error(self, report: Any) -> None:
        self._session.err.print(f"error: {report.message}", style="red")
        if report.hint:
            self._session.err.print(f"       {report.hint}", style="dim")

    def _read_question(self) -> str | None:
        """A question: one line, or several that end with a backslash. None to leave."""
        lines: list[str] = []
        while True:
            try:
                line = input("… " if lines else "> ")
            except EOFError:
                sys.stdout.write("\n")
                return None
            except KeyboardInterrupt:
                # At the prompt, Ctrl-C discards the typed line, as in a shell.
                sys.stdout.write("\n")
                lines.clear()
                continue
            if line.endswith("\\"):
                lines.append(line[:-1])
                continue
            return "\n".join([*lines, line])

    def _ask(self, text: str) -> None:
        try:
            question = {"role": "user", "content": build_content(text, tuple(self._attached))}
        except CommandError as error:
            self._attached.clear()
            self._print_error(error.report)
            return
        except IndoxRouterError as error:
            self._attached.clear()
            self._print_error(explain(error, self._session))
            return
        view = view_for(self._session, markdown=self._markdown)
        try:
            turn = stream_chat(self._session, view, [*self._messages, question], self._options)
        except IndoxRouterError as error:
            self._print_error(explain(error, self._session))
            partial = error.partial.text if error.partial is not None else ""
            if not partial:
                return  # no text arrived: the question is dropped and can be asked again
            self._messages += [question, {"role": "assistant", "content": partial}]
            self._attached.clear()
            return
        self._attached.clear()
        if turn.stopped:
            self._print_note("Stopped.")
        self._cost += turn.response.cost or 0.0
        self._answers += 1
        if turn.response.text:
            self._messages += [question, {"role": "assistant", "content": turn.response.text}]

    def _run_command(self, line: str) -> bool:
        """Run a slash command. Returns False to leave."""
        name, _, rest = line[1:].partition(" ")
        commands = {
            "help": self._help,
            "model": self._set_model,
            "system": self._set_system,
            "file": self._attach,
            "save": self._save,
            "load": self._load,
            "undo": self._undo,
            "clear": self._clear,
            "cost": self._show_cost,
        }
        if name in ("quit", "exit"):
            return False
        handler = commands.get(name)
        if handler is None:
            matches = suggest(name, [*commands, "quit"])
            self._print_note(
                f"Unknown command /{name}."
                + (f" Did you mean /{matches[0]}?" if matches else " /help lists the commands.")
            )
            return True
        try:
            handler(rest.strip())
        except CommandError as error:
            self._print_error(error.report)
        return True

    def _help(self, rest: str) -> None:
        self._print_note(_HELP)

    def _set_model(self, name: str) -> None:
        if not name:
            self._print_note(f"The model is {self._options.get('model', 'the default model')}.")
            return
        try:
            known = [entry.name for entry in self._session.catalog()]
        except IndoxRouterError:  # the next question will report the error
            known = []
        if known and name not in known:
            matches = suggest(name, known)
            hint = (
                f"Did you mean {' or '.join(matches)}?"
                if matches
                else "`indoxrouter models` lists all models."
            )
            raise CommandError(f"Unknown model {name!r}.", hint)
        self._options["model"] = self._session.model_in_use = name
        self._print_note(f"The model is now {name}.")

    def _set_system(self, text: str) -> None:
        has_one = bool(self._messages) and self._messages[0]["role"] == "system"
        if not text:
            self._print_note(self._messages[0]["content"] if has_one else "No system message is set.")
            return
        if has_one:
            del self._messages[0]
        self._messages.insert(0, {"role": "system", "content": text})
        self._print_note("The system message is replaced." if has_one else "The system message is set.")

    def _attach(self, name: str) -> None:
        path = Path(name).expanduser()
        if not path.is_file():
            raise CommandError(f"{path}: no such file")
        self._attached.append(path)
        self._print_note(f"{path.name} is attached to the next question.")

    def _save(self, name: str) -> None:
        if not name:
            raise CommandError("/save needs a file name.")
        path = Path(name).expanduser()
        if path.is_file():
            raise CommandError(f"{path}: this file exists", "Choose another name.")
        check_writable(path, force=False)
        if path.suffix == ".json":
            text = (
                dump_json({"model": self._options.get("model"), "messages": self._messages}, indent=2) + "\n"
            )
        else:
            text = (
                "\n\n".join(
                    f"**{message['role']}**\n\n{_message_text(message['content'])}"
                    for message in self._messages
                )
                + "\n"
            )
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from None
        self._print_note(f"Saved to {path}.")

    def _load(self, name: str) -> None:
        path = Path(name).expanduser()
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            messages = [dict(message) for message in document["messages"]]
            if not all("role" in message and "content" in message for message in messages):
                raise ValueError
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError):
            raise CommandError(f"{path}: not a conversation that /save wrote as JSON") from None
        self._messages[:] = messages
        if isinstance(document.get("model"), str):
            self._options["model"] = document["model"]
        self._print_note(f"Loaded {pluralize(len(messages), 'message')}.")

    def _undo(self, rest: str) -> None:
        if not self._messages or self._messages[-1]["role"] != "assistant":
            self._print_note("There is nothing to undo.")
            return
        del self._messages[-2:]
        left = sum(message["role"] == "user" for message in self._messages)
        self._print_note(f"Removed the last question and its answer; {pluralize(left, 'question')} left.")

    def _clear(self, rest: str) -> None:
        kept = [message for message in self._messages if message["role"] == "system"]
        removed = len(self._messages) - len(kept)
        self._messages[:] = kept
        rest_note = "; the system message is kept" if kept else ""
        self._print_note(f"Removed {pluralize(removed, 'message')}{rest_note}.")

    def _show_cost(self, rest: str) -> None:
        self._print_note(f"{format_usd(self._cost)} for {pluralize(self._answers, 'answer')}.")


def _message_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    pieces: list[str] = [
        part["text"] if isinstance(part, dict) and "text" in part else "[an image]" for part in content
    ]
    return "\n\n".join(pieces)


def _history_path() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path("~/.local/state").expanduser()) / "indoxrouter" / "history"


def _open_history() -> Any:
    """Enable line editing with the questions of earlier conversations, if the platform supports it."""
    try:
        import readline  # optional: not on Windows
    except ImportError:
        return None
    with contextlib.suppress(OSError):
        readline.read_history_file(_history_path())
    readline.set_history_length(_HISTORY_LINES)
    return readline


def _save_history(readline: Any) -> None:
    if readline is None:
        return
    path = _history_path()
    # A home directory that is not writable must not end a conversation with an error.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        readline.write_history_file(path)
        path.chmod(0o600)
