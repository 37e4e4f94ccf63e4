"""The state of a batch on disk: results, failures, and what the next run needs to resume a killed one.

Three files. `OUT` holds one line for each request that succeeded, written in one piece as soon as the answer arrives.
`OUT.failed.jsonl` holds the requests that failed. `OUT.batch` exists until the batch is complete; it records the
batch's options and the random part of the idempotency keys. A request that was in flight when the process was killed
has no result. The next run sends it again with the same key, and the server, which knows the key, neither executes nor
bills it twice.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import IO, Any

from ..base.errors import CommandError
from ..output.files import check_writable
from ..output.json_text import dump_json

__all__ = ["Journal"]

_VERSION = 1


class Journal:
    """The files of one batch.

    Args:
        output: the file of results.
        options: what the requests depend on beside their lines; a run with other options is another batch.
        force: start over, whatever exists.

    Raises:
        CommandError: when the output exists and does not belong to an unfinished batch, when the options differ, or
            when another process is writing to it.
    """

    def __init__(self, output: Path, options: dict[str, Any], *, force: bool) -> None:
        self.output = output
        self.failures = output.with_name(f"{output.name}.failed.jsonl")
        self._marker = output.with_name(f"{output.name}.batch")
        self.done: set[str] = set()
        self.cost = 0.0
        self.resumed = False
        if not self._marker.exists() or force:
            check_writable(output, force=force)
        self._lock = self._open_marker()
        try:
            self._begin(options, force)
        except BaseException:
            self._lock.close()
            raise

    def _open_marker(self) -> IO[str]:
        try:
            file = self._marker.open("a+", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{self._marker}: {error.strerror or error}") from None
        try:
            import fcntl  # optional: not on Windows
        except ImportError:  # Windows: two runs at the same time are not detected
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise CommandError(
                f"{self.output}: another run is writing to it", "Wait for it, or name another file."
            ) from None
        return file

    def _begin(self, options: dict[str, Any], force: bool) -> None:
        self._lock.seek(0)
        text = self._lock.read()
        old = None if force or not text.strip() else self._read_marker(text)
        if old is not None and old["options"] != json.loads(dump_json(options)) and not self._has_results():
            old = None  # for example a mistyped model: there are no results to lose
        if old is not None:
            if old["options"] != json.loads(dump_json(options)):
                raise CommandError(
                    f"{self.output}: this batch was started with other options: {dump_json(old['options'])}",
                    "Use the same options, or start over with --force.",
                )
            self.run: str = old["run"]
            self.resumed = self._read_results()
        else:
            self.run = secrets.token_hex(16)
            self._lock.seek(0)
            self._lock.truncate()
            self._lock.write(dump_json({"version": _VERSION, "run": self.run, "options": options}) + "\n")
            self._lock.flush()
            os.fsync(
                self._lock.fileno()
            )  # before anything is sent: if the key were lost, a request could be billed twice
            self.output.write_bytes(b"")
        self.failures.unlink(
            missing_ok=True
        )  # failed requests are sent again, and recorded again if they fail
        self._results = self.output.open("ab", buffering=0)
        self._failed: IO[bytes] | None = None
        self.failed = 0

    def _has_results(self) -> bool:
        return self.output.exists() and self.output.stat().st_size > 0

    def _read_marker(self, text: str) -> dict[str, Any]:
        try:
            marker = json.loads(text)
            if marker["version"] == _VERSION and isinstance(marker["run"], str):
                return dict(marker)
        except (ValueError, KeyError, TypeError):
            pass
        raise CommandError(
            f"{self._marker}: not written by this version of `indoxrouter batch`",
            "Start over with --force.",
        )

    def _read_results(self) -> bool:
        """Read the results of earlier runs. An incomplete last line is removed: its request is sent again."""
        try:
            file = self.output.open("r+b")
        except FileNotFoundError:
            return False
        with file:
            whole = 0
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    break
                try:
                    row = json.loads(raw)
                    self.done.add(row["key"])
                    self.cost += row.get("cost") or 0.0
                except (ValueError, KeyError, TypeError):
                    raise CommandError(
                        f"{self.output}: line {number} is not a result of a batch",
                        "Repair the file, or start over with --force.",
                    ) from None
                whole += len(raw)
            file.truncate(whole)
        return True

    def add_result(self, row: dict[str, Any]) -> None:
        """Write a result in one piece: if the process is killed, the line is complete or absent."""
        data = (dump_json(row) + "\n").encode()
        written = self._results.write(data)
        while written < len(data):  # a disk that fills up writes less than asked, before it raises
            written += self._results.write(data[written:])

    def add_failure(self, row: dict[str, Any]) -> None:
        """Write a failure; the first one creates the file."""
        if self._failed is None:
            self._failed = self.failures.open("wb", buffering=0)
        self._failed.write((dump_json(row) + "\n").encode())
        self.failed += 1

    def discard(self) -> None:
        """Remove the files of a batch that sent nothing."""
        self.close(finished=not self.resumed)
        if not self.resumed:
            self.output.unlink(missing_ok=True)

    def close(self, *, finished: bool) -> None:
        """Close the files. If `finished`, the batch is complete and its marker is removed."""
        os.fsync(self._results.fileno())
        self._results.close()
        if self._failed is not None:
            self._failed.close()
        if finished:
            self._marker.unlink(missing_ok=True)
        self._lock.close()
