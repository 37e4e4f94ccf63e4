"""The package `openai-agents`, with its models for chats and for responses."""

import agents
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from openai import AsyncOpenAI
from pydantic import BaseModel
from tour import KEY, V1, admin, call, main, script

agents.set_tracing_disabled(True)
asked = []


class Ticket(BaseModel):
    title: str
    urgent: bool


@function_tool
def get_order(id: str) -> str:
    """The state of an order."""
    asked.append(id)
    return f"{id} is on its way"


def agent(kind, **more):
    client = AsyncOpenAI(api_key=KEY, base_url=V1, max_retries=0)
    return Agent(name="support", instructions="Be brief.", model=kind("gpt-4o", client), **more)


def both(function):
    for kind, name in ((OpenAIChatCompletionsModel, "chats"), (OpenAIResponsesModel, "responses")):

        async def made(kind=kind):
            await function(kind)

        made.__name__ = f"{function.__name__}_by_{name}"
        call(made)


@both
async def run(kind):
    script(text="It is raining.")
    assert (await Runner.run(agent(kind), "Weather?")).final_output == "It is raining."


@both
async def stream(kind):
    script(text="It is raining.")
    found = Runner.run_streamed(agent(kind), "Weather?")
    text = ""
    async for event in found.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            text += event.data.delta
    assert text == found.final_output == "It is raining."


@both
async def tool_called(kind):
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(text="Shipped.")
    asked.clear()
    assert (await Runner.run(agent(kind, tools=[get_order]), "Where is A1?")).final_output == "Shipped."
    assert asked == ["A1"]


@both
async def output_by_schema(kind):
    script(parsed={"title": "Crash", "urgent": True})
    found = await Runner.run(agent(kind, output_type=Ticket), "A crash")
    assert found.final_output == Ticket(title="Crash", urgent=True)


@both
async def handoff(kind):
    other = agent(kind).clone(name="billing")
    script(tool_calls=[{"name": "transfer_to_billing", "arguments": {}}])
    script(text="Paid.")
    found = await Runner.run(agent(kind, handoffs=[other]), "My bill")
    assert (found.final_output, found.last_agent.name) == ("Paid.", "billing")


@both
async def endless_tools_end(kind):
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}], times=None)
    try:
        await Runner.run(agent(kind, tools=[get_order]), "Where is A1?", max_turns=3)
    except agents.MaxTurnsExceeded:
        assert len([1 for each in admin("GET", "/requests")["requests"] if each["status"] == 200]) == 3
    else:
        raise AssertionError("an end was expected")


main()
