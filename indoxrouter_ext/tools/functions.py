"""Tools: Python functions and tools of MCP servers as the definitions that are sent, and the calls that are received.

Of the package `mcp` (extra `mcp`), only two methods of its client are used; this module imports nothing of it.
"""

from __future__ import annotations

import contextlib
import inspect
import json as standard_json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from indoxrouter._runtime.codecs.base import describe, nearest, raise_invalid_argument
from indoxrouter._runtime.models.model import short
from indoxrouter._runtime.models.pydantic_support import PydanticField
from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object, as_text, is_mapping, is_object, is_sequence
from indoxrouter.errors import ResponseFormatError

from .json_schema import build, hints_of, hoist, schema_of
from .response_format import check_class

if TYPE_CHECKING:
    from indoxrouter.params import ChatMessageParam

T = TypeVar("T")

Tools = Sequence[Callable[..., Any] | Mapping[str, Any]]
"""Functions with annotated parameters, or tool definitions in OpenAI's form."""


def tools_on_wire(tools: Any) -> list[dict[str, Any]]:
    """The documented `tools` list for functions and definitions.

    Raises:
        InvalidParametersError: for a tool or a parameter that cannot be described; names it.
    """
    if not is_sequence(tools):
        raise_invalid_argument("tools", tools, "a list of functions or of objects")
    return [
        _checked(item, f"tools[{i}]") if is_mapping(item) else tool(item, path=f"tools[{i}]")
        for i, item in enumerate(tools)
    ]


def _checked(definition: Mapping[Any, Any], path: str) -> dict[str, Any]:
    """A definition as it was passed; other types than `function` are the provider's own."""
    kind = definition.get("type")
    if not isinstance(kind, str):
        raise_invalid_argument(f"{path}.type", kind, "the type of the tool, such as 'function'")
    if kind != "function" and nearest(kind.lower(), ("function",)):
        raise_invalid_argument(f"{path}.type", kind, "'function'")
    if kind == "function":
        function: Any = definition.get("function")
        name = function.get("name") if is_mapping(function) else None
        if not isinstance(name, str) or not name:
            raise_invalid_argument(f"{path}.function.name", name, "the name of the function")
        parameters = function.get("parameters")
        if parameters is not None and not is_mapping(parameters):
            raise_invalid_argument(f"{path}.function.parameters", parameters, "a JSON schema")
    return dict(definition)


