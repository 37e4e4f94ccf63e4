"""The 82 mistakes that were observed in the first hours with a former version, graded as this version answers them.

A: the message names the argument, what was received, and what was expected or what to do.
B: the message is right, but the server, Python or the user's own function wrote it, or it leaves the next step open.
-: no mistake any more, or one that only a server can judge; the call is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from indoxrouter import image_part

from tests.methods.harness import Harness
from tests.mistakes.making import (
    ENV,
    HELLO,
    KEY,
    MOST_IMAGES,
    City,
    Mistake,
    Plain,
    bare,
    called,
    closed,
    image_in,
    in_text_mode,
    look_up,
    made,
    other,
    picture,
    read_closed,
    read_twice,
    saved,
    script,
    with_fault,
    with_stream,
)

A: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "typo_keyword_temprature",
        lambda c, d: c.chat(HELLO, temprature=0.1),
        "temprature: chat() has no such argument; use temperature. A provider parameter of this name: "
        "provider_params={'temprature': …}",
    ),
    (
        "typo_keyword_embeddings",
        lambda c, d: c.embeddings("x", modle="openai/text-embedding-3-small"),
        "modle: embeddings() has no such argument; use model",
    ),
    (
        "typo_keyword_get_usage",
        lambda c, d: c.get_usage(start="2026-01-01"),
        "start: get_usage() has no such argument; did you mean 'start_date'?",
    ),
    ("typo_client_kw", lambda c, d: made(c, timeut=3), "timeut: no such option; did you mean 'timeout'?"),
    ("messages_str", lambda c, d: c.chat("Hello"), "messages: expected a list, got str 'Hello'"),
    ("messages_dict", lambda c, d: c.chat(HELLO[0]), "messages: expected a list, got dict of length 2"),
    ("messages_empty", lambda c, d: c.chat([]), "messages: expected a list that is not empty, got list of"),
    (
        "messages_no_content",
        lambda c, d: c.chat([{"role": "user"}]),
        "messages[0].content: required by ChatMessage, but missing",
    ),
    (
        "messages_wrong_key",
        lambda c, d: c.chat([{"role": "user", "text": "hi"}]),
        "messages[0].content: required by ChatMessage, but missing; 'text': no field of it",
    ),
    (
        "messages_list_of_str",
        lambda c, d: c.chat(["hi"]),
        "messages[0]: expected ChatMessage or a dict of its fields, got str 'hi'",
    ),
    (
        "message_bad_role",
        lambda c, d: c.chat([{"role": "usr", "content": "hi"}]),
        "messages[0].role: expected 'user', or chat([ChatMessage('usr', …)]) if there is such a role, got str 'usr'",
    ),
    (
        "missing_key",
        lambda c, d: made(c, api_key=None),
        "No API key: pass api_key=… or set the environment variable INDOX_ROUTER_API_KEY",
    ),
    (
        "key_quotes",
        lambda c, d: made(c, api_key=f'"{KEY}"'),
        "api_key is in quotes: pass the key without them",
    ),
    (
        "wrong_base_path",
        lambda c, d: made(c, base_url=c.mock.url.removesuffix("/api/v1") + "/api/v2"),
        "Not Found. Does the address include the API's path? It is http://",
    ),
    (
        "base_url_no_scheme",
        lambda c, d: made(c, base_url="127.0.0.1:8771"),
        "base_url: expected a URL such as https://api.indoxrouter.com/api/v1, got '127.0.0.1:8771': it does not start",
    ),
    (
        "base_url_https_on_http",
        lambda c, d: made(c, base_url=c.mock.url.replace("http:", "https:"), max_retries=0),
        "the server does not speak TLS on this port; its URL may begin with http://, not https://",
    ),
    (
        "base_url_endpoint",
        lambda c, d: made(c, base_url="http://x/api/v1/chat/completions"),
        "got that of an endpoint; leave out /chat/completions",
    ),
    (
        "bad_image_path",
        lambda c, d: image_part("nope.png"),
        "image: expected a file that can be read (No such file or directory), got str 'nope.png'",
    ),
    (
        "image_not_image",
        lambda c, d: image_in(c, str(script(d))),
        "image: expected a JPEG, PNG, WebP or GIF image, got str",
    ),
    (
        "bad_audio_file",
        lambda c, d: c.speech_to_text(script(d)),
        "file: expected a file of the type audio/*, not 'env.sh', which is text/x-sh",
    ),
    (
        "missing_audio",
        lambda c, d: c.speech_to_text("nope.wav"),
        "file: expected a file that can be read (No such file or directory), got str 'nope.wav'",
    ),
    (
        "text_mode_audio",
        lambda c, d: in_text_mode(c, script(d)),
        "file: expected a file opened in binary mode ('rb'), got an object of type TextIOWrapper",
    ),
    (
        "wrong_tool_schema",
        lambda c, d: c.chat(HELLO, tools=[{"name": "f", "parameters": {}}]),
        "tools[0].type: expected the type of the tool, such as 'function', got None",
    ),
    (
        "tool_without_annotations",
        lambda c, d: c.chat(HELLO, tools=[bare]),
        "tools[0]: bare(x): expected a type annotation, got None",
    ),
    (
        "tool_is_string",
        lambda c, d: c.chat(HELLO, tools=["get_weather"]),
        "tools[0]: expected a function, or an object in OpenAI's form, got str 'get_weather'",
    ),
    ("tool_unknown", lambda c, d: called(c, other), "The model called 'look_up', which is not one of other"),
    ("closed_client", lambda c, d: closed(c), "This client has been closed; create a new one"),
    (
        "parsed_without_format",
        lambda c, d: c.chat(HELLO).parsed,
        "The call had no `response_format`: pass the class that you want, or read .text",
    ),
    (
        "stream_twice",
        lambda c, d: read_twice(c),
        "This stream cannot be read again: it is complete; .response holds what was received",
    ),
    (
        "stream_after_close",
        lambda c, d: read_closed(c),
        "This stream cannot be read again: it is closed; .response holds what was received",
    ),
    (
        "stream_as_response",
        lambda c, d: with_stream(c, lambda stream: stream.text),
        "until_done() reads it to its end and returns the response, text_stream yields the text",
    ),
    (
        "response_iterated",
        lambda c, d: [chunk["data"] for chunk in c.chat(HELLO)],
        "This is a key of a response, which is complete and not a stream: its 'data' is response['data']; for chunks",
    ),
    (
        "timeout_str",
        lambda c, d: made(c, timeout="30"),
        "timeout: expected a number of seconds or None, got str '30'",
    ),
    (
        "timeout_zero",
        lambda c, d: made(c, timeout=0),
        "timeout: expected a positive number of seconds, got int 0",
    ),
    (
        "timeout_neg",
        lambda c, d: made(c, timeout=-1),
        "timeout: expected a positive number of seconds, got int -1",
    ),
    (
        "negative_max_tokens",
        lambda c, d: c.chat(HELLO, max_tokens=-5),
        "max_tokens: expected a whole number >= 1, got int -5",
    ),
    (
        "temperature_3",
        lambda c, d: c.chat(HELLO, temperature=3),
        "temperature: expected a number >= 0 and <= 2, got int 3",
    ),
    (
        "temperature_str",
        lambda c, d: c.chat(HELLO, temperature="hot"),
        "temperature: expected a number >= 0 and <= 2, got str 'hot'",
    ),
    (
        "stream_str",
        lambda c, d: c.chat(HELLO, stream="yes"),
        "stream: expected True or False, got str 'yes'",
    ),
    (
        "image_n",
        lambda c, d: c.images("x", n=50),
        f"n: expected a whole number >= 1 and <= {MOST_IMAGES}, got int 50",
    ),
    ("embed_empty", lambda c, d: c.embeddings([]), "text: expected a list that is not empty, got list of"),
    ("embed_int", lambda c, d: c.embeddings(42), "text: expected text or a list, got int 42"),
    (
        "save_to_missing_dir",
        lambda c, d: saved(c, d / "no" / "such" / "x.png"),
        "path: expected a path in a directory that exists, and ",
    ),
    (
        "response_attr_typo",
        lambda c, d: c.chat(HELLO).txt,
        "ChatResponse has no field 'txt'; did you mean 'text'?",
    ),
    (
        "response_key_typo",
        lambda c, d: c.chat(HELLO)["txt"],
        "ChatResponse has no key 'txt'; did you mean the attribute 'text'?",
    ),
    (
        "response_format_str",
        lambda c, d: c.chat(HELLO, response_format="json"),
        "response_format: expected a Pydantic model, a dataclass, a TypedDict, a JSON schema, 'json_object' or 'text'",
    ),
    (
        "response_format_unsupported",
        lambda c, d: c.chat(HELLO, response_format=Plain),
        "response_format: expected a Pydantic model, a dataclass, a TypedDict, a JSON schema, 'json_object' or 'text'",
    ),
    (
        "response_format_small_tokens",
        lambda c, d: c.chat(HELLO, response_format=City, max_tokens=2).parsed,
        "The answer does not have the requested format: not valid JSON (at character",
    ),
    (
        "openai_style",
        lambda c, d: c.client.chat.completions.create(model="x", messages=HELLO),
        "client.chat.completions is not here; use client.chat(messages, model=…). docs/guides/migrating.md lists",
    ),
    (
        "openai_style_messages_kw",
        lambda c, d: c.chat(model="openai/gpt-4o-mini", prompt="hi"),
        "prompt: chat() has no such argument; use messages",
    ),
]

B: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "wrong_model",
        lambda c, d: c.chat(HELLO, model="openai/gpt-5o-mini"),
        "there is no model 'openai/gpt-5o-mini' (404, not_found",
    ),
    (
        "wrong_provider",
        lambda c, d: c.chat(HELLO, model="opnai/gpt-4o-mini"),
        "there is no model 'opnai/gpt-4o-mini' (404, not_found",
    ),
    (
        "openai_key",
        lambda c, d: made(c, api_key="sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"),
        "unknown API key, or wrong user name or password (401",
    ),
    (
        "unknown_key",
        lambda c, d: made(c, api_key=KEY),
        "unknown API key, or wrong user name or password (401",
    ),
    (
        "wrong_base_port",
        lambda c, d: made(c, base_url=ENV, max_retries=0),
        "Could not connect to 127.0.0.1:9: Connection refused (connect)",
    ),
    ("no_credits", lambda c, d: with_fault(c, "insufficient_credits"), "insufficient credits (402"),
    (
        "too_long_input",
        lambda c, d: c.chat([{"role": "user", "content": "word " * 400_000}]),
        "body/messages: 400005 tokens are too many: this model's maximum context length is 128000 tokens",
    ),
    (
        "image_model_no_vision",
        lambda c, d: image_in(c, picture(d), model="openai/gpt-3.5-turbo"),
        "body/model: openai/gpt-3.5-turbo does not take images",
    ),
    (
        "embed_with_chat_model",
        lambda c, d: c.embeddings("x", model="openai/gpt-4o-mini"),
        "body/model: openai/gpt-4o-mini does not support this (embedding); it supports: chat",
    ),
    (
        "chat_with_embed_model",
        lambda c, d: c.chat(HELLO, model="openai/text-embedding-3-small"),
        "does not support this (chat); it supports: embedding",
    ),
    ("tool_call_raises", lambda c, d: called(c, look_up), "no "),
    ("response_choices_oldstyle", lambda c, d: c.chat(HELLO)["choices"][1], "list index out of range"),
    (
        "video_job_404",
        lambda c, d: c.wait(c.client.video_job("job_nope").refresh),
        "there is no video job 'job_nope' (404, not_found",
    ),
    ("html_error", lambda c, d: with_fault(c, "html_error"), "502 Bad Gateway (502"),
]

ANSWERED: list[tuple[str, Callable[[Harness, Path], Any]]] = [
    ("model_without_provider", lambda c, d: c.chat(HELLO, model="gpt-4o-mini").text),
    ("key_with_newline", lambda c, d: made(c, api_key=c.mock.api_key + "\n").username),
    ("timeout_on_call", lambda c, d: c.chat(HELLO, timeout=5).text),
    (
        "image_bad_size",
        lambda c, d: c.images("x", size="10x10").images,
    ),  # which sizes there are, a model decides
    ("save_twice", lambda c, d: (saved(c, d / "x.png"), saved(c, d / "x.png"))),  # as `open(path, "wb")` does
]

MISTAKES = [*(Mistake(n, "A", call, s) for n, call, s in A), *(Mistake(n, "B", call, s) for n, call, s in B)]
