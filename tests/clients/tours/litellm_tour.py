"""litellm, with its `openai/` provider."""

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from tour import KEY, V1, admin, call, main, script

litellm.telemetry = False
AT = {"api_base": V1, "api_key": KEY}
MESSAGES = [{"role": "user", "content": "Hello there"}]
TOOL = {
    "type": "function",
    "function": {"name": "get_order", "parameters": {"type": "object", "properties": {}}},
}


@call
def chat():
    script(text="It is raining.")
    found = litellm.completion("openai/gpt-4o", MESSAGES, **AT)
    assert found.choices[0].message.content == "It is raining."
    assert found.usage.total_tokens > 0


@call
def chat_streamed():
    script(text="It is raining.")
    chunks = litellm.completion("openai/gpt-4o", MESSAGES, stream=True, **AT)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "It is raining."


@call
async def chat_async_streamed():
    script(text="It is raining.")
    chunks = await litellm.acompletion("openai/gpt-4o", MESSAGES, stream=True, **AT)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in chunks]) == "It is raining."


@call
def tool_called():
    script(tool_calls=[{"name": "get_order", "arguments": {"id": "A1"}}])
    found = litellm.completion("openai/gpt-4o", MESSAGES, tools=[TOOL], **AT)
    assert json.loads(found.choices[0].message.tool_calls[0].function.arguments) == {"id": "A1"}


@call
def chat_in_JSON_mode():
    found = litellm.completion("openai/gpt-4o", MESSAGES, response_format={"type": "json_object"}, **AT)
    assert isinstance(json.loads(found.choices[0].message.content), dict)


@call
def text_completion():
    script(text=" upon a time")
    found = litellm.text_completion(
        model="text-completion-openai/gpt-3.5-turbo-instruct", prompt="Once", **AT
    )
    assert found.choices[0].text == " upon a time"


@call
def response():
    script(text="It is raining.")
    found = litellm.responses(model="openai/gpt-4o", input="Weather?", **AT)
    assert found.output[0].content[0].text == "It is raining."


@call
def embedding():
    found = litellm.embedding("openai/text-embedding-3-small", ["a", "b"], **AT)
    assert [len(item["embedding"]) for item in found.data] == [1536, 1536]


@call
def image():
    assert litellm.image_generation("a fox", model="openai/dall-e-3", **AT).data[0].url


@call
def speech_and_transcription():
    spoken = litellm.speech("openai/tts-1", "good morning", voice="alloy", response_format="wav", **AT)
    heard = litellm.transcription("openai/whisper-1", ("a.wav", spoken.content), **AT)
    assert heard.text == "good morning"


@call
def moderation():
    found = litellm.moderation("I will kill the process", model="omni-moderation-latest", **AT)
    assert found.results[0].flagged is True


@call
def errors_are_its_own():
    for status, kind in (
        (429, litellm.RateLimitError),
        (401, litellm.AuthenticationError),
        (503, litellm.ServiceUnavailableError),
    ):
        admin("POST", "/faults", {"fault": "error", "arguments": {"status": status}})
        try:
            litellm.completion("openai/gpt-4o", MESSAGES, num_retries=0, max_retries=0, **AT)
        except kind:
            continue
        raise AssertionError(f"{kind} was expected")


@call
def router_goes_to_the_next():
    admin(
        "POST",
        "/faults",
        {"fault": "error", "arguments": {"status": 500}, "model": "openai/gpt-4o", "times": 10},
    )
    models = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", "max_retries": 0, **AT}}
        for name in ("gpt-4o", "gpt-4o-mini")
    ]
    router = litellm.Router(models, fallbacks=[{"gpt-4o": ["gpt-4o-mini"]}], num_retries=0)
    assert router.completion("gpt-4o", MESSAGES).choices[0].message.content


main()
