"""Clients as objects: temporaries, copies, and what cannot be pickled."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import indoxrouter
import pytest

from tests.reliability.harness import ENVELOPE, KEY, MESSAGES, Mode, do, serve_everything, texts_and_error
from tests.reliability.server import DONE, answer, streamed, text_event

BOTH_ENGINES = ""
PATH = "/chat/completions"


def made(mode: Mode) -> Any:
    """A client that nothing else refers to."""
    return mode.kind(api_key=KEY, base_url=mode.server.url, engine=mode.engine, auth="api_key")


@pytest.mark.filterwarnings("ignore:.*was never closed:ResourceWarning")
async def test_a_copy_of_a_temporary_works(mode: Mode) -> None:
    serve_everything(mode.server)
    tailored = made(mode).with_options(max_retries=0)
    gc.collect()
    assert (await do(tailored.chat(MESSAGES))).text == "hello there"
    assert (await do(tailored.with_options(timeout=9).chat(MESSAGES))).text == "hello there"
    del tailored
    gc.collect()  # the last reference to the temporary, which is closed with it


@pytest.mark.filterwarnings("ignore:.*was never closed:ResourceWarning")
async def test_a_stream_of_a_temporary_works(mode: Mode) -> None:
    mode.server.on(PATH, streamed(text_event("a"), text_event("b", "stop"), DONE))
    tailored = made(mode).with_options(max_retries=0)
    stream = await do(tailored.chat(MESSAGES, stream=True))
    gc.collect()
    assert await texts_and_error(stream) == (["a", "b"], None)
    del tailored
    gc.collect()  # the last reference to the temporary, which is closed with it


@pytest.mark.parametrize("how", ["with_options", "copy", "deepcopy", "closed", "closed by with", "half made"])
async def test_a_copy_that_is_dropped_leaves_the_original_open(mode: Mode, how: str) -> None:
    serve_everything(mode.server)
    client = mode.client(auth="api_key")
    await do(client.chat(MESSAGES))
    connections = len(mode.server.connections)
    if how == "half made":
        with pytest.raises(ValueError, match="timeout"):
            client.with_options(timeout=-1)
    elif how == "closed by with" and mode.is_async:
        async with client.with_options() as twin:
            await twin.chat(MESSAGES)
    elif how == "closed by with":
        with client.with_options() as twin:
            twin.chat(MESSAGES)
    else:
        makers = {"copy": copy.copy, "deepcopy": copy.deepcopy}
        twin = makers.get(how, lambda it: it.with_options())(client)
        assert (await do(twin.chat(MESSAGES))).text == "hello there"
        if how == "closed":
            await do(twin.close())
    twin = None
    gc.collect()
    assert "closed" not in repr(client)
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    assert len(mode.server.connections) == connections


async def test_pickling_says_what_to_do_instead(mode: Mode) -> None:
    client = mode.client(auth="api_key")
    with pytest.raises(TypeError, match="Make a client in each process") as caught:
        pickle.dumps(client)
    assert KEY not in str(caught.value)


async def test_copies_share_token_and_connections(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on(PATH, answer(ENVELOPE))
    client = mode.client()
    for twin in (client, copy.copy(client), copy.deepcopy(client), client.with_options(max_retries=0)):
        await do(twin.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == 1
    assert len(mode.server.connections) == 1


async def test_repr_names_the_engine_and_no_secret(mode: Mode) -> None:
    client = mode.client(auth="api_key", headers={"X-Secret": "s3cret"})
    shown = repr(client)
    assert f"engine='{mode.engine}'" in shown
    assert KEY not in shown
    assert "s3cret" not in shown
    assert isinstance(client, (indoxrouter.Client, indoxrouter.AsyncClient))
