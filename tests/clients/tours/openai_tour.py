"""The `openai` package: every kind of call that the mock answers, and what it says to those that it does not."""

import asyncio
import io
import json

import openai
from pydantic import BaseModel
from tour import KEY, V1, admin, call, fetch, main, script

MESSAGES = [{"role": "user", "content": "Hello there"}]
MODEL, TEXT_MODEL = "gpt-4o", "gpt-3.5-turbo-instruct"
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOOL = {
    "type": "function",
    "function": {
        "name": "get_order",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    },
}
FLAT_TOOL = {"type": "function", "strict": True, **TOOL["function"]}
CALLS = [{"name": "get_order", "arguments": {"id": "A1"}}]


class Ticket(BaseModel):
    title: str
    urgent: bool


client = openai.OpenAI(api_key=KEY, base_url=V1, max_retries=0)
aclient = openai.AsyncOpenAI(api_key=KEY, base_url=V1, max_retries=0)
chats = client.chat.completions


def png() -> io.BytesIO:
    found = client.images.generate(model="dall-e-2", prompt="fox", size="256x256", response_format="b64_json")
    import base64

    picture = io.BytesIO(base64.b64decode(found.data[0].b64_json))
    picture.name = "fox.png"
    return picture


def refused(made, name, status=501, kind=openai.APIStatusError):
    error = None
    try:
        made()
    except kind as found:
        error = found
    assert error is not None, "it was answered"
    assert error.status_code == status, error
    assert name in error.message, error.message
    assert error.response.json()["error"]["message"]


