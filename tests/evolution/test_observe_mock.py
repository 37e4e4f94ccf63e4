"""What the mock answers is described: `observe` finds nothing on tapes of every operation, in every shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from generator.description.read import read_leniently
from generator.observation.exchanges import read_recordings
from generator.observation.observer import Observer
from generator.source.settings import load
from indoxrouter_mock import MockServer, TapeServer
from tests.contract.asking import API_KEY, Asking, example_of
from tests.contract.shapes import body_schemas
from tests.patience import ALL
from tests.spec.document import OPERATIONS, resolve

FORMS = ("documented", "detail", "detail_list", "openai", "success_false")


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Asking, Path]]:
    """Somebody who asks the mock, through a recorder."""
    tape = tmp_path / "tape"
    with (
        MockServer(api_key=API_KEY) as server,
        TapeServer(tape, replay=False, upstream=server.url) as recorder,
        httpx.Client(base_url=recorder.base_url, timeout=10, trust_env=False) as http,
    ):
        yield Asking(server, http).afresh(), tape


def ask_everything(asking: Asking) -> None:
    """Every operation with every example, streams as well, and without credentials."""
    asking.prepare()
    for name, operation in OPERATIONS.items():
        if name == "deleteAccount":
            continue  # would leave nobody to ask
        kinds = body_schemas(name)
        for kind in kinds or [None]:
            examples = _count(name, kind) if kind else 1
            for number in range(examples):
                body = example_of(name, kind, number) if kind else None
                asking.ask(name, media_type=kind, body=body)
                if kind and isinstance(body, dict) and "x-stream" in operation:
                    flag = operation["x-stream"]["parameter"]
                    for events in ("chunks", "typed"):
                        streaming = {**body, flag: True}
                        asking.ask(name, media_type=kind, body=streaming, headers={"x-mock-events": events})
        statuses = sorted(status for status in operation["responses"] if status != "200")
        for number, status in enumerate(statuses):
            fault = f"error;status={status};form={FORMS[number % len(FORMS)]}"
            asking.ask(name, headers={"x-mock-fault": fault})
    asking.ask("deleteAccount")


def _count(name: str, kind: str) -> int:
    return len(resolve(OPERATIONS[name]["requestBody"])["content"][kind]["examples"])


@pytest.mark.parametrize("shape", ["envelope", "openai", "output"] if ALL else ["envelope"])
def test_everything_that_the_mock_answers_is_described(recorded: tuple[Asking, Path], shape: str) -> None:
    asking, tape = recorded
    asking.afresh(**({"shape": shape} if shape != "envelope" else {}))
    ask_everything(asking)
    exchanges = read_recordings([tape], [])
    assert len(exchanges) > 2 * len(OPERATIONS)
    findings = Observer(read_leniently(load().spec).resolver).observe(exchanges)
    assert [f"{each.kind} {each.operation} {each.name}: {each.detail}" for each in findings] == []
