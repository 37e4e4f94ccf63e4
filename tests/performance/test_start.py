"""What a program imports before it needs it: proven in fresh interpreters, because this one has imported everything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .counting import KEY, MESSAGES
from .recorder import recording

CLIENT = "from indoxrouter import Client; client = Client('indox-' + 'k' * 32, authenticate=False)"
HEAVY = ("asyncio", "attrs", "email", "httpx", "httptools", "logging", "msgspec", "ssl", "typing_extensions")


def modules_after(code: str) -> set[str]:
    """The modules that are imported after some code ran in a fresh interpreter without site packages' own hooks."""
    program = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import indoxrouter") <= {"indoxrouter", "__future__"}


@pytest.mark.parametrize("heavy", HEAVY)
def test_a_client_needs_nothing_heavy_before_its_first_request(heavy: str) -> None:
    assert heavy not in modules_after(CLIENT)


def test_models_are_attrs_classes_without_importing_attrs() -> None:
    code = "from indoxrouter import ChatMessage; message = ChatMessage(role='user', content='x')"
    assert "attr" not in modules_after(code)
    fields = (
        f"{code}; import attrs; assert [f.name for f in attrs.fields(ChatMessage)][:2] == ['role', 'content']"
    )
    assert "attr" in modules_after(fields)


def test_one_client_does_not_load_the_other() -> None:
    assert not {"indoxrouter.async_facade", "indoxrouter_ext.async_client"} & modules_after(CLIENT)
    other = "from indoxrouter import AsyncClient; AsyncClient('indox-' + 'k' * 32)"
    assert not {"indoxrouter.facade", "indoxrouter_ext.client"} & modules_after(other)


ANSWER = json.dumps({"data": "An answer.", "success": True}).encode()
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)
# What a conversation needs of the standard library: JSON, dates, sockets, and names of hosts.
# Loaded only where the description has renamed an argument.
IF_RENAMED = {"indoxrouter._runtime.operations.renamed"}
STANDARD = {
    *(
        "bisect",
        "contextvars",
        "copy",
        "datetime",
        "encodings",
        "errno",
        "future__",
        "heapq",
        "importlib",
        "ipaddress",
    ),
    *(
        "json",
        "random",
        "select",
        "selectors",
        "sha512",
        "socket",
        "stringprep",
        "unicodedata",
        "urllib",
        "weakref",
    ),
    *("array", "ast", "functools", "math", "threading", "weakrefset", "zlib"),
}


@pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="the system is asked for proxies there, by urllib"
)
def test_a_first_conversation_loads_the_parser_and_hardly_anything_else() -> None:
    with recording() as server:
        server.answer = lambda write: write(HTTP)
        modules = modules_after(
            "from indoxrouter import Client\n"
            f"client = Client({KEY!r}, base_url={server.url!r}, auth='api_key', engine='direct')\n"
            f"assert client.chat({MESSAGES!r}).text == 'An answer.'"
        )
    assert not {"asyncio", "httpcore", "httpx", "ssl", "truststore", "logging", "email"} & modules
    packages = {name.partition(".")[0].lstrip("_") for name in modules - modules_after("import httptools")}
    assert packages <= {"indoxrouter", "indoxrouter_ext", *STANDARD}
    ours = {name for name in modules if name.startswith("indoxrouter")}
    assert not {name for name in ours if "async" in name or "httpx" in name}
    assert len(ours - IF_RENAMED) <= 77


MODELS = "indoxrouter.models."


def test_who_chats_loads_the_schemas_of_chats_and_no_others() -> None:
    with recording() as server:
        server.answer = lambda write: write(HTTP)
        chat = (
            "from indoxrouter import Client\n"
            f"client = Client({KEY!r}, base_url={server.url!r}, auth='api_key', engine='direct')\n"
            f"answer = client.chat({MESSAGES!r})\n"
        )
        plain, billed = (modules_after(chat + more) for more in ("answer.text", "answer.usage; answer.cost"))
    assert {name for name in plain if name.startswith(MODELS)} == {f"{MODELS}chat"}
    assert {name for name in billed - plain if name.startswith(MODELS)} <= {f"{MODELS}shared"}


@pytest.mark.parametrize("group", ["chat", "completions", "images", "audio", "videos", "embeddings", "user"])
def test_the_schemas_of_a_group_load_no_other_group(group: str) -> None:
    found = modules_after(f"import indoxrouter.models.{group}")
    assert {name for name in found if name.startswith(MODELS)} == {f"{MODELS}{group}"}


EVENTS = b'data: {"choices": [{"index": 0, "delta": {"content": "An answer."}}]}\n\ndata: [DONE]\n\n'
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (
    len(EVENTS),
    EVENTS,
)


def test_a_stream_for_threads_does_not_load_asyncio() -> None:
    with recording() as server:
        server.answer = lambda write: write(STREAM)
        modules = modules_after(
            "from indoxrouter import Client\n"
            f"client = Client({KEY!r}, base_url={server.url!r}, auth='api_key', engine='direct')\n"
            f"assert client.chat({MESSAGES!r}, stream=True).until_done().text == 'An answer.'"
        )
    assert "indoxrouter_ext.streaming.stream" in modules
    assert not {"asyncio", "indoxrouter_ext.streaming.async_stream", "logging"} & modules


def test_a_client_loads_few_modules() -> None:
    modules = modules_after(CLIENT)
    assert len({name for name in modules if name.startswith("indoxrouter")} - IF_RENAMED) <= 62
    assert "httpcore" not in modules


def test_importing_a_group_makes_no_table_of_fields_and_using_a_model_makes_its_own() -> None:
    modules_after(
        "from indoxrouter._runtime.models.schema import Schema\n"
        "made = []; prepare = Schema.__init__\n"
        "def watched(self, name, *rest, **more): made.append(name); prepare(self, name, *rest, **more)\n"
        "Schema.__init__ = watched\n"
        "from indoxrouter.models.chat import ChatMessage\n"
        "class Mine(ChatMessage): pass\n"
        "assert made == [], made\n"
        "for kind in (Mine, ChatMessage, Mine): kind(role='user', content='x').to_dict()\n"
        "assert Mine._schema_ is ChatMessage._schema_\n"
        "assert made == ['ChatMessage'], made"
    )
