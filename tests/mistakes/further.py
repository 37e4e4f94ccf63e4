"""Further mistakes, in the same form as those of the first hours. All are answered before a request is sent."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from indoxrouter import image_part, run_tools

from tests.methods.harness import Harness
from tests.mistakes.making import HELLO, KEY, MOST_IMAGES, Mistake, made, other, with_stream


def used_up() -> Any:
    messages = iter(HELLO)
    list(messages)
    return messages


ROWS: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "a number of images",
        lambda c, d: c.images("x", num_images=2),
        "num_images: images() has no such argument; use n.",
    ),
    ("a speaker", lambda c, d: c.text_to_speech("x", speaker="a"), "no such argument; use voice"),
    (
        "a length",
        lambda c, d: c.chat(HELLO, max_length=9),
        "max_length: chat() has no such argument; use max_tokens",
    ),
    (
        "a path",
        lambda c, d: c.speech_to_text(path="x.mp3"),
        "path: speech_to_text() has no such argument; use file",
    ),
    ("a ratio", lambda c, d: c.images("x", ratio="16:9"), "no such argument; use aspect_ratio"),
    (
        "model before messages",
        lambda c, d: c.chat("openai/gpt-4o-mini", HELLO),
        "messages: expected a list, got str 'openai/gpt-4o-mini'",
    ),
    ("a list of models", lambda c, d: c.chat(HELLO, ["a/b"]), "model: expected text, got list of length 1"),
    (
        "no name for the model",
        lambda c, d: c.chat(HELLO, ""),
        "model: expected text that is not empty, got str",
    ),
    ("None for messages", lambda c, d: c.chat(None), "messages: required by ChatRequest, but missing"),
    ("bytes for messages", lambda c, d: c.chat(b"Hello"), "messages: expected a list, got bytes of 5 bytes"),
    (
        "a generator that was read",
        lambda c, d: c.chat(used_up()),
        "messages: expected a list that is not empty, got list of length 0",
    ),
    (
        "a number as content",
        lambda c, d: c.chat([{"role": "user", "content": 3}]),
        "messages[0].content: expected text or a list, got int 3",
    ),
    (
        "one part in place of a list",
        lambda c, d: c.chat([{"role": "user", "content": {"type": "text", "text": "x"}}]),
        "messages[0].content: expected text or a list, got dict of length 2",
    ),
    (
        "a role in capitals",
        lambda c, d: c.chat([*HELLO, {"role": "Assistant", "content": "x"}]),
        "messages[1].role: expected 'assistant', or chat([ChatMessage('Assistant', …)]) if there is such a role",
    ),
    (
        "a count as text",
        lambda c, d: c.chat(HELLO, max_tokens="10"),
        "max_tokens: expected a whole number >= 1, got",
    ),
    (
        "no tokens",
        lambda c, d: c.chat(HELLO, max_tokens=0),
        "max_tokens: expected a whole number >= 1, got int 0",
    ),
    (
        "True for a count",
        lambda c, d: c.images("x", n=True),
        f"n: expected a whole number >= 1 and <= {MOST_IMAGES}, got bool",
    ),
    (
        "NaN",
        lambda c, d: c.chat(HELLO, temperature=math.nan),
        "temperature: expected a number >= 0 and <= 2, finite",
    ),
    (
        "infinity for a provider",
        lambda c, d: c.chat(HELLO, house_style=math.inf),
        "house_style: expected a finite number, got",
    ),
    ("1 for True", lambda c, d: c.chat(HELLO, stream=1), "stream: expected True or False, got int 1"),
    (
        "a stream of vectors",
        lambda c, d: c.embeddings("x", stream=True),
        "stream: embeddings() has no such argument; use chat() or completion(), which have streams",
    ),
    (
        "bytes for text",
        lambda c, d: c.embeddings(b"x"),
        "text: expected text or a list, got bytes of 1 byte",
    ),
    ("None among texts", lambda c, d: c.embeddings(["x", None]), "text[1]: expected text, got None"),
    (
        "a size as a pair",
        lambda c, d: c.images("x", size=(512, 512)),
        "size: expected text, got tuple of length 2",
    ),
    ("several prompts", lambda c, d: c.images(["x", "y"]), "prompt: expected text, got list of length 2"),
    (
        "a wrong value of a closed list",
        lambda c, d: c.images("x", response_format="png"),
        "response_format: expected one of 'url', 'b64_json', got str 'png'",
    ),
    (
        "no text to speak",
        lambda c, d: c.text_to_speech(""),
        "input: expected text that is not empty, got str ''",
    ),
    (
        "no speed",
        lambda c, d: c.text_to_speech("x", speed=0),
        "speed: expected a number >= 0.25 and <= 4.0, got int 0",
    ),
    (
        "a directory of recordings",
        lambda c, d: c.speech_to_text(d),
        "file: expected a file, not a directory, got",
    ),
    (
        "a directory of pictures",
        lambda c, d: image_part(str(d)),
        "image: expected a file, not a directory, got",
    ),
    (
        "an empty recording",
        lambda c, d: c.speech_to_text(b""),
        "file: expected a file that is not empty, got bytes",
    ),
    (
        "text for a recording",
        lambda c, d: c.speech_to_text(io.StringIO("x")),
        "file: expected a file opened in binary",
    ),
    (
        "a date in words",
        lambda c, d: c.get_usage(start_date="yesterday"),
        "start_date: expected a date, or text such",
    ),
    (
        "a provider by number",
        lambda c, d: c.models(3),
        "provider: expected the id or the name of a provider, got int 3",
    ),
    (
        "a line break in a header",
        lambda c, d: c.chat(HELLO, headers={"X-A": "a\nb"}),
        "headers: the value of X-A has to be visible ASCII text",
    ),
    (
        "a list of headers",
        lambda c, d: c.chat(HELLO, headers=["a"]),
        "headers: expected a mapping of names to text, got",
    ),
    (
        "no deadline",
        lambda c, d: c.chat(HELLO, deadline=0),
        "deadline: expected a positive number of seconds, got int 0",
    ),
    (
        "two times",
        lambda c, d: c.chat(HELLO, timeout=(1, 2)),
        "timeout: expected (connect, read, write, pool), got 2",
    ),
    (
        "no bytes",
        lambda c, d: c.chat(HELLO, max_response_bytes=0),
        "max_response_bytes: expected a whole number, 1 or",
    ),
    (
        "retries as text",
        lambda c, d: c.client.with_options(max_retries="3"),
        "max_retries: expected a whole number, 0",
    ),
    (
        "a field as an option",
        lambda c, d: c.client.with_options(temperature=1),
        "temperature: no such option; use temperature=… of the methods",
    ),
    (
        "another model by text",
        lambda c, d: c.client.with_options(fallback_models="a/b"),
        "fallback_models: expected a list of model names, got 'a/b'",
    ),
    (
        "other models for an operation",
        lambda c, d: c.wait(
            c.client.with_options(fallback_models=["a/b"]).api.chat.create_chat_completion, messages=HELLO
        ),
        "fallback_models: api.create_chat_completion() asks one model; the methods of the client ask others as well",
    ),
    (
        "a call for its method",
        lambda c, d: c.with_raw_response(c.chat(HELLO)),
        "method: expected a method such as",
    ),
    (
        "a name for a method",
        lambda c, d: c.with_raw_response("chat", HELLO),
        "method: expected a method such as",
    ),
    (
        "a level that does not exist",
        lambda c, d: c.client.enable_debug("loud"),
        "level: expected a level of the logging",
    ),
    (
        "tools in place of calls",
        lambda c, d: run_tools([other], []),  # type: ignore[list-item]
        "calls: expected `response.tool_calls`, got function",
    ),
    ("no calls", lambda c, d: run_tools(None, [other]), "calls: expected `response.tool_calls`, got None"),  # type: ignore[arg-type]
    ("one function", lambda c, d: run_tools([], other), "functions: expected the list"),  # type: ignore[arg-type]
    (
        "a function by name",
        lambda c, d: run_tools([], ["look_up"]),  # type: ignore[list-item]
        "functions: expected functions or tool definitions",
    ),
    (
        "a misspelt key of usage",
        lambda c, d: c.chat(HELLO).usage["costs"],
        "Usage has no key 'costs'; did you mean 'cost'?",
    ),
    ("an index", lambda c, d: c.chat(HELLO)[0], "ChatResponse has no key 0; use .choices[0]"),
    (
        "an index of a stream",
        lambda c, d: with_stream(c, lambda s: s[0]),
        "until_done() returns the response",
    ),
    ("a key as bytes", lambda c, d: made(c, api_key=KEY.encode()), "api_key: expected text, got bytes"),
    (
        "a space in a key",
        lambda c, d: made(c, api_key=f"{KEY[:9]} {KEY[9:]}"),
        "api_key holds a space, a control character",
    ),
    (
        "a URL by position",
        lambda c, d: made(c, timeout="http://x"),
        "timeout: expected a number of seconds or None, got",
    ),
    (
        "a URL in bytes",
        lambda c, d: made(c, base_url=b"http://x"),
        "/api/v1, as text, got bytes",
    ),
    (
        "another protocol",
        lambda c, d: made(c, base_url="ftp://x"),
        "got 'ftp://x': it does not start with http:// or",
    ),
    (
        "a misspelt engine",
        lambda c, d: made(c, engine="htpx"),
        "engine: expected one of direct, httpx or an engine object",
    ),
    (
        "a client of another kind",
        lambda c, d: made(c, http_client=object()),
        "http_client: expected an httpx.",
    ),
]

FURTHER = [Mistake(name, "A", call, answer) for name, call, answer in ROWS]
