"""Images, speech, recordings and videos: saved, listed, resumed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from indoxrouter.errors import InvalidParametersError

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.console.preview import detect_protocol, encode_image
from indoxrouter_ext.files.destinations import target_path
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli
from tests.spec.document import present_arguments

Sent = Callable[[str], list[dict[str, Any]]]


def test_images_are_saved_one_file_each(cli: Cli, sent: Sent) -> None:
    result = cli("image", "-n", "3", "--size", "256x256", "-o", "cat.png", "a cat")
    assert result.code == 0, result.err
    assert result.out.split() == ["cat-1.png", "cat-2.png", "cat-3.png"]
    for name in result.out.split():
        assert (cli.directory / name).read_bytes().startswith(b"\x89PNG")
    body = sent("createImage")[0]
    assert (body["prompt"], body["n"], body["size"]) == ("a cat", 3, "256x256")


def test_an_image_goes_into_a_directory_and_the_prompt_may_be_piped(cli: Cli) -> None:
    (cli.directory / "shots").mkdir()
    assert cli("image", "-o", "shots", stdin="a dog").out.strip() == "shots/image.png"


def test_image_json_saves_nothing(cli: Cli) -> None:
    assert cli("image", "--json", "a cat").json["data"][0]["url"]
    assert list(cli.directory.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app", "TMUX": "1"}, None),
    ],
)
def test_previews_are_for_terminals_that_show_images(
    environment: dict[str, str], protocol: str | None
) -> None:
    assert detect_protocol(environment) == protocol


def test_kitty_gets_png_in_pieces_it_accepts() -> None:
    sequence = encode_image(b"\x89PNG" + bytes(10_000), "x.png", "kitty")
    assert sequence is not None
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", sequence)
    assert [control for control, _ in pieces] == ["a=T,f=100,m=1", *["m=1"] * (len(pieces) - 2), "m=0"]
    assert max(len(piece) for _, piece in pieces) <= 4096
    assert encode_image(b"\xff\xd8\xff", "x.jpg", "kitty") is None


def test_an_image_is_previewed_in_a_terminal_that_can(cli: Cli) -> None:
    with cli.terminal("image", "a cat", env={"TERM_PROGRAM": "iTerm.app"}) as terminal:
        assert terminal.finish() == 0
        assert "\x1b]1337;File=" in terminal.raw


def test_speech_is_saved_in_the_format_of_the_file_name(cli: Cli, sent: Sent) -> None:
    result = cli("speak", "-o", "hello.flac", "--voice", "nova", "--speed", "1.5", "Hello there")
    assert (result.code, result.out.strip()) == (0, "hello.flac")
    assert (cli.directory / "hello.flac").stat().st_size > 100
    expected = {"input": "Hello there", "response_format": "flac", "voice": "nova", "speed": 1.5}
    assert present_arguments("text_to_speech", expected).items() <= sent("createSpeech")[0].items()


def test_speech_can_be_piped_on(cli: Cli) -> None:
    result = cli("speak", "-o", "-", "--format", "mp3", stdin="Hello")
    assert result.code == 0
    assert len(result.raw) > 100
    assert list(cli.directory.iterdir()) == []


@pytest.fixture
def recording(cli: Cli) -> Path:
    assert cli("speak", "-o", "talk.mp3", "The harbour sleeps").code == 0
    return cli.directory / "talk.mp3"


@pytest.mark.parametrize(
    ("style", "mark"),
    [("text", "harbour"), ("json", '"text"'), ("verbose_json", '"text"'), ("srt", "-->"), ("vtt", "WEBVTT")],
)
def test_a_recording_is_written_down_in_each_format(cli: Cli, recording: Path, style: str, mark: str) -> None:
    result = cli("transcribe", recording, "--format", style, "--language", "en")
    assert result.code == 0, result.err
    assert mark in result.out


def test_a_directory_is_written_down_at_once(cli: Cli, recording: Path) -> None:
    for name in ("a.mp3", "deep/b.mp3", "deep/notes.txt"):
        cli.file(f"talks/{name}", recording.read_bytes())
    (cli.directory / "texts").mkdir()
    result = cli("transcribe", "talks", "-o", "texts", "--format", "srt")
    assert result.code == 0, result.err
    assert sorted(path.name for path in (cli.directory / "texts").iterdir()) == ["a.mp3.srt", "b.mp3.srt"]
    assert cli("transcribe", "talks").code == 0
    assert (cli.directory / "talks" / "deep" / "b.mp3.txt").read_text().strip()
    again = cli("transcribe", "talks")
    assert again.code == exit_codes.USAGE
    assert "this file exists" in again.err


def test_one_bad_recording_of_many_does_not_stop_the_others(
    cli: Cli, mock: MockServer, recording: Path
) -> None:
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        cli.file(f"talks/{name}", recording.read_bytes())
    mock.faults.add("error", status=400, operation="createTranscription")
    result = cli("transcribe", "talks")
    assert result.code == exit_codes.PARTIAL
    assert len(result.out.split()) == 2
    assert "1 of 3 recordings failed" in result.err


def test_a_directory_without_recordings_is_refused(cli: Cli) -> None:
    cli.file("texts/a.txt", "x")
    assert cli("transcribe", "texts").code == exit_codes.USAGE


def test_a_recording_is_translated(cli: Cli, recording: Path) -> None:
    result = cli("translate", recording, "-o", "english.txt")
    assert (result.code, result.out.strip()) == (0, "english.txt")
    assert (cli.directory / "english.txt").read_text().strip()


@pytest.mark.indoxrouter_mock(video_seconds=0.4)
def test_a_video_is_submitted_waited_for_and_saved(cli: Cli, sent: Sent) -> None:
    result = cli(
        "video", "create", "--interval", "0.1", "-o", "waves.mp4", "--aspect-ratio", "16:9", "Waves at night"
    )
    assert result.code == 0, result.err
    assert result.out.strip() == "waves.mp4"
    assert (cli.directory / "waves.mp4").stat().st_size > 1000
    assert sent("createVideo")[0]["aspect_ratio"] == "16:9"


@pytest.mark.indoxrouter_mock(video_seconds=0.2)
def test_a_job_is_picked_up_by_its_id(cli: Cli) -> None:
    job = cli("video", "create", "--no-wait", "Waves").out.strip()
    assert job.startswith("job_")
    assert job in cli("video", "list").out
    assert cli("video", "wait", "--interval", "0.1", "-o", "waves.mp4", job).code == 0
    assert (cli.directory / "waves.mp4").exists()
    assert f"{job}: completed" in cli("video", "status", job).out
    with cli.terminal("video", "wait", "--interval", "0.1", "-o", "again.mp4", job) as terminal:
        assert terminal.finish() == 0
        size = (cli.directory / "again.mp4").stat().st_size
        assert f"{size / 1000:.1f}/{size / 1000:.1f} kB" in terminal.screen  # the bar of the download, full


@pytest.mark.indoxrouter_mock(video_seconds=60)
def test_leaving_a_job_says_how_to_come_back(cli: Cli) -> None:
    with cli.terminal("video", "create", "--interval", "0.1", "Waves") as terminal:
        job = re.search(r"job_\w+", terminal.expect("%"))
        assert job is not None
        terminal.interrupt()
        assert terminal.finish() == exit_codes.INTERRUPTED
        assert f"indoxrouter video wait {job[0]}" in " ".join(terminal.screen.split())
    late = cli("video", "wait", "--interval", "0.1", "--max-wait", "0.2", "-o", "x.mp4", job[0])
    assert late.code == exit_codes.FAILURE
    assert "it continues" in late.err
    assert cli("video", "cancel", job[0]).out.strip() == f"{job[0]}: cancelled"


@pytest.mark.indoxrouter_mock(video_seconds=0.2)
def test_a_job_that_fails_says_why(cli: Cli, mock: MockServer) -> None:
    mock.faults.add("failed_job", message="the provider refused the prompt")
    result = cli("video", "create", "--interval", "0.1", "Waves")
    assert result.code == exit_codes.FAILURE
    assert "the provider refused the prompt" in result.err
    assert not (cli.directory / "video.mp4").exists()


def test_a_job_that_does_not_exist_is_a_usage_error(cli: Cli) -> None:
    result = cli("video", "status", "job_nowhere")
    assert result.code == exit_codes.USAGE
    assert "job_nowhere" in result.err


def test_a_download_never_takes_the_place_of_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidParametersError, match="device or a pipe"):
        target_path(tmp_path / "pipe", "x.png")