@names_arguments
def tool(function: Callable[..., Any], *, path: str = "function") -> dict[str, Any]:
    """The definition of a tool from a function.

    The function's name becomes the name, the text of its docstring before `Args:` the description, and its annotations
    with the descriptions in `Args:` the parameters. Parameters with a default are optional.

    Args:
        function: a function with an annotation for each parameter.
        path: name of the function in error messages.

    Returns:
        The definition in OpenAI's form: `{"type": "function", "function": {"name", "description", "parameters"}}`.

    Raises:
        InvalidParametersError: for a parameter without annotation, `*args`, `**kwargs`, or a type that JSON cannot
            represent.
    """
    if not callable(function):
        raise_invalid_argument(path, function, "a function, or an object in OpenAI's form")
    name = getattr(function, "__name__", "")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name):
        raise_invalid_argument(path, function, "a function with a name (no lambda)")
    hints = hints_of(function, path)
    description, texts = _read_docstring(inspect.getdoc(function) or "")
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        place = f"{path}: {name}({parameter.name})"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise_invalid_argument(place, str(parameter), "parameters that can be given by name")
        if parameter.name not in hints:
            raise_invalid_argument(place, None, "a type annotation")
        schema = schema_of(hints[parameter.name], place)
        if parameter.name in texts:
            schema.setdefault("description", texts[parameter.name])
        properties[parameter.name] = schema
        if parameter.default is parameter.empty:
            required.append(parameter.name)
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    definition: dict[str, Any] = {"name": name, "parameters": hoist(parameters, path)}
    if description:
        definition["description"] = description
    return {"type": "function", "function": definition}


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The text before the sections, and the descriptions of the arguments, in Google or Sphinx style."""
    head = re.split(
        r"(?m)^(?:Args|Arguments|Parameters|Returns|Raises|Yields|Example|Examples|Note):\s*$|^(?=:param )",
        text,
    )[0]
    found: dict[str, str] = {}
    section = re.search(r"(?ms)^(?:Args|Arguments|Parameters):\s*$(.*?)(?=^\S|\Z)", text)
    name, indent = None, 0
    for line in section.group(1).splitlines() if section else ():
        match = re.match(r"( +)\*{0,2}(\w+)(?: *\([^)]*\))?: *(.*)", line)
        if match and (name is None or len(match.group(1)) <= indent):
            name, indent = match.group(2), len(match.group(1))
            found[name] = match.group(3).strip()
        elif name is not None and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    for match in re.finditer(r"(?m)^:param (?:\w+ )?(\w+): *(.*)$", text):
        found[match.group(1)] = match.group(2).strip()
    return " ".join(head.split()), found


class ToolCall(PydanticField, dict[str, Any]):
    """A tool call that the model requests: a dict in OpenAI's form, as received.

    Attributes:
        id: id to return with the result, or None.
        name: name of the tool.
        arguments: the decoded arguments.
    """

    _properties_: ClassVar[dict[str, Any]] = {
        "id": {"type": ["string", "null"]},
        "type": {"type": "string"},
        "function": {"properties": {"name": {"type": "string"}, "arguments": {"type": "string"}}},
    }

    def __init__(self, call: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **fields: Any) -> None:
        super().__init__(call, **fields)

    @property
    def id(self) -> str | None:
        """The id to return with the result, or None."""
        return as_text(self.get("id"))

    @property
    def _function(self) -> dict[str, Any]:
        return as_object(self.get("function"))

    @property
    def name(self) -> str:
        """The name of the tool; empty if the model sent none."""
        return as_text(self._function.get("name")) or ""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by name.

        Raises:
            ResponseFormatError: when the model wrote anything but a JSON object.
        """
        raw = self._function.get("arguments")
        if is_object(raw):
            return raw
        value: Any = None
        with contextlib.suppress(json.MalformedJson):
            value = json.loads(raw) if isinstance(raw, str) and raw.strip() else {}
        if is_object(value):
            return value
        raise _refused(raw, f"{self.name or 'a tool'} with arguments that are not a JSON object")

    def parse_as(self, kind: type[T]) -> T:
        """The arguments as an instance of a Pydantic model, dataclass or TypedDict.

        Raises:
            ResponseFormatError: when they do not match. `error.text` is what the model wrote.
        """
        check_class(kind)
        arguments = self.arguments
        try:
            value: T = build(kind, arguments)
            return value
        except ValueError as error:
            reason = str(error)
        raise _refused(self, f"{self.name} with arguments that do not match: {reason}")

    def run(self, function: Callable[..., T]) -> T:
        """Call a function with the arguments, converted to the types of its parameters.

        Raises:
            ResponseFormatError: when they do not match the function's parameters.
        """
        if not callable(function):
            raise TypeError(f"function: expected a function, got {describe(function)}")
        result: T = _bind(self, {self.name: function})()
        return result

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report wrong names

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"ToolCall has no {name!r}; it has id, name and arguments")

        def __missing__(self, key: object) -> Any:
            read = f"use the attribute {key}" if key in ("name", "arguments") else f"it has {', '.join(self)}"
            raise KeyError(f"ToolCall has no key {key!r:.60}; {read}")

    def __repr__(self) -> str:
        return f"ToolCall({self.name}, {short(self._function.get('arguments'))})"


@names_arguments
def run_tools(
    calls: Iterable[ToolCall], functions: Iterable[Callable[..., Any] | Mapping[str, Any]]
) -> list[ChatMessageParam]:
    """Run the functions that the model requests, and return the messages with their results.

    Append `{"role": "assistant", "content": response.text, "tool_calls": response.tool_calls}` and these messages
    to the conversation.

    Args:
        calls: `response.tool_calls`.
        functions: what was passed as `tools`; definitions without a function are skipped.

    Returns:
        One message with the role `tool` for each call, with the function's result as JSON; text is not encoded.

    Raises:
        ResponseFormatError: when the model requests an unknown tool, or passes arguments that do not match.
        TypeError: for an asynchronous function (use `run_tools_async`), and for arguments of other kinds.
    """
    known = _by_name(calls, functions)
    messages: list[ChatMessageParam] = []
    for call in calls:
        result = _bind(call, known)()
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise TypeError(f"{call.name} is asynchronous: use `await run_tools_async(calls, functions)`")
        messages.append(_message(call, result))
    return messages


