"""`indoxrouter video`: jobs that take minutes, and can be left and resumed."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...base import exit_codes
from ...base.errors import CommandError
from ...command_line.completion import job_argument, model_option
from ...command_line.groups import CommonGroup
from ...console.progress import download_bar, make_progress
from ...console.tables import Column, show_table
from ...files.attachments import read_stdin
from ...output.files import check_writable
from ...output.formatting import format_usd
from ...output.json_text import print_json
from ...session.cache import cache_jobs
from ...session.session import Session, pass_session

if TYPE_CHECKING:
    from indoxrouter.models import VideoJob

    from indoxrouter_ext.videos.job_handle import VideoJobHandle

_WAIT = 600.0

output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file; video.mp4 in this directory by default.",
)
force_option = click.option("--force", is_flag=True, help="Overwrite an existing file.")
limit_option = click.option(
    "--max-wait",
    type=click.FloatRange(min=0, min_open=True),
    default=_WAIT,
    show_default=True,
    metavar="SECONDS",
    help="The longest wait; the job continues after that.",
)
interval_option = click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="The time between two checks; 15 s by default.",
)


@click.group(
    "video",
    cls=CommonGroup,
    epilog="\b\nExamples:\n  indoxrouter video create -o waves.mp4 Waves at night\n"
    "  indoxrouter video create --no-wait Waves at night     (prints the id of the job)\n"
    "  indoxrouter video wait -o waves.mp4 job_123",
)
def command() -> None:
    """Generate videos: submit, wait, download, resume."""


@command.command("create")
@click.argument("prompt", nargs=-1)
@output_option
@model_option("video")
@click.option(
    "--duration",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="The length of the video.",
)
@click.option("--aspect-ratio", metavar="W:H", help="For example 16:9.")
@click.option("--resolution", metavar="NAME", help="For example 720p.")
@click.option("--negative-prompt", metavar="TEXT", help="What the video must not show.")
@click.option("--seed", type=int, help="Makes the result reproducible, if the model supports it.")
@click.option("--image", type=click.Path(path_type=Path), help="The image that the video starts with.")
@click.option(
    "--wait/--no-wait", default=True, help="Wait and download (default), or print the id of the job at once."
)
@limit_option
@interval_option
@force_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print the job as JSON instead of downloading the video."
)
@pass_session
def create(
    session: Session,
    prompt: tuple[str, ...],
    output: Path | None,
    model: str | None,
    image: Path | None,
    wait: bool,
    max_wait: float,
    interval: float | None,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Generate a video from PROMPT, wait for it and save it.

    Ctrl-C leaves the job running and prints the command that resumes the wait.
    """
    text = " ".join(prompt) or read_stdin()
    if not text or not text.strip():
        raise CommandError("No prompt.", "Pass a prompt as an argument, or pipe one in.")
    target = output or Path("video.mp4")
    if wait and not as_json:
        check_writable(target, force=force)
    if image is not None:
        options["input_image"] = _base64(image)
    with session.waiting():
        response = session.client.videos(text, **session.model("video", model), **options)
    job = response.job
    cache_jobs(session.settings.base_url, [job.id])
    session.err.print(f"{job.id}, {format_usd(response.cost)}", style="dim")
    if not wait:
        if as_json:
            print_json(response)
        else:
            session.print_result(job.id)
        return
    done = _wait(session, job, max_wait, interval)
    if as_json:
        print_json(done)
    else:
        _download(session, job, target)


@command.command("wait")
@job_argument()
@output_option
@limit_option
@interval_option
@force_option
@pass_session
def wait_command(
    session: Session, job_id: str, output: Path | None, max_wait: float, interval: float | None, force: bool
) -> None:
    """Wait for a submitted job, and save its video."""
    target = output or Path("video.mp4")
    check_writable(target, force=force)
    job = session.client.video_job(job_id)
    _wait(session, job, max_wait, interval)
    _download(session, job, target)


@command.command("status")
@job_argument()
@click.option("--json", "as_json", is_flag=True, help="Print the job as JSON.")
@pass_session
def status(session: Session, job_id: str, as_json: bool) -> None:
    """Show the status and the progress of a job."""
    job = session.client.get_video_job_status(job_id)
    if as_json:
        print_json(job)
        return
    progress = f" {job.progress:.0f} %" if job.progress is not None else ""
    session.print_result(f"{job.job_id}: {job.status}{progress}{f' ({job.error})' if job.error else ''}")


@command.command("list")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 100),
    metavar="N",
    default=20,
    show_default=True,
    help="The maximum number of jobs to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the jobs as JSON.")
@pass_session
def list_command(session: Session, limit: int, as_json: bool) -> None:
    """List the jobs, newest first."""
    found = session.client.list_video_jobs(limit=limit)
    cache_jobs(session.settings.base_url, [job.job_id for job in found.jobs])
    if as_json:
        print_json(found)
        return
    rows = [
        (
            job.job_id,
            job.status,
            f"{job.progress:.0f} %" if job.progress is not None else "–",
            _day(job.created_at),
        )
        for job in found.jobs
    ]
    show_table(
        session,
        (
            Column("Job"),
            Column("Status"),
            Column("Progress", right=True, optional=True),
            Column("Created", optional=True),
        ),
        rows,
        empty="No jobs.",
    )


@command.command("cancel")
@job_argument()
@pass_session
def cancel(session: Session, job_id: str) -> None:
    """Cancel a job."""
    answer = session.client.cancel_video_job(job_id)
    session.print_result(f"{job_id}: {answer.status or 'cancelled'}")


def _day(value: Any) -> str:
    return value.strftime("%Y-%m-%d %H:%M") if hasattr(value, "strftime") else "–"


def _wait(session: Session, job: VideoJobHandle, max_wait: float, interval: float | None) -> VideoJob:
    """Wait, with a progress bar. Ctrl-C and the deadline leave the job running."""
    from indoxrouter.errors import RequestTimeoutError  # cost: loads the client
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn  # cost: loads Rich

    again = f"Resume with `indoxrouter video wait {job.id}`."
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with make_progress(session, columns) as progress:
            task = progress.add_task(job.status or "queued", total=100)

            def show(seen: VideoJob) -> None:
                progress.update(task, description=str(seen.status), completed=seen.progress or 0)

            return job.wait(max_wait, interval, show)
    except KeyboardInterrupt:
        raise CommandError(
            f"Stopped waiting; the job {job.id} continues.", again, exit_codes.INTERRUPTED
        ) from None
    except RequestTimeoutError as error:
        if error.partial is None:
            raise
        message = f"The job {job.id} is not finished after {max_wait:g} s; it continues."
        raise CommandError(message, again, exit_codes.FAILURE) from None


def _download(session: Session, job: VideoJobHandle, target: Path) -> None:
    with download_bar(session, target.name) as progress:
        job.save(target, on_progress=progress)
    session.print_result(str(target))


def _base64(path: Path) -> str:
    from indoxrouter_ext.files.image_input import media_type_of  # cost: loads the client

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    if media_type_of(data) is None:
        raise CommandError(f"{path}: not a JPEG, PNG, WebP or GIF image")
    return base64.b64encode(data).decode("ascii")
