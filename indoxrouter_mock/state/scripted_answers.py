"""Scripted answers: what the model answers, as a test has set it, in that order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..base.json import is_collection, is_list, is_object, json_text
from ..spec.errors import CODES, ApiError, invalid_value

MOST_SCRIPTED = 10_000
LONGEST_SCRIPTED = 1_000_000
TEXT_OPERATIONS = (
    "createChatCompletion",
    "createCompletion",
    "createTranscription",
    "createTranslation",
)
"""Operations whose answer a text can be; every operation can answer a scripted error."""
BY_DEFAULT = ("createChatCompletion", "createCompletion")
FIELDS = {
    "text": "the text of the answer",
    "tool_calls": "a list of tool calls, each `{name, arguments}` or in OpenAI's form",
    "parsed": "a JSON value, which is the text of the answer",
    "error": "a status, or an object with `status`, `code` and `message`",
    "model": "only for this model: its id, `provider/id`, or a pattern such as `openai/*`",
    "contains": "only when this text occurs in the conversation or the prompt",
    "operation": "an operationId or a pattern; by default chats and completions",
    "account": "only for requests of this account",
    "times": "how often it is given, 1 by default; null for ever",
}
"""The members of a scripted answer, for the admin endpoint and for files."""


@dataclass(slots=True)
class ScriptedAnswer:
    """One answer that waits for its request. `times` is None when it is given for ever."""

    id: int
    text: str | None = None
    tool_calls: tuple[dict[str, Any], ...] = ()
    error: dict[str, Any] | None = None
    model: str | None = None
    contains: str | None = None
    operation: str | None = None
    account: str | None = None
    times: int | None = 1

    def matches(self, operation: str, model: str, prompt: str, account: str) -> bool:
        """Whether this answer is meant for a request; `model` is `provider/id`."""
        if self.operation is None:
            if operation not in BY_DEFAULT:
                return False
        elif not fnmatchcase(operation, self.operation):
            return False
        if self.error is None and operation not in TEXT_OPERATIONS:
            return False
        if self.tool_calls and operation != "createChatCompletion":
            return False
        if self.model is not None and not (
            fnmatchcase(model, self.model) or fnmatchcase(model.partition("/")[2], self.model)
        ):
            return False
        if self.account is not None and self.account != account:
            return False
        return self.contains is None or self.contains in prompt

    def problem(self) -> ApiError | None:
        """The scripted error, if it is one."""
        if self.error is None:
            return None
        return ApiError(self.error["status"], self.error["message"], code=self.error["code"])

    def as_dict(self) -> dict[str, Any]:
        """The answer as the admin endpoint shows it."""
        return {
            "id": self.id,
            "text": self.text,
            "tool_calls": list(self.tool_calls),
            "error": self.error,
            "model": self.model,
            "contains": self.contains,
            "operation": self.operation,
            "account": self.account,
            "times": self.times,
        }


class AnswerScript:
    """The scripted answers of one server. The first one of those `waiting` that matches a request is given to it."""

    def __init__(self) -> None:
        self.waiting: list[ScriptedAnswer] = []
        self._made = 0

    def add(self, fields: dict[str, Any]) -> ScriptedAnswer:
        """Add an answer by its members, as in `FIELDS`. Raises ApiError 400 naming what is wrong."""
        if len(self.waiting) >= MOST_SCRIPTED:
            raise invalid_value("body", f"{MOST_SCRIPTED} answers are scripted already; no more can be")
        answer = _read(fields, self._made + 1)
        self._made += 1
        self.waiting.append(answer)
        return answer

    def find(self, operation: str, model: str, prompt: str, account: str) -> ScriptedAnswer | None:
        """The answer for a request, which `use` then counts; None when no answer is meant for it."""
        for answer in self.waiting:
            if answer.matches(operation, model, prompt, account):
                return answer
        return None

    def use(self, answer: ScriptedAnswer) -> None:
        """Count one use of an answer, and remove it after its last one."""
        if answer.times is None:
            return
        answer.times -= 1
        if answer.times <= 0:
            self.waiting = [each for each in self.waiting if each is not answer]

    def clear(self, account: str | None = None) -> None:
        """Remove all answers, or those of one account."""
        self.waiting = [each for each in self.waiting if account is not None and each.account != account]

    def pending(self) -> list[dict[str, Any]]:
        """The answers that are left, in order."""
        return [answer.as_dict() for answer in self.waiting]


def read_script(given: Path | str | Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The answers of a file, or of a list as a test gives it. Raises ValueError naming the entry that is wrong."""
    if given is None:
        return []
    if isinstance(given, (str, Path)):
        return _read_file(given)
    try:
        entries = [dict(entry) for entry in given]
    except (TypeError, ValueError) as error:
        raise ValueError("answers: each entry is an object with the members of an answer") from error
    return _checked(entries, "answers")


def _read_file(path: Path | str) -> list[dict[str, Any]]:
    """The answers of a YAML or JSON file: a list, or an object with a list under `answers`."""
    from ..base.yaml import YamlError, read_yaml  # takes 20 ms, which only servers with such a file pay

    try:
        document: Any = read_yaml(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"answers: {path} can't be read: {error.strerror}") from error
    except YamlError as error:
        raise ValueError(f"answers: {path} is not YAML: {error}") from error
    if is_object(document):
        document = document.get("answers")
    if not is_list(document):
        raise ValueError(f"answers: {path} holds no list of answers")
    return _checked(document, f"answers: {path}")


