"""A noun agrees with its number in what a client says: `1 byte`, `2 bytes`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from indoxrouter import APIError, EmbeddingResponse, IndoxRouterError
from indoxrouter import models as generated
from indoxrouter._runtime.codecs.multipart import Upload

from indoxrouter_ext.files.destinations import MemoryDestination
from tests.methods.harness import Harness
from tests.mistakes.making import HELLO


class Shrunk(io.BytesIO):
    """A file that loses its last bytes after its size was measured."""

    def __init__(self, lost: int) -> None:
        super().__init__(b"ID3" + bytes(20))
        self.lost = lost

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size)[: -self.lost]


def agreed(words: str, number: int) -> re.Pattern[str]:
    """The words with a number in place of `#`, and with the plural of each noun marked `(s)` where that is due."""
    text = re.escape(words.replace("#", str(number)).replace("(s)", "s" if number > 1 else ""))
    return re.compile(text + r"\b")


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c, n: c.chat(HELLO, max_response_bytes=n), "the limit of # byte(s)"),
        (lambda c, n: c.speech_to_text(Shrunk(n)), "ended # byte(s) early"),
    ],
    ids=["answer", "upload"],
)
def test_errors(harness: Harness, call: Callable[[Harness, int], object], words: str, number: int) -> None:
    with pytest.raises(IndoxRouterError, match=agreed(words, number)):
        call(harness, number)


@pytest.mark.parametrize("number", [1, 2])
def test_files_in_memory(number: int) -> None:
    with pytest.raises(APIError, match=agreed("larger than # byte(s)", number)):
        MemoryDestination(number).write(bytes(3))


def logprobs(value: Any) -> object:
    return generated.OpenAIChoice.from_dict({"logprobs": {"deep": {"deeper": value}}})


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda n: Upload(bytes(n), "a.mp3"), "# byte(s)"),
        (lambda n: logprobs(["x"] * n), "# item(s)"),
        (lambda n: logprobs(dict.fromkeys("ab"[:n])), "# key(s)"),
        (lambda n: EmbeddingResponse.from_dict({"data": [[0.5] * n] * n}), "# vector(s) of # dimension(s)"),
    ],
    ids=["upload", "list", "object", "embeddings"],
)
def test_reprs(made: Callable[[int], object], words: str, number: int) -> None:
    assert agreed(words, number).search(repr(made(number)))
