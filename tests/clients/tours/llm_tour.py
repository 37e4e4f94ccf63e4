"""`llm`, as a library and by its command, with the mock in `extra-openai-models.yaml`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tour import KEY, V1, call, main, script

HOME = Path(tempfile.mkdtemp(prefix="llm-"))
os.environ["LLM_USER_PATH"] = str(HOME)
(HOME / "keys.json").write_text(json.dumps({"mock": KEY}))
COMMON = f"  api_base: {V1}\n  api_key_name: mock\n"
(HOME / "extra-openai-models.yaml").write_text(
    f"- model_id: mock\n  model_name: gpt-4o\n{COMMON}  supports_tools: true\n  supports_schema: true\n  vision: true\n"
    f"- model_id: mock-responses\n  model_name: gpt-4o\n{COMMON}  responses: true\n  supports_schema: true\n"
    f"- model_id: mock-text\n  model_name: gpt-3.5-turbo-instruct\n{COMMON}  completion: true\n"
)

import llm  # noqa: E402  # it reads its folder when it is imported

SCHEMA = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


def cli(*arguments):
    found = subprocess.run(
        [sys.executable, "-m", "llm", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        input="",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@call
def prompt():
    script(text="It is raining.")
    assert llm.get_model("mock").prompt("Weather?", stream=False).text() == "It is raining."


@call
def prompt_streamed():
    script(text="It is raining.")
    assert "".join(llm.get_model("mock").prompt("Weather?")) == "It is raining."


@call
async def prompt_async():
    script(text="It is raining.")
    assert await llm.get_async_model("mock").prompt("Weather?").text() == "It is raining."


@call
def conversation():
    talk = llm.get_model("mock").conversation()
    script(text="Alice.")
    script(text="You are Alice.", contains="I am Alice")
    talk.prompt("I am Alice", stream=False).text()
    assert talk.prompt("Who am I?", stream=False).text() == "You are Alice."


@call
def by_schema():
    assert isinstance(json.loads(llm.get_model("mock").prompt("ok?", schema=SCHEMA).text())["ok"], bool)


@call
def tool_called():
    def get_order(id: str) -> str:
        return f"{id} is on its way"

    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    script(text="Shipped.", contains="A1 is on its way")
    assert llm.get_model("mock").chain("Where is A1?", tools=[get_order]).text() == "Shipped."


@call
def attachment():
    picture = llm.Attachment(type="image/png", content=PIXEL)
    assert llm.get_model("mock").prompt("What is it?", attachments=[picture]).text()


@call
def responses_model():
    script(text="It is raining.")
    assert llm.get_model("mock-responses").prompt("Weather?").text() == "It is raining."


@call
def text_model():
    script(text=" upon a time")
    assert llm.get_model("mock-text").prompt("Once").text() == " upon a time"


@call
def command():
    script(text="It is raining.")
    assert cli("prompt", "-m", "mock", "Weather?") == "It is raining."


@call
def command_with_a_schema():
    assert isinstance(
        json.loads(cli("prompt", "-m", "mock", "--schema", "ok bool", "--no-stream", "Well?"))["ok"], bool
    )


main()
