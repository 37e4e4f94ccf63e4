"""An operation and a schema added to the description are there to be called after one command, with no line by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.generator.support import serving

# One worker generates the package.
pytestmark = pytest.mark.xdist_group("new-operation")
OPERATION = """
  /fortunes/{topic}:
    post:
      operationId: tellFortune
      tags: [fortunes]
      summary: Tell a fortune
      security: [{bearerAuth: []}]
      x-retry: billed
      x-facade: [{name: fortune, positional: [topic, mood]}]
      parameters:
        - {name: topic, in: path, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/FortuneRequest'}
      responses:
        '200':
          description: The fortune.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Fortune'}
"""
SCHEMAS = """
    Fortune:
      type: object
      required: [text]
      properties: {text: {type: string}, lucky_numbers: {type: array, items: {type: integer}}}
    FortuneRequest:
      type: object
      properties: {mood: {type: string, x-client-default: sunny}}
"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The project's description with one more operation and two more schemas, generated with one command."""
    directory = tmp_path_factory.mktemp("grown")
    text = (root / "openapi.yaml").read_text(encoding="utf-8")
    text = text.replace("\npaths:\n", f"\npaths:{OPERATION}", 1).replace(
        "\n  schemas:\n", f"\n  schemas:{SCHEMAS}", 1
    )
    assert {"/fortunes/{topic}"} <= set(yaml.safe_load(text)["paths"])
    (directory / "openapi.yaml").write_text(text, encoding="utf-8")
    where = [
        "--spec",
        str(directory / "openapi.yaml"),
        "--output",
        str(directory / "grown"),
        "--package",
        "grown",
    ]
    command = [sys.executable, "-m", "generator", "generate", *where]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    sys.path.insert(0, str(directory))
    return directory


def test_it_is_called_sync_and_async(grown: Path, run_python: Any) -> None:
    code = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import grown
with grown.ApiClient(sys.argv[2], "token") as client:
    fortune = client.api.fortunes.tell_fortune("love & luck", mood="fine")
    assert isinstance(fortune, grown.Fortune) and fortune.text == "Yes." and fortune.lucky_numbers == [7]
async def main():
    async with grown.AsyncApiClient(sys.argv[2], "token") as client:
        return await client.api.fortunes.tell_fortune("work", body=grown.FortuneRequest(mood="grim"))
assert asyncio.run(main()).text == "Yes."
"""
    with serving() as server:
        server.answer(b'{"text": "Yes.", "lucky_numbers": [7]}')
        done = run_python(code, str(grown), server.url)
        assert done.returncode == 0, done.stderr
        assert [(r.method, r.path, r.body) for r in server.requests] == [
            ("POST", "/fortunes/love%20%26%20luck", b'{"mood":"fine"}'),
            ("POST", "/fortunes/work", b'{"mood":"grim"}'),
        ]
        assert server.last.headers["Authorization"] == "Bearer token"


def test_it_is_a_method_of_the_documented_client(grown: Path, run_python: Any) -> None:
    code = """
import inspect, sys
sys.path.insert(0, sys.argv[1])
from grown.facade import Facade
from grown.async_facade import AsyncFacade
from grown.facade_entries import ENTRIES
class Recording(Facade):
    def _call_facade(self, entry, values, extra, **own):
        return entry, values, dict(extra), own
entry, values, extra, own = Recording().fortune("luck")
assert entry is ENTRIES["fortune"] and values == {"topic": "luck", "mood": "sunny"} and not extra and not own
assert entry.load().id == "tellFortune"
assert str(inspect.signature(Facade.fortune)) == str(inspect.signature(AsyncFacade.fortune)).replace("async ", "")
assert inspect.iscoroutinefunction(AsyncFacade.fortune)
"""
    done = run_python(code, str(grown))
    assert done.returncode == 0, done.stderr