@call
def chat():
    script(text="It is raining.")
    answer = chats.create(model=MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content == "It is raining."
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@call
def chat_streamed():
    script(text="It is raining in Oslo.")
    chunks = list(chats.create(model=MODEL, messages=MESSAGES, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "It is raining in Oslo."
    assert chunks[-1].choices[0].finish_reason == "stop"


@call
def chat_streamed_with_usage():
    chunks = list(
        chats.create(model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True})
    )
    assert chunks[-1].usage.total_tokens > 0
    assert chunks[-1].choices == []


@call
def chat_stream_helper():
    script(text="It is raining.")
    with chats.stream(model=MODEL, messages=MESSAGES) as stream:
        kinds = {event.type for event in stream}
        assert stream.get_final_completion().choices[0].message.content == "It is raining."
    assert {"chunk", "content.delta", "content.done"} <= kinds


@call
def chat_calls_a_tool():
    script(tool_calls=CALLS)
    script(text="Shipped.")
    answer = chats.create(model=MODEL, messages=MESSAGES, tools=[TOOL])
    made = answer.choices[0].message.tool_calls[0]
    assert json.loads(made.function.arguments) == {"id": "A1"}
    followed = [
        *MESSAGES,
        answer.choices[0].message,
        {"role": "tool", "tool_call_id": made.id, "content": "on its way"},
    ]
    assert chats.create(model=MODEL, messages=followed, tools=[TOOL]).choices[0].message.content == "Shipped."


@call
def chat_calls_a_tool_streamed():
    script(tool_calls=CALLS)
    with chats.stream(model=MODEL, messages=MESSAGES, tools=[TOOL]) as stream:
        made = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert json.loads(made.function.arguments) == {"id": "A1"}


@call
def chat_with_a_forced_tool():
    forced = {"type": "function", "function": {"name": "get_order"}}
    answer = chats.create(model=MODEL, messages=MESSAGES, tools=[TOOL], tool_choice=forced)
    assert answer.choices[0].message.tool_calls[0].function.name == "get_order"
    assert (
        chats.create(model=MODEL, messages=MESSAGES, tools=[TOOL], tool_choice="none")
        .choices[0]
        .message.content
    )


@call
def chat_parsed_into_a_model():
    script(parsed={"title": "Crash", "urgent": True})
    found = chats.parse(model=MODEL, messages=MESSAGES, response_format=Ticket).choices[0].message.parsed
    assert found == Ticket(title="Crash", urgent=True)


@call
def chat_by_schema():
    found = chats.parse(model=MODEL, messages=MESSAGES, response_format=Ticket).choices[0].message.parsed
    assert isinstance(found, Ticket)


@call
def chat_in_JSON_mode():
    answer = chats.create(model=MODEL, messages=MESSAGES, response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


@call
def chat_with_several_choices():
    answer = chats.create(model=MODEL, messages=MESSAGES, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]


@call
def chat_cut_by_its_limit():
    answer = chats.create(model=MODEL, messages=MESSAGES, max_completion_tokens=3)
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 3)


@call
def chat_ended_by_a_stop():
    script(text="one STOP two")
    assert chats.create(model=MODEL, messages=MESSAGES, stop=["STOP"]).choices[0].message.content == "one "


@call
def chat_repeated_with_a_seed():
    first, second = (
        chats.create(model=MODEL, messages=MESSAGES, seed=7).choices[0].message.content for _ in "12"
    )
    assert first == second


@call
def chat_about_an_image():
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    assert chats.create(model=MODEL, messages=[{"role": "user", "content": parts}]).choices[0].message.content
    refused(
        lambda: chats.create(model="gpt-3.5-turbo", messages=[{"role": "user", "content": parts}]),
        "image",
        400,
        openai.BadRequestError,
    )


@call
def chat_with_reasoning():
    answer = chats.create(model="o3-mini", messages=MESSAGES, reasoning_effort="low")
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0


@call
def chat_with_metadata_and_extra_body():
    answer = chats.create(
        model=MODEL,
        messages=MESSAGES,
        user="u",
        metadata={"a": "b"},
        store=True,
        service_tier="auto",
        logit_bias={"1": 1},
        presence_penalty=0.1,
        top_p=0.9,
        extra_body={"provider": "openai"},
    )
    assert answer.choices[0].message.content


@call
def chat_with_a_developer_message():
    messages = [{"role": "developer", "content": "Be brief."}, *MESSAGES]
    assert chats.create(model=MODEL, messages=messages).choices[0].message.content


@call
def chat_raw_response():
    raw = chats.with_raw_response.create(model=MODEL, messages=MESSAGES)
    assert raw.headers["x-request-id"]
    assert raw.parse().choices[0].message.content


@call
async def chat_async():
    found = await asyncio.gather(
        *(aclient.chat.completions.create(model=MODEL, messages=MESSAGES) for _ in range(8))
    )
    assert all(answer.choices[0].message.content for answer in found)


@call
async def chat_async_streamed():
    script(text="It is raining.")
    client = openai.AsyncOpenAI(api_key=KEY, base_url=V1)
    text = ""
    async for chunk in await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == "It is raining."
    await client.close()


@call
def completion():
    script(text=" upon a time")
    assert client.completions.create(model=TEXT_MODEL, prompt="Once").choices[0].text == " upon a time"


@call
def completion_of_several_prompts():
    found = client.completions.create(model=TEXT_MODEL, prompt=["Once", "Then"], n=2)
    assert [choice.index for choice in found.choices] == [0, 1, 2, 3]


@call
def completion_streamed():
    script(text=" upon a time")
    chunks = list(client.completions.create(model=TEXT_MODEL, prompt="Once", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == " upon a time"


@call
def completion_of_several_prompts_streamed():
    whole = client.completions.create(model=TEXT_MODEL, prompt=["Once", "Then"])
    texts = {0: "", 1: ""}
    for chunk in client.completions.create(model=TEXT_MODEL, prompt=["Once", "Then"], stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert list(texts.values()) == [choice.text for choice in whole.choices]


@call
def response():
    script(text="It is raining.")
    found = client.responses.create(model=MODEL, input="Weather?", instructions="Be brief.")
    assert (found.output_text, found.status) == ("It is raining.", "completed")


@call
def response_streamed():
    script(text="It is raining.")
    with client.responses.stream(model=MODEL, input="Weather?") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert stream.get_final_response().output_text == text == "It is raining."


@call
def response_calls_a_tool():
    script(tool_calls=CALLS)
    script(text="Shipped.")
    question = [{"role": "user", "content": [{"type": "input_text", "text": "Where is A1?"}]}]
    first = client.responses.create(model=MODEL, input=question, tools=[FLAT_TOOL])
    made = first.output[0]
    assert (made.type, json.loads(made.arguments)) == ("function_call", {"id": "A1"})
    followed = [
        *question,
        *first.output,
        {"type": "function_call_output", "call_id": made.call_id, "output": "on its way"},
    ]
    assert client.responses.create(model=MODEL, input=followed, tools=[FLAT_TOOL]).output_text == "Shipped."


@call
def response_parsed_into_a_model():
    script(parsed={"title": "Crash", "urgent": True})
    found = client.responses.parse(model=MODEL, input="A crash", text_format=Ticket)
    assert found.output_parsed == Ticket(title="Crash", urgent=True)


@call
def response_about_an_image():
    parts = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": PIXEL, "detail": "auto"},
    ]
    assert client.responses.create(model=MODEL, input=[{"role": "user", "content": parts}]).output_text


@call
def response_with_reasoning():
    found = client.responses.create(
        model="o3-mini", input="Why?", reasoning={"effort": "low", "summary": "auto"}
    )
    assert found.output[0].type == "reasoning"
    assert found.usage.output_tokens_details.reasoning_tokens > 0


@call
async def response_async():
    client = openai.AsyncOpenAI(api_key=KEY, base_url=V1)
    assert (await client.responses.create(model=MODEL, input="Weather?")).output_text
    await client.close()


@call
def embedding():
    found = client.embeddings.create(model="text-embedding-3-small", input="a")
    assert len(found.data[0].embedding) == 1536


@call
def embeddings_of_several_texts():
    found = client.embeddings.create(
        model="text-embedding-3-large", input=["a", "b"], dimensions=64, encoding_format="float"
    )
    assert [len(item.embedding) for item in found.data] == [64, 64]


@call
def embedding_of_tokens():
    assert client.embeddings.create(model="text-embedding-3-small", input=[[1, 2], [3]]).data[1].index == 1


@call
def image_by_URL():
    found = client.images.generate(model="dall-e-3", prompt="a fox", size="1024x1024")
    assert fetch(found.data[0].url).startswith(b"\x89PNG")


@call
def image_in_base64():
    found = client.images.generate(
        model="gpt-image-1", prompt="a fox", quality="low", background="transparent"
    )
    assert found.data[0].b64_json


@call
def image_streamed():
    events = list(client.images.generate(model="gpt-image-1", prompt="a fox", stream=True, partial_images=2))
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert events[-1].b64_json
    assert events[-1].usage.total_tokens > 0


@call
def image_edited():
    found = client.images.edit(model="gpt-image-1", image=png(), prompt="a red fox", size="1024x1024")
    assert found.data[0].b64_json


@call
def images_edited_with_a_mask():
    found = client.images.edit(model="gpt-image-1", image=[png(), png()], mask=png(), prompt="two foxes", n=2)
    assert len(found.data) == 2


@call
def image_edit_streamed():
    events = list(
        client.images.edit(model="gpt-image-1", image=png(), prompt="red", stream=True, partial_images=1)
    )
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]


@call
def image_varied():
    found = client.images.create_variation(model="dall-e-2", image=png(), size="256x256", n=2)
    assert len(found.data) == 2


@call
def speech():
    spoken = client.audio.speech.create(
        model="tts-1", voice="alloy", input="good morning", response_format="wav"
    )
    assert spoken.content.startswith(b"RIFF")


@call
def speech_in_pieces():
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="Hi"
    ) as spoken:
        assert b"".join(spoken.iter_bytes())


def _morning():
    spoken = client.audio.speech.create(
        model="tts-1", voice="alloy", input="good morning", response_format="wav"
    )
    return ("a.wav", spoken.content)


@call
def transcription():
    assert client.audio.transcriptions.create(model="whisper-1", file=_morning()).text == "good morning"


@call
def transcription_with_words():
    found = client.audio.transcriptions.create(
        model="whisper-1",
        file=_morning(),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert [word.word for word in found.words] == ["good", "morning"]
    assert found.segments


@call
def transcription_as_subtitles():
    assert "-->" in client.audio.transcriptions.create(
        model="whisper-1", file=_morning(), response_format="srt"
    )


@call
def transcription_streamed():
    events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe", file=_morning(), stream=True))
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == "good morning"
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", "good morning")


@call
def translation():
    import warnings

    warnings.simplefilter("ignore")
    assert client.audio.translations.create(model="whisper-1", file=_morning()).text == "good morning"


@call
def moderation():
    found = client.moderations.create(input=["a nice day", "I will kill the process"])
    assert [result.flagged for result in found.results] == [False, True]


@call
def models_listed():
    assert len({model.id for model in client.models.list()}) > 300


@call
def model_retrieved():
    assert client.models.retrieve("openai/gpt-4o").owned_by == "openai"
    refused(lambda: client.models.retrieve("gpt-99"), "gpt-99", 404, openai.NotFoundError)


@call
def unknown_model_refused():
    refused(lambda: chats.create(model="gpt-99", messages=MESSAGES), "gpt-99", 404, openai.NotFoundError)


@call
def wrong_key_refused():
    with openai.OpenAI(api_key="indox-" + "x" * 32, base_url=V1, max_retries=0) as stranger:
        refused(
            lambda: (
                stranger.models.list() and stranger.chat.completions.create(model=MODEL, messages=MESSAGES)
            ),
            "key",
            401,
            openai.AuthenticationError,
        )


@call
def wrong_field_refused():
    refused(
        lambda: chats.create(model=MODEL, messages=MESSAGES, temperature="hot"),
        "temperature",
        400,
        openai.BadRequestError,
    )


@call
def limit_waited_out():
    admin("POST", "/faults", {"fault": "rate_limit", "arguments": {"retry_after": 0.1}})
    assert client.with_options(max_retries=1).chat.completions.create(model=MODEL, messages=MESSAGES).choices
    assert admin("GET", "/verdict")["offences"] == []


@call
def missing_address_refused():
    refused(lambda: client.get("/nonsense", cast_to=object), "/v1/nonsense", 404, openai.NotFoundError)


@call
def files_and_batches_named_as_not_mocked():
    refused(client.files.list, "files")
    refused(lambda: client.files.create(file=("a.jsonl", b"{}"), purpose="batch"), "files")
    refused(client.batches.list, "batches")


@call
def other_services_named_as_not_mocked():
    for made, name in (
        (client.fine_tuning.jobs.list, "fine-tuning"),
        (client.vector_stores.list, "vector stores"),
        (client.containers.list, "containers"),
        (client.conversations.create, "conversations"),
        (client.evals.list, "evals"),
        (client.videos.list, "video"),
        (client.skills.list, "skills"),
        (lambda: client.responses.retrieve("resp_1"), "stored answers"),
        (lambda: chats.retrieve("chatcmpl-1"), "stored answers"),
        (lambda: client.uploads.create(bytes=1, filename="a", mime_type="b", purpose="batch"), "uploads"),
        (client.realtime.client_secrets.create, "realtime"),
    ):
        refused(made, name)


main()