def _checked(entries: list[Any], where: str) -> list[dict[str, Any]]:
    for number, entry in enumerate(entries, 1):
        try:
            _read(entry, number)
        except ApiError as problem:
            raise ValueError(f"{where}, answer {number}: {problem.message}") from problem
    return entries


def _read(fields: Any, number: int) -> ScriptedAnswer:
    if not is_object(fields):
        raise invalid_value("body", "an object is expected")
    _only(fields, FIELDS, "body")
    given = [name for name in ("text", "parsed", "error") if fields.get(name) is not None]
    given += ["parsed"] if "parsed" in fields and fields["parsed"] is None else []
    if len(given) > 1 or not (given or fields.get("tool_calls")):
        several = f", not {' and '.join(given)}" if given else ""
        raise invalid_value("body", f"one of text, tool_calls, parsed and error is needed{several}")
    for name in ("text", "model", "contains", "operation", "account"):
        value = fields.get(name)
        least = 0 if name == "text" else 1
        if value is not None and not (isinstance(value, str) and least <= len(value) <= LONGEST_SCRIPTED):
            raise invalid_value(
                f"body/{name}",
                f"{repr(value)[:100]} is not a text of {least} to {LONGEST_SCRIPTED} characters, as is expected",
            )
    text = fields.get("text")
    if "parsed" in given:
        text = _json(fields["parsed"], "body/parsed")
    calls = _tool_calls(fields.get("tool_calls"))
    if calls and "error" in given:
        raise invalid_value("body/error", "an error has no tool calls")
    operation = fields.get("operation")
    if operation is not None and "error" not in given:
        possible, what = (("createChatCompletion",), "tool calls") if calls else (TEXT_OPERATIONS, "texts")
        if not any(fnmatchcase(each, operation) for each in possible):
            raise invalid_value(
                "body/operation",
                f"{operation[:100]!r} is none of the operations that answer with {what}: {', '.join(possible)}; "
                "for others, only an error can be scripted",
            )
    answer = ScriptedAnswer(
        id=number,
        text=text,
        tool_calls=calls,
        error=_error(fields["error"]) if "error" in given else None,
        model=fields.get("model"),
        contains=fields.get("contains"),
        operation=operation,
        account=fields.get("account"),
        times=_times(fields.get("times", 1)),
    )
    if json_text(answer.as_dict()) is None:
        raise invalid_value("body", "a text holds half of a surrogate pair, which no answer can send")
    return answer


def _only(fields: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for name in fields:
        if name not in known:
            raise invalid_value(f"{where}/{name}", f"is not known here; known are: {', '.join(known)}")


def _json(value: Any, where: str) -> str:
    found = json_text(value)
    if found is None:
        raise invalid_value(where, f"{repr(value)[:100]} is not a JSON value")
    return found


def _times(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000_000:
        raise invalid_value("body/times", f"{repr(value)[:100]} is not a whole number from 1, or null")
    return value


def _tool_calls(value: Any) -> tuple[dict[str, Any], ...]:
    if value is None:
        return ()
    calls: list[Any] | None = list(value) if is_collection(value) else None
    if calls is None or len(calls) > 100:
        raise invalid_value("body/tool_calls", "a list of at most 100 tool calls is expected")
    found: list[dict[str, Any]] = []
    for index, call in enumerate(calls):
        where = f"body/tool_calls/{index}"
        if not is_object(call):
            raise invalid_value(where, "an object with name and arguments is expected")
        function = call.get("function", call)
        if (
            not is_object(function)
            or not isinstance(function.get("name"), str)
            or not function["name"].strip()
        ):
            raise invalid_value(where, "an object with name and arguments is expected")
        if function is call:
            _only(call, ("id", "type", "name", "arguments"), where)
        else:
            _only(call, ("id", "type", "index", "function"), where)
            _only(function, ("name", "arguments"), f"{where}/function")
        arguments = function.get("arguments", {})
        if not isinstance(arguments, str) and not is_object(arguments):
            raise invalid_value(
                f"{where}/arguments",
                f"{repr(arguments)[:100]} is no object, and no text that is sent unchanged",
            )
        # A text stays as it is, for a test may want arguments that are not JSON.
        text = arguments if isinstance(arguments, str) else _json(arguments, f"{where}/arguments")
        identifier = call.get("id")
        if identifier is not None and not isinstance(identifier, str):
            raise invalid_value(f"{where}/id", "a text is expected")
        found.append({"id": identifier, "name": function["name"], "arguments": text})
    return tuple(found)


def _error(value: Any) -> dict[str, Any]:
    fields: Any = {"status": value} if isinstance(value, int) else value
    if isinstance(value, str):
        fields = {"message": value}
    if not is_object(fields) or set(fields) - {"status", "code", "message"}:
        raise invalid_value("body/error", "a status, or an object with status, code and message is expected")
    status = fields.get("status", 500)
    if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
        raise invalid_value("body/error/status", f"{repr(status)[:100]} is not a status from 400 to 599")
    code, message = fields.get("code"), fields.get("message", "a scripted error")
    if not isinstance(message, str) or not isinstance(code, (str, type(None))):
        raise invalid_value("body/error", "code and message are texts")
    return {"status": status, "code": code or CODES.get(status, "invalid_request"), "message": message}
