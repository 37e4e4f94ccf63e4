"""pydantic-ai, with its models for chats and for responses."""

from pydantic import BaseModel
from pydantic_ai import Agent, ModelHTTPError, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from tour import KEY, V1, admin, call, main, script


class Ticket(BaseModel):
    title: str
    urgent: bool


TICKET = Ticket(title="Crash", urgent=True)


def model(kind=OpenAIChatModel):
    return kind("gpt-4o", provider=OpenAIProvider(base_url=V1, api_key=KEY))


@call
async def run():
    script(text="It is raining.")
    found = await Agent(model()).run("Weather?")
    assert found.output == "It is raining."
    assert found.usage.output_tokens > 0


@call
async def stream():
    script(text="It is raining.")
    async with Agent(model()).run_stream("Weather?") as found:
        assert "".join([piece async for piece in found.stream_text(delta=True)]) == "It is raining."


@call
async def tool_called():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(text="Shipped.")
    agent, asked = Agent(model()), []

    @agent.tool_plain
    def get_order(id: str) -> str:
        asked.append(id)
        return "on its way"

    assert (await agent.run("Where is A1?")).output == "Shipped."
    assert asked == ["A1"]


@call
async def output_by_tool():
    script(tool_calls=[{"name": "final_result", "arguments": TICKET.model_dump()}])
    assert (await Agent(model(), output_type=ToolOutput(Ticket)).run("A crash")).output == TICKET


@call
async def output_by_schema():
    script(parsed=TICKET.model_dump())
    assert (await Agent(model(), output_type=NativeOutput(Ticket)).run("A crash")).output == TICKET


@call
async def output_by_prompt():
    assert isinstance(
        (await Agent(model(), output_type=PromptedOutput(Ticket)).run("A crash")).output, Ticket
    )


@call
async def output_unscripted():
    assert isinstance((await Agent(model(), output_type=Ticket).run("A crash")).output, Ticket)


@call
async def response():
    script(text="It is raining.")
    assert (await Agent(model(OpenAIResponsesModel)).run("Weather?")).output == "It is raining."


@call
async def response_streamed_with_a_tool():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(text="Shipped.")
    agent = Agent(model(OpenAIResponsesModel))

    @agent.tool_plain
    def get_order(id: str) -> str:
        return f"{id} is on its way"

    async with agent.run_stream("Where is A1?") as found:
        assert await found.get_output() == "Shipped."


@call
async def error_is_its_own():
    admin("POST", "/faults", {"fault": "error", "arguments": {"status": 400}})
    status = None
    try:
        await Agent(model()).run("Hello")
    except ModelHTTPError as error:
        status = error.status_code
    assert status == 400


main()
