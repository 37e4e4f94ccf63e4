"""Tools of an MCP server in a chat, over the mock and a server of the package `mcp` in this process."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from indoxrouter import AsyncClient, InvalidParametersError, mcp_tools, run_tools, run_tools_async

from indoxrouter_mock import MockServer

# The package takes a second to import: each test does so, not the collection in every worker.
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(
        find_spec("mcp") is None, reason="mcp is not installed; `make integrations` installs it"
    ),
]


def server() -> Any:
    from mcp.server.mcpserver import Image, MCPServer

    made: Any = MCPServer("weather")
    tool: Callable[[Callable[..., Any]], Callable[..., Any]] = made.tool()

    @tool
    def weather(city: str, unit: str = "celsius") -> str:
        """The weather in a city."""
        if city == "Atlantis":
            raise ValueError("there is no such city")
        return f"22 degrees {unit} in {city}"

    @tool
    def map_of(city: str) -> Any:
        return [f"Map of {city}", Image(data=b"\x89PNG", format="png")]

    return made


async def answer(mock: MockServer, name: str, **arguments: Any) -> str:
    """What the model receives after it has called a tool."""
    import mcp

    def local(text: str) -> str:
        """A function beside the tools of the server."""
        return text

    mock.answers.add(tool_calls=[{"name": name, "arguments": arguments}])
    async with mcp.Client(server()) as connected, AsyncClient(mock.api_key, base_url=mock.url) as client:
        tools: list[Any] = [*await mcp_tools(connected), local]
        response = await client.chat([{"role": "user", "content": "Go."}], tools=tools)
        sent = mock.requests[-1]["body"]["additional_params"]["tools"]
        assert [each["function"]["name"] for each in sent] == ["weather", "map_of", "local"]
        assert sent[0]["function"]["description"] == "The weather in a city."
        assert sent[0]["function"]["parameters"]["required"] == ["city"]
        (message,) = await run_tools_async(response.tool_calls, tools)
        assert message["tool_call_id"] == response.tool_calls[0].id
        return str(message["content"])


async def test_a_tool_is_described_called_and_answered(indoxrouter_mock: MockServer) -> None:
    assert await answer(indoxrouter_mock, "weather", city="Paris") == "22 degrees celsius in Paris"
    assert await answer(indoxrouter_mock, "local", text="mine") == "mine"


async def test_a_failure_is_text_for_the_model(indoxrouter_mock: MockServer) -> None:
    for arguments in ({"city": "Atlantis"}, {"town": "Paris"}):
        text = await answer(indoxrouter_mock, "weather", **arguments)
        assert text.startswith("The tool failed:\n")


async def test_results_that_are_no_text_are_named(indoxrouter_mock: MockServer) -> None:
    assert await answer(indoxrouter_mock, "map_of", city="Paris") == "Map of Paris\n[image: not shown]"


async def test_the_blocking_function_says_what_to_use(indoxrouter_mock: MockServer) -> None:
    import mcp

    indoxrouter_mock.answers.add(tool_calls=[{"name": "weather", "arguments": {"city": "Paris"}}])
    async with (
        mcp.Client(server()) as connected,
        AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client,
    ):
        tools = await mcp_tools(connected)
        response = await client.chat([{"role": "user", "content": "Go."}], tools=tools)
        with pytest.raises(TypeError, match="run_tools_async"):
            run_tools(response.tool_calls, tools)


async def test_all_pages_are_listed() -> None:
    import mcp.types

    class Pages:
        async def list_tools(self, cursor: str | None = None) -> Any:
            tool = mcp.types.Tool(name=f"t{cursor or 1}", input_schema={"type": "object"})
            return mcp.types.ListToolsResult(tools=[tool], next_cursor="2" if cursor is None else None)

        async def call_tool(self, name: str, arguments: Any) -> Any: ...

    assert [tool.__name__ for tool in await mcp_tools(Pages())] == ["t1", "t2"]


async def test_anything_else_is_refused() -> None:
    with pytest.raises(InvalidParametersError, match=r"client: expected an mcp\.Client"):
        await mcp_tools("http://localhost")
