"""instructor in its modes for OpenAI: nothing is scripted, the mock answers by the schema that the mode sends."""

import instructor
import openai
from instructor import Mode
from pydantic import BaseModel
from tour import KEY, V1, call, main, script

MESSAGES = [{"role": "user", "content": "The server crashes at start."}]


class Ticket(BaseModel):
    title: str
    urgent: bool


def ask(mode, **more):
    client = instructor.from_openai(openai.OpenAI(api_key=KEY, base_url=V1), mode=mode)
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, max_retries=0, **more)


def in_mode(mode):
    def made():
        assert isinstance(ask(mode, response_model=Ticket), Ticket)

    made.__name__ = f"mode_{mode.name}"
    call(made)


for mode in (
    Mode.TOOLS,
    Mode.TOOLS_STRICT,
    Mode.JSON,
    Mode.JSON_O1,
    Mode.JSON_SCHEMA,
    Mode.RESPONSES_TOOLS,
    Mode.FUNCTIONS,
):
    in_mode(mode)


@call
def mode_parallel_tools():
    from collections.abc import Iterable

    assert all(
        isinstance(ticket, Ticket) for ticket in ask(Mode.PARALLEL_TOOLS, response_model=Iterable[Ticket])
    )


@call
def mode_MD_JSON_scripted():
    script(text='```json\n{"title": "Crash", "urgent": true}\n```')
    assert ask(Mode.MD_JSON, response_model=Ticket).model_dump() == {"title": "Crash", "urgent": True}


@call
def scripted():
    script(parsed={"title": "Crash", "urgent": True})
    assert ask(Mode.JSON_SCHEMA, response_model=Ticket).model_dump() == {"title": "Crash", "urgent": True}


@call
def asked_again_after_an_invalid_answer():
    script(parsed={"title": "Crash", "urgent": "very"})
    script(parsed={"title": "Crash", "urgent": True})
    client = instructor.from_openai(openai.OpenAI(api_key=KEY, base_url=V1), mode=Mode.JSON)
    found = client.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, response_model=Ticket, max_retries=2
    )
    assert found.model_dump() == {"title": "Crash", "urgent": True}


@call
def partial_answers():
    script(parsed={"title": "Crash", "urgent": True})
    client = instructor.from_openai(openai.OpenAI(api_key=KEY, base_url=V1), mode=Mode.JSON)
    found = list(
        client.chat.completions.create_partial(model="gpt-4o", messages=MESSAGES, response_model=Ticket)
    )
    assert found[-1].title == "Crash"
    assert len(found) > 1


main()
