"""A tape through the command line and the admin endpoints."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from indoxrouter_mock import MockServer, TapeServer, read_tape
from indoxrouter_mock.cli import main

from .conftest import HELLO
from .test_command import Running, chat, start

__all__ = ["start"]


def test_command_records_and_replays(start: type[Running], tmp_path: Path) -> None:
    server = start()
    recorder = start("record", "--upstream", server.url, "--to", str(tmp_path / "tape"))
    said = chat(recorder.url)
    assert said.status_code == 200
    assert recorder.end()[0] == 0
    assert server.end()[0] == 0
    player = start("--replay", str(tmp_path / "tape"), "--pace", "0")
    assert chat(player.url).json() == said.json()
    assert chat(player.url, temperature=0.1).json()["error"] == "not_recorded"
    assert player.end()[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--replay", "{}/none"], "there is no tape here"),
        (["--replay", "{}", "--unknown", "upstream"], "--upstream is missing"),
        (["--upstream", "http://x"], "--replay is missing"),
        (["--replay", "{}", "--pace", "-1"], "--pace is -1"),
        (["record", "--to", "{}/x", "--upstream", "nonsense"], "a URL such as"),
        (["record", "--to", "{}/x", "--upstream", "http://u:pw@host"], "without credentials"),
    ],
)
def test_command_refuses_what_makes_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main([option.format(tmp_path) for option in options]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert "pw" not in printed


def test_exchange_can_be_read_and_edited(mock: MockServer, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    with TapeServer(tmp_path, replay=False, upstream=mock.url) as recorder:
        httpx.post(f"{recorder.base_url}/chat/completions", json=HELLO, headers=headers)
    with TapeServer(tmp_path) as player:
        admin = f"{player.url}/__mock__/tape"
        (entry,) = httpx.get(admin).json()["exchanges"]
        assert (entry["status"], entry["played"]) == (200, 0)
        shown = httpx.get(f"{admin}", params={"name": entry["name"]}).json()["text"]
        wrong = httpx.post(f"{admin}", json={"name": entry["name"], "text": "tape: 3"})
        assert wrong.status_code == 400
        assert "`tape: 1` is missing" in wrong.json()["message"]
        changed = shown.replace("status: 200", "status: 418")
        assert httpx.post(f"{admin}", json={"name": entry["name"], "text": changed}).status_code == 200
        assert httpx.post(f"{player.base_url}/chat/completions", json=HELLO).status_code == 418
        assert httpx.get(admin).json()["exchanges"][0]["played"] == 1
        assert httpx.post(f"{admin}/rewind").json() == {"rewound": True}
        assert len(player.unplayed) == 1
    assert read_tape(tmp_path)[0].response.status == 418
    assert httpx.get(f"{mock.url}/__mock__/tape").json() == {"exchanges": []}
    assert httpx.post(f"{mock.url}/__mock__/tape/rewind").status_code == 404


@pytest.mark.parametrize("single", [False, True], ids=["in a folder of the tape", "a tape of one file"])
def test_exchange_is_edited_where_its_file_lies(mock: MockServer, tmp_path: Path, single: bool) -> None:
    folder = tmp_path / "monday"
    with TapeServer(folder, replay=False, upstream=mock.url) as recorder:
        assert httpx.get(f"{recorder.base_url}/").status_code == 200
    (file,) = folder.iterdir()
    with TapeServer(file if single else tmp_path) as player:
        admin = f"{player.url}/__mock__/tape"
        (entry,) = httpx.get(admin).json()["exchanges"]
        assert entry["name"] == (file.name if single else f"monday/{file.name}")
        text = httpx.get(admin, params={"name": entry["name"]}).json()["text"]
        changed = {"name": entry["name"], "text": text.replace("status: 200", "status: 418")}
        assert httpx.post(admin, json=changed).status_code == 200
        assert httpx.get(f"{player.base_url}/").status_code == 418
    assert [*tmp_path.rglob("*.yaml")] == [file]
    assert "status: 418" in file.read_text(encoding="utf-8")
