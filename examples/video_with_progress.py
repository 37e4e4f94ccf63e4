"""Generates a video: submits the job, shows its progress, downloads the file. Ctrl-C leaves the job running.

python examples/video_with_progress.py "a paper boat on a stream" boat.mp4
python examples/video_with_progress.py --resume job_123 boat.mp4
"""

from __future__ import annotations

import sys

from indoxrouter import Client, JobFailedError, RequestTimeoutError
from indoxrouter.models import VideoJob


def show(job: VideoJob) -> None:
    """Show the progress in one line that is overwritten."""
    done = int(job.progress or 0)
    print(f"\r{job.status:<12} [{'#' * (done // 5):<20}] {done:3} %", end="", flush=True)


def main(arguments: list[str]) -> int:
    """Submit or resume the job, wait and download; returns the exit status."""
    with Client() as client:
        if arguments[0] == "--resume":
            job = client.video_job(arguments[1])
            path = arguments[2]
        else:
            job = client.videos(arguments[0]).job
            path = arguments[1]
        print(f"job {job.id}")
        try:
            job.wait(deadline=600, poll_interval=1, on_progress=show)
            saved = job.save(
                path, on_progress=lambda done, total: print(f"\r{done:,} of {total or 0:,} bytes", end="")
            )
        except JobFailedError as error:
            print(f"\nthe job failed: {error}")
            return 1
        except (RequestTimeoutError, KeyboardInterrupt):
            print(f"\nthe job continues; resume with --resume {job.id} {path}")
            return 2
    print(f"\n{saved} is ready")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1:]))