@names_arguments
async def run_tools_async(
    calls: Iterable[ToolCall], functions: Iterable[Callable[..., Any] | Mapping[str, Any]]
) -> list[ChatMessageParam]:
    """Run the functions that the model requests, one after another; asynchronous functions are awaited.

    Arguments, result and errors are those of `run_tools`.
    """
    known = _by_name(calls, functions)
    messages: list[ChatMessageParam] = []
    for call in calls:
        result = _bind(call, known)()
        messages.append(_message(call, await result if inspect.isawaitable(result) else result))
    return messages


def _by_name(calls: object, functions: Any) -> dict[str, Callable[..., Any]]:
    if not hasattr(calls, "__iter__") or hasattr(calls, "keys"):
        raise TypeError(f"calls: expected `response.tool_calls`, got {describe(calls)}")
    if not hasattr(functions, "__iter__") or type(functions) is str:
        raise TypeError(f"functions: expected the list that was passed as `tools`, got {describe(functions)}")
    known: dict[str, Callable[..., Any]] = {}
    for function in functions:
        if callable(function) and hasattr(function, "__name__"):
            known[function.__name__] = function
        elif not is_mapping(function):
            raise TypeError(
                f"functions: expected functions or tool definitions, got {describe(function)} in it"
            )
    return known


def _bind(call: ToolCall, known: Mapping[str, Callable[..., Any]]) -> Callable[[], Any]:
    """The function with the arguments of a call."""
    if not isinstance(call, ToolCall):  # pyright: ignore[reportUnnecessaryIsInstance]  # a response, for example
        raise TypeError(f"calls: expected `response.tool_calls`, got {type(call).__name__} in it")
    function: Any = known.get(call.name)
    if function is None:
        raise _refused(call, f"{call.name!r}, which is not one of {', '.join(known) or 'none'}")
    if isinstance(function, McpTool):  # a tool of an MCP server, which checks the arguments itself
        return partial(function, **call.arguments)
    hints = hints_of(function, call.name)
    given = call.arguments
    try:
        arguments = {name: build(hints.get(name, Any), value, name) for name, value in given.items()}
        inspect.signature(function).bind(**arguments)
        return partial(function, **arguments)
    except (TypeError, ValueError) as error:
        reason = str(error)
    raise _refused(call, f"{call.name} with arguments that do not match: {reason}")


def _refused(value: Any, what: str) -> ResponseFormatError:
    text = value if isinstance(value, str) else standard_json.dumps(value, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate could not be printed
    return ResponseFormatError(f"The model called {what}", details={"text": text})


def _message(call: ToolCall, result: Any) -> ChatMessageParam:
    content = result
    if not isinstance(result, str):
        try:
            content = json.dumps(result).decode()
        except (TypeError, ValueError, RecursionError):
            expected = f"{call.name}: expected text or JSON as its result, got {describe(result)}"
            raise TypeError(expected) from None
    return {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": content}


class McpTool(dict[str, Any]):
    """One tool of an MCP server: its definition in OpenAI's form, and a function that calls it."""

    def __init__(self, client: Any, tool: Any) -> None:
        definition = {"name": tool.name, "parameters": tool.input_schema}
        if tool.description:
            definition["description"] = tool.description
        super().__init__(type="function", function=definition)
        self._client = client
        self.__name__: str = tool.name

    async def __call__(self, /, **arguments: Any) -> str:
        """Call the tool. Returns its text; a failure that the tool reports is text for the model, too."""
        result = await self._client.call_tool(self.__name__, arguments)
        texts = [getattr(part, "text", None) or f"[{part.type}: not shown]" for part in result.content]
        return "\n".join(["The tool failed:"] * result.is_error + texts)


async def mcp_tools(client: Any) -> list[McpTool]:
    """The tools of an MCP server, for `chat(tools=…)` and `run_tools_async`.

    Args:
        client: an open `mcp.Client`. It has to stay open while tools are called.

    Raises:
        InvalidParametersError: for anything else.
    """
    if not hasattr(client, "list_tools") or not hasattr(client, "call_tool"):
        raise_invalid_argument("client", client, "an mcp.Client")
    tools: list[McpTool] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += [McpTool(client, tool) for tool in page.tools]
        cursor = page.next_cursor
        if not cursor:
            return tools
