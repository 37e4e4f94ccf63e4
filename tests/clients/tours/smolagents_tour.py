"""smolagents: its model for OpenAI-compatible servers, and its two kinds of agents."""

from smolagents import ChatMessage, CodeAgent, LogLevel, MessageRole, OpenAIModel, ToolCallingAgent, tool
from tour import KEY, V1, call, main, script

HELLO = [ChatMessage(role=MessageRole.USER, content="Hello there")]


@tool
def get_order(id: str) -> str:
    """The state of an order.

    Args:
        id: The order.
    """
    return f"{id} is on its way"


def model():
    return OpenAIModel("gpt-4o", api_base=V1, api_key=KEY)


@call
def generate():
    script(text="It is raining.")
    found = model().generate(HELLO)
    assert found.content == "It is raining."
    assert found.token_usage.output_tokens > 0


@call
def generate_streamed():
    script(text="It is raining.")
    assert "".join(delta.content or "" for delta in model().generate_stream(HELLO)) == "It is raining."


@call
def generate_by_schema():
    schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert "ok" in model().generate(HELLO, response_format=form).content


@call
def tool_calling_agent():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(tool_calls=[{"name": "final_answer", "arguments": {"answer": "Shipped."}}])
    agent = ToolCallingAgent([get_order], model(), verbosity_level=LogLevel.OFF)
    assert agent.run("Where is A1?") == "Shipped."
    assert "on its way" in str(agent.memory.steps[1].observations)


@call
def tool_calling_agent_unscripted():
    agent = ToolCallingAgent([get_order], model(), max_steps=3, verbosity_level=LogLevel.OFF)
    assert agent.run("Use final_answer") is not None


@call
def code_agent():
    script(text='<code>\norder = get_order("A1")\nfinal_answer(order)\n</code>')
    agent = CodeAgent([get_order], model(), verbosity_level=LogLevel.OFF)
    assert agent.run("Where is A1?") == "A1 is on its way"


@call
def code_agent_streamed():
    script(text='<code>\nfinal_answer(get_order("A1"))\n</code>')
    agent = CodeAgent([get_order], model(), stream_outputs=True, verbosity_level=LogLevel.OFF)
    assert agent.run("Where is A1?") == "A1 is on its way"


main()
